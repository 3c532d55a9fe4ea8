/**
 * BERT's normalisation of texts, equal to Python's.
 *
 * @module
 */

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
 * that order. Lone surrogates are dropped with the control characters.
 *
 * `@huggingface/tokenizers` 0.2.0 has its own, which differs from Python's on ideographs beyond the BMP (no spaces) and on
 * a final capital sigma (context-dependent lower case), so training and loading both use this one.
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
  if (isAscii(text)) {
    if (options.clean_text) text = text.replace(ASCII_CONTROL, "").replace(ASCII_SPACE, " ");
    return options.lowercase ? text.toLowerCase() : text;
  }
  if (options.clean_text) text = text.replace(CONTROL, "").replace(SPACE, " ");
  if (options.handle_chinese_chars) text = text.replace(IDEOGRAPH, " $& ");
  if (options.strip_accents ?? options.lowercase) {
    text = limitMarks(text).normalize("NFD").replace(NONSPACING_MARK, "");
  }
  // Python lowers character by character, so a sigma at a word's end stays the ordinary one.
  return options.lowercase ? text.replaceAll("Σ", "σ").toLowerCase() : text;
}

/** Splits normalised text as BERT does: at white space, and around every punctuation character. */
export function bertWords(text: string): string[] {
  return text.match(isAscii(text) ? ASCII_WORD : WORD) ?? [];
}

/**
 * Drops what exceeds 30 combining marks in a row. Unicode normalisation sorts such a run, which takes V8 quadratic time (40
 * s for 100,000 marks); no language needs more (Unicode Standard Annex 15, Stream-Safe Text Format).
 */
export function limitMarks(text: string): string {
  return isAscii(text) ? text : text.replace(MARK_RUN, "$1");
}

function isAscii(text: string): boolean {
  return !NOT_ASCII.test(text);
}

// deno-lint-ignore no-control-regex
const NOT_ASCII = /[^\x00-\x7f]/;
// deno-lint-ignore no-control-regex
const ASCII_CONTROL = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+/g;
const ASCII_SPACE = /[\t\n\r]/g;
const CONTROL = /(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}\p{Cs}\ufffd]/gu;
const SPACE = /\s/gu;
const MARK_RUN = /(\p{M}{30})\p{M}+/gu;
const NONSPACING_MARK = /\p{Mn}+/gu;
const IDEOGRAPH = new RegExp(
  String.raw`[\u4e00-\u9fff\u3400-\u4dbf\uf900-\ufaff\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}` +
    String.raw`\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\u{2f800}-\u{2fa1f}]`,
  "gu",
);
const ASCII_WORD = /[^\s!-/:-@[-`{-~]+|[!-/:-@[-`{-~]/g;
const WORD = /[^\s\p{P}!-/:-@[-`{-~]+|[\p{P}!-/:-@[-`{-~]/gu;
