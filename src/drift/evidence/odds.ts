/**
 * Evidence that a share has changed, from counts of the reference and of what came since.
 *
 * @module
 */

/** How often something was seen among so many observations. */
export interface Hits {
  readonly hits: number;
  readonly n: number;
}

/**
 * Prepares the likelihood ratios between odds ratios, given the total of hits (Fisher's conditional likelihood: the unknown
 * share itself drops out).
 *
 * Given the total, hits of the current side follow Fisher's noncentral hypergeometric distribution, with
 * log-likelihood `b ln ψ - f(ψ)` where `ψ` is the ratio of the odds (current over reference). `f` is the logarithm of its
 * normaliser, here by the saddlepoint approximation, whose one equation is quadratic: tilt both sides so that they are expected
 * to have the total. The difference of two
 * of its values is off by less than 0.02 nats, with one hit as with thousands. Counts need not be whole.
 *
 * Source of the approximation: Daniels, Saddlepoint approximations in statistics, Annals of Mathematical Statistics 25 (1954).
 *
 * @returns Log-likelihood of an odds ratio given by its logarithm, up to a constant.
 * @example
 * ```ts
 * import { oddsLikelihood } from "./odds.ts";
 * import assert from "node:assert/strict";
 *
 * const likelihood = oddsLikelihood({ hits: 300, n: 1000 }, { hits: 400, n: 1000 });
 * const found = Math.log(400 * 700 / (600 * 300));
 * assert.ok(likelihood(found) > likelihood(0) + 10); // ten nats: e^10 to one
 * assert.ok(likelihood(found) > likelihood(2 * found));
 * ```
 */
export function oddsLikelihood(reference: Hits, current: Hits): (logRatio: number) => number {
  const m = reference.n, n = current.n, b = current.hits;
  const k = reference.hits + b, total = m + n;
  if (k <= 0 || k >= total) return () => 0;
  return (logRatio) => {
    const ratio = Math.exp(logRatio);
    const square = ratio * (total - k), linear = m + n * ratio - k * (1 + ratio);
    const root = Math.sqrt(linear * linear + 4 * square * k);
    // The positive root, by the form that does not cancel.
    const tilt = linear > 0 ? 2 * k / (linear + root) : (root - linear) / (2 * square);
    const p = tilt / (1 + tilt), q = ratio * tilt / (1 + ratio * tilt);
    const variance = m * p * (1 - p) + n * q * (1 - q);
    return b * logRatio -
      (m * Math.log1p(tilt) + n * Math.log1p(ratio * tilt) - k * Math.log(tilt) - Math.log(variance) / 2);
  };
}
