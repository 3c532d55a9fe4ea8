/**
 * DeLong's interval and test of areas under the ROC curve.
 *
 * @module
 */
import { sum } from "../../base/arrays.ts";
import type { Interval } from "../../statistics/bootstrap.ts";
import { checkBinary, checkBothClasses, countsAtThresholds } from "./curves.ts";
import { descendingOrder } from "../../statistics/order.ts";
import { normalCdf } from "../../statistics/distributions.ts";
import { critical } from "../../statistics/intervals.ts";
import { checkOneOf, fail, Numbers } from "../../statistics/checks.ts";

/** How the interval is made. */
export interface DeLongOptions {
  /** Coverage of the interval, in (0, 1); default 0.95. */
  readonly confidence?: number;
  /**
   * "linear" (default): value ± z standard errors, cut to [0, 1]. "logit": the same on the log-odds of the value, which keeps
   * within [0, 1] by itself and covers better near 1.
   */
  readonly scale?: "linear" | "logit";
}

/** Two areas on the same rows. */
export interface AucComparison {
  /** Area of the first scores. */
  readonly first: Interval;
  /** Area of the second scores. */
  readonly second: Interval;
  /** First minus second. */
  readonly difference: Interval;
  /** Difference over its standard error. */
  readonly z: number;
  /** Two-sided: the chance of a difference this large if the areas were equal. */
  readonly pValue: number;
}

/**
 * The area under the ROC curve with DeLong's interval, in closed form.
 *
 * DeLong, DeLong and Clarke-Pearson (1988), "Comparing the areas under two or more correlated receiver operating characteristic
 * curves"; computed in O(n log n) after Sun and Xu (2014), "Fast implementation of DeLong's algorithm". Perfectly parted scores
 * have variance 0 and so an interval without width: that is the method's limit, not certainty.
 *
 * @param references 1 for a positive row, 0 for a negative one.
 * @param scores The higher, the more positive.
 * @throws {EvaluationError} As `rocAuc`; when fewer than two rows are positive or negative, or the confidence is out of range.
 * @example
 * ```ts
 * import { compareRocAuc, rocAucInterval } from "./delong.ts";
 * import assert from "node:assert/strict";
 * const { value, low, high } = rocAucInterval([0, 0, 0, 1, 1, 1], [0.1, 0.4, 0.3, 0.35, 0.8, 0.7]);
 * assert.equal(value, 8 / 9);
 * assert.ok(low > 0.58 && low < 0.6 && high === 1);
 * const references = [0, 0, 0, 1, 1, 1];
 * const { difference, pValue } = compareRocAuc(references, [1, 4, 3, 3.5, 8, 7], [3, 1, 2, 1, 2, 3]);
 * assert.ok(difference.value > 0.3 && pValue > 0.05);
 * ```
 */
export function rocAucInterval(references: Numbers, scores: Numbers, options: DeLongOptions = {}): Interval {
  const { area, placements } = place(references, scores);
  return intervalOf(area, variance(references, placements), { ...options, n: references.length });
}

/**
 * DeLong's test: do two sets of scores of the same rows have different areas under the ROC curve?
 *
 * @param first Scores of one model; `second` those of the other.
 * @throws {EvaluationError} As `rocAucInterval`.
 */
export function compareRocAuc(
  references: Numbers,
  first: Numbers,
  second: Numbers,
  options: DeLongOptions = {},
): AucComparison {
  const one = place(references, first), other = place(references, second);
  const change = one.placements.map((value, row) => value - other.placements[row]);
  const error = Math.sqrt(variance(references, change)); // that of a difference: both variances less twice the covariance
  const n = references.length, difference = one.area - other.area;
  const z = difference === 0 ? 0 : difference / error;
  const { confidence, z: width } = critical(options);
  return {
    first: intervalOf(one.area, variance(references, one.placements), { ...options, n }),
    second: intervalOf(other.area, variance(references, other.placements), { ...options, n }),
    difference: {
      ...{ value: difference, confidence, n, method: "delong" },
      low: Math.max(-1, difference - width * error),
      high: Math.min(1, difference + width * error),
    },
    z,
    pValue: Math.min(1, 2 * normalCdf(-Math.abs(z))),
  };
}

/** The area, and of each row the share of the other class's rows that it is on the right side of (ties half). */
function place(references: Numbers, scores: Numbers): { area: number; placements: Float64Array } {
  checkBinary(references, scores);
  const counts = countsAtThresholds(references, scores);
  const { positives, negatives } = checkBothClasses(counts, "DeLong's interval");
  if (positives < 2 || negatives < 2) {
    fail(
      `Cannot compute DeLong's interval: ${positives} positive and ${negatives} negative rows, wanted two of each`,
    );
  }
  const { thresholds, falsePositives: fps, truePositives: tps } = counts;
  const placements = new Float64Array(references.length);
  let doubled = 0, point = 0; // of the thresholds, as the rows go down them
  for (const row of descendingOrder(scores)) {
    if (scores[row] !== thresholds[point]) point++;
    if (references[row] === 1) {
      const beaten = 2 * negatives - fps[point] - (fps[point - 1] ?? 0);
      doubled += beaten;
      placements[row] = beaten / 2 / negatives;
    } else {
      placements[row] = (tps[point] + (tps[point - 1] ?? 0)) / 2 / positives;
    }
  }
  return { area: doubled / 2 / (positives * negatives), placements };
}

/** Variance of an area, or of a difference of areas: of the mean over positive rows plus that over negative ones. */
function variance(references: Numbers, placements: Float64Array): number {
  return [0, 1].map((kind) => {
    const values = placements.filter((_, row) => references[row] === kind);
    const mean = sum(values) / values.length;
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    return squares / (values.length - 1) / values.length;
  }).reduce((sum, value) => sum + value);
}

function intervalOf(value: number, squaredError: number, options: DeLongOptions & { n: number }): Interval {
  const { scale = "linear", n } = options;
  checkOneOf("scale", scale, ["linear", "logit"]);
  const { confidence, z } = critical(options);
  const spread = z * Math.sqrt(squaredError);
  const made = { value, confidence, n, method: "delong" };
  if (scale === "linear") {
    return { ...made, low: Math.max(0, value - spread), high: Math.min(1, value + spread) };
  }
  if (value === 0 || value === 1) return { ...made, low: value, high: value }; // its log-odds are infinite
  const odds = Math.log(value / (1 - value)), widened = spread / (value * (1 - value));
  const share = (logit: number) => 1 / (1 + Math.exp(-logit));
  return { ...made, low: share(odds - widened), high: share(odds + widened) };
}
