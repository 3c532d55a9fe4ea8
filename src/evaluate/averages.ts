import {
  type ClassCounts,
  countClasses,
  type LabelSubset,
  pickClasses,
  ratio,
  type RowOptions,
  shown,
  subsetClasses,
} from "./counts.ts";
import { EvaluationError } from "./errors.ts";

/**
 * How the scores of several classes become one.
 *
 * - `micro`: the counts of all classes are added up, then scored.
 * - `macro`: mean of the classes' scores.
 * - `weighted`: mean of the classes' scores, weighted by how often each class is true.
 * - `binary`: the score of the positive class; needs two labels.
 */
export type Average = "micro" | "macro" | "weighted" | "binary";

/** What a ratio with the denominator 0 counts as; NaN leaves it out of averages. */
export type ZeroDivision = number;

/** Which classes count and how. */
export interface ClassScoreOptions extends RowOptions {
  /** The classes that are scored; default all labels, absent ones too. "present" is scikit-learn's default. */
  subset?: LabelSubset;
  /** Weight of recall against precision, from 0 (precision alone) to infinity (recall alone); default 1. */
  beta?: number;
  /** What a ratio with the denominator 0 counts as: 0, 1 or NaN; default 0. */
  zeroDivision?: ZeroDivision;
}

/** Which classes count and how their scores become one. */
export interface AverageOptions extends ClassScoreOptions {
  /** How the scores of the classes become one. */
  average: Average;
  /** With average "binary": the class that counts; default the second label. */
  positive?: string;
}

/** Precision, recall and F-beta, each in [0, 1], or NaN where `zeroDivision` is. */
export interface FScores {
  /** Share of what was predicted that is true. */
  precision: number;
  /** Share of what is true that was predicted. */
  recall: number;
  /** Weighted harmonic mean of precision and recall. */
  fBeta: number;
}

/** The scores of one class. */
export interface LabelFScores extends FScores {
  /** Name of the class. */
  label: string;
  /** Rows whose reference is this class, or the sum of their weights. */
  support: number;
}

/**
 * Precision, recall and F-beta, averaged over classes.
 *
 * F-beta is (1 + β²)·TP / ((1 + β²)·TP + β²·FN + FP). With a subset, "micro" adds up the counts of the subset alone, so it
 * is no longer the accuracy. Values equal scikit-learn 1.9's `precision_recall_fscore_support(references, predictions,
 * labels=subset, average=..., beta=..., zero_division=...)`; there the default subset is "present".
 *
 * @param references True class per row, as an index into `labels`.
 * @param predictions Predicted class per row, as an index into `labels`.
 * @throws {EvaluationError} When there are no rows, lengths differ, a class is no index into `labels`, an option is out of
 *   range, or "binary" is asked of other than two labels.
 * @example
 * ```ts
 * import { precisionRecallF } from "./averages.ts";
 * import assert from "node:assert/strict";
 *
 * const labels = ["ham", "spam"];
 * const scores = precisionRecallF([0, 0, 0, 1], [0, 0, 1, 1], { labels, average: "binary", beta: 2 });
 * assert.deepEqual(scores, { precision: 0.5, recall: 1, fBeta: 5 / 6 });
 * ```
 */
export function precisionRecallF(
  references: ArrayLike<number>,
  predictions: ArrayLike<number>,
  options: AverageOptions,
): FScores {
  const { counts } = countAveraged(references, predictions, options);
  return averagedF(counts, options);
}

/**
 * Precision, recall and F-beta of each class.
 *
 * Values equal scikit-learn 1.9's `precision_recall_fscore_support(..., average=None)`.
 *
 * @param references True class per row, as an index into `labels`.
 * @param predictions Predicted class per row, as an index into `labels`.
 * @throws {EvaluationError} As `precisionRecallF`.
 * @example
 * ```ts
 * import { precisionRecallFPerClass } from "./averages.ts";
 * import assert from "node:assert/strict";
 *
 * const [ham] = precisionRecallFPerClass([0, 0, 0, 1], [0, 0, 1, 1], { labels: ["ham", "spam"] });
 * assert.deepEqual(ham, { label: "ham", precision: 1, recall: 2 / 3, fBeta: 0.8, support: 3 });
 * ```
 */
export function precisionRecallFPerClass(
  references: ArrayLike<number>,
  predictions: ArrayLike<number>,
  options: ClassScoreOptions,
): LabelFScores[] {
  const { counts, classes } = countSubset(references, predictions, options);
  return scoresPerLabel(counts, Array.from(classes, (k) => options.labels[k]), options);
}

/**
 * Jaccard's index, TP / (TP + FP + FN), averaged over classes: in [0, 1].
 *
 * Values equal scikit-learn 1.9's `jaccard_score`, which takes 0 and 1 for `zeroDivision` and not NaN.
 *
 * @param references True class per row, as an index into `labels`.
 * @param predictions Predicted class per row, as an index into `labels`.
 * @throws {EvaluationError} As `precisionRecallF`.
 * @example
 * ```ts
 * import { jaccard } from "./averages.ts";
 * import assert from "node:assert/strict";
 *
 * const options = { labels: ["ham", "spam"], average: "macro" } as const;
 * assert.equal(jaccard([0, 0, 0, 1], [0, 0, 1, 1], options), (2 / 3 + 1 / 2) / 2);
 * ```
 */
export function jaccard(
  references: ArrayLike<number>,
  predictions: ArrayLike<number>,
  options: Omit<AverageOptions, "beta">,
): number {
  const { counts } = countAveraged(references, predictions, options);
  return averagedJaccard(counts, options);
}

/** Jaccard's index of each class, in the order of the labels or of the subset; see `jaccard`. */
export function jaccardPerClass(
  references: ArrayLike<number>,
  predictions: ArrayLike<number>,
  options: Omit<ClassScoreOptions, "beta">,
): number[] {
  const { counts } = countSubset(references, predictions, options);
  return Array.from(jaccardOf(counts, options.zeroDivision));
}

/** Options that scores of counts have, whatever the counts are of. */
interface CountScoring {
  beta?: number;
  zeroDivision?: ZeroDivision;
}

/** Averages of counts: per class, or for "samples" per row, with the rows' weights. */
interface CountAveraging extends CountScoring {
  average: Average | "samples";
  sampleWeights?: ArrayLike<number>;
}

/** Precision, recall and F-beta of each label that was counted. */
export function scoresPerLabel(
  counts: ClassCounts,
  labels: readonly string[],
  options: CountScoring,
): LabelFScores[] {
  const { precision, recall, fBeta } = scoresOf(counts, options);
  return labels.map((label, k) => ({
    label,
    precision: precision[k],
    recall: recall[k],
    fBeta: fBeta[k],
    support: counts.truth[k],
  }));
}

/** One precision, recall and F-beta for all that was counted. */
export function averagedF(counts: ClassCounts, options: CountAveraging): FScores {
  const pooled = options.average === "micro" ? pool(counts) : counts;
  const weights = averageWeights(pooled, options);
  const { precision, recall, fBeta } = scoresOf(pooled, options);
  return {
    precision: meanOfNumbers(precision, weights),
    recall: meanOfNumbers(recall, weights),
    fBeta: meanOfNumbers(fBeta, weights),
  };
}

/** One Jaccard's index for all that was counted. */
export function averagedJaccard(counts: ClassCounts, options: CountAveraging): number {
  const pooled = options.average === "micro" ? pool(counts) : counts;
  const scores = jaccardOf(pooled, options.zeroDivision);
  const weights = averageWeights(pooled, options);
  return mean(scores, weights && sum(weights) > 0 ? weights : undefined);
}

export function checkZeroDivision(value: ZeroDivision | undefined): number {
  if (value === undefined || value === 0) return 0;
  if (value === 1 || Number.isNaN(value)) return value;
  throw new EvaluationError(`zeroDivision must be 0, 1 or NaN, got ${value}`);
}

export function checkBeta(beta: number | undefined): number {
  if (beta === undefined) return 1;
  if (beta >= 0) return beta;
  throw new EvaluationError(`beta must be a number from 0 on, got ${beta}`);
}

function countSubset(
  references: ArrayLike<number>,
  predictions: ArrayLike<number>,
  options: ClassScoreOptions,
): { counts: ClassCounts; classes: Int32Array } {
  const counts = countClasses(references, predictions, options);
  const found = new Uint8Array(options.labels.length); // present is what rows have, whatever their weight
  for (let row = 0; row < references.length; row++) found[references[row]] = found[predictions[row]] = 1;
  const classes = subsetClasses(options.subset, options.labels, (k) => found[k] === 1);
  return { counts: pickClasses(counts, classes), classes };
}

function countAveraged(
  references: ArrayLike<number>,
  predictions: ArrayLike<number>,
  options: AverageOptions,
): { counts: ClassCounts } {
  const { average, labels, positive } = options;
  if (!["micro", "macro", "weighted", "binary"].includes(average)) {
    throw new EvaluationError(
      `average must be "micro", "macro", "weighted" or "binary" with one label a row, got ${
        JSON.stringify(average)
      }`,
    );
  }
  if (average !== "binary") return countSubset(references, predictions, options);
  if (labels.length !== 2) {
    throw new EvaluationError(
      `average "binary" needs two labels, got ${labels.length}: ${
        shown(labels)
      }; use "macro" or name a subset`,
    );
  }
  return countSubset(references, predictions, { ...options, subset: [positive ?? labels[1]] });
}

function scoresOf(counts: ClassCounts, options: CountScoring): {
  precision: Float64Array;
  recall: Float64Array;
  fBeta: Float64Array;
} {
  const otherwise = checkZeroDivision(options.zeroDivision), beta = checkBeta(options.beta);
  const { truth, predicted, right } = counts;
  const precision = right.map((part, k) => ratio(part, predicted[k], otherwise));
  const recall = right.map((part, k) => ratio(part, truth[k], otherwise));
  if (beta === Infinity) return { precision, recall, fBeta: recall };
  if (beta === 0) return { precision, recall, fBeta: precision };
  const square = beta * beta;
  const fBeta = right.map((part, k) =>
    ratio((1 + square) * part, square * truth[k] + predicted[k], otherwise)
  );
  return { precision, recall, fBeta };
}

export function jaccardOf({ truth, predicted, right }: ClassCounts, zeroDivision?: number): Float64Array {
  const otherwise = checkZeroDivision(zeroDivision);
  if (Number.isNaN(otherwise)) {
    throw new EvaluationError("zeroDivision of Jaccard's index must be 0 or 1, got NaN");
  }
  return right.map((part, k) => ratio(part, part + (predicted[k] - part) + (truth[k] - part), otherwise));
}

function pool({ truth, predicted, right }: ClassCounts): ClassCounts {
  return {
    truth: Float64Array.of(sum(truth)),
    predicted: Float64Array.of(sum(predicted)),
    right: Float64Array.of(sum(right)),
  };
}

function averageWeights(counts: ClassCounts, options: CountAveraging): ArrayLike<number> | undefined {
  if (options.average === "weighted") return counts.truth;
  return options.average === "samples" ? options.sampleWeights : undefined;
}

/** Mean of those that are numbers; weights that add up to 0 are passed over. */
function meanOfNumbers(values: Float64Array, weights: ArrayLike<number> | undefined): number {
  const kept = Array.from(values.keys()).filter((k) => !Number.isNaN(values[k]));
  if (kept.length === 0) return NaN;
  const numbers = Float64Array.from(kept, (k) => values[k]);
  const their = weights && Float64Array.from(kept, (k) => weights[k]);
  return mean(numbers, their && sum(their) > 0 ? their : undefined);
}

function mean(values: ArrayLike<number>, weights: ArrayLike<number> | undefined): number {
  if (!weights) return sum(values) / values.length;
  let total = 0;
  for (let k = 0; k < values.length; k++) total += values[k] * weights[k];
  return total / sum(weights);
}

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let k = 0; k < values.length; k++) total += values[k];
  return total;
}
