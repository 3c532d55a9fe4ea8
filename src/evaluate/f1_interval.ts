import { bootstrapCells, type BootstrapOptions, type Interval } from "./bootstrap.ts";
import { EvaluationError } from "./errors.ts";
import { type ConfidenceOptions, wilsonInterval } from "./intervals.ts";

/** Rows of a class that were found, wrongly given to it, and missed. */
export interface ClassCounts {
  /** Rows of the class that were predicted as it. */
  truePositives: number;
  /** Rows of other classes that were predicted as it. */
  falsePositives: number;
  /** Rows of the class that were predicted as another. */
  falseNegatives: number;
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
 *
 * const { value, low, high } = f1Interval({ truePositives: 13, falsePositives: 0, falseNegatives: 0 });
 * assert.deepEqual([value, high], [1, 1]);
 * assert.equal(low.toFixed(3), "0.871");
 * ```
 */
export function f1Interval(counts: ClassCounts, options: ConfidenceOptions = {}): Interval {
  for (const [name, count] of Object.entries(counts)) {
    if (!(Number.isInteger(count) && count >= 0)) {
      throw new EvaluationError(`F1 needs whole counts, got ${count} ${name}`);
    }
  }
  const { truePositives, falsePositives, falseNegatives } = counts;
  const n = truePositives + falsePositives + falseNegatives;
  const share = wilsonInterval(truePositives, Math.max(1, n), options);
  const f1 = (p: number) => 2 * p / (1 + p);
  const method = "wilson";
  if (n === 0) return { value: 0, low: 0, high: 1, confidence: share.confidence, n, method };
  return {
    value: 2 * truePositives / (n + truePositives),
    low: f1(share.low),
    high: f1(share.high),
    confidence: share.confidence,
    n,
    method,
  };
}

/**
 * Interval of macro F1, the mean of the classes' F1 scores: a bootstrap over the cells of the confusion matrix.
 *
 * Where all rows are right every resample is, too, and a bootstrap would claim certainty. Then the interval reaches down to the
 * mean of the lower ends that `f1Interval` gives the classes: wide rather than narrow, for it lets all classes err at once.
 *
 * @param confusion `confusion[i][j]`: rows of class i that were predicted as class j.
 * @throws {EvaluationError} When the matrix is not square, a count is no whole number, there are no rows or an option is out of
 *   range.
 * @example
 * ```ts
 * import { macroF1Interval } from "./f1_interval.ts";
 * import assert from "node:assert/strict";
 *
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
  if (odd) {
    throw new EvaluationError(
      `A confusion matrix is square: it has ${size} rows, one of ${odd.length} cells`,
    );
  }
  const cells = confusion.flat(), occupied: number[] = [];
  cells.forEach((count, cell) => count !== 0 && occupied.push(cell)); // an empty cell stays empty
  const true_ = new Float64Array(size), predicted = new Float64Array(size), right = new Float64Array(size);
  const [interval] = bootstrapCells(occupied.map((cell) => cells[cell]), (counts, out) => {
    true_.fill(0), predicted.fill(0), right.fill(0);
    occupied.forEach((cell, at) => {
      const i = Math.floor(cell / size), j = cell % size;
      true_[i] += counts[at], predicted[j] += counts[at];
      if (i === j) right[i] += counts[at];
    });
    out[0] = 0;
    for (let k = 0; k < size; k++) {
      const total = true_[k] + predicted[k];
      if (total > 0) out[0] += 2 * right[k] / total / size;
    }
  }, { ...options, metrics: 1 });
  if (interval.method !== "degenerate" || options.resamples === 0) return interval;

  const ends = confusion.map((row, k) => {
    const truePositives = row[k];
    const falseNegatives = row.reduce((sum, count) => sum + count, 0) - truePositives;
    const falsePositives = confusion.reduce((sum, other) => sum + other[k], 0) - truePositives;
    return f1Interval({ truePositives, falsePositives, falseNegatives }, options);
  }).filter(({ n }) => n > 0);
  const low = ends.reduce((sum, end) => sum + end.low, 0) / size;
  const high = ends.reduce((sum, end) => sum + end.high, 0) / size;
  return {
    ...interval,
    low: Math.min(low, interval.value),
    high: Math.max(high, interval.value),
    method: "wilson",
  };
}
