import assert from "node:assert/strict";
import {
  averagePrecision,
  averagePrecisionByRows,
  countsAtThresholds,
  precisionRecallCurve,
  rocCurve,
} from "../../../src/evaluate/classification/curves.ts";
import { EvaluationError } from "../../../src/statistics/errors.ts";
import { descendingOrder } from "../../../src/statistics/order.ts";
import { createRandom } from "../../../src/base/random.ts";
import { chooseThreshold, thresholdCurve } from "../../../src/evaluate/classification/thresholds.ts";

type Values = (number | null)[];
type Choice = [number, number, number, number] | "error";
interface GoldenCase {
  references: string;
  scores: number[];
  scale: number;
  weights: string | null;
  drop: boolean;
  roc: [Values, Values, Values] | "error";
  pr: [Values, Values, Values] | "error";
  ap?: number;
  beta?: number;
  best?: Choice;
  precision?: number;
  atPrecision?: Choice;
}

const golden: { cases: GoldenCase[] } = JSON.parse(
  Deno.readTextFileSync(new URL("../../golden/evaluate/curves.json", import.meta.url)),
);
const near = (actual: number, expected: number, what: string) =>
  assert.ok(Math.abs(actual - expected) <= 1e-9, `${what}: got ${actual}, wanted ${expected}`);
const alike = (actual: Float64Array, expected: Values, what: string) => {
  assert.equal(actual.length, expected.length, what);
  actual.forEach((value, i) => {
    if (expected[i] === null) assert.equal(value, Infinity, what);
    else near(value, expected[i], `${what} ${i}`);
  });
};
const cases = golden.cases.map((wanted, number) => ({
  ...wanted,
  references: Array.from(wanted.references, Number),
  scores: wanted.scores.map((score) => score / wanted.scale),
  options: {
    sampleWeights: wanted.weights === null ? undefined : Array.from(wanted.weights, Number),
    dropIntermediate: wanted.drop,
  },
  what: (name: string) => `case ${number}, ${name}`,
}));

Deno.test("ROC curves equal scikit-learn's: ties, weights, points on straight lines kept or not", () => {
  assert.ok(cases.length >= 500);
  let drawn = 0;
  for (const { references, scores, options, roc, what } of cases) {
    if (roc === "error") {
      assert.throws(
        () => rocCurve(references, scores, options),
        /Cannot compute an ROC curve: no row is (posi|nega)tive/,
      );
      continue;
    }
    const curve = rocCurve(references, scores, options);
    alike(curve.falsePositiveRate, roc[0], what("false positive rate"));
    alike(curve.truePositiveRate, roc[1], what("true positive rate"));
    alike(curve.thresholds, roc[2], what("thresholds"));
    drawn++;
  }
  assert.ok(drawn > 350, `${drawn}`);
});

Deno.test("precision-recall curves and average precision equal scikit-learn's", () => {
  let drawn = 0;
  for (const { references, scores, options, pr, ap, what } of cases) {
    if (pr === "error") {
      assert.throws(() => precisionRecallCurve(references, scores, options), /no row is positive/);
      assert.throws(
        () => averagePrecision(references, scores, options),
        /average precision: no row is positive/,
      );
      continue;
    }
    const curve = precisionRecallCurve(references, scores, options);
    alike(curve.precision, pr[0], what("precision"));
    alike(curve.recall, pr[1], what("recall"));
    alike(curve.thresholds, pr[2], what("thresholds"));
    near(averagePrecision(references, scores, options), ap!, what("average precision"));
    drawn++;
  }
  assert.ok(drawn > 400, `${drawn}`);
});

Deno.test("the chosen threshold is the best of all scores", () => {
  for (const { references, scores, options, beta, best, precision, atPrecision, what } of cases) {
    if (best === undefined) continue;
    const { sampleWeights } = options;
    for (
      const [wanted, goal, name] of [[best, undefined, "best F"], [
        atPrecision!,
        precision,
        "at precision",
      ]] as const
    ) {
      const choose = () => chooseThreshold(references, scores, { sampleWeights, beta, precision: goal });
      if (wanted === "error") {
        assert.throws(choose, /none has precision .*; the highest is/, what(name));
        continue;
      }
      const choice = choose();
      near(choice.threshold, wanted[0], what(name));
      near(choice.precision, wanted[1], what(name));
      near(choice.recall, wanted[2], what(name));
      near(choice.fBeta, wanted[3], what(name));
      const { thresholds, fBeta } = choice.curve;
      assert.equal(fBeta[thresholds.indexOf(choice.threshold)], choice.fBeta);
    }
  }
});

Deno.test("a recall can be asked for, and infinite beta is the recall", () => {
  const references = [1, 0, 1, 0, 1, 0], scores = [6, 5, 4, 3, 2, 1];
  const choice = chooseThreshold(references, scores, { recall: 0.6 });
  assert.deepEqual([choice.threshold, choice.precision, choice.recall], [4, 2 / 3, 2 / 3]);
  const { fBeta, recall } = thresholdCurve(references, scores, { beta: Infinity });
  assert.deepEqual(fBeta, recall);
});

Deno.test("drawing rows gives what the drawn rows give", () => {
  const random = createRandom(3);
  for (const { references, scores } of cases.filter(({ pr }) => pr !== "error").slice(0, 150)) {
    const metric = averagePrecisionByRows(references, scores);
    const drawn = Uint32Array.from(references, () => Math.floor(random() * references.length));
    const theirs = Array.from(drawn, (row) => references[row]);
    const value = metric(drawn);
    if (!theirs.includes(1)) assert.ok(Number.isNaN(value));
    else near(value, averagePrecision(theirs, Array.from(drawn, (row) => scores[row])), "drawn rows");
  }
});

Deno.test("the order of many scores is that of comparing them, equal ones in their place", () => {
  const random = createRandom(8);
  const kinds = [
    () => random() - 0.5,
    () => Math.floor(random() * 20) - 10,
    () => Math.fround(random()),
    () => (random() - 0.5) * 10 ** (random() * 600 - 300),
    () => random() < 0.5 ? 0 : -0,
    () => [5e-324, -5e-324, 0, -0, 1.7e308, -1.7e308][Math.floor(random() * 6)],
  ];
  for (const kind of kinds) {
    for (const n of [0, 1, 511, 512, 3000]) {
      const values = Float64Array.from({ length: n }, kind);
      const wanted = Array.from(values.keys()).sort((a, b) => values[b] - values[a] || a - b);
      assert.deepEqual(Array.from(descendingOrder(values)), wanted);
    }
  }
});

Deno.test("counts do not depend on the order of rows", () => {
  for (const { references, scores } of cases.slice(0, 100)) {
    assert.deepEqual(
      countsAtThresholds(references.toReversed(), scores.toReversed()),
      countsAtThresholds(references, scores),
    );
  }
});

Deno.test.each([
  ["a NaN score", () => rocCurve([0, 1], [1, NaN]), /score of row 1 is NaN, wanted a finite number/],
  ["an infinite score", () => averagePrecision([0, 1], [-Infinity, 1]), /score of row 0 is -Infinity/],
  [
    "a third class",
    () => rocCurve([0, 2], [1, 2]),
    /reference of row 1 is 2, wanted 1 \(positive\) or 0 \(negative\)/,
  ],
  ["differing lengths", () => rocCurve([0, 1], [1]), /1 scores with 2 references/],
  ["no rows", () => rocCurve([], []), /no rows/],
  ["only negative rows", () => precisionRecallCurve([0, 0], [1, 2]), /no row is positive \(reference 1\)/],
  ["only positive rows", () => rocCurve([1, 1], [1, 2]), /no row is negative \(reference 0\)/],
  [
    "a precision of 2",
    () => chooseThreshold([0, 1], [1, 2], { precision: 2 }),
    /precision must be a number above 0.* got 2/,
  ],
  ["two goals", () => chooseThreshold([0, 1], [1, 2], { precision: 1, recall: 1 }), /at once: give one/],
  [
    "no threshold",
    () => chooseThreshold([0, 1], [2, 1], { precision: 1 }),
    /none has precision 1; the highest is 0.5, from score 1 on, with recall 1/,
  ],
] as [string, () => unknown, RegExp][])("$0 is refused with one clear line", (_, call, message) => {
  assert.throws(call, (error) => {
    assert.ok(error instanceof EvaluationError && !error.message.includes("\n"));
    assert.match(error.message, message);
    return true;
  });
});
