/**
 * The report of a classifier with one label a row.
 *
 * @module
 */
import { listLabels } from "../../base/labels.ts";
import { sum } from "../../base/arrays.ts";
import { bootstrapCells, type BootstrapOptions, type Interval } from "../../statistics/bootstrap.ts";
import { type ClassIntervals, confusionIntervals } from "./f1_interval.ts";
import { AVERAGES, classMetrics } from "./class_rows.ts";
import { checkClass, checkLabels, checkWeights, ratio, subsetClasses } from "./counts.ts";
import { checkLengths, checkOneOf, fail, Numbers } from "../../statistics/checks.ts";

export type { Interval } from "../../statistics/bootstrap.ts";
export type { Numbers } from "../../statistics/checks.ts";

/** Precision, recall and F1 of one class. */
export interface ClassScores extends ClassIntervals {
  /** Name of the class. */
  readonly label: string;
  /** Rows whose reference is this class. */
  readonly support: number;
}

/** F-beta of one beta. */
export interface FBetaScores {
  /** Weight of recall against precision. */
  readonly beta: number;
  /** Mean F-beta of the classes, those with no rows included. */
  readonly macro: Interval;
  /** Mean F-beta of the classes, weighted by support. */
  readonly weighted: Interval;
  /** F-beta of each class, in label order. */
  readonly perClass: Interval[];
}

/** What a classifier got right and wrong. */
export interface ClassificationReport {
  /** Rows. */
  readonly n: number;
  /** Names of the classes, in order. */
  readonly labels: string[];
  /** Share of the rows that are right. */
  readonly accuracy: Interval;
  /** Mean recall of the classes that some reference has. */
  readonly balancedAccuracy: Interval;
  /** Matthews' correlation of references and predictions, from -1 to 1; 0 is no better than chance. */
  readonly matthewsCorrelation: Interval;
  /** Precision over the pooled rows of all classes: the accuracy. */
  readonly microPrecision: Interval;
  /** Recall over the pooled rows of all classes: the accuracy. */
  readonly microRecall: Interval;
  /** F1 over the pooled rows of all classes: the accuracy. */
  readonly microF1: Interval;
  /** Mean precision of the classes, those with no rows included. */
  readonly macroPrecision: Interval;
  /** Mean recall of the classes, those with no rows included. */
  readonly macroRecall: Interval;
  /** Mean F1 of the classes, those with no rows included. */
  readonly macroF1: Interval;
  /** Mean precision of the classes, weighted by support. */
  readonly weightedPrecision: Interval;
  /** Mean recall of the classes, weighted by support: the accuracy. */
  readonly weightedRecall: Interval;
  /** Mean F1 of the classes, weighted by support. */
  readonly weightedF1: Interval;
  /** F-beta for each of the option `betas`, in its order. */
  fBetas?: FBetaScores[];
  /** Scores of each class, in label order. */
  readonly perClass: ClassScores[];
  /** `confusion[i][j]`: rows of class i that were predicted as class j. */
  readonly confusion: number[][];
  /** The same counts with intervals, for at most 50 labels; a cell that no row fell into has one without width. */
  confusionIntervals?: Interval[][];
  /** With two labels: the scores of the second one, taken as the positive class. */
  binary?: { positive: string; precision: Interval; recall: Interval; f1: Interval };
}

type Averages = Record<typeof AVERAGES[number], Interval>;

/** Labels and how to draw the intervals. */
export interface ClassificationOptions extends BootstrapOptions {
  /** Names of the classes: class i is `labels[i]`. */
  readonly labels: string[];
  /** Values of beta whose F-beta is reported beside F1, such as 0.5 or 2; default none. */
  readonly betas?: readonly number[];
}

const MAX_INTERVAL_LABELS = 50; // an interval keeps all its resamples until it is made

/**
 * Accuracy, balanced accuracy, Matthews' correlation, precision, recall, F1 and F-beta (per class, micro, macro, weighted and,
 * with two labels, binary), the confusion matrix, and a bootstrap confidence interval for each metric.
 *
 * Values equal scikit-learn's `precision_recall_fscore_support(..., labels=range(K), zero_division=0)`,
 * `balanced_accuracy_score` and `matthews_corrcoef`: a ratio without a denominator counts as 0. All intervals come from the
 * same resamples, so they may be compared within a report.
 *
 * @param references True class per row, as an index into `labels`.
 * @param predictions Predicted class per row, as an index into `labels`.
 * @throws {EvaluationError} When there are no rows, the lengths differ, or a class is no index into `labels`.
 * @example
 * ```ts
 * import { classificationReport } from "./classification.ts";
 * import assert from "node:assert/strict";
 * const report = classificationReport([0, 0, 0, 1, 1], [0, 0, 1, 1, 1], { labels: ["ham", "spam"] });
 * assert.equal(report.accuracy.value, 0.8);
 * assert.deepEqual(report.confusion, [[2, 1], [0, 2]]);
 * assert.equal(report.binary?.recall.value, 1);
 * ```
 */
export function classificationReport(
  references: Numbers,
  predictions: Numbers,
  options: ClassificationOptions,
): ClassificationReport {
  const { labels, betas = [] } = options;
  const confusion = confusionMatrix(references, predictions, labels);
  const size = labels.length, n = references.length;
  const cells = occupiedCells(confusion);

  const scored = classMetrics(labels, { betas, classes: labels.keys() });
  const counts = new Float64Array(3 * size);
  const cellsAt = scored.names.length;
  const shownCells = size <= MAX_INTERVAL_LABELS ? cells.counts.length : 0;
  const metrics = (drawn: Float64Array, out: Float64Array) => {
    counts.fill(0);
    for (let c = 0; c < drawn.length; c++) {
      const i = cells.rows[c], j = cells.columns[c];
      counts[i] += drawn[c];
      counts[size + j] += drawn[c];
      if (i === j) counts[2 * size + i] += drawn[c];
    }
    scored.evaluate(counts, n, out);
    out.set(drawn.subarray(0, shownCells), cellsAt);
  };
  const intervals = bootstrapCells(cells.counts, metrics, { ...options, metrics: cellsAt + shownCells });

  const closed = confusionIntervals(confusion, options);
  const perClass = labels.map((label, k): ClassScores => ({
    label,
    ...closed.perClass[k],
    support: sum(confusion[k]),
  }));
  const of = Object.fromEntries(AVERAGES.map((name, m) => [name, intervals[m]])) as Averages;
  // With one label a row the micro averages are the accuracy, and so is weighted recall.
  const { accuracy, macroF1 } = closed;
  const report: ClassificationReport = {
    n,
    labels: [...labels],
    ...of,
    ...{ accuracy, microPrecision: accuracy, microRecall: accuracy, microF1: accuracy },
    ...{ macroF1, weightedRecall: accuracy },
    perClass,
    confusion,
  };
  if (betas.length > 0) {
    report.fBetas = betas.map((beta, b): FBetaScores => {
      const [macro, weighted] = intervals.slice(scored.betaAt(b));
      return { beta, macro, weighted, perClass: labels.map((_, k) => intervals[scored.classAt(k) + 3 + b]) };
    });
  }
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

/** How a confusion matrix is made. */
export interface ConfusionOptions {
  /** Divide by the row's sum ("true"), the column's ("predicted") or the sum of all; default counts. An empty sum gives 0. */
  readonly normalize?: "true" | "predicted" | "all";
  /** Rows and columns, in this order; rows whose reference or prediction is another class are left out. */
  readonly subset?: readonly string[];
  /** Weight of each row, finite and not negative; default 1 each. */
  readonly sampleWeights?: Numbers;
}

/**
 * Counts of (true class, predicted class): `matrix[i][j]` rows of class i were predicted as class j. Equal to
 * scikit-learn's `confusion_matrix`.
 *
 * @throws {EvaluationError} When there are no rows, the lengths differ, a class is no index into `labels`, or no reference is
 *   of the subset.
 * @example
 * ```ts
 * import { confusionMatrix } from "./classification.ts";
 * import assert from "node:assert/strict";
 * assert.deepEqual(confusionMatrix([0, 1, 1], [0, 0, 1], ["ham", "spam"], { normalize: "true" }), [[1, 0], [0.5, 0.5]]);
 * ```
 */
export function confusionMatrix(
  references: Numbers,
  predictions: Numbers,
  labels: readonly string[],
  options: ConfusionOptions = {},
): number[][] {
  const size = checkLabels(labels);
  const n = checkLengths(references.length, predictions.length);
  const weights = checkWeights(options.sampleWeights, n);
  const matrix = labels.map(() => new Array<number>(size).fill(0));
  const present = new Uint8Array(size);
  for (let row = 0; row < n; row++) {
    const wanted = checkClass(references[row], { row, what: "reference", size });
    const found = checkClass(predictions[row], { row, what: "prediction", size });
    matrix[wanted][found] += weights ? weights[row] : 1;
    present[wanted] = 1;
  }
  const { subset, normalize } = options;
  if (!subset && !normalize) return matrix;
  const classes = subsetClasses(subset, labels, () => true);
  if (!classes.some((k) => present[k])) {
    fail(`Cannot make a confusion matrix: no reference is one of ${listLabels(subset ?? labels)}`);
  }
  return normalized(Array.from(classes, (i) => Array.from(classes, (j) => matrix[i][j])), normalize);
}

function normalized(matrix: number[][], by: ConfusionOptions["normalize"]): number[][] {
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
  const rows = matrix.map(sum), columns = matrix.map((_, j) => sum(matrix.map((row) => row[j])));
  const all = sum(rows);
  if (by === undefined) return matrix;
  checkOneOf("normalize", by, ["true", "predicted", "all"]);
  const whole = (i: number, j: number) => by === "true" ? rows[i] : by === "predicted" ? columns[j] : all;
  return matrix.map((row, i) => row.map((value, j) => ratio(value, whole(i, j))));
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
