/**
 * How well confidence agrees with being right.
 *
 * @module
 */
import { listLabels } from "../../base/labels.ts";
import { sum } from "../../base/arrays.ts";
import type { Interval } from "../../statistics/bootstrap.ts";
import { wilsonInterval } from "../../statistics/intervals.ts";
import { checkProbabilities } from "./probabilities.ts";
import { checkOneOf, checkWhole, Numbers, refuse } from "../../statistics/checks.ts";

/** The rows whose confidence lies in one bin. */
export interface CalibrationBin {
  /** The bin reaches from above `from`... */
  readonly from: number;
  /** ... up to and including `to`; the first bin includes `from`. */
  readonly to: number;
  /** Rows, at least one. */
  readonly count: number;
  /** Mean confidence of the rows. */
  readonly confidence: number;
  /** Share of the rows that are right, with Wilson's interval. */
  readonly right: Interval;
}

/** How well confidence agrees with being right. */
export interface CalibrationReport {
  /** Rows. */
  readonly n: number;
  /** The reliability curve: bins that have rows, ascending. */
  readonly bins: CalibrationBin[];
  /** Expected calibration error: mean over rows of the distance between a bin's confidence and its share right; 0 to 1. */
  readonly expectedError: number;
  /** Maximum calibration error: the largest such distance; 0 to 1. */
  readonly maximumError: number;
  /** Mean confidence of all rows. */
  readonly confidence: number;
  /** Share of all rows that are right, with Wilson's interval. */
  readonly right: Interval;
}

/** What is binned, and how. */
export interface CalibrationOptions {
  /** Names of the classes: class k is `labels[k]`. */
  readonly labels: readonly string[];
  /** How many bins, from 1 to 1,000; default 15. */
  readonly bins?: number;
  /** "width" (default): bins of equal width over [0, 1]. "mass": edges at quantiles, for about equally many rows in each. */
  readonly strategy?: "width" | "mass";
  /**
   * Judge the probability of this class, whatever is predicted, against whether it is true. Default: judge the probability of
   * the predicted class (the first of the most probable ones) against whether it is right.
   */
  readonly label?: string;
  /** Coverage of the bins' intervals; default 0.95. */
  readonly confidence?: number;
}

/**
 * Does a confidence of 80% mean being right in 80% of the rows? The reliability curve and its distance from the diagonal, as
 * expected and maximum calibration error.
 *
 * Guo et al. (2017), "On calibration of modern neural networks": bins (lower, upper], 15 of equal width, confidence that of the
 * predicted class. With `label` the curve equals scikit-learn's `calibration_curve`, its strategies "uniform" and "quantile"
 * being "width" and "mass". A small sample makes the error larger than it is: read it beside the intervals.
 *
 * @param references True class per row, as an index into `labels`.
 * @param probabilities Probability of each class, row-major: [n, labels.length]; or with two labels, that of the second: [n].
 * @throws {EvaluationError} As `logLoss`; and when an option is out of range or `label` is not among the labels.
 * @example
 * ```ts
 * import { calibration } from "./calibration.ts";
 * import assert from "node:assert/strict";
 * // four rows, sure to 75%, three of them right
 * const report = calibration([1, 1, 1, 0], [0.75, 0.75, 0.75, 0.75], { labels: ["ham", "spam"] });
 * assert.equal(report.expectedError, 0);
 * assert.equal(report.bins[0].count, 4);
 * ```
 */
export function calibration(
  references: Numbers,
  probabilities: Numbers,
  options: CalibrationOptions,
): CalibrationReport {
  const { labels, bins: wanted = 15, strategy = "width", label, confidence } = options;
  checkWhole("bins", wanted, 1, 1000);
  checkOneOf("strategy", strategy, ["width", "mass"]);
  const n = references.length, { sure, right } = judge(references, probabilities, { labels, label });
  const edges = binEdges(sure, wanted, strategy);
  const counts = new Float64Array(wanted), sums = new Float64Array(wanted), hits = new Float64Array(wanted);
  for (let row = 0; row < n; row++) {
    const bin = binOf(sure[row], edges);
    counts[bin]++, sums[bin] += sure[row], hits[bin] += right[row];
  }
  const bins: CalibrationBin[] = [];
  let expected = 0, maximum = 0;
  for (let bin = 0; bin < wanted; bin++) {
    if (counts[bin] === 0) continue;
    const distance = Math.abs(hits[bin] - sums[bin]);
    expected += distance / n, maximum = Math.max(maximum, distance / counts[bin]);
    bins.push({
      from: edges[bin],
      to: edges[bin + 1],
      count: counts[bin],
      confidence: sums[bin] / counts[bin],
      right: wilsonInterval(hits[bin], counts[bin], { confidence }),
    });
  }
  return {
    n,
    bins,
    expectedError: expected,
    maximumError: maximum,
    confidence: sum(sums) / n,
    right: wilsonInterval(sum(hits), n, { confidence }),
  };
}

/**
 * The expected calibration error of `calibration` as a function of rows, for resampling: rows are judged and binned once, and a
 * call adds up what they are off by. A row may be drawn more than once.
 *
 * @throws {EvaluationError} As `calibration`.
 * @example
 * ```ts
 * import { expectedErrorByRows } from "./calibration.ts";
 * import assert from "node:assert/strict";
 * const expectedError = expectedErrorByRows([1, 1, 1, 0], [0.75, 0.75, 0.75, 0.75], { labels: ["ham", "spam"] });
 * assert.equal(expectedError(Uint32Array.of(0, 1, 2, 3)), 0);
 * assert.equal(expectedError(Uint32Array.of(0, 0)), 0.25);
 * ```
 */
export function expectedErrorByRows(
  references: Numbers,
  probabilities: Numbers,
  { labels, bins = 15 }: Pick<CalibrationOptions, "labels" | "bins">,
): (indices: Uint32Array) => number {
  checkWhole("bins", bins, 1, 1000);
  const { sure, right } = judge(references, probabilities, { labels });
  // Edges of equal width are the same for every draw, so a row stays in its bin.
  const edges = binEdges(sure, bins, "width");
  const binOfRow = Uint16Array.from(sure, (value) => binOf(value, edges));
  const sums = new Float64Array(bins), hits = new Float64Array(bins);
  return (indices) => {
    sums.fill(0), hits.fill(0);
    for (const row of indices) {
      const bin = binOfRow[row];
      sums[bin] += sure[row], hits[bin] += right[row];
    }
    let expected = 0;
    for (let bin = 0; bin < bins; bin++) expected += Math.abs(hits[bin] - sums[bin]) / indices.length;
    return expected;
  };
}

/** What each row is sure of, and whether it is right. */
function judge(
  references: Numbers,
  probabilities: Numbers,
  { labels, label }: Pick<CalibrationOptions, "labels" | "label">,
): { sure: Float64Array; right: Uint8Array } {
  const { at, size } = checkProbabilities(references, probabilities, { labels });
  const n = references.length, judged = label === undefined ? -1 : labels.indexOf(label);
  if (label !== undefined && judged < 0) {
    refuse("the label of calibration", label, `one of ${listLabels(labels)}`);
  }
  const sure = new Float64Array(n), right = new Uint8Array(n);
  for (let row = 0; row < n; row++) {
    let k = judged;
    if (k < 0) {
      k = 0;
      for (let j = 1; j < size; j++) if (at(row, j) > at(row, k)) k = j;
    }
    sure[row] = at(row, k);
    right[row] = references[row] === k ? 1 : 0;
  }
  return { sure, right };
}

/** Edges of the bins, one more than bins, ascending; those of "mass" may coincide where many rows have one confidence. */
function binEdges(values: Float64Array, bins: number, strategy: "width" | "mass"): Float64Array {
  const step = 1 / bins; // as numpy makes them, to the last bit: rows stand on edges
  const shares = Float64Array.from({ length: bins + 1 }, (_, i) => i === bins ? 1 : i * step);
  if (strategy === "width") return shares;
  const sorted = values.toSorted();
  return shares.map((share) => {
    const position = (share * 100 / 100) * (sorted.length - 1), below = Math.floor(position);
    const low = sorted[below], high = sorted[Math.min(below + 1, sorted.length - 1)];
    const part = position - below;
    return part < 0.5 ? low + (high - low) * part : high - (high - low) * (1 - part);
  });
}

/** The first bin whose upper edge is not below the value; the last takes what is left. */
function binOf(value: number, edges: Float64Array): number {
  let low = 0, high = edges.length - 2;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= edges[middle + 1]) high = middle;
    else low = middle + 1;
  }
  return low;
}
