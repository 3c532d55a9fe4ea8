/**
 * What ends a training, an evaluation or an export.
 *
 * @module
 */
import { UserError } from "../base/errors.ts";

/** A model or a setting that cannot be used as it is; the message is for the user. */
export class LifecycleError extends UserError {}

/** Training was stopped by a signal, after a checkpoint. */
export class InterruptedError extends UserError {}
