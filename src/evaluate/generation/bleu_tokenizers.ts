/**
 * The tokenizers of sacrebleu that BLEU is computed over.
 *
 * @module
 */
import { isSpace, splitWords, unescapeMarkup } from "./sacrebleu.ts";

/** sacrebleu's tokenizers that need no data: see {@link tokenizeForBleu}. */
export type BleuTokenizer = "13a" | "intl" | "char" | "none" | "zh";

/** The names of the tokenizers. */
export const BLEU_TOKENIZERS: readonly BleuTokenizer[] = ["13a", "intl", "char", "none", "zh"];

/**
 * Splits a text into tokens exactly as sacrebleu 2.6.0 does before it counts n-grams.
 *
 * - `13a`: the rules of NIST's mteval-v13a: markup removed, ASCII punctuation apart, points and commas apart unless between
 *   digits, a dash apart after a digit. The default of WMT.
 * - `intl`: mteval-v14's rules: Unicode punctuation apart unless between numbers, symbols apart.
 * - `zh`: Chinese characters apart, the rest as in `13a`. sacrebleu's list of characters is kept as it works: by a slip in it,
 *   U+2001 to U+2A6D are "Chinese" and those beyond U+FFFF are not.
 * - `char`: every code point that is no white space.
 * - `none`: the text at its white space.
 *
 * Trailing white space must have been removed, as {@link bleu} does: `13a` takes out a hyphen at a line's end. Linear in the
 * length of the text. Classes of characters newer than the runtime's Unicode tables may differ in `intl`.
 *
 * @example
 * ```ts
 * import { tokenizeForBleu } from "./bleu_tokenizers.ts";
 * import assert from "node:assert/strict";
 * assert.deepEqual(tokenizeForBleu("It's $3.50, not 2-3.", "13a"),
 *   ["It's", "$", "3.50", ",", "not", "2", "-", "3", "."]);
 * ```
 */
export function tokenizeForBleu(text: string, tokenizer: BleuTokenizer): string[] {
  return TOKENIZE[tokenizer](text);
}

const TOKENIZE: Record<BleuTokenizer, (text: string) => string[]> = {
  "13a": (text) => splitWestern(withoutMarkup(text), { padded: true, chinese: false }),
  intl: (text) => {
    const apart = text.replace(/(\P{N})(\p{P})/gu, "$1 $2 ").replace(/(\p{P})(\P{N})/gu, " $1 $2");
    return splitWords(apart.replace(/\p{S}/gu, " $& "));
  },
  char: (text) => Array.from(text).filter((character) => !isSpace(character.charCodeAt(0))),
  none: splitWords,
  zh: (text) => {
    let start = 0;
    while (start < text.length && isSpace(text.charCodeAt(start))) start++;
    return splitWestern(text.slice(start), { padded: false, chinese: true });
  },
};

/** What mteval takes out of SGML before it splits: the order matters, since one removal may make the next. */
function withoutMarkup(text: string): string {
  return unescapeMarkup(text.replaceAll("<skipped>", "").replaceAll("-\n", ""));
}

const OTHER = 0, SPACE = 1, APART = 2, DIGIT = 3, POINT = 4, DASH = 5, EDGE = 6;

const ASCII_KINDS = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (isSpace(code)) return SPACE;
  if (/[{-~[-`!-&(-+:-@/]/.test(character)) return APART;
  if (/[0-9]/.test(character)) return DIGIT;
  if (/[.,]/.test(character)) return POINT;
  return character === "-" ? DASH : OTHER;
});

/**
 * The four substitutions of mteval-v13a and the split after them, in one pass. In their order: (1) punctuation is set apart;
 * (2) a point with the character before it, when that is no digit; (3) a point with the character after it, when that is no
 * digit; (4) a dash after a digit. Substitutions do not overlap, so in a run of points rule 2 takes them in pairs, the first
 * one with what stands before the run; the last one may be left over, and if a digit follows it stays with that digit.
 * `padded`: the text stands between spaces; else its edges are neither digits nor anything else.
 */
function splitWestern(text: string, { padded, chinese }: { padded: boolean; chinese: boolean }): string[] {
  const tokens: string[] = [];
  const length = text.length, edge = padded ? SPACE : EDGE;
  let open = -1; // where the token begins that goes on
  let before = edge;
  const close = (end: number) => {
    if (open >= 0) tokens.push(text.slice(open, end));
    open = -1;
  };
  for (let i = 0; i < length; i++) {
    const kind = kindAt(text, i, chinese);
    if (kind === SPACE) close(i);
    else if (kind === APART || (kind === DASH && before === DIGIT)) {
      close(i);
      tokens.push(text[i]);
    } else if (kind === POINT) {
      let end = i + 1;
      while (end < length && kindAt(text, end, chinese) === POINT) end++;
      const after = end < length ? kindAt(text, end, chinese) : edge;
      const unpaired = end - i - (before === DIGIT || before === EDGE ? 0 : 1);
      const stays = unpaired % 2 === 1 && (after === DIGIT || after === EDGE);
      const apart = stays ? end - 1 : end;
      if (apart > i) close(i);
      for (let k = i; k < apart; k++) tokens.push(text[k]);
      if (stays && open < 0) open = end - 1;
      i = end - 1;
    } else if (open < 0) open = i;
    before = kind;
  }
  close(length);
  return tokens;
}

function kindAt(text: string, i: number, chinese: boolean): number {
  const code = text.charCodeAt(i);
  if (code < 128) return ASCII_KINDS[code];
  if (isSpace(code)) return SPACE;
  return chinese && isChinese(code) ? APART : OTHER;
}

/** sacrebleu's ranges: ideographs, full-width forms, CJK punctuation, Bopomofo, symbols. */
const CHINESE = [
  [0x2001, 0x2a6d], // written \u20000 to \u2a6d6 there, which Python reads as two characters
  ...[[0x2e80, 0x2fdf], [0x2ff0, 0x303f], [0x3100, 0x312f], [0x31a0, 0x31bf], [0x31c0, 0x31ef]],
  ...[[0x3200, 0x4db5], [0x4e00, 0x9fbb], [0xf900, 0xfa2d], [0xfa30, 0xfa6a], [0xfa70, 0xfad9]],
  ...[[0xfe10, 0xfe1f], [0xfe30, 0xfe4f], [0xff00, 0xffef]],
];

function isChinese(code: number): boolean {
  return CHINESE.some(([from, to]) => code >= from && code <= to);
}
