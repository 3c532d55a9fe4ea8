/**
 * A plot of how a step's time grows, as an SVG that is read on light and on dark pages.
 *
 * @module
 */
import cases from "./gpu_cases.json" with { type: "json" };
import type { BenchRecord } from "./measure.ts";

interface Point {
  readonly x: number;
  readonly ms: number;
}

const [width, height] = [300, 250];
const margin = { left: 46, right: 14, top: 34, bottom: 40 };
const panels = [
  { key: "batch", title: "batch" },
  { key: "sequence", title: "sequence" },
  { key: "hiddenSize", title: "hidden size" },
] as const;
const sides = [
  { side: "pytorch", name: "PyTorch eager", mark: "them" },
  { side: "weir", name: "Weir", mark: "us" },
] as const;

/** Three panels side by side, both axes logarithmic; `undefined` where nothing of it was measured. */
export function growthPlot(records: readonly BenchRecord[]): string | undefined {
  const points = records.filter((record) => record.part === "growth" && record.ms !== undefined);
  if (points.length === 0) return undefined;
  const all = points.map(({ ms }) => ms!);
  const range: [number, number] = [
    2 ** Math.floor(Math.log2(Math.min(...all))),
    2 ** Math.ceil(Math.log2(Math.max(...all))),
  ];
  const [totalWidth, totalHeight] = [3 * width, height + 26];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${totalWidth} ${totalHeight}" role="img" aria-labelledby="title">
<title id="title">Milliseconds of a training step of ${cases.growth.model} as batch, sequence and hidden size grow</title>
<style>
text { font: 12px system-ui, sans-serif; fill: #57606a }
.title { font-weight: 600 }
.grid { stroke: #8b949e; stroke-opacity: .25 }
.us { stroke: #1f6feb; fill: #1f6feb } .them { stroke: #bc4c00; fill: #bc4c00 }
path { fill: none !important; stroke-width: 2 }
text.us, text.them { stroke: none; font-weight: 600 }
@media (prefers-color-scheme: dark) {
text { fill: #adbac7 }
.us { stroke: #6cb6ff; fill: #6cb6ff } .them { stroke: #f69d50; fill: #f69d50 }
}
</style>
${panels.map((panel, i) => drawPanel(panel, i * width, range, points)).join("\n")}
${
    sides.map(({ name, mark }, i) =>
      `<text class="${mark}" x="${margin.left + 130 * i}" y="${totalHeight - 8}">● ${name}</text>`
    ).join("\n")
  }
</svg>
`;
}

function drawPanel(
  { key, title }: typeof panels[number],
  left: number,
  range: [number, number],
  records: readonly BenchRecord[],
): string {
  const values: readonly number[] = cases.growth[key];
  const domain: [number, number] = [values[0], values.at(-1)!];
  const x = (value: number) => left + scale(value, domain, [margin.left, width - margin.right]);
  const y = (value: number) => scale(value, range, [height - margin.bottom, margin.top]);
  const ticks: number[] = [];
  for (let tick = range[0]; tick <= range[1]; tick *= range[1] / range[0] > 128 ? 4 : 2) ticks.push(tick);
  const number = (value: number) => value >= 1 ? `${value}` : value.toFixed(2).replace(/^0/, "");
  return [
    `<text class="title" x="${left + margin.left}" y="18">ms a step against ${title}</text>`,
    ...ticks.map((tick) =>
      `<line class="grid" x1="${left + margin.left}" x2="${left + width - margin.right}" y1="${
        y(tick)
      }" y2="${y(tick)}"/>` +
      `<text x="${left + margin.left - 6}" y="${y(tick) + 4}" text-anchor="end">${number(tick)}</text>`
    ),
    ...values.map((value) =>
      `<text x="${x(value)}" y="${height - margin.bottom + 18}" text-anchor="middle">${value}</text>`
    ),
    ...sides.map(({ side, mark, name }) => {
      const line = pointsOf(records, side, key).map((
        point,
      ) => [x(point.x).toFixed(1), y(point.ms).toFixed(1)]);
      const dots = line.map(([cx, cy], i) =>
        `<circle class="${mark}" cx="${cx}" cy="${cy}" r="3"><title>${name}: ${
          pointsOf(records, side, key)[i].ms.toFixed(2)
        } ms</title></circle>`
      );
      return `<path class="${mark}" d="M${line.map((p) => p.join(" ")).join("L")}"/>${dots.join("")}`;
    }).filter((drawn) => !drawn.includes('d="M"')),
  ].join("\n");
}

/** The points where only `key` differs from the shape that all series share. */
function pointsOf(records: readonly BenchRecord[], side: string, key: keyof BenchRecord): Point[] {
  const { hiddenSize } = cases.models[cases.growth.model as keyof typeof cases.models];
  const base: Partial<BenchRecord> = { ...cases.training, hiddenSize };
  const others = (["batch", "sequence", "hiddenSize"] as const).filter((other) => other !== key);
  const known = new Map<number, number>();
  for (const record of records) {
    if (record.side === side && others.every((other) => record[other] === base[other])) {
      known.set(record[key] as number, record.ms!);
    }
  }
  return [...known].map(([x, ms]) => ({ x, ms })).sort((p, q) => p.x - q.x);
}

function scale(value: number, [from, to]: [number, number], [start, end]: [number, number]): number {
  return start + (end - start) * Math.log(value / from) / Math.log(to / from);
}
