/**
 * Why a request has no answer, or a bundle is not served.
 *
 * @module
 */
import { UserError } from "../base/errors.ts";

/** Why a prediction was not made, in text-embeddings-inference's words where it has one. */
export type ServeErrorKind =
  /** The queue is full: try again after `retryAfterMs`. */
  | "overloaded"
  /** The request waited longer than its deadline. */
  | "timeout"
  /** The caller gave up. */
  | "cancelled"
  /** The service is closing. */
  | "closed"
  /** The input is not what the model takes: too long, too many. */
  | "validation"
  /** What is asked of the answer is nothing that the task knows. */
  | "parameters"
  /** The text could not be tokenized. */
  | "tokenizer"
  /** The model failed on this input. */
  | "backend"
  /** The bundle cannot be served. */
  | "bundle";

/** A request that cannot be answered, or a bundle that cannot be served; the message is one line for the person who asked. */
export class ServeError extends UserError {
  readonly kind: ServeErrorKind;
  /** With `overloaded`: when a place in the queue is likely. */
  readonly retryAfterMs?: number;

  constructor(
    kind: ServeErrorKind,
    message: string,
    options: { cause?: unknown; retryAfterMs?: number } = {},
  ) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** The error of requests to a service that is closing. */
export function closedError(): ServeError {
  return new ServeError("closed", "The model is being unloaded; send the request again.");
}
