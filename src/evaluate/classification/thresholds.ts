/**
 * Choosing the threshold of a binary classifier.
 *
 * @module
 */
import { checkBeta, type FScores } from "./count_scores.ts";
import { checkPositives, countsAtThresholds, type ScoreOptions } from "./curves.ts";
import { checkNumber, fail, Numbers } from "../../statistics/checks.ts";

/** What each threshold gives, thresholds descending: everything with a score at or above one is called positive. */
export interface ThresholdCurve {
  /** The distinct scores, descending. */
  readonly thresholds: Float64Array;
  /** Share of what is called positive that is. */
  readonly precision: Float64Array;
  /** Share of the positive rows that are called so, ascending. */
  readonly recall: Float64Array;
  /** Weighted harmonic mean of precision and recall. */
  readonly fBeta: Float64Array;
}

/** The threshold that was chosen, and what it gives on the rows it was chosen on. */
export interface ThresholdChoice extends FScores {
  /** Call positive what has this score or a higher one. */
  readonly threshold: number;
  /** All thresholds that were there to choose from. */
  readonly curve: ThresholdCurve;
}

/** What the threshold is to do. */
export interface ThresholdOptions extends ScoreOptions {
  /** Find the highest recall with at least this precision, in (0, 1]; default: the highest F-beta. */
  readonly precision?: number;
  /** Find the highest precision with at least this recall, in (0, 1]; default: the highest F-beta. */
  readonly recall?: number;
  /** Weight of recall against precision in F-beta; default 1. */
  readonly beta?: number;
}

/**
 * The score from which on a row is best called positive: the one with the highest F-beta, or with the highest recall at
 * a given precision, or with the highest precision at a given recall. Of equally good ones the highest score is taken.
 * Choose on validation rows, not on those that are reported: the choice makes the scores of its own rows look better.
 *
 * @throws {EvaluationError} As `countsAtThresholds`; when no row is positive, an option is out of range, precision and recall
 *   are both given, or no threshold reaches the precision.
 * @example
 * ```ts
 * import { chooseThreshold } from "./thresholds.ts";
 * import assert from "node:assert/strict";
 * const references = [0, 0, 1, 1], scores = [0.1, 0.4, 0.35, 0.8];
 * assert.equal(chooseThreshold(references, scores).threshold, 0.35);
 * assert.equal(chooseThreshold(references, scores, { precision: 0.9 }).threshold, 0.8);
 * ```
 */
export function chooseThreshold(
  references: Numbers,
  scores: Numbers,
  options: ThresholdOptions = {},
): ThresholdChoice {
  const { precision: leastPrecision, recall: leastRecall } = options;
  if (leastPrecision !== undefined && leastRecall !== undefined) {
    fail("Cannot choose a threshold by precision and recall at once: give one of them");
  }
  for (const [name, share] of Object.entries({ precision: leastPrecision, recall: leastRecall })) {
    if (share !== undefined) checkNumber(name, share, { above: 0, most: 1 });
  }
  const curve = thresholdCurve(references, scores, options);
  const { thresholds, precision, recall, fBeta } = curve;
  const gain = leastPrecision !== undefined ? recall : leastRecall !== undefined ? precision : fBeta;
  let best = -1;
  for (let i = 0; i < thresholds.length; i++) {
    if (precision[i] < (leastPrecision ?? 0) || recall[i] < (leastRecall ?? 0)) continue;
    if (best < 0 || gain[i] > gain[best]) best = i;
  }
  if (best < 0) {
    const top = precision.indexOf(precision.reduce((highest, value) => Math.max(highest, value)));
    fail(
      `Cannot choose a threshold: none has precision ${leastPrecision}; the highest is ${precision[top]}, ` +
        `from score ${thresholds[top]} on, with recall ${recall[top]}`,
    );
  }
  return {
    threshold: thresholds[best],
    ...{ precision: precision[best], recall: recall[best], fBeta: fBeta[best], curve },
  };
}

/** Precision, recall and F-beta of every threshold, descending; columns and errors are those of `chooseThreshold`. */
export function thresholdCurve(
  references: Numbers,
  scores: Numbers,
  options: ScoreOptions & { beta?: number } = {},
): ThresholdCurve {
  const square = checkBeta(options.beta) ** 2;
  const counts = countsAtThresholds(references, scores, options);
  const positives = checkPositives(counts, "a threshold");
  const { thresholds, falsePositives: fps, truePositives: tps } = counts;
  const precision = tps.map((right, i) => right / (right + fps[i]));
  const recall = tps.map((right) => right / positives);
  const fBeta = square === Infinity
    ? recall
    : tps.map((right, i) => (1 + square) * right / (square * positives + right + fps[i]));
  return { thresholds, precision, recall, fBeta };
}
