/**
 * The words of a text in any script, for metrics of generated text that have no tokenizer of their own.
 *
 * @module
 */

/**
 * A text's words, the same for every language and on every machine: what METEOR and the measures of diversity count unless they
 * are given another tokenizer.
 *
 * - Letters and digits that stand together are a word, with the marks on them, and with `'`, `’`, `-` and `_` between two of
 *   them (`don't`, `state-of-the-art`) and `.` and `,` between two digits (`1,234.56`).
 * - In scripts written without spaces (Han, Hiragana, Katakana, Thai, Lao, Khmer, Myanmar) each letter is a word.
 * - An emoji with its modifiers is a word, and so is a flag, and every other character that is not white space.
 *
 * Words are cut out as they are: case is kept.
 *
 * @example
 * ```ts
 * import { words } from "./words.ts";
 * import assert from "node:assert/strict";
 * assert.deepEqual(words("Don't pay $1,234.56!"), ["Don't", "pay", "$", "1,234.56", "!"]);
 * assert.deepEqual(words("我爱NLP 👍🏽"), ["我", "爱", "NLP", "👍🏽"]);
 * ```
 */
export function words(text: string): string[] {
  return text.match(WORD) ?? [];
}

/** Whether a text is split by {@linkcode words} or otherwise. */
export type Tokenize = (text: string) => readonly string[];

const UNSPACED = String.raw`\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}` +
  String.raw`\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}`;
const START = String.raw`[[\p{L}\p{N}]--[${UNSPACED}]]`;
const REST = String.raw`[[\p{L}\p{M}\p{N}]--[${UNSPACED}]]`;

/** No two of the alternatives can begin alike and every repetition is of one class, so the time is linear. */
const WORD = new RegExp(
  [
    String.raw`\p{Regional_Indicator}{2}`,
    String.raw`\p{Extended_Pictographic}(?:\uFE0F|\p{Emoji_Modifier}|\u200D\p{Extended_Pictographic})*`,
    String.raw`${START}${REST}*(?:['’_\-]${START}${REST}*|(?<=\p{N})[.,](?=\p{N})${START}${REST}*)*`,
    String.raw`[[\p{L}\p{N}]&&[${UNSPACED}]]\p{M}*`,
    String.raw`\S`,
  ].join("|"),
  "gv",
);
