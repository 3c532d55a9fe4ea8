/**
 * Fleiss' kappa and its relatives.
 *
 * @module
 */
import { bootstrap, type BootstrapOptions, type Interval } from "../statistics/bootstrap.ts";
import { type Decomposed, evaluateAll } from "../statistics/decomposed.ts";
import {
  categoriesIn,
  type Category,
  categoryIndex,
  isMissing,
  type MaybeRating,
  numberOf,
} from "../statistics/categories.ts";
import { landisKoch } from "../statistics/kappa.ts";
import { checkWhole, fail, Numbers } from "../statistics/checks.ts";

/** Agreement of any number of raters. */
export interface ManyRaterAgreement {
  /** Mean share of an item's pairs of raters that agree, in [0, 1]. */
  readonly percentAgreement: Interval;
  /** Fleiss' kappa: chance is what the categories' shares give. */
  readonly fleissKappa: Interval;
  /** Randolph's kappa: chance is 1 / categories. */
  readonly randolphKappa: Interval;
  /** Gwet's AC1: chance is what raters who guess now and then give; steadier than kappa where one category is rare. */
  readonly gwetAc1: Interval;
  /** Fleiss' kappa in words. */
  readonly verbal: string;
  /** Fleiss' kappa of each category against the rest, in the order of the counts' columns; NaN where it never occurs. */
  readonly perCategory: number[];
}

type Measure = "percentAgreement" | "fleissKappa" | "randolphKappa" | "gwetAc1";

/**
 * Counts of each category (columns) for each item (rows), from items' ratings.
 *
 * @param items One row an item: its ratings in any order; missing ones (null, undefined, NaN) are not counted.
 * @throws {EvaluationError} When a rating is outside the categories given.
 */
export function countRatings(
  items: readonly (readonly MaybeRating[])[],
  options: { categories?: readonly Category[] } = {},
): { counts: number[][]; categories: readonly Category[] } {
  const categories = options.categories ?? categoriesIn(items.flat());
  const index = categoryIndex(categories);
  const counts = items.map((ratings, item) => {
    const row = new Array<number>(categories.length).fill(0);
    ratings.forEach((rating, rater) => {
      if (isMissing(rating)) return;
      row[numberOf(index, rating, () => `Rating ${rater + 1} of item ${item + 1}`)]++;
    });
    return row;
  });
  return { counts, categories };
}

/**
 * Agreement of many raters on categories, as four measures with bootstrap intervals that resample items.
 *
 * With the same number of raters for every item Fleiss' kappa (1971) and Randolph's (2005) equal statsmodels `fleiss_kappa`.
 * Where ratings are missing, chance is computed from the mean of the items' shares, and items with one rating count toward
 * chance alone (Gwet 2014, "Handbook of Inter-Rater Reliability", ch. 2 and 5). A measure is NaN where chance agreement is
 * certain (one category only). All are at most 1; perfect agreement is 1.
 *
 * @param counts Ratings of each category (columns) for each item (rows), as `countRatings` gives them.
 * @throws {EvaluationError} When a count is no whole number, rows differ in length or no item has two ratings.
 * @example
 * ```ts
 * import { countRatings, fleissKappa, manyRaterAgreement } from "./fleiss.ts";
 * import assert from "node:assert/strict";
 * const report = manyRaterAgreement([[3, 0], [0, 3], [3, 0], [0, 3]]);
 * assert.equal(report.fleissKappa.value, 1);
 * const { counts, categories } = countRatings([["a", "a", "b"], ["b", null, "b"]]);
 * assert.deepEqual(categories, ["a", "b"]);
 * assert.deepEqual(counts, [[2, 1], [0, 2]]);
 * assert.equal(fleissKappa([[2, 0], [1, 1], [0, 2], [2, 0]], { method: "randolph" }), 0.5);
 * ```
 */
export function manyRaterAgreement(
  counts: readonly Numbers[],
  options: BootstrapOptions = {},
): ManyRaterAgreement {
  const metrics = agreementRows(counts);
  const values = evaluateAll(metrics);
  const intervals = bootstrap({
    ...metrics,
    evaluate: (sums, n, out) => {
      metrics.evaluate(sums, n, out);
      // What is undefined over all items gets an interval without ends below, not an error.
      metrics.names.forEach((name, m) => out[m] = Number.isNaN(values[name]) ? 0 : out[m]);
    },
  }, options);
  const intervalOf = (name: string): Interval =>
    Number.isNaN(values[name])
      ? { ...intervals[name], value: NaN, low: NaN, high: NaN, resamples: 0 }
      : intervals[name];
  return {
    ...Object.fromEntries(metrics.names.map((name) => [name, intervalOf(name)])) as Record<Measure, Interval>,
    verbal: landisKoch(values.fleissKappa),
    perCategory: perCategoryKappa(counts),
  };
}

/**
 * Fleiss' kappa (or Randolph's, whose chance is uniform) alone, without an interval.
 *
 * @throws {EvaluationError} As `manyRaterAgreement`.
 */
export function fleissKappa(
  counts: readonly Numbers[],
  options: { method?: "fleiss" | "randolph" } = {},
): number {
  return evaluateAll(agreementRows(counts))[options.method === "randolph" ? "randolphKappa" : "fleissKappa"];
}

/**
 * The four measures of `manyRaterAgreement` as functions of sums over items. A row holds: whether the item has a pair of
 * ratings, the share of its pairs that agree, whether it has a rating, and each category's share of its ratings.
 */
export function agreementRows(counts: readonly Numbers[]): Decomposed {
  if (counts.length === 0) fail("Cannot compute agreement: there are no items");
  const size = counts[0].length;
  const width = 3 + size;
  const rows = new Float64Array(counts.length * width);
  let pairs = 0;
  counts.forEach((row, item) => {
    if (row.length !== size) fail(`Item ${item + 1} has ${row.length} counts, wanted ${size}`);
    let ratings = 0, squares = 0;
    for (let k = 0; k < size; k++) {
      checkWhole(`The count of item ${item + 1}, category ${k + 1}`, row[k], 0);
      ratings += row[k];
      squares += row[k] * row[k];
    }
    if (ratings === 0) return;
    const at = item * width;
    if (ratings > 1) {
      pairs++;
      rows[at] = 1;
      rows[at + 1] = (squares - ratings) / (ratings * (ratings - 1));
    }
    rows[at + 2] = 1;
    for (let k = 0; k < size; k++) rows[at + 3 + k] = row[k] / ratings;
  });
  if (pairs === 0) fail("Cannot compute agreement: no item has two ratings");
  const names: Measure[] = ["percentAgreement", "fleissKappa", "randolphKappa", "gwetAc1"];
  return {
    names,
    n: counts.length,
    width,
    rows,
    evaluate: (sums, _n, out) => {
      const observed = sums[1] / sums[0];
      let squares = 0, spread = 0, present = 0;
      for (let k = 3; k < width; k++) {
        const share = sums[k] / sums[2];
        squares += share * share;
        spread += share * (1 - share);
        if (sums[k] > 0) present++;
      }
      const beyond = (chance: number) => chance >= 1 ? NaN : (observed - chance) / (1 - chance);
      out[0] = observed;
      out[1] = present < 2 ? NaN : beyond(squares);
      out[2] = size < 2 ? NaN : beyond(1 / size);
      out[3] = size < 2 ? NaN : beyond(spread / (size - 1));
    },
  };
}

/** Fleiss (1971): agreement on one category, all others merged. */
function perCategoryKappa(counts: readonly Numbers[]): number[] {
  const sums = counts.map((row) => Array.from(row).reduce((total, count) => total + count, 0));
  return Array.from({ length: counts[0].length }, (_, k) => {
    const binary = counts.map((row, i) => [row[k], sums[i] - row[k]]);
    return evaluateAll(agreementRows(binary)).fleissKappa;
  });
}
