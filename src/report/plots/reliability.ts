/**
 * The plot of accuracy against confidence.
 *
 * @module
 */
import { type Markup, markup } from "../markup.ts";
import { plural } from "../../base/format.ts";
import { count, figure, range, significant } from "../numbers.ts";
import type { ReliabilitySection } from "../../evaluate/report.ts";
import { linearScale } from "./scale.ts";
import { type Area, axes, bar, intervalMark, line, picture, px, scales } from "./svg.ts";

const WIDTH = 380, HEIGHT = 400;
const AREA: Area = { left: 48, right: 368, top: 10, bottom: 270 };
const COUNTS: Area = { left: 48, right: 368, top: 322, bottom: 372 };

/** Accuracy at each level of confidence, with its interval, above how many rows had that confidence. */
export function reliabilityPlot(section: ReliabilitySection): Markup {
  const bins = section.bins.filter((bin) => bin.count > 0);
  // Two classes leave confidences below one half empty: the plot then begins where there is something.
  const least = bins.reduce((low, bin) => Math.min(low, bin.confidence, bin.accuracy.low), 1);
  const domain = { low: Math.min(0.9, Math.floor(10 * least + 1e-9) / 10), high: 1 };
  const { x, y } = scales(AREA, { x: domain, y: domain });
  const most = bins.reduce((most, bin) => Math.max(most, bin.count), 1);
  const height = linearScale({ low: 0, high: most }, { from: COUNTS.bottom, to: COUNTS.top });
  const half = Math.min(14, 0.4 * (AREA.right - AREA.left) / Math.max(1, bins.length));
  const words = bins.map((bin) =>
    `confidence ${significant(bin.confidence, 3)}: accuracy ${figure(bin.accuracy)}${
      bin.accuracy.high > bin.accuracy.low ? ` (${range(bin.accuracy)})` : ""
    }, ${plural(bin.count, "row")}`
  );
  return picture(
    { width: WIDTH, height: HEIGHT, title: section.title, description: words.join("; ") },
    axes(AREA, { x, y, xLabel: "mean confidence", yLabel: "accuracy" }),
    line([[x.at(domain.low), y.at(domain.low)], [x.at(1), y.at(1)]], "baseline"),
    line(bins.map((bin) => [x.at(bin.confidence), y.at(bin.accuracy.value)]), "line s0 faint"),
    bins.map((bin, i) =>
      intervalMark({
        x: x.at(bin.confidence),
        y: y.at(bin.accuracy.value),
        low: y.at(bin.accuracy.low),
        high: y.at(bin.accuracy.high),
      }, words[i])
    ),
    bins.map((bin, i) =>
      bar(
        {
          left: Math.max(COUNTS.left, x.at(bin.confidence) - half),
          right: Math.min(COUNTS.right, x.at(bin.confidence) + half),
          top: Math.min(height.at(bin.count), COUNTS.bottom - 1),
          bottom: COUNTS.bottom,
        },
        "fill s0",
        words[i],
      )
    ),
    markup`<line class="axis" x1="${COUNTS.left}" x2="${COUNTS.right}" y1="${COUNTS.bottom}" y2="${COUNTS.bottom}"/>
<text class="tick" x="${COUNTS.left - 6}" y="${px(COUNTS.top + 4)}" text-anchor="end">${count(most)}</text>
<text class="tick" x="${COUNTS.left - 6}" y="${px(COUNTS.bottom + 3)}" text-anchor="end">0</text>
<text class="name" x="${px((COUNTS.left + COUNTS.right) / 2)}" y="${
      COUNTS.bottom + 18
    }" text-anchor="middle">rows with that confidence</text>`,
  );
}
