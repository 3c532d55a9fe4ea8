/**
 * The plot of curves, such as ROC's.
 *
 * @module
 */
import { type Markup, markup, userText } from "../markup.ts";
import { significant } from "../numbers.ts";
import type { CurveSection } from "../../evaluate/report.ts";
import { type Domain, niceDomain } from "./scale.ts";
import { type Area, axes, legend, line, picture, type Point, px, scales, SERIES, title } from "./svg.ts";
import { shorten } from "../../base/text.ts";

const WIDTH = 380, HEIGHT = 330;
const AREA: Area = { left: 48, right: 368, top: 10, bottom: 288 };
const TOOLTIPS = 24; // a curve
const MAX_POINTS = 4000; // of a line
const MOST_DOTS = 20; // points that are drawn each: one alone is no line

/** One or more curves in one plot. Shares have axes from 0 to 1. */
export function curvePlot(section: CurveSection): Markup {
  const { curves, baseline } = section;
  const { x, y } = scales(AREA, {
    x: span(curves.map((curve) => curve.x)),
    y: span([...curves.map((curve) => curve.y), typeof baseline === "number" ? [baseline] : []]),
  });
  const drawn = curves.map((curve) =>
    thin(curve.x.map((value, i): Point => [x.at(value), y.at(curve.y[i])]), 0.4)
  );
  const description = curves.map(({ label, x, y }) =>
    `${shorten(label, 60)}: ${x.length} points, from (${significant(x[0], 3)}, ${significant(y[0], 3)}) to (${
      significant(x[x.length - 1], 3)
    }, ${significant(y[y.length - 1], 3)})`
  ).join("; ");
  return markup`${
    picture(
      { width: WIDTH, height: HEIGHT, title: section.title, description },
      axes(AREA, { x, y, xLabel: section.xLabel, yLabel: section.yLabel }),
      baseline !== undefined && line(
        baseline === "diagonal"
          ? [[x.at(Math.max(x.low, y.low)), y.at(Math.max(x.low, y.low))], [
            x.at(Math.min(x.high, y.high)),
            y.at(Math.min(x.high, y.high)),
          ]]
          : [[AREA.left, y.at(baseline)], [AREA.right, y.at(baseline)]],
        "baseline",
      ),
      drawn.map((points, i) => line(points, `line s${i % SERIES}`)),
      drawn.map((points, i) =>
        curves[i].x.length <= MOST_DOTS &&
        points.map(([x, y]) =>
          markup`<circle class="fill s${i % SERIES}" cx="${px(x)}" cy="${px(y)}" r="3"/>`
        )
      ),
      curves.map((curve, i) =>
        spread(drawn[i]).map(([px_, py_]) =>
          markup`<circle class="hover s${i % SERIES}" cx="${px(px_)}" cy="${px(py_)}" r="6">${
            title(
              `${shorten(curve.label, 60)}\n${section.xLabel} ${
                significant(valueAt(px_, [AREA.left, AREA.right], x), 3)
              }\n${section.yLabel} ${significant(valueAt(py_, [AREA.bottom, AREA.top], y), 3)}`,
            )
          }</circle>`
        )
      ),
    )
  }${
    legend(curves.map(({ label }) => userText(label, 80)), {
      baseline: baseline === undefined ? undefined : "no skill",
    })
  }`;
}

/**
 * A line of at most a few thousand points that looks the same: points nearer than `tolerance` to the last kept one are left
 * out; where that is not enough, of the points that follow each other in one pixel column stay the first, the last and the
 * extremes.
 */
export function thin(points: readonly Point[], tolerance: number): Point[] {
  const kept = points.slice(0, 1);
  for (let i = 1; i < points.length; i++) {
    const [x, y] = kept[kept.length - 1];
    const far = Math.hypot(points[i][0] - x, points[i][1] - y) >= tolerance;
    if (far || i === points.length - 1) kept.push(points[i]);
  }
  if (kept.length <= MAX_POINTS) return kept;
  const columns = extremes(kept);
  if (columns.length <= MAX_POINTS) return columns;
  const every = columns.length / MAX_POINTS; // a tangle in all directions
  return columns.filter((_, i) =>
    i === columns.length - 1 || Math.floor(i / every) > Math.floor((i - 1) / every)
  );
}

function extremes(points: readonly Point[]): Point[] {
  const kept: Point[] = [];
  for (let from = 0, to; from < points.length; from = to) {
    let low = from, high = from;
    for (to = from; to < points.length && Math.floor(points[to][0]) === Math.floor(points[from][0]); to++) {
      if (points[to][1] < points[low][1]) low = to;
      if (points[to][1] > points[high][1]) high = to;
    }
    const stay = new Set([from, Math.min(low, high), Math.max(low, high), to - 1]);
    for (const i of stay) kept.push(points[i]);
  }
  return kept;
}

/** A few of the points, evenly along the list. */
function spread(points: readonly Point[]): Point[] {
  if (points.length <= TOOLTIPS) return [...points];
  return Array.from(
    { length: TOOLTIPS },
    (_, i) => points[Math.round(i / (TOOLTIPS - 1) * (points.length - 1))],
  );
}

function span(lists: readonly (readonly number[])[]): Domain {
  let low = Infinity, high = -Infinity;
  for (const list of lists) {
    for (const value of list) low = Math.min(low, value), high = Math.max(high, value);
  }
  return low >= 0 && high <= 1 && high > 0.2 ? { low: 0, high: 1 } : niceDomain([low, high], { count: 5 });
}

function valueAt(at: number, [from, to]: [number, number], { low, high }: Domain): number {
  return low + (at - from) / (to - from) * (high - low);
}
