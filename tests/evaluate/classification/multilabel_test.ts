import assert from "node:assert/strict";
import { evaluateAll } from "../../../src/statistics/decomposed.ts";
import { EvaluationError } from "../../../src/statistics/errors.ts";
import {
  coverageError,
  labelRankingAveragePrecision,
  labelRankingLoss,
  multilabelAveragePrecision,
  multilabelRocAuc,
} from "../../../src/evaluate/classification/label_ranking.ts";
import {
  hammingLoss,
  labelCells,
  type MultilabelAverage,
  multilabelF,
  multilabelFPerLabel,
  multilabelJaccard,
  multilabelJaccardPerLabel,
  subsetAccuracy,
} from "../../../src/evaluate/classification/multilabel.ts";
import { multilabelRows } from "../../../src/evaluate/classification/multilabel.ts";

type Value = number | null;
interface GoldenCase {
  size: number;
  truth: string;
  predicted: string;
  scores: string;
  beta: Value;
  zeroDivision: Value;
  subset: number[] | null;
  weights: string | null;
  f: Record<MultilabelAverage, [Value, Value, Value]>;
  perLabel: [Value, Value, Value, number][];
  jaccard: Record<MultilabelAverage, number>;
  jaccardPerLabel: number[];
  subsetAccuracy: number;
  hamming: number;
  coverage: number;
  rankingPrecision: number;
  rankingLoss: number;
  areas: Record<string, number | "error">;
}

const golden: { cases: GoldenCase[] } = JSON.parse(
  Deno.readTextFileSync(new URL("../../golden/evaluate/multilabel.json", import.meta.url)),
);
const near = (actual: number, expected: Value, what: string) =>
  assert.ok(
    expected === null ? Number.isNaN(actual) : Math.abs(actual - expected) <= 1e-9,
    `${what}: got ${actual}, wanted ${expected}`,
  );
const cases = golden.cases.map((wanted, number) => {
  const labels = Array.from({ length: wanted.size }, (_, k) => `label ${k}`);
  return {
    ...wanted,
    truth: Array.from(wanted.truth, Number),
    predicted: Array.from(wanted.predicted, Number),
    scores: Array.from(wanted.scores, Number),
    labels,
    options: {
      labels,
      beta: wanted.beta ?? Infinity,
      zeroDivision: wanted.zeroDivision ?? NaN,
      subset: wanted.subset?.map((k) => labels[k]),
      sampleWeights: wanted.weights === null
        ? undefined
        : Array.from(wanted.weights, (digit) => Number(digit) / 10),
    },
    what: (name: string) => `case ${number}, ${name}`,
  };
});
const AVERAGES = ["micro", "macro", "weighted", "samples"] as const;

Deno.test("precision, recall, F-beta and Jaccard equal scikit-learn's for every average, of rows too", () => {
  assert.ok(cases.length >= 500);
  for (const wanted of cases) {
    const { truth, predicted, options, what } = wanted;
    const ofJaccard = { ...options, zeroDivision: options.zeroDivision || 0 };
    for (const average of AVERAGES) {
      const scores = multilabelF(truth, predicted, { ...options, average });
      near(scores.precision, wanted.f[average][0], what(`${average} precision`));
      near(scores.recall, wanted.f[average][1], what(`${average} recall`));
      near(scores.fBeta, wanted.f[average][2], what(`${average} F`));
      const index = multilabelJaccard(truth, predicted, { ...ofJaccard, average });
      near(index, wanted.jaccard[average], what(`${average} Jaccard`));
    }
    multilabelFPerLabel(truth, predicted, options).forEach((scores, k) => {
      near(scores.precision, wanted.perLabel[k][0], what(`precision of ${scores.label}`));
      near(scores.recall, wanted.perLabel[k][1], what(`recall of ${scores.label}`));
      near(scores.fBeta, wanted.perLabel[k][2], what(`F of ${scores.label}`));
      near(scores.support, wanted.perLabel[k][3], what(`support of ${scores.label}`));
    });
    multilabelJaccardPerLabel(truth, predicted, ofJaccard).forEach((value, k) =>
      near(value, wanted.jaccardPerLabel[k], what(`Jaccard of ${k}`))
    );
  }
});

Deno.test("subset accuracy, Hamming loss and the ranking losses equal scikit-learn's", () => {
  for (const wanted of cases) {
    const { truth, predicted, scores, options, what } = wanted;
    near(subsetAccuracy(truth, predicted, options), wanted.subsetAccuracy, what("subset accuracy"));
    near(hammingLoss(truth, predicted, options), wanted.hamming, what("Hamming loss"));
    near(coverageError(truth, scores, options), wanted.coverage, what("coverage error"));
    near(
      labelRankingAveragePrecision(truth, scores, options),
      wanted.rankingPrecision,
      what("ranking precision"),
    );
    near(labelRankingLoss(truth, scores, options), wanted.rankingLoss, what("ranking loss"));
  }
});

Deno.test("areas under the curves of labels equal scikit-learn's where they are defined", () => {
  const seen: Record<string, number> = {};
  for (const { truth, scores, labels, options, areas, what } of cases) {
    const { sampleWeights } = options;
    for (const [name, value] of Object.entries(areas)) {
      const [kind, average] = name.split(" ") as ["auc" | "ap", MultilabelAverage];
      const score = () =>
        (kind === "auc" ? multilabelRocAuc : multilabelAveragePrecision)(truth, scores, {
          labels,
          average,
          sampleWeights,
        });
      if (value === "error") assert.throws(score, /Cannot compute (ROC-AUC|average precision)/, what(name));
      else near(score(), value, what(name)), seen[name] = (seen[name] ?? 0) + 1;
    }
  }
  assert.ok(Object.values(seen).every((count) => count > 90), JSON.stringify(seen));
});

Deno.test("metrics as sums over rows are those of the plain functions", () => {
  for (const { truth, predicted, labels, what } of cases) {
    const metrics = evaluateAll(multilabelRows(truth, predicted, { labels }));
    near(metrics.subsetAccuracy, subsetAccuracy(truth, predicted, { labels }), what("subset accuracy"));
    near(metrics.hammingLoss, hammingLoss(truth, predicted, { labels }), what("Hamming loss"));
    for (const average of AVERAGES) {
      const { precision, recall, fBeta } = multilabelF(truth, predicted, { labels, average });
      near(metrics[`${average}Precision`], precision, what(average));
      near(metrics[`${average}Recall`], recall, what(average));
      near(metrics[`${average}F1`], fBeta, what(average));
    }
  }
});

Deno.test("perfect predictions score 1 and lose nothing; the order of rows does not matter", () => {
  for (const { truth, predicted, scores, labels, size } of cases.slice(0, 200)) {
    assert.equal(subsetAccuracy(truth, truth, { labels }), 1);
    assert.equal(hammingLoss(truth, truth, { labels }), 0);
    assert.equal(labelRankingLoss(truth, truth, { labels }), 0);
    assert.equal(labelRankingAveragePrecision(truth, truth, { labels }), 1);
    near(multilabelF(truth, truth, { labels, average: "macro", zeroDivision: 1 }).fBeta, 1, "perfect");
    const turned = (cells: number[]) =>
      Array.from({ length: cells.length / size }, (_, row) => cells.slice(row * size, (row + 1) * size))
        .reverse().flat();
    const here = evaluateAll(multilabelRows(truth, predicted, { labels }));
    const there = evaluateAll(multilabelRows(turned(truth), turned(predicted), { labels }));
    for (const name of Object.keys(here)) near(there[name], here[name], name);
    near(
      labelRankingLoss(turned(truth), turned(scores), { labels }),
      labelRankingLoss(truth, scores, { labels }),
      "turned",
    );
  }
});

const labels = ["a", "b"];
Deno.test.each([
  [
    "an unknown label",
    () => labelCells([["a"], ["x"]], labels),
    /a label of row 1 is "x", wanted some of "a", "b"/,
  ],
  [
    "a cell of 2",
    () => subsetAccuracy([1, 0, 2, 0], [1, 0, 0, 0], { labels }),
    /reference of row 1 for "a" is 2, wanted 0 or 1/,
  ],
  ["a NaN cell", () => hammingLoss([1, 0], [1, NaN], { labels }), /prediction of row 0 for "b" is NaN/],
  [
    "half a row",
    () => hammingLoss([1, 0, 1], [1, 0, 1], { labels }),
    /split 3 reference cells into rows of 2 labels/,
  ],
  [
    "differing lengths",
    () => hammingLoss([1, 0], [1, 0, 1, 0], { labels }),
    /4 predictions with 2 references/,
  ],
  ["no rows", () => hammingLoss([], [], { labels }), /no rows/],
  [
    "a binary average",
    () => multilabelF([1, 0], [1, 0], { labels, average: "binary" as "micro" }),
    /got "binary"/,
  ],
  ["a NaN score", () => coverageError([1, 0], [1, NaN], { labels }), /score of row 0 for "b" is NaN/],
  [
    "a label that is never true",
    () => multilabelRocAuc([1, 0, 0, 0], [1, 2, 3, 4], { labels }),
    /of label "b": no row is positive/,
  ],
  [
    "no label at all",
    () => multilabelAveragePrecision([0, 0], [1, 2], { labels, average: "weighted" }),
    /no row has any of the labels/,
  ],
  [
    "a row without labels",
    () => multilabelAveragePrecision([1, 0, 0, 0], [1, 2, 3, 4], { labels, average: "samples" }),
    /of row 1: no row is positive/,
  ],
] as [string, () => unknown, RegExp][])("$0 is refused with one clear line", (_, call, message) => {
  assert.throws(call, (error) => {
    assert.ok(error instanceof EvaluationError && !error.message.includes("\n"));
    assert.match(error.message, message);
    return true;
  });
});
