import assert from "node:assert/strict";
import { mlpConfig } from "../../models/mlp.ts";
import { forwardGraph } from "../../src/tasks/model.ts";
import { trainedTasks } from "../../src/tasks/trained.ts";
import type { AnyTrainedTask } from "../../src/tasks/training.ts";

Deno.test("a head whose labels are not those of its logits is refused before it is trained, as a bundle of it would be", () => {
  const task: { attach: AnyTrainedTask["attach"] } = trainedTasks["text-classification"];
  const { attach } = task;
  task.attach = (b, site) => attach(b, site, { labels: ["over 1", "over 2"] });
  try {
    const config = mlpConfig({ vocabSize: 30 });
    assert.throws(
      () => forwardGraph({ task: "text-classification", config, head: { labels: ["1", "2", "3"] } }),
      /^ShapeError: Cannot build the head of text-classification: its logits are 2 wide and it has 3 labels; a list .* another name$/,
    );
  } finally {
    task.attach = attach;
  }
});
