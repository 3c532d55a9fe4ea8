/** What is wrong with the labels or predictions that were handed in; the message alone is meant for the reader. */
export class EvaluationError extends Error {
  /** Tells this error from others, also across Workers. */
  override name = "EvaluationError";
  /** True: show the message without a stack trace. */
  readonly userFacing = true;
}
