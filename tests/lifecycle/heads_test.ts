import assert from "node:assert/strict";
import { bertConfig } from "../../models/bert.ts";
import { architectureOf } from "../../models/index.ts";
import { trainableStates } from "../../src/graph/states.ts";
import { startOf } from "../../src/lifecycle/fit.ts";
import { type Pretrained, specOf } from "../../src/lifecycle/pretrained.ts";
import { initialStates } from "../../src/nn/init.ts";
import { forwardGraph, type ModelSpec } from "../../src/tasks/model.ts";
import type { TaskName } from "../../src/tasks/served.ts";
import { trainedTasks } from "../../src/tasks/trained.ts";
import { withFolder } from "../folder.ts";
import { goldenTokenizer } from "./golden_tokenizer.ts";

Deno.test("a checkpoint's head is taken where it has the same labels in the same order, and is trained though the trunk is frozen", () => {
  const config = bertConfig({ vocabSize: 50, layers: 1, hiddenSize: 8, heads: 2 });
  const of = (task: TaskName, labels: string[]): ModelSpec => ({ task, config, head: { labels } });
  const start = (from: ModelSpec, to: ModelSpec) => {
    const configJson = { ...trainedTasks[from.task].configJson(architectureOf(config), from.head) };
    const tensors = initialStates(forwardGraph(from), 1);
    const pretrained = {
      name: "x",
      config,
      configJson,
      tensors,
      ...goldenTokenizer,
      hash: "",
    };
    const { states, missing, passes: [freeze] } = startOf(to, { pretrained, freezeTrunk: true });
    const trained = trainableStates(freeze(forwardGraph(to)));
    const head = ["classifier.weight", "classifier.bias"];
    const pooler = to.task === "text-classification"
      ? ["bert.pooler.dense.weight", "bert.pooler.dense.bias"]
      : [];
    assert.deepEqual(trained.map(({ name }) => name), [...pooler, ...head]);
    assert.ok(Object.hasOwn(states, "bert.embeddings.LayerNorm.weight"));
    assert.equal(head.every((name) => Object.hasOwn(states, name)), !missing.includes(head[0]));
    return Object.hasOwn(states, head[0]) ? "taken" : "new";
  };
  const spam = of("text-classification", ["ham", "spam"]);
  assert.equal(start(spam, spam), "taken");
  assert.equal(start(spam, of("text-classification", ["spam", "ham"])), "new");
  assert.equal(start(spam, of("token-classification", ["ham", "spam"])), "new");
  assert.equal(
    start(of("token-classification", ["O", "B-A"]), of("token-classification", ["O", "B-A", "I-A"])),
    "new",
  );
});

Deno.test("the task of a folder from elsewhere is that of its config's class", async () => {
  await withFolder(async (folder) => {
    const config = bertConfig({ vocabSize: 50 });
    const spec = async (architectures?: string[], task?: TaskName) => {
      const id2label = { 0: "O", 1: "B-PER" };
      const configJson = { ...architectureOf(config).json(config), id2label, architectures };
      const pretrained: Pretrained = {
        name: "x",
        config,
        configJson,
        tensors: {},
        hash: "",
        ...goldenTokenizer,
      };
      const { head, ...found } = await specOf(folder, pretrained, { task });
      assert.deepEqual(
        head,
        found.task === "sentence-embeddings"
          ? { pooling: "mean", normalize: true }
          : { labels: ["O", "B-PER"] },
      );
      return found.task;
    };
    assert.equal(await spec(["BertForTokenClassification"]), "token-classification");
    assert.equal(await spec(["BertForSequenceClassification"]), "text-classification");
    assert.equal(await spec(), "text-classification");
    assert.equal(await spec(undefined, "token-classification"), "token-classification");
    // Without a head it makes vectors, as in sentence-transformers.
    assert.equal(await spec(["BertForPreTraining"]), "sentence-embeddings");
    await assert.rejects(
      spec(["BertForPreTraining"], "text-classification"),
      /x: config\.json describes no head of .*; it is of \["BertForPreTraining"\]/,
    );
  });
});
