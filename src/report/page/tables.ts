/**
 * The tables of the HTML page.
 *
 * @module
 */
import type { Interval } from "../../statistics/bootstrap.ts";
import { type Markup, markup, type Part } from "../markup.ts";
import { figure, range } from "../numbers.ts";
import { axisBar, intervalBar } from "../plots/interval_bar.ts";
import type { Domain } from "../plots/scale.ts";
import type { Tone } from "../words.ts";
import { shorten } from "../../base/text.ts";

/** A column of a table: its label, and what a row has in it. Bars take the room that is left. */
export interface Column<R> {
  readonly label: string;
  readonly kind?: "text" | "number" | "range" | "bar" | "score";
  /** What stands in a row, whose bars are drawn on the body's axis. The first column's are the rows' headers. */
  readonly cell: (row: R, axis: Domain) => Part;
  /** Whether the axis is drawn below a body whose first row is this; default true of bars and scores. */
  readonly hasAxis?: (row: R) => boolean;
}

/** Rows that belong together, with what they share above and, where bars are drawn, their axis below. */
export interface Body<R> {
  readonly heading?: Part;
  readonly rows: readonly R[];
  readonly axis?: Domain;
}

/**
 * A table that becomes a list of cards on a narrow screen. The roles stand in it, for a table that is laid out otherwise is
 * none to some screen readers.
 */
export function table<R>({ caption, columns, bodies, showCaption = false }: {
  caption: string;
  columns: readonly Column<R>[];
  bodies: readonly Body<R>[];
  showCaption?: boolean;
}): Markup {
  const row = (row: R, axis: Domain) =>
    markup`<tr role="row">${
      columns.map(({ label, kind = "text", cell }, c) =>
        c === 0
          ? markup`<th scope="row" role="rowheader">${cell(row, axis)}</th>`
          : markup`<td role="cell" class="of-${kind}" data-label="${label}">${cell(row, axis)}</td>`
      )
    }</tr>
`;
  const scale = (axis: Domain, first: R) =>
    markup`<tr class="axis" aria-hidden="true">${
      columns.map(({ kind = "text", hasAxis = () => kind === "bar" || kind === "score" }) =>
        hasAxis(first)
          ? markup`<td class="of-${kind}">${axisBar(axis)}</td>`
          : markup`<td class="of-${kind} empty"></td>`
      )
    }</tr>
`;
  return markup`<table role="table" class="stack"><caption class="${
    showCaption ? "" : "hidden"
  }">${caption}</caption>
<thead role="rowgroup"><tr role="row">${
    columns.map(({ label, kind = "text" }) =>
      markup`<th scope="col" role="columnheader" class="of-${kind}">${label}</th>`
    )
  }</tr></thead>
${
    bodies.map(({ heading, rows, axis }) =>
      markup`<tbody role="rowgroup">
${
        heading !== undefined &&
        markup`<tr role="row" class="group"><th scope="rowgroup" role="rowheader" colspan="${columns.length}">${heading}</th></tr>
`
      }${rows.map((one) => row(one, axis ?? { low: 0, high: 1 }))}${axis && scale(axis, rows[0])}</tbody>
`
    )
  }</table>`;
}

/** Something wide, which scrolls sideways by itself. */
export function scrollable(label: string, content: Part): Markup {
  return markup`<div class="scroll" role="region" aria-label="${label}" tabindex="0">${content}</div>`;
}

/** A figure or a name, and in small print below it what else belongs to it. */
export function stacked(value: Part, below: Part): Markup {
  return markup`${value}<small class="why">${below}</small>`;
}

/** A value, its interval in words, a remark, and its bar below. */
export function scoreCell(interval: Interval, domain: Domain, remark?: Part): Markup {
  return markup`<span class="score"><b>${figure(interval)}</b> <small>${
    range(interval)
  }</small> ${remark}</span>${intervalBar(interval, domain)}`;
}

/** A sign and a word in the colour of the tone. */
export function chip(tone: Tone, words: Part): Markup {
  return markup`<span class="chip ${tone}">${sign(tone)}${words}</span>`;
}

/** A tick, a cross, an exclamation mark or an equals sign. */
export function sign(tone: Tone): Markup {
  const marks: Record<Tone, Markup> = {
    good: markup`<path d="M4.2 8.3l2.6 2.6 5-5.6"/>`,
    bad: markup`<path d="M5 5l6 6M11 5l-6 6"/>`,
    warn: markup`<path d="M8 3.8v5M8 11.6v.4"/>`,
    even: markup`<path d="M4.6 6.3h6.8M4.6 9.7h6.8"/>`,
  };
  return markup`<svg class="sign ${tone}" viewBox="0 0 16 16" aria-hidden="true"><circle cx="8" cy="8" r="8"/>${
    marks[tone]
  }</svg>`;
}

/** A text of a user, of which three lines show until it is unfolded. */
export function foldable(text: string, { most = 4000 }: { most?: number } = {}): Markup {
  if (text === "") return markup`<p class="text muted">(empty)</p>`;
  const shown = shorten(text, most);
  if (text.length <= 160 && text.split("\n").length <= 3) {
    return markup`<p class="text" dir="auto">${shown}</p>`;
  }
  return markup`<details class="fold"><summary><span class="text" dir="auto">${shown}</span></summary></details>`;
}

/** What is left out of a list, in words; nothing where nothing is. */
export function leftOut(all: number, shown: number, what: string): Markup | undefined {
  return all > shown
    ? markup`<p class="foot">${all - shown} more ${what} stand in the JSON report.</p>`
    : undefined;
}
