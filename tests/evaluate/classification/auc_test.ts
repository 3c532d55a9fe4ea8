import assert from "node:assert/strict";
import {
  type MulticlassAucOptions,
  multiclassAveragePrecision,
  multiclassRocAuc,
  rocAuc,
  rocAucByRows,
} from "../../../src/evaluate/classification/auc.ts";
import { compareRocAuc, rocAucInterval } from "../../../src/evaluate/classification/delong.ts";
import { EvaluationError } from "../../../src/statistics/errors.ts";
import { createRandom } from "../../../src/base/random.ts";
import { normalQuantile } from "../../../src/statistics/distributions.ts";

type Value = number | "error";
interface GoldenCase {
  references: string;
  scores: number[];
  scale: number;
  weights: string | null;
  maxFpr: number;
  auc: Value;
  partial: Value;
  second?: number[];
  delong: { areas: [number, number]; variances: [number, number]; variance: number; p?: number } | "error";
  multiclass: {
    size: number;
    references: string;
    shares: string;
    weights: string | null;
    wanted: Record<string, Value>;
  };
}

const golden: { cases: GoldenCase[] } = JSON.parse(
  Deno.readTextFileSync(new URL("../../golden/evaluate/auc.json", import.meta.url)),
);
const near = (actual: number, expected: number, what: string) =>
  assert.ok(Math.abs(actual - expected) <= 1e-9, `${what}: got ${actual}, wanted ${expected}`);
const digits = (text: string | null) => text === null ? undefined : Array.from(text, Number);
const cases = golden.cases.map((wanted, number) => ({
  ...wanted,
  references: Array.from(wanted.references, Number),
  scores: wanted.scores.map((score) => score / wanted.scale),
  second: wanted.second?.map((score) => score / wanted.scale),
  sampleWeights: digits(wanted.weights),
  what: (name: string) => `case ${number}, ${name}`,
}));

Deno.test("ROC-AUC, whole, weighted and partial, equals scikit-learn's", () => {
  assert.ok(cases.length >= 500);
  let scored = 0;
  for (const { references, scores, sampleWeights, maxFpr, auc, partial, what } of cases) {
    for (const [value, options] of [[auc, {}], [partial, { maxFpr }]] as const) {
      const score = () => rocAuc(references, scores, { sampleWeights, ...options });
      if (value === "error") assert.throws(score, /Cannot compute ROC-AUC: no row is/, what("AUC"));
      else near(score(), value, what("AUC")), scored++;
    }
  }
  assert.ok(scored > 900, `${scored}`);
});

Deno.test("ROC-AUC and average precision of many classes equal scikit-learn's: one against the rest, one against one", () => {
  const seen: Record<string, number> = {};
  cases.forEach(({ multiclass, what }) => {
    const { size, wanted } = multiclass;
    const shares = Array.from(multiclass.shares, Number),
      references = Array.from(multiclass.references, Number);
    const probabilities = shares.map((share, i) => {
      const row = Math.floor(i / size) * size;
      return share / shares.slice(row, row + size).reduce((sum, value) => sum + value);
    });
    const labels = Array.from({ length: size }, (_, k) => `class ${k}`);
    for (const [name, value] of Object.entries(wanted)) {
      const [kind, average] = name.split(" ") as ["ovr" | "ovo" | "ap", MulticlassAucOptions["average"]];
      const options = { labels, average, sampleWeights: digits(multiclass.weights) };
      const score = () =>
        kind === "ap"
          ? multiclassAveragePrecision(references, probabilities, options)
          : multiclassRocAuc(references, probabilities, { ...options, multiClass: kind });
      if (value === "error") {
        assert.throws(score, /Cannot comp\w+ (ROC-AUC|average precision|pairs of classes)/, what(name));
      } else near(score(), value, what(name)), seen[name] = (seen[name] ?? 0) + 1;
    }
  });
  assert.ok(
    seen["ovr macro"] > 300 && seen["ovo weighted"] > 200 && seen["ap weighted"] > 500,
    JSON.stringify(seen),
  );
});

Deno.test("DeLong's intervals and test equal those from the matrix of all pairs", () => {
  let compared = 0;
  for (const { references, scores, second, delong, what } of cases) {
    if (delong === "error") {
      assert.throws(
        () => rocAucInterval(references, scores),
        /DeLong's interval: (no row is|.* wanted two of each)/,
      );
      continue;
    }
    const { areas, variances, variance, p } = delong;
    const { first, second: other, difference, z, pValue } = compareRocAuc(references, scores, second!, {
      confidence: 0.9,
    });
    const width = -normalQuantile(0.05);
    for (const [interval, k] of [[first, 0], [other, 1]] as const) {
      const spread = width * Math.sqrt(variances[k]);
      near(interval.value, areas[k], what("area"));
      near(interval.low, Math.max(0, areas[k] - spread), what("low"));
      near(interval.high, Math.min(1, areas[k] + spread), what("high"));
    }
    assert.deepEqual(rocAucInterval(references, scores, { confidence: 0.9 }), first);
    near(difference.value, areas[0] - areas[1], what("difference"));
    if (p === undefined) continue;
    near(
      difference.low,
      Math.max(-1, difference.value - width * Math.sqrt(variance)),
      what("low difference"),
    );
    near(pValue, p, what("p"));
    assert.ok(Math.sign(z) === Math.sign(difference.value));
    compared++;
  }
  assert.ok(compared > 300, `${compared}`);
});

Deno.test("DeLong's interval covers the true area in about 95% of data sets, on the logit scale near 1 too", () => {
  const random = createRandom(4);
  const normal = () => normalQuantile((random() + 1e-12) / (1 + 2e-12));
  // two normal distributions, one unit apart: the area is P(Z < 1 / sqrt 2); 3 apart: P(Z < 3 / sqrt 2)
  for (const [shift, truth, scale] of [[1, 0.7602499389, "linear"], [3, 0.9830526, "logit"]] as const) {
    let covered = 0;
    const sets = 600, references = Array.from({ length: 120 }, (_, row) => row % 3 === 0 ? 1 : 0);
    for (let set = 0; set < sets; set++) {
      const scores = references.map((positive) => normal() + shift * positive);
      const { low, high } = rocAucInterval(references, scores, { scale });
      if (low <= truth && truth <= high) covered++;
    }
    assert.ok(covered / sets > 0.92 && covered / sets < 0.98, `${scale}: ${covered} of ${sets}`);
  }
});

Deno.test("scores turned round give one minus the area; any ascending change of scores leaves it", () => {
  for (const { references, scores, auc } of cases) {
    if (auc === "error") continue;
    const area = rocAuc(references, scores);
    near(rocAuc(references, scores.map((score) => -score)), 1 - area, "turned");
    near(rocAuc(references, scores.map((score) => Math.atan(score) * 7 - 3)), area, "changed");
    near(rocAuc(references.toReversed(), scores.toReversed()), area, "reordered");
    assert.equal(rocAuc(references, references), 1);
    assert.equal(rocAuc(references, references.map(() => 0.1)), 0.5);
  }
});

Deno.test("drawing rows gives what the drawn rows give", () => {
  const random = createRandom(3);
  for (const { references, scores } of cases.filter(({ auc }) => auc !== "error").slice(0, 150)) {
    const metric = rocAucByRows(references, scores);
    const drawn = Uint32Array.from(references, () => Math.floor(random() * references.length));
    const theirs = Array.from(drawn, (row) => references[row]);
    const value = metric(drawn);
    if (new Set(theirs).size < 2) assert.ok(Number.isNaN(value));
    else near(value, rocAuc(theirs, Array.from(drawn, (row) => scores[row])), "drawn rows");
  }
});

Deno.test("two models that score alike do not differ; a perfect one has no width", () => {
  const references = [0, 1, 0, 1, 0, 1], scores = [1, 3, 2, 2, 0, 4];
  const { difference, z, pValue } = compareRocAuc(references, scores, scores.map((score) => score * 2));
  assert.deepEqual([difference.low, difference.value, difference.high, z, pValue], [0, 0, 0, 0, 1]);
  for (const scale of ["linear", "logit"] as const) {
    const { low, value, high } = rocAucInterval(references, references, { scale });
    assert.deepEqual([low, value, high], [1, 1, 1]);
  }
});

const labels = ["a", "b", "c"], even = [0.5, 0.25, 0.25];
Deno.test.each([
  ["only negative rows", () => rocAuc([0, 0], [1, 2]), /ROC-AUC: no row is positive \(reference 1\)/],
  ["only positive rows", () => rocAuc([1, 1], [1, 2]), /ROC-AUC: no row is negative/],
  [
    "positive rows of weight 0",
    () => rocAuc([0, 1], [1, 2], { sampleWeights: [1, 0] }),
    /no row is positive/,
  ],
  ["a NaN score", () => rocAuc([0, 1], [NaN, 2]), /score of row 0 is NaN/],
  [
    "maxFpr of 0",
    () => rocAuc([0, 1], [1, 2], { maxFpr: 0 }),
    /maxFpr must be a number above 0 and at most 1, got 0/,
  ],
  [
    "a class without rows",
    () => multiclassRocAuc([0, 1], [...even, ...even], { labels }),
    /ROC-AUC of label "c": no row is positive/,
  ],
  [
    "one class",
    () => multiclassRocAuc([0], even, { labels, multiClass: "ovo" }),
    /all references are of one class/,
  ],
  [
    "micro pairs",
    () => multiclassRocAuc([0], even, { labels, multiClass: "ovo", average: "micro" }),
    /as "micro": use "ovr"/,
  ],
  [
    "scores that are no probabilities",
    () => multiclassRocAuc([0], [3, 2, 1], { labels }),
    /the probability of row 0 for "a" is 3/,
  ],
  [
    "too few probabilities",
    () => multiclassRocAuc([0], [0.5], { labels: ["a", "b"] }),
    /1 probabilities of 2 labels with 2/,
  ],
  ["a class outside", () => multiclassAveragePrecision([3], even, { labels }), /reference of row 0 is 3/],
  [
    "one positive row",
    () => rocAucInterval([0, 0, 1], [1, 2, 3]),
    /1 positive and 2 negative rows, wanted two of each/,
  ],
  [
    "confidence of 2",
    () => rocAucInterval([0, 0, 1, 1], [1, 2, 3, 4], { confidence: 2 }),
    /confidence must lie between/,
  ],
  [
    "an unknown scale",
    () => rocAucInterval([0, 0, 1, 1], [1, 2, 3, 4], { scale: "log" as "logit" }),
    /got "log"/,
  ],
] as [string, () => unknown, RegExp][])("$0 is refused with one clear line", (_, call, message) => {
  assert.throws(call, (error) => {
    assert.ok(error instanceof EvaluationError && !error.message.includes("\n"));
    assert.match(error.message, message);
    return true;
  });
});
