import { EvaluationError } from "./errors.ts";

/**
 * Metrics in the form that intervals, paired tests and slices need: each row's statistics are kept, and the metrics are a
 * function of their sums over rows. BLEU, chrF, TER, a mean of ROUGE, F1 over entities, accuracy and perplexity all are;
 * so a resample adds numbers up and never scores a text twice.
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
 * import { evaluateAll, means } from "./decomposed.ts";
 * import assert from "node:assert/strict";
 *
 * const lengths = means(["length"], [3, 5, 4]);
 * assert.deepEqual(evaluateAll(lengths), { length: 4 });
 * ```
 */
export function evaluateAll(metrics: Decomposed): Record<string, number> {
  const { names, n, width, rows } = metrics;
  if (n === 0) throw new EvaluationError("Cannot evaluate: there are no rows");
  const sums = new Float64Array(width), out = new Float64Array(names.length);
  for (let i = 0, at = 0; i < n; i++) {
    for (let k = 0; k < width; k++, at++) sums[k] += rows[at];
  }
  metrics.evaluate(sums, n, out);
  return Object.fromEntries(names.map((name, m) => [name, out[m]]));
}

/** The same metrics over some of the rows, in the order given; a row may be named more than once. */
export function selectRows(metrics: Decomposed, indices: ArrayLike<number>): Decomposed {
  const { width, n } = metrics;
  const rows = new Float64Array(indices.length * width);
  for (let i = 0; i < indices.length; i++) {
    const row = indices[i];
    if (!(Number.isInteger(row) && row >= 0 && row < n)) {
      throw new EvaluationError(`Cannot select row ${row}: there are ${n}`);
    }
    rows.set(metrics.rows.subarray(row * width, (row + 1) * width), i * width);
  }
  return { ...metrics, n: indices.length, rows };
}

/** Metrics that are the mean of one number a row: values are row-major, [n, names.length]. */
export function means(names: readonly string[], values: ArrayLike<number>): Decomposed {
  const width = names.length;
  if (values.length % width !== 0) {
    throw new EvaluationError(`Cannot split ${values.length} values into rows of ${width}`);
  }
  return {
    names,
    n: values.length / width,
    width,
    rows: Float64Array.from(values),
    evaluate: (sums, n, out) => {
      for (let k = 0; k < width; k++) out[k] = sums[k] / n;
    },
  };
}
