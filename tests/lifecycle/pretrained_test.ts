import assert from "node:assert/strict";
import { bertConfig } from "../../models/bert.ts";
import { architectureOf } from "../../models/index.ts";
import { type Pretrained, specOf } from "../../src/lifecycle/pretrained.ts";
import type { TaskName } from "../../src/tasks/served.ts";
import { withFolder } from "../folder.ts";

Deno.test("the task of a folder from elsewhere is that of its config's class", async () => {
  await withFolder(async (folder) => {
    const config = bertConfig({ vocabSize: 50 });
    const spec = async (architectures?: string[], task?: TaskName) => {
      const id2label = { 0: "O", 1: "B-PER" };
      const configJson = { ...architectureOf(config).json(config), id2label, architectures };
      const tokenizer = { tokenizer: {}, config: {} };
      const pretrained: Pretrained = { name: "x", config, configJson, tensors: {}, tokenizer, hash: "" };
      const { head, ...found } = await specOf(folder, pretrained, { task });
      assert.deepEqual(head, { labels: ["O", "B-PER"] });
      return found.task;
    };
    assert.equal(await spec(["BertForTokenClassification"]), "token-classification");
    assert.equal(await spec(["BertForSequenceClassification"]), "text-classification");
    assert.equal(await spec(), "text-classification");
    assert.equal(await spec(undefined, "token-classification"), "token-classification");
    await assert.rejects(
      spec(["BertForPreTraining"]),
      /x: config\.json describes no head of .*; it is of \["BertForPreTraining"\]/,
    );
  });
});
