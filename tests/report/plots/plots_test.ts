import assert from "node:assert/strict";
import type { Markup } from "../../../src/report/markup.ts";
import { curvePlot, thin } from "../../../src/report/plots/curve.ts";
import { heatMap } from "../../../src/report/plots/heat_map.ts";
import { histogramPlot } from "../../../src/report/plots/histogram.ts";
import { axisBar, intervalBar } from "../../../src/report/plots/interval_bar.ts";
import { reliabilityPlot } from "../../../src/report/plots/reliability.ts";
import { linearScale, niceDomain } from "../../../src/report/plots/scale.ts";
import { sampleSections } from "../sample.ts";

/** What the axis of a plot says: the value at a coordinate, from the first and the last of its ticks. */
function axis({ source }: Markup, anchor: "middle" | "end"): (at: number) => number {
  const pattern = new RegExp(
    `<text class="tick" x="([\\d.]+)%?" y="([\\d.]+)" text-anchor="${anchor}">([^<]+)</text>`,
    "g",
  );
  const axes = source.match(/<g class="axes">[^]*?<\/g>/)?.[0] ?? source;
  const ticks = [...axes.matchAll(pattern)].map(([, x, y, label]) => {
    const value = Number(label.replace("−", "-").replace("k", "e3"));
    return { at: anchor === "middle" ? Number(x) : Number(y) - 3.8, value };
  }).filter(({ value }) => Number.isFinite(value));
  const first = ticks[0], last = ticks.filter(({ value }) => value !== first.value).at(-1)!;
  return (at) => first.value + (at - first.at) / (last.at - first.at) * (last.value - first.value);
}

function path({ source }: Markup, className: string): [number, number][] {
  const found = source.match(new RegExp(`<path class="${className}" d="M([^"]+)"`));
  assert.ok(found, `there is a path of class ${className}`);
  return found[1].split("L").map((pair) => pair.split(" ").map(Number) as [number, number]);
}

const near = (found: number, wanted: number, tolerance: number, what: string) =>
  assert.ok(Math.abs(found - wanted) <= tolerance, `${what}: ${found} is not ${wanted}`);

Deno.test("ticks are round numbers within the domain", () => {
  const ticks = (low: number, high: number, count: number) => {
    const scale = linearScale({ low, high }, { from: 0, to: 1, count });
    return scale.ticks.map(scale.label);
  };
  assert.deepEqual(ticks(0, 1, 5), ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
  assert.deepEqual(ticks(0.92, 1, 4), ["0.92", "0.94", "0.96", "0.98", "1"]);
  assert.deepEqual(ticks(-0.03, 0.01, 4), ["−0.03", "−0.02", "−0.01", "0", "0.01"]);
  assert.deepEqual(ticks(0, 30_000, 3), ["0", "10k", "20k", "30k"]);
  assert.ok(ticks(1, 1, 5).length <= 100);
});

Deno.test("a domain holds its values, ends on round numbers and stays within 0 and 1 for shares", () => {
  assert.deepEqual(niceDomain([0.931, 0.998]), { low: 0.92, high: 1 });
  assert.deepEqual(niceDomain([0.957, 0.9951]), { low: 0.94, high: 1 });
  assert.deepEqual(niceDomain([0.1, 0.9]), { low: 0, high: 1 });
  assert.deepEqual(niceDomain([-0.0212, 0]), { low: -0.03, high: 0 });
  assert.deepEqual(niceDomain([]), { low: 0, high: 1 });
  assert.deepEqual(niceDomain([NaN, Infinity]), { low: 0, high: 1 });
  for (const values of [[1], [0], [0.5], [7], [-3], [1e-12, 2e-12], [1e15, 1e15 + 1], [-1e6, 1e6]]) {
    const { low, high } = niceDomain(values);
    assert.ok(low < high, `${values}: ${low} is below ${high}`);
    assert.ok(values.every((value) => value >= low && value <= high), `${values} lie in ${low} to ${high}`);
    const { ticks } = linearScale({ low, high }, { from: 0, to: 1, count: 4 });
    assert.ok(ticks[0] === low && ticks.at(-1) === high, `${low} to ${high} has ticks ${ticks}`);
    if (values.every((value) => value >= 0 && value <= 1)) {
      assert.ok(low >= 0 && high <= 1, `${low} to ${high}`);
    }
  }
});

Deno.test("an interval bar has its value, its ends and the reference where its axis says", () => {
  const domain = { low: 0.92, high: 1 };
  const bar = intervalBar({ value: 0.976, low: 0.967, high: 0.985 }, domain, { reference: 0.95 });
  const value = axis(axisBar(domain), "middle");
  const number = (pattern: RegExp) => Number(bar.source.match(pattern)![1]);
  near(value(number(/<circle class="point" cx="([\d.]+)%"/)), 0.976, 1e-4, "value");
  const left = number(/class="range" x="([\d.]+)%"/),
    width = number(/class="range" x="[\d.]+%" width="([\d.]+)%"/);
  near(value(left), 0.967, 1e-4, "lower end");
  near(value(left + width), 0.985, 1e-4, "upper end");
  near(value(number(/class="reference" x1="([\d.]+)%"/)), 0.95, 1e-4, "reference");
});

Deno.test("an interval bar without width or without a value draws neither a range nor a point", () => {
  const domain = { low: 0, high: 1 };
  assert.doesNotMatch(intervalBar({ value: 0.5, low: 0.5, high: 0.5 }, domain).source, /class="range"/);
  assert.doesNotMatch(intervalBar({ value: NaN, low: NaN, high: NaN }, domain).source, /class="point"|NaN/);
});

Deno.test("labels of an axis that would run into each other are every second one", () => {
  const labels = (low: number, high: number) =>
    [...axisBar({ low, high }).source.matchAll(/>([^<>]+)<\/text>/g)].map(([, label]) => label);
  assert.deepEqual(labels(0.005, 0.025), ["0.005", "0.015", "0.025"]);
  assert.deepEqual(labels(0.92, 1), ["0.92", "0.94", "0.96", "0.98", "1"]);
});

Deno.test("the points of a curve lie where the axes say", () => {
  const x = [0, 0.1, 0.35, 1], y = [0, 0.62, 0.9, 1];
  const plot = curvePlot({ ...sampleSections.curve, curves: [{ label: "one", x, y }] });
  const toX = axis(plot, "middle"), toY = axis(plot, "end");
  const points = path(plot, "line s0");
  assert.equal(points.length, 4);
  points.forEach(([px, py], i) => {
    near(toX(px), x[i], 1e-4, `x of point ${i}`);
    near(toY(py), y[i], 1e-4, `y of point ${i}`);
  });
  const [start, end] = path(plot, "baseline").map(([px, py]) => [toX(px), toY(py)]);
  [start, end].forEach(([x, y]) => near(x, y, 1e-4, "the diagonal"));
});

Deno.test("a level of no skill lies where the axis says, and further curves have patterns of their own", () => {
  const plot = curvePlot({
    kind: "curve",
    title: "loss",
    xLabel: "step",
    yLabel: "loss",
    baseline: 4,
    curves: [1, 2].map((k) => ({ label: `run ${k}`, x: [0, 5000], y: [10, k] })),
  });
  near(axis(plot, "end")(path(plot, "baseline")[0][1]), 4, 1e-3, "the level");
  near(axis(plot, "middle")(path(plot, "line s1")[1][0]), 5000, 0.5, "the last step");
});

Deno.test("a curve of a million points is thinned, and the line stays where it was", () => {
  const points = Array.from(
    { length: 1_000_000 },
    (_, i): [number, number] => [i / 3000, 150 + 100 * Math.sin(i / 100_000)],
  );
  const kept = thin(points, 0.4);
  assert.ok(kept.length < 2000, `${kept.length} points are left`);
  assert.deepEqual(kept.at(-1), points.at(-1));
  let at = 0;
  for (const [x, y] of points) {
    while (at + 1 < kept.length && kept[at + 1][0] <= x) at++;
    near(Math.hypot(kept[at][0] - x, kept[at][1] - y), 0, 0.4, `the line at ${x}`);
  }
});

Deno.test("a curve that jumps at every one of many points keeps its extremes and is no larger for it", () => {
  const points = Array.from(
    { length: 300_000 },
    (_, i): [number, number] => [i / 1000, i === 150_500 ? 1 : i % 2 === 0 ? 100 : 200 + i % 7],
  );
  const kept = thin(points, 0.4);
  assert.ok(kept.length <= 1200, `${kept.length} points are left`);
  assert.ok(kept.some(([x, y]) => x === 150.5 && y === 1), "the peak is there");
  assert.deepEqual(kept.map(([x]) => x), kept.map(([x]) => x).sort((a, b) => a - b));
  const tangle = Array.from(
    { length: 50_000 },
    (_, i): [number, number] => [i * 7919 % 320, i * 104_729 % 280],
  );
  assert.ok(thin(tangle, 0.4).length <= 4001);
});

Deno.test("reliability: accuracy, interval and confidence lie where the axes say, empty bins are left out", () => {
  const bins = sampleSections.reliability.bins;
  const plot = reliabilityPlot({
    ...sampleSections.reliability,
    bins: [{ ...bins[0], confidence: 0.1, count: 0 }, ...bins],
  });
  const toX = axis(plot, "middle"), toY = axis(plot, "end");
  const marks = [...plot.source.matchAll(
    /<line class="whisker" x1="[^"]+" x2="[^"]+" y1="([^"]+)" y2="([^"]+)"\/><circle class="point" cx="([^"]+)" cy="([^"]+)"/g,
  )].map((found) => found.slice(1).map(Number));
  assert.equal(marks.length, bins.length);
  marks.forEach(([low, high, x, y], i) => {
    near(toX(x), bins[i].confidence, 1e-3, "confidence");
    near(toY(y), bins[i].accuracy.value, 1e-3, "accuracy");
    near(toY(low), bins[i].accuracy.low, 1e-3, "lower end");
    near(toY(high), bins[i].accuracy.high, 1e-3, "upper end");
  });
  assert.match(plot.source, /confidence 0\.757: accuracy 0\.70 \(0\.52 to 0\.84\), 27 rows/);
});

Deno.test("histogram: the height of a bin is its count, its sides are its edges", () => {
  const section = sampleSections.histogram;
  const plot = histogramPlot(section);
  const toX = axis(plot, "middle"), toY = axis(plot, "end");
  section.groups.forEach(({ counts }, g) => {
    const outline = path(plot, `line s${g}`);
    counts.forEach((n, i) => {
      near(toX(outline[1 + 2 * i][0]), section.edges[i], 1e-3, "left edge");
      near(toX(outline[2 + 2 * i][0]), section.edges[i + 1], 1e-3, "right edge");
      near(toY(outline[1 + 2 * i][1]), n, 0.05, "count");
    });
  });
});

Deno.test("histogram: uneven bins are drawn equally wide with their edges below", () => {
  const plot = histogramPlot({
    ...sampleSections.histogram,
    edges: [0, 10, 100, 1000],
    groups: [{ label: "ham", counts: [5, 50, 2] }],
  });
  const xs = [...new Set(path(plot, "line s0").map(([x]) => x))];
  near(xs[1] - xs[0], xs[3] - xs[2], 0.02, "widths");
  const labels = [
    ...plot.source.matchAll(/<text class="tick" x="([\d.]+)" y="253" text-anchor="middle">([^<]+)/g),
  ];
  assert.deepEqual(labels.map(([, , label]) => label), ["0", "10", "100", "1000"]);
  labels.forEach(([, x], i) => near(Number(x), xs[i], 0.02, "edge"));
});

Deno.test("heat map: every pair that occurs has its square, right ones on the diagonal", () => {
  const counts = [[5, 1, 0], [0, 7, 0], [2, 0, 3]];
  const { source } = heatMap({ name: "matrix", labels: ["a", "b", "c"], counts });
  const cells = [
    ...source.matchAll(/class="cell (right|wrong)" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)"/g),
  ];
  assert.equal(cells.length, 5);
  const left = Math.min(...cells.map((cell) => Number(cell[2])));
  const places = cells.map(([, kind, x, y, width]) =>
    [kind, Math.round((Number(y) - left) / Number(width)), Math.round((Number(x) - left) / Number(width))]
      .join(
        " ",
      )
  );
  assert.deepEqual(places, ["right 0 0", "wrong 0 1", "right 1 1", "wrong 2 0", "right 2 2"]);
  assert.match(source, /c as a: 2 of 5 \(40\.0%\)/);
});

Deno.test("plots have names and say in words what they show", () => {
  for (
    const { source } of [
      curvePlot(sampleSections.curve),
      reliabilityPlot(sampleSections.reliability),
      histogramPlot(sampleSections.histogram),
      heatMap({ name: "matrix", labels: ["a"], counts: [[1]] }),
    ]
  ) {
    assert.match(source, /<svg [^>]*role="img" aria-label="[^"]+">\n<desc>[^<]{10,}<\/desc>/);
  }
});
