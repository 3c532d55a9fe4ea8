import { sharesOf, type Zeros } from "./shares.ts";

/**
 * Kullback-Leibler divergence of the current distribution from the reference, KL(reference ‖ current) = Σ r ln(r / c), in
 * nats: 0 for equal distributions, without an upper limit.
 *
 * @param reference Counts or shares per bin.
 * @param current Counts or shares over the same bins.
 * @throws {EvaluationError} When the bins differ in number, hold a negative, or a side is empty.
 * @example
 * ```ts
 * import { klDivergence } from "./kl.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(klDivergence([5, 5], [50, 50]), 0);
 * assert.ok(Math.abs(klDivergence([0.5, 0.5], [0.9, 0.1]) - 0.5108256238) < 1e-9);
 * ```
 */
export function klDivergence(
  reference: ArrayLike<number>,
  current: ArrayLike<number>,
  options: { zeros?: Zeros } = {},
): number {
  const [r, c] = sharesOf(reference, current, options.zeros ?? "fill");
  let sum = 0;
  for (let bin = 0; bin < r.length; bin++) if (r[bin] > 0) sum += r[bin] * Math.log(r[bin] / c[bin]);
  return sum;
}
