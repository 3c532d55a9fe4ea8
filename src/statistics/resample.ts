/**
 * Drawing with replacement, as counts of cells instead of rows.
 *
 * @module
 */
import { createWords } from "../base/random.ts";
import type { Numbers } from "./checks.ts";

/** Uniform 32-bit words, one at a time out of a block that is refilled when it is used up. */
export interface WordSource {
  /** The block; `at` is the next unused word. */
  readonly words: Uint32Array;
  at: number;
  refill(): void;
}

/** Words of the seeded generator. */
export function createWordSource(seed: number): WordSource {
  const fill = createWords(seed), words = new Uint32Array(4096);
  const source: WordSource = {
    words,
    at: words.length,
    refill() {
      fill(words);
      source.at = 0;
    },
  };
  return source;
}

/** Writes how often each cell was drawn into `out`. */
export type CountSampler = (source: WordSource, out: Int32Array) => void;

/**
 * Draws with replacement from as many rows as `counts` add up to, and tells how many fell into each cell: exactly the
 * multinomial distribution that drawing row by row gives, at a cost of one table look-up a cell and a few a resample.
 *
 * Independent Poisson counts are multinomial given their total. So each cell draws from a table of its own Poisson
 * distribution, with means a little short of the counts; where the total overshoots all is drawn anew, and the few rows still
 * missing are drawn one by one. Chances are right to 2^-31, about the grain of a word. Where most cells hold a row or two, rows
 * are drawn one by one from the start.
 *
 * @param counts Whole numbers, at least one above 0.
 */
export function multinomialSampler(counts: Numbers): CountSampler {
  const cells = counts.length;
  let n = 0;
  for (let c = 0; c < cells; c++) n += counts[c];
  const expected = n - Math.sqrt(n); // overshoots one time in six; less would leave more rows to draw singly
  if (n <= 4 * cells || expected <= 0) return rowSampler(counts, n);
  const drawPoisson = tableSampler(counts, (count) => poissonWeights(count * expected / n));
  const bits = Math.max(1, Math.ceil(Math.log2(cells))), shift = 32 - bits;
  const { cut, other } = createAlias(padded(counts, bits));
  return (source, out) => {
    let left = n;
    do {
      drawPoisson(source, out);
      left = n;
      for (let c = 0; c < cells; c++) left -= out[c];
    } while (left < 0);
    const { words } = source;
    let at = source.at;
    for (; left > 0; left--) {
      if (at === words.length) source.refill(), at = 0;
      const word = words[at++], column = word >>> shift;
      const keep = (((word << bits) >>> 1) - cut[column]) >> 31; // see `tableSampler`
      out[other[column] ^ ((other[column] ^ column) & keep)]++;
    }
    source.at = at;
  };
}

function rowSampler(counts: Numbers, n: number): CountSampler {
  const cellOf = new Uint32Array(n);
  for (let c = 0, row = 0; c < counts.length; row += counts[c++]) cellOf.fill(c, row, row + counts[c]);
  return (source, out) => {
    const { words } = source;
    let at = source.at;
    out.fill(0, 0, counts.length);
    for (let i = 0; i < n; i++) {
      if (at === words.length) source.refill(), at = 0;
      out[cellOf[Math.floor(words[at++] * (n / 2 ** 32))]]++;
    }
    source.at = at;
  };
}

/** How many of each cell's rows show heads, a coin for every row: binomial counts with probability 1/2. */
export function coinSampler(counts: Numbers): CountSampler {
  return tableSampler(counts, halfBinomialWeights);
}

/** A discrete distribution: chances of `first`, `first + 1`, …, up to a common factor. */
interface Weights {
  first: number;
  weights: Float64Array;
}

/** Each cell draws from the table that belongs to its count; cells with equal counts share one. */
function tableSampler(counts: Numbers, distribution: (count: number) => Weights): CountSampler {
  const cells = counts.length;
  const start = new Uint32Array(cells), shift = new Uint8Array(cells), first = new Int32Array(cells);
  const tables = new Map<number, { start: number; shift: number; first: number }>();
  const parts: { cut: Int32Array; other: Int32Array }[] = [];
  let size = 0;
  for (let c = 0; c < cells; c++) {
    let table = tables.get(counts[c]);
    if (table === undefined) {
      const { first, weights } = distribution(counts[c]);
      const bits = Math.max(1, Math.ceil(Math.log2(weights.length)));
      table = { start: size, shift: 32 - bits, first };
      tables.set(counts[c], table);
      parts.push(createAlias(padded(weights, bits)));
      size += 2 ** bits;
    }
    start[c] = table.start, shift[c] = table.shift, first[c] = table.first;
  }
  const cut = new Int32Array(size), other = new Int32Array(size);
  let at = 0;
  for (const part of parts) cut.set(part.cut, at), other.set(part.other, at), at += part.cut.length;

  return (source, out) => {
    const { words } = source;
    let at = source.at;
    for (let c = 0; c < cells; c++) {
      if (at === words.length) source.refill(), at = 0;
      // The word's upper bits choose a column, the rest choose between its two values: a sign bit instead of a branch,
      // for there is no predicting it.
      const word = words[at++], column = word >>> shift[c], slot = start[c] + column;
      const keep = (((word << (32 - shift[c])) >>> 1) - cut[slot]) >> 31;
      out[c] = first[c] + (other[slot] ^ ((other[slot] ^ column) & keep));
    }
    source.at = at;
  };
}

function padded(weights: Numbers, bits: number): Float64Array {
  const all = new Float64Array(2 ** bits);
  all.set(weights);
  return all;
}

/**
 * Walker's alias table: pick a column uniformly, keep it where a second word is below its cut, else take the other value. Built
 * in linear time as in Vose (1991), "A linear algorithm for generating random numbers with a given distribution".
 */
function createAlias(weights: Float64Array): { cut: Int32Array; other: Int32Array } {
  const size = weights.length, share = new Float64Array(size);
  let total = 0;
  for (let i = 0; i < size; i++) total += weights[i];
  const poor: number[] = [], rich: number[] = [];
  for (let i = 0; i < size; i++) {
    share[i] = weights[i] / total * size;
    (share[i] < 1 ? poor : rich).push(i);
  }
  const cut = new Int32Array(size).fill(0x7fffffff), other = Int32Array.from(weights, (_, i) => i);
  while (poor.length > 0 && rich.length > 0) {
    const low = poor.pop()!, high = rich[rich.length - 1];
    cut[low] = Math.min(0x7fffffff, Math.round(share[low] * 2 ** 31));
    other[low] = high;
    share[high] -= 1 - share[low];
    if (share[high] < 1) poor.push(rich.pop()!);
  }
  // Rounding may use the rich up early: what is left over must not draw a value without weight.
  const likely = weights.indexOf(weights.reduce((most, weight) => Math.max(most, weight)));
  for (const low of poor) {
    if (share[low] < 0.5) cut[low] = 0, other[low] = likely;
  }
  return { cut, other };
}

/** Chances relative to the mode's, as far as they exceed 1e-12: below that no 32-bit word can draw them. */
function unimodal(mode: number, most: number, ratioUp: (k: number) => number): Weights {
  const up: number[] = [], down: number[] = [];
  for (let k = mode, w = 1; k < most && (w *= ratioUp(k)) > 1e-12; k++) up.push(w);
  for (let k = mode, w = 1; k > 0 && (w /= ratioUp(k - 1)) > 1e-12; k--) down.push(w);
  return { first: mode - down.length, weights: Float64Array.from([...down.reverse(), 1, ...up]) };
}

function poissonWeights(mean: number): Weights {
  return unimodal(Math.floor(mean), Infinity, (k) => mean / (k + 1));
}

function halfBinomialWeights(trials: number): Weights {
  return unimodal(Math.floor(trials / 2), trials, (k) => (trials - k) / (k + 1));
}
