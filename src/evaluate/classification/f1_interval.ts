/**
 * Closed-form intervals of a confusion matrix's metrics: F1 of one class, its mean over classes, and shares.
 *
 * @module
 */
import { sum } from "../../base/arrays.ts";
import { bootstrapCells, type BootstrapOptions, type Interval } from "../../statistics/bootstrap.ts";
import { type ConfidenceOptions, wilsonInterval } from "../../statistics/intervals.ts";
import { checkWhole, fail } from "../../statistics/checks.ts";

/** Rows of a class that were found, wrongly given to it, and missed. */
export interface F1Counts {
  /** Rows of the class that were predicted as it. */
  readonly truePositives: number;
  /** Rows of other classes that were predicted as it. */
  readonly falsePositives: number;
  /** Rows of the class that were predicted as another. */
  readonly falseNegatives: number;
}

/**
 * Interval of the F1 score of one class, in closed form.
 *
 * Of the m rows that are of the class or predicted as it, the true positives are a binomial share p, and F1 = 2p / (1 + p)
 * rises with p; so the ends of Wilson's interval of p give those of F1. Nothing is resampled, the interval never leaves [0, 1],
 * and it has a width where a bootstrap has none: when every prediction is right. Coverage: `bench/results/coverage.md`.
 *
 * @returns The interval; its n is m. With m = 0 nothing is known: the value is 0, the interval from 0 to 1.
 * @throws {EvaluationError} When a count is no whole number or the confidence is out of range.
 * @example
 * ```ts
 * import { f1Interval } from "./f1_interval.ts";
 * import assert from "node:assert/strict";
 * const { value, low, high } = f1Interval({ truePositives: 13, falsePositives: 0, falseNegatives: 0 });
 * assert.deepEqual([value, high], [1, 1]);
 * assert.equal(low.toFixed(3), "0.871");
 * ```
 */
export function f1Interval(counts: F1Counts, options: ConfidenceOptions = {}): Interval {
  for (const [name, count] of Object.entries(counts)) checkWhole(name, count, 0);
  const { truePositives, falsePositives, falseNegatives } = counts;
  const n = truePositives + falsePositives + falseNegatives;
  const share = wilsonInterval(truePositives, Math.max(1, n), options);
  const f1 = (p: number) => 2 * p / (1 + p);
  const method = "wilson";
  const { confidence, low, high } = share;
  if (n === 0) return { value: 0, low: 0, high: 1, confidence, n, method };
  return {
    value: 2 * truePositives / (n + truePositives),
    low: f1(low),
    high: f1(high),
    confidence,
    n,
    method,
  };
}

/**
 * Interval of macro F1, the mean of the classes' F1 scores.
 *
 * - Two classes: a closed form, "mover". The distances of the classes' F1 from their `f1Interval` ends are combined as standard
 *   errors of a mean are, with the correlation that shared errors bring (Zou and Donner 2008, "Construction of confidence
 *   limits about effect measures: a general approach").
 * - More classes: a BCa bootstrap over the cells of the confusion matrix, for Wilson's pull towards the middle adds up over
 *   classes. Where all rows are right every resample is, too, and would claim certainty: then the interval reaches down to the
 *   mean of the classes' lower ends ("wilson"), wide rather than narrow.
 *
 * Which of them holds its level where is in `bench/results/coverage.md`. With `method` a bootstrap is drawn in either case.
 *
 * @param confusion `confusion[i][j]`: rows of class i that were predicted as class j.
 * @throws {EvaluationError} When the matrix is not square, a count is no whole number, there are no rows or an option is out of
 *   range.
 * @example
 * ```ts
 * import { macroF1Interval } from "./f1_interval.ts";
 * import assert from "node:assert/strict";
 * const perfect = macroF1Interval([[87, 0], [0, 13]]);
 * assert.equal(perfect.value, 1);
 * assert.ok(perfect.low > 0.9 && perfect.low < 0.95);
 * ```
 */
export function macroF1Interval(
  confusion: readonly (readonly number[])[],
  options: BootstrapOptions = {},
): Interval {
  const size = confusion.length;
  const odd = confusion.find((row) => row.length !== size);
  if (odd) fail(`A confusion matrix is square: it has ${size} rows, one of ${odd.length} cells`);
  const closed = size === 2 && options.method === undefined;
  const interval = resampleMacroF1(confusion, closed ? { ...options, resamples: 0 } : options);
  if (!closed && (interval.method !== "degenerate" || options.resamples === 0)) return interval;

  const classes = confusion.map((row, k) => {
    const truePositives = row[k];
    const falseNegatives = sum(row) - truePositives;
    const falsePositives = confusion.reduce((sum, other) => sum + other[k], 0) - truePositives;
    return f1Interval({ truePositives, falsePositives, falseNegatives }, options);
  });
  const shared = size === 2 ? correlation(confusion) : 1;
  const { value, confidence, n } = interval;
  return {
    value,
    low: Math.max(0, value - combine(classes.map(({ value, low, n }) => n > 0 ? value - low : 0), shared)),
    high: Math.min(1, value + combine(classes.map(({ value, high, n }) => n > 0 ? high - value : 0), shared)),
    confidence,
    n,
    method: size === 2 ? "mover" : "wilson",
  };
}

/** The mean's distance from its end, for equally correlated parts. */
function combine(distances: number[], correlation: number): number {
  let sum = 0, squares = 0;
  for (const distance of distances) sum += distance, squares += distance ** 2;
  return Math.sqrt((1 - correlation) * squares + correlation * sum ** 2) / distances.length;
}

/**
 * Correlation of the F1 scores of two classes (delta method): every error counts against both, a right row for one. One more
 * error is assumed than there is, so that it has a value where there is none.
 */
function correlation([[a, offA], [offB, b]]: readonly (readonly number[])[]): number {
  const errors = offA + offB + 1;
  const deviation = (right: number) => { // times 2 right + errors
    const f1 = 2 * right / (2 * right + errors);
    return Math.sqrt(4 * right * (1 - f1) ** 2 + errors * f1 ** 2);
  };
  const product = deviation(a) * deviation(b);
  const [first, second] = [a, b].map((right) => 2 * right / (2 * right + errors));
  return product > 0 ? Math.min(1, errors * first * second / product) : 0;
}

function resampleMacroF1(confusion: readonly (readonly number[])[], options: BootstrapOptions): Interval {
  const size = confusion.length;
  const cells = confusion.flat(), occupied: number[] = [];
  cells.forEach((count, cell) => count !== 0 && occupied.push(cell)); // an empty cell stays empty
  const ofClass = new Float64Array(size), asClass = new Float64Array(size), right = new Float64Array(size);
  return bootstrapCells(occupied.map((cell) => cells[cell]), (counts, out) => {
    ofClass.fill(0), asClass.fill(0), right.fill(0);
    for (let at = 0; at < occupied.length; at++) {
      const i = Math.floor(occupied[at] / size), j = occupied[at] % size;
      ofClass[i] += counts[at], asClass[j] += counts[at];
      if (i === j) right[i] += counts[at];
    }
    out[0] = 0;
    for (let k = 0; k < size; k++) {
      const total = ofClass[k] + asClass[k];
      if (total > 0) out[0] += 2 * right[k] / total / size;
    }
  }, { ...options, metrics: 1 })[0];
}

/** Intervals of precision, recall and F1 of one class. */
export interface ClassIntervals {
  /** Share of what was predicted as the class that is of it. */
  readonly precision: Interval;
  /** Share of the class that was found. */
  readonly recall: Interval;
  /** Harmonic mean of precision and recall. */
  readonly f1: Interval;
}

/** Intervals of a confusion matrix's metrics that do better than a bootstrap, small classes and perfect scores among them. */
export interface ConfusionIntervals {
  /** Wilson's. */
  readonly accuracy: Interval;
  /** `macroF1Interval`. */
  readonly macroF1: Interval;
  /** Wilson's of each class's shares. Their n is the rows they are shares of. */
  readonly perClass: readonly ClassIntervals[];
}

/**
 * Accuracy, macro F1 and the classes' precision, recall and F1 with the intervals whose coverage holds
 * (`bench/results/coverage.md`).
 *
 * @param confusion `confusion[i][j]`: rows of class i that were predicted as class j.
 * @throws {EvaluationError} As `macroF1Interval`.
 * @example
 * ```ts
 * import { confusionIntervals } from "./f1_interval.ts";
 * import assert from "node:assert/strict";
 * const { accuracy, perClass } = confusionIntervals([[90, 0], [0, 10]]);
 * assert.ok(accuracy.high === 1 && accuracy.low > 0.96);
 * assert.ok(perClass[1].recall.low < 0.73, "ten rows say little");
 * ```
 */
export function confusionIntervals(
  confusion: readonly (readonly number[])[],
  options: BootstrapOptions = {},
): ConfusionIntervals {
  const rows = confusion.map(sum);
  const columns = confusion.map((_, k) => confusion.reduce((sum, row) => sum + row[k], 0));
  const right = confusion.map((row, k) => row[k]);
  const n = sum(rows);
  return {
    accuracy: wilsonInterval(sum(right), n, options),
    macroF1: macroF1Interval(confusion, options),
    perClass: confusion.map((_, k) => ({
      precision: shareInterval(right[k], columns[k], options),
      recall: shareInterval(right[k], rows[k], options),
      f1: f1Interval({
        truePositives: right[k],
        falsePositives: columns[k] - right[k],
        falseNegatives: rows[k] - right[k],
      }, options),
    })),
  };
}

/** Wilson's; of no rows nothing is known: 0, from 0 to 1. */
function shareInterval(part: number, whole: number, options: ConfidenceOptions): Interval {
  if (whole > 0) return wilsonInterval(part, whole, options);
  return { ...wilsonInterval(0, 1, options), value: 0, low: 0, high: 1, n: 0 };
}
