/**
 * Closed-form intervals of a confusion matrix's metrics.
 *
 * @module
 */
import type { BootstrapOptions, Interval } from "../../statistics/bootstrap.ts";
import { type ConfidenceOptions, wilsonInterval } from "../../statistics/intervals.ts";
import { f1Interval, macroF1Interval } from "./f1_interval.ts";

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
 * import { confusionIntervals } from "./class_intervals.ts";
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
  const rows = confusion.map((row) => row.reduce((sum, count) => sum + count, 0));
  const columns = confusion.map((_, k) => confusion.reduce((sum, row) => sum + row[k], 0));
  const right = confusion.map((row, k) => row[k]);
  const n = rows.reduce((sum, count) => sum + count, 0);
  return {
    accuracy: wilsonInterval(right.reduce((sum, count) => sum + count, 0), n, options),
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
