/**
 * Finding duplicates and near-duplicates among texts.
 *
 * @module
 */
import { murmurMix } from "../base/random.ts";
import type { TextExample } from "./example.ts";
import { createLinks } from "./links.ts";

/** What `deduplicate` found. */
export interface Deduplicated<T> {
  /** The first example of every distinct text, in order. */
  readonly examples: T[];
  /** How many examples were dropped. */
  readonly duplicates: number;
  /** How many of those had another label than the one kept: noise in the labels. */
  readonly conflicts: number;
}

/** What two texts have in common that count as one: all but case and white space. */
export function duplicateKey(text: string): string {
  return text.normalize("NFC").toLowerCase().replace(/\s+/g, " ").trim();
}

/**
 * Drops examples whose text has been seen, differences in case and white space aside.
 *
 * @example
 * ```ts
 * import { deduplicate } from "./dedupe.ts";
 * import assert from "node:assert/strict";
 *
 * const { examples, duplicates } = deduplicate([
 *   { text: "Win now!", label: "spam" },
 *   { text: "win  NOW!\n", label: "spam" },
 *   { text: "Lunch?", label: "ham" },
 * ]);
 * assert.equal(duplicates, 1);
 * assert.deepEqual(examples.map(({ text }) => text), ["Win now!", "Lunch?"]);
 * ```
 */
export function deduplicate<T extends TextExample>(examples: Iterable<T>): Deduplicated<T> {
  const labelOf = new Map<string, string>();
  const kept: T[] = [];
  let duplicates = 0;
  let conflicts = 0;
  for (const example of examples) {
    const key = duplicateKey(example.text);
    const label = labelOf.get(key);
    if (label === undefined) {
      labelOf.set(key, example.label);
      kept.push(example);
    } else {
      duplicates++;
      if (label !== example.label) conflicts++;
    }
  }
  return { examples: kept, duplicates, conflicts };
}

/** When two texts count as near-duplicates. */
export interface NearDuplicateOptions {
  /** Least Jaccard similarity of the two sets of shingles (default 0.7). */
  readonly threshold?: number;
  /** Words in a shingle (default 3). */
  readonly shingleWords?: number;
}

/**
 * Groups texts that are near-duplicates of each other, or linked by a chain of such: `clusters[i]` is the number of text
 * `i`'s group, counted from 0 in order of appearance.
 *
 * Two texts are near-duplicates if their sets of word shingles have a Jaccard similarity of at least `threshold`; case,
 * punctuation and the digits in numbers do not count. Every such pair is found, without comparing all with all: of two sets
 * sorted alike, rare shingles first, the first `size - ceil(threshold * size) + 1` elements have one in common if the sets
 * are similar enough, so only texts that share a rare shingle are compared.
 *
 * Source: Broder 1997, "On the resemblance and containment of documents" (shingles, Jaccard over hashes); Chaudhuri et al.
 * 2006, "A Primitive Operator for Similarity Joins in Data Cleaning" (prefix filter).
 *
 * @example
 * ```ts
 * import { nearDuplicateClusters } from "./dedupe.ts";
 * import assert from "node:assert/strict";
 *
 * const clusters = nearDuplicateClusters([
 *   "Dear customer 17, you have won a prize of 500 dollars, call now to claim it",
 *   "Can you send me the slides of Monday's talk?",
 *   "dear customer 23: you have won a prize of 900 dollars, call now to claim it!!",
 * ]);
 * assert.deepEqual([...clusters], [0, 1, 0]);
 * ```
 */
export function nearDuplicateClusters(
  texts: Iterable<string>,
  options: NearDuplicateOptions = {},
): Int32Array {
  const { threshold = 0.7, shingleWords = 3 } = options;
  if (!(threshold > 0 && threshold <= 1)) {
    throw new RangeError(`threshold is ${threshold}; more than 0 and at most 1 was expected`);
  }
  const { sets, isShared } = rareFirst(Array.from(texts, (text) => shingles(text, shingleWords)));
  const links = createLinks(sets.length);

  // By size, so that a set only meets smaller ones, and those too small to be similar are passed over.
  const bySize = [...sets.keys()].sort((a, b) => sets[a].length - sets[b].length || a - b);
  const holders = new Map<number, { sets: number[]; from: number }>(); // shingle -> sets that have it in their prefix
  const compared = new Int32Array(sets.length).fill(-1);
  for (const current of bySize) {
    const set = sets[current];
    const least = Math.ceil(threshold * set.length - 1e-9);
    for (let i = 0; i <= set.length - least && i < set.length; i++) {
      if (!isShared(set[i])) continue;
      const holder = holders.get(set[i]);
      if (holder === undefined) {
        holders.set(set[i], { sets: [current], from: 0 });
        continue;
      }
      while (holder.from < holder.sets.length && sets[holder.sets[holder.from]].length < least) holder.from++;
      for (let j = holder.from; j < holder.sets.length; j++) {
        const other = holder.sets[j];
        if (compared[other] === current) continue;
        compared[other] = current;
        if (links.areLinked(current, other)) continue;
        if (isSimilar(set, sets[other], threshold)) links.link(current, other);
      }
      holder.sets.push(current);
    }
  }
  return links.groups();
}

/** The Jaccard similarity of two texts' shingle sets, as `nearDuplicateClusters` counts it; 0 if either has no word at all. */
export function similarity(first: string, second: string, shingleWords = 3): number {
  const a = shingles(first, shingleWords);
  const b = shingles(second, shingleWords);
  const shared = countShared(a, b, 0);
  return shared === 0 ? 0 : shared / (a.length + b.length - shared);
}

/**
 * Sorts each set by how many sets have the element, then by its hash. Counts are kept by the hash's lower bits, so they may
 * be too high, never too low: any order that all sets share will do.
 */
function rareFirst(hashes: Uint32Array[]): { sets: Float64Array[]; isShared: (element: number) => boolean } {
  const counts = new Uint16Array(2 ** 22);
  for (const set of hashes) {
    for (const hash of set) {
      if (counts[hash & (counts.length - 1)] < 0xffff) counts[hash & (counts.length - 1)]++;
    }
  }
  return {
    sets: hashes.map((set) =>
      Float64Array.from(set, (hash) => counts[hash & (counts.length - 1)] * 2 ** 32 + hash).sort()
    ),
    isShared: (element) => element >= 2 * 2 ** 32,
  };
}

/** Whether the Jaccard similarity of two sorted sets reaches the threshold. */
function isSimilar(a: Float64Array, b: Float64Array, threshold: number): boolean {
  const needed = Math.ceil(threshold / (1 + threshold) * (a.length + b.length) - 1e-9);
  return countShared(a, b, needed) >= needed;
}

/** Elements that two sorted sets share; gives up, returning less than `needed`, once `needed` is out of reach. */
function countShared<T extends Float64Array | Uint32Array>(a: T, b: T, needed: number): number {
  let shared = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (shared + Math.min(a.length - i, b.length - j) < needed) return shared;
    if (a[i] === b[j]) {
      shared++;
      i++;
      j++;
    } else if (a[i] < b[j]) i++;
    else j++;
  }
  return shared;
}

/**
 * The hashes of a text's word shingles, sorted, each once. A text of fewer words than a shingle has is one shingle;
 * ideographs are words.
 */
function shingles(text: string, shingleWords: number): Uint32Array {
  const words = wordHashes(text);
  const count = words.length === 0 ? 0 : Math.max(1, words.length - shingleWords + 1);
  const hashes = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    let hash = 0x811c9dc5;
    for (let j = i; j < i + shingleWords && j < words.length; j++) {
      hash = murmurMix(Math.imul(hash, 31) + words[j] | 0);
    }
    hashes[i] = hash >>> 0;
  }
  hashes.sort();
  let size = 0;
  for (let i = 0; i < count; i++) if (i === 0 || hashes[i] !== hashes[i - 1]) hashes[size++] = hashes[i];
  return hashes.subarray(0, size);
}

function wordHashes(text: string): number[] {
  const hashes: number[] = [];
  const lower = text.toLowerCase();
  let hash = 0;
  let isWord = false;
  for (let i = 0; i <= lower.length; i++) {
    let code = i < lower.length ? lower.charCodeAt(i) : 32;
    const isIdeograph = code >= 0x3400 && code <= 0x9fff;
    if (code >= 48 && code <= 57) code = 48; // all digits alike
    const isLetter = code === 48 || (code >= 97 && code <= 122) ||
      (code >= 0xc0 && !(code >= 0x2000 && code <= 0x303f));
    if (isWord && (!isLetter || isIdeograph)) {
      hashes.push(murmurMix(hash));
      isWord = false;
    }
    if (!isLetter) continue;
    // A run of digits is one digit, so that "17" and "1700" agree.
    if (code === 48 && isWord && i > 0 && lower.charCodeAt(i - 1) >= 48 && lower.charCodeAt(i - 1) <= 57) {
      continue;
    }
    hash = Math.imul((isWord ? hash : 0x811c9dc5) ^ code, 0x01000193); // FNV-1a
    isWord = true;
    if (isIdeograph) {
      hashes.push(murmurMix(hash));
      isWord = false;
    }
  }
  return hashes;
}
