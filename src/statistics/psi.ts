import { sharesOf, type Zeros } from "./shares.ts";

/**
 * Population stability index, Σ (c - r) ln(c / r): the divergences both ways added up, also called Jeffreys divergence.
 *
 * The customary readings (below .1 stable, above .25 shifted) know nothing of the sample size: 100 values against 2,000
 * exceed .1 most of the time with no drift at all.
 *
 * @param reference Counts or shares per bin.
 * @param current Counts or shares over the same bins.
 * @throws {EvaluationError} When the bins differ in number, hold a negative, or a side is empty.
 * @example
 * ```ts
 * import { populationStabilityIndex } from "./psi.ts";
 * import assert from "node:assert/strict";
 *
 * assert.ok(Math.abs(populationStabilityIndex([0.5, 0.5], [0.9, 0.1]) - 0.8788898309) < 1e-9);
 * ```
 */
export function populationStabilityIndex(
  reference: ArrayLike<number>,
  current: ArrayLike<number>,
  options: { zeros?: Zeros } = {},
): number {
  const [r, c] = sharesOf(reference, current, options.zeros ?? "fill");
  let sum = 0;
  for (let bin = 0; bin < r.length; bin++) {
    if (r[bin] !== c[bin]) sum += (c[bin] - r[bin]) * Math.log(c[bin] / r[bin]);
  }
  return sum;
}
