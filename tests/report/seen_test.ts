import assert from "node:assert/strict";
import type { ComparisonSection, Report } from "../../src/evaluate/report.ts";
import { figures } from "../../src/report/figures.ts";
import { htmlPage } from "../../src/report/html.ts";
import { markdownPage } from "../../src/report/markdown.ts";
import { parseReport } from "../../src/report/parse.ts";
import { terminalPage } from "../../src/report/terminal.ts";
import { verdicts } from "../../src/report/words.ts";

const interval = { value: 0.9, low: 0.8, high: 0.95, confidence: 0.95, n: 50 };
const report = (seen?: Report["data"]["seen"], sections: Report["sections"] = []): Report => ({
  format: "weir-report/1",
  title: "Spam",
  task: "text-classification",
  createdAt: "2026-03-02T14:05:00Z",
  data: { source: "test.jsonl", n: 50, ...(seen && { seen }) },
  intervals: { confidence: 0.95, resamples: 1000, seed: 0 },
  metrics: [{ name: "accuracy", label: "accuracy", better: "higher", interval }],
  sections,
  notes: [],
});

Deno.test("rows that the model has seen are said first, in every form of the report", () => {
  const most = report({ train: 38, validation: 2, base: 1 });
  assert.deepEqual(parseReport(JSON.parse(JSON.stringify(most))), most);
  const words = /41 \(38 trained on, 2 chose the epoch, 1 by its base\)/;
  for (const page of [terminalPage(most), markdownPage(most), htmlPage(most)]) assert.match(page, words);
  for (const page of [markdownPage(most), htmlPage(most)]) {
    assert.match(page, /The model has seen 41 of 50 rows in training/);
  }
});

Deno.test("how much it weighs depends on how many rows were seen", () => {
  const tones = (train: number) =>
    verdicts(report({ train, validation: 0, base: 0 })).map((
      { tone, headline, detail },
    ) => [tone, headline, detail]);
  assert.deepEqual(tones(0), []);
  assert.equal(tones(3)[0][0], "warn");
  assert.equal(tones(30)[0][0], "bad");
  assert.deepEqual(tones(50), [
    [
      "bad",
      "The model has seen all 50 rows in training",
      "these scores say nothing about texts that are new to it",
    ],
  ]);
  assert.deepEqual(verdicts(report()), []);
});

Deno.test("a gate reads the seen rows, and the comparison on unseen rows beside the one on all", () => {
  const comparison = (value: number, only?: string): ComparisonSection => ({
    kind: "comparison",
    title: "b beside a",
    ...(only !== undefined && { only }),
    a: "a",
    b: "b",
    rows: [{
      ...{ name: "accuracy", label: "accuracy", better: "higher", a: interval, b: interval },
      ...{ difference: { ...interval, value, low: value - 0.01, high: value + 0.01 } },
      ...{ pValue: 0.01, adjustedPValue: 0.01, test: "McNemar" },
    }],
    costs: [],
  });
  const both = report({ train: 10, validation: 0, base: 0 }, [
    comparison(0.1),
    comparison(-0.2, "unseen rows"),
  ]);
  const found = figures(both);
  assert.equal(found.get("seen.rows"), 10);
  assert.equal(found.get("seen.share"), 0.2);
  assert.equal(found.get("difference.accuracy"), 0.1);
  assert.equal(found.get("unseen rows.difference.accuracy"), -0.2);
  assert.deepEqual(parseReport(JSON.parse(JSON.stringify(both))), both);
  assert.deepEqual(verdicts(both).slice(1).map(({ headline }) => headline), [
    "Better than a",
    "Worse than a on unseen rows",
  ]);
});
