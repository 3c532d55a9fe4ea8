/**
 * Two systems on the same rows: paired differences, tests, corrections.
 *
 * @module
 */
import { bootstrapIndices } from "../../statistics/bootstrap.ts";
import { pickMetrics, selectRows } from "../../statistics/decomposed.ts";
import { compareRocAuc } from "../classification/delong.ts";
import { adjustPValues } from "../../statistics/corrections.ts";
import { correctnessTable, mcNemar } from "../../statistics/paired_tests.ts";
import { createRandom } from "../../base/random.ts";
import type { ComparisonSection, Measured, Task } from "../report.ts";
import { approximateRandomization } from "../../statistics/significance.ts";
import { classifierRows, labelsOf, positiveScores } from "./classes.ts";
import { scoreTask, type TaskOptions } from "./evaluate.ts";
import { readList } from "./options.ts";
import type { Pair } from "./pairs.ts";
import {
  affordableResamples,
  type Indexed,
  type IntervalOptions,
  measure,
  pickIndexed,
  type Scored,
} from "./scored.ts";
import type { Chosen } from "./strategy.ts";
import { checkLengths, fail } from "../../statistics/checks.ts";
import { isNamed } from "./family.ts";

/** Two systems by name, and how they are compared. */
export interface CompareOptions extends TaskOptions {
  /** Such as `spam 1.0.0` and `spam 1.1.0`: the baseline, and what is compared with it. */
  readonly names: readonly [string, string];
  /** Shuffles of a test; default 10,000. */
  readonly trials?: number;
  /** Without a test: size, latency. */
  readonly costs?: ComparisonSection["costs"];
}

/**
 * Compares two systems on the same rows: each metric of the task with both intervals, the paired difference b − a, and a
 * p-value (accuracy by McNemar's test, the area under the ROC curve by DeLong's, all others by approximate randomisation),
 * adjusted over the metrics by Holm's method.
 *
 * @throws {EvaluationError} When the rows' references are not the same, or as `evaluateTask`.
 * @example
 * ```ts
 * import { compareSystems } from "./compare.ts";
 * import { pairsOf } from "./pairs.ts";
 * import assert from "node:assert/strict";
 * const truth = Array.from({ length: 60 }, (_, i) => i % 2 === 0 ? "ham" : "spam");
 * const a = pairsOf(truth.map((label, i) => i % 5 === 0 ? "ham" : label), truth);
 * const b = pairsOf(truth, truth);
 * const { rows } = compareSystems("text-classification", a, b, { names: ["old", "new"], trials: 500 });
 * const accuracy = rows.find(({ name }) => name === "accuracy")!;
 * assert.ok(accuracy.difference.value > 0 && accuracy.difference.low > 0);
 * assert.equal(accuracy.test, "McNemar");
 * ```
 */
export function compareSystems(
  task: Task,
  a: readonly Pair[],
  b: readonly Pair[],
  options: CompareOptions,
): ComparisonSection {
  checkSameRows(a, b);
  const { names, trials = 10_000, costs = [] } = options;
  const n = a.length;
  // Both systems' rows are scored as one set, so that classes and statistics are the same for both, and then parted.
  const both = [...a, ...b];
  const settings = task === "text-classification"
    ? { ...options, settings: withLabels(both, options) }
    : options;
  // Each system's own intervals are those that its report has.
  const own = [a, b].map((pairs) =>
    scoreTask(task, pairs, settings).map(({ scored }) => measure(scored, options))
  );
  const compared = scoreTask(task, both, settings).flatMap(({ scored, metrics }, i) =>
    compareFamily(scored, metrics, { ...options, n, trials, own: [own[0][i], own[1][i]] })
  );
  if (task === "text-classification") replaceClosedTests(compared, a, b, settings);
  const adjusted = adjustPValues(compared.map(({ pValue }) => pValue));
  return {
    kind: "comparison",
    title: `${names[1]} beside ${names[0]}`,
    a: names[0],
    b: names[1],
    rows: compared.map((row, i) => ({ ...row, adjustedPValue: adjusted[i] })),
    costs,
  };
}

type Compared = Omit<ComparisonSection["rows"][number], "adjustedPValue">;

function checkSameRows(a: readonly Pair[], b: readonly Pair[]): void {
  checkLengths(b.length, a.length, ["rows", "rows"]);
  const at = a.findIndex(({ reference }, i) => JSON.stringify(reference) !== JSON.stringify(b[i].reference));
  if (at >= 0) fail(`Cannot compare: the references of row ${at + 1} differ`);
}

function withLabels(both: readonly Pair[], { settings }: TaskOptions): TaskOptions["settings"] {
  const labels = settings?.classification?.labels ?? JSON.stringify(labelsOf(both));
  return { ...settings, classification: { ...settings?.classification, labels } };
}

interface FamilyOptions extends IntervalOptions {
  n: number;
  trials: number;
  own: readonly [readonly Measured[], readonly Measured[]];
}

function compareFamily(scored: Scored, chosen: readonly Chosen[], options: FamilyOptions): Compared[] {
  const { n, trials, own } = options;
  const [ofA, ofB] = own.map((metrics) => new Map(metrics.map((metric) => [metric.name, metric])));
  // What one system alone has a value of cannot be compared.
  const shared = [...ofA.keys()].filter((name) => ofB.has(name));
  const rows = scored.rows && pickMetrics(scored.rows, shared);
  const differences = new Map<string, Tested>();
  if (rows) {
    const [first, second] = [0, n].map((from) =>
      selectRows(rows, Uint32Array.from({ length: n }, (_, i) => from + i))
    );
    const tested = approximateRandomization(second, first, { method: "bca", ...options, resamples: trials });
    for (const [name, { difference, pValue }] of Object.entries(tested)) {
      differences.set(name, { difference, pValue, test: "approximate randomisation" });
    }
  }
  if (scored.indexed) {
    for (const [name, result] of randomizeIndexed(pickIndexed(scored.indexed, shared), options)) {
      differences.set(name, result);
    }
  }
  return chosen.flatMap(({ name }) => {
    const names = name.endsWith("*") ? [...differences.keys()].filter((key) => isNamed(name, key)) : [name];
    return names.flatMap((name) => {
      const [a, b, tested] = [ofA.get(name), ofB.get(name), differences.get(name)];
      return a && b && tested
        ? [{ name, label: a.label, better: a.better, a: a.interval, b: b.interval, ...tested }]
        : [];
    });
  });
}

type Tested = Pick<Compared, "difference" | "pValue" | "test">;

/** Paired bootstrap interval and approximate randomisation of metrics that are computed anew for every draw. */
function randomizeIndexed(indexed: Indexed, options: FamilyOptions): [string, Tested][] {
  const { n } = options;
  const difference = (first: Uint32Array, second: Uint32Array) => {
    const a = indexed.evaluate(first), b = indexed.evaluate(second);
    return b.map((value, m) => value - a[m]);
  };
  const cost = { n: 2 * n, cost: indexed.cost };
  const intervals = bootstrapIndices(n, (rows) => difference(rows, rows.map((row) => row + n)), {
    ...options,
    method: "percentile",
    resamples: affordableResamples(cost, options.resamples ?? 1000),
  });
  const trials = affordableResamples(cost, options.trials);
  const random = createRandom(options.seed ?? 0);
  const reached = intervals.map(() => 1);
  const first = new Uint32Array(n), second = new Uint32Array(n);
  for (let t = 0; t < trials; t++) {
    for (let i = 0; i < n; i++) {
      const swapped = random() < 0.5 ? n : 0;
      first[i] = i + swapped, second[i] = i + n - swapped;
    }
    difference(first, second).forEach((value, m) => {
      if (!(Math.abs(value) < Math.abs(intervals[m].value) - 1e-12)) reached[m]++;
    });
  }
  return indexed.names.map((name, m) => [name, {
    difference: intervals[m],
    pValue: reached[m] / (trials + 1),
    test: "approximate randomisation",
  }]);
}

/** Accuracy and the area under the ROC curve have exact or closed tests. */
function replaceClosedTests(
  compared: Compared[],
  a: readonly Pair[],
  b: readonly Pair[],
  options: TaskOptions,
): void {
  const labels = readList(options.settings!.classification.labels);
  const settings = { ...options.settings?.classification, labels };
  const [first, second] = [a, b].map((pairs) => classifierRows(pairs, settings));
  const right = ({ references, predictions }: typeof first) =>
    Array.from(references, (k, i) => Number(k === predictions[i]));
  const accuracy = compared.find(({ name }) => name === "accuracy");
  if (accuracy) {
    const { pValue } = mcNemar(correctnessTable(right(first), right(second)));
    Object.assign(accuracy, { pValue, test: "McNemar" });
  }
  const { positive } = first;
  const auc = compared.findIndex(({ name }) => name === "rocAuc");
  if (positive === undefined || !first.probabilities || !second.probabilities) return;
  const [{ truth, scores }, { scores: others }] = [first, second].map((rows) =>
    positiveScores(rows, positive)
  );
  if (new Set(truth).size < 2) return;
  const { first: ofA, second: ofB, difference, pValue } = compareRocAuc(truth, others, scores);
  const row: Compared = {
    ...{ name: "rocAuc", label: "ROC AUC", better: "higher", a: ofB, b: ofA },
    ...{ difference, pValue, test: "DeLong" },
  };
  if (auc >= 0) compared[auc] = row;
  else compared.push(row);
}
