/**
 * The test of whether class shares changed, valid for rare classes.
 *
 * @module
 */
import { sum } from "../base/arrays.ts";
import { momentsOf, pearson3Survival } from "../statistics/pearson3.ts";
import { createHashedRandom } from "../base/random.ts";
import { chiSquareTest } from "../statistics/chi_square.ts";

const DRAWS = 300;
const ENOUGH_EXPECTED = 5; // below, the chi-square distribution is a poor approximation (Cochran 1954)

/**
 * The chance of class shares at least this far apart without drift. Pearson's chi-square test where every class is
 * expected at least five times; else the same statistic against its permutation distribution, whose first three moments
 * are estimated from 300 random windows drawn from both sides together.
 *
 * @param reference Texts per class.
 * @param current Texts per class, over the same classes.
 */
export function classSharesPValue(reference: readonly number[], current: readonly number[]): number {
  const observed = chiSquareTest(reference, current);
  if (observed.degreesOfFreedom === 0 || observed.smallestExpected >= ENOUGH_EXPECTED) return observed.pValue;
  const pooled = reference.map((count, k) => count + current[k]);
  const size = sum(current);
  const random = createHashedRandom(size);
  const statistics = new Float64Array(DRAWS);
  for (let draw = 0; draw < DRAWS; draw++) {
    const window = drawWithoutReplacement(pooled, size, random);
    statistics[draw] = chiSquareTest(pooled.map((count, k) => count - window[k]), window).statistic;
  }
  return pearson3Survival(observed.statistic, momentsOf(statistics));
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
