import assert from "node:assert/strict";
import { DataError } from "../../src/data/errors.ts";
import { evaluateTask } from "../../src/evaluate/tasks/evaluate.ts";
import { hostTensor } from "../../src/graph/graph.ts";
import { labelSetOf } from "../../src/tasks/multi_label_classification/schema.ts";
import { multiLabelClassification as task } from "../../src/tasks/multi_label_classification/serve.ts";
import { trainMultiLabelClassification as trained } from "../../src/tasks/multi_label_classification/train.ts";
import type { TextEncoding } from "../../src/tasks/task.ts";
import { runOnce } from "../nn/run.ts";

const head = { labels: ["comedy", "drama", "war"] };
const encoding: TextEncoding = {
  ids: [2, 7, 3],
  typeIds: [0, 0, 0],
  tokens: ["[CLS]", "a", "[SEP]"],
  fullLength: 3,
  isFullLengthExact: true,
  unknownCount: 0,
};
const columns = { text: "text", label: "labels" };
const of = { query: "a", encoding, head };

function logits(...values: number[]) {
  return { logits: { shape: [values.length], data: new Float32Array(values) } };
}

Deno.test("labels are a list, or a text cut at bars; none is a row without labels, and anything else is refused by its line", () => {
  const read = (labels: unknown) => labelSetOf({ labels }, "films.csv line 2", columns);
  assert.deepEqual(read(["war", "drama", "war"]), ["drama", "war"]);
  assert.deepEqual(read(" war|drama "), ["drama", "war"]);
  assert.deepEqual([read([]), read("")], [[], []]);
  assert.deepEqual(read("rock, pop"), ["rock, pop"]);
  assert.deepEqual(read([27, 3]), ["3", "27"]);
  for (const wrong of [null, 3, [{}], "war||drama", undefined]) {
    assert.throws(() => read(wrong), (error: Error) => {
      return error instanceof DataError &&
        /^films\.csv line 2: column "labels" is .*list of labels/.test(error.message);
    });
  }
  assert.throws(() => labelSetOf({}, "films.csv line 2", columns), /no column "labels"/);
});

Deno.test("every label is answered with a probability of its own, the highest first, unless fewer are asked for", () => {
  const answer = task.decode(logits(0, 2, -2), of);
  assert.deepEqual(answer.map(({ label }) => label), ["drama", "comedy", "war"]);
  assert.deepEqual(answer[1], { label: "comedy", score: 0.5 });
  assert.ok(Math.abs(answer[0].score - 0.8807970779778823) < 1e-12);
  const asked = (parameters: Record<string, unknown>) =>
    task.decode(logits(0, 2, -2), of, task.parameters.parse(parameters)).map(({ label, score }) =>
      `${label} ${score.toFixed(2)}`
    );
  assert.deepEqual(asked({ threshold: 0.5 }), ["drama 0.88", "comedy 0.50"]);
  assert.deepEqual(asked({ threshold: 0.9 }), []);
  assert.deepEqual(asked({ top_k: 1 }), ["drama 0.88"]);
  assert.deepEqual(asked({ top_k: 2, function_to_apply: "none" }), ["drama 2.00", "comedy 0.00"]);
  assert.equal(task.parameters.safeParse({ threshold: 2 }).success, false);
  assert.throws(() => task.decode(logits(0, NaN, 0), of), /not a finite number/);
});

Deno.test("the labels given are those of at least one half: described, observed and judged alike", () => {
  const answer = task.decode(logits(0, 2, -2), of);
  assert.equal(task.describe(answer), "drama, comedy");
  assert.equal(task.describe(task.decode(logits(-1, -1, -1), of)), "(no label)");
  const seen = task.observe("a", encoding, logits(0, 2, -2), head);
  assert.deepEqual([seen.labels, seen.characters], [["drama", "comedy"], 1]);
  assert.equal(task.observe("a", encoding, undefined, head).labels, undefined);
  const names = task.features({ head }).map(({ name }) => name);
  assert.ok(names.includes("predictedLabels") && names.includes("labelCount") && names.includes("tokens"));
});

Deno.test("scores are those of the evaluation, with intervals where they are asked for", () => {
  const answers = [[0, 2, -2], [-1, 1, -1], [-1, -1, -1]].map((
    values,
  ) => [task.decode(logits(...values), of)]);
  const targets = [["drama"], ["drama"], []];
  const { metrics, text } = task.judge(targets, answers, { head });
  assert.deepEqual([metrics.microF1.value, metrics.subsetAccuracy.value], [0.8, 2 / 3]);
  assert.match(text(), /microF1 +0\.8000/);
  assert.match(text(), /drama +1\.0000 +1\.0000 +1\.0000 +2\n/);
  const resampled = task.judge(targets, answers, { head, resamples: 200 }).metrics.microF1;
  assert.ok(resampled.low < 0.8 && resampled.high > 0.8);
  const pairs = answers.map((answer, i) => ({
    ...task.pair(targets[i], answer, { row: i, targets, answers }),
    record: {},
  }));
  const report = evaluateTask(task.evaluation, pairs, {
    resamples: 0,
    settings: task.evaluationSettings!(head),
  });
  assert.equal(report.metrics.find(({ name }) => name === "microF1")?.interval.value, 0.8);
});

Deno.test("labels that hold commas are evaluated as what they are", () => {
  const odd = { labels: ["a, b", "c"] };
  const pairs = [[["a, b"], ["c"]], [["c"], ["c"]]].map(([prediction, reference]) => ({
    prediction,
    reference,
    record: {},
  }));
  const report = evaluateTask(task.evaluation, pairs, {
    resamples: 0,
    settings: task.evaluationSettings!(odd),
  });
  assert.equal(report.metrics.find(({ name }) => name === "subsetAccuracy")?.interval.value, 0.5);
});

Deno.test("a head has the labels of all rows, and rows that are all labelled alike are refused", () => {
  const rows = (...targets: string[][]) => targets.map((target) => ({ queries: ["a"], target }));
  assert.deepEqual(trained.headOf(rows(["war"], [], ["drama", "war"]), "films"), {
    labels: ["drama", "war"],
  });
  assert.deepEqual(trained.headOf(rows(["war"], []), "films"), { labels: ["war"] });
  assert.throws(
    () => trained.headOf(rows(["war"], ["war"]), "films"),
    /films: every row has the same labels \(war\)/,
  );
  assert.throws(() => trained.headOf(rows([], []), "films"), /films: no row has a label: .*--label-column/);
  assert.equal(
    task.problemOf!(["war", "opera"], head),
    'unknown label "opera"; known are "comedy", "drama", "war"',
  );
});

Deno.test("the loss is the mean over rows and labels of the cross-entropy; rows that fill a batch up count for nothing", async () => {
  const targets = [["drama"], []].map((target) => trained.encodeTarget(target, [], head));
  const { feeds, weight } = trained.padTargets(targets, { rows: 3, sequence: 4 }, head);
  assert.equal(weight, 2);
  const values = [0, 1, -1, 2, -3, 0.5, 9, 9, 9];
  const outputs = await runOnce((b) => {
    const objective = trained.objective(b, { logits: b.input("logits", "f32", ["batch", 3]) }, head, {});
    b.output("loss", objective.loss);
    b.output("weight", objective.weight);
  }, { feeds: { ...feeds, logits: hostTensor("f32", [3, 3], values) }, bindings: { batch: 3 } });
  const ones = [0, 1, 0, 0, 0, 0];
  const expected = ones.reduce((sum, t, i) => sum + Math.log1p(Math.exp(t ? -values[i] : values[i])), 0) / 6;
  assert.ok(Math.abs(Number(outputs.loss.data[0]) - expected) < 1e-6);
  assert.equal(outputs.weight.data[0], 2);
});
