/**
 * What all plots are drawn with: axes, points, lines.
 *
 * @module
 */
import { shorten, visible } from "../../base/text.ts";
import { type Markup, markup, type Part } from "../markup.ts";
import { type Domain, linearScale, type Scale } from "./scale.ts";

/** A point in the plot's coordinates. */
export type Point = readonly [x: number, y: number];

/** The area of a plot between its axes. */
export interface Area {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** The picture around its parts: named for screen readers, sized by its box, drawn with the page's colours. */
export function picture(
  { width, height, title, description, wide = false }: {
    wide?: boolean;
    width: number;
    height: number;
    title: string;
    description: string;
  },
  ...parts: Part[]
): Markup {
  return markup`<svg class="plot${
    wide ? " wide" : ""
  }" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">
<desc>${description}</desc>
${parts}</svg>`;
}

/** Scales over an area: x to the right, y upwards. */
export function scales(
  area: Area,
  { x, y, xTicks = 5, yTicks = 5 }: { x: Domain; y: Domain; xTicks?: number; yTicks?: number },
): { x: Scale; y: Scale } {
  return {
    x: linearScale(x, { from: area.left, to: area.right, count: xTicks }),
    y: linearScale(y, { from: area.bottom, to: area.top, count: yTicks }),
  };
}

/** Grid lines, ticks with their values, and what the axes mean. Without `x`, its axis has no ticks. */
export function axes(
  area: Area,
  { x, y, xLabel, yLabel }: { x?: Scale; y: Scale; xLabel: string; yLabel: string },
): Markup {
  const { left, right, top, bottom } = area;
  const middle = px((top + bottom) / 2);
  return markup`<g class="axes">${
    y.ticks.map((tick) =>
      markup`<line class="grid" x1="${left}" x2="${right}" y1="${px(y.at(tick))}" y2="${px(y.at(tick))}"/>
<text class="tick" x="${left - 6}" y="${px(y.at(tick) + 3.8)}" text-anchor="end">${y.label(tick)}</text>
`
    )
  }${
    x?.ticks.map((tick) =>
      markup`<line class="grid" x1="${px(x.at(tick))}" x2="${px(x.at(tick))}" y1="${top}" y2="${bottom}"/>
<text class="tick" x="${px(x.at(tick))}" y="${bottom + 15}" text-anchor="middle">${x.label(tick)}</text>
`
    )
  }<line class="axis" x1="${left}" x2="${right}" y1="${bottom}" y2="${bottom}"/>
<text class="name" x="${px((left + right) / 2)}" y="${bottom + 32}" text-anchor="middle">${
    short(xLabel)
  }</text>
<text class="name" x="12" y="${middle}" text-anchor="middle" transform="rotate(-90 12 ${middle})">${
    short(yLabel)
  }</text>
</g>`;
}

/** A line through points. */
export function line(points: readonly Point[], className: string): Markup {
  const path = points.map(([x, y]) => `${px(x)} ${px(y)}`).join("L");
  return markup`<path class="${className}" d="M${path}"/>`;
}

/** An upright bar with a tooltip. */
export function bar({ left, right, top, bottom }: Area, className: string, tooltip?: string): Markup {
  return markup`<rect class="${className}" x="${px(left)}" y="${px(top)}" width="${
    px(right - left)
  }" height="${px(bottom - top)}">${tooltip !== undefined && title(tooltip)}</rect>`;
}

/** A point with its interval, upright. */
export function intervalMark(
  { x, y, low, high, radius = 4 }: { x: number; y: number; low: number; high: number; radius?: number },
  tooltip: string,
): Markup {
  return markup`<g class="mark">${title(tooltip)}<line class="whisker" x1="${px(x)}" x2="${px(x)}" y1="${
    px(low)
  }" y2="${px(high)}"/><circle class="point" cx="${px(x)}" cy="${px(y)}" r="${radius}"/></g>`;
}

/** Shown when the pointer rests on what it stands in. */
export function title(tooltip: string): Markup {
  return markup`<title>${tooltip}</title>`;
}

function sample(style: string): Markup {
  return markup`<svg width="26" height="10" aria-hidden="true"><line class="${style}" x1="1" x2="25" y1="5" y2="5"/></svg>`;
}

/** What each style of line stands for. */
export function legend(labels: readonly Part[], { baseline }: { baseline?: string } = {}): Markup {
  return markup`<ul class="legend">${
    labels.map((label, i) => markup`<li>${sample(`line s${i % SERIES}`)}${label}</li>`)
  }${
    baseline !== undefined &&
    markup`<li>${sample("baseline")}${baseline}</li>`
  }</ul>`;
}

/** Styles that lines have, each with a colour and a pattern of its own; further lines begin again. */
export const SERIES = 6;

/** A coordinate with two decimals at most. */
export function px(value: number): number {
  return Math.round(value * 100) / 100;
}

/** An axis holds about 40 characters. */
function short(label: string): string {
  return shorten(visible(label).replace(/\s+/g, " "), 40);
}
