/**
 * Intraclass correlations of scores.
 *
 * @module
 */
import type { Interval } from "../statistics/bootstrap.ts";
import { betaQuantile } from "../statistics/special.ts";
import { checkConfidence, fail, Numbers, refuse } from "../statistics/checks.ts";

/** The six forms of Shrout and Fleiss (1979). */
export interface IntraclassCorrelation {
  /** ICC(1,1): one rating, every item by other raters. */
  readonly oneWay: Interval;
  /** ICC(2,1): one rating, raters drawn from many; differences of level between raters count against it. */
  readonly agreement: Interval;
  /** ICC(3,1): one rating, these raters; differences of level do not count. */
  readonly consistency: Interval;
  /** ICC(1,k): the mean of all k ratings. */
  readonly oneWayMean: Interval;
  /** ICC(2,k). */
  readonly agreementMean: Interval;
  /** ICC(3,k); Cronbach's alpha. */
  readonly consistencyMean: Interval;
}

/**
 * Intraclass correlations of complete scores: the share of the scores' variance that lies between items. At most 1; chance is
 * 0. Intervals by F and, for agreement, Satterthwaite's freedom (McGraw and Wong 1996). NaN where scores do not vary.
 *
 * @param scores One row an item, one column a rater, no score missing; at least 2 of each.
 * @throws {EvaluationError} When there are fewer, rows differ in length or a score is not finite.
 * @example
 * ```ts
 * import { intraclassCorrelation } from "./intraclass.ts";
 * import assert from "node:assert/strict";
 * // Shrout and Fleiss's own example
 * const { oneWay, agreement, consistency } = intraclassCorrelation([
 *   [9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7],
 * ]);
 * assert.deepEqual([oneWay, agreement, consistency].map(({ value }) => value.toFixed(2)), ["0.17", "0.29", "0.71"]);
 * ```
 */
export function intraclassCorrelation(
  scores: readonly Numbers[],
  options: { confidence?: number } = {},
): IntraclassCorrelation {
  const { confidence = 0.95 } = options;
  checkConfidence(confidence);
  const n = scores.length, k = scores[0]?.length ?? 0;
  if (n < 2 || k < 2) fail(`An intraclass correlation needs 2 items and 2 raters, got ${n} and ${k}`);
  const { items, raters, error, within } = meanSquares(scores, n, k);
  const tail = (1 + confidence) / 2;
  const d1 = n - 1, oneWayFreedom = n * (k - 1), errorFreedom = (n - 1) * (k - 1);
  const shared = { confidence, n, method: "F" };
  const interval = (value: number, low: number, high: number): Interval => ({ value, low, high, ...shared });

  /** From a ratio of mean squares to the correlation of one rating, or of their mean. */
  const single = (f: number) => (f - 1) / (f + k - 1);
  const mean = (f: number) => 1 - 1 / f;
  const pair = (denominator: number, freedom: number): [Interval, Interval] => {
    const f = items / denominator;
    const low = f / fQuantile(tail, d1, freedom), high = f * fQuantile(tail, freedom, d1);
    return [
      interval(correlation(single, f), single(low), single(high)),
      interval(correlation(mean, f), mean(low), mean(high)),
    ];
  };
  const [oneWay, oneWayMean] = pair(within, oneWayFreedom);
  const [consistency, consistencyMean] = pair(error, errorFreedom);

  const value = (items - error) / (items + (k - 1) * error + k * (raters - error) / n);
  const a = k * value / (n * (1 - value)), b = 1 + k * value * (n - 1) / (n * (1 - value));
  const freedom = (a * raters + b * error) ** 2 /
    ((a * raters) ** 2 / (k - 1) + (b * error) ** 2 / errorFreedom);
  const rest = k * raters + (k * n - k - n) * error;
  const lower = fQuantile(tail, d1, freedom), upper = fQuantile(tail, freedom, d1);
  const low = n * (items - lower * error) / (lower * rest + n * items);
  const high = n * (upper * items - error) / (rest + n * upper * items);
  const ofMean = (one: number) => k * one / (1 + (k - 1) * one);
  const agreementMean = (items - error) / (items + (raters - error) / n);
  return {
    oneWay,
    agreement: interval(value, low, high),
    consistency,
    oneWayMean,
    agreementMean: interval(agreementMean, ofMean(low), ofMean(high)),
    consistencyMean,
  };
}

/** No variation but between items is perfect agreement. */
function correlation(of: (f: number) => number, f: number): number {
  return f === Infinity ? 1 : of(f);
}

function meanSquares(scores: readonly Numbers[], n: number, k: number) {
  const itemMeans = new Float64Array(n), raterMeans = new Float64Array(k);
  let grand = 0;
  scores.forEach((row, i) => {
    if (row.length !== k) fail(`Item ${i + 1} has ${row.length} scores, wanted ${k}`);
    for (let r = 0; r < k; r++) {
      if (!Number.isFinite(row[r])) {
        refuse(`the score of item ${i + 1}, rater ${r + 1}`, row[r], "a finite number");
      }
      itemMeans[i] += row[r] / k;
      raterMeans[r] += row[r] / n;
      grand += row[r] / (n * k);
    }
  });
  let items = 0, raters = 0, error = 0;
  for (const mean of itemMeans) items += k * (mean - grand) ** 2;
  for (const mean of raterMeans) raters += n * (mean - grand) ** 2;
  scores.forEach((row, i) => {
    for (let r = 0; r < k; r++) error += (row[r] - itemMeans[i] - raterMeans[r] + grand) ** 2;
  });
  return {
    items: items / (n - 1),
    raters: raters / (k - 1),
    error: error / ((n - 1) * (k - 1)),
    within: (raters + error) / (n * (k - 1)),
  };
}

function fQuantile(p: number, d1: number, d2: number): number {
  const x = betaQuantile(p, d1 / 2, d2 / 2);
  return x * d2 / ((1 - x) * d1);
}
