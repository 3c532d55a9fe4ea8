/**
 * A report as Markdown.
 *
 * @module
 */
import { code, type Column, markdownTable, prose } from "./markdown_text.ts";
import { plural } from "../base/format.ts";
import { bytes, count, figure, percent, range, short, time } from "./numbers.ts";
import { sectionMarkdown, withRange } from "./markdown_sections.ts";
import type { Measured, Report } from "../evaluate/report.ts";
import { direction, methodName, methodSentences, nameOf, seenWords, verdicts } from "./words.ts";

const MAX_CHARACTERS = 60_000; // GitHub refuses comments of more than 65,536
const MAX_ROWS = 50; // of a table, and notes

/**
 * A report as GitHub-flavoured Markdown, for a README, a model card or a comment: every figure with its interval, in tables.
 * Texts from the data stand as code, so that they neither format, link nor call anybody. At most 60,000 characters: sections
 * that would not fit are named at the end. Several reports begin with a table of all their metrics.
 *
 * @example
 * ```ts
 * import { markdownPage } from "./markdown.ts";
 * import type { Report } from "../evaluate/report.ts";
 * import assert from "node:assert/strict";
 * const report: Report = {
 *   format: "weir-report/1", title: "Spam", task: "text-classification", createdAt: "2026-03-02T14:05:00Z",
 *   data: { source: "test.jsonl", n: 50 }, intervals: { confidence: 0.95, resamples: 1000, seed: 0 },
 *   metrics: [{ name: "accuracy", label: "accuracy", better: "higher",
 *     interval: { value: 0.9, low: 0.786, high: 0.957, confidence: 0.95, n: 50, method: "wilson" } }],
 *   sections: [], notes: [],
 * };
 * assert.match(markdownPage(report), /\| accuracy \| \*\*0\.90\*\* \| 0\.79 to 0\.96 \| 50 \| Wilson \|/);
 * ```
 */
export function markdownPage(report: Report | readonly Report[]): string {
  const reports = Array.isArray(report) ? report as readonly Report[] : [report as Report];
  if (reports.length === 1) return onePage(reports[0], { level: 1, most: MAX_CHARACTERS });
  const most = MAX_CHARACTERS / Math.max(1, reports.length);
  return [
    `# ${reports.length} evaluations\n`,
    sideBySide(reports),
    ...reports.map((one) => onePage(one, { level: 2, most })),
  ].join("\n");
}

function onePage(report: Report, { level, most }: { level: number; most: number }): string {
  const heading = (title: string, deeper: number) =>
    `${"#".repeat(level + deeper)} ${prose(title, 200) || "(untitled)"}`;
  const parts = [
    heading(report.title, 0),
    ...verdicts(report).map(({ tone, headline, detail }) =>
      `${signs[tone]} **${prose(headline)}**${detail === "" ? "" : `: ${prose(detail, 600)}`}`
    ),
    facts(report),
    metrics(report),
  ].filter((part) => part !== "");
  const end = notes(report, heading("Notes", 1));
  let size = parts.join("\n\n").length + end.length;
  const missing: string[] = [];
  for (const section of report.sections) {
    const part = `${heading(section.title, 1)}\n\n${sectionMarkdown(section, report)}`;
    if (size + part.length > most) {
      missing.push(prose(section.title, 60));
      continue;
    }
    parts.push(part);
    size += part.length + 2;
  }
  if (missing.length > 0) {
    parts.push(`Left out for length: ${missing.slice(0, 20).join(", ")}; the JSON report has them.`);
  }
  return `${[...parts, end].join("\n\n")}\n`;
}

const signs = { good: "✅", bad: "❌", warn: "⚠️", even: "➖" };

function facts({ model, data, task, createdAt }: Report): string {
  return [
    model && `${code(`${model.name} ${model.version}`)} on ${prose(model.device, 60)}`,
    model?.sizeBytes !== undefined && bytes(model.sizeBytes),
    model?.parameters !== undefined && `${short(model.parameters)} parameters`,
    task.replaceAll("-", " "),
    `${code(data.source)}, ${plural(data.n, "row")}${
      data.hash === undefined ? "" : ` (${code(data.hash, 19)})`
    }`,
    data.seen && `seen in training: ${seenWords(data.seen)}`,
    time(createdAt),
  ].filter((fact) => fact).join(" · ");
}

function metrics({ metrics, intervals }: Report): string {
  if (metrics.length === 0) return "";
  const reasons = metrics.some(({ why, signature }) => why !== undefined || signature !== undefined);
  const columns: Column<Measured>[] = [
    ["metric", ({ label }) => prose(label, 120)],
    [
      "value",
      ({ interval, unit }) => `**${figure(interval)}**${unit === undefined ? "" : ` ${prose(unit, 40)}`}`,
      "right",
    ],
    [`${percent(intervals.confidence)} interval`, ({ interval }) => range(interval)],
    ["rows", ({ interval }) => count(interval.n), "right"],
    ["method", ({ interval }) => prose(methodName(interval), 60)],
    ["better", ({ better }) => better === "neither" ? "" : better],
    [
      "why",
      ({ why, signature }) =>
        [...why ? [prose(why)] : [], ...signature === undefined ? [] : [code(signature, 200)]].join(" "),
    ],
  ];
  return markdownTable(metrics, reasons ? columns : columns.slice(0, -1));
}

function notes(report: Report, heading: string): string {
  const { confidence, resamples, seed } = report.intervals;
  return `${heading}\n\n${
    [
      ...report.notes.slice(0, MAX_ROWS).map((note) => `- ${prose(note, 1000)}`),
      `- ${percent(confidence)} intervals; ${
        count(resamples)
      } resamples where a method draws them, seed ${seed}.`,
      ...methodSentences(report).map((sentence) => `- ${prose(sentence, 400)}`),
    ].join("\n")
  }`;
}

function sideBySide(reports: readonly Report[]): string {
  const names = [...new Set(reports.flatMap((report) => report.metrics.map(({ name }) => name)))];
  const rows = names.slice(0, MAX_ROWS).map((name) =>
    reports.map((report) => report.metrics.find((metric) => metric.name === name))
  );
  const table = markdownTable(rows, [
    ["metric", (of) => {
      const [{ label, better }] = of.filter((metric) => metric !== undefined);
      return `${prose(label, 80)} (${direction[better]})`;
    }],
    ...reports.map((report, r): Column<typeof rows[number]> => [
      code(nameOf(report), 60),
      ({ [r]: metric }) => metric === undefined ? "–" : withRange(metric.interval),
    ]),
  ]);
  return `${table}\n`;
}
