/**
 * What small changes of the inputs cost a model in its task's first metric.
 *
 * @module
 */
import { bootstrap } from "../../statistics/bootstrap.ts";
import { pickMetrics, selectRows } from "../../statistics/decomposed.ts";
import { wilsonInterval } from "../../statistics/intervals.ts";
import type { ProbesSection, Task } from "../report.ts";
import { pairedBootstrap } from "../../statistics/significance.ts";
import { scoreTask, type TaskOptions } from "./evaluate.ts";
import type { Pair } from "./pairs.ts";
import { checkLengths, fail } from "../../statistics/checks.ts";

/** How a probe is measured. */
export type ProbeOptions = TaskOptions;

/** What a probe's row of a report says, but for its name. */
export type ProbeRow = Pick<ProbesSection["rows"][number], "before" | "after" | "difference" | "changed">;

/**
 * What a change of the inputs costs: the task's first metric before and after, the paired difference, and the share of rows
 * whose prediction changed.
 *
 * @throws {EvaluationError} When the rows differ in number, or the task's first metric is no function of sums over rows.
 * @example
 * ```ts
 * import { probeRow } from "./probing.ts";
 * import { pairsOf } from "./pairs.ts";
 * import assert from "node:assert/strict";
 * const truth = Array.from({ length: 40 }, (_, i) => i % 2 === 0 ? "ham" : "spam");
 * const before = pairsOf(truth, truth), after = pairsOf(truth.map((label, i) => i < 10 ? "ham" : label), truth);
 * const { difference, changed } = probeRow("text-classification", before, after);
 * assert.ok(difference.high < 0);
 * assert.equal(changed.value, 5 / 40);
 * ```
 */
export function probeRow(
  task: Task,
  before: readonly Pair[],
  after: readonly Pair[],
  options: ProbeOptions = {},
): ProbeRow {
  const n = before.length;
  checkLengths(n, after.length, ["changed rows", "rows"]);
  // As one set, so that both sides have the same classes and statistics.
  const [{ scored: { rows }, metrics }] = scoreTask(task, [...before, ...after], options);
  const name = metrics[0].name;
  if (!rows?.names.includes(name)) fail(`${task} cannot be probed: ${name} is no sum over rows`);
  const [was, is] = [0, n].map((from) =>
    selectRows(pickMetrics(rows, [name]), Uint32Array.from({ length: n }, (_, i) => from + i))
  );
  const settings = { method: "bca", ...options } as const;
  const changed =
    before.filter(({ prediction }, i) => JSON.stringify(prediction) !== JSON.stringify(after[i].prediction))
      .length;
  return {
    before: bootstrap(was, settings)[name],
    after: bootstrap(is, settings)[name],
    difference: pairedBootstrap(is, was, settings)[name].difference,
    changed: wilsonInterval(changed, n),
  };
}
