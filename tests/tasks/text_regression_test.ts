import assert from "node:assert/strict";
import { mlpConfig } from "../../models/mlp.ts";
import { architectureOf } from "../../models/index.ts";
import { createInterpBackend } from "../../src/backend/interp/interp.ts";
import { DataError } from "../../src/data/errors.ts";
import { type Graph, hostTensor } from "../../src/graph/graph.ts";
import { prepare } from "../../src/lifecycle/prepare.ts";
import { initialStates } from "../../src/nn/init.ts";
import { forwardGraph, type ModelSpec } from "../../src/tasks/model.ts";
import { servedTask } from "../../src/tasks/served.ts";
import type { TextEncoding } from "../../src/tasks/task.ts";
import { textRegression as task } from "../../src/tasks/text_regression/serve.ts";
import { trainTextRegression as trained } from "../../src/tasks/text_regression/train.ts";
import { runOnce } from "../nn/run.ts";

const head = { labels: ["score"], mean: 1000, deviation: 50 } as const;
const encoding: TextEncoding = {
  ids: [2, 7, 3],
  typeIds: [0, 0, 0],
  tokens: ["[CLS]", "a", "[SEP]"],
  fullLength: 3,
  isFullLengthExact: true,
  unknownCount: 0,
};
const answer = (score: number) =>
  task.decode({ logits: { shape: [1], data: Float32Array.of(score) } }, { query: "a", encoding, head });
const rows = (...targets: number[]) => targets.map((target) => ({ queries: ["a"], target }));

Deno.test("the answer is the logit, in the form of a classifier's with one label", () => {
  assert.deepEqual(answer(2.5), [{ label: "score", score: 2.5 }]);
  assert.equal(task.describe(answer(0.1)), "0.1");
  assert.throws(() => answer(NaN), /not a finite number/);
  const seen = task.observe("ab", encoding, { logits: { shape: [1], data: Float32Array.of(2) } }, head);
  assert.deepEqual([seen.predicted, seen.characters], [2, 2]);
  assert.equal(task.observe("ab", encoding, undefined, head).predicted, undefined);
  assert.ok(task.features({ head }).some(({ name }) => name === "predictedNumber"));
});

Deno.test("numbers are read from JSON and from CSV", () => {
  const read = (score: unknown) => task.target({ score }, "tweets.csv line 2", task.columns);
  assert.deepEqual([read(-1.5), read("2.5")], [-1.5, 2.5]);
  for (const wrong of ["good", "", null]) {
    assert.throws(
      () => read(wrong),
      (error: Error) =>
        error instanceof DataError && /line 2: column "score" is .* a number/.test(error.message),
    );
  }
});

Deno.test("a head knows mean and deviation; numbers that are all the same are refused in one line", () => {
  const head = trained.headOf(rows(1, 3), "tweets");
  assert.deepEqual(trained.measured!(head, [1, 3], "tweets"), { labels: ["score"], mean: 2, deviation: 1 });
  assert.throws(
    () => trained.measured!(head, [0.1, 0.1, 0.1], "tweets"),
    /^DataError: tweets: every row to train on has the number 0\.1; numbers that differ are needed$/,
  );
  assert.throws(
    () => trained.measured!(head, [5, 1e308], "tweets"),
    /^DataError: tweets: a row has the number 1e\+308; numbers to train on are between -1000000000000000000 and 1/,
  );
});

Deno.test("scores are errors in the data's unit and correlations; a model that answers a constant is judged without those", () => {
  const judge = (predictions: number[], resamples?: number) =>
    task.judge([1, 2, 3, 5], predictions.map((value) => [answer(value)]), { head, resamples });
  const { metrics, text } = judge([1, 2, 4, 5], 200);
  assert.deepEqual(Object.keys(metrics), ["mae", "rmse", "r2", "pearson", "spearman"]);
  assert.deepEqual([metrics.mae.value, metrics.rmse.value, metrics.spearman.value], [0.25, 0.5, 1]);
  assert.ok(metrics.mae.high > metrics.mae.low);
  assert.match(text(), /rmse +0\.5000/);
  assert.deepEqual(Object.keys(judge([2, 2, 2, 2], 200).metrics), ["mae", "rmse", "r2"]);
});

Deno.test("training counts in deviations from the mean, and folding them in gives the same answers without", async () => {
  const spec: ModelSpec = {
    task: "text-regression",
    config: mlpConfig({ vocabSize: 30, embeddingSize: 8, hiddenSize: 8 }),
    head,
  };
  const rescaling = trained.rescaling!(architectureOf(spec.config), head);
  const plain = forwardGraph(spec);
  const answers = async (graph: Graph, states: Parameters<typeof rescaling.fold>[0]) => {
    const bindings = { batch: 2, sequence: 3 };
    const program = await createInterpBackend().compile(graph, { bindings });
    await program.write(states);
    const ids = {
      input_ids: hostTensor("i32", [2, 3], [2, 7, 3, 2, 9, 3]),
      attention_mask: hostTensor("i32", [2, 3], Array(6).fill(1)),
    };
    return [...(await program.run(ids)).logits.data as Float32Array];
  };
  const states = initialStates(plain, 3);
  const inTraining = await answers(rescaling.pass(plain), states);
  const own = await answers(plain, rescaling.fold(states));
  assert.ok(inTraining.every((value) => Math.abs(value - 1000) < 200) && inTraining[0] !== inTraining[1]);
  own.forEach((value, i) =>
    assert.ok(Math.abs(value - inTraining[i]) < 1e-3, `${value} and ${inTraining[i]}`)
  );
  const back = await answers(rescaling.pass(plain), rescaling.unfold(rescaling.fold(states)));
  back.forEach((value, i) => assert.ok(Math.abs(value - inTraining[i]) < 1e-2));
});

Deno.test("the loss is the squared error in deviations; smoothed labels are refused", async () => {
  const { feeds } = trained.padTargets([1000, 1100], { rows: 3, sequence: 4 }, head);
  const { loss } = await runOnce((b) => {
    b.output("loss", trained.objective(b, { logits: b.input("logits", "f32", ["batch", 1]) }, head, {}).loss);
    assert.throws(
      () => trained.objective(b, { logits: b.scalar(0) }, head, { labelSmoothing: 0.1 }),
      /Cannot smooth labels of text-regression/,
    );
  }, { feeds: { ...feeds, logits: hostTensor("f32", [3, 1], [1050, 1000, 7]) }, bindings: { batch: 3 } });
  assert.equal(loss.data[0], (1 + 4) / 2);
});

Deno.test("a checkpoint with one logit is a regression model in its own units, one with more is not", () => {
  assert.deepEqual(trained.headOfConfig!({ id2label: { 0: "LABEL_0" } }, {}), {
    labels: ["LABEL_0"],
    mean: 0,
    deviation: 1,
  });
  assert.equal(trained.headOfConfig!({ id2label: { 0: "a", 1: "b" } }, {}), undefined);
  assert.equal(servedTask("text-regression").head.safeParse(head).success, true);
  assert.equal(
    servedTask("text-regression").head.safeParse({ labels: ["a", "b"], mean: 0, deviation: 1 }).success,
    false,
  );
  const json = trained.configJson(architectureOf({ modelType: "bert" }), head);
  assert.deepEqual([json.problem_type, json.id2label], ["regression", { 0: "score" }]);
});

Deno.test("mean and deviation are those of the rows to train on, whatever numbers the held-out ones have", () => {
  const options = {
    task: "text-regression",
    source: "tweets",
    seed: 3,
    vocabSize: 100,
    maxTokens: 16,
    output: { progress() {}, draw() {}, terminal: false },
  } as const;
  const word = (i: number) => String(i).replace(/\d/g, (digit) => "abcdefghij"[Number(digit)]);
  const texts = Array.from(
    { length: 60 },
    (_, i) => [0, 1, 2, 3].map((k) => word(1000 + 17 * i + k)).join(" "),
  );
  const rowsOf = (target: (text: string) => number) =>
    texts.map((text) => ({ queries: [text], target: target(text) }));
  const inTest = new Set(
    prepare(rowsOf((text) => texts.indexOf(text)), options).parts.test.map(({ row: { queries: [q] } }) => q),
  );
  assert.ok(inTest.size > 5);
  // The same split once more, in which only what is held out has changed.
  const { head, parts } = prepare(rowsOf((text) => inTest.has(text) ? 1e6 : texts.indexOf(text)), options);
  const numbers = parts.train.map(({ row }) => row.target as number);
  const mean = numbers.reduce((sum, n) => sum + n, 0) / numbers.length;
  assert.ok(
    Math.max(...numbers) < 100 && Math.abs((head as typeof head & { mean: number }).mean - mean) < 1e-9,
  );
});
