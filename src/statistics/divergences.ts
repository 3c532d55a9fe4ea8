/**
 * How far one discrete distribution is from another: Kullback-Leibler, Jensen-Shannon, and the population stability index. Each
 * takes counts or shares per bin of both, and throws an `EvaluationError` when the bins differ in number, hold a negative, or a
 * side is empty.
 *
 * @module
 */
import { fail, Numbers, refuse } from "./checks.ts";

/**
 * What to do about bins that are empty on one side, where a logarithm of 0 would be needed:
 *
 * - `"fill"`: Evidently's way. An empty bin's share becomes 1e-4, or a millionth of that side's smallest share if that is at
 *   most 1e-4; the shares then add up to a little over 1. KL divides them by their sum, as `scipy.stats.entropy` does for
 *   Evidently, and so is never negative; PSI takes them as they are, as Evidently's does.
 * - `"half"`: half a count is added to every bin of both sides (Krichevsky and Trofimov 1981). For counts, not shares.
 * - `"none"`: the definition; an empty bin opposite a full one gives Infinity.
 */
export type Zeros = "fill" | "half" | "none";
/**
 * Kullback-Leibler divergence of the current distribution from the reference, KL(reference ‖ current) = Σ r ln(r / c),
 * in nats: 0 for equal distributions, without an upper limit.
 *
 * @example
 * ```ts
 * import { klDivergence } from "./divergences.ts";
 * import assert from "node:assert/strict";
 * assert.equal(klDivergence([5, 5], [50, 50]), 0);
 * assert.ok(Math.abs(klDivergence([0.5, 0.5], [0.9, 0.1]) - 0.5108256238) < 1e-9);
 * ```
 */
export function klDivergence(reference: Numbers, current: Numbers, options: { zeros?: Zeros } = {}): number {
  const { zeros = "fill" } = options;
  const [r, c] = sharesOf(reference, current, zeros).map((shares) => {
    const total = zeros === "fill" ? shares.reduce((sum, share) => sum + share, 0) : 1;
    return shares.map((share) => share / total);
  });
  let sum = 0;
  for (let bin = 0; bin < r.length; bin++) if (r[bin] > 0) sum += r[bin] * Math.log(r[bin] / c[bin]);
  return Math.max(0, sum); // rounding may leave a hair below 0
}

/**
 * Jensen-Shannon distance: the square root of the mean divergence (nats) of both distributions from their average. 0 for equal
 * distributions, √ln 2 = 0.8326 for disjoint ones; empty bins need no care. scipy's `jensenshannon(p, q)`.
 *
 * @example
 * ```ts
 * import { jensenShannonDistance } from "./divergences.ts";
 * import assert from "node:assert/strict";
 * assert.equal(jensenShannonDistance([3, 0], [0, 9]), Math.sqrt(Math.LN2));
 * ```
 */
export function jensenShannonDistance(reference: Numbers, current: Numbers): number {
  const [r, c] = sharesOf(reference, current, "none");
  let sum = 0;
  for (let bin = 0; bin < r.length; bin++) {
    const middle = (r[bin] + c[bin]) / 2;
    if (r[bin] > 0) sum += r[bin] * Math.log(r[bin] / middle);
    if (c[bin] > 0) sum += c[bin] * Math.log(c[bin] / middle);
  }
  return Math.sqrt(Math.max(0, sum / 2)); // rounding may leave a hair below 0
}

/**
 * Population stability index, Σ (c - r) ln(c / r): the divergences both ways added up, also called Jeffreys
 * divergence. The customary readings (below .1 stable, above .25 shifted) know nothing of the sample size: 100
 * values against 2,000 exceed .1 most of the time with no drift at all.
 *
 * @example
 * ```ts
 * import { populationStabilityIndex } from "./divergences.ts";
 * import assert from "node:assert/strict";
 * assert.ok(Math.abs(populationStabilityIndex([0.5, 0.5], [0.9, 0.1]) - 0.8788898309) < 1e-9);
 * ```
 */
export function populationStabilityIndex(
  reference: Numbers,
  current: Numbers,
  options: { zeros?: Zeros } = {},
): number {
  const [r, c] = sharesOf(reference, current, options.zeros ?? "fill");
  let sum = 0;
  for (let bin = 0; bin < r.length; bin++) {
    if (r[bin] !== c[bin]) sum += (c[bin] - r[bin]) * Math.log(c[bin] / r[bin]);
  }
  return sum;
}

/** Two lists of counts (or shares) as shares of their totals. */
export function sharesOf(reference: Numbers, current: Numbers, zeros: Zeros): [Float64Array, Float64Array] {
  if (reference.length !== current.length) {
    fail(`Cannot compare ${reference.length} reference bins with ${current.length} current ones`);
  }
  return [normalize(reference, zeros, "reference"), normalize(current, zeros, "current")];
}

function normalize(counts: Numbers, zeros: Zeros, side: string): Float64Array {
  const added = zeros === "half" ? 0.5 : 0;
  let total = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    if (!(counts[bin] >= 0 && counts[bin] < Infinity)) {
      refuse(`the ${side} count of bin ${bin}`, counts[bin], "a number of at least 0");
    }
    total += counts[bin] + added;
  }
  if (!(total > 0)) fail(`Cannot compare distributions: the ${side} has no counts`);
  const shares = new Float64Array(counts.length);
  let smallest = Infinity;
  for (let bin = 0; bin < counts.length; bin++) {
    shares[bin] = (counts[bin] + added) / total;
    if (shares[bin] > 0) smallest = Math.min(smallest, shares[bin]);
  }
  if (zeros !== "fill") return shares;
  const filler = smallest <= 1e-4 ? smallest / 1e6 : 1e-4;
  return shares.map((share) => share === 0 ? filler : share);
}
