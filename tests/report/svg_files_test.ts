// Pictures as files: whole by themselves, with names for screen readers, and nothing of a label that a viewer would run.
import assert from "node:assert/strict";
import { svgFiles } from "../../src/report/svg_files.ts";
import type { Section } from "../../src/evaluate/report.ts";

Deno.test("pictures are whole files with title, description, legend and escaped labels, of 2 and of 90 classes", () => {
  for (const n of [2, 90]) {
    const labels = Array.from({ length: n }, (_, i) => `<script>${i}`);
    const sections: Section[] = [
      {
        kind: "confusion",
        title: "Confusion",
        labels,
        counts: labels.map((_, i) => labels.map((_, j) => i === j ? 3 : 0)),
      },
      {
        kind: "curve",
        title: "Loss",
        xLabel: "epochs",
        yLabel: "loss",
        curves: [{ label: "held-out rows", x: [1], y: [0.5] }],
      },
      {
        kind: "bars",
        title: "Classes",
        groups: ["to train"],
        rows: labels.map((label) => ({ label, counts: [3] })),
      },
      { kind: "latency", title: "Latency", p50: 1, p95: 1, p99: 1, batch: 1, calls: 1 },
    ];
    const files = svgFiles({ sections });
    assert.deepEqual(files.map(({ name }) => name), ["1-confusion.svg", "2-loss.svg", "3-classes.svg"]);
    for (const { svg } of files) {
      assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" .*<title>.*<desc>.*<\/svg>\n$/s);
      assert.doesNotMatch(svg, /<script/);
    }
    assert.match(files[1].svg, /held-out rows<\/text>/);
    assert.match(files[1].svg, /<circle class="fill s0"/);
  }
});
