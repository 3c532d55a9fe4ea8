/**
 * The errors of training.
 *
 * @module
 */
import { UserError } from "../base/errors.ts";

/** Training cannot start or go on; the message is for the user. */
export class TrainingError extends UserError {}

/** A checkpoint that cannot be written; the message is for the user. */
export class CheckpointError extends UserError {}

/** A checkpoint that cannot be read, or not be resumed from with these options and data; the message is for the user. */
export class ResumeError extends UserError {}
