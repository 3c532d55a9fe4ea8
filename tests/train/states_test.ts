import assert from "node:assert/strict";
import { createBuilder } from "../../src/graph/graph.ts";
import { linear } from "../../src/nn/layers.ts";
import { readSafetensors } from "../../src/nn/safetensors.ts";
import { trainableModel } from "../../src/tasks/model.ts";
import type { TrainableModel } from "../../src/nn/objective.ts";
import { train } from "../../src/train/trainer.ts";
import { candidates, testOn } from "../backend/available.ts";
import { head, tinyRun, tinySpec } from "./tiny.ts";

/** Frozen embeddings, their maximum over a text less its running mean over the batches, and a layer that is trained. */
const model: TrainableModel = {
  ...trainableModel(tinySpec()),
  forward({ training }) {
    const b = createBuilder();
    const inputIds = b.input("input_ids", "i32", ["batch", "sequence"]);
    const init = { kind: "normal", std: 1 } as const;
    const table = b.parameter("embeddings.weight", [30, 8], init, { trainable: false });
    const mean = b.buffer("running_mean", "f32", [8], { init: { kind: "fill", value: 0 } });
    const words = b.max(b.gather(table, inputIds), [1]); // [B, 8]
    if (training) {
      const rows = b.sum(b.broadcast(b.scalar(1), [inputIds.shape[0]]));
      b.update(mean, b.add(b.mul(mean, 0.9), b.mul(b.div(b.sum(words, [0]), rows), 0.1)));
    }
    b.output("logits", linear(b, b.sub(words, mean), { name: "classifier", in: 8, out: head.labels.length }));
    return b.graph();
  },
};

for (const candidate of candidates.filter(({ device }) => device !== "native")) {
  testOn(
    candidate,
    "buffers and frozen parameters are saved, restored and returned, and only what is trained has moments",
    async (backend) => {
      const directory = await Deno.makeTempDir();
      try {
        const whole = await train(tinyRun({ backend, model }));
        assert.deepEqual(Object.keys(whole.parameters).sort(), [
          "classifier.bias",
          "classifier.weight",
          "embeddings.weight",
          "running_mean",
        ]);
        assert.equal(whole.memory.parameters, 8 * 2 + 2);
        assert.notEqual(whole.parameters.running_mean.data[0], 0);
        const controller = new AbortController();
        const first = await train(tinyRun({
          backend,
          model,
          signal: controller.signal,
          callbacks: { onStep: ({ step }) => step >= 7 && controller.abort() },
          drainEvery: 1,
          checkpoint: { directory },
        }));
        const { tensors } = readSafetensors(await Deno.readFile(`${directory}/checkpoint.safetensors`));
        const kept = Object.keys(tensors);
        assert.ok(["running_mean", "embeddings.weight", "step"].every((name) => kept.includes(name)));
        assert.deepEqual(kept.filter((name) => name.startsWith("adamw.m.")).sort(), [
          "adamw.m.classifier.bias",
          "adamw.m.classifier.weight",
        ]);
        const second = await train(tinyRun({ backend, model, checkpoint: { directory, resume: true } }));
        assert.deepEqual([...first.steps, ...second.steps], whole.steps);
        assert.deepEqual(second.epochs, whole.epochs);
        assert.deepEqual(second.parameters, whole.parameters);
      } finally {
        await Deno.remove(directory, { recursive: true });
      }
    },
  );
}
