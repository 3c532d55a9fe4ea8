/**
 * The plot of counts over bins.
 *
 * @module
 */
import { sum } from "../../base/arrays.ts";
import { type Markup, markup, userText } from "../markup.ts";
import { plural } from "../../base/format.ts";
import { count, trimmed } from "../numbers.ts";
import type { HistogramSection } from "../../evaluate/report.ts";
import { linearScale, niceDomain } from "./scale.ts";
import { type Area, axes, bar, legend, line, picture, type Point, px, scales, SERIES } from "./svg.ts";
import { shorten } from "../../base/text.ts";

const WIDTH = 380, HEIGHT = 280;
const AREA: Area = { left: 52, right: 368, top: 10, bottom: 238 };

/**
 * Counts over bins, each group as an outline over the others. Where bins differ in width they are drawn equally wide, with the
 * values of their edges below, for a tall narrow bin would otherwise look like few rows.
 */
export function histogramPlot(section: HistogramSection): Markup {
  const { edges, groups } = section;
  const bins = edges.length - 1;
  const widths = edges.slice(1).map((edge, i) => edge - edges[i]);
  const even = Math.max(...widths) <= 1.01 * Math.min(...widths);
  const most = groups.reduce((most, { counts }) => counts.reduce((a, b) => Math.max(a, b), most), 1);
  const ends = even ? { low: edges[0], high: edges[bins] } : { low: 0, high: bins };
  const { x, y } = scales(AREA, { x: ends, y: { low: 0, high: niceDomain([0, most]).high }, yTicks: 4 });
  const at = (edge: number) => even ? x.at(edges[edge]) : x.at(edge);
  const outline = (counts: readonly number[]): Point[] => [
    [at(0), AREA.bottom],
    ...counts.flatMap((n, i): Point[] => [[at(i), y.at(n)], [at(i + 1), y.at(n)]]),
    [at(bins), AREA.bottom],
  ];
  const between = (i: number) => `${trimmed(edges[i])} to ${trimmed(edges[i + 1])}`;
  const inBin = (i: number) =>
    groups.map(({ label, counts }) => `${shorten(label, 40)} ${count(counts[i])}`).join(", ");
  const rows = groups.map(({ counts }) => sum(counts));
  const description = groups.map(({ label, counts }, g) => {
    const top = counts.reduce((top, n, i) => n > counts[top] ? i : top, 0);
    return `${shorten(label, 60)}: ${plural(rows[g], "row")}, most of them (${count(counts[top])}) at ${
      between(top)
    }`;
  }).join("; ");
  return markup`${
    picture(
      { width: WIDTH, height: HEIGHT, title: section.title, description },
      axes(AREA, { x: even ? x : undefined, y, xLabel: section.xLabel, yLabel: "rows" }),
      !even && edgeLabels(edges, at),
      groups.map(({ counts }, g) => line(outline(counts), `fill soft s${g % SERIES}`)),
      groups.map(({ counts }, g) => line(outline(counts), `line s${g % SERIES}`)),
      widths.map((_, i) =>
        bar(
          { left: at(i), right: at(i + 1), top: AREA.top, bottom: AREA.bottom },
          "hover",
          `${between(i)}: ${inBin(i)}`,
        )
      ),
    )
  }${legend(groups.map(({ label }, g) => markup`${userText(label, 80)} (${count(rows[g])})`))}`;
}

/** At most seven of the edges' values, the first and the last among them. */
function edgeLabels(edges: readonly number[], at: (edge: number) => number): Markup[] {
  const last = edges.length - 1, every = Math.ceil(last / 6);
  const shown = edges.map((_, i) => i).filter((i) => i === last || (i % every === 0 && last - i >= every));
  return shown.map((i) =>
    markup`<text class="tick" x="${px(at(i))}" y="${AREA.bottom + 15}" text-anchor="middle">${
      linearScale({ low: 0, high: Math.abs(edges[i]) || 1 }, { from: 0, to: 1, count: 1 }).label(
        Number(edges[i].toPrecision(3)),
      )
    }</text>`
  );
}
