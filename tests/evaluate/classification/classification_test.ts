import assert from "node:assert/strict";
import { classificationRows } from "../../../src/evaluate/classification/class_rows.ts";
import {
  classificationReport,
  confusionMatrix,
} from "../../../src/evaluate/classification/classification.ts";
import type { Interval } from "../../../src/evaluate/classification/classification.ts";
import { precisionRecallF, precisionRecallFPerClass } from "../../../src/evaluate/classification/averages.ts";
import { evaluateAll } from "../../../src/statistics/decomposed.ts";
import { EvaluationError } from "../../../src/statistics/errors.ts";

interface GoldenCase {
  size: number;
  references: string;
  predictions: string;
  averages: number[];
  perClass: [number, number, number, number][];
  confusion: number[][];
  matrix: {
    weights: string | null;
    subset: number[] | null;
    confusion: number[][] | "error";
  };
}

const golden: { cases: GoldenCase[] } = JSON.parse(
  Deno.readTextFileSync(new URL("../../golden/evaluate/classification.json", import.meta.url)),
);
const AVERAGES = [
  "accuracy",
  "balancedAccuracy",
  "matthewsCorrelation",
  "macroPrecision",
  "macroRecall",
  "macroF1",
  "weightedPrecision",
  "weightedRecall",
  "weightedF1",
] as const;
const near = (actual: number, expected: number, what: string) =>
  assert.ok(Math.abs(actual - expected) <= 1e-9, `${what}: got ${actual}, wanted ${expected}`);
const labelsOf = (size: number) => Array.from({ length: size }, (_, k) => `class ${k}`);

Deno.test("every metric equals scikit-learn's, absent classes and single classes included", () => {
  assert.ok(golden.cases.length >= 500);
  golden.cases.forEach((wanted, number) => {
    const labels = labelsOf(wanted.size);
    const references = Array.from(wanted.references, Number),
      predictions = Array.from(wanted.predictions, Number);
    const report = classificationReport(references, predictions, { labels, resamples: 0 });
    const rows = evaluateAll(classificationRows(references, predictions, { labels, perClass: true }));
    const what = (name: string) => `case ${number}, ${name}`;
    AVERAGES.forEach((name, at) => {
      near(report[name].value, wanted.averages[at], what(name));
      if (name !== "weightedRecall") near(rows[name], wanted.averages[at], what(`${name} of rows`));
    });
    for (const name of ["microPrecision", "microRecall", "microF1"] as const) {
      near(report[name].value, wanted.averages[0], what(name));
    }
    wanted.perClass.forEach(([precision, recall, f1, support], k) => {
      near(report.perClass[k].precision.value, precision, what(`precision of ${k}`));
      near(report.perClass[k].recall.value, recall, what(`recall of ${k}`));
      near(report.perClass[k].f1.value, f1, what(`F1 of ${k}`));
      near(rows[`f1.class ${k}`], f1, what(`F1 of ${k} in rows`));
      assert.equal(report.perClass[k].support, support);
    });
    assert.deepEqual(report.confusion, wanted.confusion);
    assert.equal(report.binary !== undefined, wanted.size === 2);
    if (report.binary) {
      const { positive, ...scores } = report.binary;
      assert.deepEqual(
        { label: positive, ...scores, support: report.perClass[1].support },
        report.perClass[1],
      );
    }
  });
});

Deno.test("a confusion matrix of a subset, normalised and weighted equals scikit-learn's", () => {
  const ways = ["true", "predicted", "all", undefined] as const;
  golden.cases.forEach(({ size, references, predictions, matrix }, number) => {
    const labels = labelsOf(size);
    const make = () =>
      confusionMatrix(Array.from(references, Number), Array.from(predictions, Number), labels, {
        normalize: ways[number % 4],
        subset: matrix.subset?.map((k) => labels[k]),
        sampleWeights: matrix.weights ? Array.from(matrix.weights, (digit) => Number(digit) / 10) : undefined,
      });
    if (matrix.confusion === "error") return assert.throws(make, /no reference is one of "class/);
    make().forEach((row, i) =>
      row.forEach((value, j) =>
        near(value, (matrix.confusion as number[][])[i][j], `case ${number}, cell ${i} ${j}`)
      )
    );
  });
});

Deno.test("every metric has an interval around its value, and the same seed gives the same intervals", () => {
  const references = Array.from({ length: 1200 }, (_, row) => row % 10 < 3 ? 1 : 0);
  const predictions = references.map((label, row) => row % 17 === 0 ? 1 - label : label);
  const options = { labels: ["ham", "spam"], seed: 3 };
  const report = classificationReport(references, predictions, options);
  assert.deepEqual(classificationReport(references, predictions, options), report);
  const other = classificationReport(references, predictions, { ...options, seed: 4 });
  assert.notDeepEqual(other, report);

  const intervals = [report, ...report.perClass, report.binary!].flatMap((part) =>
    Object.values(part).filter((entry): entry is Interval => typeof entry === "object" && "low" in entry)
  );
  assert.equal(intervals.length, 12 + 6 + 3);
  for (const { value, low, high, confidence, n } of intervals) {
    assert.ok(low < value && value < high, `${low} ${value} ${high}`);
    assert.ok(high - low < 0.12);
    assert.equal(confidence, 0.95);
    assert.ok(n <= 1200 && n >= 300, "a class's figures are of the rows they are shares of");
  }
  assert.deepEqual([report.accuracy.method, report.macroF1.method, report.accuracy.n], [
    "wilson",
    "mover",
    1200,
  ]);
});

Deno.test("where every row is right the intervals still have a width", () => {
  const references = Array.from({ length: 50 }, (_, row) => row % 5 === 0 ? 1 : 0);
  const report = classificationReport(references, references, { labels: ["ham", "spam"] });
  for (
    const { value, low, high } of [
      report.accuracy,
      report.macroF1,
      report.perClass[1].f1,
      report.perClass[1].recall,
    ]
  ) {
    assert.deepEqual([value, high], [1, 1]);
    assert.ok(low < 0.95, `${low}`);
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
  assert.throws(evaluate({ betas: [-1] }), /beta must be a number from 0 on, got -1/);
  assert.throws(evaluate({ betas: [Infinity] }), /that is the recall/);
  assert.throws(
    () => confusionMatrix([0], [0], ["a"], { normalize: "rows" as "true" }),
    /normalize must be "true", "predicted" or "all", got "rows"/,
  );
});

Deno.test("every count of the confusion matrix has its interval", () => {
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
});

Deno.test("with more than 50 labels the counts have no intervals", () => {
  const labels = Array.from({ length: 51 }, (_, i) => `l${i}`);
  assert.equal(classificationReport([0, 1], [0, 1], { labels }).confusionIntervals, undefined);
});

Deno.test("F-beta is reported for each beta with its interval, and equals the plain function", () => {
  const labels = ["a", "b", "c"], betas = [0.5, 2];
  const references = Array.from({ length: 300 }, (_, i) => i % 3);
  const predictions = references.map((k, i) => i % 7 === 0 ? (k + 1 + i % 2) % 3 : k);
  const report = classificationReport(references, predictions, { labels, betas, resamples: 300 });
  assert.deepEqual(report.fBetas!.map(({ beta }) => beta), betas);
  for (const { beta, macro, weighted, perClass } of report.fBetas!) {
    for (const { value, low, high } of [macro, weighted, ...perClass]) assert.ok(low < value && value < high);
    const plain = { labels, beta };
    near(
      macro.value,
      precisionRecallF(references, predictions, { ...plain, average: "macro" }).fBeta,
      "macro",
    );
    near(
      weighted.value,
      precisionRecallF(references, predictions, { ...plain, average: "weighted" }).fBeta,
      "weighted",
    );
    precisionRecallFPerClass(references, predictions, plain).forEach(({ fBeta }, k) =>
      near(perClass[k].value, fBeta, labels[k])
    );
  }
  const rows = classificationRows(references, predictions, { labels, betas, perClass: true });
  const values = evaluateAll(rows);
  near(values["macroF0.5"], report.fBetas![0].macro.value, "macroF0.5 of rows");
  near(values["f2.b"], report.fBetas![1].perClass[1].value, "f2.b of rows");
  assert.equal(rows.width, 9);
  assert.equal(new Set(rows.names).size, rows.names.length);
});

Deno.test("metrics do not depend on the order of rows, nor of labels; perfect predictions score 1", () => {
  const labels = ["a", "b", "c", "d"];
  const references = Array.from({ length: 120 }, (_, i) => (i * i) % 4 === 0 ? 0 : i % 3);
  const predictions = references.map((k, i) => i % 5 === 0 ? (k + i) % 4 : k);
  const values = evaluateAll(classificationRows(references, predictions, { labels }));
  const turned = evaluateAll(
    classificationRows(references.toReversed(), predictions.toReversed(), { labels }),
  );
  const renamed = evaluateAll(
    classificationRows(references.map((k) => 3 - k), predictions.map((k) => 3 - k), { labels }),
  );
  for (const name of Object.keys(values)) {
    near(turned[name], values[name], name);
    near(renamed[name], values[name], name);
  }
  const perfect = evaluateAll(classificationRows(references, references, { labels: labels.slice(0, 3) }));
  for (const [name, value] of Object.entries(perfect)) near(value, 1, name);
});

Deno.test("rows that would not fit into memory are refused before they are made", () => {
  const labels = Array.from({ length: 2000 }, (_, k) => `l${k}`);
  const many = new Uint8Array(30_000);
  assert.throws(() => classificationRows(many, many, { labels }), /6000 statistics for each of 30000 rows/);
});
