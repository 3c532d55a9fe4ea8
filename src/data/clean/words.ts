/**
 * Counting the words of a text.
 *
 * @module
 */

/**
 * How many words a text has: runs of letters and digits, an apostrophe or a hyphen between two of them included. Where words
 * have no spaces between them, as in Chinese, Japanese and Thai, they are those of the Unicode segmenter's dictionaries.
 *
 * @example
 * ```ts
 * import { countWords } from "./words.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(countWords("Don't re-open it -- 3 times!"), 5);
 * assert.equal(countWords("สวัสดีครับ"), 2);
 * assert.equal(countWords(" ... "), 0);
 * ```
 */
export function countWords(text: string): number {
  if (!WITHOUT_SPACES.test(text)) return text.match(WORD)?.length ?? 0;
  segmenter ??= new Intl.Segmenter("und", { granularity: "word" });
  let count = 0;
  for (const { isWordLike } of segmenter.segment(text)) if (isWordLike) count++;
  return count;
}

let segmenter: Intl.Segmenter | undefined;
const WORD = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*(?:['’-][\p{L}\p{N}][\p{L}\p{N}\p{M}]*)*/gu;
const WITHOUT_SPACES = /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;
