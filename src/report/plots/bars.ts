/**
 * The plot of counts by name.
 *
 * @module
 */
import { shorten, visible } from "../../base/text.ts";
import type { BarsSection } from "../../evaluate/report.ts";
import { type Markup, markup } from "../markup.ts";
import { count } from "../numbers.ts";
import { bar, picture, px, SERIES, title } from "./svg.ts";

const WIDTH = 720, LABELS = 170, NUMBERS = 60, ROW = 22, SMALL = 7;

/** Most bars; the rest stand in the JSON report. */
export const MOST_BARS = 40;

/** A bar for each name and group, all on one scale, with the first group's counts beside them. */
export function barsPlot({ title: name, groups, rows }: BarsSection): Markup {
  const shown = rows.slice(0, MOST_BARS);
  const most = Math.max(1, ...shown.flatMap(({ counts }) => counts));
  const height = ROW + (groups.length - 1) * SMALL;
  const at = (n: number) => LABELS + (WIDTH - LABELS - NUMBERS) * n / most;
  const words = ({ label, counts }: BarsSection["rows"][number]) =>
    `${shorten(label, 60)}: ${groups.map((group, g) => `${group} ${count(counts[g])}`).join(", ")}`;
  const description = shown.slice(0, 10).map(words).join("; ");
  return picture(
    { width: WIDTH, height: shown.length * height + 4, title: name, description, wide: true },
    shown.map((row, i) => {
      const top = i * height + 4, first = height - (groups.length - 1) * SMALL - 6;
      const topOf = (g: number) => g === 0 ? top : top + first + (g - 1) * SMALL;
      const label = shorten(visible(row.label).replace(/\s+/g, " "), 24);
      return markup`<g>${title(words(row))}<text class="name" x="${LABELS - 8}" y="${
        px(top + first - 4)
      }" text-anchor="end">${label}</text>${
        row.counts.map((n, g) =>
          bar(
            {
              left: LABELS,
              right: Math.max(at(n), LABELS + (n > 0 ? 1 : 0)),
              top: topOf(g),
              bottom: topOf(g) + (g === 0 ? first - 1 : SMALL - 2),
            },
            `fill s${g % SERIES}`,
          )
        )
      }<text class="tick" x="${px(at(row.counts[0]) + 6)}" y="${px(top + first - 4)}">${
        count(row.counts[0])
      }</text></g>
`;
    }),
  );
}
