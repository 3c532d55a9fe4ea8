/**
 * Which card shows which kind of section, and how cards stand side by side.
 *
 * @module
 */
import { type Markup, markup, userText } from "../markup.ts";
import { barsPlot, MOST_BARS } from "../plots/bars.ts";
import { curvePlot } from "../plots/curve.ts";
import { histogramPlot } from "../plots/histogram.ts";
import { reliabilityPlot } from "../plots/reliability.ts";
import { legend } from "../plots/svg.ts";
import type { Report, Section } from "../../evaluate/report.ts";
import { confusion } from "./confusion.ts";
import { canaries, gate, histogramNumbers, latency, reliabilityNumbers, safety, worst } from "./examples.ts";
import { classes, comparison, probes, slices } from "./intervals.ts";
import { leftOut, scrollable } from "./tables.ts";

type OfKind<K extends Section["kind"]> = Extract<Section, { kind: K }>;

/** How each kind of section is shown; a new kind does not compile without an entry. */
const shown: { readonly [K in Section["kind"]]: (section: OfKind<K>, report: Report) => Markup } = {
  classes,
  confusion,
  curve: curvePlot,
  reliability: (section) => markup`${reliabilityPlot(section)}${reliabilityNumbers(section)}`,
  histogram: (section) => markup`${histogramPlot(section)}${histogramNumbers(section)}`,
  bars: (section) =>
    markup`${scrollable(section.title, barsPlot(section))}${
      section.groups.length > 1 && legend(section.groups.map((group) => userText(group, 80)))
    }${leftOut(section.rows.length, Math.min(MOST_BARS, section.rows.length), "classes, with fewer rows,")}`,
  slices,
  worst,
  probes,
  canaries,
  safety,
  latency,
  comparison,
  gate,
};

const MAX_SIDE_BY_SIDE = 3; // classes of a confusion matrix that leaves room beside it

/** The sections in their order; plots and other narrow ones that follow each other stand side by side. */
export function sectionCards(report: Report, { prefix, level }: { prefix: string; level: 2 | 3 }): Markup {
  const cards = report.sections.map((section, i) => ({
    narrow: isNarrow(section),
    card: markup`<section class="card ${section.kind}" id="${prefix}${i + 1}">
<h${level}>${userText(section.title, 200)}</h${level}>
${show(section, report)}</section>
`,
  }));
  const parts: Markup[] = [];
  for (let i = 0; i < cards.length;) {
    let end = i;
    while (end < cards.length && cards[end].narrow) end++;
    if (end === i) {
      parts.push(cards[i++].card);
      continue;
    }
    for (const size of rowSizes(end - i)) {
      parts.push(
        markup`<div class="side by${size}">${cards.slice(i, i + size).map(({ card }) => card)}</div>`,
      );
      i += size;
    }
  }
  return markup`${parts}`;
}

function show<K extends Section["kind"]>(section: OfKind<K>, report: Report): Markup {
  const render = shown[section.kind as K] as (section: OfKind<K>, report: Report) => Markup;
  return render(section, report);
}

function isNarrow(section: Section): boolean {
  switch (section.kind) {
    case "confusion":
      return section.labels.length <= MAX_SIDE_BY_SIDE;
    case "safety":
      return section.rows.length === 0;
    default:
      return ["curve", "reliability", "histogram", "latency"].includes(section.kind);
  }
}

/** Rows of two and three: 4 is 2 + 2, 5 is 3 + 2. */
export function rowSizes(n: number): number[] {
  if (n <= 3) return [n];
  return n === 4 ? [2, 2] : [3, ...rowSizes(n - 3)];
}
