import { UserError } from "../base/errors.ts";

/** Why a prediction was not made, in text-embeddings-inference's words where it has one. */
export type ServeErrorKind =
  /** the queue is full: try again after `retryAfterMs` */
  | "overloaded"
  /** the request waited longer than its deadline */
  | "timeout"
  /** the caller gave up */
  | "cancelled"
  /** the service is closing */
  | "closed"
  /** the input is not what the model takes: too long, too many */
  | "validation"
  /** the text could not be tokenised */
  | "tokenizer"
  /** the model failed on this input */
  | "backend"
  /** the bundle cannot be served */
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
