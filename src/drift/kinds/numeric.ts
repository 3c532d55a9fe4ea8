/**
 * Numbers: a sample of the reference, frozen bins at its quantiles, and the two-sample Kolmogorov-Smirnov test.
 *
 * @module
 */
import { binLabels, binOf, countBins, edgesAt, quantileEdges } from "../bins.ts";
import { ascending, countsOf, record } from "../checks.ts";
import { sum } from "../../base/arrays.ts";
import { addCounts, divergences } from "../counts.ts";
import type { NumericFeature } from "../feature.ts";
import { plainHistograms } from "../histogram.ts";
import { createReservoir } from "../reservoir.ts";
import { ksBinned, ksTwoSample } from "../../statistics/ks.ts";
import type { Kind } from "./kind.ts";

/** The reference of a number per observation. */
export interface NumericReference {
  /** Tells it from the references of other kinds. */
  readonly kind: "numeric";
  /** A uniform sample of the reference, at most 2,000 values, ascending. */
  readonly values: readonly number[];
  /** Inner edges of the bins that KL, JS and PSI are computed on: quantiles of the reference. */
  readonly edges: readonly number[];
  /** Inner edges of the bins that a page draws: round numbers. */
  readonly displayEdges: readonly number[];
  /** What evidence is weighed on: bins at the quantiles, finer at both ends, and how much of the reference is in each. */
  readonly ranks?: { readonly edges: readonly number[]; readonly counts: readonly number[] };
}

/** A window's counts of a number per observation. */
export interface NumericCounts {
  /** Tells them from the counts of other kinds. */
  readonly kind: "numeric";
  /** Over the bins of the statistics. */
  readonly bins: number[];
  /** Over the bins a page draws. */
  readonly display: number[];
  /** The values themselves, for the exact test: all of them, or none once there were more than 10,000. */
  readonly values: number[];
  /** Over the bins of `NumericReference.ranks`. */
  readonly ranks: number[];
}

const QUANTILE_BINS = 10;
/** Where the bins of `ranks` end. */
const RANKS = [0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99];
/** Values of a reference that are counted in `ranks`. */
const MOST_RANKED = 100_000;
const MAX_VALUES = 10_000;
const MAX_EDGES = 1000;
/** Mean of √n·D without drift: √(π/2)·ln 2 (Marsaglia, Tsang and Wang 2003). */
const MEAN_KOLMOGOROV = Math.sqrt(Math.PI / 2) * Math.LN2;

/** Numbers, compared as distributions. */
export const numericKind: Kind<number, NumericReference, NumericCounts, NumericFeature<never>> = {
  drawn: "numeric",
  effect: "ks",

  collect({ scale }, seed) {
    const sample = createReservoir<number>(seed), ranked = createReservoir<number>(seed + 1, MOST_RANKED);
    return {
      problem: (value) => Number.isFinite(value) ? undefined : "not a finite number",
      add(value) {
        sample.add(value);
        ranked.add(value);
      },
      build() {
        const values = sample.values.toSorted((a, b) => a - b);
        const edges = quantileEdges(values, QUANTILE_BINS);
        const all = Float64Array.from(ranked.values).sort(), ends = edgesAt(all, RANKS);
        return {
          kind: "numeric",
          values,
          edges,
          displayEdges: scale.edges(values),
          ranks: { edges: ends, counts: countBins(ends, all) },
        };
      },
    };
  },

  parse({ values, edges, displayEdges, ranks }, where) {
    return {
      kind: "numeric",
      values: ascending(values, `${where}.values`, { most: MAX_VALUES, strictly: false }),
      edges: ascending(edges, `${where}.edges`, { most: MAX_EDGES, strictly: true }),
      displayEdges: ascending(displayEdges, `${where}.displayEdges`, { most: MAX_EDGES, strictly: true }),
      ...(ranks === undefined ? {} : { ranks: parseRanks(ranks, `${where}.ranks`) }),
    };
  },

  prepare({ values, edges, displayEdges, ranks }) {
    const bins = countBins(edges, values), display = countBins(displayEdges, values);
    const ends = ranks?.edges ?? edgesAt(values, RANKS), reference = ranks?.counts ?? countBins(ends, values);
    return {
      empty: () => ({
        kind: "numeric",
        bins: bins.map(() => 0),
        display: display.map(() => 0),
        values: [],
        ranks: reference.map(() => 0),
      }),
      add(counts, value, hit) {
        if (!Number.isFinite(value)) return "invalid";
        const before = sum(counts.bins);
        counts.bins[binOf(edges, value)]++;
        counts.display[binOf(displayEdges, value)]++;
        // Beyond the limit values are dropped for good: a part of them would be a biased sample.
        if (before < MAX_VALUES && counts.values.length === before) counts.values.push(value);
        else counts.values.length = 0;
        const rank = binOf(ends, value);
        counts.ranks[rank]++;
        hit(rank);
        return "counted";
      },
      cells: { counts: reference, n: sum(reference), ordered: true },
      cellsOf: ({ ranks }) => ({ cells: ranks, n: sum(ranks) }),
      cellLabel: (_, cell) => binLabels(ends, "real")[cell],
      test(counts, threshold) {
        const n = sum(counts.bins);
        if (n === 0) return undefined;
        const { statistic, pValue } = counts.values.length === n
          ? ksTwoSample(values, counts.values)
          : ksBinned(bins, counts.bins);
        const noise = MEAN_KOLMOGOROV * Math.sqrt(1 / n + 1 / values.length);
        return {
          n,
          statistics: { ks: { statistic, pValue }, ...divergences(bins, counts.bins) },
          effect: statistic,
          threshold: threshold + noise,
          pValue,
        };
      },
      draw: ({ scale }, counts) => plainHistograms(scale.labels(displayEdges), display, counts.display),
    };
  },

  merge(a, b, name) {
    const bins = addCounts(a.bins, b.bins, name), n = sum(bins);
    const complete = n <= MAX_VALUES && a.values.length + b.values.length === n;
    return {
      kind: "numeric",
      bins,
      display: addCounts(a.display, b.display, name),
      ranks: addCounts(a.ranks, b.ranks, name),
      values: complete ? [...a.values, ...b.values] : [],
    };
  },
};

function parseRanks(json: unknown, where: string): NonNullable<NumericReference["ranks"]> {
  const { edges, counts } = record(json, where);
  const ends = ascending(edges, `${where}.edges`, { most: MAX_EDGES, strictly: true });
  return { edges: ends, counts: countsOf(counts, `${where}.counts`, { length: ends.length + 1, of: "bin" }) };
}
