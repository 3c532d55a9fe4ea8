/**
 * Annotations as CSV and JSON lines.
 *
 * @module
 */
import type { Interval } from "../statistics/bootstrap.ts";
import { wilsonInterval } from "../statistics/intervals.ts";
import type { Annotation, AnnotationItem, AnnotationValue } from "./annotation.ts";
import type { Label } from "./adjudication.ts";
import type { BestWorstAnswer } from "./best_worst.ts";
import type { MaybeRating } from "../statistics/categories.ts";
import type { Comparison } from "./pairwise.ts";
import type { Rating } from "./ratings.ts";
import { show } from "../base/text.ts";
import { median } from "../base/arrays.ts";
import { fail } from "../statistics/checks.ts";

/** A row to write as CSV or JSON lines: flat, the same columns for every answer of a task. */
export type ExportRow = Record<string, string | number | boolean | null>;

/**
 * Annotations as flat rows, in order of item, annotator and time: columns item, annotator, reason, at (ISO 8601), seconds,
 * skipped, comment, and those of the answer (score; choice; winner and swapped; best and worst; spans as JSON; text).
 *
 * @example
 * ```ts
 * import { exportRows } from "./export.ts";
 * import assert from "node:assert/strict";
 * const [row] = exportRows([{
 *   item: "7", annotator: "ann", reason: "item", swapped: false, value: { kind: "likert", score: 4 }, comment: "", seconds: 9,
 *   atMs: 0,
 * }]);
 * assert.equal(row.score, 4);
 * assert.equal(row.at, "1970-01-01T00:00:00.000Z");
 * ```
 */
export function exportRows(annotations: readonly Annotation[]): ExportRow[] {
  const kind = annotations.find(({ value }) => value !== null)?.value?.kind;
  return inOrder(annotations).map((annotation) => {
    const { item, annotator, reason, value, comment, seconds, atMs } = annotation;
    if (value !== null && value.kind !== kind) {
      fail(`Cannot export answers of two tasks at once: found ${kind} and ${value.kind}`);
    }
    const at = new Date(atMs).toISOString();
    const row: ExportRow = { item, annotator, reason, at, seconds, skipped: value === null };
    return { ...row, ...(kind ? columns(kind, value, annotation.swapped) : {}), comment };
  });
}

function columns(kind: AnnotationValue["kind"], value: AnnotationValue | null, swapped: boolean): ExportRow {
  switch (kind) {
    case "likert":
      return { score: value?.kind === kind ? value.score : null };
    case "choice":
      return { choice: value?.kind === kind ? value.choices.join("|") : null };
    case "pairwise":
      return { winner: value?.kind === kind ? value.winner : null, swapped };
    case "best-worst":
      return value?.kind === kind ? { best: value.best, worst: value.worst } : { best: null, worst: null };
    case "spans":
      return { spans: value?.kind === kind ? JSON.stringify(value.spans) : null };
    case "text":
      return { text: value?.kind === kind ? value.text : null };
  }
}

/** Likert answers as ratings, for `ratingsReport`: first showings only, no gold. `systemOf` names the system of an item. */
export function toRatings(
  annotations: readonly Annotation[],
  options: { systemOf?: (item: string) => string | undefined } = {},
): Rating[] {
  return answers(annotations).flatMap(({ item, annotator, value }) =>
    value?.kind === "likert"
      ? [{ item, rater: annotator, system: options.systemOf?.(item), score: value.score }]
      : []
  );
}

/** Pairwise answers as comparisons, for `bradleyTerry`: `a` is the candidate that was shown first. */
export function toComparisons(
  annotations: readonly Annotation[],
  items: ReadonlyMap<string, AnnotationItem>,
): Comparison[] {
  return answers(annotations).flatMap(({ item, value, swapped }): Comparison[] => {
    if (value?.kind !== "pairwise") return [];
    const [a, b] = candidatesOf(items, item, 2);
    if (!swapped) return [{ a, b, winner: value.winner }];
    return [{ a: b, b: a, winner: value.winner === "tie" ? "tie" : value.winner === "a" ? "b" : "a" }];
  });
}

/** Best-worst answers, for `bestWorstScores` and `fitBestWorst`. */
export function toBestWorst(
  annotations: readonly Annotation[],
  items: ReadonlyMap<string, AnnotationItem>,
): BestWorstAnswer[] {
  return answers(annotations).flatMap(({ item, value }) =>
    value?.kind === "best-worst"
      ? [{ items: candidatesOf(items, item, 2), best: value.best, worst: value.worst }]
      : []
  );
}

/** Likert, single choice and pairwise answers as labels, for `majorityVote` and `dawidSkene`. */
export function toLabels(annotations: readonly Annotation[]): Label[] {
  return answers(annotations).flatMap(({ item, annotator, value }) => {
    const label = labelOf(value);
    return label === undefined ? [] : [{ item, annotator, label }];
  });
}

/** A table of labels, one row an annotator and one column an item, null where missing, for `krippendorffAlpha`. */
export function toTable(
  labels: readonly Label[],
): { annotators: string[]; items: string[]; table: MaybeRating[][] } {
  const annotators = [...new Set(labels.map(({ annotator }) => annotator))].sort();
  const items = [...new Set(labels.map(({ item }) => item))].sort();
  const [row, column] = [annotators, items].map((names) => new Map(names.map((name, i) => [name, i])));
  const table = annotators.map(() => new Array<MaybeRating>(items.length).fill(null));
  for (const { item, annotator, label } of labels) table[row.get(annotator)!][column.get(item)!] = label;
  return { annotators, items, table };
}

/** How careful an annotator was. */
export interface AnnotatorQuality {
  /** Who. */
  readonly annotator: string;
  /** Share of gold items answered as known, with Wilson's interval; undefined without any. */
  readonly gold: Interval | undefined;
  /** Share of repeated items answered the same both times. */
  readonly consistency: Interval | undefined;
  /** Median seconds; null where none are known. */
  readonly medianSeconds: number | null;
  /** Items passed over. */
  readonly skipped: number;
}

/**
 * Each annotator's care, by name: gold items answered right, repeats answered alike, time, skips. Answers compare as `toLabels`
 * has them; other kinds do not count.
 */
export function annotatorQuality(
  annotations: readonly Annotation[],
  gold: ReadonlyMap<string, string | number>,
): AnnotatorQuality[] {
  const annotators = [...new Set(annotations.map(({ annotator }) => annotator))].sort();
  const latest = inOrder(latestOnly(annotations));
  return annotators.map((annotator) => {
    const own = latest.filter((found) => found.annotator === annotator);
    const controls = own.flatMap(({ item, reason, value }) => {
      const label = labelOf(value), known = gold.get(item);
      return reason === "gold" && label !== undefined && known !== undefined ? [label === known] : [];
    });
    const firsts = new Map(
      own.filter(({ reason }) => reason === "item").map(({ item, value }) => [item, labelOf(value)]),
    );
    const repeats = own.flatMap(({ item, reason, value }) => {
      const label = labelOf(value), first = firsts.get(item);
      return reason === "repeat" && label !== undefined && first !== undefined ? [label === first] : [];
    });
    const seconds = own.flatMap((found) => found.seconds === null ? [] : [found.seconds]);
    return {
      annotator,
      gold: shareOf(controls),
      consistency: shareOf(repeats),
      medianSeconds: seconds.length === 0 ? null : median(seconds),
      skipped: own.filter(({ value }) => value === null).length,
    };
  });
}

function shareOf(right: readonly boolean[]): Interval | undefined {
  return right.length === 0 ? undefined : wilsonInterval(right.filter(Boolean).length, right.length);
}

function labelOf(value: AnnotationValue | null): string | number | undefined {
  if (value?.kind === "likert") return value.score;
  if (value?.kind === "choice" && value.choices.length === 1) return value.choices[0];
  return value?.kind === "pairwise" ? value.winner : undefined;
}

/** First showings, no gold; where an annotator answered an item again, the latest answer. */
function answers(annotations: readonly Annotation[]): Annotation[] {
  return inOrder(latestOnly(annotations.filter(({ reason }) => reason === "item")));
}

function latestOnly(annotations: readonly Annotation[]): Annotation[] {
  const latest = new Map<string, Annotation>();
  for (const annotation of annotations) {
    const key = JSON.stringify([annotation.item, annotation.annotator, annotation.reason]);
    const before = latest.get(key);
    if (before === undefined || annotation.atMs >= before.atMs) latest.set(key, annotation);
  }
  return [...latest.values()];
}

function inOrder(annotations: readonly Annotation[]): Annotation[] {
  const compare = (a: string, b: string) => a < b ? -1 : a > b ? 1 : 0;
  return annotations.toSorted((x, y) =>
    compare(x.item, y.item) || compare(x.annotator, y.annotator) || x.atMs - y.atMs
  );
}

function candidatesOf(items: ReadonlyMap<string, AnnotationItem>, id: string, least: number): string[] {
  const candidates = items.get(id)?.candidates ?? [];
  if (candidates.length < least) {
    fail(`Item ${show(id)} names ${candidates.length} candidates; it needs ${least} or more`);
  }
  return candidates;
}
