/**
 * The two-sample Kolmogorov-Smirnov test.
 *
 * @module
 */
import { kolmogorovSurvival } from "./kolmogorov.ts";
import { fail, type Numbers } from "./checks.ts";

/** A two-sample Kolmogorov-Smirnov test. */
export interface KsResult {
  /** Largest distance between the two empirical distribution functions, 0 to 1. */
  readonly statistic: number;
  /** Chance of a statistic this large when both samples come from one continuous distribution. */
  readonly pValue: number;
  /** How the p-value was found. */
  readonly method: "exact" | "asymptotic";
}

const MAX_EXACT = 10_000;

/**
 * The two-sided two-sample Kolmogorov-Smirnov test, as scipy's `ks_2samp(a, b, method="auto")`: exact where the larger
 * sample has at most 10,000 values, else the Kolmogorov distribution at n = round(nm / (n + m)). Ties are handled as in
 * scipy: the statistic is right, and the p-value is then on the safe side.
 *
 * @throws {EvaluationError} When a sample is empty or holds NaN.
 * @example
 * ```ts
 * import { ksTwoSample } from "./ks.ts";
 * import assert from "node:assert/strict";
 * const { statistic, pValue } = ksTwoSample([1, 2, 3, 4], [3, 4, 5, 6]);
 * assert.equal(statistic, 0.5);
 * assert.ok(Math.abs(pValue - 0.7714285714) < 1e-9); // scipy.stats.ks_2samp
 * ```
 */
export function ksTwoSample(a: Numbers, b: Numbers): KsResult {
  const x = sorted(a), y = sorted(b);
  const n = x.length, m = y.length;
  let statistic = 0;
  for (let i = 0, j = 0; i < n && j < m;) {
    const value = Math.min(x[i], y[j]);
    while (i < n && x[i] === value) i++; // equal values step together, on both sides
    while (j < m && y[j] === value) j++;
    statistic = Math.max(statistic, Math.abs(i / n - j / m));
  }
  return { statistic, ...pValueOf(statistic, n, m) };
}

/**
 * The same test on counts over the same ordered bins. Values within a bin cannot be distinguished, so the statistic is at
 * most that of the values behind the counts, and the p-value at least theirs.
 *
 * @throws {EvaluationError} When the numbers of bins differ or a side has no counts.
 * @example
 * ```ts
 * import { ksBinned } from "./ks.ts";
 * import assert from "node:assert/strict";
 * assert.equal(ksBinned([50, 50], [25, 75]).statistic, 0.25);
 * ```
 */
export function ksBinned(a: Numbers, b: Numbers): KsResult {
  if (a.length !== b.length) fail(`Cannot compare ${a.length} bins with ${b.length}`);
  const n = Array.from(a).reduce((sum, count) => sum + count, 0);
  const m = Array.from(b).reduce((sum, count) => sum + count, 0);
  if (!(n > 0 && m > 0)) fail("Cannot run a Kolmogorov-Smirnov test: a sample is empty");
  let statistic = 0, below = 0, belowOther = 0;
  for (let bin = 0; bin < a.length; bin++) {
    below += a[bin], belowOther += b[bin];
    statistic = Math.max(statistic, Math.abs(below / n - belowOther / m));
  }
  return { statistic, ...pValueOf(statistic, n, m) };
}

function sorted(values: Numbers): Float64Array {
  if (values.length === 0) fail("Cannot run a Kolmogorov-Smirnov test: a sample is empty");
  const copy = Float64Array.from(values).sort();
  if (Number.isNaN(copy[copy.length - 1])) { // NaN sorts last
    fail("Cannot run a Kolmogorov-Smirnov test: a sample holds NaN");
  }
  return copy;
}

function pValueOf(statistic: number, n: number, m: number): { pValue: number; method: KsResult["method"] } {
  if (Math.max(n, m) <= MAX_EXACT) return { pValue: exactPValue(statistic, n, m), method: "exact" };
  const effective = roundHalfEven(n * m / (n + m));
  return { pValue: kolmogorovSurvival(Math.max(1, effective), statistic), method: "asymptotic" };
}

/**
 * The share of all orders of n + m distinct values in which the distribution functions come at least `statistic` apart.
 *
 * An order is a lattice path to (n, m); outside[j] is the share of the paths to (i, j) that left the corridor
 * |i/n - j/m| < statistic. Only positive numbers are added, so small p-values keep their digits (Viehmann 2021,
 * "Numerically more stable computation of the p-values for the two-sample Kolmogorov-Smirnov test").
 */
function exactPValue(statistic: number, n: number, m: number): number {
  const divisor = greatestCommonDivisor(n, m);
  const stepN = m / divisor, stepM = n / divisor; // in units of 1 / lcm(n, m) the corridor has whole-numbered walls
  const wall = Math.round(statistic * stepN * n);
  if (wall === 0) return 1;
  const outside = new Float64Array(m + 1).fill(1);
  for (let i = 0; i <= n; i++) {
    const first = Math.max(0, Math.floor((i * stepN - wall) / stepM) + 1);
    const last = Math.min(m, Math.ceil((i * stepN + wall) / stepM) - 1);
    let left = 1; // the cell before the corridor
    for (let j = first; j <= last; j++) {
      left = i + j === 0 ? 0 : (i * outside[j] + j * left) / (i + j);
      outside[j] = left;
    }
  }
  return Math.min(1, outside[m]);
}

function greatestCommonDivisor(a: number, b: number): number {
  while (b > 0) [a, b] = [b, a % b];
  return a;
}

/** As numpy rounds. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
