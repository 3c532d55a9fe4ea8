/**
 * Class weights that make rare classes count as much as frequent ones.
 *
 * @module
 */

/**
 * `n / (classes * count)` for each class, as scikit-learn's `class_weight="balanced"`; 1 for a class that does not occur.
 *
 * @param targets class numbers
 *
 * @example
 * ```ts
 * import { balancedWeights } from "./weights.ts";
 * import assert from "node:assert/strict";
 * assert.deepEqual(balancedWeights([0, 0, 0, 1], 2), [4 / 6, 2]);
 * ```
 */
export function balancedWeights(targets: Iterable<number>, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  let total = 0;
  for (const label of targets) {
    counts[label]++;
    total++;
  }
  return counts.map((count) => count === 0 ? 1 : total / (classes * count));
}
