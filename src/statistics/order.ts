/**
 * Sorting of numbers, and their ranks.
 *
 * @module
 */
import type { Numbers } from "./checks.ts";

const RADIX_FROM = 512; // below, comparing is faster
const DIGITS = [[0, 0], [0, 11], [0, 22], [1, 0], [1, 11], [1, 22]]; // [word, shift] of 11 bits each, low first

/**
 * Indices of the values from the highest to the lowest, equal ones in the order they stand in (0 and -0 are equal).
 * Long lists are sorted by radix on the bits of the doubles, in linear time.
 *
 * @param values Finite numbers.
 */
export function descendingOrder(values: Numbers): Uint32Array {
  const n = values.length;
  const order = new Uint32Array(n);
  for (let i = 0; i < n; i++) order[i] = i;
  if (n < RADIX_FROM) return order.sort((a, b) => values[b] - values[a] || a - b);

  const { low, high } = descendingKeys(values);
  const words = [low, high];
  let from = order, to = new Uint32Array(n);
  for (const [word, shift] of DIGITS) {
    const keys = words[word], starts = new Uint32Array(2048);
    for (let i = 0; i < n; i++) starts[keys[i] >>> shift & 2047]++;
    if (starts[keys[0] >>> shift & 2047] === n) continue; // one digit for all: nothing to sort by
    for (let d = 0, next = 0; d < 2048; d++) {
      const count = starts[d];
      starts[d] = next;
      next += count;
    }
    for (let i = 0; i < n; i++) {
      const index = from[i];
      to[starts[keys[index] >>> shift & 2047]++] = index;
    }
    [from, to] = [to, from];
  }
  return from;
}

/** Rank of each value from 1, ties having the average of theirs: `scipy.stats.rankdata`. */
export function averageRanks(values: Numbers): Float64Array {
  const ranks = new Float64Array(values.length);
  const order = descendingOrder(values), n = order.length;
  for (let from = 0, to; from < n; from = to) {
    for (to = from + 1; to < n && values[order[to]] === values[order[from]];) to++;
    for (let i = from; i < to; i++) ranks[order[i]] = n - (from + to - 1) / 2;
  }
  return ranks;
}

/** The doubles' bits, so changed that unsigned words ascend as the values descend. */
function descendingKeys(values: Numbers): { low: Uint32Array; high: Uint32Array } {
  const n = values.length, low = new Uint32Array(n), high = new Uint32Array(n);
  const double = new Float64Array(1), bits = new Uint32Array(double.buffer);
  const lowAt = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 0 : 1; // byte order of the machine
  for (let i = 0; i < n; i++) {
    double[0] = values[i] + 0; // -0 + 0 is 0
    const top = bits[1 - lowAt];
    const negative = top >>> 31 === 1; // the more negative, the larger the bits: already descending
    low[i] = negative ? bits[lowAt] : ~bits[lowAt];
    high[i] = negative ? top : ~top & 0x7fffffff;
  }
  return { low, high };
}
