/**
 * How far predicted numbers are from the true ones.
 *
 * @module
 */
import { centreOf, checkColumns, correlationOfRows } from "./correlation.ts";
import { type Decomposed, evaluateAll } from "../../statistics/decomposed.ts";
import { checkNumber, Numbers } from "../../statistics/checks.ts";

/** How a regression is evaluated. */
export interface RegressionOptions {
  /** Quantile of the pinball loss, in [0, 1]; default 0.5, half the mean absolute error. */
  readonly quantile?: number;
}

/** Metrics of a regression that no sum over rows gives: they take the rows' numbers. */
export type RankMetric = "medianAbsoluteError" | "maxError" | "spearman" | "kendall";

/** How far predictions are from the references. Errors are in the references' unit unless stated otherwise. */
export interface RegressionReport {
  /** Rows. */
  readonly n: number;
  /** Mean absolute error. */
  readonly mae: number;
  /** Mean squared error, in the unit's square. */
  readonly mse: number;
  /** Root of the mean squared error. */
  readonly rmse: number;
  /** Median of the absolute errors. */
  readonly medianAbsoluteError: number;
  /** Greatest absolute error. */
  readonly maxError: number;
  /** Share of the variance explained, at most 1; of constant references 1 if all are right, else 0; of one row NaN. */
  readonly r2: number;
  /** As `r2`, but a constant offset costs nothing. */
  readonly explainedVariance: number;
  /** Mean absolute error relative to the reference, 1 being 100%; a reference of 0 counts as 2.2e-16. */
  readonly mape: number;
  /** Mean of 2 |error| / (|reference| + |prediction|), from 0 to 2; 0 where both are 0. */
  readonly smape: number;
  /** Pinball (quantile) loss. */
  readonly pinball: number;
  /** Mean squared error of ln(1 + value); absent where a value is -1 or less. */
  readonly msle?: number;
  /** Pearson's correlation; NaN where a column is constant. */
  readonly pearson: number;
  /** Lin's concordance correlation. */
  readonly concordance: number;
  /** Spearman's rank correlation. */
  readonly spearman: number;
  /** Kendall's tau-b. */
  readonly kendall: number;
}

const EPSILON = 2 ** -52; // as scikit-learn's MAPE
const NAMES = ["references", "predictions"] as [string, string];

/**
 * Errors and correlations of a regression. Equal to scikit-learn (`mean_absolute_error`, `r2_score` with
 * `force_finite`, ...) and scipy (correlations). SMAPE has no single definition: this is Armstrong's with the sum
 * of both magnitudes, as in the M3 competition, without the percent.
 *
 * @throws {EvaluationError} When lengths differ, there are no rows, a value is not finite, or the quantile is out of range.
 * @example
 * ```ts
 * import { evaluateAll, selectRows } from "../../statistics/decomposed.ts";
 * import { regressionOfRows, regressionReport, regressionRows } from "./regression.ts";
 * import assert from "node:assert/strict";
 * const report = regressionReport([3, -0.5, 2, 7], [2.5, 0, 2, 8]);
 * assert.equal(report.mae, 0.5);
 * assert.equal(report.mse, 0.375);
 * assert.ok(Math.abs(report.r2 - 0.9486) < 1e-4);
 * const rows = regressionRows([1, 2, 3], [1, 2, 5]);
 * assert.equal(evaluateAll(selectRows(rows, [0, 1])).mae, 0);
 * const median = regressionOfRows([1, 2, 3], [1, 2, 5], "medianAbsoluteError");
 * assert.equal(median(Uint32Array.of(0, 2)), 1);
 * ```
 */
export function regressionReport(
  references: Numbers,
  predictions: Numbers,
  options: RegressionOptions = {},
): RegressionReport {
  const sums = evaluateAll(regressionRows(references, predictions, options));
  const all = Uint32Array.from(references, (_, row) => row);
  const ranked = (metric: RankMetric) => regressionOfRows(references, predictions, metric)(all);
  const { msle, ...always } = sums as Omit<RegressionReport, "n" | RankMetric>;
  return {
    n: references.length,
    ...always,
    ...(msle === undefined ? {} : { msle }),
    medianAbsoluteError: ranked("medianAbsoluteError"),
    maxError: ranked("maxError"),
    spearman: ranked("spearman"),
    kendall: ranked("kendall"),
  };
}

/**
 * The metrics that are functions of sums over rows, for intervals, paired tests and slices: mae, mse, rmse, r2,
 * explainedVariance, mape, smape, pinball, pearson, concordance and, where every value is above -1, msle.
 *
 * @throws {EvaluationError} As `regressionReport`.
 */
export function regressionRows(
  references: Numbers,
  predictions: Numbers,
  options: RegressionOptions = {},
): Decomposed {
  const { quantile = 0.5 } = options;
  checkNumber("quantile", quantile, { least: 0, most: 1 });
  checkColumns(references, predictions, { least: 1, names: NAMES });
  const n = references.length;
  const errors = Float64Array.from(references, (reference, row) => reference - predictions[row]);
  const [meanReference, meanPrediction, meanError] = [references, predictions, errors].map(centreOf);
  const logs = Array.from(references).every((y) => y > -1) && Array.from(predictions).every((p) => p > -1);

  const width = logs ? COLUMNS + 1 : COLUMNS;
  const rows = new Float64Array(n * width);
  for (let row = 0, at = 0; row < n; row++, at += width) {
    const y = references[row], p = predictions[row], error = errors[row], size = Math.abs(error);
    const magnitude = Math.abs(y) + Math.abs(p);
    rows[at] = size;
    rows[at + 1] = error * error;
    rows[at + 2] = size / Math.max(Math.abs(y), EPSILON);
    rows[at + 3] = magnitude > 0 ? 2 * size / magnitude : 0;
    rows[at + 4] = error >= 0 ? quantile * error : (quantile - 1) * error;
    const dy = y - meanReference, dp = p - meanPrediction, de = error - meanError;
    rows.set([dy, dy * dy, dp, dp * dp, dy * dp, de, de * de], at + 5);
    if (logs) rows[at + COLUMNS] = (Math.log1p(y) - Math.log1p(p)) ** 2;
  }
  return {
    names: [...SUM_METRICS, ...(logs ? ["msle"] : [])],
    n,
    width,
    rows,
    evaluate: (sums, count, out) => {
      const [size, square, relative, symmetric, pinball, y, yy, p, pp, yp, e, ee] = sums;
      const varianceY = spread(yy, y, count), varianceP = spread(pp, p, count);
      // where a column is constant: no correlation (0 / 0), and no concordance unless both are the same constant (0 / 0)
      const shared = varianceY > 0 && varianceP > 0 ? yp - y * p / count : 0;
      const metrics: Record<typeof SUM_METRICS[number], number> = {
        mae: size / count,
        mse: square / count,
        rmse: Math.sqrt(square / count),
        r2: count < 2 ? NaN : explained(square, varianceY),
        explainedVariance: explained(spread(ee, e, count), varianceY),
        mape: relative / count,
        smape: symmetric / count,
        pinball: pinball / count,
        pearson: Math.max(-1, Math.min(1, shared / Math.sqrt(varianceY) / Math.sqrt(varianceP))),
        concordance: 2 * shared / (varianceY + varianceP + (e + count * meanError) ** 2 / count),
      };
      SUM_METRICS.forEach((name, at) => out[at] = metrics[name]);
      if (logs) out[SUM_METRICS.length] = sums[COLUMNS] / count;
    },
  };
}

/**
 * One of the metrics that are no function of sums, over some of the rows: a row may be named more than once.
 *
 * @throws {EvaluationError} When lengths differ, there are no rows, or a value is not finite.
 */
export function regressionOfRows(
  references: Numbers,
  predictions: Numbers,
  metric: RankMetric,
): (indices: Uint32Array) => number {
  checkColumns(references, predictions, { least: 1, names: NAMES });
  if (metric === "spearman" || metric === "kendall") {
    return correlationOfRows(references, predictions, metric);
  }
  const errors = Float64Array.from(references, (reference, row) => Math.abs(reference - predictions[row]));
  return (indices) => {
    const some = Float64Array.from(indices, (row) => errors[row]).sort();
    if (metric === "maxError") return some[some.length - 1];
    return (some[(some.length - 1) >> 1] + some[some.length >> 1]) / 2;
  };
}

const SUM_METRICS = [
  "mae",
  "mse",
  "rmse",
  "r2",
  "explainedVariance",
  "mape",
  "smape",
  "pinball",
  "pearson",
  "concordance",
] as const;
const COLUMNS = 12; // statistics of a row, the squared error of logarithms aside

/** Sum of squared deviations from the mean; 0 where only rounding is left of it, as in a resample of equal rows. */
function spread(squares: number, sum: number, n: number): number {
  const left = squares - sum * sum / n;
  return left > squares * EPSILON * (8 + Math.sqrt(n)) ? left : 0;
}

/** scikit-learn's rule: no error is 1, whatever there was to explain; error where there was nothing is 0. */
function explained(left: number, total: number): number {
  if (left === 0) return 1;
  return total === 0 ? 0 : 1 - left / total;
}
