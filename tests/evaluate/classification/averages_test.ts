import assert from "node:assert/strict";
import {
  type Average,
  type AverageOptions,
  jaccard,
  jaccardPerClass,
  precisionRecallF,
  precisionRecallFPerClass,
} from "../../../src/evaluate/classification/averages.ts";
import {
  accuracy,
  balancedAccuracy,
  matthewsCorrelation,
  topKAccuracy,
  zeroOneLoss,
} from "../../../src/evaluate/classification/accuracy.ts";
import { classIndices } from "../../../src/evaluate/classification/counts.ts";
import { EvaluationError } from "../../../src/statistics/errors.ts";

type Value = number | null;
interface GoldenCase {
  size: number;
  references: string;
  predictions: string;
  beta: Value;
  zeroDivision: Value;
  subset: number[] | null;
  weights?: string;
  f: Record<Average, [Value, Value, Value]>;
  perClass: [Value, Value, Value, number][];
  jaccard: Record<Average, number>;
  jaccardPerClass: number[];
  accuracy: number;
  zeroOne: [number, number];
  balanced: number;
  adjusted: number | "error";
  matthews: number;
  topK: { k: number; scores: string; value: number };
}

const golden: { cases: GoldenCase[] } = JSON.parse(
  Deno.readTextFileSync(new URL("../../golden/evaluate/averages.json", import.meta.url)),
);
const near = (actual: number, expected: Value, what: string) =>
  assert.ok(
    expected === null ? Number.isNaN(actual) : Math.abs(actual - expected) <= 1e-9,
    `${what}: got ${actual}, wanted ${expected}`,
  );
const cases = golden.cases.map((wanted, number) => {
  const labels = Array.from({ length: wanted.size }, (_, k) => `class ${k}`);
  const { subset, weights } = wanted;
  return {
    ...wanted,
    what: (name: string) => `case ${number}, ${name}`,
    references: Array.from(wanted.references, Number),
    predictions: Array.from(wanted.predictions, Number),
    options: {
      labels,
      beta: wanted.beta ?? Infinity,
      zeroDivision: wanted.zeroDivision ?? NaN,
      subset: subset ? subset.map((k) => labels[k]) : "present" as const,
      sampleWeights: weights ? Array.from(weights, (digit) => Number(digit) / 10) : undefined,
    },
  };
});

Deno.test("precision, recall and F-beta equal scikit-learn's for every average, beta, zero division and subset", () => {
  assert.ok(cases.length >= 500);
  for (const { references, predictions, options, f, perClass, what } of cases) {
    for (const [average, [precision, recall, fBeta]] of Object.entries(f)) {
      const chosen = { ...options, average } as AverageOptions;
      const scores = precisionRecallF(references, predictions, chosen);
      near(scores.precision, precision, what(`${average} precision`));
      near(scores.recall, recall, what(`${average} recall`));
      near(scores.fBeta, fBeta, what(`${average} F`));
    }
    const found = precisionRecallFPerClass(references, predictions, options);
    assert.equal(found.length, perClass.length);
    found.forEach((scores, k) => {
      near(scores.precision, perClass[k][0], what(`precision of ${scores.label}`));
      near(scores.recall, perClass[k][1], what(`recall of ${scores.label}`));
      near(scores.fBeta, perClass[k][2], what(`F of ${scores.label}`));
      near(scores.support, perClass[k][3], what(`support of ${scores.label}`));
    });
  }
});

Deno.test("Jaccard's index equals scikit-learn's", () => {
  for (const wanted of cases) {
    const { references, predictions, what } = wanted;
    const options = { ...wanted.options, zeroDivision: wanted.options.zeroDivision || 0 };
    for (const [average, value] of Object.entries(wanted.jaccard)) {
      const chosen = { ...options, average } as AverageOptions;
      near(jaccard(references, predictions, chosen), value, what(`${average} Jaccard`));
    }
    jaccardPerClass(references, predictions, options).forEach((value, k) =>
      near(value, wanted.jaccardPerClass[k], what(`Jaccard of ${k}`))
    );
  }
});

Deno.test("accuracy, balanced accuracy, zero-one loss, Matthews and top-k equal scikit-learn's, with weights too", () => {
  let adjustable = 0;
  for (const wanted of cases) {
    const { references, predictions, options, what } = wanted;
    near(accuracy(references, predictions, options), wanted.accuracy, what("accuracy"));
    near(zeroOneLoss(references, predictions, options), wanted.zeroOne[0], what("zero-one loss"));
    near(
      zeroOneLoss(references, predictions, { ...options, normalize: false }),
      wanted.zeroOne[1],
      what("wrong"),
    );
    near(balancedAccuracy(references, predictions, options), wanted.balanced, what("balanced accuracy"));
    near(matthewsCorrelation(references, predictions, options), wanted.matthews, what("Matthews"));
    const adjusted = () => balancedAccuracy(references, predictions, { ...options, adjusted: true });
    if (wanted.adjusted === "error") assert.throws(adjusted, /all references are of one class/);
    else near(adjusted(), wanted.adjusted, what("adjusted")), adjustable++;
    const { k, scores, value } = wanted.topK;
    const wide = { ...options, labels: ["class 0", "class 1", "class 2", ...options.labels.slice(3)], k };
    near(topKAccuracy(references, Array.from(scores, Number), wide), value, what("top-k"));
  }
  assert.ok(adjustable > 300, `${adjustable} adjusted`);
});

Deno.test("precision and recall trade places when references and predictions do; F1 and Jaccard stay", () => {
  for (const { references, predictions, options } of cases) {
    const chosen = { labels: options.labels, average: "macro" } as const;
    const there = precisionRecallF(references, predictions, chosen);
    const back = precisionRecallF(predictions, references, chosen);
    near(there.precision, back.recall, "precision");
    near(there.fBeta, back.fBeta, "F1");
    near(jaccard(references, predictions, chosen), jaccard(predictions, references, chosen), "Jaccard");
    near(
      matthewsCorrelation(references, predictions, options),
      matthewsCorrelation(predictions, references, options),
      "Matthews",
    );
  }
});

const labels = ["a", "b", "c"];
const macro = { labels, average: "macro" } as const;
Deno.test.each([
  [
    "an unknown average",
    () => precisionRecallF([0], [0], { labels, average: "mean" as Average }),
    /got "mean"/,
  ],
  [
    "binary of three labels",
    () => precisionRecallF([0], [0], { labels, average: "binary" }),
    /needs two labels, got 3/,
  ],
  [
    "a zero division of 2",
    () => precisionRecallF([0], [0], { ...macro, zeroDivision: 2 }),
    /must be 0, 1 or NaN, got 2/,
  ],
  ["Jaccard with NaN", () => jaccard([0], [0], { ...macro, zeroDivision: NaN }), /must be 0 or 1, got NaN/],
  ["a negative beta", () => precisionRecallF([0], [0], { ...macro, beta: -2 }), /beta .* got -2/],
  [
    "an unknown subset",
    () => precisionRecallF([0], [0], { ...macro, subset: ["d"] }),
    /label of the subset is "d", wanted one of "a", "b"/,
  ],
  [
    "an empty subset",
    () => precisionRecallF([0], [0], { ...macro, subset: [] }),
    /subset of labels is empty/,
  ],
  ["a label twice", () => precisionRecallF([0], [0], { ...macro, subset: ["a", "a"] }), /"a" is there twice/],
  [
    "a missing weight",
    () => accuracy([0, 1], [0, 1], { labels, sampleWeights: [1] }),
    /2 rows with 1 weights/,
  ],
  [
    "a negative weight",
    () => accuracy([0, 1], [0, 1], { labels, sampleWeights: [1, -1] }),
    /weight of row 1 is -1/,
  ],
  [
    "weights of 0",
    () => accuracy([0, 1], [0, 1], { labels, sampleWeights: [0, 0] }),
    /sum of the weights is 0/,
  ],
  ["a class outside", () => matthewsCorrelation([0, 3], [0, 1], { labels }), /reference of row 1 is 3/],
  ["no rows", () => topKAccuracy([], [], { labels, k: 1 }), /no rows/],
  ["too few scores", () => topKAccuracy([0], [1, 2], { labels, k: 1 }), /2 scores of 3 labels/],
  ["a NaN score", () => topKAccuracy([0], [1, NaN, 2], { labels, k: 1 }), /score of row 0 for "b" is NaN/],
  [
    "k of 0",
    () => topKAccuracy([0], [1, 2, 3], { labels, k: 0 }),
    /k must be a whole number of at least 1, got 0/,
  ],
  [
    "an unknown label",
    () => classIndices(["a", "x"], labels),
    /label of row 1 is "x", wanted one of "a", "b", "c"/,
  ],
] as [string, () => unknown, RegExp][])("$0 is refused with one clear line", (_, call, message) => {
  assert.throws(call, (error) => {
    assert.ok(error instanceof EvaluationError && !error.message.includes("\n"));
    assert.match(error.message, message);
    return true;
  });
});
