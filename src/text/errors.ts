/** A tokenizer file or option that cannot be used. The message is one line, written for whoever supplied it. */
export class TokenizerError extends Error {
  override name = "TokenizerError";
  readonly userFacing = true;
}
