/**
 * Metrics of label scores as rankings, for rows with any number of labels. References are 1 where a row has a label, else 0,
 * and scores one a label, both row-major: [n, labels.length].
 *
 * @module
 */
import { averageOfColumns, rocAuc, type RocAucOptions } from "./auc.ts";
import { type RowOptions, weightedMean } from "./counts.ts";
import { averagePrecision } from "./curves.ts";
import { cellName, checkCells, type MultilabelAverage } from "./multilabel.ts";
import { descendingOrder } from "../../statistics/order.ts";
import { checkLengths, Numbers, refuse } from "../../statistics/checks.ts";

/** How the scores of several labels become one. */
export interface MultilabelAreaOptions extends RowOptions {
  /**
   * "macro" (default): plain mean over labels. "weighted": by how often each label is true. "micro": all cells together.
   * "samples": mean over rows, each by its own labels.
   */
  readonly average?: MultilabelAverage;
}

/**
 * Area under the ROC curve where a row may have any number of labels. Equal to scikit-learn's `roc_auc_score` of
 * indicator matrices.
 *
 * @throws {EvaluationError} When there are no rows, lengths differ, a cell is neither 0 nor 1, a score is not finite, or a
 *   label (with "samples" a row) that counts is never or always true.
 * @example
 * ```ts
 * import { multilabelAveragePrecision, multilabelRocAuc } from "./label_ranking.ts";
 * import assert from "node:assert/strict";
 * const references = [1, 0, 0, 1, 1, 1], scores = [0.9, 0.2, 0.3, 0.8, 0.6, 0.1];
 * assert.equal(multilabelRocAuc(references, scores, { labels: ["a", "b"] }), 0.75);
 * assert.equal(multilabelAveragePrecision(references, [0.9, 0.2, 0.3, 0.8, 0.6, 0.7], { labels: ["a", "b"] }), 1);
 * ```
 */
export function multilabelRocAuc(
  references: Numbers,
  scores: Numbers,
  options: MultilabelAreaOptions & Pick<RocAucOptions, "maxFpr">,
): number {
  checkScored(references, scores, options);
  const { labels, average = "macro", sampleWeights, maxFpr } = options;
  const columns = { labels, average, sampleWeights, what: "ROC-AUC" };
  const metric: typeof rocAuc = (wanted, found, weights) => rocAuc(wanted, found, { ...weights, maxFpr });
  return averageOfColumns(references, scores, { ...columns, metric });
}

/**
 * Average precision where a row may have any number of labels. Equal to scikit-learn's `average_precision_score`
 * of indicator matrices, but for labels that are never true: that counts them as 0, and this refuses where they
 * count.
 *
 * @throws {EvaluationError} As `multilabelRocAuc`; a label that is always true is no error here.
 */
export function multilabelAveragePrecision(
  references: Numbers,
  scores: Numbers,
  options: MultilabelAreaOptions,
): number {
  checkScored(references, scores, options);
  const { labels, average = "macro", sampleWeights } = options;
  const columns = { labels, average, sampleWeights, what: "average precision" };
  return averageOfColumns(references, scores, { ...columns, metric: averagePrecision });
}

/**
 * Coverage error: how many labels must be taken from the top of the scores to have all true ones, averaged over rows;
 * at best the mean number of labels a row has. Equal scores are taken together; a row without labels counts 0. Equal to
 * scikit-learn's `coverage_error`.
 *
 * @throws {EvaluationError} When there are no rows, lengths differ, a cell is neither 0 nor 1, or a score is not finite.
 * @example
 * ```ts
 * import { coverageError, labelRankingLoss } from "./label_ranking.ts";
 * import assert from "node:assert/strict";
 * const references = [1, 0, 0, 0, 0, 1], scores = [0.75, 0.5, 1, 1, 0.2, 0.1];
 * assert.equal(coverageError(references, scores, { labels: ["a", "b", "c"] }), 2.5);
 * assert.equal(labelRankingLoss(references, scores, { labels: ["a", "b", "c"] }), 0.75);
 * ```
 */
export function coverageError(references: Numbers, scores: Numbers, options: RowOptions): number {
  return meanOfRankings(references, scores, options, (groups) => {
    let covered = 0, seen = 0;
    for (const { relevant, others } of groups) {
      seen += relevant + others;
      if (relevant > 0) covered = seen;
    }
    return covered;
  });
}

/**
 * Label ranking average precision: for each true label, the share of true ones among those with its score or a higher
 * one; averaged over the true labels, then over rows. In (0, 1], 1 is perfect; a row with no label or all of them
 * counts 1. Equal to scikit-learn's `label_ranking_average_precision_score`.
 *
 * @throws {EvaluationError} As `coverageError`.
 * @example
 * ```ts
 * import { labelRankingAveragePrecision } from "./label_ranking.ts";
 * import assert from "node:assert/strict";
 * const references = [1, 0, 0, 0, 0, 1], scores = [0.75, 0.5, 1, 1, 0.2, 0.1];
 * assert.equal(labelRankingAveragePrecision(references, scores, { labels: ["a", "b", "c"] }), (1 / 2 + 1 / 3) / 2);
 * ```
 */
export function labelRankingAveragePrecision(
  references: Numbers,
  scores: Numbers,
  options: RowOptions,
): number {
  return meanOfRankings(references, scores, options, (groups, relevantInAll, othersInAll) => {
    if (relevantInAll === 0 || othersInAll === 0) return 1;
    let sum = 0, found = 0, seen = 0;
    for (const { relevant, others } of groups) {
      found += relevant, seen += relevant + others;
      sum += relevant * found / seen;
    }
    return sum / relevantInAll;
  });
}

/**
 * Label ranking loss: the share of pairs of a true and a false label that are in the wrong order or have equal scores,
 * averaged over rows; in [0, 1], 0 is perfect. A row with no label or all of them counts 0. Equal to scikit-learn's
 * `label_ranking_loss`.
 *
 * @throws {EvaluationError} As `coverageError`.
 */
export function labelRankingLoss(references: Numbers, scores: Numbers, options: RowOptions): number {
  return meanOfRankings(references, scores, options, (groups, relevantInAll, othersInAll) => {
    if (relevantInAll === 0 || othersInAll === 0) return 0;
    let wrong = 0, left = relevantInAll;
    for (const { relevant, others } of groups) {
      wrong += others * left; // the true labels with this score or a lower one
      left -= relevant;
    }
    return wrong / (relevantInAll * othersInAll);
  });
}

/** How many true and false labels have one score. */
interface Tied {
  relevant: number;
  others: number;
}

/** Mean over rows of a function of the labels' order, scores descending. */
function meanOfRankings(
  references: Numbers,
  scores: Numbers,
  options: RowOptions,
  value: (groups: Tied[], relevant: number, others: number) => number,
): number {
  const { size, n } = checkScored(references, scores, options);
  const own = new Float64Array(size);
  return weightedMean(n, options.sampleWeights, (row) => {
    const at = row * size, groups: Tied[] = [];
    for (let k = 0; k < size; k++) own[k] = scores[at + k];
    let relevant = 0, last = NaN;
    for (const k of descendingOrder(own)) {
      if (own[k] !== last) groups.push({ relevant: 0, others: 0 });
      last = own[k];
      if (references[at + k] === 1) groups[groups.length - 1].relevant++, relevant++;
      else groups[groups.length - 1].others++;
    }
    return value(groups, relevant, size - relevant);
  });
}

/** References that are 0 or 1, and finite scores, row by row. */
function checkScored(
  references: Numbers,
  scores: Numbers,
  { labels }: { labels: readonly string[] },
): { size: number; n: number } {
  const { size, n } = checkCells(references, references, labels);
  checkLengths(references.length, scores.length, ["scores"]);
  for (let i = 0; i < scores.length; i++) {
    if (Number.isFinite(scores[i])) continue;
    refuse(`the score of ${cellName(i, labels)}`, scores[i], "a finite number");
  }
  return { size, n };
}
