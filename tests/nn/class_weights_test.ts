import assert from "node:assert/strict";
import { gradients, hostTensor } from "../../src/graph/graph.ts";
import { createBuilder } from "../../src/graph/graph.ts";
import { trainMultiLabelClassification } from "../../src/tasks/multi_label_classification/train.ts";
import { trainTextClassification } from "../../src/tasks/text_classification/train.ts";
import { trainTokenClassification } from "../../src/tasks/token_classification/train.ts";
import type { AnyTrainedTask } from "../../src/tasks/training.ts";
import golden from "../golden/losses/weights.json" with { type: "json" };
import { runOnce } from "./run.ts";

interface Case {
  kind: string;
  shape: number[];
  logits: number[];
  labels: number[];
  classWeights: number[];
  labelSmoothing?: number;
  loss: number;
  gradient: number[];
}

/** A case's task and its targets as that is fed them. */
function taskOf({ kind, shape, labels, classWeights }: Case): { task: AnyTrainedTask; targets: unknown[] } {
  const width = kind === "sigmoid" ? classWeights.length : shape[1] ?? 1;
  const rows = Array.from({ length: shape[0] }, (_, i) => labels.slice(i * width, (i + 1) * width));
  if (kind === "sigmoid") {
    return {
      task: trainMultiLabelClassification as AnyTrainedTask,
      targets: rows.map((row) => Float32Array.from(row)),
    };
  }
  return shape.length === 1
    ? { task: trainTextClassification as AnyTrainedTask, targets: rows.flat() }
    : { task: trainTokenClassification as AnyTrainedTask, targets: rows.map((row) => Int32Array.from(row)) };
}

Deno.test("class weights enter each task's loss as in PyTorch, with a row that fills the batch up, and batches by their weight", async () => {
  for (const one of golden.cases as Case[]) {
    const { classWeights, labelSmoothing, loss, gradient } = one;
    const { task, targets } = taskOf(one);
    const head = { labels: classWeights.map((_, i) => `label ${i}`) };
    const rows = targets.length + 1;
    const sequence = one.shape[1];
    const shape = [rows, ...(sequence ? [sequence] : []), classWeights.length];
    const logits = [...one.logits, ...new Array(shape.slice(1).reduce((a, b) => a * b)).fill(3)];
    const fed = task.padTargets(targets, { rows, sequence: sequence ?? 1 }, head, { classWeights });
    const found = await runOnce((b) => {
      const x = b.input(
        "x",
        "f32",
        sequence ? ["batch", "sequence", classWeights.length] : ["batch", classWeights.length],
      );
      const objective = task.objective(b, { logits: x }, head, { labelSmoothing, classWeights });
      b.output("loss", objective.loss);
      b.output("weight", objective.weight);
      b.output("gradient", gradients(b, objective.loss, [x])[0]);
    }, {
      feeds: { x: hostTensor("f32", shape, logits), ...fed.feeds },
      bindings: { batch: rows, ...(sequence && { sequence }) },
    });
    const near = (got: number, wanted: number) =>
      assert.ok(Math.abs(got - wanted) < 1e-6, `${got} for ${wanted}`);
    near(found.loss.data[0], loss);
    near(found.weight.data[0], fed.weight);
    [...found.gradient.data].forEach((got, i) => near(got, gradient[i] ?? 0));
  }
});

Deno.test("a task without class weights feeds and computes what it did without them", () => {
  const head = { labels: ["O", "B-x", "I-x"] };
  const { feeds, weight } = trainTokenClassification.padTargets([Int32Array.of(0, -100, 1)], {
    rows: 2,
    sequence: 3,
  }, head);
  assert.deepEqual([Object.keys(feeds), weight], [["labels"], 2]);
  const b = createBuilder();
  const logits = b.input("x", "f32", ["batch", "sequence", 3]);
  trainTokenClassification.objective(b, { logits }, head, {});
  assert.equal(b.find("weights"), undefined);
});

Deno.test("balanced weights: sklearn's for classes, the share of rows without a label for labels, 1 where nothing is known", () => {
  const head = { labels: ["a", "b", "c"] };
  assert.deepEqual(trainTextClassification.weighting!.balanced([0, 0, 0, 1], head), [4 / 9, 4 / 3, 1]);
  const sets = [[1, 0, 1], [1, 0, 0], [0, 0, 0], [1, 0, 0]].map((row) => Float32Array.from(row));
  assert.deepEqual(trainMultiLabelClassification.weighting!.balanced(sets, head), [1 / 3, 1, 3]);
  const tokens = [Int32Array.of(0, 0, -100, 1), Int32Array.of(0, -100)];
  assert.deepEqual(trainTokenClassification.weighting!.balanced(tokens, head), [4 / 9, 4 / 3, 1]);
});
