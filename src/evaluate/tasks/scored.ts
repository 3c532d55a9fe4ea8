/**
 * What a family of metrics gives for some rows, and how it becomes metrics with intervals.
 *
 * @module
 */
import {
  bootstrap,
  bootstrapIndices,
  type Interval,
  type RowBootstrapOptions,
} from "../../statistics/bootstrap.ts";
import { listLabels } from "../../base/labels.ts";
import { type Decomposed, definedMetrics } from "../../statistics/decomposed.ts";
import type { Better, Measured, Section } from "../report.ts";

/** A metric's name as a reader sees it, and which way is good. */
export type MetricInfo = Pick<Measured, "label" | "better" | "unit">;

/** Metrics over rows, in the forms that intervals are made from. */
export interface Scored {
  /** Those that are functions of sums over rows. */
  readonly rows?: Decomposed;
  /** Those that are computed anew from rows named by index. */
  readonly indexed?: Indexed;
  /** Intervals in closed form, which stand in for resampled ones. */
  readonly closed?: (options: ClosedOptions) => Readonly<Record<string, Interval>>;
  /** How a metric is shown. */
  readonly info: (name: string) => MetricInfo;
  /** The settings that the figures depend on. */
  readonly signature?: string;
  /** Rows (or entities) of each class that `precision.CLASS`, `recall.CLASS` and `f1.CLASS` are measured of. */
  readonly supports?: ReadonlyMap<string, number>;
  /** What classes are called. */
  readonly classesTitle?: string;
  /** The rest, in the order to be shown. */
  readonly sections?: readonly Section[];
  /** What a reader should know, a sentence each. */
  readonly notes?: readonly string[];
}

/** What an interval in closed form depends on; one that has to be drawn after all takes the rest. */
export type ClosedOptions = Pick<IntervalOptions, "confidence" | "resamples" | "seed">;

/** Metrics of rows named by index. */
export interface Indexed {
  /** In the order of the values. */
  readonly names: readonly string[];
  /** Rows. */
  readonly n: number;
  /** About how many numbers are looked at for a row; default 10. */
  readonly cost?: number;
  /** The metrics of the rows named, which may repeat. */
  evaluate(indices: Uint32Array): number[];
}

/** How intervals are made; BCa by default. */
export type IntervalOptions = RowBootstrapOptions;

// Numbers that may be looked at where a metric is computed anew for each resample: beyond, there are fewer resamples, and the
// interval says how many.
const AFFORDABLE = 2e8, LEAST_RESAMPLES = 200;

/** Resamples that a metric computed anew for each of them can have. */
export function affordableResamples({ n, cost = 10 }: Pick<Indexed, "n" | "cost">, wanted: number): number {
  return Math.min(wanted, Math.max(LEAST_RESAMPLES, Math.floor(AFFORDABLE / (n * cost))));
}

/**
 * A family's scores without the metrics that have no value for these rows, such as a correlation with a constant; a note names
 * them, since a reader may look for them.
 */
export function definedScores(scored: Scored): Scored {
  const rows = scored.rows && definedMetrics(scored.rows);
  const indexed = scored.indexed && definedIndexed(scored.indexed);
  const left = [...rows?.names ?? [], ...indexed?.names ?? []];
  const missing = [...scored.rows?.names ?? [], ...scored.indexed?.names ?? []]
    .filter((name) => !left.includes(name) && !name.includes("."));
  if (missing.length === 0) return scored;
  const names = listLabels(missing.map((name) => scored.info(name).label), { most: 8, plain: true });
  const note =
    `Not defined for these rows, and left out: ${names}. A column that is constant has no correlation, one row no ` +
    "spread, and nothing is divided by 0.";
  return { ...scored, rows, indexed, notes: [...scored.notes ?? [], note] };
}

/** Those of the metrics that have a value over all rows. */
function definedIndexed(indexed: Indexed): Indexed {
  const values = indexed.evaluate(Uint32Array.from({ length: indexed.n }, (_, row) => row));
  return pickIndexed(indexed, indexed.names.filter((_, m) => Number.isFinite(values[m])));
}

/** Some of the metrics, by name. */
export function pickIndexed(indexed: Indexed, wanted: readonly string[]): Indexed {
  const places = indexed.names.flatMap((name, m) => wanted.includes(name) ? [m] : []);
  const evaluate = (indices: Uint32Array) => {
    const values = indexed.evaluate(indices);
    return places.map((m) => values[m]);
  };
  return { ...indexed, names: places.map((m) => indexed.names[m]), evaluate };
}

/**
 * All metrics of a family, with intervals, in the family's order.
 *
 * @throws {EvaluationError} as the bootstrap.
 * @example
 * ```ts
 * import { measure } from "./scored.ts";
 * import { means } from "../../statistics/decomposed.ts";
 * import assert from "node:assert/strict";
 * const [length] = measure({
 *   rows: means(["length"], [3, 5, 4, 6, 7]),
 *   info: () => ({ label: "mean length", better: "neither", unit: "words" }),
 * });
 * assert.deepEqual([length.name, length.label, length.interval.value], ["length", "mean length", 5]);
 * ```
 */
export function measure(scored: Scored, options: IntervalOptions = {}): Measured[] {
  const { rows, indexed, closed, info, signature } = scored;
  const settings: IntervalOptions = { method: "bca", ...options };
  const intervals = new Map<string, Interval>();
  if (rows) {
    for (const [name, interval] of Object.entries(bootstrap(rows, settings))) intervals.set(name, interval);
  }
  if (indexed) {
    const resamples = affordableResamples(indexed, settings.resamples ?? 1000);
    const evaluate = (indices: Uint32Array) => indexed.evaluate(indices);
    bootstrapIndices(indexed.n, evaluate, { ...settings, resamples })
      .forEach((interval, m) => intervals.set(indexed.names[m], interval));
  }
  const { confidence, resamples, seed } = options;
  const stated = Object.entries(closed?.({ confidence, resamples, seed }) ?? {});
  for (const [name, interval] of stated) intervals.set(name, interval);
  return [...intervals].map(([name, interval]) => ({
    name,
    ...info(name),
    interval,
    ...(signature !== undefined && { signature }),
  }));
}

/** Values that have no interval: both ends are the value. */
export function withoutIntervals(
  values: Iterable<readonly [name: string, value: number]>,
  { n, confidence = 0.95 }: { n: number; confidence?: number },
): Record<string, Interval> {
  return Object.fromEntries(
    Array.from(
      values,
      ([name, value]) => [name, { value, low: value, high: value, confidence, n, method: "none" }],
    ),
  );
}

/** `info` of a table; a name that it lacks is shown as its words. */
export function infoOf(
  table: Readonly<Record<string, Partial<MetricInfo>>>,
  better: Better = "higher",
): (name: string) => MetricInfo {
  return (name: string): MetricInfo => ({ label: wordsOf(name), better, ...table[name] });
}

/** `balancedAccuracy` is "balanced accuracy" and `macroF1` "macro F1"; names with a part of their own stay as they are. */
function wordsOf(name: string): string {
  if (name.includes(".")) return name;
  return name.replace(
    /([a-z])([A-Z])(?=([a-z])?)/g,
    (_, end, begin, isWord) => `${end} ${isWord ? begin.toLowerCase() : begin}`,
  );
}
