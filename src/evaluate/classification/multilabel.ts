/**
 * Metrics of rows that have any number of labels. References are 1 where a row has a label, else 0, and predictions 1 where it
 * was given one, both row-major: [n, labels.length].
 *
 * @module
 */
import { listLabels } from "../../base/labels.ts";
import { show } from "../../base/text.ts";
import {
  averagedF,
  averagedJaccard,
  type CountScoring,
  type FScores,
  jaccardOf,
  type LabelFScores,
  scoresPerLabel,
} from "./count_scores.ts";
import {
  checkLabels,
  checkWeights,
  type ClassCounts,
  type RowOptions,
  subsetClasses,
  weightedMean,
} from "./counts.ts";
import { checkLengths, checkOneOf, fail, Numbers, refuse } from "../../statistics/checks.ts";
import { checkStatistics, ratio } from "./counts.ts";
import type { Decomposed } from "../../statistics/decomposed.ts";

/** How the scores of several labels become one. "samples": each row is scored by its own labels, then the rows are averaged. */
export type MultilabelAverage = "micro" | "macro" | "weighted" | "samples";

/** Which labels count and how. */
export interface MultilabelOptions extends RowOptions, CountScoring {
  /** The labels that are scored; default all. */
  readonly subset?: readonly string[];
}

/** Which labels count and how their scores become one. */
export interface MultilabelAverageOptions extends MultilabelOptions {
  /** How the scores of the labels, or rows, become one. */
  readonly average: MultilabelAverage;
}

/**
 * Sets of labels as the 0/1 cells that the functions here take, row-major: [n, labels.length].
 *
 * @throws {EvaluationError} When a row has a label that is not among `labels`.
 */
export function labelCells(rows: readonly (readonly string[])[], labels: readonly string[]): Uint8Array {
  const size = checkLabels(labels), cells = new Uint8Array(rows.length * size);
  const indexOf = new Map(labels.map((label, k) => [label, k]));
  rows.forEach((row, i) =>
    row.forEach((label) => {
      const k = indexOf.get(label);
      if (k === undefined) refuse(`a label of row ${i}`, label, `some of ${listLabels(labels)}`);
      cells[i * size + k] = 1;
    })
  );
  return cells;
}

/**
 * Precision, recall and F-beta where a row may have any number of labels, averaged over labels or rows. Values equal
 * scikit-learn 1.9's `precision_recall_fscore_support` of indicator matrices.
 *
 * @throws {EvaluationError} When there are no rows, lengths differ, a cell is neither 0 nor 1, or an option is out of range.
 * @example
 * ```ts
 * import { hammingLoss, labelCells, multilabelF, multilabelJaccard, subsetAccuracy } from "./multilabel.ts";
 * import assert from "node:assert/strict";
 * const options = { labels: ["a", "b"], average: "samples" } as const;
 * const scores = multilabelF([1, 1, 0, 1], [1, 0, 0, 1], options);
 * assert.deepEqual(scores, { precision: 1, recall: 0.75, fBeta: (2 / 3 + 1) / 2 });
 * assert.deepEqual([...labelCells([["b"], [], ["b", "a"]], ["a", "b"])], [0, 1, 0, 0, 1, 1]);
 * assert.equal(multilabelJaccard([1, 1, 0, 1], [1, 0, 0, 1], { labels: ["a", "b"], average: "samples" }), 0.75);
 * assert.equal(subsetAccuracy([1, 1, 0, 1], [1, 0, 0, 1], { labels: ["a", "b"] }), 0.5);
 * assert.equal(hammingLoss([1, 1, 0, 1], [1, 0, 0, 1], { labels: ["a", "b"] }), 0.25);
 * ```
 */
export function multilabelF(
  references: Numbers,
  predictions: Numbers,
  options: MultilabelAverageOptions,
): FScores {
  return averagedF(countCells(references, predictions, options, checkAverage(options.average)), options);
}

/** Precision, recall and F-beta of each label, in the order of the labels or of the subset; see `multilabelF`. */
export function multilabelFPerLabel(
  references: Numbers,
  predictions: Numbers,
  options: MultilabelOptions,
): LabelFScores[] {
  const counts = countCells(references, predictions, options, "macro");
  return scoresPerLabel(counts, options.subset ?? options.labels, options);
}

/**
 * Jaccard's index (shared labels over all that either has), averaged over labels or rows: in [0, 1]. Values equal
 * scikit-learn 1.9's `jaccard_score` of indicator matrices; `zeroDivision` is 0 or 1.
 *
 * @throws {EvaluationError} As `multilabelF`.
 */
export function multilabelJaccard(
  references: Numbers,
  predictions: Numbers,
  options: Omit<MultilabelAverageOptions, "beta">,
): number {
  const counts = countCells(references, predictions, options, checkAverage(options.average));
  return averagedJaccard(counts, options);
}

/** Jaccard's index of each label, in the order of the labels or of the subset; see `multilabelJaccard`. */
export function multilabelJaccardPerLabel(
  references: Numbers,
  predictions: Numbers,
  options: Omit<MultilabelOptions, "beta">,
): number[] {
  return Array.from(jaccardOf(countCells(references, predictions, options, "macro"), options.zeroDivision));
}

/**
 * Share of the rows whose labels are all right, in [0, 1]. One minus it is the zero-one loss. Equal to scikit-learn's
 * `accuracy_score` of indicator matrices.
 *
 * @throws {EvaluationError} As `multilabelF`.
 */
export function subsetAccuracy(references: Numbers, predictions: Numbers, options: RowOptions): number {
  return meanOfRows(references, predictions, options, (wrong) => wrong === 0 ? 1 : 0);
}

/**
 * Share of the cells (row and label) that are wrong, in [0, 1]. Equal to scikit-learn's `hamming_loss` of indicator
 * matrices.
 *
 * @throws {EvaluationError} As `multilabelF`.
 */
export function hammingLoss(references: Numbers, predictions: Numbers, options: RowOptions): number {
  const size = options.labels.length;
  return meanOfRows(references, predictions, options, (wrong) => wrong / size);
}

/** References and predictions (or other cells) of 0 and 1, row by row. */
export function checkCells(
  references: Numbers,
  predictions: Numbers,
  labels: readonly string[],
): { size: number; n: number } {
  const size = checkLabels(labels);
  checkLengths(references.length, predictions.length);
  for (const [cells, what] of [[references, "reference"], [predictions, "prediction"]] as const) {
    if (cells.length % size !== 0) {
      fail(`Cannot split ${cells.length} ${what} cells into rows of ${size} labels`);
    }
    for (let i = 0; i < cells.length; i++) {
      if (cells[i] !== 0 && cells[i] !== 1) {
        refuse(`the ${what} of ${cellName(i, labels)}`, cells[i], "0 or 1");
      }
    }
  }
  return { size, n: references.length / size };
}

/** Counts per label, or for "samples" per row. */
function countCells(
  references: Numbers,
  predictions: Numbers,
  options: MultilabelOptions,
  average: MultilabelAverage,
): ClassCounts {
  const { size, n } = checkCells(references, predictions, options.labels);
  const weights = checkWeights(options.sampleWeights, n);
  const chosen = subsetClasses(options.subset, options.labels, () => true);
  const parts = average === "samples" ? n : chosen.length;
  const [truth, predicted, right] = Array.from({ length: 3 }, () => new Float64Array(parts));
  for (let row = 0; row < n; row++) {
    const weight = weights ? weights[row] : 1;
    for (let c = 0; c < chosen.length; c++) {
      const at = row * size + chosen[c], part = average === "samples" ? row : c;
      truth[part] += weight * references[at];
      predicted[part] += weight * predictions[at];
      right[part] += weight * references[at] * predictions[at];
    }
  }
  return { truth, predicted, right };
}

function checkAverage(average: MultilabelAverage): MultilabelAverage {
  checkOneOf("average", average, ["micro", "macro", "weighted", "samples"]);
  return average;
}

/** Where a cell stands, for errors. */
export function cellName(cell: number, labels: readonly string[]): string {
  return `row ${Math.floor(cell / labels.length)} for ${show(labels[cell % labels.length])}`;
}

/** Mean of a function of how many cells of a row are wrong. */
function meanOfRows(
  references: Numbers,
  predictions: Numbers,
  options: RowOptions,
  value: (wrong: number) => number,
): number {
  const { size, n } = checkCells(references, predictions, options.labels);
  return weightedMean(n, options.sampleWeights, (row) => {
    let wrong = 0;
    for (let at = row * size; at < (row + 1) * size; at++) {
      if (references[at] !== predictions[at]) wrong++;
    }
    return value(wrong);
  });
}

const ROW_METRICS = ["subsetAccuracy", "hammingLoss", "samplesPrecision", "samplesRecall", "samplesF1"];
const AVERAGES = ["Precision", "Recall", "F1"];

/**
 * Multi-label metrics as sums over rows, for intervals, paired tests and slices: each row has which labels are
 * true, predicted and both, and its own scores. Names: subsetAccuracy, hammingLoss, samplesPrecision,
 * samplesRecall, samplesF1, then microPrecision, microRecall, microF1 and the same for macro and weighted. A ratio
 * without a denominator counts as 0.
 *
 * @throws {EvaluationError} As `multilabelF`; and when the statistics would take more than 1 GiB.
 * @example
 * ```ts
 * import { multilabelRows } from "./multilabel.ts";
 * import { evaluateAll } from "../../statistics/decomposed.ts";
 * import assert from "node:assert/strict";
 * const metrics = evaluateAll(multilabelRows([1, 1, 0, 1], [1, 0, 0, 1], { labels: ["a", "b"] }));
 * assert.equal(metrics.microF1, 0.8);
 * assert.equal(metrics.subsetAccuracy, 0.5);
 * ```
 */
export function multilabelRows(
  references: Numbers,
  predictions: Numbers,
  options: { labels: readonly string[] },
): Decomposed {
  const { size, n } = checkCells(references, predictions, options.labels);
  const own = ROW_METRICS.length, width = 3 * size + own;
  checkStatistics(n, width);
  const rows = new Float64Array(n * width);
  for (let row = 0; row < n; row++) {
    const at = row * width;
    let truth = 0, predicted = 0, right = 0;
    for (let k = 0; k < size; k++) {
      const wanted = references[row * size + k], found = predictions[row * size + k];
      rows[at + own + k] = wanted,
        rows[at + own + size + k] = found,
        rows[at + own + 2 * size + k] = wanted * found;
      truth += wanted, predicted += found, right += wanted * found;
    }
    const wrong = truth + predicted - 2 * right;
    rows[at] = wrong === 0 ? 1 : 0, rows[at + 1] = wrong / size;
    rows[at + 2] = ratio(right, predicted), rows[at + 3] = ratio(right, truth);
    rows[at + 4] = ratio(2 * right, truth + predicted);
  }
  const evaluate = (sums: Float64Array, n: number, out: Float64Array) => {
    for (let m = 0; m < own; m++) out[m] = sums[m] / n;
    const part = (at: number) => sums.subarray(own + at * size, own + (at + 1) * size);
    const counts = { truth: part(0), predicted: part(1), right: part(2) };
    let at = own;
    for (const average of ["micro", "macro", "weighted"] as const) {
      const { precision, recall, fBeta } = averagedF(counts, { average });
      out[at++] = precision, out[at++] = recall, out[at++] = fBeta;
    }
  };
  const names = [
    ...ROW_METRICS,
    ...["micro", "macro", "weighted"].flatMap((average) => AVERAGES.map((name) => average + name)),
  ];
  return { names, n, width, rows, evaluate };
}
