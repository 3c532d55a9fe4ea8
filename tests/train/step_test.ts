import assert from "node:assert/strict";
import { createInterpBackend } from "../../src/backend/interp/interp.ts";
import { createOrtBackend } from "../../src/backend/ort/backend.ts";
import { hostTensor } from "../../src/graph/graph.ts";
import { readSafetensors } from "../../src/nn/safetensors.ts";
import type { StepRecord, TrainOptions } from "../../src/train/options.ts";
import { train } from "../../src/train/trainer.ts";
import { trainableModel } from "../../src/tasks/model.ts";
import { tinyBatches, tinyExamples, tinyRun, tinySpec } from "./tiny.ts";

const losses = (steps: readonly StepRecord[]) => steps.map(({ loss }) => loss);

/** A run without dropout over batches of that many of 46 examples, in the list's order: the last one is not full. */
function evenRun(batchSize: number, accumulate: number): TrainOptions {
  return tinyRun({
    model: trainableModel(tinySpec(0)),
    batches: () => tinyBatches(tinyExamples(46), { batchSize, bucketLengths: [8] }),
    learningRate: 0.02,
    accumulate,
  });
}

Deno.test("a step of four batches is the step of one that is four times as large", async () => {
  const large = await train(evenRun(16, 1));
  const small = await train(evenRun(4, 4));
  assert.equal(small.steps.length, large.steps.length);
  small.steps.forEach((step, i) => {
    for (const key of ["loss", "gradNorm", "learningRate"] as const) {
      const [got, wanted] = [step[key], large.steps[i][key]];
      assert.ok(Math.abs(got - wanted) <= 1e-5 * wanted, `${key} of step ${i + 1}: ${got}, not ${wanted}`);
    }
  });
  small.epochs.forEach(({ trainLoss }, i) => {
    assert.ok(Math.abs(trainLoss - large.epochs[i].trainLoss) < 1e-5, `mean loss of epoch ${i + 1}`);
  });
});

Deno.test("a run that accumulates resumes to the same losses, and keeps no half-added gradients", async () => {
  const options = () => tinyRun({ learningRate: 0.02, accumulate: 4 }); // steps of 4 and 2 batches
  const whole = await train(options());
  assert.equal(whole.steps.length, 6);
  const directory = await Deno.makeTempDir();
  try {
    const controller = new AbortController();
    const first = await train({
      ...options(),
      signal: controller.signal,
      callbacks: { onStep: ({ step }) => step >= 3 && controller.abort() },
      drainEvery: 1,
      checkpoint: { directory },
    });
    assert.equal(first.status, "interrupted");
    const { tensors } = readSafetensors(await Deno.readFile(`${directory}/checkpoint.safetensors`));
    assert.deepEqual(Object.keys(tensors).filter((name) => name.startsWith("accumulated.")), []);
    await assert.rejects(
      train(tinyRun({ checkpoint: { directory, resume: true } })),
      /accumulate was 4 there and is 1 now/,
    );
    const second = await train({ ...options(), checkpoint: { directory, resume: true } });
    assert.deepEqual([...first.steps, ...second.steps], whole.steps);
    assert.deepEqual(second.parameters, whole.parameters);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("in f16 the losses stay within 1% of those in f32", async () => {
  const run = (precision: "f32" | "f16") => train(tinyRun({ learningRate: 0.02, precision }));
  const [wide, half] = [await run("f32"), await run("f16")];
  assert.equal(half.skippedSteps, 0);
  assert.notDeepEqual(losses(half.steps), losses(wide.steps));
  half.steps.forEach(({ loss }, i) => {
    const wanted = wide.steps[i].loss;
    assert.ok(Math.abs(loss - wanted) <= 0.01 * wanted, `step ${i + 1}: ${loss}, in f32 ${wanted}`);
  });
});

Deno.test("steps whose gradients do not fit in f16 are skipped and counted until the scale is small enough", async () => {
  const weight = hostTensor("f32", [2, 8], Array.from({ length: 16 }, (_, i) => i < 8 ? 100 : -100));
  const initial = { "classifier.weight": weight };
  let text = "";
  const result = await train(tinyRun({
    initial,
    epochs: 1,
    learningRate: 0.02,
    precision: "f16",
    progress: { write: (part) => text += part, isTerminal: false },
  }));
  const skipped = result.steps.filter((step) => step.skipped);
  assert.ok(skipped.length > 0 && skipped.length < result.steps.length, `${skipped.length} were skipped`);
  assert.equal(result.skippedSteps, skipped.length);
  assert.match(text, new RegExp(`^${skipped.length} of the steps were skipped`, "m"));
  assert.ok(skipped.every((step, i) => step.step === i + 1), "the first ones");
  assert.ok(result.steps.filter((step) => !step.skipped).every((step) => Number.isFinite(step.gradNorm)));
});

Deno.test("a loss that is not finite stops a run in f16 too", async () => {
  const initial = { "classifier.bias": hostTensor("f32", [2], [0, NaN]) };
  await assert.rejects(
    train(tinyRun({ initial, precision: "f16" })),
    /^TrainingError: Training stopped at step 1 .*the loss is NaN.* or precision f32$/,
  );
});

Deno.test("where f16 cannot be trained in, that is an error before anything is built", async () => {
  const backend = await createOrtBackend({ device: "wasm" });
  try {
    await assert.rejects(train(tinyRun({ backend, precision: "f16" })), {
      name: "TrainingError",
      message:
        "Cannot train in f16 on wasm: f16 needs a GPU (webgpu). Train with precision f32, or on webgpu",
    });
    const gpu = { ...createInterpBackend(), device: "webgpu", precisions: ["f32"] } as const;
    await assert.rejects(
      train(tinyRun({ backend: gpu, precision: "f16" })),
      /Cannot train in f16 on webgpu: this GPU has no shader-f16\. Train with precision f32$/,
    );
  } finally {
    await backend.dispose();
  }
});

Deno.test("numbers of batches to accumulate that make no sense are refused", async () => {
  await assert.rejects(
    train(tinyRun({ accumulate: 0 })),
    /accumulate must be a whole number from 1, got 0/,
  );
});
