/**
 * The plot of a confusion matrix of many classes.
 *
 * @module
 */
import { sum } from "../../base/arrays.ts";
import { type Markup, markup } from "../markup.ts";
import { plural } from "../../base/format.ts";
import { count, partPercent } from "../numbers.ts";
import { px, title } from "./svg.ts";
import { shorten, visible } from "../../base/text.ts";

const SIDE = 720, LABELS = 140;

/**
 * A confusion matrix of many classes: a square for every pair that occurs, the darker the larger its share of its row. What is
 * right lies on the diagonal and has a colour of its own.
 */
export function heatMap(
  { name, labels, counts }: {
    name: string;
    labels: readonly string[];
    counts: readonly (readonly number[])[];
  },
): Markup {
  const cell = (SIDE - LABELS) / labels.length, size = Math.min(11.5, Math.max(5, cell * 0.7));
  const at = (i: number) => px(LABELS + i * cell);
  const totals = counts.map(sum);
  const short = (label: string) => shorten(visible(label).replace(/\s+/g, " "), 17);
  return markup`<svg class="plot wide" viewBox="0 0 ${SIDE} ${SIDE}" role="img" aria-label="${name}">
<desc>${plural(labels.length, "class", "classes")}; the most confused pairs stand in the table below.</desc>
<rect class="frame" x="${LABELS}" y="${LABELS}" width="${SIDE - LABELS}" height="${SIDE - LABELS}"/>
${
    labels.map((label, i) => {
      const middle = px(LABELS + (i + 0.5) * cell), nudge = px(size * 0.35);
      return markup`<text class="category" x="${
        LABELS - 6
      }" y="${middle}" dy="${nudge}" text-anchor="end" font-size="${px(size)}">${
        short(label)
      }</text><text class="category" transform="translate(${middle} ${
        LABELS - 6
      }) rotate(-90)" dy="${nudge}" font-size="${px(size)}">${short(label)}</text>
`;
    })
  }${
    counts.map((row, i) =>
      row.map((n, j) =>
        n > 0 &&
        markup`<rect class="cell ${i === j ? "right" : "wrong"}" x="${at(j)}" y="${at(i)}" width="${
          px(cell)
        }" height="${px(cell)}" fill-opacity="${px(0.22 + 0.78 * n / totals[i])}">${
          title(
            `${shorten(labels[i], 60)} as ${shorten(labels[j], 60)}: ${count(n)} of ${count(totals[i])} (${
              partPercent(n / totals[i])
            })`,
          )
        }</rect>`
      )
    )
  }</svg>`;
}
