/**
 * A classifier's metrics as sums over rows, for intervals, paired tests and slices.
 *
 * @module
 */
import { balancedAccuracyOf, matthewsOf } from "./accuracy.ts";
import { checkClass, checkLabels, checkStatistics, ratio } from "./counts.ts";
import type { Decomposed } from "../../statistics/decomposed.ts";
import { checkLengths, fail, Numbers } from "../../statistics/checks.ts";
import { checkBeta } from "./count_scores.ts";

/** Which metrics the rows of a classifier give. */
export interface ClassRowsOptions {
  /** Names of the classes: class k is `labels[k]`. */
  readonly labels: readonly string[];
  /** Precision, recall and F of every class too; default of the second label of two, else of none. */
  readonly perClass?: boolean;
  /** Values of beta whose F-beta is wanted beside F1; default none. */
  readonly betas?: readonly number[];
}

/** The metrics of all classes together, in the order they are written; `classMetrics` computes them by name. */
export const AVERAGES = [
  "accuracy",
  "balancedAccuracy",
  "matthewsCorrelation",
  "macroPrecision",
  "macroRecall",
  "macroF1",
  "weightedPrecision",
  "weightedF1",
] as const;

/**
 * A classifier's metrics as sums over rows, for intervals, paired tests and slices: each row has 3K statistics, which class is
 * true, which was predicted, and which was both.
 *
 * Names: those of `AVERAGES`, then for each beta macroF2 and weightedF2 (with that beta), then for each class that is asked
 * for precision.NAME, recall.NAME, f1.NAME and f2.NAME. Micro averages and the weighted recall are the accuracy. A ratio
 * without a denominator counts as 0; balanced accuracy is over the classes that the rows in hand have.
 *
 * @param references True class per row, as an index into `labels`.
 * @param predictions Predicted class per row, as an index into `labels`.
 * @throws {EvaluationError} When there are no rows, lengths differ, a class is no index into `labels`, or the statistics would
 *   take more than 1 GiB (then `classificationReport` draws its intervals from the confusion matrix alone).
 * @example
 * ```ts
 * import { classificationRows } from "./class_rows.ts";
 * import { evaluateAll } from "../../statistics/decomposed.ts";
 * import assert from "node:assert/strict";
 * const rows = classificationRows([0, 0, 0, 1], [0, 0, 1, 1], { labels: ["ham", "spam"] });
 * const metrics = evaluateAll(rows);
 * assert.equal(metrics.accuracy, 0.75);
 * assert.equal(metrics["f1.spam"], 2 / 3);
 * ```
 */
export function classificationRows(
  references: Numbers,
  predictions: Numbers,
  options: ClassRowsOptions,
): Decomposed {
  const { labels, perClass, betas = [] } = options;
  const size = checkLabels(labels), width = 3 * size;
  const n = checkLengths(references.length, predictions.length);
  checkStatistics(n, width);
  const rows = new Float64Array(n * width);
  for (let row = 0, at = 0; row < n; row++, at += width) {
    const wanted = checkClass(references[row], { row, what: "reference", size });
    const found = checkClass(predictions[row], { row, what: "prediction", size });
    rows[at + wanted] = 1;
    rows[at + size + found] = 1;
    if (wanted === found) rows[at + 2 * size + wanted] = 1;
  }
  const classes = perClass ? labels.keys() : perClass === undefined && size === 2 ? [1] : [];
  const { names, evaluate } = classMetrics(labels, { betas, classes });
  return { names, n, width, rows, evaluate };
}

/** Metrics of counts: how they are called, where they stand, and what computes them. */
export interface ClassMetrics {
  /** Names of the metrics, in the order they are written. */
  readonly names: string[];
  /** Where the macro average of beta number b stands; the weighted one follows. */
  betaAt(b: number): number;
  /** Where precision, recall, F1 and F-betas of class number c of those asked for start. */
  classAt(c: number): number;
  /** `counts`: how often each class was true, predicted, and both, one after the other: [3K]. */
  evaluate(counts: Float64Array, n: number, out: Float64Array): void;
}

/** The metrics of one label a row as a function of how often each class was true, predicted, and both. */
export function classMetrics(
  labels: readonly string[],
  options: { betas: readonly number[]; classes: Iterable<number> },
): ClassMetrics {
  const size = labels.length, classes = [...options.classes];
  const { betas } = options;
  if (betas.some((beta) => checkBeta(beta) === Infinity)) {
    fail("beta must be finite here, got Infinity: that is the recall");
  }
  const squares = Float64Array.of(1, ...betas.map((beta) => beta * beta)), kinds = squares.length;
  const classesAt = AVERAGES.length + 2 * betas.length, perClass = 3 + betas.length;
  const names = [
    ...AVERAGES,
    ...betas.flatMap((beta) => [`macroF${beta}`, `weightedF${beta}`]),
    ...classes.flatMap((k) => [
      `precision.${labels[k]}`,
      `recall.${labels[k]}`,
      `f1.${labels[k]}`,
      ...betas.map((beta) => `f${beta}.${labels[k]}`),
    ]),
  ];

  const macroF = new Float64Array(kinds), weightedF = new Float64Array(kinds);
  const evaluate = (counts: Float64Array, n: number, out: Float64Array) => {
    const truth = counts.subarray(0, size);
    const predicted = counts.subarray(size, 2 * size);
    const right = counts.subarray(2 * size, 3 * size);
    let good = 0, precisions = 0, recalls = 0, weightedPrecision = 0;
    macroF.fill(0), weightedF.fill(0);
    for (let k = 0; k < size; k++) {
      const precision = ratio(right[k], predicted[k]);
      good += right[k];
      precisions += precision, recalls += ratio(right[k], truth[k]);
      weightedPrecision += precision * truth[k];
      for (let b = 0; b < kinds; b++) {
        const f = ratio((1 + squares[b]) * right[k], squares[b] * truth[k] + predicted[k]);
        macroF[b] += f, weightedF[b] += f * truth[k];
      }
    }
    const every = { truth, predicted, right };
    const averages: Record<typeof AVERAGES[number], number> = {
      accuracy: good / n,
      balancedAccuracy: balancedAccuracyOf(every),
      matthewsCorrelation: matthewsOf(every),
      macroPrecision: precisions / size,
      macroRecall: recalls / size,
      macroF1: macroF[0] / size,
      weightedPrecision: weightedPrecision / n,
      weightedF1: weightedF[0] / n,
    };
    AVERAGES.forEach((name, at) => out[at] = averages[name]);
    for (let b = 1, at = AVERAGES.length; b < kinds; b++) {
      out[at++] = macroF[b] / size, out[at++] = weightedF[b] / n;
    }
    for (let c = 0, at = classesAt; c < classes.length; c++) {
      const k = classes[c];
      out[at++] = ratio(right[k], predicted[k]), out[at++] = ratio(right[k], truth[k]);
      for (let b = 0; b < kinds; b++) {
        out[at++] = ratio((1 + squares[b]) * right[k], squares[b] * truth[k] + predicted[k]);
      }
    }
  };
  return {
    names,
    betaAt: (b) => AVERAGES.length + 2 * b,
    classAt: (c) => classesAt + perClass * c,
    evaluate,
  };
}
