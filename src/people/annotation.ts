/**
 * What annotators are asked, and the checks of what they answer.
 *
 * @module
 */
import type { TaskKind } from "./assignment.ts";
import { array, clip, integer, object, text } from "./untrusted.ts";
import { fail } from "../statistics/checks.ts";

/** What annotators are asked about each item. */
export type AnnotationTask =
  & {
    /** The question put. */
    question: string;
    /** How to answer it. */
    guidelines?: string;
    /** Whether an item may be passed over; default true. */
    skippable?: boolean;
  }
  & (
    | { kind: "likert"; scale: { low: number; high: number }; labels?: string[] }
    | { kind: "choice"; choices: string[]; most?: number }
    | { kind: "pairwise"; ties?: boolean }
    | { kind: "best-worst" }
    | { kind: "spans"; labels: string[]; overlapping?: boolean }
    | { kind: "text"; least?: number; most?: number }
  );

/** What an annotator is shown. */
export interface AnnotationItem {
  /** Names it within its task. */
  readonly id: string;
  /** The text to judge; spans count its UTF-16 units. */
  readonly text?: string;
  /** Names of what is compared: two (a, b) in pairwise tasks, two or more in best-worst ones. */
  readonly candidates?: string[];
}

/** A stretch of the item's text. */
export interface AnnotatedSpan {
  /** First UTF-16 unit. */
  readonly start: number;
  /** One past the last. */
  readonly end: number;
  /** One of the task's labels. */
  readonly label: string;
}

/** An answer, by the kind of its task. */
export type AnnotationValue =
  | { kind: "likert"; score: number }
  | { kind: "choice"; choices: string[] }
  | { kind: "pairwise"; winner: "a" | "b" | "tie" }
  | { kind: "best-worst"; best: string; worst: string }
  | { kind: "spans"; spans: AnnotatedSpan[] }
  | { kind: "text"; text: string };

/** One answer of one annotator, checked. */
export interface Annotation {
  /** Which item. */
  readonly item: string;
  /** Who answered. */
  readonly annotator: string;
  /** Why the annotator saw the item. */
  readonly reason: TaskKind;
  /** Whether sides were swapped; `winner` is already turned back. */
  readonly swapped: boolean;
  /** The answer; null where the item was passed over. */
  readonly value: AnnotationValue | null;
  /** What the annotator added; empty where nothing. */
  readonly comment: string;
  /** Seconds the annotator says it took; null where unknown. */
  readonly seconds: number | null;
  /** When it was received, by the clock that was passed in. */
  readonly atMs: number;
}

const MAX_NAME = 200;
const MAX_QUESTION = 2_000;
const MAX_GUIDELINES = 100_000;
const MAX_CHOICES = 1_000;
const MAX_COMMENT = 10_000;
const MAX_TEXT = 100_000;
const MAX_SPANS = 2_000;
const MAX_SECONDS = 7 * 24 * 3600;

/**
 * Reads a task definition from untrusted JSON.
 *
 * @throws {EvaluationError} When a field is missing, unknown, of another type or beyond its limit.
 * @example
 * ```ts
 * import { parseTask } from "./annotation.ts";
 * import assert from "node:assert/strict";
 * const task = parseTask({ kind: "likert", question: "How fluent is it?", scale: { low: 1, high: 5 } });
 * assert.equal(task.kind, "likert");
 * assert.throws(() => parseTask({ kind: "stars", question: "?" }), /kind must be one of likert, choice/);
 * ```
 */
export function parseTask(json: unknown): AnnotationTask {
  const where = "Task";
  const kind = text(object(json, where).kind, `${where}: kind`, { most: MAX_NAME });
  const fields: Record<AnnotationTask["kind"], string[]> = {
    likert: ["scale", "labels"],
    choice: ["choices", "most"],
    pairwise: ["ties"],
    "best-worst": [],
    spans: ["labels", "overlapping"],
    text: ["least", "most"],
  };
  if (!Object.hasOwn(fields, kind)) {
    fail(`${where}: kind must be one of ${Object.keys(fields).join(", ")}, got ${clip(kind)}`);
  }
  const common = ["kind", "question", "guidelines", "skippable"];
  const task = object(json, where, [...common, ...fields[kind as AnnotationTask["kind"]]]);
  const given = <T>(value: unknown, read: () => T) => value === undefined ? undefined : read();
  const flag = (name: string, fallback: boolean) => {
    const value = task[name] ?? fallback;
    if (typeof value !== "boolean") fail(`${where}: ${name} must be true or false, got ${clip(value)}`);
    return value as boolean;
  };
  const names = (value: unknown, name: string, least: number) => {
    const list = array(value, `${where}: ${name}`, { least, most: MAX_CHOICES })
      .map((entry, i) => text(entry, `${where}: ${name} ${i + 1}`, { least: 1, most: MAX_NAME }));
    const twice = list.find((entry, i) => list.indexOf(entry) !== i);
    if (twice !== undefined) fail(`${where}: ${name} has ${clip(twice)} twice`);
    return list;
  };
  const base = {
    question: text(task.question, `${where}: question`, { least: 1, most: MAX_QUESTION }),
    guidelines: given(
      task.guidelines,
      () => text(task.guidelines, `${where}: guidelines`, { most: MAX_GUIDELINES }),
    ),
    skippable: flag("skippable", true),
  };
  switch (kind as AnnotationTask["kind"]) {
    case "likert": {
      const scale = object(task.scale, `${where}: scale`, ["low", "high"]);
      const low = integer(scale.low, `${where}: scale low`, -1000, 1000);
      const high = integer(scale.high, `${where}: scale high`, low + 1, low + 100);
      const labels = given(task.labels, () =>
        array(task.labels, `${where}: labels`, { most: 101 })
          .map((entry, i) => text(entry, `${where}: label ${i + 1}`, { most: MAX_NAME })));
      if (labels && labels.length !== high - low + 1) {
        fail(`${where}: labels must be ${high - low + 1}, one a point, got ${labels.length}`);
      }
      return { ...base, kind: "likert", scale: { low, high }, labels };
    }
    case "choice": {
      const choices = names(task.choices, "choices", 2);
      const most = given(task.most, () => integer(task.most, `${where}: most`, 1, choices.length)) ?? 1;
      return { ...base, kind: "choice", choices, most };
    }
    case "pairwise":
      return { ...base, kind: "pairwise", ties: flag("ties", true) };
    case "best-worst":
      return { ...base, kind: "best-worst" };
    case "spans": {
      const labels = names(task.labels, "labels", 1);
      return { ...base, kind: "spans", labels, overlapping: flag("overlapping", false) };
    }
    case "text": {
      const least = given(task.least, () => integer(task.least, `${where}: least`, 0, MAX_TEXT)) ?? 1;
      const shortest = Math.max(1, least);
      const most = given(task.most, () => integer(task.most, `${where}: most`, shortest, MAX_TEXT)) ??
        MAX_TEXT;
      return { ...base, kind: "text", least, most };
    }
  }
}

/**
 * Reads what an annotator submitted, from untrusted JSON: `{ value, skipped, comment, seconds }`. Who, when and
 * which item are the server's to say, not the browser's. Values by kind: `{ score }`, `{ choices: [...] }`, `{
 * winner: "first" | "second" | "tie" }` (as shown; turned back to a and b here), `{ best, worst }`, `{ spans: [{
 * start, end, label }] }`, `{ text }`.
 *
 * @throws {EvaluationError} When the answer does not fit its task, or a field is unknown or beyond its limit.
 * @example
 * ```ts
 * import { parseTask, readAnnotation } from "./annotation.ts";
 * import assert from "node:assert/strict";
 * const task = parseTask({ kind: "pairwise", question: "Which is better?" });
 * const item = { id: "7", candidates: ["new", "old"] };
 * const shown = { task, item, annotator: "ann", swapped: true, nowMs: 0 };
 * const { value } = readAnnotation({ value: { winner: "first" } }, shown);
 * assert.deepEqual(value, { kind: "pairwise", winner: "b" }); // "old" was shown first
 * ```
 */
export function readAnnotation(
  json: unknown,
  shown: {
    task: AnnotationTask;
    item: AnnotationItem;
    annotator: string;
    nowMs: number;
    reason?: TaskKind;
    swapped?: boolean;
  },
): Annotation {
  const { task, item, annotator, nowMs, reason = "item", swapped = false } = shown;
  const where = `Answer to item ${clip(item.id)}`;
  const answer = object(json, where, ["value", "skipped", "comment", "seconds"]);
  const skipped = answer.skipped ?? false;
  if (typeof skipped !== "boolean") fail(`${where}: skipped must be true or false, got ${clip(skipped)}`);
  if (skipped && task.skippable === false) fail(`${where}: this task does not let items be skipped`);
  if (skipped && answer.value !== undefined && answer.value !== null) {
    fail(`${where}: a skipped item has no value, got ${clip(answer.value)}`);
  }
  const { seconds = null } = answer;
  if (seconds !== null && !(typeof seconds === "number" && seconds >= 0 && seconds <= MAX_SECONDS)) {
    fail(`${where}: seconds must be a number from 0 to ${MAX_SECONDS}, got ${clip(seconds)}`);
  }
  return {
    item: item.id,
    annotator,
    reason,
    swapped,
    value: skipped ? null : readValue(answer.value, task, item, swapped, where),
    comment: answer.comment === undefined
      ? ""
      : text(answer.comment, `${where}: comment`, { most: MAX_COMMENT }),
    seconds: seconds as number | null,
    atMs: nowMs,
  };
}

function readValue(
  json: unknown,
  task: AnnotationTask,
  item: AnnotationItem,
  swapped: boolean,
  where: string,
): AnnotationValue {
  const fields = {
    likert: ["score"],
    choice: ["choices"],
    pairwise: ["winner"],
    "best-worst": ["best", "worst"],
    spans: ["spans"],
    text: ["text"],
  };
  const value = object(json, `${where}: value`, fields[task.kind]);
  switch (task.kind) {
    case "likert": {
      const score = integer(value.score, `${where}: score`, task.scale.low, task.scale.high);
      return { kind: "likert", score };
    }
    case "choice": {
      const choices = array(value.choices, `${where}: choices`, { least: 1, most: task.most ?? 1 })
        .map((choice) => among(choice, task.choices, `${where}: choice`));
      if (new Set(choices).size < choices.length) fail(`${where}: a choice is there twice`);
      return { kind: "choice", choices: task.choices.filter((choice) => choices.includes(choice)) };
    }
    case "pairwise": {
      const sides = ["first", "second", ...(task.ties === false ? [] : ["tie"])];
      const winner = among(value.winner, sides, `${where}: winner`);
      if (winner === "tie") return { kind: "pairwise", winner };
      return { kind: "pairwise", winner: (winner === "first") === swapped ? "b" : "a" };
    }
    case "best-worst": {
      const best = among(value.best, item.candidates ?? [], `${where}: best`);
      const worst = among(value.worst, item.candidates ?? [], `${where}: worst`);
      if (best === worst) fail(`${where}: best and worst are both ${clip(best)}`);
      return { kind: "best-worst", best, worst };
    }
    case "spans":
      return { kind: "spans", spans: readSpans(value.spans, task, item.text ?? "", where) };
    case "text": {
      const limits = { least: task.least ?? 1, most: task.most ?? MAX_TEXT };
      return { kind: "text", text: text(value.text, `${where}: text`, limits) };
    }
  }
}

function readSpans(
  json: unknown,
  task: { labels: string[]; overlapping?: boolean },
  content: string,
  where: string,
): AnnotatedSpan[] {
  const spans = array(json, `${where}: spans`, { most: MAX_SPANS }).map((entry, i) => {
    const name = `${where}: span ${i + 1}`;
    const span = object(entry, name, ["start", "end", "label"]);
    const start = integer(span.start, `${name} start`, 0, Math.max(0, content.length - 1));
    const end = integer(span.end, `${name} end`, start + 1, content.length);
    for (const at of [start, end]) {
      if (isLow(content.charCodeAt(at)) && isHigh(content.charCodeAt(at - 1))) {
        fail(`${name} cuts a character in two at ${at}`);
      }
    }
    return { start, end, label: among(span.label, task.labels, `${name} label`) };
  }).sort((x, y) => x.start - y.start || x.end - y.end || (x.label < y.label ? -1 : 1));
  for (let i = 1; i < spans.length; i++) {
    const before = spans[i - 1], span = spans[i];
    if (before.start === span.start && before.end === span.end && before.label === span.label) {
      fail(`${where}: the span ${span.start} to ${span.end} is there twice`);
    }
    if (!task.overlapping && span.start < before.end) {
      const both = `${before.start} to ${before.end} and ${span.start} to ${span.end}`;
      fail(`${where}: spans must not overlap, got ${both}`);
    }
  }
  return spans;
}

function among(value: unknown, allowed: readonly string[], where: string): string {
  if (typeof value !== "string" || !allowed.includes(value)) {
    const some = allowed.slice(0, 10).map(clip).join(", ") + (allowed.length > 10 ? ", ..." : "");
    fail(`${where} must be one of ${some}, got ${clip(value)}`);
  }
  return value;
}

const isHigh = (unit: number) => unit >= 0xd800 && unit < 0xdc00;
const isLow = (unit: number) => unit >= 0xdc00 && unit < 0xe000;
