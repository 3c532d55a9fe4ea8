/**
 * Sections of the HTML page that show texts: worst rows, canaries, safety.
 *
 * @module
 */
import { type Markup, markup, userText } from "../markup.ts";
import { plural } from "../../base/format.ts";
import { count, figure, milliseconds, percent, range, sides, significant, trimmed } from "../numbers.ts";
import { axisBar, intervalBar } from "../plots/interval_bar.ts";
import { linearScale, niceDomain } from "../plots/scale.ts";
import { px } from "../plots/svg.ts";
import type {
  CanariesSection,
  GateSection,
  HistogramSection,
  LatencySection,
  ReliabilitySection,
  SafetySection,
  WorstSection,
} from "../../evaluate/report.ts";
import { gateVerdict } from "../words.ts";
import { domainOf } from "./metrics.ts";
import { chip, foldable, leftOut, scrollable, table } from "./tables.ts";

const MAX_WORST = 50;
const MAX_CANARIES = 200;
const MAX_FINDINGS = 100;
const MAX_NUMBERS = 200; // rows of a folded table
const SHORT = 48; // characters of an answer that fits a line

/** The rows that went worst, as texts. */
export function worst({ rows, scoreLabel }: WorstSection): Markup {
  if (rows.length === 0) return markup`<p class="lead">None.</p>`;
  const shown = rows.slice(0, MAX_WORST);
  return markup`<ol class="examples">${
    shown.map((row) => {
      const brief = [row.reference, row.prediction].every((text) =>
        text.length <= SHORT && !text.includes("\n")
      );
      return markup`<li><p class="meta"><b>row ${row.row}</b>${
        brief &&
        markup`<span class="answer"><span>wanted <b>${
          userText(row.reference)
        }</b></span> <span class="got">got <b>${userText(row.prediction)}</b></span></span>`
      }<span class="measure">${userText(scoreLabel, 60)} ${significant(row.score)}</span></p>${
        row.input !== undefined && markup`${!brief && label("input")}${foldable(row.input)}`
      }${
        !brief &&
        markup`${label("wanted")}${foldable(row.reference)}${label("got")}${foldable(row.prediction)}`
      }</li>
`;
    })
  }</ol>${leftOut(rows.length, shown.length, "rows")}`;
}

/** Inputs whose answers are known: those that failed first. */
export function canaries({ rows }: CanariesSection): Markup {
  const failed = rows.filter((row) => !row.passed), passed = rows.filter((row) => row.passed);
  const list = (rows: CanariesSection["rows"], caption: string) =>
    table({
      caption,
      columns: [
        { label: "canary", cell: (row) => userText(row.name, 120) },
        { label: "input", cell: (row) => foldable(row.input, { most: 1000 }) },
        { label: "wanted", cell: (row) => userText(row.expected, 300) },
        { label: "got", cell: (row) => userText(row.got, 300) },
        { label: "", cell: ({ passed }) => chip(passed ? "good" : "bad", passed ? "passed" : "failed") },
      ],
      bodies: [{ rows: rows.slice(0, MAX_CANARIES) }],
    });
  return markup`<p class="lead">${
    chip(failed.length === 0 ? "good" : "bad", `${count(passed.length)} of ${count(rows.length)} passed`)
  }</p>${failed.length > 0 && list(failed, "Canaries that failed")}${
    passed.length > 0 &&
    markup`<details${passed.length <= 5 && markup` open`}><summary>${
      plural(passed.length, "canary", "canaries")
    } passed</summary>${list(passed, "Canaries that passed")}</details>`
  }`;
}

/** What a safety filter found. */
export function safety({ flagged, rows }: SafetySection): Markup {
  const domain = domainOf([flagged], [0]);
  const shown = rows.slice(0, MAX_FINDINGS);
  return markup`<p class="large">${figure(flagged)} <small>of ${plural(flagged.n, "row")} flagged</small></p>
<p class="between">${
    flagged.high > flagged.low && markup`<b>${range(flagged)}</b> ${percent(flagged.confidence)} interval`
  }</p>
<div class="drawn">${intervalBar(flagged, domain)}${axisBar(domain)}</div>${
    rows.length > 0 &&
    markup`<details${rows.length <= 5 && markup` open`}><summary>${plural(rows.length, "finding")}</summary>${
      table({
        caption: "What was flagged, and by which rule",
        columns: [
          { label: "row", cell: (row) => row.row },
          { label: "where", cell: (row) => row.where },
          { label: "rule", cell: (row) => userText(row.rule, 80) },
          { label: "text", cell: (row) => foldable(row.text, { most: 1000 }) },
        ],
        bodies: [{ rows: shown }],
      })
    }</details>`
  }${leftOut(rows.length, shown.length, "findings")}`;
}

/** How long answers took. */
export function latency(section: LatencySection): Markup {
  const { batch, calls } = section;
  const domain = niceDomain([0, section.p50, section.p95, section.p99]);
  const x = linearScale(domain, { from: 0, to: 100 });
  const bar = (ms: number) => {
    const grid = markup`<line class="grid" x1="0" x2="100%" y1="10" y2="10"/>`;
    const range = markup`<rect class="range whole" x="0" y="5" height="10" rx="2" width="${px(x.at(ms))}%"/>`;
    return markup`<svg class="bar" width="100%" height="20" aria-hidden="true">${grid}${range}</svg>`;
  };
  return markup`${
    table({
      caption: "Percentiles of the time that a call takes",
      columns: [
        { label: "calls", cell: ([name]) => name },
        { label: "", kind: "bar", cell: ([, ms]) => bar(ms) },
        { label: "time", kind: "number", cell: ([, ms]) => markup`<b>${milliseconds(ms)}</b>` },
      ],
      bodies: [{
        rows: [["median", section.p50], ["95th percentile", section.p95], [
          "99th percentile",
          section.p99,
        ]] as const,
      }],
    })
  }<p class="foot">${plural(calls, "call")} of ${plural(batch, "input")}, one at a time.</p>`;
}

/** Conditions with both of their sides. */
export function gate(section: GateSection): Markup {
  const verdict = gateVerdict(section);
  return markup`<p class="lead">${chip(verdict.tone, section.passed ? "passed" : "failed")}</p>${
    table({
      caption: "The gate's conditions",
      columns: [
        { label: "condition", cell: ({ text }) => markup`<code>${userText(text, 600)}</code>` },
        {
          label: "left side",
          kind: "number",
          cell: ({ left, right }) => markup`<b>${sides(left, right)[0]}</b>`,
        },
        { label: "right side", kind: "number", cell: ({ left, right }) => sides(left, right)[1] },
        { label: "", cell: ({ met }) => chip(met ? "good" : "bad", met ? "met" : "not met") },
      ],
      bodies: [{ rows: section.conditions }],
    })
  }`;
}

/** The figures of a reliability diagram. */
export function reliabilityNumbers({ bins }: ReliabilitySection): Markup {
  return numbers(
    "Confidence and accuracy of each bin",
    ["confidence", "accuracy", "interval", "rows"],
    bins.map((
      { confidence, accuracy, count: n },
    ) => [significant(confidence), figure(accuracy), range(accuracy), count(n)]),
  );
}

/** The figures of a histogram. */
export function histogramNumbers({ edges, groups, xLabel }: HistogramSection): Markup {
  return numbers(
    "Rows in each bin",
    [xLabel, ...groups.map(({ label }) => label)],
    edges.slice(1).map((edge, i) => [
      `${trimmed(edges[i], 4)} to ${trimmed(edge, 4)}`,
      ...groups.map(({ counts }) => count(counts[i])),
    ]),
  );
}

function numbers(caption: string, head: readonly string[], rows: readonly (readonly string[])[]): Markup {
  const shown = rows.slice(0, MAX_NUMBERS);
  const table = markup`<table class="plain"><caption class="hidden">${caption}</caption>
<thead><tr>${head.map((label) => markup`<th scope="col">${userText(label, 60)}</th>`)}</tr></thead>
<tbody>${
    shown.map(([first, ...rest]) =>
      markup`<tr><th scope="row">${first}</th>${rest.map((cell) => markup`<td>${cell}</td>`)}</tr>
`
    )
  }</tbody></table>`;
  return markup`<details><summary>the numbers</summary>${scrollable(caption, table)}${
    leftOut(rows.length, shown.length, "bins")
  }</details>`;
}

function label(word: string): Markup {
  return markup`<p class="why">${word}</p>`;
}
