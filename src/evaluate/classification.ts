import { bootstrapCells, type BootstrapOptions, type Interval } from "./bootstrap.ts";
import { EvaluationError } from "./errors.ts";

export type { Interval } from "./bootstrap.ts";

/** Precision, recall and F1 of one class. */
export interface ClassScores {
  /** Name of the class. */
  label: string;
  /** Share of the rows predicted as this class that are of it. */
  precision: Interval;
  /** Share of this class's rows that were predicted as it. */
  recall: Interval;
  /** Harmonic mean of precision and recall. */
  f1: Interval;
  /** Rows whose reference is this class. */
  support: number;
}

/** What a classifier got right and wrong. */
export interface ClassificationReport {
  /** Rows. */
  n: number;
  /** Names of the classes, in order. */
  labels: string[];
  /** Share of the rows that are right. */
  accuracy: Interval;
  /** Precision over the pooled rows of all classes; with one label a row it equals the accuracy. */
  microPrecision: Interval;
  /** Recall over the pooled rows of all classes; with one label a row it equals the accuracy. */
  microRecall: Interval;
  /** F1 over the pooled rows of all classes; with one label a row it equals the accuracy. */
  microF1: Interval;
  /** Mean precision of the classes, those with no rows included. */
  macroPrecision: Interval;
  /** Mean recall of the classes, those with no rows included. */
  macroRecall: Interval;
  /** Mean F1 of the classes, those with no rows included. */
  macroF1: Interval;
  /** Mean precision of the classes, weighted by support. */
  weightedPrecision: Interval;
  /** Mean recall of the classes, weighted by support: the accuracy. */
  weightedRecall: Interval;
  /** Mean F1 of the classes, weighted by support. */
  weightedF1: Interval;
  /** Scores of each class, in label order. */
  perClass: ClassScores[];
  /** `confusion[i][j]`: rows of class i that were predicted as class j. */
  confusion: number[][];
  /**
   * The same counts with their intervals, for at most 50 labels. A cell that no row fell into stays at 0 in every
   * resample, so its interval has no width.
   */
  confusionIntervals?: Interval[][];
  /** With two labels: the scores of the second one, taken as the positive class. */
  binary?: { positive: string; precision: Interval; recall: Interval; f1: Interval };
}

/** Labels and how to draw the intervals. */
export interface ClassificationOptions extends BootstrapOptions {
  /** Names of the classes: class i is `labels[i]`. */
  labels: string[];
}

const MAX_LABELS = 2000; // the confusion matrix is dense
const MAX_INTERVAL_LABELS = 50; // an interval keeps all its resamples until it is made
const AVERAGES = [
  "accuracy",
  "microPrecision",
  "microRecall",
  "microF1",
  "macroPrecision",
  "macroRecall",
  "macroF1",
  "weightedPrecision",
  "weightedRecall",
  "weightedF1",
] as const;

/**
 * Accuracy, precision, recall and F1 (per class, micro, macro, weighted and, with two labels, binary), the confusion
 * matrix, and a bootstrap confidence interval for each metric.
 *
 * Values equal scikit-learn's `precision_recall_fscore_support(..., labels=range(K), zero_division=0)`: a ratio without a
 * denominator counts as 0. All intervals come from the same resamples, so they may be compared within a report.
 *
 * @param references True class per row, as an index into `labels`.
 * @param predictions Predicted class per row, as an index into `labels`.
 * @throws {EvaluationError} When there are no rows, the lengths differ, or a class is no index into `labels`.
 * @example
 * ```ts
 * import { classificationReport } from "./classification.ts";
 * import assert from "node:assert/strict";
 *
 * const report = classificationReport([0, 0, 0, 1, 1], [0, 0, 1, 1, 1], { labels: ["ham", "spam"] });
 * assert.equal(report.accuracy.value, 0.8);
 * assert.deepEqual(report.confusion, [[2, 1], [0, 2]]);
 * assert.equal(report.binary?.recall.value, 1);
 * ```
 */
export function classificationReport(
  references: ArrayLike<number>,
  predictions: ArrayLike<number>,
  options: ClassificationOptions,
): ClassificationReport {
  const { labels } = options;
  const confusion = confusionMatrix(references, predictions, labels);
  const size = labels.length, n = references.length;
  const cells = occupiedCells(confusion);

  const trueRows = new Float64Array(size),
    predictedRows = new Float64Array(size),
    right = new Float64Array(size);
  const cellsAt = AVERAGES.length + 3 * size;
  const shownCells = size <= MAX_INTERVAL_LABELS ? cells.counts.length : 0;
  const metrics = (counts: Float64Array, out: Float64Array) => {
    trueRows.fill(0), predictedRows.fill(0), right.fill(0);
    for (let c = 0; c < counts.length; c++) {
      const i = cells.rows[c], j = cells.columns[c];
      trueRows[i] += counts[c];
      predictedRows[j] += counts[c];
      if (i === j) right[i] += counts[c];
    }
    writeMetrics({ trueRows, predictedRows, right, n }, out);
    out.set(counts.subarray(0, shownCells), cellsAt);
  };
  const intervals = bootstrapCells(cells.counts, metrics, {
    ...options,
    metrics: cellsAt + shownCells,
  });

  const averages = Object.fromEntries(AVERAGES.map((name, m) => [name, intervals[m]])) as Record<
    (typeof AVERAGES)[number],
    Interval
  >;
  const perClass = labels.map((label, k): ClassScores => {
    const [precision, recall, f1] = intervals.slice(AVERAGES.length + 3 * k);
    return { label, precision, recall, f1, support: confusion[k].reduce((sum, count) => sum + count, 0) };
  });
  const report: ClassificationReport = { n, labels: [...labels], ...averages, perClass, confusion };
  if (size <= MAX_INTERVAL_LABELS) {
    const { confidence } = report.accuracy;
    report.confusionIntervals = confusion.map((row) =>
      row.map((value) => ({ value, low: value, high: value, confidence, n }))
    );
    for (let c = 0; c < shownCells; c++) {
      report.confusionIntervals[cells.rows[c]][cells.columns[c]] = intervals[cellsAt + c];
    }
  }
  if (size === 2) {
    const { label: positive, precision, recall, f1 } = perClass[1];
    report.binary = { positive, precision, recall, f1 };
  }
  return report;
}

/**
 * Counts of (true class, predicted class): `matrix[i][j]` rows of class i were predicted as class j.
 *
 * @throws {EvaluationError} When there are no rows, the lengths differ, or a class is no index into `labels`.
 * @example
 * ```ts
 * import { confusionMatrix } from "./classification.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(confusionMatrix([0, 1, 1], [0, 0, 1], ["ham", "spam"]), [[1, 0], [1, 1]]);
 * ```
 */
export function confusionMatrix(
  references: ArrayLike<number>,
  predictions: ArrayLike<number>,
  labels: readonly string[],
): number[][] {
  const size = labels.length;
  if (size < 1 || size > MAX_LABELS) {
    throw new EvaluationError(`Cannot evaluate with ${size} labels: from 1 to ${MAX_LABELS} are possible`);
  }
  if (references.length !== predictions.length) {
    throw new EvaluationError(
      `Cannot compare ${predictions.length} predictions with ${references.length} references: every row needs both`,
    );
  }
  if (references.length === 0) throw new EvaluationError("Cannot evaluate: there are no rows");
  const matrix = labels.map(() => new Array<number>(size).fill(0));
  for (let row = 0; row < references.length; row++) {
    matrix[checkClass(references[row], { row, what: "reference", size })][
      checkClass(predictions[row], { row, what: "prediction", size })
    ]++;
  }
  return matrix;
}

function checkClass(value: number, at: { row: number; what: string; size: number }): number {
  if (Number.isInteger(value) && value >= 0 && value < at.size) return value;
  throw new EvaluationError(
    `Cannot evaluate: ${at.what} of row ${at.row} is ${value}, wanted a class from 0 to ${at.size - 1}`,
  );
}

/** Empty cells stay empty in every resample, so they need not be drawn. */
function occupiedCells(confusion: number[][]): { rows: number[]; columns: number[]; counts: number[] } {
  const rows: number[] = [], columns: number[] = [], counts: number[] = [];
  confusion.forEach((row, i) =>
    row.forEach((count, j) => {
      if (count > 0) rows.push(i), columns.push(j), counts.push(count);
    })
  );
  return { rows, columns, counts };
}

interface Tallies {
  trueRows: Float64Array;
  predictedRows: Float64Array;
  right: Float64Array;
  n: number;
}

/** Writes `AVERAGES`, then precision, recall and F1 of each class. */
function writeMetrics({ trueRows, predictedRows, right, n }: Tallies, out: Float64Array): void {
  const size = right.length;
  let allRight = 0, precisions = 0, recalls = 0, f1s = 0, weightedPrecision = 0, weightedF1 = 0;
  for (let k = 0, at = AVERAGES.length; k < size; k++) {
    const precision = ratio(right[k], predictedRows[k]);
    const recall = ratio(right[k], trueRows[k]);
    const f1 = ratio(2 * right[k], trueRows[k] + predictedRows[k]);
    out[at++] = precision, out[at++] = recall, out[at++] = f1;
    allRight += right[k];
    precisions += precision, recalls += recall, f1s += f1;
    weightedPrecision += precision * trueRows[k];
    weightedF1 += f1 * trueRows[k];
  }
  // One label a row: false positives and false negatives are the same rows, so the micro averages are the accuracy.
  const accuracy = allRight / n;
  out[0] =
    out[1] =
    out[2] =
    out[3] =
      accuracy;
  out[4] = precisions / size, out[5] = recalls / size, out[6] = f1s / size;
  out[7] = weightedPrecision / n, out[8] = accuracy, out[9] = weightedF1 / n; // weighted recall sums right[k] / n
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
