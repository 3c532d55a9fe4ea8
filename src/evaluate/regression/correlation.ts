/**
 * Pearson's, Spearman's and Kendall's correlations with their p-values. All refuse, with an `EvaluationError`, columns of
 * differing lengths, with fewer than two rows, or with a value that is not finite.
 *
 * @module
 */
import { averageRanks, descendingOrder } from "../../statistics/order.ts";
import { normalCdf } from "../../statistics/distributions.ts";
import { betaTails } from "../../statistics/special.ts";
import { checkLengths, fail, Numbers, refuse } from "../../statistics/checks.ts";

/** How two columns are correlated. */
export type CorrelationMethod = "pearson" | "spearman" | "kendall";

/** A correlation and how likely one as far from 0 is without any association. */
export interface CorrelationTest {
  /** The correlation, in [-1, 1]; NaN where a column is constant. */
  readonly value: number;
  /** Two-sided p-value; NaN where the correlation is, or where too few rows leave none. */
  readonly pValue: number;
  /** Rows. */
  readonly n: number;
}

/**
 * Pearson's correlation: how well a straight line fits. In [-1, 1]; NaN where a column is constant. Equal to
 * `scipy.stats.pearsonr`.
 *
 * @example
 * ```ts
 * import { kendall, pearson, spearman } from "./correlation.ts";
 * import assert from "node:assert/strict";
 * assert.equal(pearson([1, 2, 3], [2, 4, 6]), 1);
 * assert.equal(spearman([1, 2, 3], [1, 10, 100]), 1);
 * assert.equal(kendall([1, 2, 3, 4], [1, 2, 4, 3]), 4 / 6);
 * ```
 */
export function pearson(x: Numbers, y: Numbers): number {
  checkColumns(x, y, { least: 2 });
  return linear(x, y);
}

/**
 * Spearman's correlation: Pearson's of the ranks, ties having their average rank. In [-1, 1]; NaN where a column is constant.
 * Equal to `scipy.stats.spearmanr`.
 */
export function spearman(x: Numbers, y: Numbers): number {
  checkColumns(x, y, { least: 2 });
  return linear(averageRanks(x), averageRanks(y));
}

/**
 * Kendall's tau-b: pairs of rows in the same order less those in opposite order, over the pairs not tied. In [-1, 1]; NaN where
 * a column is constant. O(n log n), after Knight (1966). Equal to `scipy.stats.kendalltau`.
 */
export function kendall(x: Numbers, y: Numbers): number {
  checkColumns(x, y, { least: 2 });
  return tauOf(countPairs(x, y));
}

/**
 * Lin's concordance correlation (1989): how close the rows are to x = y, so that an offset or another scale costs. In [-1, 1];
 * NaN where both columns are the same constant.
 * @example
 * ```ts
 * import { concordance } from "./correlation.ts";
 * import assert from "node:assert/strict";
 * assert.equal(concordance([1, 2, 3], [1, 2, 3]), 1);
 * assert.ok(concordance([1, 2, 3], [2, 3, 4]) < 0.6); // Pearson's is 1
 * ```
 */
export function concordance(x: Numbers, y: Numbers): number {
  checkColumns(x, y, { least: 2 });
  const meanX = centreOf(x), meanY = centreOf(y);
  let xx = 0, yy = 0, xy = 0;
  for (let i = 0; i < x.length; i++) {
    const dx = x[i] - meanX, dy = y[i] - meanY;
    xx += dx * dx, yy += dy * dy, xy += dx * dy;
  }
  return 2 * xy / (xx + yy + x.length * (meanX - meanY) ** 2);
}

/**
 * A correlation with its two-sided p-value, as scipy: for Pearson and Spearman from Student's t with n − 2 degrees of freedom;
 * for Kendall exact where nothing is tied and n <= 33 (or at most one pair is out of order), else from the normal with the
 * variance corrected for ties.
 *
 * @example
 * ```ts
 * import { correlationTest } from "./correlation.ts";
 * import assert from "node:assert/strict";
 * const { pValue } = correlationTest([1, 2, 3, 4], [1, 2, 3, 4], { method: "kendall" });
 * assert.ok(Math.abs(pValue - 2 / 24) < 1e-12); // of 24 orders, this one and its reverse
 * ```
 */
export function correlationTest(
  x: Numbers,
  y: Numbers,
  options: { method: CorrelationMethod },
): CorrelationTest {
  checkColumns(x, y, { least: 2 });
  const n = x.length;
  if (options.method === "kendall") {
    const pairs = countPairs(x, y), value = tauOf(pairs);
    return { value, pValue: Number.isNaN(value) ? NaN : kendallPValue(pairs), n };
  }
  const value = options.method === "pearson" ? pearson(x, y) : spearman(x, y);
  // t² / (n − 2 + t²) is the squared correlation
  const tails = betaTails((1 - value) * (1 + value), value * value, n / 2 - 1, 0.5);
  const pValue = n > 2 ? tails.lower : options.method === "pearson" && !Number.isNaN(value) ? 1 : NaN;
  return { value, pValue, n };
}

/** A correlation of some of the rows, for intervals and slices: a row may be named more than once. */
export function correlationOfRows(
  x: Numbers,
  y: Numbers,
  method: CorrelationMethod,
): (indices: Uint32Array) => number {
  checkColumns(x, y, { least: 1 });
  return (indices) => {
    const someX = new Float64Array(indices.length), someY = new Float64Array(indices.length);
    for (let i = 0; i < indices.length; i++) someX[i] = x[indices[i]], someY[i] = y[indices[i]];
    if (method === "kendall") return tauOf(countPairs(someX, someY));
    return method === "pearson" ? linear(someX, someY) : linear(averageRanks(someX), averageRanks(someY));
  };
}

/** The mean, or the value itself where all are the same: so constant columns have deviations of exactly 0. */
export function centreOf(values: Numbers): number {
  let sum = 0, constant = true;
  for (let i = 0; i < values.length; i++) {
    sum += values[i];
    constant &&= values[i] === values[0];
  }
  return constant ? values[0] : sum / values.length;
}

/** @throws {EvaluationError} When lengths differ, there are too few rows, or a value is not finite. */
export function checkColumns(
  x: Numbers,
  y: Numbers,
  options: { least: number; names?: [string, string] },
): void {
  const { least, names: [nameX, nameY] = ["first values", "second values"] } = options;
  checkLengths(x.length, y.length, [nameY, nameX]);
  if (x.length < least) fail(`Cannot correlate ${x.length} row: at least ${least} are needed`);
  for (let row = 0; row < x.length; row++) {
    for (const [name, value] of [[nameX, x[row]], [nameY, y[row]]] as const) {
      if (!Number.isFinite(value)) refuse(`${name} of row ${row}`, value, "a finite number");
    }
  }
}

function linear(x: Numbers, y: Numbers): number {
  const n = x.length, meanX = centreOf(x), meanY = centreOf(y);
  let farX = 0, farY = 0;
  for (let i = 0; i < n; i++) {
    farX = Math.max(farX, Math.abs(x[i] - meanX)), farY = Math.max(farY, Math.abs(y[i] - meanY));
  }
  if (!(farX > 0 && farY > 0)) return NaN;
  // squares of huge values stay finite; by powers of two, so that ranks stay exact
  const unitX = 2 ** Math.floor(Math.log2(farX)), unitY = 2 ** Math.floor(Math.log2(farY));
  let xx = 0, yy = 0, xy = 0;
  for (let i = 0; i < n; i++) {
    const dx = (x[i] - meanX) / unitX, dy = (y[i] - meanY) / unitY;
    xx += dx * dx, yy += dy * dy, xy += dx * dy;
  }
  if (n === 2) return Math.sign(xy);
  return Math.max(-1, Math.min(1, xy / Math.sqrt(xx * yy)));
}

/** What tau and its variance need: pairs and ties. */
interface PairCounts {
  n: number;
  pairs: number;
  discordant: number;
  tiedX: TieCounts;
  tiedY: TieCounts;
  tiedBoth: number;
}

/** Sums over groups of t equal values: pairs t(t−1)/2, triples t(t−1)(t−2), and t(t−1)(2t+5). */
interface TieCounts {
  pairs: number;
  triples: number;
  spread: number;
}

function countPairs(x: Numbers, y: Numbers): PairCounts {
  const n = x.length;
  const ranksX = ranksOf(x), ranksY = ranksOf(y);
  // by x, and by y where x is tied: counting sorts, the second keeping the first one's order
  const order = orderBy(ranksX, orderBy(ranksY));
  const runs = new Uint32Array(n); // rows that share both ranks, counted where their run ends
  const sequence = new Uint32Array(n);
  let tiedBoth = 0;
  for (let i = 0; i < n; i++) {
    sequence[i] = ranksY[order[i]];
    const again = i > 0 && ranksX[order[i]] === ranksX[order[i - 1]] && sequence[i] === sequence[i - 1];
    runs[i] = again ? runs[i - 1] + 1 : 0;
    tiedBoth += runs[i];
  }
  const [tiedX, tiedY] = [ranksX, ranksY].map(countTies);
  return { n, pairs: n * (n - 1) / 2, discordant: countInversions(sequence), tiedX, tiedY, tiedBoth };
}

function tauOf({ pairs, discordant, tiedX, tiedY, tiedBoth }: PairCounts): number {
  if (tiedX.pairs === pairs || tiedY.pairs === pairs) return NaN;
  const net = pairs - tiedX.pairs - tiedY.pairs + tiedBoth - 2 * discordant;
  return Math.max(-1, Math.min(1, net / Math.sqrt((pairs - tiedX.pairs) * (pairs - tiedY.pairs))));
}

function kendallPValue({ n, pairs, discordant, tiedX, tiedY, tiedBoth }: PairCounts): number {
  const fewest = Math.min(discordant, pairs - discordant);
  if (tiedX.pairs === 0 && tiedY.pairs === 0 && (n <= 33 || fewest <= 1)) {
    return Math.min(1, 2 * chanceOfInversions(n, fewest));
  }
  const m = n * (n - 1);
  const variance = (m * (2 * n + 5) - tiedX.spread - tiedY.spread) / 18 + 2 * tiedX.pairs * tiedY.pairs / m +
    tiedX.triples * tiedY.triples / (9 * m * (n - 2));
  const net = pairs - tiedX.pairs - tiedY.pairs + tiedBoth - 2 * discordant;
  return 2 * normalCdf(-Math.abs(net / Math.sqrt(variance)));
}

/** Chance that a random order of n has at most `most` pairs out of order. */
function chanceOfInversions(n: number, most: number): number {
  let chances = new Float64Array(most + 1);
  chances[0] = 1;
  // the j-th item stands before 0 to j − 1 of the others, each as likely
  for (let j = 2; j <= n; j++) {
    const next = new Float64Array(most + 1);
    for (let k = 0, window = 0; k <= most; k++) {
      window += chances[k] - (k >= j ? chances[k - j] : 0);
      next[k] = window / j;
    }
    chances = next;
  }
  return chances.reduce((sum, chance) => sum + chance, 0);
}

/** Values above each value: equal values share it. */
function ranksOf(values: Numbers): Uint32Array {
  const order = descendingOrder(values), ranks = new Uint32Array(order.length);
  for (let i = 0, rank = 0; i < order.length; i++) {
    if (i > 0 && values[order[i]] !== values[order[i - 1]]) rank = i;
    ranks[order[i]] = rank;
  }
  return ranks;
}

/** Row numbers by rank; rows of the same rank stay in the order given. */
function orderBy(ranks: Uint32Array, rows: Uint32Array = Uint32Array.from(ranks, (_, i) => i)): Uint32Array {
  const used = new Uint32Array(ranks.length), order = new Uint32Array(ranks.length);
  for (const row of rows) order[ranks[row] + used[ranks[row]]++] = row;
  return order;
}

function countTies(ranks: Uint32Array): TieCounts {
  const sizes = new Uint32Array(ranks.length);
  for (const rank of ranks) sizes[rank]++;
  const ties = { pairs: 0, triples: 0, spread: 0 };
  for (const size of sizes) {
    if (size < 2) continue;
    const pairs = size * (size - 1);
    ties.pairs += pairs / 2, ties.triples += pairs * (size - 2), ties.spread += pairs * (2 * size + 5);
  }
  return ties;
}

/** Pairs in which the greater value comes first: merge sort, from the bottom up. */
function countInversions(values: Uint32Array): number {
  let from = values.slice(), to = new Uint32Array(values.length), inversions = 0;
  for (let half = 1; half < values.length; half *= 2) {
    for (let start = 0; start < values.length; start += 2 * half) {
      const middle = Math.min(start + half, values.length), end = Math.min(start + 2 * half, values.length);
      for (let a = start, b = middle, at = start; at < end; at++) {
        if (b >= end || a < middle && from[a] <= from[b]) to[at] = from[a++];
        else to[at] = from[b++], inversions += middle - a;
      }
    }
    [from, to] = [to, from];
  }
  return inversions;
}
