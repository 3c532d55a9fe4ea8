import assert from "node:assert/strict";
import { labelCells } from "../../../src/evaluate/classification/multilabel.ts";
import { retrieval } from "../../../src/evaluate/ranking/embeddings.ts";
import { similarities } from "../../../src/evaluate/ranking/vectors.ts";
import type { Task } from "../../../src/evaluate/report.ts";
import { evaluateTask } from "../../../src/evaluate/tasks/evaluate.ts";
import {
  classificationMetrics,
  entityMetrics,
  multilabelMetrics,
  regressionMetrics,
  retrievalMetrics,
  similarityMetrics,
  type TaskMetrics,
  textMetrics,
} from "../../../src/evaluate/tasks/metrics.ts";
import { pairsOf } from "../../../src/evaluate/tasks/pairs.ts";
import { createRandom } from "../../../src/base/random.ts";

const N = 60;
const random = createRandom(5);
const below = (n: number) => Math.floor(random() * n);
const times = <T>(make: (i: number) => T): T[] => Array.from({ length: N }, (_, i) => make(i));

/** Every metric that an evaluation of the same rows shows has the same interval, whoever asks. */
function sameAsEvaluation(
  task: Task,
  rows: [unknown[], unknown[]],
  scored: (resamples?: number) => TaskMetrics,
) {
  const { metrics } = evaluateTask(task, pairsOf(...rows), { resamples: 100 });
  const resampled = scored(100), plain = scored();
  assert.ok(metrics.length >= 2);
  for (const { name, interval } of metrics) {
    assert.deepEqual(resampled.metrics[name], interval, name);
    assert.ok(Math.abs(plain.metrics[name].value - interval.value) < 1e-12, name);
  }
  assert.equal(plain.n, N);
}

Deno.test("classes: what a trainer sees is what an evaluation shows, with and without probabilities", () => {
  for (const labels of [["ham", "spam"], ["a", "b", "c"]]) {
    const references = times(() => below(labels.length));
    const probabilities = Float64Array.from(references.flatMap((truth) => {
      const weights = labels.map((_, k) => random() + (k === truth ? 0.7 : 0));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      return weights.map((weight) => weight / total);
    }));
    const size = labels.length;
    const predictions = references.map((_, i) => {
      const own = [...probabilities.subarray(i * size, (i + 1) * size)];
      return own.indexOf(Math.max(...own));
    });
    const rows: [unknown[], unknown[]] = [
      predictions.map((k, i) => ({
        prediction: labels[k],
        scores: [...probabilities.subarray(i * size, (i + 1) * size)],
      })),
      references.map((k) => labels[k]),
    ];
    sameAsEvaluation(
      "text-classification",
      rows,
      (resamples) => classificationMetrics(references, predictions, { labels, probabilities, resamples }),
    );
    const { metrics } = classificationMetrics(references, predictions, { labels });
    assert.ok(!("logLoss" in metrics) && `f1.${labels[1]}` in metrics);
  }
});

Deno.test("sets of labels, numbers, tags and texts: the same figures as an evaluation of the same rows", () => {
  const labels = ["a", "b", "c"], sets = () => times(() => labels.filter(() => random() < 0.5));
  const [trueSets, predictedSets] = [sets(), sets()];
  sameAsEvaluation(
    "multi-label-classification",
    [predictedSets, trueSets],
    (resamples) =>
      multilabelMetrics(labelCells(trueSets, labels), labelCells(predictedSets, labels), {
        labels,
        resamples,
      }),
  );

  const numbers = times(() => 10 * random()), guesses = numbers.map((y) => y + random());
  sameAsEvaluation(
    "regression",
    [guesses, numbers],
    (resamples) => regressionMetrics(numbers, guesses, { resamples }),
  );

  const tags = ["O", "B-PER", "I-PER", "B-LOC"];
  const sentences = () => times(() => Array.from({ length: 6 }, () => tags[below(4)]));
  const [trueTags, predictedTags] = [sentences(), sentences()];
  sameAsEvaluation(
    "token-classification",
    [predictedTags, trueTags],
    (resamples) => entityMetrics(trueTags, predictedTags, { resamples }),
  );

  const words = ["a", "cat", "dog", "ran", "sat", "home"];
  const texts = () => times(() => Array.from({ length: 8 }, () => words[below(6)]).join(" "));
  const [wanted, got] = [texts(), texts()];
  sameAsEvaluation(
    "translation",
    [got, wanted],
    (resamples) => textMetrics(wanted, got, { task: "translation", resamples }),
  );
});

Deno.test("vectors: their similarities against ratings, and retrieval", () => {
  const vectors = () => ({ data: Float32Array.from({ length: 4 * N }, () => random() - 0.5), width: 4 });
  const [a, b] = [vectors(), vectors()], ratings = times(() => random());
  sameAsEvaluation(
    "sentence-similarity",
    [[...similarities(a, b)], ratings],
    (resamples) => similarityMetrics(ratings, [a, b], { resamples }),
  );
  const relevant = times((i) => [i]), cutoffs = [1, 10];
  const { metrics } = retrievalMetrics(relevant, { queries: a, corpus: b }, { cutoffs, resamples: 50 });
  const values = Object.fromEntries(Object.entries(metrics).map(([name, { value }]) => [name, value]));
  assert.deepEqual(values, retrieval(a, b, relevant, { cutoffs }));
  assert.ok(metrics["mrr@10"].low < metrics["mrr@10"].high);
});

Deno.test("a model that predicts a constant has NaN where a metric is undefined, and stops no training", () => {
  const { metrics } = regressionMetrics([1, 2, 3], [2, 2, 2]);
  assert.equal(metrics.mae.value, 2 / 3);
  assert.ok(Number.isNaN(metrics.pearson.value) && Number.isNaN(metrics.spearman.value));
  const { metrics: one } = classificationMetrics([0, 0], [0, 0], { labels: ["a", "b"] });
  assert.equal(one.accuracy.value, 1);
});

Deno.test("without resamples no metric but those of a closed form claims an interval", () => {
  const { metrics } = classificationMetrics([0, 1, 1], [0, 1, 0], { labels: ["a", "b"] });
  assert.equal(metrics.accuracy.method, "wilson");
  assert.deepEqual(metrics.balancedAccuracy, {
    ...{ value: 0.75, low: 0.75, high: 0.75 },
    ...{ confidence: 0.95, n: 3, method: "none" },
  });
});
