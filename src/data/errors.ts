/** Data that cannot be used: the message is one line that names the file, the line where there is one, and what to do. */
export class DataError extends Error {
  /** "DataError" */
  override name = "DataError";
  /** the message is for the person at the terminal: no stack trace is wanted */
  readonly userFacing = true;
}
