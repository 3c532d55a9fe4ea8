/**
 * What a model is to the rest of a tokenizer.
 *
 * @module
 */
import type { Work } from "./piece.ts";

/** The tokens of a piece. */
export interface Tokens {
  readonly ids: readonly number[];
  /** Where each token begins and ends in the piece, in UTF-16 units: two numbers a token. */
  readonly spans: readonly number[];
}

/** A model. */
export interface Model {
  /** @throws {TokenizerError} if something in the text is unknown and the model has no token for that. */
  tokenize(text: string, work: Work): Tokens;
  readonly vocabulary: ReadonlyMap<string, number>;
  /** The token for what is unknown, if the model names one. */
  readonly unknownToken: string | undefined;
  /** The most tokens that one word can become, where there is such a limit. */
  readonly maxWordTokens?: number;
}
