/**
 * The two-sample Kolmogorov-Smirnov test.
 *
 * @module
 */
import { sum } from "../base/arrays.ts";
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
  const n = sum(a);
  const m = sum(b);
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
 * An order is a lattice path to (n, m); it counts if it leaves the corridor |i/n - j/m| < statistic. Paths are counted by where
 * they first do: inside[j], the share of the paths to (i, j) that never left, times the share of all paths that take the step out
 * from there. Only positive numbers are added, so small p-values keep their digits (Viehmann 2021, "Numerically more stable
 * computation of the p-values for the two-sample Kolmogorov-Smirnov test"). Far from both walls nearly no path has left: such
 * cells are 1 and not computed, which leaves a strip along each wall.
 */
function exactPValue(statistic: number, n: number, m: number): number {
  if (n < m) [n, m] = [m, n];
  const divisor = greatestCommonDivisor(n, m);
  const stepN = m / divisor, stepM = n / divisor; // in units of 1 / lcm(n, m) the corridor has whole-numbered walls
  const wall = Math.round(statistic * stepN * n);
  if (wall === 0) return 1;
  const firstOf = (i: number) => Math.max(0, Math.floor((i * stepN - wall) / stepM) + 1);
  const lastOf = (i: number) => Math.min(m, Math.ceil((i * stepN + wall) / stepM) - 1);
  const inside = new Float64Array(m + 1).fill(1, 0, lastOf(0) + 1);
  const lower = createWalker(n, m), upper = createWalker(n, m);
  let lowEnd = -1, upStart = lastOf(0) + 1; // between them inside is 1
  let pValue = 0;
  for (let i = 0; i <= n; i++) {
    const first = firstOf(i), last = lastOf(i);
    let left = first === 0 ? 1 : 0; // the cell before the corridor; at j = 0 it has no weight
    let j = first;
    const step = () => inside[j] = left = i === 0 ? 1 : left + (inside[j] - left) * (i / (i + j));
    for (const end = Math.min(lowEnd, last); j <= end; j++) step();
    for (; j <= last && left < SURE; j++) step();
    lowEnd = Math.max(lowEnd, j - 1);
    if (j <= last) left = 1;
    for (j = Math.max(j, upStart); j <= last && step() > SURE; j++) inside[j] = left = 1;
    upStart = j;
    for (j++; j <= last; j++) step();
    if (last < m) pValue += inside[last] * upper.share(i, last) * ((m - last) / (n + m - i - last));
    for (let out = first, behind = i < n ? firstOf(i + 1) : first; out < behind; out++) {
      pValue += inside[out] * lower.share(i, out) * ((n - i) / (n + m - i - out));
    }
  }
  return Math.min(1, pValue);
}

/** A share this near 1 is taken for 1, which costs no digit that is promised. */
const SURE = 1 - 2 ** -50;

/** The share of all paths to (n, m) that pass a cell, for cells that come one after another. */
function createWalker(n: number, m: number): { share(i: number, j: number): number } {
  // Far from the diagonal a share is less than a double holds: value times 2^exponent.
  let [row, column, value, exponent] = [0, 0, 1, 0];
  const step = (ratio: number) => {
    value *= ratio;
    if (value < 2 ** -500) [value, exponent] = [value * 2 ** 500, exponent - 500];
    else if (value > 2 ** 500) [value, exponent] = [value * 2 ** -500, exponent + 500];
  };
  return {
    share(i, j) {
      for (; row < i; row++) step((row + column + 1) / (row + 1) * ((n - row) / (n + m - row - column)));
      for (; column < j; column++) {
        step((row + column + 1) / (column + 1) * ((m - column) / (n + m - row - column)));
      }
      return value * 2 ** exponent;
    },
  };
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
