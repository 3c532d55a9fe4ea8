/**
 * Grapheme clusters: what a reader takes for one character.
 *
 * Source: Unicode Standard Annex 29, table 1c and rules GB3 to GB13, with the properties of `unicode_data.ts`.
 *
 * @module
 */
import { codedRuns, LETTERS, rangesOf } from "./unicode.ts";
import { GRAPHEME, GRAPHEME_EXTEND } from "./unicode_data.ts";

// In the order of GRAPHEME's letters; the last three are kinds of others.
const [
  OTHER,
  PREPEND,
  CR,
  LF,
  CONTROL,
  EXTEND,
  ZWJ,
  SPACING,
  L,
  V,
  T,
  LV,
  LVT,
  REGIONAL,
  PICTOGRAPHIC,
  CONSONANT,
  LINKER,
] = Array.from({ length: 17 }, (_, i) => i);

/** Calls `visit` with the begin and the end of each cluster of a text. */
export function forEachGrapheme(text: string, visit: (start: number, end: number) => void): void {
  const { kinds, extends: extend } = tables ??= build();
  let start = 0;
  let before = -1; // the kind of the character before; -1 at the begin
  let regionals = 0; // in a row, up to here
  let afterPictographic = false; // a pictograph and what extends it, up to here
  let linked = 0; // 1 after a consonant, 2 after a consonant and a linker, 0 otherwise
  for (let at = 0, next = 0; at < text.length; at = next) {
    const code = text.codePointAt(at)!;
    next = at + (code > 0xffff ? 2 : 1);
    const kind = kinds[code];
    const joinsPictographs = before === ZWJ && kind === PICTOGRAPHIC && afterPictographic;
    if (before >= 0 && !joins(before, kind, { regionals, joinsPictographs, isLinked: linked === 2 })) {
      visit(start, at);
      start = at;
    }
    regionals = kind === REGIONAL ? regionals + 1 : 0;
    afterPictographic = kind === PICTOGRAPHIC ||
      (afterPictographic && (isExtending(kind) || kind === ZWJ) && before !== ZWJ);
    if (kind === CONSONANT) linked = 1;
    else if (linked > 0) linked = kind === LINKER ? 2 : extend.has(code) ? linked : 0;
    before = kind;
  }
  if (start < text.length) visit(start, text.length);
}

interface Context {
  readonly regionals: number;
  readonly joinsPictographs: boolean;
  readonly isLinked: boolean;
}

function joins(before: number, kind: number, { regionals, joinsPictographs, isLinked }: Context): boolean {
  if (before === CR && kind === LF) return true;
  if (isBreaking(before) || isBreaking(kind)) return false;
  if (before === L && (kind === L || kind === V || kind === LV || kind === LVT)) return true;
  if ((before === LV || before === V) && (kind === V || kind === T)) return true;
  if ((before === LVT || before === T) && kind === T) return true;
  if (isExtending(kind) || kind === ZWJ || kind === SPACING || before === PREPEND) return true;
  if (kind === CONSONANT && isLinked) return true;
  if (joinsPictographs) return true;
  return before === REGIONAL && kind === REGIONAL && regionals % 2 === 1;
}

function isBreaking(kind: number): boolean {
  return kind === CONTROL || kind === CR || kind === LF;
}

function isExtending(kind: number): boolean {
  return kind === EXTEND || kind === LINKER;
}

let tables: { readonly kinds: Uint8Array; readonly extends: ReadonlySet<number> } | undefined;

function build(): NonNullable<typeof tables> {
  const kinds = new Uint8Array(0x110000).fill(OTHER);
  for (const { start, end, letter } of codedRuns(GRAPHEME)) kinds.fill(LETTERS.indexOf(letter), start, end);
  const extend = new Set<number>();
  const ranges = rangesOf(GRAPHEME_EXTEND);
  for (let i = 0; i < ranges.length; i += 2) {
    for (let code = ranges[i]; code < ranges[i + 1]; code++) extend.add(code);
  }
  return { kinds, extends: extend };
}
