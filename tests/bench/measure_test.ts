import assert from "node:assert/strict";
import { mock } from "node:test";
import { type BenchRecord, quickStates, timeWindows } from "../../bench/measure.ts";
import { growthPlot } from "../../bench/gpu_plot.ts";
import { createBuilder } from "../../src/graph/graph.ts";

Deno.test("the time of a step is the median window's mean, whatever one slow window takes", async () => {
  let [now, calls] = [0, 0];
  const clock = mock.method(performance, "now", () => now);
  // Three calls warm up, then come five windows; the third of those is slow.
  const run = (steps: number) => {
    now += steps * (++calls === 6 ? 30 : 3);
    return Promise.resolve();
  };
  try {
    const timing = { windows: 5, windowMs: 12, warmMs: 0, steps: [4, 250] } as const;
    assert.deepEqual(await timeWindows(run, timing), { ms: 3, spread: [3, 30], steps: 20 });
  } finally {
    clock.mock.restore();
  }
});

Deno.test("quick states have each state's shape and the scale of its first values", () => {
  const b = createBuilder();
  b.parameter("w", [100, 100], { kind: "normal", std: 0.02 });
  b.parameter("g", [3], { kind: "fill", value: 1 });
  const { w, g } = quickStates(b.graph());
  assert.deepEqual([w.shape, [...g.data]], [[100, 100], [1, 1, 1]]);
  const values = Array.from(w.data, Number);
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const std = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);
  assert.ok(Math.abs(mean) < 0.002 && std > 0.018 && std < 0.022, `${mean}, ${std}`);
});

Deno.test("a plot draws the sides that were measured", () => {
  const point = (batch: number): BenchRecord => ({
    side: "weir",
    part: "growth",
    name: "6/384",
    variant: "first token only",
    batch,
    sequence: 128,
    hiddenSize: 384,
    ms: batch + 1,
  });
  const plot = growthPlot([point(1), point(16), point(64)])!;
  assert.match(plot, /<path class="us"/);
  assert.doesNotMatch(plot, /<path class="them"/);
  assert.match(plot, /Weir: 17\.00 ms/);
  assert.equal(growthPlot([]), undefined);
});
