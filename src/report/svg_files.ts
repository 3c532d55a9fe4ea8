/**
 * The pictures of a report as files of their own.
 *
 * @module
 */
import type { Report, Section } from "../evaluate/report.ts";
import { Markup, markup, type Part } from "./markup.ts";
import { barsPlot } from "./plots/bars.ts";
import { curvePlot } from "./plots/curve.ts";
import { heatMap } from "./plots/heat_map.ts";
import { histogramPlot } from "./plots/histogram.ts";
import { reliabilityPlot } from "./plots/reliability.ts";
import { px, SERIES } from "./plots/svg.ts";
import { style } from "./style.ts";
import { shorten } from "../base/text.ts";

/** A picture: the name of its file, and the SVG. */
export interface SvgFile {
  readonly name: string;
  readonly svg: string;
}

const LEGEND_LINE = 20, MARGIN = 8;

/**
 * The pictures of a report, in its order: confusion matrices, curves, distributions, reliability. Each is whole by itself, has a
 * title and a description for screen readers, its legend in the picture, and follows the viewer's light or dark setting.
 *
 * @example
 * ```ts
 * import { svgFiles } from "./svg_files.ts";
 * import type { Report } from "../evaluate/report.ts";
 * import assert from "node:assert/strict";
 * const confusion = { kind: "confusion", title: "Confusion matrix", labels: ["ham", "spam"], counts: [[5, 1], [0, 4]] };
 * const [{ name, svg }] = svgFiles({ sections: [confusion] } as unknown as Report);
 * assert.equal(name, "1-confusion-matrix.svg");
 * assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="[^"]+" role="img"/);
 * ```
 */
export function svgFiles(report: Pick<Report, "sections">): SvgFile[] {
  const pictures = report.sections.flatMap((section) => {
    const plot = plotOf(section);
    return plot ? [{ section, ...plot }] : [];
  });
  return pictures.map(({ section: { title }, plot, legend }, i) => ({
    name: `${i + 1}-${
      title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 60)
    }.svg`,
    svg: whole(plot, title, legend),
  }));
}

function plotOf(section: Section): { plot: Markup; legend: readonly string[] } | undefined {
  switch (section.kind) {
    case "confusion":
      return { plot: heatMap({ ...section, name: section.title }), legend: [] };
    case "curve":
      return { plot: curvePlot(section), legend: section.curves.map(({ label }) => label) };
    case "histogram":
      return { plot: histogramPlot(section), legend: section.groups.map(({ label }) => label) };
    case "bars":
      return { plot: barsPlot(section), legend: section.groups };
    case "reliability":
      return { plot: reliabilityPlot(section), legend: [] };
    default:
      return undefined;
  }
}

/** The picture with its title above and its legend below, its colours and the namespace that a file needs. */
function whole(plot: Markup, title: string, legend: readonly string[]): string {
  const [, width, height, rest] = plot.source.match(
    /^<svg [^>]*viewBox="0 0 (\S+) (\S+)"[^>]*>(.*?<\/svg>)/s,
  )!;
  const top = 30, bottom = Number(height) + legend.length * LEGEND_LINE;
  const box = [-MARGIN, -top, Number(width) + 2 * MARGIN, bottom + top + MARGIN];
  const lines: Part[] = legend.map((label, i) => {
    const y = px(Number(height) + i * LEGEND_LINE + 12);
    return markup`<line class="line s${
      i % SERIES
    }" x1="4" x2="30" y1="${y}" y2="${y}"/><text class="name" x="38" y="${y + 4}">${shorten(label, 60)}</text>
`;
  });
  const inner = new Markup(rest.replace(/<\/svg>$/, ""));
  return markup`<svg xmlns="http://www.w3.org/2000/svg" viewBox="${
    box.join(" ")
  }" role="img" aria-label="${title}" class="plot">
<title>${title}</title>
<style>${new Markup(style.replaceAll("&", "&amp;").replaceAll("<", "&lt;"))}
svg.plot { max-width: none; font: 13px system-ui, sans-serif; } .ground { fill: var(--card); }</style>
<rect class="ground" x="${box[0]}" y="${box[1]}" width="${box[2]}" height="${box[3]}"/>
<text class="name" x="0" y="-10" font-weight="600">${shorten(title, 80)}</text>${inner}${lines}</svg>
`.source;
}
