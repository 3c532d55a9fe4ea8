/** A configuration or a checkpoint that does not fit a model; the message is for the user. */
export class ModelError extends Error {
  override readonly name = "ModelError";
  readonly userFacing = true;
}
