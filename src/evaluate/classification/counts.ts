/**
 * The confusion matrix and the checks of the columns it is counted from.
 *
 * @module
 */
import { listLabels } from "../../base/labels.ts";
import { show } from "../../base/text.ts";
import { checkLengths, fail, Numbers, refuse } from "../../statistics/checks.ts";

/**
 * How often each class was true, predicted, and both: accuracy, precision, recall, F-beta, Jaccard's index and Matthews'
 * correlation are functions of these. With sample weights they are sums of weights.
 */
export interface ClassCounts {
  /** Rows whose reference is class k: [K]. */
  readonly truth: Float64Array;
  /** Rows predicted as class k: [K]. */
  readonly predicted: Float64Array;
  /** Rows of class k that were predicted as it: [K]. */
  readonly right: Float64Array;
}

/** The classes of a data set and how much each row counts. */
export interface RowOptions {
  /** Names of the classes: class k is `labels[k]`. At most 2,000. */
  readonly labels: readonly string[];
  /** Weight of each row, finite and not negative; default 1 each. */
  readonly sampleWeights?: Numbers;
}

/** A part of the classes: names, or "present" for those that some reference or prediction has. */
export type LabelSubset = "present" | readonly string[];

const MAX_LABELS = 2000; // confusion matrices are dense
const MAX_STATISTICS = 2 ** 27; // 1 GiB

/**
 * Indices of class names, as the other functions take them.
 *
 * @throws {EvaluationError} When a name is not among the labels, or a label is there twice.
 * @example
 * ```ts
 * import { classIndices } from "./counts.ts";
 * import assert from "node:assert/strict";
 * assert.deepEqual([...classIndices(["spam", "ham"], ["ham", "spam"])], [1, 0]);
 * ```
 */
export function classIndices(values: readonly string[], labels: readonly string[]): Int32Array {
  return lookUp(values, labels, (row) => `the label of row ${row}`);
}

/** Counts of one label a row. */
export function countClasses(references: Numbers, predictions: Numbers, options: RowOptions): ClassCounts {
  const size = checkLabels(options.labels);
  const n = checkLengths(references.length, predictions.length);
  const weights = checkWeights(options.sampleWeights, n);
  const truth = new Float64Array(size), predicted = new Float64Array(size), right = new Float64Array(size);
  for (let row = 0; row < n; row++) {
    const wanted = checkClass(references[row], { row, what: "reference", size });
    const found = checkClass(predictions[row], { row, what: "prediction", size });
    const weight = weights ? weights[row] : 1;
    truth[wanted] += weight;
    predicted[found] += weight;
    if (wanted === found) right[wanted] += weight;
  }
  return { truth, predicted, right };
}

/** The counts of some classes, in the order given. */
export function pickClasses(counts: ClassCounts, classes: Numbers): ClassCounts {
  const pick = (values: Float64Array) => Float64Array.from(classes, (k) => values[k]);
  return { truth: pick(counts.truth), predicted: pick(counts.predicted), right: pick(counts.right) };
}

/** The classes that a subset names: all without one. `present` tells whether any row has class k. */
export function subsetClasses(
  subset: LabelSubset | undefined,
  labels: readonly string[],
  present: (k: number) => boolean,
): Int32Array {
  if (subset === undefined) return Int32Array.from(labels, (_, k) => k);
  if (subset === "present") return Int32Array.from(labels.keys()).filter(present);
  if (subset.length === 0) fail("Cannot evaluate: the subset of labels is empty");
  labelIndex(subset); // none twice
  return lookUp(subset, labels, () => "a label of the subset");
}

function lookUp(
  names: readonly string[],
  labels: readonly string[],
  what: (at: number) => string,
): Int32Array {
  const indexOf = labelIndex(labels);
  return Int32Array.from(
    names,
    (name, at) => indexOf.get(name) ?? refuse(what(at), name, `one of ${listLabels(labels)}`),
  );
}

/** How many labels there are. */
export function checkLabels(labels: readonly string[]): number {
  const size = labels.length;
  if (size >= 1 && size <= MAX_LABELS) return size;
  fail(`Cannot evaluate with ${size} labels: from 1 to ${MAX_LABELS} are possible`);
}

/** Weights that are finite and not negative, with a sum above 0. */
export function checkWeights(weights: Numbers | undefined, n: number): Numbers | undefined {
  if (weights === undefined) return undefined;
  if (weights.length !== n) {
    fail(`Cannot weigh ${n} rows with ${weights.length} weights: every row needs one`);
  }
  let total = 0;
  for (let row = 0; row < n; row++) {
    if (!(weights[row] >= 0 && weights[row] < Infinity)) {
      refuse(`the weight of row ${row}`, weights[row], "a finite number from 0 on");
    }
    total += weights[row];
  }
  if (total > 0 && total < Infinity) return weights;
  refuse("the sum of the weights", total, "a finite sum above 0");
}

/** Mean over rows of a value, by their weights. */
export function weightedMean(
  n: number,
  sampleWeights: Numbers | undefined,
  value: (row: number) => number,
): number {
  const weights = checkWeights(sampleWeights, n);
  let sum = 0, total = 0;
  for (let row = 0; row < n; row++) {
    const weight = weights ? weights[row] : 1;
    sum += weight * value(row), total += weight;
  }
  return sum / total;
}

/** A class that is among the labels. */
export function checkClass(value: number, at: { row: number; what: string; size: number }): number {
  if (Number.isInteger(value) && value >= 0 && value < at.size) return value;
  refuse(`${at.what} of row ${at.row}`, value, `a class from 0 to ${at.size - 1}`);
}

/** Statistics of rows that fit into 1 GiB. */
export function checkStatistics(n: number, width: number): void {
  if (n * width <= MAX_STATISTICS) return;
  fail(
    `Cannot keep ${width} statistics for each of ${n} rows: at most ${MAX_STATISTICS} in all; use a report`,
  );
}

/** Part over whole; `otherwise` where the whole is 0. */
export function ratio(part: number, whole: number, otherwise = 0): number {
  return whole === 0 ? otherwise : part / whole;
}

function labelIndex(labels: readonly string[]): Map<string, number> {
  const indexOf = new Map<string, number>();
  labels.forEach((label, k) => {
    if (indexOf.has(label)) fail(`Cannot evaluate: the label ${show(label)} is there twice`);
    indexOf.set(label, k);
  });
  return indexOf;
}
