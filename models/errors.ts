/**
 * The error of model configurations and checkpoints.
 *
 * @module
 */
import { UserError } from "../src/base/errors.ts";

/** A configuration or a checkpoint that does not fit a model; the message is for the user. */
export class ModelError extends UserError {}
