/**
 * What only shows once a bundle's tokenizer is loaded: whether tokenizer and model belong together.
 *
 * @module
 */
import { BundleError } from "./errors.ts";

/**
 * Checks that every id of a tokenizer has a row in the model's token table. An id beyond it would fail on one backend, and read
 * another token's row on another.
 *
 * @param tokenizerVocabSize One more than the tokenizer's greatest id.
 * @param config The model's `config.json`; without a `vocab_size` nothing is known and nothing is checked.
 * @param owner What the two belong to, for the message.
 * @throws {BundleError} Naming both numbers.
 *
 * @example
 * ```ts
 * import { checkVocabulary } from "./checks.ts";
 * import assert from "node:assert/strict";
 *
 * checkVocabulary(119, { vocab_size: 128 }, "spam");
 * assert.throws(() => checkVocabulary(119, { vocab_size: 100 }, "spam"), /tokenizer of spam has 119 ids .* 100 rows/);
 * ```
 */
export function checkVocabulary(
  tokenizerVocabSize: number,
  config: Readonly<Record<string, unknown>>,
  owner: string,
): void {
  const rows = config.vocab_size;
  if (typeof rows !== "number" || tokenizerVocabSize <= rows) return;
  throw new BundleError(
    `The tokenizer of ${owner} has ${tokenizerVocabSize} ids and the model's token table ${rows} rows (vocab_size of ` +
      "config.json): " +
      `tokenizer and model do not belong together.`,
  );
}

/**
 * Checks that a text leaves something beside the special tokens.
 *
 * @param maxTokens The most tokens that the model is given.
 * @param specialTokens How many of them the tokenizer adds: the length of an encoded empty text, or of an empty pair.
 * @throws {BundleError} Naming both numbers.
 *
 * @example
 * ```ts
 * import { checkMaxTokens } from "./checks.ts";
 * import assert from "node:assert/strict";
 *
 * checkMaxTokens(3, 2);
 * assert.throws(() => checkMaxTokens(1, 2), /maxTokens is 1/);
 * ```
 */
export function checkMaxTokens(maxTokens: number, specialTokens: number): void {
  if (maxTokens > specialTokens) return;
  throw new BundleError(
    `maxTokens is ${maxTokens}, and the special tokens alone are ${specialTokens}: no text fits. ` +
      `The bundle's limits, or max_position_embeddings of its config.json, are wrong.`,
  );
}
