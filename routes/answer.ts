/**
 * What every contract does alike: it checks a body's form and its texts, asks a model, and says where the time went.
 *
 * Bodies are read and checked here and not by the validators of `app.openapi`: these would parse a body of any size, and hold
 * an endless list against a schema element by element, before a handler could refuse it.
 *
 * @module
 */
import type { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { PredictOptions, PredictTimings } from "../src/serve/service.ts";
import { describeError, HttpError } from "./errors.ts";
import type { ServedModel } from "./models.ts";

/** A text, or a pair of texts. */
export type Query = string | readonly [string, string];

/** What else than an answer a request to a model may get, for the OpenAPI document. */
export const answerErrors = {
  400: describeError("The body is not JSON, or not UTF-8"),
  413: describeError("The body, a text or a batch is too large"),
  415: describeError("The body is not announced as JSON, or is compressed"),
  422: describeError("The body is JSON of the wrong form, or a text cannot be tokenized"),
  424: describeError("The model failed"),
  429: describeError("The queue is full; Retry-After says when to come back"),
  503: describeError("The model is being unloaded, or no Worker was free in time"),
};

/**
 * A parsed body in the form that a contract takes.
 *
 * @throws {HttpError} 422, naming the field.
 */
export function checkForm<T>(schema: z.ZodType<T>, json: unknown): T {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0];
  throw new HttpError(422, "Validation", `${path.length > 0 ? path.join(".") : "The body"}: ${message}.`);
}

/**
 * Asks a model and answers with JSON.
 *
 * @param shape What is sent of the answers, which are in the order of the queries.
 * @throws {HttpError} 400 for a text that is not Unicode; `ServeError` as the service does.
 */
export async function answerJson(
  c: Context,
  model: ServedModel,
  queries: readonly Query[],
  options: PredictOptions,
  shape: (answers: unknown[]) => unknown,
): Promise<Response> {
  const { answers, headers } = await ask(c, model, queries, options);
  return new Response(JSON.stringify(shape(answers)), {
    headers: { "content-type": "application/json", ...headers },
  });
}

/** The error for a batch of more inputs than a request may have. */
export function tooMany(given: number, most: number): HttpError {
  return new HttpError(
    413,
    "Validation",
    `batch size ${given} > maximum allowed batch size ${most}. Send several requests.`,
  );
}

/** Asks a model; the headers say where the time went. */
export async function ask(
  c: Context,
  { service }: ServedModel,
  queries: readonly Query[],
  options: PredictOptions,
): Promise<{ answers: unknown[]; headers: Record<string, string> }> {
  const started = performance.now();
  for (const query of queries) checkUnicode(query);
  const { answers, timings } = await service.predictTimed(queries, { ...options, signal: c.req.raw.signal });
  return { answers, headers: timingHeaders(timings, performance.now() - started, service.info().device) };
}

/** JSON's \u escapes can spell half a character, which is no text and no UTF-8. */
function checkUnicode(query: Query): void {
  if (typeof query === "string" ? query.isWellFormed() : query.every((text) => text.isWellFormed())) return;
  throw new HttpError(
    400,
    "Validation",
    "inputs: a text holds half of a surrogate pair; it is not valid Unicode.",
  );
}

/** In text-embeddings-inference's names. */
function timingHeaders(timings: PredictTimings, totalMs: number, device: string): Record<string, string> {
  const ms = (value: number) => String(Math.round(value));
  return {
    "x-compute-type": device === "webgpu" ? "gpu" : "cpu",
    "x-compute-time": ms(totalMs),
    "x-compute-characters": String(timings.characters),
    "x-compute-tokens": String(timings.tokens),
    "x-total-time": ms(totalMs),
    "x-tokenization-time": ms(timings.tokenizeMs),
    "x-queue-time": ms(timings.queueMs),
    "x-inference-time": ms(timings.inferenceMs),
  };
}
