/**
 * A report as text for a terminal.
 *
 * @module
 */
import { shorten } from "../base/text.ts";
import type { Interval } from "../statistics/bootstrap.ts";
import { formatPValue } from "../base/format.ts";
import { figure, percent, range, signed, signedRange, significant } from "./numbers.ts";
import { seenWords } from "./words.ts";
import { textTable } from "../evaluate/text_table.ts";
import type { Measured, Report, Section } from "../evaluate/report.ts";

type ClassRow = Extract<Section, { kind: "classes" }>["rows"][number];

const MOST_ROWS = 20; // of a section; the pages and JSON show all
const MOST_LABELS = 12; // of a confusion matrix

/**
 * A report as plain text for a terminal: metrics with their intervals and reasons, then what of the sections fits in lines.
 *
 * @example
 * ```ts
 * import { terminalPage } from "./terminal.ts";
 * import type { Report } from "../evaluate/report.ts";
 * import assert from "node:assert/strict";
 * const interval = { value: 0.9, low: 0.84, high: 0.94, confidence: 0.95, n: 120 };
 * const page = terminalPage({
 *   data: { source: "mails.jsonl", n: 120 },
 *   intervals: { confidence: 0.95 },
 *   metrics: [{ name: "accuracy", label: "accuracy", better: "higher", interval, why: "The share that is right." }],
 *   sections: [],
 *   notes: [],
 * } as unknown as Report);
 * assert.match(page, /accuracy +0\.90 +0\.84 to 0\.94/);
 * ```
 */
export function terminalPage(report: Report): string {
  const { metrics, sections, notes, data } = report;
  const seen = data.seen ? `; seen in training: ${seenWords(data.seen)}` : "";
  const parts = [`${data.n} rows of ${plain(data.source)}${seen}`, metricLines(report, metrics)];
  for (const section of sections) {
    const lines = sectionLines(section);
    if (lines) parts.push(`${plain(section.title)}\n${lines}`);
  }
  if (notes.length > 0) parts.push(notes.map(printable).join("\n"));
  return parts.join("\n\n");
}

function metricLines({ intervals }: Report, metrics: readonly Measured[]): string {
  const reasons = metrics.some(({ why }) => why !== undefined);
  return table([
    ["", "value", `${percent(intervals.confidence)} interval`, ...(reasons ? ["why"] : [])],
    ...metrics.map(({ label, interval, unit, why, signature }) => [
      `${label}${unit && unit !== label ? ` (${unit})` : ""}`,
      figure(interval),
      interval.method === "none" ? "" : range(interval),
      ...(reasons ? [why ?? signature ?? ""] : []),
    ]),
  ], reasons ? 3 : undefined);
}

/** All classes in their order, or, of more than there is room for, those with the lowest F1, the lowest first. */
function worstClasses(rows: readonly ClassRow[]): readonly ClassRow[] {
  if (rows.length <= MOST_ROWS) return rows;
  // A class whose F1 is not defined, such as one without rows, says nothing.
  const f1 = ({ f1: { value } }: ClassRow) => Number.isFinite(value) ? value : Infinity;
  return rows.toSorted((a, b) => f1(a) === f1(b) ? b.support - a.support : f1(a) - f1(b)).slice(0, MOST_ROWS);
}

/** How many rows of a section are not shown, and where they are. */
function moreLine({ length }: { readonly length: number }, which = ""): string {
  if (length <= MOST_ROWS) return "";
  return `\n  ${length - MOST_ROWS} more${which && ` ${which}`}: --json and --out report.html have all`;
}

function sectionLines(section: Section): string | undefined {
  switch (section.kind) {
    case "classes":
      return table([
        ["class", "precision", "recall", "F1", "", "rows"],
        ...worstClasses(section.rows).map((row) => [
          row.label,
          figure(row.precision),
          figure(row.recall),
          figure(row.f1),
          range(row.f1),
          String(row.support),
        ]),
      ]) + moreLine(section.rows, "with a higher F1");
    case "confusion":
      if (section.labels.length > MOST_LABELS) return undefined;
      return table([
        ["true \\ predicted", ...section.labels],
        ...section.counts.map((row, i) => [section.labels[i], ...row.map(String)]),
      ]);
    case "bars":
      return table([
        ["class", ...section.groups],
        ...section.rows.slice(0, MOST_ROWS).map(({ label, counts }) => [label, ...counts.map(String)]),
      ]) + moreLine(section.rows);
    case "slices":
      return table([
        [section.column, "rows", ...section.metrics.flatMap(({ label }) => [label, ""]), "p, adjusted"],
        ...section.rows.slice(0, MOST_ROWS).map(({ value, n, intervals, pValue: p }) => [
          value,
          String(n),
          ...intervals.flatMap((interval) => [figure(interval), range(interval)]),
          p === undefined ? "" : formatPValue(p),
        ]),
      ]) + moreLine(section.rows);
    case "worst":
      return table([
        ["row", section.scoreLabel, "reference", "prediction"],
        ...section.rows.slice(0, 5).map((row) => [
          String(row.row),
          significant(row.score, 3),
          row.reference,
          row.prediction,
        ]),
      ], 2);
    case "probes":
      return table([
        ["probe", "before", "after", "difference", "", "changed"],
        ...section.rows.map(({ probe, before, after, difference, changed }) => [
          probe,
          figure(before),
          figure(after),
          signed(difference),
          signedRange(difference),
          share(changed),
        ]),
      ]);
    case "canaries": {
      const dead = section.rows.filter((row) => !row.passed);
      if (dead.length === 0) return `all ${section.rows.length} live`;
      return table([
        [`${dead.length} of ${section.rows.length} dead`, "expected", "got"],
        ...dead.slice(0, MOST_ROWS).map(({ name, expected, got }) => [name, expected, got]),
      ], 1);
    }
    case "safety":
      return `${share(section.flagged)} of rows flagged, ${range(section.flagged)}`;
    case "latency":
      return `p50 ${significant(section.p50, 3)} ms, p95 ${significant(section.p95, 3)} ms, p99 ${
        significant(section.p99, 3)
      } ms, ${section.calls} calls of ${section.batch}`;
    case "comparison":
      return comparisonLines(section);
    case "gate":
      return section.conditions.map(({ text, left, right, met }) =>
        `${met ? "met   " : "UNMET "} ${plain(text)}   (${significant(left, 5)} and ${significant(right, 5)})`
      ).join("\n");
    default:
      return undefined; // curves and distributions are for the pages
  }
}

function comparisonLines({ a, b, rows, costs }: Extract<Section, { kind: "comparison" }>): string {
  const metrics = table([
    ["", a, b, "difference", "", "p, adjusted", "test"],
    ...rows.map((row) => [
      row.label,
      figure(row.a),
      figure(row.b),
      signed(row.difference),
      signedRange(row.difference),
      formatPValue(row.adjustedPValue),
      row.test,
    ]),
  ]);
  if (costs.length === 0) return metrics;
  return `${metrics}\n\n${
    table([
      ["", a, b, ""],
      ...costs.map(({ label, a, b, unit }) => [label, significant(a), significant(b), unit]),
    ])
  }`;
}

function share({ value }: Interval): string {
  return `${significant(100 * value, 3)}%`;
}

/** Columns from `leftFrom` on, and the first, stand left; figures stand right. */
function table(rows: string[][], leftFrom = Infinity): string {
  return textTable(rows.map((row) => row.map(plain)), leftFrom);
}

/** Users' text in a table: none fills the line. */
function plain(text: string): string {
  return shorten(printable(text), 110);
}

/** No control characters reach the terminal. */
function printable(text: string): string {
  return text.replace(/\s+/g, " ").replace(/\p{C}/gu, "?");
}
