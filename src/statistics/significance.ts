/**
 * Paired bootstrap and approximate randomisation: tests of two systems in any metric that is a function of sums over rows.
 *
 * @module
 */
import { checkOptions, type Interval, resampledInterval, RowBootstrapOptions } from "./bootstrap.ts";
import { type Decomposed, sumRows } from "./decomposed.ts";
import { coinSampler, createWordSource } from "./resample.ts";
import { addGroups, designUnits, drawMetrics, groupUnits, jackknifeMetrics } from "./units.ts";
import type { Jackknife, UnitGroups } from "./units.ts";
import { checkOneOf, fail } from "./checks.ts";

/** How two systems compare on one metric, over the same rows. */
export interface PairedComparison {
  /** The metric of the first system. */
  readonly a: number;
  /** The metric of the second system. */
  readonly b: number;
  /** A − b with its bootstrap interval. */
  readonly difference: Interval;
  /** Two-sided: the chance of a difference at least this large if the systems were alike. */
  readonly pValue: number;
  /** Resamples or shuffles behind the p-value, which cannot fall below 1 / (trials + 1). */
  readonly trials: number;
  /** The test. */
  readonly test: "paired bootstrap" | "approximate randomization";
  /**
   * The difference in standard deviations of what a row (or cluster) contributes to it: Cohen's d of paired samples where the
   * metric is a mean, its jackknife generalisation elsewhere. 0 where the rows do not vary.
   */
  readonly effect: number;
}

/** How a paired test is drawn. */
export interface PairedOptions extends RowBootstrapOptions {
  /**
   * How trials become a p-value. "two-sided" (default) holds its level. "sacrebleu" is what sacrebleu 2.6 computes, which finds
   * a difference at level .05 in up to 10% of the pairs of equal systems (`bench/results/coverage.md`): it centres absolute
   * differences of the bootstrap, and does not count ties with the observed difference in approximate randomization.
   */
  readonly formula?: "two-sided" | "sacrebleu";
}

/**
 * Paired bootstrap test of every metric of a family: the same resampled rows score both systems.
 *
 * The null distribution is the resampled difference shifted to 0, as in Berg-Kirkpatrick, Burkett and Klein (2012), "An
 * Empirical Investigation of Statistical Significance in NLP", here two-sided: p = (1 + #{|d* − d| ≥ |d|}) / (1 + resamples).
 * Koehn (2004), "Statistical Significance Tests for Machine Translation Evaluation", drew the same resamples and counted sign
 * changes; sacrebleu's figure is the option `formula: "sacrebleu"`.
 *
 * @param a Statistics of the first system's rows.
 * @param b Statistics of the second system's, for the same rows in the same order.
 * @param options 1,000 resamples by default.
 * @throws {EvaluationError} When the systems differ in rows or metrics, or an option is out of range.
 * @example
 * ```ts
 * import { means } from "./decomposed.ts";
 * import { pairedBootstrap } from "./significance.ts";
 * import assert from "node:assert/strict";
 * const a = means(["accuracy"], [1, 1, 1, 1, 0, 1, 1, 1, 1, 1]);
 * const b = means(["accuracy"], [1, 0, 1, 0, 0, 1, 0, 1, 0, 1]);
 * const { accuracy } = pairedBootstrap(a, b, { seed: 1 });
 * assert.equal(accuracy.difference.value.toFixed(6), "0.400000");
 * assert.ok(accuracy.pValue < 0.05 && accuracy.difference.low > 0);
 * ```
 */
export function pairedBootstrap(
  a: Decomposed,
  b: Decomposed,
  options: PairedOptions = {},
): Record<string, PairedComparison> {
  const { resamples, method, seed, confidence } = checkOptions(options);
  const formula = checkFormula(options);
  const both = pair(a, b);
  const groups = groupUnits(both, designUnits(both.n, options));
  const values = metricsOf(both);
  const draws = drawMetrics(both, groups, { resamples, source: createWordSource(seed) });
  const jackknives = jackknifeMetrics(both, groups);
  return compare(a.names, values, (m) => {
    const difference = values[3 * m + 2], drawn = draws[3 * m + 2].filter(Number.isFinite);
    const jackknife = jackknives[3 * m + 2];
    return {
      difference: resampledInterval(difference, drawn, { n: both.n, confidence, method, jackknife }),
      pValue: bootstrapPValue(drawn, { a: values[3 * m], b: values[3 * m + 1], formula }),
      trials: drawn.length,
      test: "paired bootstrap",
      effect: effectSize(difference, jackknife),
    };
  });
}

/**
 * Approximate randomization test of every metric of a family: were the systems alike, swapping their outputs on any row would
 * make no difference; so each trial swaps those of a random half of the rows.
 *
 * p = (1 + #{|d'| ≥ |d|}) / (1 + trials), two-sided (Noreen 1989, "Computer-Intensive Methods for Testing Hypotheses"; Riezler
 * and Maxwell 2005). Unlike the bootstrap it is exact: its level holds whatever the metric and however few the rows. With
 * `clusters`, whole clusters are swapped. The interval of the difference comes from a bootstrap of 1,000 resamples.
 *
 * @param a Statistics of the first system's rows.
 * @param b Statistics of the second system's, for the same rows in the same order.
 * @param options `resamples` are the trials: 10,000 by default.
 * @throws {EvaluationError} When the systems differ in rows or metrics, or an option is out of range.
 */
export function approximateRandomization(
  a: Decomposed,
  b: Decomposed,
  options: PairedOptions = {},
): Record<string, PairedComparison> {
  const { resamples: trials, seed } = checkOptions({ resamples: 10_000, ...options });
  const formula = checkFormula(options);
  const bootstrapped = pairedBootstrap(a, b, { ...options, resamples: Math.min(trials, 1000) });
  const both = pair(a, b);
  const groups = groupUnits(both, designUnits(both.n, { clusters: options.clusters }));
  const values = metricsOf(both);
  const draws = drawShuffles(both, groups, { trials, seed });
  return compare(a.names, values, (m) => ({
    difference: bootstrapped[a.names[m]].difference,
    pValue: randomizationPValue(draws[m], { a: values[3 * m], b: values[3 * m + 1], formula }),
    trials,
    test: "approximate randomization",
    effect: bootstrapped[a.names[m]].effect,
  }));
}

interface Tested {
  a: number;
  b: number;
  formula: "two-sided" | "sacrebleu";
}

/** The p-value of a − b, given a − b in each resample. */
export function bootstrapPValue(draws: Float64Array, { a, b, formula }: Tested): number {
  const observed = Math.abs(a - b), threshold = observed - slack(a, b);
  if (formula === "two-sided") return tailShare(draws, (draw) => Math.abs(draw - (a - b)) >= threshold);
  const mean = draws.reduce((sum, draw) => sum + Math.abs(draw), 0) / draws.length;
  return tailShare(draws, (draw) => Math.abs(draw) - mean > observed);
}

/** The p-value of a − b, given a − b of each shuffle. */
export function randomizationPValue(draws: Float64Array, { a, b, formula }: Tested): number {
  const observed = Math.abs(a - b), threshold = observed - slack(a, b);
  return tailShare(
    draws,
    (draw) => formula === "two-sided" ? Math.abs(draw) >= threshold : Math.abs(draw) > observed,
  );
}

/** Sums added up in another order differ by rounding: such differences are equal to the observed one. */
function slack(a: number, b: number): number {
  return 1e-12 * Math.max(Math.abs(a), Math.abs(b));
}

/** (1 + draws that are as extreme) / (1 + draws). */
function tailShare(draws: Float64Array, extreme: (draw: number) => boolean): number {
  return (draws.filter(extreme).length + 1) / (draws.length + 1);
}

/** Both systems' statistics side by side; metrics are a, b and a − b for each name. */
function pair(a: Decomposed, b: Decomposed): Decomposed {
  if (a.n !== b.n || a.names.join("\n") !== b.names.join("\n") || a.width !== b.width) {
    const [first, second] = [a, b].map(({ n, names }) => `${names.join(", ")} of ${n} rows`);
    fail(`Cannot compare ${first} with ${second}: both systems need the same`);
  }
  const { n, width, names } = a;
  const rows = new Float64Array(2 * n * width);
  for (let row = 0; row < n; row++) {
    rows.set(a.rows.subarray(row * width, (row + 1) * width), 2 * row * width);
    rows.set(b.rows.subarray(row * width, (row + 1) * width), (2 * row + 1) * width);
  }
  const outA = new Float64Array(names.length), outB = new Float64Array(names.length);
  return {
    names: names.flatMap((name) => [`${name} of a`, `${name} of b`, `difference of ${name}`]),
    n,
    width: 2 * width,
    rows,
    evaluate(sums, n, out) {
      a.evaluate(sums.subarray(0, width), n, outA);
      b.evaluate(sums.subarray(width), n, outB);
      for (let m = 0; m < names.length; m++) {
        out[3 * m] = outA[m], out[3 * m + 1] = outB[m], out[3 * m + 2] = outA[m] - outB[m];
      }
    },
  };
}

function metricsOf(metrics: Decomposed): Float64Array {
  const out = new Float64Array(metrics.names.length);
  metrics.evaluate(sumRows(metrics), metrics.n, out);
  const bad = out.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) fail(`Cannot compare: ${metrics.names[bad]} is ${out[bad]} over all rows`);
  return out;
}

/** The metrics' differences when each unit's outputs are swapped with probability 1/2. */
function drawShuffles(
  both: Decomposed,
  groups: UnitGroups,
  { trials, seed }: { trials: number; seed: number },
): Float64Array[] {
  const width = both.width / 2, moves = swapMoves(groups, width), sample = coinSampler(moves.counts);
  const total = new Float64Array(both.width + 1), sums = new Float64Array(both.width);
  addGroups(groups, groups.counts, total);
  const move = new Float64Array(width), heads = new Int32Array(moves.counts.length);
  const out = new Float64Array(both.names.length), source = createWordSource(seed);
  const draws = Array.from({ length: out.length / 3 }, () => new Float64Array(trials));
  for (let t = 0; t < trials; t++) {
    sample(source, heads);
    move.fill(0);
    addGroups(moves, heads, move);
    for (let k = 0; k < width; k++) {
      sums[k] = total[k] - move[k];
      sums[width + k] = total[width + k] + move[k];
    }
    both.evaluate(sums, both.n, out);
    for (let m = 0; m < draws.length; m++) draws[m][t] = out[3 * m + 2];
  }
  return draws;
}

/** What leaves a's sums for b's when a unit of each group is swapped; units on which the systems agree move nothing. */
function swapMoves(groups: UnitGroups, width: number): UnitGroups {
  const counts: number[] = [], start = [0], columns: number[] = [], values: number[] = [];
  const move = new Float64Array(width);
  for (let g = 0; g < groups.counts.length; g++) {
    move.fill(0);
    for (let at = groups.start[g]; at < groups.start[g + 1]; at++) {
      const k = groups.columns[at];
      if (k < width) move[k] += groups.values[at];
      else if (k < 2 * width) move[k - width] -= groups.values[at];
    }
    if (move.every((value) => value === 0)) continue;
    counts.push(groups.counts[g]);
    move.forEach((value, k) => {
      if (value !== 0) columns.push(k), values.push(value);
    });
    start.push(columns.length);
  }
  return {
    counts: Float64Array.from(counts),
    start: Uint32Array.from(start),
    columns: Uint32Array.from(columns),
    values: Float64Array.from(values),
    width,
    stratumStart: Uint32Array.of(0, counts.length),
  };
}

/** The jackknife's standard error is that of a sum over units: times the root of their number it is one unit's. */
function effectSize(difference: number, { values, counts }: Jackknife): number {
  let units = 0, sum = 0, squares = 0;
  for (let g = 0; g < values.length; g++) units += counts[g], sum += counts[g] * values[g];
  for (let g = 0; g < values.length; g++) squares += counts[g] * (values[g] - sum / units) ** 2;
  const deviation = Math.sqrt((units - 1) * squares);
  return Number.isFinite(deviation) && deviation > 1e-13 * Math.abs(difference) ? difference / deviation : 0;
}

function compare(
  names: readonly string[],
  values: Float64Array,
  result: (m: number) => Omit<PairedComparison, "a" | "b">,
): Record<string, PairedComparison> {
  return Object.fromEntries(
    names.map((name, m) => [name, { a: values[3 * m], b: values[3 * m + 1], ...result(m) }]),
  );
}

function checkFormula({ formula = "two-sided" }: PairedOptions): "two-sided" | "sacrebleu" {
  checkOneOf("formula", formula, ["two-sided", "sacrebleu"]);
  return formula;
}
