/** What is wrong with a baseline, an observation or a policy; the message alone is meant for the reader. */
export class DriftError extends Error {
  /** Tells this error from others, also across Workers. */
  override name = "DriftError";
  /** True: show the message without a stack trace. */
  readonly userFacing = true;
}
