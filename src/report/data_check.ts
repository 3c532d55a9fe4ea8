/**
 * A check of a data set as an HTML page.
 *
 * @module
 */
import { formatBytes, formatCount, formatDuration, plural } from "../base/format.ts";
import { shorten } from "../base/text.ts";
import type { DataCheck, TrainingPlan } from "../data/check/check.ts";
import type { Finding, Severity } from "../data/check/findings.ts";
import type { Lengths } from "../data/check/lengths.ts";
import { type Markup, markup, type Part, userText } from "./markup.ts";
import { partPercent, trimmed } from "./numbers.ts";
import { pageShell } from "./page/shell.ts";
import { sign } from "./page/tables.ts";
import { shownLabel, type Tone } from "./words.ts";

const tones: Record<Severity, Tone> = { error: "bad", warning: "warn", note: "even" };
const MOST_CLASSES = 100;

/**
 * A check as one page: what was found, the classes as bars, lengths, columns, and what training would do. Every text of the
 * data is escaped and cut.
 *
 * @example
 * ```ts
 * import { dataCheckPage } from "./data_check.ts";
 * import { checkRows } from "../data/check/check.ts";
 * import assert from "node:assert/strict";
 *
 * const rows = ["<b>", "<i>"].map((label) => ({ texts: [`a ${label} film`], classes: [label], key: label }));
 * const facts = await checkRows(rows, { groups: (rows) => rows });
 * const about = { source: "f.csv", reading: [], task: "text-classification", unreadable: 0, columns: [] };
 * const page = dataCheckPage({ ...about, ...facts });
 * assert.match(page, /&#60;b&#62;/);
 * assert.doesNotMatch(page, /<script|https?:/);
 * ```
 */
export function dataCheckPage(check: DataCheck): string {
  const { source, findings, classes, training } = check;
  return pageShell(
    shorten(`${source} · data check`, 200),
    markup`<header><h1>${userText(source, 200)}</h1>${facts(check)}</header>
<main>${verdict(findings)}${findings.length > 0 && findingList(findings)}${
      classes.length > 0 && classCard(check)
    }${check.rows > 0 && lengthCard(check)}${training && planCard(training)}${columnCard(check)}</main>
<footer>made with Weir</footer>`,
  );
}

function facts({ rows, unreadable, task, classes, repeats, scripts, languages, reading }: DataCheck): Markup {
  const shares = (list: DataCheck["scripts"]) =>
    list.slice(0, 4).map(({ name, share }) => `${name} ${partPercent(share)}`).join(", ");
  const all: [string, string][] = [
    ["rows", formatCount(rows)],
    ["cannot be read", formatCount(unreadable)],
    ["task", task.replaceAll("-", " ")],
    ["classes", classes.length === 0 ? "" : formatCount(classes.length)],
    ["duplicates", formatCount(repeats.duplicates)],
    ["nearly alike", `${formatCount(repeats.nearRows)} in ${plural(repeats.nearGroups, "group")}`],
    ["scripts", shares(scripts)],
    ["languages", shares(languages)],
  ];
  return markup`<dl class="facts">${
    all.map(([name, value]) => value !== "" && markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)
  }</dl>${reading.map((line) => markup`<p class="foot">${userText(line, 300)}</p>`)}`;
}

function verdict(findings: readonly Finding[]): Markup {
  const of = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length;
  const [errors, warnings] = [of("error"), of("warning")];
  const tone: Tone = errors > 0 ? "bad" : warnings > 0 ? "warn" : "good";
  const headline = errors > 0
    ? `${plural(errors, "thing has", "things have")} to be mended before training`
    : warnings > 0
    ? `It can be trained on; ${plural(warnings, "thing", "things")} to look at first`
    : "It can be trained on";
  return markup`<div class="verdicts"><div class="banner ${tone}" role="note">${
    sign(tone)
  }<div><strong>${headline}</strong></div></div></div>
`;
}

function findingList(findings: readonly Finding[]): Markup {
  return markup`<section class="card"><h2>Findings</h2>
<ul class="examples">${
    findings.map(({ severity, what, mend, examples = [] }) =>
      markup`<li><span class="chip ${tones[severity]}">${sign(tones[severity])}${severity}</span> ${
        userText(what, 1000)
      }${mend !== undefined && markup`<span class="why">${userText(mend, 500)}</span>`}${
        examples.length > 3 &&
        markup`<details><summary>examples</summary><ul>${
          examples.map((example) => markup`<li>${userText(example, 300)}</li>`)
        }</ul></details>`
      }</li>
`
    )
  }</ul></section>
`;
}

function classCard({ classes }: DataCheck): Markup {
  const most = classes[0].count;
  const left = classes.slice(MOST_CLASSES);
  return markup`<section class="card"><h2>Classes</h2>
${
    rowsTable(["class", "rows", "share", ""], classes.slice(0, MOST_CLASSES), ({ label, count, share }) => [
      userText(shownLabel(label), 120),
      formatCount(count),
      partPercent(share),
      lyingBar(count / most, `${formatCount(count)} rows`),
    ])
  }${
    left.length > 0 && markup`<p class="foot">and ${plural(left.length, "class", "classes")} more</p>`
  }</section>
`;
}

function lengthCard({ characters, words, training, numbers }: DataCheck): Markup {
  const rows: [string, Lengths | undefined][] = [
    ["characters", characters],
    ["words", words],
    ["tokens", training?.tokens],
    ["answers", numbers],
  ];
  return markup`<section class="card"><h2>Lengths</h2>
${
    rowsTable(
      ["", "least", "median", "90%", "99%", "most", "mean"],
      rows.flatMap(([name, of]) => of ? [{ name, of }] : []),
      ({ name, of }) => [
        name,
        ...[of.least, of.median, of.p90, of.p99, of.most, of.mean].map((value) => trimmed(value, 4)),
      ],
    )
  }</section>
`;
}

function planCard(plan: TrainingPlan): Markup {
  const { parts, seconds, deviceBytes } = plan;
  const all: [string, string][] = [
    ["to train", plural(parts.train, "row")],
    ["to choose the epoch", plural(parts.validation, "row")],
    plan.folds
      ? ["cross-validation", `${plan.folds.count} folds, ${formatCount(plan.folds.steps)} steps in all`]
      : ["held out", plural(parts.test, "row")],
    ["vocabulary", plural(plan.vocabSize, "token")],
    ["unknown tokens", partPercent(plan.unknownShare)],
    [`cut at ${plan.maxTokens} tokens`, plural(plan.cut, "text")],
    ["steps", `${formatCount(plan.steps)} in ${plural(plan.epochs, "epoch")}`],
    ["parameters", `${trimmed(plan.parameters / 1e6)} M`],
    ["with the optimiser's moments", formatBytes(plan.stateBytes)],
    ["time of the steps, measured", seconds === undefined ? "" : formatDuration(seconds * 1000)],
    ["on the device", deviceBytes === undefined ? "" : formatBytes(deviceBytes)],
  ];
  return markup`<section class="card"><h2>What training would do</h2>
<dl class="facts">${
    all.map(([name, value]) => value !== "" && markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)
  }</dl>
<details><summary>what it says of the data</summary><ul>${
    plan.messages.map((line) => markup`<li>${userText(line, 500)}</li>`)
  }</ul></details></section>
`;
}

function columnCard({ columns, rows, unreadable }: DataCheck): Markup {
  return markup`<section class="card"><h2>Columns</h2>
${
    rowsTable(["column", "filled", "distinct", "holds", "such as"], columns.slice(0, 200), (column) => [
      userText(column.name, 120),
      partPercent(column.filled / (rows + unreadable)),
      `${column.isExact ? "" : "over "}${formatCount(column.distinct)}`,
      column.kinds.join(", "),
      userText(column.example, 120),
    ])
  }</section>
`;
}

function rowsTable<R>(
  heads: readonly string[],
  rows: readonly R[],
  cells: (row: R) => readonly Part[],
): Markup {
  return markup`<div class="scroll"><table><thead><tr>${
    heads.map((head) => markup`<th scope="col">${head}</th>`)
  }</tr></thead>
<tbody>${
    rows.map((row) => {
      const [first, ...others] = cells(row);
      return markup`<tr><th scope="row">${first}</th>${others.map((cell) => markup`<td>${cell}</td>`)}</tr>
`;
    })
  }</tbody></table></div>`;
}

/** A bar from the left, of a share of its room. */
function lyingBar(share: number, description: string): Markup {
  const width = Math.max(0.5, 100 * share).toFixed(1);
  const box = markup`viewBox="0 0 100 8" preserveAspectRatio="none" width="100%" height="12"`;
  const rect = markup`<rect class="range whole" width="${width}" height="8"/>`;
  return markup`<svg class="bar" ${box} role="img" aria-label="${description}">${rect}</svg>`;
}
