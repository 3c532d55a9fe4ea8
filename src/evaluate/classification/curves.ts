/**
 * ROC and precision-recall curves of scores. References are 1 for a positive row and 0 for a negative one; the higher a score,
 * the more positive.
 *
 * @module
 */
import { checkWeights } from "./counts.ts";
import { descendingOrder } from "../../statistics/order.ts";
import { checkLengths, fail, Numbers, refuse } from "../../statistics/checks.ts";

/** How much each row counts. */
export interface ScoreOptions {
  /** Weight of each row, finite and not negative; default 1 each. Rows of weight 0 are left out. */
  readonly sampleWeights?: Numbers;
}

/** What is called positive at each threshold: everything with a score at or above it. */
export interface ThresholdCounts {
  /** The distinct scores, descending. */
  readonly thresholds: Float64Array;
  /** Negative rows, or their weight, with a score at or above each threshold. */
  readonly falsePositives: Float64Array;
  /** Positive rows, or their weight, with a score at or above each threshold. */
  readonly truePositives: Float64Array;
}

/** The receiver operating characteristic: one point a threshold. */
export interface RocCurve {
  /** Share of the negative rows that are called positive, ascending from 0 to 1. */
  readonly falsePositiveRate: Float64Array;
  /** Share of the positive rows that are called positive, ascending from 0 to 1. */
  readonly truePositiveRate: Float64Array;
  /** Scores from which on a row is called positive, descending; the first is Infinity: nothing is. */
  readonly thresholds: Float64Array;
}

/** Precision against recall: one point a threshold, and the end point (1, 0). */
export interface PrecisionRecallCurve {
  /** Share of what is called positive that is; the last is 1. */
  readonly precision: Float64Array;
  /** Share of the positive rows that are called so, descending; the last is 0. */
  readonly recall: Float64Array;
  /** Scores from which on a row is called positive, ascending: one shorter than the others. */
  readonly thresholds: Float64Array;
}

/**
 * Counts of true and false positives at every distinct score; equal scores are one threshold. Equal to scikit-learn's
 * `confusion_matrix_at_thresholds`.
 *
 * @throws {EvaluationError} When there are no rows, lengths differ, a reference is neither 0 nor 1, or a score is not finite.
 */
export function countsAtThresholds(
  references: Numbers,
  scores: Numbers,
  options: ScoreOptions = {},
): ThresholdCounts {
  checkBinary(references, scores);
  const weights = checkWeights(options.sampleWeights, references.length);
  const order = descendingOrder(scores);
  const thresholds = new Float64Array(order.length);
  const falsePositives = new Float64Array(order.length), truePositives = new Float64Array(order.length);
  let points = 0, positives = 0, negatives = 0;
  for (const row of order) {
    const weight = weights ? weights[row] : 1;
    if (weight === 0) continue;
    if (points === 0 || scores[row] !== thresholds[points - 1]) thresholds[points++] = scores[row];
    if (references[row] === 1) positives += weight;
    else negatives += weight;
    truePositives[points - 1] = positives, falsePositives[points - 1] = negatives;
  }
  return {
    thresholds: thresholds.slice(0, points),
    falsePositives: falsePositives.slice(0, points),
    truePositives: truePositives.slice(0, points),
  };
}

/**
 * The receiver operating characteristic. Equal to scikit-learn's `roc_curve`; `dropIntermediate` (default true) leaves
 * out points in the middle of straight lines.
 *
 * @throws {EvaluationError} As `countsAtThresholds`; and when no row is positive or none is negative.
 * @example
 * ```ts
 * import { rocCurve } from "./curves.ts";
 * import assert from "node:assert/strict";
 * const curve = rocCurve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]);
 * assert.deepEqual([...curve.falsePositiveRate], [0, 0, 0.5, 0.5, 1]);
 * assert.deepEqual([...curve.truePositiveRate], [0, 0.5, 0.5, 1, 1]);
 * assert.deepEqual([...curve.thresholds], [Infinity, 0.8, 0.4, 0.35, 0.1]);
 * ```
 */
export function rocCurve(
  references: Numbers,
  scores: Numbers,
  options: ScoreOptions & { dropIntermediate?: boolean } = {},
): RocCurve {
  const counts = countsAtThresholds(references, scores, options);
  const { positives, negatives } = checkBothClasses(counts, "an ROC curve");
  const { thresholds, falsePositives: fps, truePositives: tps } = counts;
  const bends = (values: Float64Array, i: number) => values[i + 1] - values[i] !== values[i] - values[i - 1];
  const kept = Array.from(thresholds.keys()).filter((i) =>
    options.dropIntermediate === false || i === 0 || i === thresholds.length - 1 || bends(fps, i) ||
    bends(tps, i)
  );
  return {
    falsePositiveRate: prepend(0, kept, (i) => fps[i] / negatives),
    truePositiveRate: prepend(0, kept, (i) => tps[i] / positives),
    thresholds: prepend(Infinity, kept, (i) => thresholds[i]),
  };
}

/**
 * Precision against recall. Equal to scikit-learn's `precision_recall_curve`; `dropIntermediate` (default false)
 * leaves out thresholds that lie between two with the same recall.
 *
 * @throws {EvaluationError} As `countsAtThresholds`; and when no row is positive.
 * @example
 * ```ts
 * import { precisionRecallCurve } from "./curves.ts";
 * import assert from "node:assert/strict";
 * const curve = precisionRecallCurve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]);
 * assert.deepEqual([...curve.precision], [0.5, 2 / 3, 0.5, 1, 1]);
 * assert.deepEqual([...curve.recall], [1, 1, 0.5, 0.5, 0]);
 * assert.deepEqual([...curve.thresholds], [0.1, 0.35, 0.4, 0.8]);
 * ```
 */
export function precisionRecallCurve(
  references: Numbers,
  scores: Numbers,
  options: ScoreOptions & { dropIntermediate?: boolean } = {},
): PrecisionRecallCurve {
  const counts = countsAtThresholds(references, scores, options);
  const positives = checkPositives(counts, "a precision-recall curve");
  const { thresholds, falsePositives: fps, truePositives: tps } = counts;
  const last = thresholds.length - 1;
  const kept = Array.from(thresholds.keys()).filter((i) =>
    !options.dropIntermediate || i === 0 || i === last || tps[i] !== tps[i - 1] || tps[i + 1] !== tps[i]
  ).reverse();
  return {
    precision: Float64Array.from([...kept.map((i) => tps[i] / (tps[i] + fps[i])), 1]),
    recall: Float64Array.from([...kept.map((i) => tps[i] / positives), 0]),
    thresholds: Float64Array.from(kept, (i) => thresholds[i]),
  };
}

/**
 * Average precision, the area under the precision-recall curve as a sum of steps (PR-AUC): in [0, 1], about the share
 * of positive rows for scores without information. Equal to scikit-learn's `average_precision_score`.
 *
 * @throws {EvaluationError} As `precisionRecallCurve`.
 * @example
 * ```ts
 * import { averagePrecision, averagePrecisionByRows } from "./curves.ts";
 * import assert from "node:assert/strict";
 * assert.equal(averagePrecision([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]).toFixed(6), "0.833333");
 * const metric = averagePrecisionByRows([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]);
 * assert.equal(metric(Uint32Array.of(0, 1, 2, 3)).toFixed(6), "0.833333");
 * assert.equal(metric(Uint32Array.of(0, 0, 3, 3)), 1);
 * ```
 */
export function averagePrecision(references: Numbers, scores: Numbers, options: ScoreOptions = {}): number {
  const counts = countsAtThresholds(references, scores, options);
  checkPositives(counts, "average precision");
  return averagePrecisionOf(counts);
}

/**
 * Average precision as a function of rows, for resampling: the scores are sorted once, and a call takes linear time. A row may
 * be drawn more than once. NaN when no positive row is drawn.
 *
 * @throws {EvaluationError} As `averagePrecision`.
 */
export function averagePrecisionByRows(
  references: Numbers,
  scores: Numbers,
): (indices: Uint32Array) => number {
  checkPositives(countsAtThresholds(references, scores), "average precision");
  return byRows(references, scores, (counts) => averagePrecisionOf(counts));
}

/** A metric of the counts at thresholds, for any draw of rows. Thresholds without a row stay, with the counts before them. */
export function byRows(
  references: Numbers,
  scores: Numbers,
  metric: (counts: ThresholdCounts) => number,
): (indices: Uint32Array) => number {
  const order = descendingOrder(scores);
  const point = new Uint32Array(order.length), thresholds: number[] = [];
  for (const row of order) {
    if (scores[row] !== thresholds.at(-1)) thresholds.push(scores[row]);
    point[row] = thresholds.length - 1;
  }
  const positive = Uint8Array.from({ length: order.length }, (_, row) => references[row]);
  const counts = {
    thresholds: Float64Array.from(thresholds),
    falsePositives: new Float64Array(thresholds.length),
    truePositives: new Float64Array(thresholds.length),
  };
  return (indices) => {
    const { falsePositives, truePositives } = counts;
    falsePositives.fill(0), truePositives.fill(0);
    for (const row of indices) {
      if (positive[row]) truePositives[point[row]]++;
      else falsePositives[point[row]]++;
    }
    for (let i = 1; i < thresholds.length; i++) {
      falsePositives[i] += falsePositives[i - 1], truePositives[i] += truePositives[i - 1];
    }
    return metric(counts);
  };
}

/** Sum of the steps of recall times precision; NaN without positive rows. */
export function averagePrecisionOf({ falsePositives: fps, truePositives: tps }: ThresholdCounts): number {
  let sum = 0, before = 0;
  for (let i = 0; i < tps.length; before = tps[i++]) {
    if (tps[i] > before) sum += (tps[i] - before) * (tps[i] / (tps[i] + fps[i]));
  }
  return sum / tps[tps.length - 1];
}

/** References that are 0 or 1, and finite scores. */
export function checkBinary(references: Numbers, scores: Numbers): void {
  checkLengths(references.length, scores.length, ["scores"]);
  for (let row = 0; row < references.length; row++) {
    if (references[row] !== 0 && references[row] !== 1) {
      refuse(`reference of row ${row}`, references[row], "1 (positive) or 0 (negative)");
    }
    if (!Number.isFinite(scores[row])) refuse(`the score of row ${row}`, scores[row], "a finite number");
  }
}

/** How many positive rows there are; at least one. */
export function checkPositives({ truePositives }: ThresholdCounts, what: string): number {
  const positives = truePositives[truePositives.length - 1];
  if (positives > 0) return positives;
  fail(`Cannot compute ${what}: no row is positive (reference 1)`);
}

/** How many rows of either class there are; at least one each. */
export function checkBothClasses(
  counts: ThresholdCounts,
  what: string,
): { positives: number; negatives: number } {
  const positives = checkPositives(counts, what);
  const negatives = counts.falsePositives[counts.falsePositives.length - 1];
  if (negatives > 0) return { positives, negatives };
  fail(`Cannot compute ${what}: no row is negative (reference 0)`);
}

function prepend(first: number, kept: number[], value: (i: number) => number): Float64Array {
  const out = new Float64Array(kept.length + 1);
  out[0] = first;
  kept.forEach((i, at) => out[at + 1] = value(i));
  return out;
}
