import assert from "node:assert/strict";
import type { ComparisonSection } from "../../src/evaluate/report.ts";
import {
  changeVerdict,
  comparisonVerdict,
  gateVerdict,
  methodSentences,
  rowVerdict,
  verdicts,
} from "../../src/report/words.ts";
import { interval, sampleReport, sampleSections } from "./sample.ts";

type Row = ComparisonSection["rows"][number];

const row = (change: Partial<Row>): Row => ({ ...sampleSections.comparison.rows[0], ...change });
const up = interval(0.01, 0.004, 0.016), down = interval(-0.01, -0.016, -0.004);
const words = (change: Partial<Row>) => rowVerdict(row(change), { a: "a", b: "b" }).words;

Deno.test("a comparison's words follow the adjusted p-value and which way is good", () => {
  assert.equal(words({ better: "higher", difference: up, adjustedPValue: 0.01 }), "b is better");
  assert.equal(words({ better: "higher", difference: down, adjustedPValue: 0.01 }), "b is worse");
  assert.equal(words({ better: "lower", difference: down, adjustedPValue: 0.01 }), "b is better");
  assert.equal(words({ better: "lower", difference: up, adjustedPValue: 0.01 }), "b is worse");
  assert.equal(words({ better: "neither", difference: up, adjustedPValue: 0.01 }), "b is higher");
  assert.equal(words({ difference: up, pValue: 0.01, adjustedPValue: 0.06 }), "no difference shown");
  assert.equal(words({ difference: up, adjustedPValue: 0.05 }), "b is better");
  assert.equal(words({ difference: up, adjustedPValue: NaN }), "no difference shown");
  assert.equal(words({ difference: interval(0, 0, 0), adjustedPValue: 0.01 }), "no difference shown");
});

Deno.test("the verdict of a comparison names what is better, worse and not shown to differ", () => {
  const verdict = comparisonVerdict(sampleSections.comparison);
  assert.deepEqual(verdict, {
    tone: "warn",
    headline: "Better and worse than spam 1.0.0",
    detail:
      "spam 1.1.0: better in accuracy and macro F1; worse in recall of spam; no difference shown in expected " +
      "calibration error and log loss",
  });
  const of = (rows: Row[]) => comparisonVerdict({ ...sampleSections.comparison, rows }).headline;
  assert.equal(of([row({ adjustedPValue: 0.5 })]), "No difference from spam 1.0.0 shown");
  assert.equal(of([row({ difference: up })]), "Better than spam 1.0.0");
  assert.equal(of([row({ difference: down })]), "Worse than spam 1.0.0");
});

Deno.test("a gate's verdict names the conditions that are not met", () => {
  assert.equal(
    gateVerdict(sampleSections.gate).detail,
    "2 of 4 conditions not met: macroF1.low >= champion.macroF1 - 0.005; canaries.failed <= 0",
  );
  const met = sampleSections.gate.conditions.map((condition) => ({ ...condition, met: true }));
  assert.deepEqual(gateVerdict({ ...sampleSections.gate, passed: true, conditions: met }), {
    tone: "good",
    headline: "Gate passed",
    detail: "all 4 conditions are met",
  });
});

Deno.test("a report's verdicts are its gate's, its comparison's and that of failed canaries", () => {
  assert.deepEqual(verdicts(sampleReport).map(({ headline }) => headline), [
    "Gate failed",
    "Better and worse than spam 1.0.0",
    "1 of 3 canaries failed",
  ]);
  assert.deepEqual(verdicts({ ...sampleReport, sections: [sampleSections.classes] }), []);
});

Deno.test("a probe's change is a loss only when its interval lies wholly on the bad side", () => {
  assert.equal(changeVerdict(down, "higher").words, "loss");
  assert.equal(changeVerdict(down, "lower").words, "gain");
  assert.equal(changeVerdict(interval(-0.005, -0.012, 0.002), "higher").words, "no change shown");
});

Deno.test("every method that occurs is explained, and one that is not known stands by its name", () => {
  const text = methodSentences({
    ...sampleReport,
    metrics: [{ ...sampleReport.metrics[0], interval: interval(0.5, 0.4, 0.6, 10, "constructor") }],
  }).join("\n");
  assert.match(text, /^BCa bootstrap: .*1,000 resamples, seed 0\.$/m);
  assert.match(text, /^Wilson: /m);
  assert.match(text, /^no width: all resamples agreed/m);
  assert.match(text, /^constructor\.$/m);
  assert.doesNotMatch(text, /DeLong/);
});
