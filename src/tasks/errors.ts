/**
 * What goes wrong between a model and its answers.
 *
 * @module
 */
import { UserError } from "../base/errors.ts";

/** A model's output that no answer can be made of: it is not finite, or of another shape than the head's. */
export class OutputError extends UserError {}
