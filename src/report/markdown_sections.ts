import type { Interval } from "../statistics/bootstrap.ts";
import { code, markdownTable, prose } from "./markdown_text.ts";
import {
  count,
  figure,
  milliseconds,
  partPercent,
  plural,
  pValue,
  range,
  sides,
  signed,
  signedRange,
  significant,
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
    limited(rows, MAX_ROWS, (rows) =>
      markdownTable(
        ["class", "precision", "recall", "F1", "rows"],
        rows.map((row) => [
          code(row.label),
          ...[row.precision, row.recall, row.f1].map(withRange),
          count(row.support),
        ]),
        { right: [4] },
      )),
  confusion: ({ labels, counts }) => {
    if (labels.length > MAX_LABELS) {
      return `${labels.length} classes: the matrix stands in the HTML and JSON reports.`;
    }
    return markdownTable(
      ["true \\\\ predicted", ...labels.map((label) => code(label, 40))],
      counts.map((row, i) => {
        const total = row.reduce((sum, n) => sum + n, 0);
        return [
          code(labels[i], 40),
          ...row.map((n, j) => {
            const cell = n === 0 ? "0" : `${count(n)} (${partPercent(n / total)})`;
            return i === j ? `**${cell}**` : cell;
          }),
        ];
      }),
      { right: labels.map((_, j) => j + 1) },
    );
  },
  curve: ({ curves, xLabel, yLabel }) =>
    `${curves.slice(0, MAX_TEXTS).map(({ label }) => code(label)).join(", ")}: ${prose(yLabel, 60)} against ${
      prose(xLabel, 60)
    }, drawn in the HTML report.`,
  reliability: ({ bins }) =>
    limited(bins, MAX_ROWS, (bins) =>
      markdownTable(
        ["confidence", "accuracy", "rows"],
        bins.map((bin) => [significant(bin.confidence, 3), withRange(bin.accuracy), count(bin.count)]),
        { right: [0, 2] },
      )),
  histogram: ({ edges, groups, xLabel }) => {
    const few = groups.slice(0, MAX_TEXTS);
    return limited(edges.slice(1), MAX_ROWS, (shownEdges) =>
      markdownTable(
        [prose(xLabel, 60), ...few.map(({ label }) => code(label, 40))],
        shownEdges.map((edge, i) => [
          `${trimmed(edges[i])} to ${trimmed(edge)}`,
          ...few.map(({ counts }) => count(counts[i])),
        ]),
        { right: few.map((_, g) => g + 1) },
      ));
  },
  slices: ({ column, metrics, rows }) => {
    const tested = rows.some((row) => row.pValue !== undefined);
    return limited(rows, MAX_ROWS, (rows) =>
      markdownTable(
        [
          prose(column, 60),
          "rows",
          ...metrics.map(({ label }) => prose(label, 60)),
          ...(tested ? ["p (adjusted)"] : []),
        ],
        rows.map((row) => [
          code(row.value, 60),
          count(row.n),
          ...row.intervals.map(withRange),
          ...(tested ? [row.pValue === undefined ? "" : pValue(row.pValue)] : []),
        ]),
        { right: [1] },
      ));
  },
  worst: ({ rows, scoreLabel }) =>
    folded(
      plural(Math.min(rows.length, MAX_TEXTS), "row"),
      limited(rows, MAX_TEXTS, (rows) =>
        markdownTable(
          ["row", prose(scoreLabel, 60), "wanted", "got", "input"],
          rows.map((row) => [
            String(row.row),
            significant(row.score),
            code(row.reference, 200),
            code(row.prediction, 200),
            row.input === undefined ? "" : code(row.input, 200),
          ]),
          { right: [1] },
        )),
    ),
  probes: ({ metric, rows }, report) => {
    const measured = report.metrics.find(({ name, label }) => name === metric || label === metric);
    return limited(rows, MAX_ROWS, (rows) =>
      markdownTable(
        [
          "change",
          `${prose(measured?.label ?? metric, 60)} before`,
          "after",
          "difference",
          "answers changed",
          "verdict",
        ],
        rows.map((row) => [
          `${prose(row.probe, 60)}: ${prose(row.about, 160)}`,
          figure(row.before),
          figure(row.after),
          difference(row.difference),
          withRange(row.changed),
          changeVerdict(row.difference, measured?.better ?? "higher").words,
        ]),
        { right: [1, 2] },
      ));
  },
  canaries: ({ rows }) => {
    const failed = rows.filter((row) => !row.passed);
    const passed = `${count(rows.length - failed.length)} of ${count(rows.length)} passed.`;
    if (failed.length === 0) return passed;
    return `${passed}\n\n${
      limited(failed, MAX_TEXTS, (rows) =>
        markdownTable(
          ["failed", "input", "wanted", "got"],
          rows.map((row) => [
            code(row.name),
            code(row.input, 200),
            code(row.expected, 200),
            code(row.got, 200),
          ]),
        ))
    }`;
  },
  safety: ({ flagged, rows }) => {
    const share = `${withRange(flagged)} of ${plural(flagged.n, "row")} flagged.`;
    if (rows.length === 0) return share;
    return `${share}\n\n${
      folded(
        plural(Math.min(rows.length, MAX_TEXTS), "finding"),
        limited(rows, MAX_TEXTS, (rows) =>
          markdownTable(
            ["row", "where", "rule", "text"],
            rows.map((row) => [String(row.row), row.where, prose(row.rule, 80), code(row.text, 200)]),
          )),
      )
    }`;
  },
  latency: ({ p50, p95, p99, batch, calls }) =>
    `${
      markdownTable(["median", "95th percentile", "99th percentile"], [
        [p50, p95, p99].map(milliseconds),
      ])
    }\n\n${plural(calls, "call")} of ${plural(batch, "input")}, one at a time.`,
  comparison: (section) => {
    const table = limited(section.rows, MAX_ROWS, (rows) =>
      markdownTable(
        ["metric", "a", "b", "b − a", "adjusted p", "verdict"],
        rows.map((row) => [
          prose(row.label, 80),
          figure(row.a),
          figure(row.b),
          difference(row.difference),
          pValue(row.adjustedPValue),
          rowVerdict(row, { a: "a", b: "b" }).words,
        ]),
        { right: [1, 2, 4] },
      ));
    const tests = [...new Set(section.rows.map((row) => row.test))].map((test) => prose(test, 80)).join(", ");
    return [
      `a is ${code(section.a)}, b is ${code(section.b)}; both answered the same rows.`,
      section.rows.length > 0 ? `${table}\n\nTest: ${tests}, paired by row.` : "",
      section.costs.length > 0
        ? markdownTable(
          ["cost", "a", "b", "b / a"],
          section.costs.slice(0, MAX_ROWS).map(({ label, a, b, unit }) => [
            prose(label, 80),
            `${significant(a, 3)} ${prose(unit, 40)}`,
            `${significant(b, 3)} ${prose(unit, 40)}`,
            a > 0 && Number.isFinite(b / a) ? `${significant(b / a, 3)}×` : "–",
          ]),
          { right: [1, 2, 3] },
        )
        : "",
    ].filter((part) => part !== "").join("\n\n");
  },
  gate: ({ conditions }) =>
    limited(conditions, MAX_ROWS, (conditions) =>
      markdownTable(
        ["", "condition", "left side", "right side"],
        conditions.map(({ text, left, right, met }) => [
          met ? "✅ met" : "❌ not met",
          code(text, 300),
          ...sides(left, right),
        ]),
        { right: [2, 3] },
      )),
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

function limited<T>(all: readonly T[], most: number, write: (rows: readonly T[]) => string): string {
  if (all.length === 0) return "None.";
  const written = write(all.slice(0, most));
  return all.length > most ? `${written}\n\n${count(all.length - most)} more in the JSON report.` : written;
}

function folded(summary: string, content: string): string {
  return `<details><summary>${summary}</summary>\n\n${content}\n\n</details>`;
}
