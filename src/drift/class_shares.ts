/**
 * The test of whether class shares changed, valid for rare classes.
 *
 * @module
 */
import { sum } from "../base/arrays.ts";
import { createHashedRandom } from "../base/random.ts";
import { chiSquareTest } from "../statistics/chi_square.ts";
import { logGamma } from "../statistics/special.ts";

/** Random windows that are drawn, at most; fewer where so many of them are at least as far apart as the one that is judged. */
const MOST_DRAWS = 2000;
const ENOUGH_EXCEEDING = 20;
const ENOUGH_EXPECTED = 5; // below, the chi-square distribution is a poor approximation (Cochran 1954)
/** A statistic that is equal but for rounding is as large. */
const SAME = 1 - 1e-9;

/**
 * The chance of class shares at least this far apart without drift. Pearson's chi-square test where every class is
 * expected at least five times; else the same statistic against its permutation distribution: exactly for two classes, and by
 * random windows drawn from both sides together for more, which gives no p-value below 1/2,001 (Besag and Clifford, Sequential
 * Monte Carlo p-values, Biometrika 78, 1991).
 *
 * @param reference Texts per class.
 * @param current Texts per class, over the same classes.
 */
export function classSharesPValue(reference: readonly number[], current: readonly number[]): number {
  const observed = chiSquareTest(reference, current);
  if (observed.degreesOfFreedom === 0 || observed.smallestExpected >= ENOUGH_EXPECTED) return observed.pValue;
  const pooled = reference.map((count, k) => count + current[k]);
  const size = sum(current);
  const isFar = (window: readonly number[]) =>
    chiSquareTest(pooled.map((count, k) => count - window[k]), window).statistic >= SAME * observed.statistic;
  const seen = pooled.flatMap((count, k) => count > 0 ? [k] : []);
  if (seen.length === 2) return exactOfTwo(pooled, seen as [number, number], { size, isFar });
  const random = createHashedRandom(size);
  let draws = 0, exceeding = 0;
  while (draws < MOST_DRAWS && exceeding < ENOUGH_EXCEEDING) {
    draws++;
    if (isFar(drawWithoutReplacement(pooled, size, random))) exceeding++;
  }
  return exceeding === ENOUGH_EXCEEDING ? exceeding / draws : (exceeding + 1) / (draws + 1);
}

/** Sums the hypergeometric probabilities of all windows that are at least as far apart. */
function exactOfTwo(
  pooled: readonly number[],
  [a, b]: readonly [number, number],
  { size, isFar }: { size: number; isFar: (window: readonly number[]) => boolean },
): number {
  const [first, second] = [pooled[a], pooled[b]];
  const logChoose = (n: number, k: number) => logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
  const window = pooled.map(() => 0);
  let total = 0;
  for (let x = Math.max(0, size - second); x <= Math.min(first, size); x++) {
    window[a] = x;
    window[b] = size - x;
    if (isFar(window)) {
      total += Math.exp(logChoose(first, x) + logChoose(second, size - x) - logChoose(first + second, size));
    }
  }
  return Math.min(1, total);
}

/** How many of each class are among `size` texts drawn from `counts`: a shuffle that touches only the cards it deals. */
function drawWithoutReplacement(counts: readonly number[], size: number, random: () => number): number[] {
  const ends: number[] = [];
  let total = 0;
  for (const count of counts) ends.push(total += count);
  const moved = new Map<number, number>();
  const drawn = counts.map(() => 0);
  for (let i = 0; i < size; i++) {
    const j = i + Math.floor(random() * (total - i));
    const card = moved.get(j) ?? j;
    moved.set(j, moved.get(i) ?? i);
    let low = 0, high = ends.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (card < ends[middle]) high = middle;
      else low = middle + 1;
    }
    drawn[low]++;
  }
  return drawn;
}
