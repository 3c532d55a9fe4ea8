/**
 * Scores of several classes made one: micro, macro, weighted.
 *
 * @module
 */
import { listLabels } from "../../base/labels.ts";
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
  type ClassCounts,
  countClasses,
  type LabelSubset,
  pickClasses,
  type RowOptions,
  subsetClasses,
} from "./counts.ts";
import { checkOneOf, fail, Numbers } from "../../statistics/checks.ts";

export type { CountScoring, FScores, LabelFScores, ZeroDivision } from "./count_scores.ts";

/**
 * How the scores of several classes become one: "micro" adds up the counts of all classes and scores those, "macro" is the mean
 * of the classes' scores, "weighted" that by how often each class is true, "binary" the score of the positive one of two.
 */
export type Average = "micro" | "macro" | "weighted" | "binary";

/** Which classes count and how. */
export interface ClassScoreOptions extends RowOptions, CountScoring {
  /** The classes that are scored; default all labels, absent ones too. "present" is scikit-learn's default. */
  readonly subset?: LabelSubset;
}

/** Which classes count and how their scores become one. */
export interface AverageOptions extends ClassScoreOptions {
  /** How the scores of the classes become one. */
  readonly average: Average;
  /** With average "binary": the class that counts; default the second label. */
  readonly positive?: string;
}

/**
 * Precision, recall and F-beta, averaged over classes.
 *
 * F-beta is (1 + β²)·TP / ((1 + β²)·TP + β²·FN + FP). With a subset, "micro" is no longer the accuracy. Values equal
 * scikit-learn 1.9's `precision_recall_fscore_support(..., labels=subset, average=..., beta=..., zero_division=...)`, whose
 * default subset is "present".
 *
 * @param references True class per row, as an index into `labels`.
 * @param predictions Predicted class per row, as an index into `labels`.
 * @throws {EvaluationError} When there are no rows, lengths differ, a class is no index into `labels`, an option is out of
 *   range, or "binary" is asked of other than two labels.
 * @example
 * ```ts
 * import { jaccard, precisionRecallF, precisionRecallFPerClass } from "./averages.ts";
 * import assert from "node:assert/strict";
 * const labels = ["ham", "spam"];
 * const scores = precisionRecallF([0, 0, 0, 1], [0, 0, 1, 1], { labels, average: "binary", beta: 2 });
 * assert.deepEqual(scores, { precision: 0.5, recall: 1, fBeta: 5 / 6 });
 * const [ham] = precisionRecallFPerClass([0, 0, 0, 1], [0, 0, 1, 1], { labels: ["ham", "spam"] });
 * assert.deepEqual(ham, { label: "ham", precision: 1, recall: 2 / 3, fBeta: 0.8, support: 3 });
 * const options = { labels: ["ham", "spam"], average: "macro" } as const;
 * assert.equal(jaccard([0, 0, 0, 1], [0, 0, 1, 1], options), (2 / 3 + 1 / 2) / 2);
 * ```
 */
export function precisionRecallF(
  references: Numbers,
  predictions: Numbers,
  options: AverageOptions,
): FScores {
  return averagedF(countAveraged(references, predictions, options), options);
}

/** Precision, recall and F-beta of each class (scikit-learn's `average=None`); see `precisionRecallF`. */
export function precisionRecallFPerClass(
  references: Numbers,
  predictions: Numbers,
  options: ClassScoreOptions,
): LabelFScores[] {
  const { counts, classes } = countSubset(references, predictions, options);
  return scoresPerLabel(counts, Array.from(classes, (k) => options.labels[k]), options);
}

/**
 * Jaccard's index, TP / (TP + FP + FN), averaged over classes: in [0, 1]. Values equal scikit-learn 1.9's
 * `jaccard_score`, which takes 0 and 1 for `zeroDivision` and not NaN.
 *
 * @throws {EvaluationError} As `precisionRecallF`, whose columns and options it takes.
 */
export function jaccard(
  references: Numbers,
  predictions: Numbers,
  options: Omit<AverageOptions, "beta">,
): number {
  return averagedJaccard(countAveraged(references, predictions, options), options);
}

/** Jaccard's index of each class, in the order of the labels or of the subset; see `jaccard`. */
export function jaccardPerClass(
  references: Numbers,
  predictions: Numbers,
  options: Omit<ClassScoreOptions, "beta">,
): number[] {
  const { counts } = countSubset(references, predictions, options);
  return Array.from(jaccardOf(counts, options.zeroDivision));
}

function countSubset(
  references: Numbers,
  predictions: Numbers,
  options: ClassScoreOptions,
): { counts: ClassCounts; classes: Int32Array } {
  const counts = countClasses(references, predictions, options);
  const found = new Uint8Array(options.labels.length); // present is what rows have, whatever their weight
  for (let row = 0; row < references.length; row++) found[references[row]] = found[predictions[row]] = 1;
  const classes = subsetClasses(options.subset, options.labels, (k) => found[k] === 1);
  return { counts: pickClasses(counts, classes), classes };
}

function countAveraged(references: Numbers, predictions: Numbers, options: AverageOptions): ClassCounts {
  const { average, labels, positive } = options;
  checkOneOf("average with one label a row", average, ["micro", "macro", "weighted", "binary"]);
  if (average === "binary" && labels.length !== 2) {
    fail(
      `average "binary" needs two labels, got ${labels.length}: ${
        listLabels(labels)
      }; use "macro" or name a subset`,
    );
  }
  const chosen = average === "binary" ? { ...options, subset: [positive ?? labels[1]] } : options;
  return countSubset(references, predictions, chosen).counts;
}
