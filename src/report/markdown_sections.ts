/**
 * The sections of a report as Markdown.
 *
 * @module
 */
import { sum } from "../base/arrays.ts";
import type { Interval } from "../statistics/bootstrap.ts";
import { code, type Column, markdownTable, prose } from "./markdown_text.ts";
import { formatPValue, plural } from "../base/format.ts";
import {
  count,
  figure,
  milliseconds,
  partPercent,
  range,
  sides,
  signed,
  signedRange,
  significant,
  times,
  trimmed,
} from "./numbers.ts";
import type { Report, Section } from "../evaluate/report.ts";
import { changeVerdict, rowVerdict } from "./words.ts";

const MAX_ROWS = 50; // of a table
const MAX_TEXTS = 10; // of a table of long texts
const MAX_LABELS = 20; // of a confusion matrix

type OfKind<K extends Section["kind"]> = Extract<Section, { kind: K }>;

/** A section as Markdown, below its heading. */
export function sectionMarkdown<K extends Section["kind"]>(section: OfKind<K>, report: Report): string {
  const write = shown[section.kind as K] as (section: OfKind<K>, report: Report) => string;
  return write(section, report);
}

/** How each kind of section is written; a new kind does not compile without an entry. */
const shown: { readonly [K in Section["kind"]]: (section: OfKind<K>, report: Report) => string } = {
  classes: ({ rows }) =>
    limited(rows, MAX_ROWS, [
      ["class", (row) => code(row.label)],
      ["precision", (row) => withRange(row.precision)],
      ["recall", (row) => withRange(row.recall)],
      ["F1", (row) => withRange(row.f1)],
      ["rows", (row) => count(row.support), "right"],
    ]),
  confusion: ({ labels, counts }) => {
    if (labels.length > MAX_LABELS) {
      return `${labels.length} classes: the matrix stands in the HTML and JSON reports.`;
    }
    const cell = (row: readonly number[], i: number, j: number) => {
      const n = row[j], total = sum(row);
      const shown = n === 0 ? "0" : `${count(n)} (${partPercent(n / total)})`;
      return i === j ? `**${shown}**` : shown;
    };
    return markdownTable(counts, [
      ["true \\\\ predicted", (_, i) => code(labels[i], 40)],
      ...labels.map((label, j): Column<readonly number[]> => [
        code(label, 40),
        (row, i) => cell(row, i, j),
        "right",
      ]),
    ]);
  },
  curve: ({ curves, xLabel, yLabel }) =>
    `${curves.slice(0, MAX_TEXTS).map(({ label }) => code(label)).join(", ")}: ${prose(yLabel, 60)} against ${
      prose(xLabel, 60)
    }, drawn in the HTML report.`,
  reliability: ({ bins }) =>
    limited(bins, MAX_ROWS, [
      ["confidence", (bin) => significant(bin.confidence, 3), "right"],
      ["accuracy", (bin) => withRange(bin.accuracy)],
      ["rows", (bin) => count(bin.count), "right"],
    ]),
  histogram: ({ edges, groups, xLabel }) =>
    limited(edges.slice(1), MAX_ROWS, [
      [prose(xLabel, 60), (edge, i) => `${trimmed(edges[i])} to ${trimmed(edge)}`],
      ...groups.slice(0, MAX_TEXTS).map(({ label, counts }): Column<number> => [
        code(label, 40),
        (_, i) => count(counts[i]),
        "right",
      ]),
    ]),
  bars: ({ groups, rows }) =>
    limited(rows, MAX_ROWS, [
      ["class", (row) => code(row.label, 60)],
      ...groups.slice(0, MAX_TEXTS).map((group, g): Column<typeof rows[number]> => [
        prose(group, 40),
        (row) => count(row.counts[g]),
        "right",
      ]),
    ]),
  slices: ({ column, metrics, rows }) => {
    const tested = rows.some((row) => row.pValue !== undefined);
    type Row = typeof rows[number];
    return limited(rows, MAX_ROWS, [
      [prose(column, 60), (row) => code(row.value, 60)],
      ["rows", (row) => count(row.n), "right"],
      ...metrics.map(({ label }, m): Column<Row> => [prose(label, 60), (row) => withRange(row.intervals[m])]),
      ...(tested ? [["p (adjusted)", (row) => optional(row.pValue, formatPValue)] as Column<Row>] : []),
    ]);
  },
  worst: ({ rows, scoreLabel }) =>
    folded(
      plural(Math.min(rows.length, MAX_TEXTS), "row"),
      limited(rows, MAX_TEXTS, [
        ["row", (row) => String(row.row)],
        [prose(scoreLabel, 60), (row) => significant(row.score), "right"],
        ["wanted", (row) => code(row.reference, 200)],
        ["got", (row) => code(row.prediction, 200)],
        ["input", (row) => optional(row.input, (input) => code(input, 200))],
      ]),
    ),
  probes: ({ metric, rows }, report) => {
    const measured = report.metrics.find(({ name, label }) => name === metric || label === metric);
    return limited(rows, MAX_ROWS, [
      ["change", (row) => `${prose(row.probe, 60)}: ${prose(row.about, 160)}`],
      [`${prose(measured?.label ?? metric, 60)} before`, (row) => figure(row.before), "right"],
      ["after", (row) => figure(row.after), "right"],
      ["difference", (row) => difference(row.difference)],
      ["answers changed", (row) => withRange(row.changed)],
      ["verdict", (row) => changeVerdict(row.difference, measured?.better ?? "higher").words],
    ]);
  },
  canaries: ({ rows }) => {
    const failed = rows.filter((row) => !row.passed);
    const passed = `${count(rows.length - failed.length)} of ${count(rows.length)} passed.`;
    if (failed.length === 0) return passed;
    return `${passed}\n\n${
      limited(failed, MAX_TEXTS, [
        ["failed", (row) => code(row.name)],
        ["input", (row) => code(row.input, 200)],
        ["wanted", (row) => code(row.expected, 200)],
        ["got", (row) => code(row.got, 200)],
      ])
    }`;
  },
  safety: ({ flagged, rows }) => {
    const share = `${withRange(flagged)} of ${plural(flagged.n, "row")} flagged.`;
    if (rows.length === 0) return share;
    const findings = limited(rows, MAX_TEXTS, [
      ["row", (row) => String(row.row)],
      ["where", (row) => row.where],
      ["rule", (row) => prose(row.rule, 80)],
      ["text", (row) => code(row.text, 200)],
    ]);
    return `${share}\n\n${folded(plural(Math.min(rows.length, MAX_TEXTS), "finding"), findings)}`;
  },
  latency: (section) =>
    `${
      markdownTable([section], [
        ["median", ({ p50 }) => milliseconds(p50)],
        ["95th percentile", ({ p95 }) => milliseconds(p95)],
        ["99th percentile", ({ p99 }) => milliseconds(p99)],
      ])
    }\n\n${plural(section.calls, "call")} of ${plural(section.batch, "input")}, one at a time.`,
  comparison: ({ a, b, rows, costs }) => {
    const table = limited(rows, MAX_ROWS, [
      ["metric", (row) => prose(row.label, 80)],
      ["a", (row) => figure(row.a), "right"],
      ["b", (row) => figure(row.b), "right"],
      ["b − a", (row) => difference(row.difference)],
      ["adjusted p", (row) => formatPValue(row.adjustedPValue), "right"],
      ["verdict", (row) => rowVerdict(row, { a: "a", b: "b" }).words],
    ]);
    const tests = [...new Set(rows.map((row) => row.test))].map((test) => prose(test, 80)).join(", ");
    const cost = (value: number, unit: string) => `${significant(value, 3)} ${prose(unit, 40)}`;
    return [
      `a is ${code(a)}, b is ${code(b)}; both answered the same rows.`,
      rows.length > 0 ? `${table}\n\nTest: ${tests}, paired by row.` : "",
      costs.length > 0
        ? markdownTable(costs.slice(0, MAX_ROWS), [
          ["cost", ({ label }) => prose(label, 80)],
          ["a", ({ a, unit }) => cost(a, unit), "right"],
          ["b", ({ b, unit }) => cost(b, unit), "right"],
          ["b / a", ({ a, b }) => times(a, b), "right"],
        ])
        : "",
    ].filter((part) => part !== "").join("\n\n");
  },
  gate: ({ conditions }) =>
    limited(conditions, MAX_ROWS, [
      ["", ({ met }) => met ? "✅ met" : "❌ not met"],
      ["condition", ({ text }) => code(text, 300)],
      ["left side", ({ left, right }) => sides(left, right)[0], "right"],
      ["right side", ({ left, right }) => sides(left, right)[1], "right"],
    ]),
};

/** "0.90 (0.79 to 0.96)". */
export function withRange(interval: Interval): string {
  const ends = range(interval);
  return ends === "" ? figure(interval) : `${figure(interval)} (${ends})`;
}

function difference(interval: Interval): string {
  const ends = signedRange(interval);
  return ends === "" ? signed(interval) : `${signed(interval)} (${ends})`;
}

function optional<T>(value: T | undefined, write: (value: T) => string): string {
  return value === undefined ? "" : write(value);
}

/** A table of the first rows, and how many more there are. */
function limited<R>(all: readonly R[], most: number, columns: readonly Column<R>[]): string {
  if (all.length === 0) return "None.";
  const written = markdownTable(all.slice(0, most), columns);
  return all.length > most ? `${written}\n\n${count(all.length - most)} more in the JSON report.` : written;
}

function folded(summary: string, content: string): string {
  return `<details><summary>${summary}</summary>\n\n${content}\n\n</details>`;
}
