/**
 * Tests of two systems on the same rows: McNemar's, Student's t, Wilcoxon's.
 *
 * @module
 */
import type { Interval } from "./bootstrap.ts";
import { averageRanks } from "./order.ts";
import { type ConfidenceOptions, meanInterval } from "./intervals.ts";
import { binomialTails, chiSquareSurvival, normalCdf, studentTCdf } from "./distributions.ts";
import { checkLengths, checkOneOf, fail, Numbers, refuse } from "./checks.ts";

/** What a test of paired rows found. */
export interface PairedTest {
  /** The test statistic. */
  readonly statistic: number;
  /** Two-sided. */
  readonly pValue: number;
  /** How the p-value was found. */
  readonly method: string;
  /** Rows, those that do not differ included. */
  readonly n: number;
  /** Size of the effect, its scale named at each test; 0 is none. */
  readonly effect: number;
}

/** Rows by which of two systems is right: [[both, only a], [only b, neither]]. */
export type CorrectnessTable = readonly [readonly [number, number], readonly [number, number]];

/**
 * Counts on how many rows both systems, one of them or neither is right: per row true (or 1) where a system is.
 *
 * @throws {EvaluationError} When there are no rows, the lengths differ, or a value is neither 0 nor 1.
 */
export function correctnessTable(
  a: ArrayLike<boolean | number>,
  b: ArrayLike<boolean | number>,
): CorrectnessTable {
  checkLengths(b.length, a.length, ["rows", "rows"]);
  const table: [[number, number], [number, number]] = [[0, 0], [0, 0]];
  for (let row = 0; row < a.length; row++) {
    for (const value of [a[row], b[row]]) {
      if (Number(value) !== 0 && Number(value) !== 1) refuse(`row ${row}`, value, "right (1) or wrong (0)");
    }
    table[1 - Number(a[row])][1 - Number(b[row])]++;
  }
  return table;
}

/**
 * McNemar's test: are two classifiers equally often right on the same rows? Only rows on which one alone is right count.
 *
 * Equal to statsmodels' `mcnemar`. "exact" is binomial, its statistic the smaller of the two counts; "chi-square" carries the
 * continuity correction. Both keep their level; the exact one may be used for any number of rows. McNemar (1947). The effect is
 * Cohen's g: the share of the one-sided rows that a wins, less 1/2. Without such rows p is 1.
 *
 * @param table From `correctnessTable`.
 * @throws {EvaluationError} When a count is no whole number or all are 0.
 * @example
 * ```ts
 * import { correctnessTable, mcNemar } from "./paired_tests.ts";
 * import assert from "node:assert/strict";
 * const table = correctnessTable([1, 1, 1, 1, 0, 1, 1, 1], [1, 0, 1, 0, 0, 0, 1, 0]);
 * assert.deepEqual(table, [[3, 4], [0, 1]]);
 * assert.equal(mcNemar(table).pValue.toFixed(6), "0.125000");
 * ```
 */
export function mcNemar(
  table: CorrectnessTable,
  options: { method?: "exact" | "chi-square" } = {},
): PairedTest {
  const { method = "exact" } = options;
  const [[both, onlyA], [onlyB, neither]] = table;
  const bad = [both, onlyA, onlyB, neither].find((count) => !(Number.isInteger(count) && count >= 0));
  if (bad !== undefined) fail(`McNemar's test needs whole counts, got ${bad}`);
  const n = both + onlyA + onlyB + neither, apart = onlyA + onlyB;
  if (n === 0) fail("Cannot compare: there are no rows");
  const effect = apart === 0 ? 0 : onlyA / apart - 0.5;
  checkOneOf("method", method, ["exact", "chi-square"]);
  if (method === "exact") {
    const statistic = Math.min(onlyA, onlyB);
    const pValue = apart === 0 ? 1 : Math.min(1, 2 * binomialTails(statistic, apart, 0.5).lower);
    return { statistic, pValue, method: "exact binomial", n, effect };
  }
  const statistic = apart === 0 ? 0 : (Math.abs(onlyA - onlyB) - 1) ** 2 / apart;
  const pValue = chiSquareSurvival(statistic, 1);
  return { statistic, pValue, method: "chi-square with continuity correction", n, effect };
}

/**
 * Student's t test of paired scores: is the mean difference 0? Equal to `scipy.stats.ttest_rel`. The effect is Cohen's
 * d of the differences. Where they are all equal it is 0 and p is 1 or 0: there is nothing to judge by.
 *
 * @returns The test, and the mean of a − b with its interval.
 * @throws {EvaluationError} When there are fewer than two rows, the lengths differ or a score is not finite.
 * @example
 * ```ts
 * import { pairedT } from "./paired_tests.ts";
 * import assert from "node:assert/strict";
 * const { statistic, difference } = pairedT([3, 5, 4, 6], [2, 4, 4, 4]);
 * assert.equal(difference.value, 1);
 * assert.equal(statistic.toFixed(4), "2.4495");
 * ```
 */
export function pairedT(
  a: Numbers,
  b: Numbers,
  options: ConfidenceOptions = {},
): PairedTest & { difference: Interval; freedom: number } {
  const differences = subtract(a, b), n = differences.length;
  const difference = meanInterval(differences, options);
  let squares = 0;
  for (const value of differences) squares += (value - difference.value) ** 2;
  const deviation = Math.sqrt(squares / (n - 1)), freedom = n - 1;
  const { value } = difference, shared = { method: "Student's t", n, difference, freedom };
  if (deviation === 0) {
    return { ...shared, statistic: value === 0 ? 0 : value / 0, pValue: value === 0 ? 1 : 0, effect: 0 };
  }
  const statistic = value / (deviation / Math.sqrt(n));
  const pValue = 2 * studentTCdf(-Math.abs(statistic), freedom);
  return { ...shared, statistic, pValue, effect: value / deviation };
}

/**
 * Wilcoxon's signed-rank test of paired scores: are the differences symmetric around 0? Equal to
 * `scipy.stats.wilcoxon` with its defaults: rows without a difference are left out; exact up to 50 rows without
 * ties or zeros and up to 13 with them; otherwise normal, corrected for ties. Wilcoxon (1945). The statistic is
 * the smaller rank sum; the effect is the matched-pairs rank-biserial correlation, from −1 (b always higher) to 1
 * (Kerby 2014). Without any difference p is 1.
 *
 * @throws {EvaluationError} When there are no rows, the lengths differ or a score is not finite.
 * @example
 * ```ts
 * import { wilcoxonSignedRank } from "./paired_tests.ts";
 * import assert from "node:assert/strict";
 * const { statistic, pValue } = wilcoxonSignedRank([3, 5, 9, 6], [2, 7, 4, 3]);
 * assert.equal(statistic, 2);
 * assert.equal(pValue, 0.375);
 * ```
 */
export function wilcoxonSignedRank(a: Numbers, b: Numbers): PairedTest {
  const all = subtract(a, b), n = all.length;
  const differences = all.filter((value) => value !== 0);
  const count = differences.length;
  const ranks = averageRanks(differences.map(Math.abs)), ties = tieTerm(ranks);
  let above = 0, below = 0;
  for (let i = 0; i < count; i++) {
    if (differences[i] > 0) above += ranks[i];
    else below += ranks[i];
  }
  const statistic = Math.min(above, below);
  const effect = count === 0 ? 0 : (above - below) / (above + below);
  const plain = ties === 0 && count === n;
  if (count === 0) return { statistic, pValue: 1, method: "exact", n, effect };
  if (n <= 13 || (plain && n <= 50)) {
    return { statistic, pValue: exactRankSum(ranks, statistic), method: "exact", n, effect };
  }
  const variance = (count * (count + 1) * (2 * count + 1) - ties / 2) / 24;
  const z = (above - count * (count + 1) / 4) / Math.sqrt(variance);
  return { statistic, pValue: 2 * normalCdf(-Math.abs(z)), method: "normal", n, effect };
}

/** Σ t³ − t over groups of t equal ranks. */
function tieTerm(ranks: Float64Array): number {
  const groups = [...Map.groupBy(ranks, (rank) => rank).values()];
  return groups.reduce((sum, { length: t }) => sum + t ** 3 - t, 0);
}

/** Twice the chance that a rank sum is at most `statistic` when every sign is a coin's: all sign patterns are counted. */
function exactRankSum(ranks: Float64Array, statistic: number): number {
  let total = 0;
  for (const rank of ranks) total += 2 * rank; // average ranks are halves at the finest
  const chance = new Float64Array(total + 1);
  chance[0] = 1;
  for (const rank of ranks) {
    const step = 2 * rank;
    for (let sum = total; sum >= 0; sum--) {
      chance[sum] = (chance[sum] + (sum >= step ? chance[sum - step] : 0)) / 2;
    }
  }
  let lower = 0;
  for (let sum = 0; sum <= 2 * statistic; sum++) lower += chance[sum];
  return Math.min(1, 2 * lower);
}

function subtract(a: Numbers, b: Numbers): Float64Array {
  checkLengths(b.length, a.length, ["rows", "rows"]);
  return Float64Array.from({ length: a.length }, (_, row) => {
    const difference = a[row] - b[row];
    if (Number.isFinite(difference)) return difference;
    fail(`Cannot compare row ${row}: its scores are ${a[row]} and ${b[row]}`);
  });
}
