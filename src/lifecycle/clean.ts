/**
 * The cleaning of a training's rows: what `--clean` says, after the steps of the model that is started from.
 *
 * @module
 */
import { formatCount, plural } from "../base/format.ts";
import type { RowStep } from "../bundle/manifest.ts";
import { labelBars } from "../data/clean/bars.ts";
import { type CleaningTrace, cleanRows, type LabelChange } from "../data/clean/clean.ts";
import { parseSteps } from "../data/clean/steps.ts";
import { checkCleanable, queryCleaner } from "../tasks/clean_query.ts";
import { servedTasks, type TaskName } from "../tasks/served.ts";
import type { Row, TextQuery } from "../tasks/task.ts";
import { textsOf } from "../tasks/text_input.ts";
import type { Pretrained } from "./pretrained.ts";
import type { Reporter } from "./reporter.ts";

/** How rows are cleaned. */
export interface CleanForTrainingOptions {
  readonly task: TaskName;
  /** Steps as they are written, such as `strip-html`. */
  readonly cleaning?: readonly string[];
  /** A checkpoint to start from: a bundle's own steps come first. */
  readonly pretrained?: Pick<Pretrained, "name" | "manifest">;
  /** What the data are called in messages. */
  readonly source: string;
  /** Of `sample`. */
  readonly seed: number;
  readonly output: Pick<Reporter, "progress">;
}

/** Rows that are ready to be divided, and what a bundle says of how they became so. */
export interface CleanedForTraining {
  readonly rows: readonly Row<unknown>[];
  /** The steps that change texts, for the manifest: serving applies them. */
  readonly textSteps: readonly string[];
  /** The steps that chose rows or changed labels, for the lineage. */
  readonly rowSteps: readonly RowStep[];
  /** Rows of each label before and after; empty where rows have not one label each. */
  readonly labels: readonly LabelChange[];
  /**
   * The same for rows that are held out in a file of their own: texts are cleaned and labels changed as those of the training;
   * rows of labels that the cleaning left out go. All others stay: what a model is measured on is not chosen by length.
   */
  heldOut<R extends Row<unknown>>(rows: readonly R[]): R[];
}

/**
 * Cleans rows before they are compared, divided and encoded, so that texts that become alike are duplicates.
 *
 * @throws {DataError} for steps that cannot be applied, naming the step; for those that change texts of a task whose answers
 *   point into them.
 */
export function cleanForTraining(
  rows: readonly Row<unknown>[],
  options: CleanForTrainingOptions,
): CleanedForTraining {
  const { task, seed, source, output } = options;
  const steps = stepsOf(options);
  const textSteps = parseSteps(steps).filter(({ kind }) => kind === "text").map(({ step }) => step);
  checkCleanable(servedTasks[task], textSteps);
  if (steps.length === 0) return { rows, textSteps, rowSteps: [], labels: [], heldOut: (held) => [...held] };
  const cleaned = cleanRows(
    rows.map(({ queries, target }, index) => ({
      texts: queries.flatMap(textsOf),
      ...(typeof target === "string" && { label: target }),
      index,
    })),
    steps,
    { seed },
  );
  for (const trace of cleaned.trace) output.progress(`${source}: ${describeTrace(trace)}`);
  const { labels } = cleaned;
  if (labels.some(({ before, after }) => before !== after)) output.progress(labelBars(labels));
  const empty = cleaned.rows.filter(({ texts }) => texts.some((text) => text.trim() === "")).length;
  if (empty > 0) {
    output.progress(
      `warning: ${source}: ${plural(empty, "row")} with an empty text; --clean drop-empty leaves them out`,
    );
  }
  const renamed = new Map(
    cleaned.rows.flatMap(({ label, index }) => label === undefined ? [] : [[rows[index].target, label]]),
  );
  return {
    rows: cleaned.rows.map(({ texts, label, index }) => {
      const { queries, target } = rows[index];
      return { ...rows[index], queries: withTexts(queries, texts), target: label ?? target };
    }),
    textSteps,
    rowSteps: cleaned.trace.filter(({ step }) => !textSteps.includes(step))
      .map(({ step, rowsBefore, rowsAfter }) => ({ step, rowsBefore, rowsAfter })),
    labels,
    heldOut(held) {
      const clean = queryCleaner(servedTasks[task], textSteps);
      return held.flatMap((row) => {
        const target = labels.length === 0 ? row.target : renamed.get(row.target);
        return target === undefined ? [] : [{ ...row, queries: row.queries.map(clean), target }];
      });
    },
  };
}

/** What a step did, in a line. */
export function describeTrace({ step, rowsBefore, rowsAfter, changed }: CleaningTrace): string {
  const dropped = rowsBefore - rowsAfter;
  const parts = [
    ...(changed > 0 ? [`changed ${formatCount(changed)}`] : []),
    ...(dropped > 0 ? [`left out ${formatCount(dropped)}`] : []),
  ];
  return `${step} ${parts.join(" and ") || "changed none"} of ${plural(rowsBefore, "row")}`;
}

/** The base's steps, which its weights have learnt by, and those given; once, where those given begin with the base's. */
function stepsOf({ cleaning = [], pretrained, output }: CleanForTrainingOptions): readonly string[] {
  const own = pretrained?.manifest?.cleaning ?? [];
  if (own.every((step, i) => cleaning[i] === step)) return cleaning;
  output.progress(`texts are cleaned as ${pretrained!.name} was trained: ${own.join(", ")}`);
  return [...own, ...cleaning];
}

/** Queries with other texts, in the same places. */
function withTexts(queries: readonly TextQuery[], texts: readonly string[]): TextQuery[] {
  let at = 0;
  return queries.map((query) => typeof query === "string" ? texts[at++] : [texts[at++], texts[at++]]);
}
