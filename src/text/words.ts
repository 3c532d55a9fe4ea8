/**
 * Where the words of a text are: the words that BERT's normaliser and pre-tokeniser make of it, by their positions in the
 * text as it was written.
 *
 * @module
 */
import { bertNormalize, type BertNormalizerOptions, bertWords } from "./bert_normalize.ts";
import { properties, PUNCT } from "./unicode.ts";

/** A piece of a text, in UTF-16 units. */
export interface TextSpan {
  /** Where it begins. */
  readonly start: number;
  /** Where it ends, exclusive. */
  readonly end: number;
}

/** A word of a text. */
export interface WordSpan extends TextSpan {
  /** The place of its first token among the encoding's ids; -1 for a word that was cut off. */
  readonly token: number;
}

/**
 * A function that finds the words of a text: runs between white space, cut around every punctuation character and
 * ideograph. What the normaliser drops does not divide a word ("zero\u200bwidth" is one) and no word begins or ends with
 * it, but for combining marks, which belong to the letter before them. A text of such characters alone has no words.
 *
 * Takes time in proportion to the text's length, whatever it contains.
 *
 * @param normalizer What is done to a text first; nothing is dropped where it is absent
 *
 * @example
 * ```ts
 * import { wordFinder } from "./words.ts";
 * import assert from "node:assert/strict";
 *
 * const words = wordFinder();
 * const text = "Caffè, 東京! 👍🏽";
 * assert.deepEqual(words(text).map(({ start, end }) => text.slice(start, end)), ["Caffè", ",", "東", "京", "!", "👍🏽"]);
 * ```
 */
export function wordFinder(normalizer: BertNormalizerOptions = asWritten): (text: string) => TextSpan[] {
  const kinds = new Uint8Array(0x110000); // of each code point that was met
  return (text) => {
    const words: TextSpan[] = [];
    let start = -1;
    let end = 0;
    const close = () => {
      if (start >= 0) words.push({ start, end });
      start = -1;
    };
    for (let at = 0, next = 0; at < text.length; at = next) {
      const code = text.codePointAt(at)!;
      next = at + (code > 0xffff ? 2 : 1);
      const kind = kinds[code] ||= kindOf(String.fromCodePoint(code), normalizer);
      if (kind === SPACE) close();
      else if (kind === LETTER) {
        if (start < 0) start = at;
        end = next;
      } else if (kind === ALONE) {
        close();
        words.push({ start: at, end: next });
      } else if (kind === MARK) {
        if (start >= 0 && end === at) end = next;
        else if (start < 0 && words.at(-1)?.end === at) words.push({ ...words.pop()!, end: next });
      }
    }
    close();
    return words;
  };
}

/** Ideographs are words, and nothing is dropped or changed. */
const asWritten: BertNormalizerOptions = {
  clean_text: false,
  handle_chinese_chars: true,
  strip_accents: false,
  lowercase: false,
};

const [SPACE, LETTER, ALONE, MARK, DROPPED] = [1, 2, 3, 4, 5];

/** What a character is after the normaliser, which changes each by itself. */
function kindOf(character: string, normalizer: BertNormalizerOptions): number {
  const normal = bertNormalize(character, normalizer);
  if (normal === "") return ATTACHED.test(character) ? MARK : DROPPED;
  const [word] = bertWords(normal);
  if (word === undefined) return SPACE;
  return word.length < normal.length || properties()[word.codePointAt(0)!] & PUNCT ? ALONE : LETTER;
}

/** Combining marks, variation selectors, and the letters of a flag. */
const ATTACHED = /[\p{M}\u{e0020}-\u{e007f}]/u;
