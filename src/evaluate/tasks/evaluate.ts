/**
 * One system on rows with known answers: everything that its task is measured by.
 *
 * @module
 */
import { type Decomposed, together, valuesByRow } from "../../statistics/decomposed.ts";
import type { Better, ClassesSection, Measured, Section, Task, WorstSection } from "../report.ts";
import { sliceRows } from "./slices.ts";
import { families } from "./families.ts";
import { type OptionValues, readOptions } from "./options.ts";
import type { Pair } from "./pairs.ts";
import { type IntervalOptions, measure, type Scored } from "./scored.ts";
import { type Choice, type Chosen, strategies } from "./strategy.ts";
import { isNamed, scoreFamily } from "./family.ts";
import { listLabels } from "../../base/labels.ts";
import { didYouMean } from "../../base/nearest.ts";
import { show } from "../../base/text.ts";
import { isObject } from "../../base/json.ts";
import { fail, type Numbers } from "../../statistics/checks.ts";

/** How a task is evaluated. */
export interface TaskOptions extends IntervalOptions {
  /** Columns to slice by. */
  readonly slices?: readonly string[];
  /** Rows to show that went worst; default 20. */
  readonly worst?: number;
  /** Options of families, by family and name, over those of the strategy. */
  readonly settings?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Families that are scored elsewhere, such as BERTScore, which needs an encoder. */
  readonly more?: readonly { readonly scored: Scored; readonly metrics: readonly Chosen[] }[];
}

/** The result of evaluating rows by their task's metrics. */
export interface Evaluated {
  /** The task's metrics, in its order. */
  readonly metrics: Measured[];
  /** The rest, in the order to be shown. */
  readonly sections: Section[];
  /** What a reader should know, a sentence each. */
  readonly notes: string[];
}

/** A family's scores of some rows, and which of its metrics are wanted. */
export interface ScoredChoice {
  readonly scored: Scored;
  readonly metrics: readonly Chosen[];
}

/**
 * Measures rows by what their task is measured by: metrics with intervals and reasons, classes, curves, slices and the rows
 * that went worst.
 *
 * @throws {EvaluationError} When rows cannot be read as the task's, or a column to slice by is missing.
 * @example
 * ```ts
 * import { evaluateTask } from "./evaluate.ts";
 * import { pairsOf } from "./pairs.ts";
 * import assert from "node:assert/strict";
 * const pairs = pairsOf(["the cat sat", "a dog ran"], ["the cat sat down", "a dog ran"]);
 * const { metrics } = evaluateTask("summarization", pairs);
 * assert.deepEqual(metrics.slice(0, 2).map(({ name }) => name), ["rougeL.f1", "rouge1.f1"]);
 * assert.ok(metrics[0].interval.value > 0.9 && metrics[0].why !== undefined);
 * ```
 */
export function evaluateTask(task: Task, pairs: readonly Pair[], options: TaskOptions = {}): Evaluated {
  const scoredChoices = [...scoreTask(task, pairs, options), ...options.more ?? []];
  const metrics: Measured[] = [], sections: Section[] = [], notes: string[] = [];
  for (const { scored, metrics: chosen } of scoredChoices) {
    const measured = measure(scored, options);
    metrics.push(...pick(measured, chosen));
    const classes = classesOf(measured, scored);
    if (classes) sections.push(classes);
    sections.push(...scored.sections ?? []);
    notes.push(...scored.notes ?? []);
  }
  const rows = rowsOf(scoredChoices);
  if (rows) {
    const shown = metrics.filter(({ name }) => rows.names.includes(name)).slice(0, 4);
    for (const column of options.slices ?? []) {
      sections.push(sliceRows(rows, columnOf(pairs, column), { ...options, column, shown }));
    }
  }
  const worst = worstRows(task, pairs, { rows, count: options.worst ?? 20 });
  if (worst.rows.length > 0) sections.push(worst);
  return { metrics, sections, notes };
}

/** A task's families, scored. */
export function scoreTask(task: Task, pairs: readonly Pair[], options: TaskOptions = {}): ScoredChoice[] {
  const settings = taskOptionValues(task, options.settings);
  return strategies[task].choices.flatMap((choice, i) =>
    applies(choice, pairs)
      ? [{
        scored: scoreFamily(families[choice.family], pairs, settings[i]),
        metrics: choice.metrics,
      }]
      : []
  );
}

/**
 * The options of each of a task's choices, those given above its own: to be called before predictions are made, too.
 *
 * @throws {EvaluationError} for a family that the task is not measured by, or an option that it does not have.
 */
export function taskOptionValues(task: Task, given: TaskOptions["settings"] = {}): OptionValues[] {
  const { choices } = strategies[task];
  const known = [...new Set(choices.map(({ family }) => family))];
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    const list = known.join(", ");
    fail(
      `${task} is not measured by ${show(name)}, so it has no options; it is by ${list}${
        didYouMean(name, known)
      }`,
    );
  }
  return choices.map(({ family, options }) =>
    readOptions(family, families[family].options, { ...options, ...given[family] })
  );
}

function applies({ needs }: Choice, pairs: readonly Pair[]): boolean {
  if (needs === "source") return pairs.every(({ record }) => typeof record.source === "string");
  if (needs === "references") return pairs.every(({ reference }) => reference !== undefined);
  return true;
}

/** The metrics that were chosen, in the order of the choice, with the reason; those that were not measured are left out. */
function pick(measured: readonly Measured[], chosen: readonly Chosen[]): Measured[] {
  return chosen.flatMap(({ name, why, primary }) =>
    measured.filter((metric) => isNamed(name, metric.name))
      .map((metric) => ({ ...metric, why, ...(primary && { primary }) }))
  );
}

/** The metrics that are sums over rows, of all families together. */
function rowsOf(choices: readonly ScoredChoice[]): Decomposed | undefined {
  const rows = choices.flatMap(({ scored }) => scored.rows ? [scored.rows] : []);
  return rows.length === 0 ? undefined : together(rows);
}

/** Precision, recall and F1 of each class, where a family measured them as `precision.CLASS` and so on. */
function classesOf(
  measured: readonly Measured[],
  { supports, classesTitle = "Classes" }: Scored,
): ClassesSection | undefined {
  if (!supports) return undefined;
  const byName = new Map(measured.map(({ name, interval }) => [name, interval]));
  const rows = [...supports].flatMap(([label, support]) => {
    const [precision, recall, f1] = ["precision", "recall", "f1"].map((part) =>
      byName.get(`${part}.${label}`)
    );
    return precision && recall && f1 ? [{ label, precision, recall, f1, support }] : [];
  });
  return rows.length > 0 ? { kind: "classes", title: classesTitle, rows } : undefined;
}

/** A column's values, as text. */
export function columnOf(rows: readonly Pick<Pair, "record">[], column: string): string[] {
  return rows.map(({ record }, i) => {
    const value = record[column];
    if (["string", "number", "boolean"].includes(typeof value)) return String(value);
    if (value === null) return "null";
    if (Object.hasOwn(record, column)) {
      fail(`Row ${i + 1}: column ${show(column)} to slice by is ${show(value)}, wanted a text or a number`);
    }
    const columns = Object.keys(record), known = listLabels(columns, { most: 12, plain: true }) || "none";
    fail(
      `Row ${i + 1} has no column ${show(column)} to slice by; its columns are ${known}${
        didYouMean(column, columns)
      }`,
    );
  });
}

function worstRows(
  task: Task,
  pairs: readonly Pair[],
  { rows, count }: { rows: Decomposed | undefined; count: number },
): WorstSection {
  const { scores, scoreLabel, better, isWrong } = badness(task, pairs, rows);
  const sign = better === "lower" ? -1 : 1;
  const order = Array.from(scores, (_, i) => i)
    .filter((i) => Number.isFinite(scores[i]) && isWrong(i))
    .sort((a, b) => sign * (scores[a] - scores[b]) || a - b);
  return {
    kind: "worst",
    title: "Where it went worst",
    scoreLabel,
    rows: order.slice(0, count).map((i) => ({
      row: i + 1,
      ...(typeof inputOf(pairs[i]) === "string" && { input: inputOf(pairs[i]) as string }),
      reference: shown(pairs[i].reference),
      prediction: shown(pairs[i].prediction),
      score: scores[i],
    })),
  };
}

interface Badness {
  scores: Numbers;
  scoreLabel: string;
  better: Better;
  isWrong: (row: number) => boolean;
}

/** What rows are ordered by, and which of them count as gone wrong at all. */
function badness(task: Task, pairs: readonly Pair[], rows: Decomposed | undefined): Badness {
  if (task === "text-classification") {
    return {
      scores: pairs.map(({ prediction, record }) => confidence(record.scores, String(prediction))),
      scoreLabel: "confidence in the wrong label",
      better: "lower",
      isWrong: (i) => String(pairs[i].prediction) !== String(pairs[i].reference),
    };
  }
  if (task === "regression" || task === "sentence-similarity") {
    const errors = pairs.map(({ prediction, reference }) => Math.abs(Number(prediction) - Number(reference)));
    return { scores: errors, scoreLabel: "absolute error", better: "lower", isWrong: (i) => errors[i] > 0 };
  }
  if (task === "token-classification" && rows) {
    // Entities that are missing or too many; the two last statistics are tokens.
    const { width } = rows, types = (width - 2) / 3;
    const wrong = Float64Array.from(pairs, (_, i) => {
      let sum = 0;
      for (let t = 0; t < types; t++) {
        const at = i * width + 3 * t;
        sum += rows.rows[at] + rows.rows[at + 1] - 2 * rows.rows[at + 2];
      }
      return sum;
    });
    return {
      scores: wrong,
      scoreLabel: "entities missing or too many",
      better: "lower",
      isWrong: (i) => wrong[i] > 0,
    };
  }
  const name = strategies[task].rowMetric;
  if (!rows?.names.includes(name)) {
    return { scores: [], scoreLabel: name, better: "higher", isWrong: () => false };
  }
  const lower = ["hammingLoss", "rep4", "nll"].includes(name);
  const scores = valuesByRow(rows, name), perfect = lower ? 0 : name === "chrf" ? 100 : 1;
  const better = lower ? "lower" : "higher";
  return { scores, scoreLabel: name, better, isWrong: (i) => scores[i] !== perfect };
}

function confidence(scores: unknown, label: string): number {
  if (Array.isArray(scores)) return Number(scores.find((s) => s?.label === label)?.score ?? 0);
  return isObject(scores) ? Number(scores[label] ?? 0) : 0;
}

function inputOf({ record }: Pair): unknown {
  return record.input ?? record.text ?? record.source ?? record.question;
}

function shown(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) {
    return value.slice(0, 200).map((part) => typeof part === "string" ? part : JSON.stringify(part)).join(
      " | ",
    );
  }
  return value === undefined ? "" : JSON.stringify(value) ?? "";
}
