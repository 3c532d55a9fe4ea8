/**
 * How much each shingle of a text tells: what many texts have in common is boilerplate, and tells nothing.
 *
 * @module
 */
import { murmurMix } from "../base/random.ts";
import type { Shingles } from "./shingles.ts";

/** A text's shingles as they are compared: sorted, the rarest first, each once, without boilerplate. */
export interface Weighed {
  /** Those that other texts have, too: how many have it, times 2³², and its hash; any two sets are in the same order. */
  readonly elements: Float64Array;
  /** How many no other text has, each of weight 1. */
  readonly own: number;
  /** The sum of all weights. */
  readonly total: number;
}

/** Texts whose shingles are weighed. */
export interface WeighedTexts {
  readonly sets: readonly Weighed[];
  /** What a shingle counts: 1 for one that two texts have, less the more texts have it. */
  weight(element: number): number;
  /** Whether no text with another label than this one's has a shingle. */
  isOfOneLabel(element: number, text: number): boolean;
}

/** Above this share of the texts, or of those with one label, what they have in common is boilerplate. */
const COMMON = 0.2;

/** What texts of several labels have in common tells something if about so great a share of them is of one label. */
const OF_ONE_LABEL = 0.75;

/** So many texts may always have a shingle in common, however few there are. */
const FEW = 5;

/**
 * Weighs the shingles of texts by how many texts have them, as inverse document frequency does: `log(n / holders)`, over
 * that of a shingle of two texts. A shingle that more than a fifth of all texts have, or of all texts with the same label,
 * is left out, and so is one that several texts have without three in four of one label: what they are is not in it.
 *
 * Numbers are alike, except in a shingle that texts of several labels have: there it may be the number that decides.
 *
 * Source: K. Spärck Jones, "A statistical interpretation of term specificity and its application in retrieval" (1972).
 *
 * @param labels A number for each text's label; of one label where there is none.
 */
export function weigh(texts: readonly Shingles[], labels: Int32Array): WeighedTexts {
  const distinct = withNumbers(texts, labels);
  const shared = sharedOf(distinct);
  const counts = countShingles(shared, labels);
  const ofLabel = new Map<number, number>();
  for (const label of labels) ofLabel.set(label, (ofLabel.get(label) ?? 0) + 1);
  const most = Math.max(FEW, COMMON * texts.length);
  const mostOf = new Map([...ofLabel].map(([label, count]) => [label, Math.max(FEW, COMMON * count)]));
  const n = Math.max(texts.length, 100); // among few texts, two that share something are no rarity
  // By the number of holders; what more have is boilerplate.
  const weights = Float64Array.from(
    { length: Math.floor(most) + 1 },
    (_, holders) => holders <= 2 ? 1 : Math.log(n / holders) / Math.log(n / 2),
  );
  const weight = (element: number) => weights[holdersIn(element)];
  const sets = shared.map((hashes, i): Weighed => {
    const elements = new Float64Array(hashes.length);
    const mostOfLabel = mostOf.get(labels[i])!;
    const own = distinct[i].length - hashes.length;
    let size = 0;
    let total = own;
    for (const hash of hashes) {
      const holders = counts.holders(hash);
      if (holders > FEW) {
        if (holders > most || counts.holdersOfLabel(hash, i) > mostOfLabel || counts.isMixed(hash)) continue;
      }
      elements[size++] = holders * 2 ** 32 + hash;
      total += weights[holders];
    }
    return { elements: elements.slice(0, size).sort(), own, total };
  });
  return {
    sets,
    weight,
    isOfOneLabel: (element, text) => counts.isOfOneLabel(element % 2 ** 32, text),
  };
}

function holdersIn(element: number): number {
  return (element / 2 ** 32) | 0;
}

/** Each text's shingles, each once: with the numbers in those that texts of several labels have, without them in the others. */
function withNumbers(texts: readonly Shingles[], labels: Int32Array): Uint32Array[] {
  const counts = countShingles(
    texts.map(({ hashes, numbered }) => sortedDistinct(numbered.map((at) => hashes[at]))),
    labels,
  );
  return texts.map(({ hashes, numbered, exact }, i) => {
    const chosen = hashes.slice();
    numbered.forEach((at, k) => {
      if (!counts.isOfOneLabel(hashes[at], i)) chosen[at] = exact[k];
    });
    return sortedDistinct(chosen);
  });
}

/** Of each text's shingles, those that another text has: few of most texts, and only they can be found again. */
function sharedOf(sets: readonly Uint32Array[]): Uint32Array[] {
  const mask = maskFor(sets);
  const seen = new Uint8Array(mask + 1); // 1: once, 2: more often
  for (const hashes of sets) {
    for (const hash of hashes) seen[hash & mask] = seen[hash & mask] === 0 ? 1 : 2;
  }
  return sets.map((hashes) => {
    const kept = new Uint32Array(hashes.length);
    let size = 0;
    for (const hash of hashes) if (seen[hash & mask] === 2) kept[size++] = hash;
    return kept.slice(0, size);
  });
}

/** For a table of about four places to an element, within bounds. */
function maskFor(sets: readonly Uint32Array[]): number {
  const elements = sets.reduce((sum, { length }) => sum + length, 0);
  return 2 ** Math.min(26, Math.max(10, Math.ceil(Math.log2(4 * elements + 1)))) - 1;
}

/**
 * How many texts have a hash, and how many with the label of one text. Counts are kept by the hashes' lower bits, so they
 * may be too high, never too low.
 */
function countShingles(sets: readonly Uint32Array[], labels: Int32Array) {
  const mask = maskFor(sets);
  const all = new Uint32Array(mask + 1);
  for (const hashes of sets) for (const hash of hashes) all[hash & mask]++;
  const holders = (hash: number): number => all[hash & mask];

  const labelCount = new Set(labels).size;
  if (labelCount < 2) {
    return { holders, holdersOfLabel: holders, isOfOneLabel: () => true, isMixed: () => false };
  }
  const byLabel = new Uint32Array(mask + 1);
  const place = (hash: number, text: number) =>
    murmurMix(hash ^ Math.imul(labels[text] + 1, 0x9e3779b1)) & mask;
  const holdersOfLabel = (hash: number, text: number): number => byLabel[place(hash, text)];
  sets.forEach((hashes, i) => {
    for (const hash of hashes) byLabel[place(hash, i)]++;
  });
  // The sum over labels of the square of how many texts have a hash, where labels are classes, of several texts each.
  const squares = labelCount * FEW <= labels.length ? new Float32Array(mask + 1) : undefined;
  if (squares) {
    sets.forEach((hashes, i) => {
      for (const hash of hashes) if (holders(hash) > FEW) squares[hash & mask] += holdersOfLabel(hash, i);
    });
  }
  const bound = OF_ONE_LABEL ** 2 + (1 - OF_ONE_LABEL) ** 2;
  return {
    holders,
    holdersOfLabel,
    isOfOneLabel: (hash: number, text: number): boolean => holdersOfLabel(hash, text) >= holders(hash),
    /** Whether more than a few texts have it, and no label has most of those. */
    isMixed: (hash: number): boolean =>
      squares !== undefined && holders(hash) > FEW && squares[hash & mask] < bound * holders(hash) ** 2,
  };
}

/** Sorts hashes in place; each is kept once. */
export function sortedDistinct(hashes: Uint32Array): Uint32Array {
  hashes.sort();
  let size = 0;
  for (let i = 0; i < hashes.length; i++) {
    if (i === 0 || hashes[i] !== hashes[i - 1]) hashes[size++] = hashes[i];
  }
  return hashes.subarray(0, size);
}
