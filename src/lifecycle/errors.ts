/**
 * What ends a training, an evaluation or an export.
 *
 * @module
 */
import { UserError } from "../base/errors.ts";

/** A step of a model's life that cannot be done; the message is for the user. */
export class LifecycleError extends UserError {}

/** Training was stopped by a signal, after a checkpoint. */
export class InterruptedError extends LifecycleError {}
