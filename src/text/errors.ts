/** A tokenizer file or option that cannot be used. The message is one line, written for whoever supplied it. */
export class TokenizerError extends Error {
  /** "TokenizerError" */
  override name = "TokenizerError";
  /** the message is for the person at the terminal: no stack trace is wanted */
  readonly userFacing = true;
}
