/**
 * The error of data sets.
 *
 * @module
 */
import { UserError } from "../base/errors.ts";

/** Data that cannot be used: the message is one line that names the file, the line where there is one, and what to do. */
export class DataError extends UserError {}
