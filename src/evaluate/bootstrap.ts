import { createRandom, drawBinomial } from "./prng.ts";
import { EvaluationError } from "./errors.ts";

/** A metric with its confidence interval. */
export interface Interval {
  /** The metric on the data as it is. */
  value: number;
  /** Lower end of the interval. */
  low: number;
  /** Upper end of the interval. */
  high: number;
  /** Coverage aimed at, for example 0.95. */
  confidence: number;
  /** Rows the metric was computed over. */
  n: number;
  /** How the interval was made, for example "wilson" or "bca". */
  method?: string;
  /** Resamples it was made from, for those that are. */
  resamples?: number;
}

/** How a bootstrap is drawn. */
export interface BootstrapOptions {
  /** Resamples; default 1,000. 0 leaves every interval at its value. */
  resamples?: number;
  /** Coverage of the interval, in (0, 1); default 0.95. */
  confidence?: number;
  /** Seed of the resampling; default 0. */
  seed?: number;
}

/**
 * Percentile bootstrap intervals of several metrics at once, for metrics that depend on the rows only through how many
 * fall in each cell (the cells of a confusion matrix).
 *
 * Drawing n rows with replacement gives the cell counts a multinomial distribution, so the counts are drawn directly, as a
 * chain of binomials: the cost depends on the number of cells, not of rows. All metrics share the same resamples. Ends are
 * linearly interpolated quantiles (Efron and Tibshirani 1993, "An Introduction to the Bootstrap", ch. 13). Where every row
 * agrees (accuracy 1) the resamples agree too and the interval has no width: that is the method's limit, not certainty.
 *
 * @param cells Counts per cell, whole numbers, at least one above 0.
 * @param metrics Writes the metrics of the given cell counts into `out`.
 * @returns One interval per metric.
 * @throws {EvaluationError} When an option is out of range.
 * @example
 * ```ts
 * import { bootstrapCells } from "./bootstrap.ts";
 * import assert from "node:assert/strict";
 *
 * // 90 rows right, 10 wrong
 * const [accuracy] = bootstrapCells([90, 10], (cells, out) => out[0] = cells[0] / 100, { metrics: 1, seed: 1 });
 * assert.equal(accuracy.value, 0.9);
 * assert.ok(accuracy.low < 0.86 && accuracy.high > 0.94);
 * ```
 */
export function bootstrapCells(
  cells: ArrayLike<number>,
  metrics: (cells: Float64Array, out: Float64Array) => void,
  options: BootstrapOptions & { metrics: number },
): Interval[] {
  const { resamples = 1000, confidence = 0.95, seed = 0 } = options;
  if (!Number.isInteger(resamples) || resamples < 0 || resamples > 1_000_000) {
    throw new EvaluationError(`resamples must be a whole number from 0 to 1,000,000, got ${resamples}`);
  }
  if (!(confidence > 0 && confidence < 1)) {
    throw new EvaluationError(`confidence must lie between 0 and 1, got ${confidence}`);
  }
  const counts = Float64Array.from(cells);
  const n = counts.reduce((sum, count) => sum + count, 0);
  const out = new Float64Array(options.metrics);
  metrics(counts, out);
  const values = Float64Array.from(out);

  const draws = Array.from(values, () => new Float64Array(resamples)); // [metric][resample]
  const random = createRandom(seed);
  const drawn = new Float64Array(counts.length);
  for (let r = 0; r < resamples; r++) {
    drawMultinomial(random, counts, n, drawn);
    metrics(drawn, out);
    for (let m = 0; m < out.length; m++) draws[m][r] = out[m];
  }
  return draws.map((sample, m) => {
    sample.sort();
    const value = values[m];
    const low = resamples === 0 ? value : quantileOfSorted(sample, (1 - confidence) / 2);
    const high = resamples === 0 ? value : quantileOfSorted(sample, (1 + confidence) / 2);
    return { value, low, high, confidence, n };
  });
}

/** Quantile of ascending values, linearly interpolated (numpy's default, type 7 of Hyndman and Fan 1996). */
export function quantileOfSorted(sorted: ArrayLike<number>, q: number): number {
  const position = q * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
}

function drawMultinomial(random: () => number, weights: Float64Array, n: number, out: Float64Array): void {
  let rowsLeft = n, weightLeft = n;
  for (let c = 0; c < weights.length; c++) {
    out[c] = drawBinomial(random, rowsLeft, weightLeft > 0 ? weights[c] / weightLeft : 0);
    rowsLeft -= out[c];
    weightLeft -= weights[c];
  }
}
