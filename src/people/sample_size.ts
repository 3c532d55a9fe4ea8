/**
 * How many rows, ratings or comparisons to collect.
 *
 * @module
 */
import { normalCdf, normalQuantile, studentTQuantile } from "../statistics/distributions.ts";
import { noncentralTSurvival } from "../statistics/distributions.ts";
import { checkConfidence, checkNumber, fail } from "../statistics/checks.ts";

/** How many to collect. */
export interface SampleSize {
  /** Whole number to collect, rounded up. */
  readonly n: number;
  /** Where the condition is met exactly. */
  readonly exact: number;
}

/** What a test is asked to do. */
export interface TestOptions {
  /** Chance of finding the difference where it is there; default 0.8. */
  readonly power?: number;
  /** Chance of finding one where there is none; default 0.05. */
  readonly significance?: number;
  /** 2 (default) for a difference either way, 1 for one in the direction given. */
  readonly sides?: 1 | 2;
}

const MAX_N = 1e12;

/**
 * Rows needed so that a proportion (accuracy, a preference, a win rate) is known to ± `margin`. "normal" is z² p
 * (1 - p) / margin² (statsmodels `samplesize_confint_proportion`); "wilson" (default) makes Wilson's interval,
 * which reports use, that narrow and needs a little less. With a finite `population` the usual correction applies.
 *
 * @throws {EvaluationError} When an option is out of range.
 * @example
 * ```ts
 * import { sampleSizeForMean, sampleSizeForProportion } from "./sample_size.ts";
 * import assert from "node:assert/strict";
 * assert.equal(sampleSizeForProportion({ margin: 0.05, method: "normal" }).n, 385);
 * assert.equal(sampleSizeForProportion({ margin: 0.05, method: "normal", population: 1000 }).n, 278);
 * assert.equal(sampleSizeForMean({ margin: 0.2, standardDeviation: 1 }).n, 99);
 * ```
 */
export function sampleSizeForProportion(options: {
  /** Half width of the interval, in (0, 0.5). */
  margin: number;
  /** What the proportion may be; default 0.5, which needs most. */
  proportion?: number;
  /** Default 0.95. */
  confidence?: number;
  method?: "wilson" | "normal";
  /** All rows there are; default: without end. */
  population?: number;
}): SampleSize {
  const { margin, proportion = 0.5, confidence = 0.95, method = "wilson", population = Infinity } = options;
  checkShares({ proportion, confidence });
  checkNumber("margin", margin, { above: 0, below: 0.5 });
  if (!(population >= 1)) fail(`population must be 1 or more, got ${population}`);
  const z = normalQuantile((1 + confidence) / 2), spread = proportion * (1 - proportion);
  let exact: number;
  if (method === "normal") exact = spread * (z / margin) ** 2;
  else {
    // margin = z √(n p q + z²/4) / (n + z²), squared and solved for n.
    const a = margin * margin, square = z * z;
    const linear = 2 * a * square - square * spread;
    const constant = a * square * square - square * square / 4;
    exact = (-linear + Math.sqrt(linear * linear - 4 * a * constant)) / (2 * a);
  }
  if (population < Infinity) exact = exact / (1 + (exact - 1) / population);
  return rounded(exact);
}

/**
 * Ratings needed so that a mean is known to ± `margin`: the smallest n with t(n - 1) sd / √n at most `margin`. `exact`
 * is where the two are equal, at least 2.
 */
export function sampleSizeForMean(options: {
  /** Half width of the interval, in the unit of the scores. */
  margin: number;
  /** Standard deviation of one score. */
  standardDeviation: number;
  confidence?: number;
}): SampleSize {
  const { margin, standardDeviation, confidence = 0.95 } = options;
  checkPositive({ margin, standardDeviation });
  checkConfidence(confidence);
  const met = (n: number) =>
    margin - studentTQuantile((1 + confidence) / 2, n - 1) * standardDeviation / Math.sqrt(n);
  return rounded(whereMet(met, 2), 2);
}

/**
 * Power of the z test that two proportions are equal, `n` rows in the first group and `ratio` times as many in the second:
 * statsmodels `power_proportions_2indep`.
 */
export function powerOfTwoProportions(
  options: { first: number; second: number; n: number; ratio?: number } & Omit<TestOptions, "power">,
): number {
  const { first, second, n, ratio = 1 } = options;
  const { nullError, error } = twoProportions(first, second, ratio);
  return zPower(first - second, n, nullError, error, options);
}

/**
 * Rows needed in each of two independent groups to tell their proportions apart: statsmodels
 * `samplesize_proportions_2indep_onetail` (the far tail of a two-sided test, which hardly ever counts, left out).
 *
 * @returns Rows of the first group; `second` are those of the other.
 * @throws {EvaluationError} When an option is out of range or both proportions are the same.
 * @example
 * ```ts
 * import { sampleSizeForMeanDifference, sampleSizeForTwoProportions } from "./sample_size.ts";
 * import assert from "node:assert/strict";
 * assert.equal(sampleSizeForTwoProportions({ first: 0.9, second: 0.85 }).n, 686);
 * assert.equal(sampleSizeForMeanDifference({ effect: 0.3 }).n, 90);
 * ```
 */
export function sampleSizeForTwoProportions(
  options: { first: number; second: number; ratio?: number } & TestOptions,
): SampleSize & { second: number } {
  const { first, second, ratio = 1 } = options;
  const { nullError, error } = twoProportions(first, second, ratio);
  const size = rounded(zSize(first - second, nullError, error, options));
  return { ...size, second: Math.ceil(size.n * ratio - 1e-9) };
}

/** Power of McNemar's test over `n` rows that both systems answered, `firstOnly` and `secondOnly` as below. */
export function powerOfPaired(
  options: { firstOnly: number; secondOnly: number; n: number } & Omit<TestOptions, "power">,
): number {
  const { difference, nullError, error } = paired(options.firstOnly, options.secondOnly);
  return zPower(difference, options.n, nullError, error, options);
}

/**
 * Rows needed for McNemar's test to tell two systems apart that answer the same rows. What counts are the rows on which
 * only one is right: guess both shares from a pilot, or take `secondOnly` = 0 for the fewest rows possible. Source:
 * Connor (1987), "Sample size for testing differences in proportions for the paired-sample design".
 *
 * @throws {EvaluationError} When shares are out of range, add up to more than 1 or are the same.
 * @example
 * ```ts
 * import { sampleSizeForPaired } from "./sample_size.ts";
 * import assert from "node:assert/strict";
 * assert.equal(sampleSizeForPaired({ firstOnly: 0.07, secondOnly: 0.02 }).n, 281);
 * ```
 */
export function sampleSizeForPaired(
  options: {
    /** Share of rows that only the first gets right. */
    firstOnly: number;
    /** Share of rows that only the second gets right. */
    secondOnly: number;
  } & TestOptions,
): SampleSize {
  const { difference, nullError, error } = paired(options.firstOnly, options.secondOnly);
  return rounded(zSize(difference, nullError, error, options));
}

/** Power of the one-sample (or paired) t test, `effect` = mean difference / standard deviation: statsmodels `ttest_power`. */
export function powerOfMeanDifference(
  options: { effect: number; n: number } & Omit<TestOptions, "power">,
): number {
  const { effect, n, significance = 0.05, sides = 2 } = options;
  checkTest(options);
  checkNumber("n", n, { least: 2, most: MAX_N });
  const limit = studentTQuantile(1 - significance / sides, n - 1), shift = Math.abs(effect) * Math.sqrt(n);
  const near = noncentralTSurvival(limit, n - 1, shift);
  return sides === 1 ? near : near + noncentralTSurvival(limit, n - 1, -shift);
}

/**
 * Items needed for a paired t test to find a mean difference: two systems' ratings of the same items, `effect` being the mean
 * difference over the standard deviation of the differences. Equal to statsmodels' `TTestPower`.
 *
 * @throws {EvaluationError} When an option is out of range or the effect is 0.
 */
export function sampleSizeForMeanDifference(options: { effect: number } & TestOptions): SampleSize {
  const { effect, power = 0.8 } = options;
  checkTest(options);
  if (effect === 0) fail("effect must be a number other than 0");
  checkNumber("effect", Math.abs(effect), { above: 0 });
  return rounded(whereMet((n) => powerOfMeanDifference({ ...options, n }) - power, 2), 2);
}

/**
 * Comparisons needed to show that one of two systems is preferred: a share other than 0.5 among those that are no tie, found by
 * the z test of one proportion. `ties` is the share of comparisons that will be ties and tell nothing.
 *
 * @throws {EvaluationError} When an option is out of range or the share is 0.5.
 * @example
 * ```ts
 * import { sampleSizeForPreference } from "./sample_size.ts";
 * import assert from "node:assert/strict";
 * assert.equal(sampleSizeForPreference({ share: 0.6 }).n, 194);
 * assert.equal(sampleSizeForPreference({ share: 0.6, ties: 0.2 }).n, 243);
 * ```
 */
export function sampleSizeForPreference(
  options: {
    /** Share that prefers the first. */
    share: number;
    ties?: number;
  } & TestOptions,
): SampleSize {
  const { share, ties = 0 } = options;
  checkShares({ share });
  checkNumber("ties", ties, { least: 0, below: 1 });
  const decided = zSize(share - 0.5, 0.5, Math.sqrt(share * (1 - share)), options);
  return rounded(decided / (1 - ties));
}

function twoProportions(first: number, second: number, ratio: number) {
  checkShares({ first, second });
  checkPositive({ ratio });
  const pooled = (first + second * ratio) / (1 + ratio);
  const nullError = Math.sqrt(pooled * (1 - pooled) * (1 + 1 / ratio));
  return { nullError, error: Math.sqrt(first * (1 - first) + second * (1 - second) / ratio) };
}

function paired(firstOnly: number, secondOnly: number) {
  const difference = firstOnly - secondOnly, discordant = firstOnly + secondOnly;
  checkNumber("firstOnly", firstOnly, { least: 0 });
  checkNumber("secondOnly", secondOnly, { least: 0 });
  checkNumber("firstOnly + secondOnly", discordant, { most: 1 });
  const error = Math.sqrt(Math.max(0, discordant - difference * difference));
  return { difference, nullError: Math.sqrt(discordant), error };
}

/** Power of a z test whose statistic has one error under the null and another under the alternative, times √n. */
function zPower(
  difference: number,
  n: number,
  nullError: number,
  error: number,
  { significance = 0.05, sides = 2 }: TestOptions,
): number {
  checkTest({ significance, sides });
  checkPositive({ n });
  const limit = -normalQuantile(significance / sides) * nullError;
  const reach = Math.abs(difference) * Math.sqrt(n);
  const near = normalCdf((reach - limit) / error);
  return sides === 1 ? near : near + normalCdf((-reach - limit) / error);
}

function zSize(difference: number, nullError: number, error: number, options: TestOptions): number {
  checkTest(options);
  const { power = 0.8, significance = 0.05, sides = 2 } = options;
  if (!(Math.abs(difference) > 1e-12)) {
    fail("No number of rows tells apart what does not differ: give two different shares");
  }
  const reach = Math.max(
    0,
    -normalQuantile(significance / sides) * nullError + normalQuantile(power) * error,
  );
  return (reach / difference) ** 2;
}

/** Where an increasing function crosses 0, by bisection to rounding. */
function whereMet(met: (n: number) => number, least: number): number {
  let low = least, high = 4;
  if (met(low) >= 0) return low;
  while (met(high) < 0) {
    low = high;
    high *= 2;
    if (high > MAX_N) rounded(high);
  }
  for (let round = 0; round < 200; round++) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) break;
    if (met(middle) < 0) low = middle;
    else high = middle;
  }
  return high;
}

/** Rounds up, but not over a whole number that only rounding errors exceed. */
export function rounded(exact: number, least = 1): SampleSize {
  if (!(exact <= MAX_N)) fail("More than 10^12 would be needed: ask for a wider margin or effect");
  return { n: Math.max(least, Math.ceil(exact - 1e-9 * Math.max(1, exact))), exact };
}

function checkTest({ power = 0.8, significance = 0.05, sides = 2 }: TestOptions): void {
  checkShares({ power, significance });
  if (sides !== 1 && sides !== 2) fail(`sides must be 1 or 2, got ${sides}`);
}

/** Options that lie between 0 and 1. */
export function checkShares(options: Record<string, number>): void {
  for (const [name, value] of Object.entries(options)) checkNumber(name, value, { above: 0, below: 1 });
}

function checkPositive(options: Record<string, number>): void {
  for (const [name, value] of Object.entries(options)) checkNumber(name, value, { above: 0 });
}
