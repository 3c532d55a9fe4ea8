/**
 * The errors of training.
 *
 * @module
 */
import { UserError } from "../base/errors.ts";

/** Training cannot start or go on; the message is for the user. */
export class TrainingError extends UserError {}

/** A checkpoint that cannot be written, read or resumed from; the message is for the user. */
export class CheckpointError extends UserError {}
