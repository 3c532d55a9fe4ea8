import { sharesOf } from "./shares.ts";

/**
 * Jensen-Shannon distance: the square root of the mean divergence (nats) of both distributions from their average. 0 for
 * equal distributions, √ln 2 = 0.8326 for disjoint ones; empty bins need no care. scipy's `jensenshannon(p, q)`.
 *
 * @param reference Counts or shares per bin.
 * @param current Counts or shares over the same bins.
 * @throws {EvaluationError} When the bins differ in number, hold a negative, or a side is empty.
 * @example
 * ```ts
 * import { jensenShannonDistance } from "./js.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(jensenShannonDistance([3, 0], [0, 9]), Math.sqrt(Math.LN2));
 * ```
 */
export function jensenShannonDistance(reference: ArrayLike<number>, current: ArrayLike<number>): number {
  const [r, c] = sharesOf(reference, current, "none");
  let sum = 0;
  for (let bin = 0; bin < r.length; bin++) {
    const middle = (r[bin] + c[bin]) / 2;
    if (r[bin] > 0) sum += r[bin] * Math.log(r[bin] / middle);
    if (c[bin] > 0) sum += c[bin] * Math.log(c[bin] / middle);
  }
  return Math.sqrt(Math.max(0, sum / 2)); // rounding may leave a hair below 0
}
