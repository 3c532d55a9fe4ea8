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
  /** The column that holds nothing in this record, null or an empty text, where that is what is wrong. */
  readonly blankColumn?: string;

  /** An error of a data set. */
  constructor(
    message: string,
    options: ErrorOptions & { readonly missingColumn?: string; readonly blankColumn?: string } = {},
  ) {
    super(message, options);
    this.blankColumn = options.blankColumn;
    this.missingColumn = options.missingColumn;
  }
}
