import assert from "node:assert/strict";
import { calibration, expectedErrorByRows } from "../../../src/evaluate/classification/calibration.ts";
import { evaluateAll } from "../../../src/statistics/decomposed.ts";
import { EvaluationError } from "../../../src/statistics/errors.ts";
import { createRandom } from "../../../src/base/random.ts";
import {
  brierRows,
  brierScore,
  logLoss,
  logLossRows,
} from "../../../src/evaluate/classification/probabilities.ts";

interface GoldenCase {
  size: number;
  references: string;
  shares: string;
  single: boolean;
  weights: string;
  logLoss: number;
  weightedLogLoss: number;
  logLoss32: number;
  brier: number;
  weightedBrier: number;
  bins: number;
  strategy: "width" | "mass";
  label: number;
  curve: [number[], number[]];
  ofLabel: [number, number];
  ofTop: [number, number];
}

const golden: { cases: GoldenCase[] } = JSON.parse(
  Deno.readTextFileSync(new URL("../../golden/evaluate/probabilities.json", import.meta.url)),
);
const near = (actual: number, expected: number, what: string) =>
  assert.ok(Math.abs(actual - expected) <= 1e-9, `${what}: got ${actual}, wanted ${expected}`);

const cases = golden.cases.map((wanted, number) => {
  const { size, single } = wanted;
  const shares = Array.from(wanted.shares, Number), references = Array.from(wanted.references, Number);
  const whole = shares.map((share, i) => {
    const row = Math.floor(i / size) * size;
    return share / shares.slice(row, row + size).reduce((sum, value) => sum + value);
  });
  return {
    ...wanted,
    references,
    probabilities: single ? references.map((_, row) => whole[2 * row + 1]) : whole,
    labels: Array.from({ length: size }, (_, k) => `class ${k}`),
    sampleWeights: Array.from(wanted.weights, Number),
    what: (name: string) => `case ${number}, ${name}`,
  };
});

Deno.test("log loss and Brier score equal scikit-learn's: many classes, one column, weights, 0 and 1", () => {
  assert.ok(cases.length >= 500);
  for (const wanted of cases) {
    const { references, probabilities, labels, sampleWeights, what, size } = wanted;
    near(logLoss(references, probabilities, { labels }), wanted.logLoss, what("log loss"));
    const weighted = { labels, sampleWeights };
    near(logLoss(references, probabilities, weighted), wanted.weightedLogLoss, what("weighted log loss"));
    const small = Float32Array.from(probabilities);
    near(logLoss(references, small, { labels }), wanted.logLoss32, what("log loss of 32 bits"));
    near(brierScore(references, probabilities, { labels }), wanted.brier, what("Brier"));
    near(
      brierScore(references, probabilities, { ...weighted, scaleByHalf: false }),
      wanted.weightedBrier,
      what("weighted Brier"),
    );
    near(
      evaluateAll(logLossRows(references, probabilities, { labels })).logLoss,
      wanted.logLoss,
      what("rows"),
    );
    near(evaluateAll(brierRows(references, probabilities, { labels })).brier, wanted.brier, what("rows"));
    assert.ok(wanted.brier >= 0 && wanted.brier <= (size === 2 ? 1 : 2));
  }
});

Deno.test("the reliability curve equals scikit-learn's calibration_curve, bins of equal width and of equal mass", () => {
  for (const wanted of cases) {
    const { references, probabilities, labels, bins, strategy, what } = wanted;
    const options = { labels, bins, strategy };
    const report = calibration(references, probabilities, { ...options, label: labels[wanted.label] });
    const [confidence, right] = wanted.curve;
    assert.equal(report.bins.length, right.length, what("bins"));
    report.bins.forEach((bin, i) => {
      near(bin.confidence, confidence[i], what(`confidence of bin ${i}`));
      near(bin.right.value, right[i], what(`share right of bin ${i}`));
      assert.ok(bin.right.low <= right[i] + 1e-12 && right[i] <= bin.right.high + 1e-12);
      assert.ok(bin.confidence >= bin.from - 1e-12 && bin.confidence <= bin.to + 1e-12);
    });
    assert.equal(report.bins.reduce((sum, bin) => sum + bin.count, 0), references.length);
    near(report.expectedError, wanted.ofLabel[0], what("expected error of a label"));
    near(report.maximumError, wanted.ofLabel[1], what("maximum error of a label"));
  }
});

Deno.test("the expected calibration error of any draw of rows is that of those rows, to the last digit", () => {
  const random = createRandom(5), labels = ["a", "b", "c"], n = 60;
  const references = Int32Array.from({ length: n }, () => Math.floor(random() * 3));
  const probabilities = new Float32Array(n * 3);
  for (let row = 0; row < n; row++) {
    const [a, b] = [random() * 0.5, random() * 0.5];
    probabilities.set([a, b, 1 - a - b], row * 3);
  }
  for (const bins of [undefined, 4]) {
    const byRows = expectedErrorByRows(references, probabilities, { labels, bins });
    for (const size of [1, 17, 60, 200]) {
      const rows = Uint32Array.from({ length: size }, () => Math.floor(random() * n));
      const chosen = new Float64Array(size * 3);
      rows.forEach((row, i) => chosen.set(probabilities.subarray(row * 3, row * 3 + 3), i * 3));
      const truth = Int32Array.from(rows, (row) => references[row]);
      assert.equal(byRows(rows), calibration(truth, chosen, { labels, bins }).expectedError);
    }
  }
});

Deno.test("expected and maximum calibration error of the predicted class equal a loop over bins", () => {
  for (const { references, probabilities, labels, bins, strategy, ofTop, what } of cases) {
    const report = calibration(references, probabilities, { labels, bins, strategy });
    near(report.expectedError, ofTop[0], what("expected error"));
    near(report.maximumError, ofTop[1], what("maximum error"));
    assert.ok(report.expectedError <= report.maximumError + 1e-12 && report.maximumError <= 1);
  }
});

Deno.test("probabilities that say what happens are calibrated, overconfident ones are not, and the intervals tell", () => {
  const random = createRandom(5), n = 20_000, labels = ["no", "yes"];
  const truth = Float64Array.from({ length: n }, random);
  const references = truth.map((p) => random() < p ? 1 : 0);
  const honest = calibration(references, truth, { labels, label: "yes" });
  assert.ok(honest.expectedError < 0.02, `${honest.expectedError}`);
  const inside = honest.bins.filter(({ right, confidence }) =>
    right.low <= confidence && confidence <= right.high
  );
  assert.ok(inside.length >= 12, `${inside.length} of ${honest.bins.length} bins`);
  const bold = truth.map((p) => p < 0.5 ? p / 3 : 1 - (1 - p) / 3);
  const report = calibration(references, bold, { labels });
  assert.ok(report.expectedError > 0.1 && report.confidence > report.right.high);
  const masses = calibration(references, truth, { labels, strategy: "mass", bins: 10 }).bins;
  assert.ok(masses.every(({ count }) => Math.abs(count - n / 10) <= 1));
});

Deno.test("scores do not depend on the order of rows; perfect ones lose nothing", () => {
  const { references, probabilities, labels, size } = cases.find(({ references, size }) =>
    references.length > 20 && size > 2
  )!;
  const turned = references.flatMap((_, row) => {
    const from = references.length - 1 - row;
    return probabilities.slice(from * size, (from + 1) * size);
  });
  const back = references.toReversed();
  near(logLoss(back, turned, { labels }), logLoss(references, probabilities, { labels }), "log loss");
  near(brierScore(back, turned, { labels }), brierScore(references, probabilities, { labels }), "Brier");
  near(
    calibration(back, turned, { labels, strategy: "mass" }).expectedError,
    calibration(references, probabilities, { labels, strategy: "mass" }).expectedError,
    "calibration error",
  );
  const perfect = references.flatMap((wanted) => labels.map((_, k) => k === wanted ? 1 : 0));
  near(logLoss(references, perfect, { labels }), 0, "log loss of the truth");
  assert.equal(brierScore(references, perfect, { labels }), 0);
  assert.equal(calibration(references, perfect, { labels }).maximumError, 0);
});

const labels = ["a", "b", "c"];
Deno.test.each([
  [
    "rows that do not add up",
    () => logLoss([0], [0.5, 0.2, 0.2], { labels }),
    /sum of the probabilities of row 0 is 0.89.*, wanted 1/,
  ],
  ["NaN", () => logLoss([0, 1], [1, 0, 0, 0.5, NaN, 0.5], { labels }), /probability of row 1 for "b" is NaN/],
  ["logits", () => brierScore([0], [3, -1, 2], { labels }), /probability of row 0 for "a" is 3/],
  [
    "too few probabilities",
    () => brierScore([0, 1], [1, 0], { labels }),
    /2 probabilities with 2 references and 3 labels: wanted 6$/,
  ],
  [
    "one column of two labels",
    () => logLoss([0, 1], [1, 0, 1], { labels: ["a", "b"] }),
    /wanted 4, or 2 of "b"/,
  ],
  [
    "a column above 1",
    () => logLoss([0], [1.5], { labels: ["a", "b"] }),
    /probability of row 0 for "b" is 1.5/,
  ],
  ["one label", () => logLoss([0], [1], { labels: ["a"] }), /number of labels is 1/],
  ["no rows", () => logLoss([], [], { labels }), /no rows/],
  ["a class outside", () => logLoss([3], [1, 0, 0], { labels }), /reference of row 0 is 3/],
  [
    "an epsilon of 1",
    () => logLoss([0], [1, 0, 0], { labels, epsilon: 1 }),
    /epsilon must be a number of at least 0 and below 0.5, got 1/,
  ],
  [
    "no bins",
    () => calibration([0], [1, 0, 0], { labels, bins: 0 }),
    /bins must be a whole number from 1 to 1,000/,
  ],
  [
    "an unknown label",
    () => calibration([0], [1, 0, 0], { labels, label: "d" }),
    /label of calibration is "d"/,
  ],
  ["an unknown strategy", () => calibration([0], [1, 0, 0], { labels, strategy: "x" as "mass" }), /got "x"/],
  [
    "weights of other rows",
    () => brierScore([0], [1, 0, 0], { labels, sampleWeights: [1, 2] }),
    /1 rows with 2 weights/,
  ],
] as [string, () => unknown, RegExp][])("$0 is refused with one clear line", (_, call, message) => {
  assert.throws(call, (error) => {
    assert.ok(error instanceof EvaluationError && !error.message.includes("\n"));
    assert.match(error.message, message);
    return true;
  });
});

Deno.test("probabilities rounded to three places are taken", () => {
  assert.ok(logLoss([0], [0.333, 0.333, 0.333], { labels }) > 1);
});
