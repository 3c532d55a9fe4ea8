/**
 * BERT's normalisation of texts and its words, equal to Python's.
 *
 * @module
 */
import { normalForm } from "./normal_forms.ts";
import { mapCharacters, type Piece, type Work, workFor } from "./piece.ts";
import { ACCENT, DROPPED, isAscii, lowerOf, properties, PUNCT, SPACE } from "./unicode.ts";

/** The switches of `tokenizer.json`'s `BertNormalizer`, under their own names. */
export interface BertNormalizerOptions {
  /** Drop control characters, turn every white space into a plain space. */
  readonly clean_text: boolean;
  /** Put spaces around CJK ideographs, so that each is a word. */
  readonly handle_chinese_chars: boolean;
  /** Drop combining marks; null means "as `lowercase` says". */
  readonly strip_accents: boolean | null;
  /** Lower-case every character. */
  readonly lowercase: boolean;
}

/**
 * BERT's text normalisation, as Python `tokenizers` does it: clean, space CJK ideographs, strip accents, lower-case, in
 * that order, with the Unicode of Python's tokenizers. A lone surrogate counts as U+FFFD.
 *
 * Source: `normalizers/bert.rs` of huggingface/tokenizers.
 *
 * @example
 * ```ts
 * import { bertNormalize } from "./bert_normalize.ts";
 * import assert from "node:assert/strict";
 *
 * const options = { clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true };
 * assert.equal(bertNormalize("Caffè\t水", options), "caffe  水 ");
 * ```
 */
export function bertNormalize(text: string, options: BertNormalizerOptions): string {
  return bertNormalizePiece({ text: text.toWellFormed() }, options, workFor(text.length)).text;
}

/** `bertNormalize` of a piece. */
export function bertNormalizePiece(piece: Piece, options: BertNormalizerOptions, work: Work): Piece {
  if (!piece.at && isAscii(piece.text)) {
    let { text } = piece;
    if (options.clean_text) text = text.replace(ASCII_CONTROL, "").replace(ASCII_SPACE, " ");
    return { text: options.lowercase ? text.toLowerCase() : text };
  }
  const flags = properties();
  if (options.clean_text) {
    piece = mapCharacters(piece, work, (code) => {
      const flag = flags[code];
      if ((flag & (DROPPED | SPACE)) === 0 || code === 0x20) return undefined;
      return flag & DROPPED ? "" : " ";
    });
  }
  if (options.handle_chinese_chars) {
    piece = mapCharacters(
      piece,
      work,
      (code) => isIdeograph(code) ? ` ${String.fromCodePoint(code)} ` : undefined,
    );
  }
  if (options.strip_accents ?? options.lowercase) {
    piece = normalForm(piece, "NFD", work);
    piece = mapCharacters(piece, work, (code) => code >= 0x300 && flags[code] & ACCENT ? "" : undefined);
  }
  return options.lowercase ? lowerPiece(piece, work) : piece;
}

/** A piece in lower case, character by character. */
export function lowerPiece(piece: Piece, work: Work): Piece {
  if (!piece.at && isAscii(piece.text)) return { text: piece.text.toLowerCase() };
  return mapCharacters(piece, work, lowerOf);
}

/** Splits normalised text as BERT does: at white space, and around every punctuation character. */
export function bertWords(text: string): string[] {
  const words: string[] = [];
  forEachBertWord(text, (start, end) => words.push(text.slice(start, end)));
  return words;
}

/** Calls `visit` with the begin and the end of each of `bertWords`. */
export function forEachBertWord(text: string, visit: (start: number, end: number) => void): void {
  const flags = properties();
  const { length } = text;
  let start = -1;
  for (let at = 0, next = 0; at < length; at = next) {
    let code = text.charCodeAt(at);
    next = at + 1;
    if (code >= 0xd800 && code < 0xdc00) {
      code = text.codePointAt(at)!;
      if (code > 0xffff) next++;
    }
    const flag = flags[code] & (SPACE | PUNCT);
    if (flag === 0) {
      if (start < 0) start = at;
      continue;
    }
    if (start >= 0) visit(start, at);
    start = -1;
    if (flag & PUNCT) visit(at, next);
  }
  if (start >= 0) visit(start, length);
}

/** BERT's CJK ideographs: blocks of characters, assigned or not. */
function isIdeograph(code: number): boolean {
  return code >= 0x3400 &&
    (code <= 0x4dbf || (code >= 0x4e00 && code <= 0x9fff) || (code >= 0xf900 && code <= 0xfaff) ||
      (code >= 0x20000 &&
        (code <= 0x2a6df || (code >= 0x2a700 && code <= 0x2b73f) || (code >= 0x2b740 && code <= 0x2b81f) ||
          (code >= 0x2b920 && code <= 0x2ceaf) || (code >= 0x2f800 && code <= 0x2fa1f))));
}

// deno-lint-ignore no-control-regex
const ASCII_CONTROL = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+/g;
const ASCII_SPACE = /[\t\n\r]/g;
