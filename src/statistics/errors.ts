/**
 * The error of statistics, metrics, reports and ratings.
 *
 * @module
 */
import { UserError } from "../base/errors.ts";

/** What is wrong with the labels or predictions that were handed in; the message alone is meant for the reader. */
export class EvaluationError extends UserError {}
