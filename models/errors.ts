/** A configuration or a checkpoint that does not fit a model; the message is for the user. */
export class ModelError extends Error {
  /** What kind of error it is. */
  override readonly name = "ModelError";
  /** The message alone is shown. */
  readonly userFacing = true;
}
