/**
 * Errors as HTTP answers.
 *
 * @module
 */
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { UserError } from "../src/base/errors.ts";
import { ServeError, type ServeErrorKind } from "../src/serve/errors.ts";

const errorTypes = [
  "Unhealthy",
  "Backend",
  "Overloaded",
  "Validation",
  "Tokenizer",
  "NotFound",
  "Internal",
] as const;

/** The kinds of error that text-embeddings-inference names, in its spelling, and two more. */
export type ErrorType = (typeof errorTypes)[number];

/** The body of every answer that is not a success. */
export const ErrorSchema = z.object({
  error: z.string().openapi({ example: "Model is overloaded" }),
  error_type: z.enum(errorTypes),
}).openapi("ErrorResponse");

/** A request that is answered with an error, thrown by a handler. */
export class HttpError extends UserError {
  constructor(
    readonly status: number,
    readonly type: ErrorType,
    message: string,
    readonly headers: Record<string, string> = {},
  ) {
    super(message);
  }
}

/**
 * Turns whatever a handler threw into its JSON answer. Only errors written for the reader show their message; any other is
 * a bug, and goes to `report` alone.
 */
export function errorResponse(
  error: unknown,
  c: Context,
  report: (error: unknown, c: Context) => void,
): Response {
  const known = error instanceof HttpError
    ? error
    : error instanceof ServeError
    ? fromServe(error)
    : undefined;
  if (!known) report(error, c);
  const { status, type, message, headers } = known ??
    new HttpError(500, "Internal", "Something went wrong on the server.");
  return new Response(JSON.stringify({ error: message, error_type: type }), {
    status,
    headers: { "content-type": "application/json", ...headers },
  });
}

/** The OpenAPI description of an error answer. */
export function describeError(
  description: string,
): { description: string; content: { "application/json": { schema: typeof ErrorSchema } } } {
  return { description, content: { "application/json": { schema: ErrorSchema } } };
}

const statusOf: Record<Exclude<ServeErrorKind, "bundle">, [status: number, type: ErrorType]> = {
  overloaded: [429, "Overloaded"],
  timeout: [503, "Overloaded"],
  closed: [503, "Unhealthy"],
  // The client has closed the connection, so that this is for metrics alone.
  cancelled: [499, "Overloaded"],
  validation: [413, "Validation"],
  parameters: [422, "Validation"],
  tokenizer: [422, "Tokenizer"],
  backend: [424, "Backend"],
};

/** A service's error as an answer; nothing for a bundle that cannot be loaded: its path is for the operator alone. */
function fromServe(error: ServeError): HttpError | undefined {
  if (error.kind === "bundle") return undefined;
  const [status, type] = statusOf[error.kind];
  const retry = status === 429 || status === 503
    ? { "retry-after": String(Math.max(1, Math.ceil((error.retryAfterMs ?? 1_000) / 1_000))) }
    : undefined;
  return new HttpError(status, type, error.message, retry);
}
