/**
 * The error of data sets.
 *
 * @module
 */
import { UserError } from "../base/errors.ts";

/** Data that cannot be used: the message is one line that names the file, the line where there is one, and what to do. */
export class DataError extends UserError {
  /** The column that a record lacks, where that is what is wrong. */
  readonly missingColumn?: string;

  /** An error of a data set. */
  constructor(message: string, options: ErrorOptions & { readonly missingColumn?: string } = {}) {
    super(message, options);
    this.missingColumn = options.missingColumn;
  }
}
