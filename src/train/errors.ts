/** Training cannot start or go on; the message is for the user. */
export class TrainingError extends Error {
  /** What kind of error it is. */
  override readonly name = "TrainingError";
  /** The message alone is shown. */
  readonly userFacing = true;
}

/** A checkpoint that cannot be written, read or resumed from; the message is for the user. */
export class CheckpointError extends Error {
  /** What kind of error it is. */
  override readonly name = "CheckpointError";
  /** The message alone is shown. */
  readonly userFacing = true;
}
