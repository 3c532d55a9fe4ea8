/**
 * A report as one HTML page.
 *
 * @module
 */
import { type Markup, markup, userText } from "./markup.ts";
import { plural } from "../base/format.ts";
import { bytes, count, percent, short, time } from "./numbers.ts";
import { manyReports } from "./page/many.ts";
import { headline, metricTable } from "./page/metrics.ts";
import { sectionCards } from "./page/sections.ts";
import { pageShell } from "./page/shell.ts";
import { sign } from "./page/tables.ts";
import type { Report } from "../evaluate/report.ts";
import { methodSentences, nameOf, seenWords, verdicts } from "./words.ts";
import { shorten } from "../base/text.ts";

/**
 * A report as one HTML page, whole by itself: nothing is loaded from anywhere, there is no script, plots are SVG
 * in the page. It follows the reader's light or dark setting, prints, and reads on a phone. Several reports make
 * one page with a comparison on top. Every text of a report is taken for what it may be, someone else's: it is
 * escaped, cut where it is very long, kept from turning the writing direction around it, and its control
 * characters are shown.
 *
 * @param report A report as {@linkcode parseReport} reads it; long lists are cut and say so.
 * @example
 * ```ts
 * import { htmlPage } from "./html.ts";
 * import type { Report } from "../evaluate/report.ts";
 * import assert from "node:assert/strict";
 * const report: Report = {
 *   format: "weir-report/1", title: "Spam <filter>", task: "text-classification", createdAt: "2026-03-02T14:05:00Z",
 *   data: { source: "test.jsonl", n: 50 }, intervals: { confidence: 0.95, resamples: 1000, seed: 0 },
 *   metrics: [{ name: "accuracy", label: "accuracy", better: "higher",
 *     interval: { value: 0.9, low: 0.79, high: 0.96, confidence: 0.95, n: 50 } }],
 *   sections: [], notes: [],
 * };
 * const page = htmlPage(report);
 * assert.match(page, /<h1><bdi>Spam &#60;filter&#62;<\/bdi><\/h1>/);
 * assert.match(page, /0\.79 to 0\.96/);
 * assert.doesNotMatch(page, /<script|https?:/);
 * ```
 */
export function htmlPage(report: Report | readonly Report[]): string {
  const reports = Array.isArray(report) ? report as readonly Report[] : [report as Report];
  const one = reports.length === 1;
  const title = one ? reports[0].title : `${reports.length} evaluations`;
  const body = one
    ? markup`<header><h1>${userText(title, 200)}</h1>${facts(reports[0])}</header>
<main>${reportBody(reports[0], { prefix: "s", level: 2 })}</main>`
    : markup`<header><h1>${title}</h1></header>
<main>${reports.length > 0 && manyReports(reports)}${
      reports.map((report, i) =>
        markup`<article id="report-${i + 1}"><h2 class="title">${userText(report.title, 200)}</h2>${
          facts(report)
        }${reportBody(report, { prefix: `r${i + 1}s`, level: 3 })}</article>
`
      )
    }</main>`;
  return pageShell(
    shorten(one && reports[0].model ? `${title} · ${nameOf(reports[0])}` : title, 200),
    markup`${body}
<footer>${time(reports[0]?.createdAt ?? "")} · made with Weir</footer>`,
  );
}

/** What was evaluated on what: the line below the title. */
function facts({ model, data, task, createdAt }: Report): Markup {
  const all: [string, string | Markup | undefined][] = [
    ["model", model && userText(`${model.name} ${model.version}`, 120)],
    ["task", task.replaceAll("-", " ")],
    ["data", markup`${userText(data.source, 120)}, ${plural(data.n, "row")}`],
    ["seen in training", data.seen && seenWords(data.seen)],
    [
      "hash",
      data.hash === undefined
        ? undefined
        : markup`<code title="${shorten(data.hash, 200)}">${shorten(data.hash, 19)}</code>`,
    ],
    ["ran on", model && userText(model.device, 60)],
    ["size", model?.sizeBytes === undefined ? undefined : bytes(model.sizeBytes)],
    ["parameters", model?.parameters === undefined ? undefined : short(model.parameters)],
    ["made", time(createdAt)],
  ];
  return markup`<dl class="facts">${
    all.map(([name, value]) => value !== undefined && markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)
  }</dl>`;
}

function reportBody(report: Report, { prefix, level }: { prefix: string; level: 2 | 3 }): Markup {
  const contents = [
    ...(report.metrics.length > 0 ? [["metrics", "Metrics"]] : []),
    ...report.sections.map(({ title }, i) => [String(i + 1), title]),
    ["notes", "Notes"],
  ];
  return markup`<div class="verdicts">${
    verdicts(report).map(({ tone, headline, detail }) =>
      markup`<div class="banner ${tone}" role="note">${sign(tone)}<div><strong>${
        userText(headline, 300)
      }</strong>${detail !== "" && markup`<p>${userText(detail, 1000)}</p>`}</div></div>
`
    )
  }</div>${headline(report)}${
    report.sections.length > 2 &&
    markup`<nav aria-label="Contents"><ul class="contents">${
      contents.map(([id, title]) => markup`<li><a href="#${prefix}${id}">${userText(title, 60)}</a></li>`)
    }</ul></nav>
`
  }${
    report.metrics.length > 0 &&
    markup`<section class="card" id="${prefix}metrics"><h${level}>All metrics</h${level}>
${metricTable(report)}</section>
`
  }${sectionCards(report, { prefix, level })}${notes(report, { prefix, level })}`;
}

/** What to know before believing the figures, and how their intervals were made. */
function notes(report: Report, { prefix, level }: { prefix: string; level: 2 | 3 }): Markup {
  const { confidence, resamples, seed } = report.intervals;
  return markup`<section class="card notes" id="${prefix}notes"><h${level}>Notes</h${level}>
${
    report.notes.length > 0 &&
    markup`<ul>${report.notes.map((note) => markup`<li>${userText(note, 2000)}</li>`)}</ul>
`
  }<h4>How the intervals were made</h4>
<p>${percent(confidence)} intervals; ${
    count(resamples)
  } resamples where a method draws them, seed ${seed}.</p>
<ul>${methodSentences(report).map((sentence) => markup`<li>${sentence}</li>`)}</ul></section>
`;
}
