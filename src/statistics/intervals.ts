/**
 * Intervals in closed form: of proportions, means, differences, correlations and rates.
 *
 * @module
 */
import type { Interval } from "./bootstrap.ts";
import { chiSquareQuantile, normalQuantile, studentTQuantile } from "./distributions.ts";
import { betaQuantile } from "./special.ts";
import { checkConfidence, checkNumber, checkOneOf, checkWhole, fail, Numbers, refuse } from "./checks.ts";

/** What an interval in closed form needs beside the data. */
export interface ConfidenceOptions {
  /** Coverage of the interval, in (0, 1); default 0.95. */
  readonly confidence?: number;
}

/**
 * Wilson's score interval of a proportion, such as accuracy: the shares that a score test at this level would not
 * reject. The default for proportions: its coverage stays near the nominal one even for small n and shares near 0 or
 * 1, and it never leaves [0, 1]. Wilson (1927), "Probable inference, the law of succession, and statistical
 * inference"; equal to statsmodels' `proportion_confint(method="wilson")`.
 *
 * @param successes Rows that have the property, from 0 to n.
 * @param n Rows, at least 1.
 * @throws {EvaluationError} When the counts or the confidence are out of range.
 * @example
 * ```ts
 * import { proportionInterval, wilsonInterval } from "./intervals.ts";
 * import assert from "node:assert/strict";
 * const { value, low, high } = wilsonInterval(45, 50);
 * assert.equal(value, 0.9);
 * assert.ok(low > 0.786 && high < 0.957);
 * assert.equal(proportionInterval(0, 20, { method: "clopper-pearson" }).high.toFixed(4), "0.1684");
 * ```
 */
export function wilsonInterval(successes: number, n: number, options: ConfidenceOptions = {}): Interval {
  checkCounts(successes, n);
  const { confidence, z } = critical(options);
  const share = successes / n, square = z * z;
  const centre = (successes + square / 2) / (n + square);
  const half = z / (n + square) * Math.sqrt(successes * (1 - share) + square / 4);
  const low = successes === 0 ? 0 : Math.max(0, centre - half);
  const high = successes === n ? 1 : Math.min(1, centre + half);
  return { value: share, low, high, confidence, n, method: "wilson" };
}

/** Closed forms for a proportion. */
export type ProportionMethod = "wilson" | "clopper-pearson" | "agresti-coull" | "jeffreys";

/**
 * Interval of a proportion by the method named; equal to statsmodels' `proportion_confint`.
 *
 * - "wilson" (default): see `wilsonInterval`;
 * - "clopper-pearson": never covers less than the level, hence wide (Clopper and Pearson 1934; statsmodels' "beta");
 * - "agresti-coull": Wilson's centre with a plain normal width, a little wider than Wilson's (Agresti and Coull 1998);
 * - "jeffreys": equal tails of the beta posterior with Jeffreys' prior; covers like Wilson's.
 *
 * @param successes Rows that have the property, from 0 to n, which is at least 1.
 * @throws {EvaluationError} When the counts or an option are out of range.
 */
export function proportionInterval(
  successes: number,
  n: number,
  options: ConfidenceOptions & { method?: ProportionMethod } = {},
): Interval {
  const { method = "wilson" } = options;
  if (method === "wilson") return wilsonInterval(successes, n, options);
  checkOneOf("method", method, ["wilson", "clopper-pearson", "agresti-coull", "jeffreys"]);
  checkCounts(successes, n);
  const { confidence, z } = critical(options);
  const [low, high] = proportionEnds(method, successes, n, { z, tail: (1 - confidence) / 2 });
  return { value: successes / n, low: Math.max(0, low), high: Math.min(1, high), confidence, n, method };
}

function proportionEnds(
  method: "clopper-pearson" | "agresti-coull" | "jeffreys",
  successes: number,
  n: number,
  { z, tail }: { z: number; tail: number },
): [number, number] {
  if (method === "agresti-coull") {
    const rows = n + z * z, centre = (successes + z * z / 2) / rows;
    const half = z * Math.sqrt(centre * (1 - centre) / rows);
    return [centre - half, centre + half];
  }
  const failures = n - successes;
  const end = (count: number, rest: number) => {
    if (method === "jeffreys") return betaQuantile(tail, count + 0.5, rest + 0.5);
    return count === 0 ? 0 : betaQuantile(tail, count, rest + 1);
  };
  return [end(successes, failures), 1 - end(failures, successes)];
}

/**
 * Newcombe's interval of the difference of two independent proportions, a − b: Wilson's intervals of both, combined.
 *
 * Newcombe (1998), "Interval estimation for the difference between independent proportions", method 10; equal to statsmodels'
 * `confint_proportions_2indep(method="newcomb")`. For two systems on the same rows use `pairedBootstrap`.
 *
 * @returns The interval; its n is the rows of both.
 * @throws {EvaluationError} When counts or the confidence are out of range.
 * @example
 * ```ts
 * import { proportionDifferenceInterval } from "./intervals.ts";
 * import assert from "node:assert/strict";
 * const { low, high } = proportionDifferenceInterval({ successes: 56, n: 70 }, { successes: 48, n: 80 });
 * assert.deepEqual([low.toFixed(4), high.toFixed(4)], ["0.0524", "0.3339"]);
 * ```
 */
export function proportionDifferenceInterval(
  a: { successes: number; n: number },
  b: { successes: number; n: number },
  options: ConfidenceOptions = {},
): Interval {
  const first = wilsonInterval(a.successes, a.n, options), second = wilsonInterval(b.successes, b.n, options);
  const value = first.value - second.value;
  return {
    value,
    low: value - Math.hypot(first.value - first.low, second.high - second.value),
    high: value + Math.hypot(first.high - first.value, second.value - second.low),
    confidence: first.confidence,
    n: a.n + b.n,
    method: "newcombe",
  };
}

/**
 * Student's t interval of a mean, for any unit; equal to `scipy.stats.ttest_1samp(...).confidence_interval()`. It
 * rests on the mean being near normal, which holds from 100 rows on up to a skewness of 2
 * (`bench/results/coverage.md`); beyond that it covers less than it says, as a bootstrap does.
 *
 * @throws {EvaluationError} When there are fewer than two values, one is not finite, or the confidence is out of range.
 * @example
 * ```ts
 * import { meanInterval } from "./intervals.ts";
 * import assert from "node:assert/strict";
 * const { value, low, high } = meanInterval([2, 4, 6]);
 * assert.equal(value, 4);
 * assert.deepEqual([low.toFixed(3), high.toFixed(3)], ["-0.968", "8.968"]);
 * ```
 */
export function meanInterval(values: Numbers, options: ConfidenceOptions = {}): Interval {
  const { confidence } = critical(options);
  const { mean, variance, n } = moments(values);
  const half = -studentTQuantile((1 - confidence) / 2, n - 1) * Math.sqrt(variance / n);
  return { value: mean, low: mean - half, high: mean + half, confidence, n, method: "t" };
}

/**
 * Welch's t interval of the difference of the means of two independent samples, a − b; their variances may differ. Equal to
 * `scipy.stats.ttest_ind(equal_var=False).confidence_interval()`. For paired values use `pairedT`.
 *
 * @returns The interval; its n is the rows of both.
 * @throws {EvaluationError} When a sample has fewer than two values, one is not finite, or the confidence is out of range.
 */
export function meanDifferenceInterval(a: Numbers, b: Numbers, options: ConfidenceOptions = {}): Interval {
  const { confidence } = critical(options);
  const first = moments(a), second = moments(b);
  const ofA = first.variance / first.n, ofB = second.variance / second.n;
  const freedom = (ofA + ofB) ** 2 / (ofA ** 2 / (first.n - 1) + ofB ** 2 / (second.n - 1));
  const value = first.mean - second.mean;
  const half = ofA + ofB === 0 ? 0 : -studentTQuantile((1 - confidence) / 2, freedom) * Math.sqrt(ofA + ofB);
  return { value, low: value - half, high: value + half, confidence, n: first.n + second.n, method: "welch" };
}

/**
 * Fisher's z interval of a correlation coefficient; equal to `scipy.stats.pearsonr(...).confidence_interval()`.
 * For Pearson's r of values that are jointly near normal; for Spearman's it is a rough guide, the bootstrap a
 * better one. With three rows or fewer nothing is known: −1 to 1.
 *
 * @param r The coefficient, in [−1, 1].
 * @param n Rows, at least 2.
 * @throws {EvaluationError} When r, n or the confidence is out of range.
 * @example
 * ```ts
 * import { correlationInterval } from "./intervals.ts";
 * import assert from "node:assert/strict";
 * const { low, high } = correlationInterval(0.8, 30);
 * assert.deepEqual([low.toFixed(3), high.toFixed(3)], ["0.618", "0.901"]);
 * ```
 */
export function correlationInterval(r: number, n: number, options: ConfidenceOptions = {}): Interval {
  checkNumber("A correlation", r, { least: -1, most: 1 });
  checkWhole("The rows of a correlation", n, 2);
  const { confidence, z } = critical(options);
  const half = n > 3 ? z / Math.sqrt(n - 3) : Infinity;
  const centre = Math.atanh(r);
  const ends = n > 3 || Math.abs(r) < 1 ? [Math.tanh(centre - half), Math.tanh(centre + half)] : [-1, 1];
  return { value: r, low: ends[0], high: ends[1], confidence, n, method: "fisher-z" };
}

/**
 * Exact interval of a Poisson rate: events per unit of exposure, such as errors per 1,000 requests. Never covers less than the
 * level (Garwood 1936); equal to statsmodels' `confint_poisson(method="exact-c")`.
 *
 * @param events Events counted.
 * @param exposure What they were counted over, above 0; the rate is per unit of it. The interval's n is the exposure.
 * @throws {EvaluationError} When a count or the confidence is out of range.
 */
export function poissonRateInterval(
  events: number,
  exposure: number,
  options: ConfidenceOptions = {},
): Interval {
  checkWhole("The events of a rate", events, 0);
  checkNumber("The exposure of a rate", exposure, { above: 0 });
  const { confidence } = critical(options);
  const tail = (1 - confidence) / 2;
  const low = events === 0 ? 0 : chiSquareQuantile(tail, 2 * events) / 2 / exposure;
  const high = chiSquareQuantile(1 - tail, 2 * events + 2) / 2 / exposure;
  return { value: events / exposure, low, high, confidence, n: exposure, method: "garwood" };
}

function moments(values: Numbers): { mean: number; variance: number; n: number } {
  const n = values.length;
  if (n < 2) fail(`The interval of a mean needs at least two values, got ${n}`);
  let sum = 0;
  for (let i = 0; i < n; i++) {
    if (!Number.isFinite(values[i])) refuse(`value ${i} of a mean`, values[i], "a finite number");
    sum += values[i];
  }
  const mean = sum / n;
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (values[i] - mean) ** 2;
  return { mean, variance: squares / (n - 1), n };
}

/** Value ± z standard errors. */
export function normalInterval(
  value: number,
  standardError: number,
  confidence: number,
  n: number,
): Interval {
  const reach = normalQuantile((1 + confidence) / 2) * standardError;
  return { value, low: value - reach, high: value + reach, confidence, n, method: "normal" };
}

/** The confidence, and how many standard errors a normal interval of it reaches. */
export function critical({ confidence = 0.95 }: ConfidenceOptions): { confidence: number; z: number } {
  checkConfidence(confidence);
  return { confidence, z: -normalQuantile((1 - confidence) / 2) };
}

function checkCounts(successes: number, n: number): void {
  checkNumber("The rows of a proportion", n, { above: 0 });
  checkNumber(`The count of a proportion of ${n} rows`, successes, { least: 0, most: n });
}
