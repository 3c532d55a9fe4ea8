/**
 * A value and its interval on one line.
 *
 * @module
 */
import { type Markup, markup } from "../markup.ts";
import { figure, range } from "../numbers.ts";
import { type Domain, linearScale } from "./scale.ts";
import { px, title } from "./svg.ts";

/** An interval as ends and a value. */
export interface Span {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const COUNT = 4; // of ticks
const MAX_CHARACTERS = 20; // of the ticks' labels together

/**
 * A value and its interval on one line, as wide as the cell it stands in: coordinates are percentages, so points stay
 * round. The ticks' lines and those of an {@linkcode axisBar} over the same domain lie below each other. Screen readers
 * pass it over: the figures stand beside it.
 */
export function intervalBar(
  span: Span,
  domain: Domain,
  { reference, tooltip, tone = "" }: { reference?: number; tooltip?: string; tone?: string } = {},
): Markup {
  const x = linearScale(domain, { from: 0, to: 100, count: COUNT });
  const place = (value: number) => px(Math.min(100, Math.max(0, x.at(value))));
  const low = place(span.low), high = place(span.high);
  const shown = Number.isFinite(span.value);
  return markup`<svg class="bar ${tone}" width="100%" height="20" aria-hidden="true">${
    title(tooltip ?? `${figure(span)}${span.high > span.low ? ` (${range(span)})` : ""}`)
  }<rect class="hover" width="100%" height="20"/>${
    x.ticks.map((tick) => markup`<line class="grid" x1="${place(tick)}%" x2="${place(tick)}%" y2="20"/>`)
  }${
    reference !== undefined && Number.isFinite(reference) &&
    markup`<line class="reference" x1="${place(reference)}%" x2="${place(reference)}%" y2="20"/>`
  }${
    shown && high > low &&
    markup`<rect class="range" x="${low}%" width="${px(high - low)}%" y="7" height="6" rx="3"/>`
  }${shown && markup`<circle class="point" cx="${place(span.value)}%" cy="10" r="4.5"/>`}</svg>`;
}

/** The ticks' values of a column of interval bars. */
export function axisBar(domain: Domain): Markup {
  const x = linearScale(domain, { from: 0, to: 100, count: COUNT });
  // Long labels would run into each other: then every second tick has one.
  const crowded = x.ticks.reduce((sum, tick) => sum + x.label(tick).length, 0) > MAX_CHARACTERS;
  const labelled = x.ticks.filter((_, i) => !crowded || (x.ticks.length - 1 - i) % 2 === 0);
  return markup`<svg class="bar scale" width="100%" height="16" aria-hidden="true">${
    labelled.map((tick) =>
      markup`<text class="tick" x="${px(x.at(tick))}%" y="11" text-anchor="middle">${x.label(tick)}</text>`
    )
  }</svg>`;
}
