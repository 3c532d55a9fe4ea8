import assert from "node:assert/strict";
import { classificationReport } from "../../src/evaluate/classification.ts";
import type { ClassificationReport, Interval } from "../../src/evaluate/classification.ts";
import { EvaluationError } from "../../src/evaluate/errors.ts";

interface GoldenCase {
  size: number;
  references: string;
  predictions: string;
  averages: Record<string, number>;
  perClass: [number, number, number, number][];
  confusion: number[][];
  binary?: [number, number, number];
}

const golden: { cases: GoldenCase[] } = JSON.parse(
  Deno.readTextFileSync(new URL("../golden/evaluate/classification.json", import.meta.url)),
);
const near = (actual: number, expected: number, what: string) =>
  assert.ok(Math.abs(actual - expected) <= 1e-9, `${what}: got ${actual}, wanted ${expected}`);
const labelsOf = (size: number) => Array.from({ length: size }, (_, k) => `class ${k}`);

Deno.test("every metric equals scikit-learn's, absent classes and single classes included", () => {
  assert.ok(golden.cases.length >= 300);
  golden.cases.forEach((wanted, number) => {
    const report = classificationReport(
      Array.from(wanted.references, Number),
      Array.from(wanted.predictions, Number),
      { labels: labelsOf(wanted.size), resamples: 0 },
    );
    const what = (name: string) => `case ${number}, ${name}`;
    for (const [name, value] of Object.entries(wanted.averages)) {
      near((report[name as keyof ClassificationReport] as Interval).value, value, what(name));
    }
    wanted.perClass.forEach(([precision, recall, f1, support], k) => {
      near(report.perClass[k].precision.value, precision, what(`precision of ${k}`));
      near(report.perClass[k].recall.value, recall, what(`recall of ${k}`));
      near(report.perClass[k].f1.value, f1, what(`F1 of ${k}`));
      assert.equal(report.perClass[k].support, support);
    });
    assert.deepEqual(report.confusion, wanted.confusion);
    assert.equal(report.binary !== undefined, wanted.binary !== undefined);
    if (report.binary && wanted.binary) {
      near(report.binary.precision.value, wanted.binary[0], what("binary precision"));
      near(report.binary.recall.value, wanted.binary[1], what("binary recall"));
      near(report.binary.f1.value, wanted.binary[2], what("binary F1"));
      assert.equal(report.binary.positive, "class 1");
    }
  });
});

Deno.test("every metric has an interval around its value, and the same seed gives the same intervals", () => {
  const references = Array.from({ length: 1200 }, (_, row) => row % 10 < 3 ? 1 : 0);
  const predictions = references.map((label, row) => row % 17 === 0 ? 1 - label : label);
  const options = { labels: ["ham", "spam"], seed: 3 };
  const report = classificationReport(references, predictions, options);
  assert.deepEqual(classificationReport(references, predictions, options), report);
  const other = classificationReport(references, predictions, { ...options, seed: 4 });
  assert.notDeepEqual(other.accuracy, report.accuracy);

  const intervals = [report, ...report.perClass, report.binary!].flatMap((part) =>
    Object.values(part).filter((entry): entry is Interval => typeof entry === "object" && "low" in entry)
  );
  assert.equal(intervals.length, 10 + 6 + 3);
  for (const { value, low, high, confidence, n } of intervals) {
    assert.ok(low < value && value < high, `${low} ${value} ${high}`);
    assert.ok(high - low < 0.1);
    assert.deepEqual([confidence, n], [0.95, 1200]);
  }
});

Deno.test("typed arrays are read like lists", () => {
  const report = classificationReport(Int32Array.of(0, 1), Uint8Array.of(0, 1), { labels: ["a", "b"] });
  assert.equal(report.accuracy.value, 1);
});

Deno.test.each([
  ["no rows", [], [], /there are no rows/],
  ["differing lengths", [0, 1], [0], /Cannot compare 1 predictions with 2 references/],
  ["a class out of range", [0, 2], [0, 1], /reference of row 1 is 2, wanted a class from 0 to 1/],
  ["a negative class", [0, 1], [-1, 1], /prediction of row 0 is -1/],
  ["NaN", [0, 1], [0, NaN], /prediction of row 1 is NaN/],
  ["a fraction", [0.5, 1], [0, 1], /reference of row 0 is 0.5/],
] as [string, number[], number[], RegExp][])(
  "$0 is refused with one clear line",
  (_, references, predictions, message) => {
    assert.throws(
      () => classificationReport(references, predictions, { labels: ["ham", "spam"] }),
      (error) => {
        assert.ok(error instanceof EvaluationError && error.userFacing);
        assert.match(error.message, message);
        return true;
      },
    );
  },
);

Deno.test("options out of range are refused", () => {
  const evaluate = (options: object) => () => classificationReport([0], [0], { labels: ["a"], ...options });
  assert.throws(evaluate({ confidence: 1 }), /confidence must lie between 0 and 1, got 1/);
  assert.throws(evaluate({ confidence: NaN }), EvaluationError);
  assert.throws(evaluate({ resamples: -1 }), /resamples must be a whole number/);
  assert.throws(evaluate({ labels: [] }), /0 labels/);
});

Deno.test("every count of the confusion matrix has its interval, from the same resamples as the metrics", () => {
  const references = Array.from({ length: 400 }, (_, i) => i < 280 ? 0 : 1);
  const predictions = references.map((label, i) => i % 20 === 0 && label === 0 ? 1 : label);
  const report = classificationReport(references, predictions, { labels: ["ham", "spam"], resamples: 4000 });
  assert.deepEqual(report.confusionIntervals!.map((row) => row.map((cell) => cell.value)), report.confusion);
  const [[hamRight, hamWrong], [spamWrong, spamRight]] = report.confusionIntervals!;
  // A count of n rows is binomial: its 95% interval is about 1.96 standard deviations to either side.
  for (const cell of [hamRight, hamWrong, spamRight]) {
    const deviation = Math.sqrt(cell.value * (1 - cell.value / 400));
    assert.ok(Math.abs(cell.low - (cell.value - 1.96 * deviation)) < 2.5, `low ${cell.low} of ${cell.value}`);
    assert.ok(
      Math.abs(cell.high - (cell.value + 1.96 * deviation)) < 2.5,
      `high ${cell.high} of ${cell.value}`,
    );
  }
  assert.deepEqual([spamWrong.low, spamWrong.high], [0, 0]);
  // All rows that are wrong are in one cell, so the accuracy's interval is that cell's, turned round.
  assert.ok(Math.abs(report.accuracy.low - (1 - hamWrong.high / 400)) < 1e-12);
});

Deno.test("with more than 50 labels the counts have no intervals", () => {
  const labels = Array.from({ length: 51 }, (_, i) => `l${i}`);
  assert.equal(classificationReport([0, 1], [0, 1], { labels }).confusionIntervals, undefined);
});
