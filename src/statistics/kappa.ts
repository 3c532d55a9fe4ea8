/**
 * Cohen's kappa: agreement of two raters beyond what chance gives.
 *
 * @module
 */
import { sum } from "../base/arrays.ts";
import type { Interval } from "./bootstrap.ts";
import { normalCdf } from "./distributions.ts";
import {
  categoriesIn,
  type Category,
  categoryIndex,
  isMissing,
  type MaybeRating,
  numberOf,
} from "./categories.ts";
import { normalInterval } from "./intervals.ts";
import { checkConfidence, checkNumber, checkOneOf, fail } from "./checks.ts";

/** How much each disagreement counts: all alike, by distance, by squared distance, or a matrix with 0 on its diagonal. */
export type KappaWeights = "none" | "linear" | "quadratic" | readonly (readonly number[])[];

/** How kappa is computed. */
export interface KappaOptions {
  /** The scale, in its order where weights count distances; default: the categories that occur, sorted. */
  readonly categories?: readonly Category[];
  /** Default "none". */
  readonly weights?: KappaWeights;
  /** Coverage of the interval; default 0.95. */
  readonly confidence?: number;
}

/** Agreement of two raters. */
export interface CohenKappa {
  /** Kappa, in [-1, 1], with its large-sample interval (whose ends may pass 1); n is the pairs compared. */
  readonly kappa: Interval;
  /** Large-sample standard error of kappa (Fleiss, Cohen and Everitt 1969). */
  readonly standardError: number;
  /** Standard error were kappa 0. */
  readonly standardErrorNull: number;
  /** kappa / standardErrorNull. */
  readonly z: number;
  /** Two-sided p-value of kappa = 0. */
  readonly pValue: number;
  /** The largest unweighted kappa that the two raters' shares allow. */
  readonly kappaMax: number;
  /** Share of (weighted) agreement seen, in [0, 1]. */
  readonly observed: number;
  /** Share of (weighted) agreement that chance gives, in [0, 1]. */
  readonly expected: number;
  /** Kappa in words. */
  readonly verbal: string;
  /** The scale. */
  readonly categories: readonly Category[];
  /** Pairs by the first rater's category (row) and the second's (column). */
  readonly table: number[][];
}

/**
 * Cohen's kappa: agreement of two raters beyond what chance gives, from -1 through 0 (chance) to 1 (perfect), with linear or
 * quadratic weights for ordered scales.
 *
 * Pairs in which a rating is missing (null, undefined, NaN) are left out. Kappa is NaN where both raters used one
 * and the same category throughout. The interval is kappa ± z standard errors and is not cut at 1; with perfect
 * agreement the standard error is 0, which is the method's limit, not certainty. Cohen (1960), (1968); Fleiss,
 * Cohen and Everitt (1969), "Large sample standard errors of kappa and weighted kappa". Equal to statsmodels'
 * `cohens_kappa` and to scikit-learn's `cohen_kappa_score`.
 *
 * @param first The first rater's ratings, one an item.
 * @param second The second rater's, of the same items.
 * @throws {EvaluationError} When lengths differ, no pair is complete or a rating is outside the scale.
 * @example
 * ```ts
 * import { cohenKappa, cohenKappaTable, landisKoch } from "./kappa.ts";
 * import assert from "node:assert/strict";
 * const { kappa, verbal } = cohenKappa(["spam", "ham", "spam", "ham"], ["spam", "ham", "ham", "ham"]);
 * assert.equal(kappa.value, 0.5);
 * assert.equal(verbal, "moderate");
 * assert.ok(Math.abs(cohenKappaTable([[20, 5], [10, 15]]).kappa.value - 0.4) < 1e-12);
 * assert.equal(landisKoch(0.75), "substantial");
 * ```
 */
export function cohenKappa(
  first: ArrayLike<MaybeRating>,
  second: ArrayLike<MaybeRating>,
  options: KappaOptions = {},
): CohenKappa {
  if (first.length !== second.length) {
    fail(
      `Both raters must rate the same items, got ${first.length} ratings by the first and ${second.length} by the second`,
    );
  }
  const kept: number[] = [];
  for (let i = 0; i < first.length; i++) if (!isMissing(first[i]) && !isMissing(second[i])) kept.push(i);
  if (kept.length === 0) fail("Cannot compute kappa: no item was rated by both raters");
  const categories = options.categories ?? categoriesIn(kept.flatMap((i) => [first[i], second[i]]));
  const index = categoryIndex(categories);
  const table = categories.map(() => new Array<number>(categories.length).fill(0));
  for (const i of kept) {
    const row = numberOf(index, first[i]!, () => `The first rater's rating ${i + 1}`);
    const column = numberOf(index, second[i]!, () => `The second rater's rating ${i + 1}`);
    table[row][column]++;
  }
  return cohenKappaTable(table, { ...options, categories });
}

/**
 * Cohen's kappa from a table of counts: the first rater's category in rows, the second's in columns.
 *
 * @throws {EvaluationError} When the table is not square, has a negative count or is empty.
 */
export function cohenKappaTable(
  table: readonly (readonly number[])[],
  options: KappaOptions = {},
): CohenKappa {
  const { confidence = 0.95 } = options;
  checkConfidence(confidence);
  const size = table.length;
  const categories = options.categories ?? table.map((_, i) => i);
  let n = 0;
  table.forEach((row, i) => {
    if (row.length !== size) {
      fail(`The table must be square: row ${i + 1} of ${size} has ${row.length} counts`);
    }
    row.forEach((count, j) => {
      checkNumber(`The count in row ${i + 1}, column ${j + 1}`, count, { least: 0 });
      n += count;
    });
  });
  if (n === 0) fail("Cannot compute kappa: no item was rated by both raters");

  const rows = table.map((row) => sum(row) / n);
  const columns = table.map((_, j) => sum(table.map((row) => row[j])) / n);
  const disagreement = weightMatrix(options.weights ?? "none", size);
  const each = (visit: (i: number, j: number) => number) => {
    let total = 0;
    for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) total += visit(i, j);
    return total;
  };
  const observedLoss = each((i, j) => disagreement[i][j] * table[i][j]) / n;
  const expectedLoss = each((i, j) => disagreement[i][j] * rows[i] * columns[j]);
  const value = expectedLoss === 0 ? NaN : 1 - observedLoss / expectedLoss;
  const observed = 1 - observedLoss, expected = 1 - expectedLoss;

  // The variance of a smooth function of shares is that of its linear part: one number a cell, spread around its mean.
  const agreement = disagreement.map((row) => row.map((loss) => 1 - loss));
  const rowMeans = agreement.map((row) => sum(row.map((w, j) => w * columns[j])));
  const columnMeans = agreement.map((_, j) => sum(agreement.map((row, i) => row[j] * rows[i])));
  const scale = expectedLoss * Math.sqrt(n);
  const linear = (i: number, j: number) => agreement[i][j] - (rowMeans[i] + columnMeans[j]) * (1 - value);
  const center = observed - 2 * expected * (1 - value);
  const standardError = Math.sqrt(each((i, j) => table[i][j] / n * (linear(i, j) - center) ** 2)) / scale;
  const linearNull = (i: number, j: number) => agreement[i][j] - rowMeans[i] - columnMeans[j];
  const standardErrorNull =
    Math.sqrt(each((i, j) => rows[i] * columns[j] * (linearNull(i, j) + expected) ** 2)) / scale;

  const chance = sum(rows.map((share, i) => share * columns[i]));
  const most = sum(rows.map((share, i) => Math.min(share, columns[i])));
  const z = value / standardErrorNull;
  return {
    kappa: normalInterval(value, standardError, confidence, n),
    standardError,
    standardErrorNull,
    z,
    pValue: 2 * normalCdf(-Math.abs(z)),
    kappaMax: chance === 1 ? NaN : (most - chance) / (1 - chance),
    observed,
    expected,
    verbal: landisKoch(value),
    categories,
    table: table.map((row) => [...row]),
  };
}

/**
 * Kappa in words, after Landis and Koch (1977): below 0 poor, to 0.20 slight, to 0.40 fair, to 0.60 moderate, to 0.80
 * substantial, above that almost perfect. The limits are custom, not theory; NaN is "undefined".
 */
export function landisKoch(kappa: number): string {
  if (Number.isNaN(kappa)) return "undefined";
  if (kappa < 0) return "poor";
  if (kappa <= 0.2) return "slight";
  if (kappa <= 0.4) return "fair";
  if (kappa <= 0.6) return "moderate";
  return kappa <= 0.8 ? "substantial" : "almost perfect";
}

/** Disagreement weights, 0 on the diagonal and at most 1. */
function weightMatrix(weights: KappaWeights, size: number): number[][] {
  if (typeof weights === "string") {
    checkOneOf("weights without a matrix", weights, ["none", "linear", "quadratic"]);
    const range = Array.from({ length: size }, (_, i) => i), widest = Math.max(1, size - 1);
    const power = { none: 0, linear: 1, quadratic: 2 }[weights];
    return range.map((i) => range.map((j) => i === j ? 0 : (Math.abs(i - j) / widest) ** power));
  }
  if (weights.length !== size || weights.some((row) => row.length !== size)) {
    fail(`Weights must be a ${size} by ${size} matrix, one row a category`);
  }
  weights.forEach((row, i) =>
    row.forEach((weight, j) => {
      const where = `The weight in row ${i + 1}, column ${j + 1}`;
      checkNumber(where, weight, i === j ? { least: 0, most: 0 } : { least: 0 });
    })
  );
  const largest = Math.max(...weights.flat());
  return weights.map((row) => row.map((weight) => largest > 0 ? weight / largest : 0));
}
