/**
 * A task's metrics on parts of the rows, and whether a part differs from the rest.
 *
 * @module
 */
import { bootstrap, type RowBootstrapOptions } from "../../statistics/bootstrap.ts";
import { type Decomposed, definedMetrics, selectRows, sumRows } from "../../statistics/decomposed.ts";
import { adjustPValues } from "../../statistics/corrections.ts";
import { createRandom } from "../../base/random.ts";
import type { Better, SlicesSection } from "../report.ts";
import { withoutIntervals } from "./scored.ts";
import { checkLengths, Numbers } from "../../statistics/checks.ts";

/** How rows are cut into slices. */
export interface SliceOptions extends RowBootstrapOptions {
  /** The column's name, for the reader. */
  readonly column: string;
  /** The metrics to show of those that `metrics` has, the one that is tested first. */
  readonly shown: readonly { readonly name: string; readonly label: string; readonly better: Better }[];
  /** Slices with fewer rows are put together as "other (k values)"; default 10. */
  readonly minRows?: number;
  /** Most slices, the largest ones first; default 50. */
  readonly maxSlices?: number;
  /** Shuffles of the test; default 2,000. 0 leaves it out. */
  readonly shuffles?: number;
}

/**
 * The same metrics on the rows of each value of a column, with intervals, and a test of whether a slice differs from all other
 * rows in the first metric: the share of random sets of as many rows that differ at least as much (a two-sample permutation
 * test), adjusted for the number of slices by Holm's method.
 *
 * @param values The column, one value a row.
 * @throws {EvaluationError} When there is not one value a row.
 * @example
 * ```ts
 * import { sliceRows } from "./slices.ts";
 * import { means } from "../../statistics/decomposed.ts";
 * import assert from "node:assert/strict";
 * const right = means(["accuracy"], Array.from({ length: 200 }, (_, i) => i % 2 === 0 || i % 3 > 0 ? 1 : 0));
 * const language = Array.from({ length: 200 }, (_, i) => i % 2 === 0 ? "en" : "it");
 * const { rows } = sliceRows(right, language, {
 *   column: "language",
 *   shown: [{ name: "accuracy", label: "accuracy", better: "higher" }],
 * });
 * assert.deepEqual(rows.map((row) => [row.value, row.n]), [["en", 100], ["it", 100]]);
 * assert.ok(rows[0].intervals[0].value === 1 && rows[0].pValue! < 0.01);
 * ```
 */
export function sliceRows(
  metrics: Decomposed,
  values: readonly string[],
  options: SliceOptions,
): SlicesSection {
  checkLengths(metrics.n, values.length, [`values of "${options.column}"`, "rows"]);
  const { column, shown, shuffles = 2000, seed = 0 } = options;
  const slices = cut(values, options);
  const rows = slices.map(({ value, indices }) => {
    const n = indices.length, intervals = bootstrap(definedMetrics(selectRows(metrics, indices)), options);
    const none = withoutIntervals([["", NaN]], { n })[""]; // of a metric that these rows have no value of
    return { value, n, intervals: shown.map(({ name }) => intervals[name] ?? none) };
  });
  const section = { kind: "slices", title: `By ${column}`, column, metrics: shown } as const;
  if (shuffles === 0 || slices.length < 2) return { ...section, rows };
  const tested = metrics.names.indexOf(shown[0].name);
  const pValues = adjustPValues(
    slices.map(({ indices }, s) => differsFromRest(metrics, indices, { tested, shuffles, seed: seed + s })),
  );
  return { ...section, rows: rows.map((row, s) => ({ ...row, pValue: pValues[s] })) };
}

interface Slice {
  value: string;
  indices: number[];
}

/** The rows of each value, the largest slice first; small ones and those beyond the most together at the end. */
function cut(values: readonly string[], { minRows = 10, maxSlices = 50 }: SliceOptions): Slice[] {
  const byValue = Map.groupBy(values.keys(), (i) => values[i]);
  const all = [...byValue].map(([value, indices]) => ({ value, indices }));
  all.sort((a, b) => b.indices.length - a.indices.length || (a.value < b.value ? -1 : 1));
  const kept = all.filter(({ indices }) => indices.length >= minRows).slice(0, maxSlices);
  const rest = all.filter((slice) => !kept.includes(slice));
  if (rest.length === 1) return [...kept, rest[0]];
  if (rest.length === 0) return kept;
  return [...kept, {
    value: `other (${rest.length} values)`,
    indices: rest.flatMap(({ indices }) => indices),
  }];
}

/** p-value of |metric(slice) − metric(rest)| under random slices of the same size. */
function differsFromRest(
  { n, width, rows, evaluate, names }: Decomposed,
  indices: readonly number[],
  { tested, shuffles, seed }: { tested: number; shuffles: number; seed: number },
): number {
  const size = indices.length;
  if (size === n) return 1;
  const total = sumRows({ rows, n, width });
  const [inside, outside] = [0, 1].map(() => new Float64Array(width)), out = new Float64Array(names.length);
  // The smaller side is drawn and added up; the other one is the rest of the total.
  const small = Math.min(size, n - size);
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  const difference = (drawn: Numbers, count: number) => {
    inside.fill(0);
    for (let i = 0; i < count; i++) {
      for (let k = 0, at = drawn[i] * width; k < width; k++) inside[k] += rows[at + k];
    }
    for (let k = 0; k < width; k++) outside[k] = total[k] - inside[k];
    evaluate(inside, count, out);
    const a = out[tested];
    evaluate(outside, n - count, out);
    return Math.abs(a - out[tested]);
  };
  const observed = difference(indices, size);
  if (!Number.isFinite(observed)) return 1; // a metric that one side has no value of
  const random = createRandom(seed);
  let reached = 1;
  for (let s = 0; s < shuffles; s++) {
    for (let i = 0; i < small; i++) { // the first part of a Fisher-Yates shuffle is a random set
      const j = i + Math.floor(random() * (n - i));
      const swapped = order[i];
      order[i] = order[j], order[j] = swapped;
    }
    if (!(difference(order, small) < observed - 1e-12)) reached++;
  }
  return reached / (shuffles + 1);
}
