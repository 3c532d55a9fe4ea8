/**
 * Accuracy, balanced accuracy and their relatives. References and predictions are the true and the predicted class per row, as
 * indices into `labels`.
 *
 * @module
 */
import { sum } from "../../base/arrays.ts";
import { show } from "../../base/text.ts";
import {
  checkClass,
  checkLabels,
  type ClassCounts,
  countClasses,
  type RowOptions,
  weightedMean,
} from "./counts.ts";
import { checkLengths, checkWhole, fail, Numbers, refuse } from "../../statistics/checks.ts";

/**
 * Share of the rows that are right, in [0, 1]; with weights, the share of the weight. Equal to scikit-learn's
 * `accuracy_score`.
 *
 * @throws {EvaluationError} When there are no rows, lengths differ, or a class is no index into `labels`.
 * @example
 * ```ts
 * import { accuracy } from "./accuracy.ts";
 * import assert from "node:assert/strict";
 * assert.equal(accuracy([0, 1, 1, 1], [0, 1, 1, 0], { labels: ["ham", "spam"] }), 0.75);
 * ```
 */
export function accuracy(references: Numbers, predictions: Numbers, options: RowOptions): number {
  const { truth, right } = countClasses(references, predictions, options);
  return sum(right) / sum(truth);
}

/**
 * Share of the rows that are wrong, in [0, 1], or with `normalize: false` how many (or their weight). With one label a
 * row this is also the Hamming loss. Equal to scikit-learn's `zero_one_loss`.
 *
 * @throws {EvaluationError} As `accuracy`.
 * @example
 * ```ts
 * import { zeroOneLoss } from "./accuracy.ts";
 * import assert from "node:assert/strict";
 * const options = { labels: ["ham", "spam"], normalize: false };
 * assert.equal(zeroOneLoss([0, 1, 1, 1], [0, 1, 1, 0], options), 1);
 * ```
 */
export function zeroOneLoss(
  references: Numbers,
  predictions: Numbers,
  options: RowOptions & { normalize?: boolean },
): number {
  const { truth, right } = countClasses(references, predictions, options);
  const all = sum(truth), good = sum(right);
  return options.normalize === false ? all - good : 1 - good / all;
}

/**
 * Mean recall of the classes that some reference has, in [0, 1]: what the accuracy would be if all of them were equally
 * frequent. `adjusted` rescales it so that guessing is 0 and perfect is 1. Equal to scikit-learn's
 * `balanced_accuracy_score`.
 *
 * @throws {EvaluationError} As `accuracy`; and when `adjusted` is asked of references of one class only.
 * @example
 * ```ts
 * import { balancedAccuracy } from "./accuracy.ts";
 * import assert from "node:assert/strict";
 * const options = { labels: ["ham", "spam"], adjusted: true };
 * assert.equal(balancedAccuracy([0, 0, 0, 1], [0, 0, 0, 0], options), 0);
 * ```
 */
export function balancedAccuracy(
  references: Numbers,
  predictions: Numbers,
  options: RowOptions & { adjusted?: boolean },
): number {
  const counts = countClasses(references, predictions, options);
  const score = balancedAccuracyOf(counts);
  if (!options.adjusted) return score;
  const classes = counts.truth.filter((weight) => weight > 0).length;
  if (classes < 2) fail("Cannot adjust balanced accuracy: all references are of one class");
  return (score - 1 / classes) / (1 - 1 / classes);
}

/**
 * Matthews' correlation of references and predictions, for any number of classes: 1 is perfect, 0 no better than
 * chance, and the lowest is between -1 and 0 (-1 for two classes). 0 where references or predictions are all of
 * one class. Equal to scikit-learn's `matthews_corrcoef`; the form for many classes is Gorodkin's (2004),
 * "Comparing two K-category assignments by a K-category correlation coefficient".
 *
 * @throws {EvaluationError} As `accuracy`.
 * @example
 * ```ts
 * import { matthewsCorrelation } from "./accuracy.ts";
 * import assert from "node:assert/strict";
 * assert.equal(matthewsCorrelation([0, 0, 1, 1], [0, 0, 1, 1], { labels: ["ham", "spam"] }), 1);
 * ```
 */
export function matthewsCorrelation(references: Numbers, predictions: Numbers, options: RowOptions): number {
  return matthewsOf(countClasses(references, predictions, options));
}

/**
 * Share of the rows whose true class is among the k highest scores, in [0, 1]; 1 when k is at least the number of
 * labels. Of equal scores, the later class ranks higher. Equal to scikit-learn's `top_k_accuracy_score`.
 *
 * @param scores Score of each class, row-major: [n, labels.length].
 * @throws {EvaluationError} As `accuracy`; and when a score is NaN or infinite, or k no whole number above 0.
 * @example
 * ```ts
 * import { topKAccuracy } from "./accuracy.ts";
 * import assert from "node:assert/strict";
 * const scores = [0.5, 0.3, 0.2, 0.1, 0.2, 0.7]; // two rows
 * assert.equal(topKAccuracy([1, 0], scores, { labels: ["a", "b", "c"], k: 2 }), 0.5);
 * ```
 */
export function topKAccuracy(
  references: Numbers,
  scores: Numbers,
  options: RowOptions & { k: number },
): number {
  const { k, labels } = options;
  const size = checkLabels(labels), n = references.length;
  checkWhole("k", k);
  checkLengths(n * size, scores.length, [`scores of ${size} labels`]);
  return weightedMean(n, options.sampleWeights, (row) => {
    const wanted = checkClass(references[row], { row, what: "reference", size });
    const at = row * size, own = scores[at + wanted];
    let ahead = 0;
    for (let j = 0; j < size; j++) {
      const score = scores[at + j];
      if (!Number.isFinite(score)) {
        refuse(`the score of row ${row} for ${show(labels[j])}`, score, "a finite number");
      }
      if (score > own || (score === own && j > wanted)) ahead++;
    }
    return ahead < k ? 1 : 0;
  });
}

/** Mean recall of the classes that are true somewhere. */
export function balancedAccuracyOf({ truth, right }: ClassCounts): number {
  let recalls = 0, classes = 0;
  for (let k = 0; k < truth.length; k++) {
    if (truth[k] > 0) recalls += right[k] / truth[k], classes++;
  }
  return recalls / classes;
}

/** Matthews' correlation of counts. */
export function matthewsOf({ truth, predicted, right }: ClassCounts): number {
  let n = 0, good = 0, crossed = 0, truthSquares = 0, predictedSquares = 0, trueClasses = 0, foundClasses = 0;
  for (let k = 0; k < truth.length; k++) {
    n += predicted[k], good += right[k];
    crossed += truth[k] * predicted[k];
    truthSquares += truth[k] * truth[k], predictedSquares += predicted[k] * predicted[k];
    if (truth[k] > 0) trueClasses++;
    if (predicted[k] > 0) foundClasses++;
  }
  if (trueClasses < 2 || foundClasses < 2) return 0; // a constant has no correlation; weights must not make it noise
  const spread = (n * n - truthSquares) * (n * n - predictedSquares);
  return spread > 0 ? (good * n - crossed) / Math.sqrt(spread) : 0;
}
