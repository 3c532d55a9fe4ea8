/**
 * What a cleaning did to a data set, as one HTML page: its steps, and the rows of each label before and after.
 *
 * @module
 */
import { plural } from "../base/format.ts";
import { shorten } from "../base/text.ts";
import { type Markup, markup, userText } from "./markup.ts";
import { count, partPercent, time } from "./numbers.ts";
import { pageShell } from "./page/shell.ts";
import { leftOut, table } from "./page/tables.ts";
import { px } from "./plots/svg.ts";

/** What a cleaning did. */
export interface CleaningReport {
  /** Version of this form. */
  readonly format: "weir-cleaning/1";
  /** The data's name. */
  readonly source: string;
  /** ISO-8601, UTC. */
  readonly createdAt: string;
  readonly rowsBefore: number;
  readonly rowsAfter: number;
  /** In the order in which they were applied. */
  readonly steps: readonly {
    /** As it was written, such as `min-words=3`. */
    readonly step: string;
    readonly rowsBefore: number;
    readonly rowsAfter: number;
    /** Rows whose text or label it changed. */
    readonly changed: number;
  }[];
  /** The most frequent before first; empty where rows have no labels. */
  readonly labels: readonly { readonly label: string; readonly before: number; readonly after: number }[];
}

const MAX_LABELS = 200;

/**
 * The page. It loads nothing, has no script and follows the reader's light or dark setting; texts of the data are escaped.
 *
 * @example
 * ```ts
 * import { cleaningPage } from "./cleaning.ts";
 * import assert from "node:assert/strict";
 *
 * const page = cleaningPage({
 *   format: "weir-cleaning/1", source: "complaints.csv", createdAt: "2026-03-02T14:05:00Z", rowsBefore: 120, rowsAfter: 100,
 *   steps: [{ step: "min-words=3", rowsBefore: 120, rowsAfter: 100, changed: 0 }],
 *   labels: [{ label: "<card>", before: 70, after: 60 }, { label: "loan", before: 50, after: 40 }],
 * });
 * assert.match(page, /&#60;card&#62;.*70.*60/s);
 * assert.doesNotMatch(page, /<script|https?:\/\/(?!www\.w3\.org)/);
 * ```
 */
export function cleaningPage(report: CleaningReport): string {
  const { source, createdAt, rowsBefore, rowsAfter, steps, labels } = report;
  const title = `${source}: before and after cleaning`;
  return pageShell(
    shorten(title, 200),
    markup`<header><h1>${userText(title, 200)}</h1><dl class="facts"><div><dt>rows before</dt><dd>${
      count(rowsBefore)
    }</dd></div><div><dt>rows after</dt><dd>${count(rowsAfter)}</dd></div><div><dt>made</dt><dd>${
      time(createdAt)
    }</dd></div></dl></header>
<main>${labels.length > 0 && labelCard(report)}<section class="card"><h2>Steps</h2>
${
      table({
        caption: "What each step did, in order",
        columns: [
          { label: "step", cell: (row) => markup`<code>${userText(row.step, 200)}</code>` },
          { label: "rows before", kind: "number", cell: (row) => count(row.rowsBefore) },
          { label: "left out", kind: "number", cell: (row) => count(row.rowsBefore - row.rowsAfter) },
          { label: "changed", kind: "number", cell: (row) => count(row.changed) },
          { label: "rows after", kind: "number", cell: (row) => count(row.rowsAfter) },
        ],
        bodies: [{ rows: steps }],
      })
    }</section></main>
<footer>${time(createdAt)} · made with Weir</footer>`,
  );
}

/** The rows of each label, as numbers and bars, all to one scale. */
function labelCard({ labels, rowsBefore, rowsAfter }: CleaningReport): Markup {
  const shown = labels.slice(0, MAX_LABELS);
  const most = shown.reduce((most, { before, after }) => Math.max(most, before, after), 1);
  type Row = typeof shown[number];
  const share = (rows: number, of: number) => of === 0 ? "" : partPercent(rows / of);
  return markup`<section class="card"><h2>Rows of each label</h2>
<p class="lead">${plural(labels.filter(({ before }) => before > 0).length, "label")} before, ${
    count(labels.filter(({ after }) => after > 0).length)
  } after. The upper bar of each is before the cleaning.</p>
${
    table<Row>({
      caption: "Rows of each label before and after",
      columns: [
        { label: "label", cell: (row) => userText(row.label, 80) },
        { label: "before", kind: "number", cell: (row) => count(row.before) },
        { label: "share", kind: "number", cell: (row) => share(row.before, rowsBefore) },
        { label: "after", kind: "number", cell: (row) => count(row.after) },
        { label: "share", kind: "number", cell: (row) => share(row.after, rowsAfter) },
        { label: "", kind: "bar", hasAxis: () => false, cell: (row) => bars(row, most) },
      ],
      bodies: [{ rows: shown }],
    })
  }${leftOut(labels.length, shown.length, "labels")}</section>`;
}

/** Two bars below each other; the figures stand beside them, so screen readers pass them over. */
function bars({ before, after }: { before: number; after: number }, most: number): Markup {
  const bar = (rows: number, y: number, colour: string) =>
    markup`<rect x="0" y="${y}" width="${
      px(100 * rows / most)
    }%" height="8" rx="2" style="fill: var(${colour})"/>`;
  return markup`<svg class="bar" width="100%" height="20" aria-hidden="true"><title>${
    count(before)
  } before, ${count(after)} after</title>${bar(before, 1, "--range")}${bar(after, 11, "--accent")}</svg>`;
}
