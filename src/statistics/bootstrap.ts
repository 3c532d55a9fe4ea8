/**
 * Bootstrap intervals: of metrics that are sums over rows, of cells of a table, and of anything that rows give.
 *
 * @module
 */
import { sum } from "../base/arrays.ts";
import { type Decomposed, sumRows } from "./decomposed.ts";
import { createWordSource, type WordSource } from "./resample.ts";
import { normalCdf, normalQuantile } from "./distributions.ts";
import { cellGroups, designUnits, drawMetrics, groupUnits, jackknifeMetrics } from "./units.ts";
import type { Jackknife, ResamplingDesign, Units } from "./units.ts";
import { checkConfidence, checkOneOf, checkWhole, fail, Numbers } from "./checks.ts";

/** A metric with its confidence interval. */
export interface Interval {
  /** The metric on the data as it is. */
  readonly value: number;
  /** Lower end of the interval. */
  readonly low: number;
  /** Upper end of the interval. */
  readonly high: number;
  /** Coverage aimed at, for example 0.95. */
  readonly confidence: number;
  /** Rows the metric was computed over. */
  readonly n: number;
  /** How the interval was made, for example "wilson" or "bca". */
  readonly method?: string;
  /** Resamples it was made from, for those that are. */
  readonly resamples?: number;
}

/** How the ends of an interval are read off the resamples. */
export type BootstrapMethod = "percentile" | "bca";

/** How a bootstrap is drawn. */
export interface BootstrapOptions {
  /** Resamples; default 1,000. 0 leaves every interval at its value. */
  readonly resamples?: number;
  /** Coverage of the interval, in (0, 1); default 0.95. */
  readonly confidence?: number;
  /** Seed of the resampling; default 0. */
  readonly seed?: number;
  /** "bca" (default), the bias-corrected and accelerated one, or "percentile". */
  readonly method?: BootstrapMethod;
}

/** How a bootstrap over rows is drawn. */
export interface RowBootstrapOptions extends BootstrapOptions, ResamplingDesign {}

/**
 * Bootstrap intervals of every metric of a family, by name: rows are drawn with replacement, their statistics
 * added up. All metrics share the same resamples; the cost of one is the number of distinct rows.
 *
 * "percentile" takes quantiles of the resampled values; "bca" (default) corrects those for bias and skewness
 * (Efron 1987, "Better bootstrap confidence intervals"), as `scipy.stats.bootstrap` does. Where BCa is undefined
 * (the value lies outside all resampled ones) the interval is a percentile one and says so in `method`; where
 * (nearly) all resamples agree it has no width and its method is "degenerate": that is the bootstrap's limit, not
 * certainty, and a closed form such as Wilson's does better. `bench/results/coverage.md` has the coverage of all.
 *
 * @throws {EvaluationError} When there are no rows, a statistic or a metric over all rows is not finite, or an
 *   option is out of range.
 * @example
 * ```ts
 * import { bootstrap } from "./bootstrap.ts";
 * import { means } from "./decomposed.ts";
 * import assert from "node:assert/strict";
 * const lengths = means(["length"], [3, 5, 4, 8, 2, 5, 6, 4]);
 * const { length } = bootstrap(lengths, { method: "bca", seed: 1 });
 * assert.equal(length.value, 4.625);
 * assert.ok(length.low > 3 && length.low < 4 && length.high > 5.3 && length.high < 7);
 * assert.equal(length.method, "bca");
 * ```
 */
export function bootstrap(metrics: Decomposed, options: RowBootstrapOptions = {}): Record<string, Interval> {
  const { n, names } = metrics;
  const { resamples, method, seed, confidence } = checkOptions(options);
  const groups = groupUnits(metrics, designUnits(n, options));
  const values = new Float64Array(names.length);
  metrics.evaluate(sumRows(metrics), n, values);
  names.forEach((name, m) => checkValue(name, values[m]));
  const draws = drawMetrics(metrics, groups, { resamples, source: createWordSource(seed) });
  const jackknives = method === "bca" && resamples > 0 ? jackknifeMetrics(metrics, groups) : undefined;
  const intervals = intervalsOf(values, draws, { n, confidence, method, jackknives });
  return Object.fromEntries(names.map((name, m) => [name, intervals[m]]));
}

/**
 * Bootstrap intervals of several metrics at once, for metrics that depend on the rows only through the share that
 * falls in each cell (the cells of a confusion matrix): the counts are drawn directly, so the cost depends on the
 * number of cells, not of rows. Methods and their limits are those of `bootstrap`.
 *
 * @param cells Counts per cell, whole numbers, at least one above 0.
 * @param metrics Writes the metrics of the given cell counts into `out`; the counts always add up to n.
 * @returns One interval per metric.
 * @throws {EvaluationError} When a count or an option is out of range.
 * @example
 * ```ts
 * import { bootstrapCells } from "./bootstrap.ts";
 * import assert from "node:assert/strict";
 * // 90 rows right, 10 wrong
 * const [accuracy] = bootstrapCells([90, 10], (cells, out) => out[0] = cells[0] / 100, { metrics: 1, seed: 1 });
 * assert.equal(accuracy.value, 0.9);
 * assert.ok(accuracy.low < 0.86 && accuracy.high > 0.94);
 * ```
 */
export function bootstrapCells(
  cells: Numbers,
  metrics: (cells: Float64Array, out: Float64Array) => void,
  options: BootstrapOptions & { metrics: number },
): Interval[] {
  const { resamples, method, seed, confidence } = checkOptions(options);
  const counts = Float64Array.from(cells);
  const bad = counts.findIndex((count) => !(Number.isInteger(count) && count >= 0));
  if (bad >= 0) fail(`Cannot resample: cell ${bad} has ${counts[bad]} rows, wanted a whole number`);
  const n = sum(counts);
  if (n === 0) fail("Cannot resample: there are no rows");
  const out = new Float64Array(options.metrics);
  metrics(counts.slice(), out);
  const values = Float64Array.from(out);

  // Every cell is a group of rows that agree; without a row, what is left is scaled to the n that metrics may count on.
  const family: Decomposed = {
    ...{
      names: Array.from(values, (_, m) => `metric ${m}`),
      n,
      width: counts.length,
      rows: new Float64Array(),
    },
    evaluate: (sums, rows, out) => metrics(rows === n ? sums : sums.map((sum) => sum * (n / rows)), out),
  };
  const groups = cellGroups(counts);
  const draws = drawMetrics(family, groups, { resamples, source: createWordSource(seed) });
  const jackknives = method === "bca" && resamples > 0 && n > 1
    ? jackknifeMetrics(family, groups)
    : undefined;
  return intervalsOf(values, draws, { n, confidence, method, jackknives });
}

/**
 * Bootstrap intervals of statistics that are no function of sums over rows (AUC, a rank correlation, a median): the
 * statistic is computed anew for every resample. Methods and their limits are those of `bootstrap`.
 *
 * BCa needs the statistic without each unit, too: beyond 1,000 units the jackknife leaves out random thousandths of
 * them, which changes the acceleration by less than 0.001. Resamples in which the statistic is not finite (one class
 * only, say) are left out.
 *
 * @param n Rows.
 * @param statistic The statistic of the rows named, which may repeat. The array is reused: do not keep it.
 * @returns One interval, or one per statistic where `statistic` gives several.
 * @throws {EvaluationError} When there are no rows, the statistic over all rows is not finite, or an option is out of range.
 * @example
 * ```ts
 * import { bootstrapIndices } from "./bootstrap.ts";
 * import assert from "node:assert/strict";
 * const seconds = [1.2, 0.8, 5.1, 0.9, 1.4, 1.1, 2.2];
 * const median = (rows: Uint32Array) => Array.from(rows, (row) => seconds[row]).sort((a, b) => a - b)[3];
 * const { value, low, high } = bootstrapIndices(7, median, { seed: 1 });
 * assert.equal(value, 1.2);
 * assert.ok(low >= 0.8 && high <= 5.1);
 * ```
 */
export function bootstrapIndices(
  n: number,
  statistic: (indices: Uint32Array) => number,
  options?: RowBootstrapOptions,
): Interval;
/** The same for several statistics at once. */
export function bootstrapIndices(
  n: number,
  statistic: (indices: Uint32Array) => number[],
  options?: RowBootstrapOptions,
): Interval[];
export function bootstrapIndices(
  n: number,
  statistic: (indices: Uint32Array) => number | number[],
  options: RowBootstrapOptions = {},
): Interval | Interval[] {
  const { resamples, method, seed, confidence } = checkOptions(options);
  const units = designUnits(n, options);
  const whole = statistic(Uint32Array.from({ length: n }, (_, row) => row));
  const evaluate = (indices: Uint32Array) => {
    const result = statistic(indices);
    return typeof result === "number" ? [result] : result;
  };
  const values = typeof whole === "number" ? [whole] : whole;
  values.forEach((value, m) => checkValue(`statistic ${m}`, value));

  const draws = values.map(() => new Float64Array(resamples));
  const source = createWordSource(seed);
  for (let r = 0; r < resamples; r++) {
    const result = evaluate(drawRows(units, source));
    for (let m = 0; m < draws.length; m++) draws[m][r] = result[m];
  }
  const jackknives = method === "bca" && resamples > 0 && units.start.length > 2
    ? jackknifeIndices(units, evaluate, values.length)
    : undefined;
  const intervals = intervalsOf(values, draws, { n, confidence, method, jackknives });
  return typeof whole === "number" ? intervals[0] : intervals;
}

/** Rows of as many units as there are, drawn with replacement within each stratum. */
function drawRows({ start, rows, stratumStart }: Units, source: WordSource): Uint32Array {
  const drawn = new Uint32Array(start.length - 1);
  let size = 0;
  for (let s = 0; s + 1 < stratumStart.length; s++) {
    const from = stratumStart[s], count = stratumStart[s + 1] - from;
    for (let u = from; u < from + count; u++) {
      drawn[u] = from + Math.floor(nextShare(source) * count);
      size += start[drawn[u] + 1] - start[drawn[u]];
    }
  }
  const indices = new Uint32Array(size);
  let at = 0;
  for (const u of drawn) {
    for (let r = start[u]; r < start[u + 1]; r++) indices[at++] = rows[r];
  }
  return indices;
}

const MAX_JACKKNIFE = 1000;

function jackknifeIndices(
  { start, rows, stratumStart }: Units,
  evaluate: (indices: Uint32Array) => number[],
  width: number,
): Jackknife[] {
  const units = start.length - 1, source = createWordSource(1);
  const partOf = new Uint32Array(units), partStart = [0];
  for (let s = 0; s + 1 < stratumStart.length; s++) {
    const from = stratumStart[s], count = stratumStart[s + 1] - from;
    const parts = Math.max(2, Math.min(count, Math.floor(MAX_JACKKNIFE * count / units)));
    const order = Uint32Array.from({ length: count }, (_, i) => i);
    if (parts < count) shuffle(order, source);
    order.forEach((i, at) => partOf[from + i] = partStart[s] + at % parts);
    partStart.push(partStart[s] + parts);
  }
  const parts = partStart[partStart.length - 1];
  const results = emptyJackknives(width, { counts: new Uint8Array(parts).fill(1), stratumStart: partStart });
  const kept = new Uint32Array(rows.length);
  for (let part = 0; part < parts; part++) {
    let size = 0;
    for (let u = 0; u < units; u++) {
      if (partOf[u] === part) continue;
      for (let r = start[u]; r < start[u + 1]; r++) kept[size++] = rows[r];
    }
    const result = evaluate(kept.subarray(0, size));
    for (let m = 0; m < width; m++) results[m].values[part] = result[m];
  }
  return results;
}

function emptyJackknives(width: number, groups: Omit<Jackknife, "values">): Jackknife[] {
  return Array.from({ length: width }, () => ({ values: new Float64Array(groups.counts.length), ...groups }));
}

function shuffle(values: Uint32Array, source: WordSource): void {
  for (let i = values.length - 1; i > 0; i--) {
    const j = Math.floor(nextShare(source) * (i + 1));
    [values[i], values[j]] = [values[j], values[i]];
  }
}

/** A uniform number in [0, 1). */
function nextShare(source: WordSource): number {
  if (source.at === source.words.length) source.refill();
  return source.words[source.at++] / 2 ** 32;
}

function intervalsOf(
  values: Numbers,
  draws: Float64Array[],
  { jackknives, ...rest }: Pick<Interval, "n" | "confidence"> & {
    method: BootstrapMethod;
    jackknives?: Jackknife[];
  },
): Interval[] {
  return draws.map((drawn, m) =>
    resampledInterval(values[m], drawn, { ...rest, jackknife: jackknives?.[m] })
  );
}

/**
 * The interval that resampled values of a metric give; equal to `scipy.stats.bootstrap` on the same resamples.
 *
 * @param value The metric on the data as it is.
 * @param draws The metric on each resample; values that are not finite are left out.
 */
export function resampledInterval(
  value: number,
  draws: Float64Array,
  options: { n: number; confidence: number; method: BootstrapMethod; jackknife?: Jackknife },
): Interval {
  const { n, confidence } = options;
  const sorted = draws.filter(Number.isFinite).sort();
  const resamples = sorted.length;
  const spread = resamples > 0 ? sorted[resamples - 1] - sorted[0] : 0;
  if (!(spread > 1e-13 * Math.abs(value))) {
    return { value, low: value, high: value, confidence, n, method: "degenerate", resamples };
  }
  const tail = (1 - confidence) / 2;
  const levels = options.method === "bca" && options.jackknife
    ? bcaLevels(biasCorrection(value, sorted), acceleration(options.jackknife), tail)
    : undefined;
  const [below, above] = levels ?? [tail, 1 - tail];
  const low = quantileOfSorted(sorted, below), high = quantileOfSorted(sorted, above);
  const method = low === high ? "degenerate" : levels ? "bca" : "percentile";
  return { value, low, high, confidence, n, method, resamples };
}

/** z₀: the normal quantile of the share of resamples below the value, ties counted by half. */
function biasCorrection(value: number, sorted: Float64Array): number {
  // Sums added up in another order miss the value by rounding only; such resamples are ties.
  const slack = 1e-12 * (sorted[sorted.length - 1] - sorted[0]);
  let below = 0, tied = 0;
  for (const draw of sorted) {
    if (draw < value - slack) below++;
    else if (draw <= value + slack) tied++;
    else break;
  }
  return normalQuantile((below + tied / 2) / sorted.length);
}

/** Skewness of the jackknife over 6, the influence of all strata added up. 0 where it is undefined. */
function acceleration({ values, counts, stratumStart }: Jackknife): number {
  let squares = 0, cubes = 0;
  for (let s = 0; s + 1 < stratumStart.length; s++) {
    let units = 0, sum = 0;
    for (let g = stratumStart[s]; g < stratumStart[s + 1]; g++) {
      if (counts[g] === 0) continue;
      units += counts[g], sum += counts[g] * values[g];
    }
    if (units < 2) continue;
    const mean = sum / units, scale = (units - 1) / units;
    for (let g = stratumStart[s]; g < stratumStart[s + 1]; g++) {
      if (counts[g] === 0) continue;
      const influence = scale * (mean - values[g]);
      squares += counts[g] * influence ** 2;
      cubes += counts[g] * influence ** 3;
    }
  }
  const skew = cubes / squares ** 1.5 / 6;
  return Number.isFinite(skew) ? skew : 0;
}

/** Levels of the quantiles that BCa takes for the ends, or undefined where it has none. */
function bcaLevels(z0: number, skew: number, tail: number): [number, number] | undefined {
  const level = (z: number) => {
    const shifted = z0 + z, stretch = 1 - skew * shifted;
    return stretch > 0 ? normalCdf(z0 + shifted / stretch) : NaN;
  };
  const z = normalQuantile(tail), below = level(z), above = level(-z);
  return Number.isFinite(z0) && below < above ? [below, above] : undefined;
}

/** Quantile of ascending values, linearly interpolated (numpy's default, type 7 of Hyndman and Fan 1996). */
export function quantileOfSorted(sorted: Numbers, q: number): number {
  const position = q * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
}

/** The options with their defaults, when they are in range. */
export function checkOptions(options: BootstrapOptions): Required<BootstrapOptions> {
  const { resamples = 1000, confidence = 0.95, seed = 0, method = "bca" } = options;
  checkWhole("resamples", resamples, 0, 1_000_000);
  checkConfidence(confidence);
  if (!Number.isSafeInteger(seed)) fail(`seed must be a whole number, got ${seed}`);
  checkOneOf("method", method, ["percentile", "bca"]);
  return { resamples, confidence, seed, method };
}

function checkValue(name: string, value: number): void {
  if (!Number.isFinite(value)) fail(`Cannot put an interval around ${name}: it is ${value} over all rows`);
}
