/**
 * Multi-label metrics as sums over rows, for intervals, paired tests and slices.
 *
 * @module
 */
import { averagedF } from "./count_scores.ts";
import { checkStatistics, ratio } from "./counts.ts";
import type { Decomposed } from "../../statistics/decomposed.ts";
import { checkCells } from "./multilabel.ts";
import type { Numbers } from "../../statistics/checks.ts";

const ROW_METRICS = ["subsetAccuracy", "hammingLoss", "samplesPrecision", "samplesRecall", "samplesF1"];
const AVERAGES = ["Precision", "Recall", "F1"];

/**
 * Multi-label metrics as sums over rows, for intervals, paired tests and slices: each row has which labels are true, predicted
 * and both, and its own scores.
 *
 * Names: subsetAccuracy, hammingLoss, samplesPrecision, samplesRecall, samplesF1, then microPrecision, microRecall, microF1 and
 * the same for macro and weighted. A ratio without a denominator counts as 0.
 *
 * @throws {EvaluationError} As `multilabelF`; and when the statistics would take more than 1 GiB.
 * @example
 * ```ts
 * import { multilabelRows } from "./multilabel_rows.ts";
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
