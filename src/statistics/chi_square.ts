/**
 * Pearson's chi-square test of two lists of counts.
 *
 * @module
 */
import { sharesOf } from "./divergences.ts";
import { chiSquareSurvival } from "./distributions.ts";
import type { Numbers } from "./checks.ts";

/** A chi-square test of homogeneity. */
export interface ChiSquareResult {
  readonly statistic: number;
  /** Categories seen on either side, less one. */
  readonly degreesOfFreedom: number;
  /** Chance of a statistic this large when both samples share one distribution. */
  readonly pValue: number;
  /** Smallest expected count; below about 5 the p-value is rough. */
  readonly smallestExpected: number;
}

/**
 * Pearson's chi-square test that two lists of counts come from one distribution, as scipy's `chi2_contingency([reference,
 * current], correction=False)`. Categories that neither side has seen are left out.
 *
 * @param reference Counts per category; each observation counted once.
 * @param current Counts over the same categories.
 * @throws {EvaluationError} When the categories differ in number, hold a negative, or a side is empty.
 * @example
 * ```ts
 * import { chiSquareTest } from "./chi_square.ts";
 * import assert from "node:assert/strict";
 * const { statistic, pValue } = chiSquareTest([700, 300], [30, 70]);
 * assert.ok(statistic > 60 && pValue < 1e-14);
 * ```
 */
export function chiSquareTest(reference: Numbers, current: Numbers): ChiSquareResult {
  sharesOf(reference, current, "none"); // checks both sides
  let n = 0, m = 0;
  for (let k = 0; k < reference.length; k++) n += reference[k], m += current[k];
  let statistic = 0, seen = 0, smallestExpected = Infinity;
  for (let k = 0; k < reference.length; k++) {
    const both = reference[k] + current[k];
    if (both === 0) continue;
    seen++;
    const expected = both * n / (n + m), expectedCurrent = both * m / (n + m);
    statistic += (reference[k] - expected) ** 2 / expected +
      (current[k] - expectedCurrent) ** 2 / expectedCurrent;
    smallestExpected = Math.min(smallestExpected, expected, expectedCurrent);
  }
  const degreesOfFreedom = seen - 1;
  const pValue = degreesOfFreedom === 0 ? 1 : chiSquareSurvival(statistic, degreesOfFreedom);
  return { statistic, degreesOfFreedom, pValue, smallestExpected };
}
