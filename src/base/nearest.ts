/**
 * The name that was probably meant.
 *
 * @module
 */
import { show } from "./text.ts";

/**
 * The known name nearest to one that is not known: with at most two letters more, fewer or other ones (a third of its letters at
 * most), or one that begins with it or that it begins with. Case does not count.
 *
 * @returns `undefined` where none is near.
 * @example
 * ```ts
 * import { nearestName } from "./nearest.ts";
 * import assert from "node:assert/strict";
 * assert.equal(nearestName("tokenzier", ["lowercase", "tokenizer"]), "tokenizer");
 * assert.equal(nearestName("stem", ["stemmer", "types"]), "stemmer");
 * assert.equal(nearestName("colour", ["text", "label"]), undefined);
 * ```
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const given = name.toLowerCase().slice(0, 100);
  const most = Math.min(2, Math.ceil(given.length / 3));
  let best: string | undefined, least = Infinity;
  for (const one of known) {
    const other = one.toLowerCase();
    const isPart = given.length > 1 && other.length > 1 &&
      (other.startsWith(given) || given.startsWith(other));
    const distance = Math.min(editDistance(given, other), isPart ? most : Infinity);
    if (distance <= most && distance < least) [best, least] = [one, distance];
  }
  return best;
}

/** `; did you mean "x"?`, or nothing. */
export function didYouMean(name: string, known: readonly string[]): string {
  const near = nearestName(name, known);
  return near === undefined ? "" : `; did you mean ${show(near)}?`;
}

/** Levenshtein's distance, with two neighbours exchanged as one edit; far lengths are not counted out. */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return Infinity;
  let before: number[] = [], row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + Number(a[i - 1] !== b[j - 1])));
      const exchanged = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (exchanged) next[j] = Math.min(next[j], before[j - 2] + 1);
    }
    [before, row] = [row, next];
  }
  return row[b.length];
}
