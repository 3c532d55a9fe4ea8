/**
 * Metrics as functions of sums over rows: what the bootstrap, paired tests and slices work on.
 *
 * @module
 */
import { fail, type Numbers } from "./checks.ts";

/**
 * Metrics as a function of sums over rows of each row's statistics: BLEU, chrF, TER, a mean of ROUGE, F1 over entities, accuracy
 * and perplexity all are. So a resample adds numbers up and never scores a text twice.
 */
export interface Decomposed {
  /** Names of the metrics that `evaluate` writes, in its order. */
  readonly names: readonly string[];
  /** Rows. */
  readonly n: number;
  /** Statistics that a row has. */
  readonly width: number;
  /** The rows' statistics, row-major: [n, width]. */
  readonly rows: Float64Array;
  /** Writes the metrics of `n` rows whose statistics add up to `sums` into `out`. */
  evaluate(sums: Float64Array, n: number, out: Float64Array): void;
}

/**
 * The metrics over all rows, by name.
 *
 * @throws {EvaluationError} When there are no rows.
 * @example
 * ```ts
 * import { evaluateAll, means, valuesByRow } from "./decomposed.ts";
 * import assert from "node:assert/strict";
 * const lengths = means(["length"], [3, 5, 4]);
 * assert.deepEqual(evaluateAll(lengths), { length: 4 });
 * assert.deepEqual([...valuesByRow(means(["precision", "recall"], [1, 0.5, 0.2, 0.3]), "recall")], [0.5, 0.3]);
 * ```
 */
export function evaluateAll(metrics: Decomposed): Record<string, number> {
  const { names, n } = metrics, out = new Float64Array(names.length);
  if (n === 0) fail("Cannot evaluate: there are no rows");
  metrics.evaluate(sumRows(metrics), n, out);
  return Object.fromEntries(names.map((name, m) => [name, out[m]]));
}

/** Each statistic's sum over all rows: [width]. */
export function sumRows({ rows, n, width }: Pick<Decomposed, "rows" | "n" | "width">): Float64Array {
  const sums = new Float64Array(width);
  for (let i = 0, at = 0; i < n; i++) {
    for (let k = 0; k < width; k++, at++) sums[k] += rows[at];
  }
  return sums;
}

/** The same metrics over some of the rows, in the order given; a row may be named more than once. */
export function selectRows(metrics: Decomposed, indices: Numbers): Decomposed {
  const { width, n } = metrics;
  const rows = new Float64Array(indices.length * width);
  for (let i = 0; i < indices.length; i++) {
    const row = indices[i];
    if (!(Number.isInteger(row) && row >= 0 && row < n)) fail(`Cannot select row ${row}: there are ${n}`);
    rows.set(metrics.rows.subarray(row * width, (row + 1) * width), i * width);
  }
  return { ...metrics, n: indices.length, rows };
}

/** Some of the metrics, by name, over the same rows. */
export function pickMetrics(metrics: Decomposed, wanted: readonly string[]): Decomposed {
  const places = metrics.names.flatMap((name, m) => wanted.includes(name) ? [m] : []);
  if (places.length === metrics.names.length) return metrics;
  const all = new Float64Array(metrics.names.length);
  return {
    ...metrics,
    names: places.map((m) => metrics.names[m]),
    evaluate(sums, n, out) {
      metrics.evaluate(sums, n, all);
      places.forEach((m, k) => out[k] = all[m]);
    },
  };
}

/** The metrics that have a value over all the rows: a correlation with a constant, such as 0 / 0, has none. */
export function definedMetrics(metrics: Decomposed): Decomposed {
  const values = evaluateAll(metrics);
  return pickMetrics(metrics, metrics.names.filter((name) => Number.isFinite(values[name])));
}

/** One metric as a function of its statistics' sums; rows are row-major: [n, width]. */
export function oneMetric(
  name: string,
  rows: Float64Array,
  width: number,
  value: (sums: Float64Array, n: number) => number,
): Decomposed {
  const evaluate: Decomposed["evaluate"] = (sums, n, out) => void (out[0] = value(sums, n));
  return { names: [name], n: rows.length / width, width, rows, evaluate };
}

/** Metrics that are the mean of one number a row: values are row-major, [n, names.length]. */
export function means(names: readonly string[], values: Numbers): Decomposed {
  const width = names.length, n = values.length / width;
  if (!Number.isInteger(n)) fail(`Cannot split ${values.length} values into rows of ${width}`);
  const evaluate: Decomposed["evaluate"] = (sums, n, out) => {
    for (let k = 0; k < width; k++) out[k] = sums[k] / n;
  };
  return { names, n, width, rows: Float64Array.from(values), evaluate };
}

/**
 * A metric of each row by itself, such as for the rows that went worst.
 */
export function valuesByRow(metrics: Decomposed, name: string): Float64Array {
  const at = metrics.names.indexOf(name), { n, width, rows, names } = metrics;
  if (at < 0) fail(`No metric "${name}"; there are ${names.join(", ")}`);
  const out = new Float64Array(names.length);
  return Float64Array.from({ length: n }, (_, i) => {
    metrics.evaluate(rows.slice(i * width, (i + 1) * width), 1, out);
    return out[at];
  });
}

/** Several families over the same rows as one, so that all metrics share their resamples. */
export function together(families: readonly Decomposed[]): Decomposed {
  const n = families[0]?.n ?? 0, other = families.find((family) => family.n !== n);
  if (other) fail(`Cannot put metrics of ${n} and of ${other.n} rows together`);
  const width = families.reduce((sum, family) => sum + family.width, 0);
  const rows = new Float64Array(n * width);
  let at = 0;
  for (const family of families) {
    for (let i = 0; i < n; i++) {
      rows.set(family.rows.subarray(i * family.width, (i + 1) * family.width), i * width + at);
    }
    at += family.width;
  }
  return {
    names: families.flatMap(({ names }) => names),
    n,
    width,
    rows,
    evaluate(sums, count, out) {
      let from = 0, to = 0;
      for (const family of families) {
        const end = from + family.width, last = to + family.names.length;
        family.evaluate(sums.subarray(from, end), count, out.subarray(to, last));
        from = end, to = last;
      }
    },
  };
}
