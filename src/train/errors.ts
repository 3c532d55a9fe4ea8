/** Training cannot start or go on; the message is for the user. */
export class TrainingError extends Error {
  override readonly name = "TrainingError";
  readonly userFacing = true;
}

/** A checkpoint that cannot be written, read or resumed from; the message is for the user. */
export class CheckpointError extends Error {
  override readonly name = "CheckpointError";
  readonly userFacing = true;
}
