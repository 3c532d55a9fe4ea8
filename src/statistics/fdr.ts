/**
 * Adjusted p-values of Benjamini and Hochberg (1995): rejecting those at most q keeps the expected share of false
 * rejections at q or below, also for positively dependent tests. scipy's `false_discovery_control`.
 *
 * @param pValues One per test, in any order.
 * @returns Adjusted p-values in the same order.
 * @example
 * ```ts
 * import { benjaminiHochberg } from "./fdr.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(benjaminiHochberg([0.01, 0.5, 0.02]), [0.03, 0.5, 0.03]);
 * ```
 */
export function benjaminiHochberg(pValues: readonly number[]): number[] {
  const order = pValues.map((_, i) => i).sort((i, j) => pValues[j] - pValues[i]); // largest first
  const adjusted = new Array<number>(pValues.length);
  let smallest = 1;
  order.forEach((i, rank) => {
    smallest = Math.min(smallest, pValues[i] * pValues.length / (pValues.length - rank));
    adjusted[i] = smallest;
  });
  return adjusted;
}
