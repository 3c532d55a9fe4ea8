/**
 * Unicode as Python's tokenizers have it: a model was trained with its tokenizer's tables, and the ones that come with Deno are
 * others and change. Each part of theirs has a version of its own, so a property here is named after what it is for.
 *
 * @module
 */
import {
  ABSENT,
  CATEGORY,
  CATEGORY_NAMES,
  COMBINING,
  CONTROL,
  LOWER,
  LOWER_SPECIAL,
  MARK,
  NONSPACING,
  NUMERIC,
  PUNCTUATION,
  WHITESPACE,
  WORD,
} from "./unicode_data.ts";

/** White space. */
export const SPACE = 1;
/** What BertPreTokenizer and Punctuation split at. */
export const PUNCT = 2;
/** What BERT's `clean_text` drops. */
export const DROPPED = 4;
/** What BERT's `strip_accents` drops after NFD. */
export const ACCENT = 8;
/** What StripAccents drops. */
export const COMBINES = 16;
/** What Digits splits at. */
export const NUMBER = 32;
/** What makes a word for the Whitespace pre-tokenizer and for added tokens. */
export const WORDLIKE = 64;
/** What the Unicode by which texts are normalised has no character for. */
export const UNKNOWN = 128;

/** The properties of every code point: a sum of the constants above. Made at the first use. */
export function properties(): Uint8Array {
  return table ??= buildTable();
}

let table: Uint8Array | undefined;

function buildTable(): Uint8Array {
  const flags = new Uint8Array(0x110000);
  const sets: [string, number][] = [
    [WHITESPACE, SPACE],
    [PUNCTUATION, PUNCT],
    [CONTROL, DROPPED],
    [NONSPACING, ACCENT],
    [MARK, COMBINES],
    [NUMERIC, NUMBER],
    [WORD, WORDLIKE],
    [ABSENT, UNKNOWN],
  ];
  for (const [lengths, flag] of sets) {
    const ranges = rangesOf(lengths);
    for (let i = 0; i < ranges.length; i += 2) {
      for (let code = ranges[i]; code < ranges[i + 1]; code++) flags[code] |= flag;
    }
  }
  return flags;
}

/** Code points as pairs of a first one and the one behind the last, ascending. */
export type Ranges = readonly number[];

/** A set of `unicode_data.ts` as ranges. */
export function rangesOf(lengths: string): Ranges {
  const ranges: number[] = [];
  let at = 0;
  for (const length of lengths.split(" ")) {
    at += parseInt(length, 36);
    ranges.push(at);
  }
  if (ranges.length % 2 === 1) ranges.push(0x110000);
  return ranges;
}

/** The code points of general categories, such as `L` or `Lu`, in regular expressions; `undefined` for an unknown name. */
export function categoryRanges(name: string): Ranges | undefined {
  if (name !== "Any" && !CATEGORY_NAMES.some((category) => category.startsWith(name))) return undefined;
  const ranges: number[] = [];
  for (const { start, end, letter } of codedRuns(CATEGORY)) {
    const category = CATEGORY_NAMES[LETTERS.indexOf(letter)];
    if (name !== "Any" && !category.startsWith(name)) continue;
    if (ranges.at(-1) === start) ranges[ranges.length - 1] = end;
    else ranges.push(start, end);
  }
  return ranges;
}

/** The order of the letters that stand for values in `unicode_data.ts`. */
export const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ$%&";

/** A list of runs of `unicode_data.ts`. */
export function codedRuns(coded: string): { start: number; end: number; letter: string }[] {
  const runs: { start: number; end: number; letter: string }[] = [];
  let start = 0;
  for (const [, length, letter] of coded.matchAll(/([0-9a-z]+)([A-Z$%&]+)/g)) {
    const end = start + parseInt(length, 36);
    runs.push({ start, end, letter });
    start = end;
  }
  return runs;
}

/** The canonical combining class of a code point. */
export function combiningClass(code: number): number {
  if (code < 0x300) return 0;
  classes ??= new Map(
    triples(COMBINING, 3).flatMap(([start, count, value]) =>
      Array.from({ length: count }, (_, i): [number, number] => [start + i, value])
    ),
  );
  return classes.get(code) ?? 0;
}

let classes: Map<number, number> | undefined;

/** Lower case, character by character: a sigma at the end of a word stays the ordinary one. */
export function lowerCase(text: string): string {
  if (isAscii(text)) return text.toLowerCase();
  let lower = "";
  let from = 0;
  for (let at = 0, next = 0; at < text.length; at = next) {
    const code = text.codePointAt(at)!;
    next = at + (code > 0xffff ? 2 : 1);
    const small = lowerOf(code);
    if (small === undefined) continue;
    lower += text.slice(from, at) + small;
    from = next;
  }
  return from === 0 ? text : lower + text.slice(from);
}

/** The lower case of a code point that has another one. */
export function lowerOf(code: number): string | undefined {
  return (lowers ??= buildLowers()).get(code);
}

let lowers: Map<number, string> | undefined;

function buildLowers(): Map<number, string> {
  const map = new Map<number, string>();
  for (const [start, count, stride, change] of triples(LOWER, 4)) {
    for (let i = 0; i < count; i++) {
      const code = start + i * stride;
      map.set(code, String.fromCodePoint(code + change));
    }
  }
  for (const [character, small] of Object.entries(LOWER_SPECIAL)) map.set(character.codePointAt(0)!, small);
  return map;
}

function triples(list: string, size: number): number[][] {
  const numbers = list.split(" ").map((number) => parseInt(number, 36));
  return Array.from({ length: numbers.length / size }, (_, i) => numbers.slice(i * size, (i + 1) * size));
}

/** Whether a text has only characters below U+0080. */
export function isAscii(text: string): boolean {
  return !NOT_ASCII.test(text);
}

// deno-lint-ignore no-control-regex
const NOT_ASCII = /[^\x00-\x7f]/;
