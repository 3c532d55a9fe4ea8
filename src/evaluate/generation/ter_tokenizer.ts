/**
 * How TER splits texts into words.
 *
 * @module
 */
import { splitWords, trimEnd, unescapeMarkup } from "./sacrebleu.ts";

/** What is done to texts before words are compared. */
export interface TerTokenizerOptions {
  /** Take markup out and set punctuation apart; default false. */
  readonly normalized?: boolean;
  /** Remove punctuation; default false. */
  readonly noPunct?: boolean;
  /** With `normalized`, CJK characters stand apart; with `noPunct`, CJK punctuation goes too; default false. */
  readonly asianSupport?: boolean;
  /** Tell upper from lower case; default false. */
  readonly caseSensitive?: boolean;
}

/**
 * The words of a text as Tercom's normalizer makes them, in sacrebleu 2.6.0's version of it. Kana are not split, though its
 * documentation says so: its patterns for them never match a text that was padded with spaces before.
 *
 * @example
 * ```ts
 * import { tokenizeForTer } from "./ter_tokenizer.ts";
 * import assert from "node:assert/strict";
 * assert.deepEqual(tokenizeForTer("Tom's 3.5 cats.", { normalized: true }), ["tom", "'s", "3.5", "cats", "."]);
 * ```
 */
export function tokenizeForTer(text: string, options: TerTokenizerOptions = {}): string[] {
  const { normalized = false, noPunct = false, asianSupport = false, caseSensitive = false } = options;
  let line = trimEnd(text);
  if (!caseSensitive) line = line.toLowerCase();
  if (normalized && line !== "") {
    line = normalizeWestern(line);
    if (asianSupport) line = line.replace(ASIAN, " $& ");
  }
  if (noPunct) {
    line = line.replace(/[.,?:;!"()]/g, "");
    if (asianSupport) line = line.replace(ASIAN_PUNCTUATION, "");
  }
  return splitWords(line);
}

const ASIAN_PUNCTUATION =
  /[\u3001\u3002\u3008-\u3011\u3014-\u301f\uff61-\uff65\u30fb\uff0e\uff0c\uff1f\uff1a\uff1b\uff01\uff02\uff08\uff09]/g;

// Ideographs, strokes, radicals, compatibility forms, enclosed letters and months, punctuation.
const ASIAN = new RegExp(
  "[\u4e00-\u9fff\u3400-\u4dbf\u31c0-\u31ef\u2e80-\u2eff\u3300-\u33ff\uf900-\ufaff\ufe30-\ufe4f\u3200-\u32ff" +
    ASIAN_PUNCTUATION.source.slice(1),
  "g",
);

function normalizeWestern(text: string): string {
  return ` ${unescapeMarkup(text.replaceAll("\n-", "").replaceAll("\n", " "))} `
    .replace(/[{-~[-` -&(-+:-@/]/g, " $& ")
    .replaceAll("'s ", " 's ")
    .replace(/([^0-9])([.,])/g, "$1 $2 ")
    .replace(/([.,])([^0-9])/g, " $1 $2")
    .replace(/([0-9])-/g, "$1 - ");
}
