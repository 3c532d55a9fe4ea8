/**
 * Reading reports that may come from anywhere.
 *
 * @module
 */
import {
  and,
  type Check,
  checkJson,
  fail,
  failWith,
  type Fields,
  flag,
  isObject,
  list,
  number,
  object,
  oneOf,
  optional,
  text,
} from "../base/json.ts";
import { EvaluationError } from "../statistics/errors.ts";
import type { Interval } from "../statistics/bootstrap.ts";
import { tasks } from "../evaluate/tasks/strategy.ts";
import type {
  Measured,
  Report,
  ReportedData,
  ReportedModel,
  Section,
  SeenCounts,
} from "../evaluate/report.ts";

const MAX_SECTIONS = 200;
const MAX_METRICS = 1000;
const MAX_ROWS = 10_000; // of a table
const MAX_LABELS = 1000; // of a confusion matrix
const MAX_BINS = 10_000;
const MAX_POINTS = 1_000_000; // of a curve
const MAX_CURVES = 50;

const name = text(1000); // names, titles, labels
const sentence = text(10_000);
const content = text(1_000_000); // inputs and outputs of a model

/**
 * Reads a report from JSON that may come from anywhere: sizes, counts and kinds are checked, numbers are finite, lists
 * that belong together are equally long. Keys that a report does not have are left out. The two sides of a gate's
 * condition may be `null`, which is what JSON makes of a division by 0: they read as NaN.
 *
 * @throws {EvaluationError} One line with the path of the first thing that is wrong, what was found and what was wanted.
 * @example
 * ```ts
 * import { parseReport } from "./parse.ts";
 * import assert from "node:assert/strict";
 * const report = {
 *   format: "weir-report/1", title: "Spam", task: "text-classification", createdAt: "2026-03-02T14:05:00Z",
 *   data: { source: "test.jsonl", n: 50 }, intervals: { confidence: 0.95, resamples: 1000, seed: 0 },
 *   metrics: [{ name: "accuracy", label: "accuracy", better: "higher",
 *     interval: { value: 0.9, low: 0.8, high: 0.95, confidence: 0.95, n: 50 } }],
 *   sections: [], notes: [],
 * };
 * assert.deepEqual(parseReport(report), report);
 * assert.throws(() => parseReport({ ...report, data: { source: "test.jsonl", n: -1 } }), /data\.n is -1/);
 * ```
 */
export function parseReport(json: unknown): Report {
  return checkJson(report, json, (problem) => new EvaluationError(`Cannot read the report: ${problem}`));
}

const finite = number();
const share = number({ least: 0, most: 1 });
const count = number({ least: 0, whole: true });
const atLeastZero = number({ least: 0 });
const better = oneOf("higher", "lower", "neither");

const interval: Check<Interval> = and(
  object<Interval>({
    value: finite,
    low: finite,
    high: finite,
    confidence: share,
    n: count,
    method: optional(name),
    resamples: optional(count),
  }),
  ({ low, high }, path) => {
    if (low > high) failWith(path, `goes from ${low} to ${high}, wanted the lower end first`);
  },
);

/** An interval, or what JSON makes of one that has no value: null for each NaN. */
const intervalOrNone: Check<Interval> = (value, path) => {
  if (!isObject(value) || value.value !== null) return interval(value, path);
  const none = { value: NaN, low: NaN, high: NaN };
  return { ...interval({ ...value, value: 0, low: 0, high: 0 }, path), ...none };
};

const rows = <T extends object>(row: Check<T>): Check<T[]> => list(row, { most: MAX_ROWS });

type OfKind<K extends Section["kind"]> = Extract<Section, { kind: K }>;

/** The checks of a kind of section, which has a title besides. */
function section<K extends Section["kind"]>(
  kind: K,
  fields: Fields<Omit<OfKind<K>, "kind" | "title">>,
): Check<OfKind<K>> {
  return object({ kind: oneOf(kind), title: name, ...fields } as unknown as Fields<OfKind<K>>);
}

/** A check for every kind of section, so that a new kind does not compile without one. */
const sections: { readonly [K in Section["kind"]]: Check<OfKind<K>> } = {
  classes: section("classes", {
    rows: rows(object({ label: name, precision: interval, recall: interval, f1: interval, support: count })),
  }),
  confusion: and(
    section("confusion", {
      labels: list(name, { least: 1, most: MAX_LABELS }),
      counts: list(list(count, { most: MAX_LABELS }), { most: MAX_LABELS }),
    }),
    ({ labels, counts }, path) => {
      sameLength(`${path}.counts`, counts, labels, "label");
      counts.forEach((row, i) => sameLength(`${path}.counts[${i}]`, row, labels, "label"));
    },
  ),
  curve: section("curve", {
    xLabel: name,
    yLabel: name,
    curves: list(
      and(
        object({
          ...{ label: name, x: list(finite, { least: 1, most: MAX_POINTS }) },
          y: list(finite, { least: 1, most: MAX_POINTS }),
        }),
        ({ x, y }, path) => sameLength(`${path}.y`, y, x, "x"),
      ),
      { least: 1, most: MAX_CURVES },
    ),
    baseline: optional((value, path) =>
      value === "diagonal" || (typeof value === "number" && Number.isFinite(value))
        ? value
        : fail(path, value, '"diagonal" or a finite number')
    ),
  }),
  reliability: section("reliability", {
    bins: list(object({ confidence: share, accuracy: interval, count }), { most: MAX_BINS }),
  }),
  histogram: and(
    section("histogram", {
      xLabel: name,
      edges: list(finite, { least: 2, most: MAX_BINS + 1 }),
      groups: list(
        object({ label: name, counts: list(count, { most: MAX_BINS }) }),
        { least: 1, most: MAX_CURVES },
      ),
    }),
    ({ edges, groups }, path) => {
      const at = edges.findIndex((edge, i) => i > 0 && edge <= edges[i - 1]);
      if (at >= 0) fail(`${path}.edges[${at}]`, edges[at], `more than the edge before it, ${edges[at - 1]}`);
      groups.forEach(({ counts }, i) => {
        if (counts.length === edges.length - 1) return;
        const wanted = `${edges.length - 1}: one less than edges`;
        failWith(`${path}.groups[${i}].counts`, `has ${counts.length} items, wanted ${wanted}`);
      });
    },
  ),
  bars: and(
    section("bars", {
      groups: list(name, { least: 1, most: MAX_CURVES }),
      rows: rows(object({ label: name, counts: list(count, { most: MAX_CURVES }) })),
    }),
    ({ groups, rows }, path) =>
      rows.forEach(({ counts }, i) => sameLength(`${path}.rows[${i}].counts`, counts, groups, "group")),
  ),
  slices: and(
    section("slices", {
      column: name,
      metrics: list(object({ name, label: name, better }), { least: 1, most: 100 }),
      rows: rows(object({
        value: content,
        n: count,
        intervals: list(intervalOrNone, { most: 100 }),
        pValue: optional(share),
      })),
    }),
    ({ metrics, rows }, path) =>
      rows.forEach(({ intervals }, i) =>
        sameLength(`${path}.rows[${i}].intervals`, intervals, metrics, "metric")
      ),
  ),
  worst: section("worst", {
    scoreLabel: name,
    rows: rows(object({
      ...{ row: count, input: optional(content), score: finite },
      ...{ reference: content, prediction: content },
    })),
  }),
  probes: section("probes", {
    metric: name,
    rows: rows(object({
      ...{ probe: name, about: sentence, before: interval, after: interval },
      ...{ difference: interval, changed: interval },
      example: optional(object({ before: content, after: content })),
    })),
  }),
  canaries: section("canaries", {
    rows: rows(object({ name: content, input: content, expected: content, got: content, passed: flag })),
  }),
  safety: section("safety", {
    flagged: interval,
    rows: rows(object({ row: count, where: oneOf("input", "output"), rule: name, text: content })),
  }),
  latency: section("latency", {
    p50: atLeastZero,
    p95: atLeastZero,
    p99: atLeastZero,
    batch: number({ least: 1, whole: true }),
    calls: count,
  }),
  comparison: section("comparison", {
    only: optional(name),
    a: name,
    b: name,
    rows: rows(object({
      ...{ name, label: name, better, a: interval, b: interval, difference: interval },
      ...{ pValue: share, adjustedPValue: share, test: name },
    })),
    costs: rows(object({ label: name, a: finite, b: finite, unit: name })),
  }),
  gate: section("gate", {
    passed: flag,
    conditions: rows(object({ text: sentence, left: sideOfCondition, right: sideOfCondition, met: flag })),
  }),
};

const kinds = Object.keys(sections) as Section["kind"][];

const anySection: Check<Section> = (value, path) => {
  if (!isObject(value)) fail(path, value, "an object");
  return sections[oneOf(...kinds)(value.kind, `${path}.kind`)](value, path);
};

const createdAt: Check<string> = and(text(40), (value, path) => {
  const form = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?Z$/;
  if (!form.test(value) || Number.isNaN(Date.parse(value))) {
    fail(path, value, "a time such as 2026-03-02T14:05:00Z");
  }
});

const report: Check<Report> = object<Report>({
  format: oneOf("weir-report/1"),
  title: name,
  task: oneOf(...tasks),
  createdAt,
  model: optional(object<ReportedModel>({
    ...{ name, version: name, device: name },
    ...{ sizeBytes: optional(count), parameters: optional(count) },
  })),
  data: object<ReportedData>({
    ...{ source: name, n: count, hash: optional(name) },
    seen: optional(object<SeenCounts>({ train: count, validation: count, base: count })),
  }),
  intervals: object<Report["intervals"]>({
    confidence: share,
    resamples: count,
    seed: number({ whole: true }),
  }),
  metrics: list(
    object<Measured>({
      ...{ name, label: name, interval, better, unit: optional(name), primary: optional(flag) },
      ...{ why: optional(sentence), signature: optional(sentence) },
    }),
    { most: MAX_METRICS },
  ),
  sections: list(anySection, { most: MAX_SECTIONS }),
  notes: list(sentence, { most: 1000 }),
});

/** JSON has no NaN and no infinity: it writes null. */
function sideOfCondition(value: unknown, path: string): number {
  return value === null ? NaN : finite(value, path);
}

function sameLength(path: string, one: readonly unknown[], other: readonly unknown[], each: string): void {
  if (one.length === other.length) return;
  failWith(path, `has ${one.length} items, wanted ${other.length}: one for each ${each}`);
}
