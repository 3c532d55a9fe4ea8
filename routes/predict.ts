import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { PredictInput, PredictTimings } from "../src/serve/service.ts";
import { readJson } from "./body.ts";
import { describeError, HttpError } from "./errors.ts";
import { findModel, type ServedModel } from "./models.ts";

const inputsExpected =
  "expected a string, a pair of strings [string, string] or a batch of mixed strings and pairs [[string], [string, string], ...]";

const sequence = z.array(z.string()).min(1).max(2);

/** The body of POST /predict, as text-embeddings-inference defines it. */
export const PredictRequestSchema = z.object({
  inputs: z.union([z.string(), sequence, z.array(sequence).min(1)], { error: inputsExpected }).openapi({
    description:
      "A text, a pair of texts, or a batch of them. A list of one or two strings is one input, a list of lists is a batch.",
    example: "What is Deep Learning?",
  }),
  truncate: z.boolean().nullish().openapi({
    description: "Cut texts that are too long, or refuse them with 413; by default the server's setting.",
  }),
  truncation_direction: z.enum(["Right", "Left", "right", "left"]).default("Right").openapi({
    description: "Which end is cut off.",
  }),
  raw_scores: z.boolean().default(false).openapi({ description: "Logits instead of probabilities." }),
}).openapi("PredictRequest");

const predictions = z.array(
  z.object({ score: z.number().openapi({ example: 0.98 }), label: z.string().openapi({ example: "spam" }) })
    .openapi("Prediction"),
);

/** The answer: one list for one input, a list of lists for a batch; the highest score first. */
export const PredictResponseSchema = z.union([predictions, z.array(predictions)]).openapi("PredictResponse");

const common = {
  tags: ["predict"],
  responses: {
    200: {
      description: "Every label with its score, the highest first",
      content: { "application/json": { schema: PredictResponseSchema } },
    },
    400: describeError("The body is not JSON, or not UTF-8"),
    413: describeError("The body, a text or a batch is too large"),
    415: describeError("The body is not announced as JSON"),
    422: describeError("The body is JSON of the wrong form, or a text cannot be tokenised"),
    424: describeError("The model failed"),
    429: describeError("The queue is full; Retry-After says when to come back"),
    503: describeError("The model is being unloaded, or nobody was free in time"),
  },
};

const body = { content: { "application/json": { schema: PredictRequestSchema } }, required: true };

const predictRoute = createRoute({
  ...common,
  method: "post",
  path: "/predict",
  summary: "Classify texts with the default model",
  request: { body },
});

const namedRoute = createRoute({
  ...common,
  method: "post",
  path: "/models/{name}/predict",
  summary: "Classify texts with a model of a name",
  request: {
    params: z.object({ name: z.string().openapi({ example: "spam" }) }),
    query: z.object({
      version: z.string().optional().openapi({
        description: "A version or an alias",
        example: "champion",
      }),
    }),
    body,
  },
  responses: { ...common.responses, 404: describeError("No such model is served") },
});

/** POST /predict and POST /models/{name}/predict. */
export function predictRoutes(
  app: OpenAPIHono,
  parts: { models: readonly ServedModel[]; bodyBytes: number },
): void {
  app.openAPIRegistry.registerPath(predictRoute);
  app.openAPIRegistry.registerPath(namedRoute);
  app.post("/predict", (c) => answer(c, findModel(parts.models), parts.bodyBytes));
  app.post("/models/:name/predict", (c) => {
    const model = findModel(parts.models, c.req.param("name"), c.req.query("version"));
    return answer(c, model, parts.bodyBytes);
  });
}

async function answer(c: Context, model: ServedModel, bodyBytes: number): Promise<Response> {
  const started = performance.now();
  const { service } = model;
  const request = parseRequest(await readJson(c.req.raw, bodyBytes), service.info().maxClientBatch);
  const { predictions, timings } = await service.predictTimed(request.inputs, {
    rawScores: request.rawScores,
    truncate: request.truncate,
    truncationDirection: request.truncationDirection,
    signal: c.req.raw.signal,
  });
  // text-embeddings-inference's order of fields.
  const lists = predictions.map((list) => list.map(({ score, label }) => ({ score, label })));
  return new Response(JSON.stringify(request.isBatch ? lists : lists[0]), {
    headers: timingHeaders(timings, performance.now() - started, service.info().device),
  });
}

interface ParsedRequest {
  inputs: PredictInput[];
  isBatch: boolean;
  truncate?: boolean | null;
  truncationDirection: "left" | "right";
  rawScores: boolean;
}

function parseRequest(json: unknown, maxClientBatch: number): ParsedRequest {
  checkLengths(json, maxClientBatch);
  const parsed = PredictRequestSchema.safeParse(json);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0];
    throw new HttpError(422, "Validation", `${path.length > 0 ? path.join(".") : "The body"}: ${message}.`);
  }
  const { inputs, truncate, truncation_direction, raw_scores } = parsed.data;
  const isBatch = typeof inputs !== "string" && typeof inputs[0] !== "string";
  const sequences = typeof inputs === "string"
    ? [[inputs]]
    : isBatch
    ? inputs as string[][]
    : [inputs as string[]];
  return {
    inputs: sequences.map(([text, pair]) =>
      pair === undefined ? wellFormed(text) : [wellFormed(text), wellFormed(pair)]
    ),
    isBatch,
    truncate,
    truncationDirection: truncation_direction.toLowerCase() as "left" | "right",
    rawScores: raw_scores,
  };
}

/** Refuses endless lists before the schema looks at, and complains of, each of their elements. */
function checkLengths(json: unknown, maxClientBatch: number): void {
  const inputs = (json as { inputs?: unknown } | null)?.inputs;
  if (!Array.isArray(inputs)) return;
  if (inputs.length > maxClientBatch && Array.isArray(inputs[0])) {
    throw new HttpError(
      413,
      "Validation",
      `batch size ${inputs.length} > maximum allowed batch size ${maxClientBatch}. Send several requests.`,
    );
  }
  if (inputs.length > Math.max(2, maxClientBatch) || inputs.some((x) => Array.isArray(x) && x.length > 2)) {
    throw new HttpError(422, "Validation", `inputs: ${inputsExpected}.`);
  }
}

/** JSON's \u escapes can spell half a character, which is no text and no UTF-8. */
function wellFormed(text: string): string {
  if (text.isWellFormed()) return text;
  throw new HttpError(
    400,
    "Validation",
    "inputs: a text holds half of a surrogate pair; it is not valid Unicode.",
  );
}

function timingHeaders(timings: PredictTimings, totalMs: number, device: string): Record<string, string> {
  const ms = (value: number) => String(Math.round(value));
  return {
    "content-type": "application/json",
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
