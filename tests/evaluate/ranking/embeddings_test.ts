import assert from "node:assert/strict";
import { evaluateAll } from "../../../src/statistics/decomposed.ts";
import { pairReport, retrieval, retrievalRows, stsReport } from "../../../src/evaluate/ranking/embeddings.ts";
import { EvaluationError } from "../../../src/statistics/errors.ts";
import { similarities, type Similarity, type Vectors } from "../../../src/evaluate/ranking/vectors.ts";
import { matrix, mix } from "./vectors_golden.ts";

type GoldenCase = [seed: number, n: number, width: number, values: (number | null)[]];
const golden: {
  similarities: Similarity[];
  pair: string[];
  k: number[];
  retrievalNames: string[];
  sts: GoldenCase[];
  pairs: GoldenCase[];
  retrieval: GoldenCase[];
} = JSON.parse(
  Deno.readTextFileSync(new URL("../../golden/evaluate/embeddings.json", import.meta.url)),
);

const near = (actual: number, expected: number, what: string) =>
  assert.ok(
    Math.abs(actual - expected) <= 1e-9 * Math.max(1, Math.abs(expected)),
    `${what}: got ${actual}, wanted ${expected}`,
  );

Deno.test("correlations equal EmbeddingSimilarityEvaluator's for each similarity", () => {
  let compared = 0;
  golden.sts.forEach(([seed, n, width, values], number) => {
    const scores = Array.from({ length: n }, (_, row) => mix(seed * 1000 + row) % 6);
    const report = stsReport(matrix(3 * seed, n, width), matrix(3 * seed + 1, n, width), scores);
    golden.similarities.forEach((similarity, s) => {
      (["pearson", "spearman"] as const).forEach((name, m) => {
        const wanted = values[2 * s + m];
        if (wanted === null) return; // constant scores, or cosines of single numbers
        near(report[similarity][name], wanted, `case ${number}, ${name} of ${similarity}`);
        compared++;
      });
    });
  });
  assert.ok(golden.sts.length >= 500 && compared > 3000, `${compared}`);
});

Deno.test("thresholds and scores of pairs equal BinaryClassificationEvaluator's", () => {
  const fields: Record<string, keyof ReturnType<typeof pairReport>> = {
    accuracy: "accuracy",
    accuracy_threshold: "accuracyThreshold",
    f1: "f1",
    f1_threshold: "f1Threshold",
    precision: "precision",
    recall: "recall",
    ap: "averagePrecision",
    mcc: "mcc",
  };
  golden.pairs.forEach(([seed, n, width, values], number) => {
    const labels = Array.from({ length: n }, (_, row) => mix(seed * 1000 + row) % 2);
    labels[seed % n] = 1;
    golden.similarities.forEach((similarity, s) => {
      const a = matrix(3 * seed, n, width), b = matrix(3 * seed + 1, n, width);
      const report = pairReport(a, b, labels, { similarity });
      golden.pair.forEach((name, m) =>
        near(
          report[fields[name]],
          values[s * golden.pair.length + m]!,
          `case ${number}, ${name} of ${similarity}`,
        )
      );
    });
  });
  assert.ok(golden.pairs.length * golden.similarities.length >= 1000);
});

Deno.test("thresholds give the accuracy and F1 they promise, to the last pair", () => {
  for (let seed = 0; seed < 200; seed++) {
    const a = matrix(seed, 12, 2), b = matrix(seed + 500, 12, 2);
    const labels = Array.from(
      { length: 12 },
      (_, row) => row === seed % 12 || mix(seed * 12 + row) % 4 === 0 ? 1 : 0,
    );
    for (const similarity of ["cosine", "euclidean"] as const) {
      const report = pairReport(a, b, labels, { similarity }), scores = similarities(a, b, { similarity });
      const sign = similarity === "cosine" ? 1 : -1;
      const called = (threshold: number) => Array.from(scores, (score) => score >= sign * threshold ? 1 : 0);
      const right = called(report.accuracyThreshold).filter((label, row) => label === labels[row]).length;
      assert.equal(right / 12, report.accuracy);
      const positive = called(report.f1Threshold);
      const both = positive.filter((label, row) => label === 1 && labels[row] === 1).length;
      assert.equal(both / positive.filter((label) => label === 1).length, report.precision);
      assert.equal(both / labels.filter((label) => label === 1).length, report.recall);
    }
  }
});

Deno.test("retrieval equals InformationRetrievalEvaluator's, ties by the earlier document", () => {
  const fields: Record<string, string> = {
    "accuracy@k": "hitRate",
    "precision@k": "precision",
    "recall@k": "recall",
  };
  golden.retrieval.forEach(([seed, documents, width, [count, ...values]], number) => {
    const queries = count!, similarity = golden.similarities[seed % 4];
    const relevant = Array.from({ length: queries }, (_, q) => {
      const all = Array.from({ length: documents }, (_, d) => d);
      return all.filter((d) => mix(seed * 5000 + q * 50 + d) % 4 === 0 || d === q % documents);
    });
    const corpus = matrix(3 * seed, documents, width), asked = matrix(3 * seed + 2, queries, width);
    const metrics = retrieval(asked, corpus, relevant, { similarity, cutoffs: golden.k });
    golden.k.forEach((k, i) =>
      golden.retrievalNames.forEach((name, m) => {
        const ours = `${fields[name] ?? name.replace("@k", "")}@${k}`;
        near(
          metrics[ours],
          values[i * golden.retrievalNames.length + m]!,
          `case ${number}, ${ours} by ${similarity}`,
        );
      })
    );
  });
  assert.ok(golden.retrieval.length >= 500);
});

Deno.test("a corpus that is its own query is found whole, and graded relevances weigh", () => {
  const corpus = { data: Float32Array.of(1, 0, 0, 1, -1, 0.5), width: 2 };
  for (const value of Object.values(retrieval(corpus, corpus, [[0], [1], [2]], { cutoffs: [1] }))) {
    assert.equal(value, 1);
  }
  const query = { data: Float32Array.of(1, 0.1), width: 2 };
  const graded = retrieval(query, corpus, [new Map([[0, 1], [1, 3]])], { cutoffs: [2] });
  assert.ok(graded["ndcg@2"] < 1 && graded["ndcg@2"] > 0.7);
  const rows = retrievalRows(query, corpus, [[0]]);
  assert.deepEqual(Object.keys(evaluateAll(rows)), [...rows.names]);
  assert.ok(rows.names.every((name) => name.includes("@")) && rows.names.includes("recall@100"));
});

Deno.test("bad input is refused with one line", () => {
  const two = { data: Float32Array.of(1, 0, 0, 1), width: 2 },
    vectors = (...data: number[]): Vectors => ({
      data: Float32Array.from(data),
      width: 2,
    });
  const cases: [() => unknown, string][] = [
    [() => stsReport(two, vectors(1, 1), [1, 2]), "Cannot pair 2 first vectors with 1 second vectors"],
    [() => stsReport(two, two, [1]), "Cannot compare 2 pairs with 1 scores: every row needs both"],
    [() => stsReport(two, two, [1, NaN]), "Cannot evaluate: score of row 1 is NaN, wanted a finite number"],
    [() => stsReport(vectors(1, 1), vectors(1, 1), [1]), "Cannot correlate 1 row: at least 2 are needed"],
    [
      () => stsReport(two, vectors(1, 1, 0, 0), [1, 2]),
      "Cannot compare vectors: row 1 of the second vectors is all zeros, so it has no cosine",
    ],
    [
      () => pairReport(two, vectors(1, NaN, 1, 1), [1, 0], { similarity: "dot" }),
      "Cannot evaluate: place 1 of row 0 of the second vectors is NaN, wanted a finite number",
    ],
    [() => pairReport(two, two, [0, 0]), "Cannot choose a threshold: no pair has the label 1"],
    [() => pairReport(two, two, [1]), "Cannot compare 2 pairs with 1 labels: every row needs both"],
    [
      () => retrieval(two, two, [[0]]),
      "Cannot compare 1 lists of relevant documents with 2 queries: every row needs both",
    ],
    [() => retrieval(two, two, [[0], []]), "Cannot score query 1: it has no relevant document"],
    [
      () => retrieval(two, two, [[0], [2]]),
      "Cannot evaluate: a relevant document of query 1 is 2, wanted a row of the corpus of 2",
    ],
    [
      () => retrieval(two, { data: Float32Array.of(1), width: 1 }, [[0], [0]]),
      "Cannot compare vectors of 2 numbers (queries) with vectors of 1 (corpus)",
    ],
    [
      () => retrieval(two, { data: new Float32Array(0), width: 2 }, [[0], [0]]),
      "Cannot evaluate: there are no rows in the corpus",
    ],
    [
      () => retrieval(two, two, [[0], [1]], { cutoffs: [0] }),
      "k must be a whole number of at least 1, got 0",
    ],
    [
      () => retrieval({ data: Float32Array.of(1, 2, 3), width: 2 }, two, [[0]]),
      "Cannot split the 3 numbers of the queries into vectors of 2",
    ],
  ];
  for (const [run, message] of cases) {
    assert.throws(run, (error: unknown) => {
      assert.ok(error instanceof EvaluationError, String(error));
      assert.equal(error.message, message);
      return true;
    });
  }
});
