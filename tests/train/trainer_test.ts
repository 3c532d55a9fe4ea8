import assert from "node:assert/strict";
import { createInterpBackend } from "../../src/backend/interp/interp.ts";
import { bundleStates, continueFrom, hostTensor } from "../../src/graph/graph.ts";
import type { Batch, Batches } from "../../src/nn/batch.ts";
import { adamw } from "../../src/nn/optim/adamw.ts";
import { constant } from "../../src/nn/optim/schedule.ts";
import { sgd } from "../../src/nn/optim/sgd.ts";
import { readSafetensors } from "../../src/nn/safetensors.ts";
import type { StepRecord, TrainOptions } from "../../src/train/options.ts";
import { hasCheckpoint } from "../../src/train/checkpoint.ts";
import { createEvaluator } from "../../src/train/evaluator.ts";
import { train } from "../../src/train/trainer.ts";
import { tinyBatches, tinyExamples, tinyRun, tinySpec } from "./tiny.ts";
import { trainableModel } from "../../src/tasks/model.ts";

async function inTempDir(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await use(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Aborts when so many steps were read back. */
function abortAfter(steps: number): Pick<TrainOptions, "signal" | "callbacks" | "drainEvery"> {
  const controller = new AbortController();
  const onStep = ({ step }: StepRecord) => step >= steps && controller.abort();
  return { signal: controller.signal, callbacks: { onStep }, drainEvery: 1 };
}

Deno.test("training learns, over buckets of two lengths, and the best epoch's parameters come back", async () => {
  const result = await train(tinyRun({ epochs: 25 }));
  assert.equal(result.status, "finished");
  assert.equal(result.steps.length, 150);
  assert.deepEqual(result.steps.map(({ step }) => step), Array.from({ length: 150 }, (_, i) => i + 1));
  assert.ok(result.best!.evaluation!.accuracy >= 0.9, `accuracy ${result.best!.evaluation!.accuracy}`);
  assert.ok(result.steps.at(-1)!.loss < 0.5 * result.steps[0].loss);
  const second = result.steps.filter(({ epoch }) => epoch === 2);
  const mean = second.reduce((sum, { loss }) => sum + loss, 0) / second.length;
  assert.ok(Math.abs(result.epochs[1].trainLoss - mean) < 1e-12);
  assert.ok(result.memory.stateBytes > 0 && result.memory.workBytes > 0 && result.memory.parameters > 0);
});

Deno.test("the same options give the same losses, another seed gives others", async () => {
  const losses = async (seed: number) =>
    (await train(tinyRun({ seed, epochs: 1 }))).steps.map(({ loss }) => loss);
  assert.deepEqual(await losses(11), await losses(11));
  assert.notDeepEqual(await losses(12), await losses(11));
});

Deno.test("how often losses are read back changes none of them", async () => {
  const losses = async (drainEvery: number) =>
    (await train(tinyRun({ drainEvery, epochs: 1 }))).steps.map(({ loss }) => loss);
  assert.deepEqual(await losses(1), await losses(100));
});

Deno.test("an interrupted run saves, says how to go on, and resumes to the same losses and parameters", async () => {
  const whole = await train(tinyRun());
  for (const stop of [1, 6, 8]) { // at the first step, at the end of an epoch, within one
    await inTempDir(async (directory) => {
      let text = "";
      const output = { write: (part: string) => text += part, isTerminal: false };
      const first = await train(tinyRun({
        ...abortAfter(stop),
        checkpoint: { directory },
        progress: output,
        resumeHint: "run weir train --resume",
      }));
      assert.equal(first.status, "interrupted");
      assert.equal(first.step, stop);
      assert.match(text, new RegExp(`interrupted at step ${stop} of 18; saved .*checkpoint.safetensors`));
      assert.match(text, /To go on, run weir train --resume/);
      const second = await train(tinyRun({ checkpoint: { directory, resume: true } }));
      assert.equal(second.status, "finished");
      assert.deepEqual([...first.steps, ...second.steps], whole.steps);
      assert.deepEqual(second.losses, whole.losses);
      assert.deepEqual(second.epochs, whole.epochs);
      assert.deepEqual(second.parameters, whole.parameters);
    });
  }
});

Deno.test("a finished run that is resumed has nothing left to do", async () => {
  await inTempDir(async (directory) => {
    const first = await train(tinyRun({ checkpoint: { directory } }));
    const again = await train(tinyRun({ checkpoint: { directory, resume: true } }));
    assert.equal(again.status, "finished");
    assert.equal(again.steps.length, 0);
    assert.deepEqual(again.parameters, first.parameters);
    assert.deepEqual(again.best, first.best);
  });
});

Deno.test("what the best epoch and its checkpoint both hold is read from the device once", async () => {
  await inTempDir(async (directory) => {
    const backend = createInterpBackend();
    const read: string[] = [];
    const compile = backend.compile.bind(backend);
    backend.compile = async (...args) => {
      const program = await compile(...args);
      const original = program.read.bind(program);
      program.read = (names) => {
        read.push(...names ?? []);
        return original(names);
      };
      return program;
    };
    await train(tinyRun({ backend, epochs: 1, checkpoint: { directory } }));
    assert.ok(read.includes("classifier.weight") && read.includes("adamw.m.classifier.weight"));
    assert.deepEqual(read, [...new Set(read)]);
  });
});

Deno.test("the optimiser that is given makes the updates, and what it keeps is all that is kept beside the model", async () => {
  await inTempDir(async (directory) => {
    const schedule = () => constant(0.5);
    await train(tinyRun({ epochs: 1, optimiser: sgd(), schedule, checkpoint: { directory } }));
    const { tensors } = readSafetensors(await Deno.readFile(`${directory}/checkpoint.safetensors`));
    const model = bundleStates(trainableModel(tinySpec()).forward({ training: true })).map(({ name }) =>
      name!
    );
    assert.deepEqual(Object.keys(tensors).sort(), [...model, "rng", "step"].sort());
    const identity = { optimiser: adamw(), schedule, checkpoint: { directory, resume: true } };
    await assert.rejects(
      train(tinyRun({ epochs: 1, ...identity })),
      /optimiser.*"sgd" there and is "adamw" now/,
    );
  });
});

Deno.test("one checkpoint and one best file are kept", async () => {
  await inTempDir(async (directory) => {
    const { best } = await train(tinyRun({ checkpoint: { directory, everySteps: 2 } }));
    const names = (await Array.fromAsync(Deno.readDir(directory))).map(({ name }) => name).sort();
    assert.equal(names.length, 2);
    assert.equal(names[0], "checkpoint.safetensors");
    assert.match(names[1], new RegExp(`^epoch-${best!.step}-[0-9a-f]{16}\\.safetensors$`));
  });
});

Deno.test("a run does not resume on other data or settings, and says which differ", async () => {
  await inTempDir(async (directory) => {
    const identity = { dataHash: "sha256:aa", model: { hidden_size: 8 } };
    const run = (changes: Parameters<typeof tinyRun>[0], other: Record<string, unknown> = {}) =>
      train(
        tinyRun({
          ...changes,
          checkpoint: { directory, resume: true, identity: { ...identity, ...other } as never },
        }),
      );
    await train(tinyRun({ ...abortAfter(2), checkpoint: { directory, identity } }));
    await assert.rejects(run({}, { dataHash: "sha256:bb" }), {
      name: "ResumeError",
      message: /dataHash was "sha256:aa" there and is "sha256:bb" now/,
    });
    await assert.rejects(
      run({}, { model: { hidden_size: 9 } }),
      /model\.hidden_size was 8 there and is 9 now/,
    );
    await assert.rejects(run({ seed: 12 }), /seed was 11 there and is 12 now/);
    await assert.rejects(
      run({ learningRate: 0.5 }),
      /schedule\.peak was 0.02 there and is 0.5 now/,
    );
    assert.equal((await run({})).status, "finished");
  });
});

Deno.test("a damaged checkpoint is refused by name", async () => {
  await inTempDir(async (directory) => {
    await train(tinyRun({ ...abortAfter(2), checkpoint: { directory } }));
    const path = `${directory}/checkpoint.safetensors`;
    const bytes = await Deno.readFile(path);
    await Deno.writeFile(path, bytes.slice(0, -5));
    await assert.rejects(train(tinyRun({ checkpoint: { directory, resume: true } })), {
      message: /Cannot read .*checkpoint\.safetensors: .*cut short/,
    });
    const { "metadata": _, tensors } = readSafetensors(bytes);
    const { writeSafetensors } = await import("../../src/nn/safetensors.ts");
    await Deno.writeFile(path, writeSafetensors(tensors));
    await assert.rejects(
      train(tinyRun({ checkpoint: { directory, resume: true } })),
      /no checkpoint of a run/,
    );
    const record = JSON.parse(readSafetensors(bytes).metadata.weir);
    const before = JSON.stringify({ ...record, format: "weir-checkpoint/1" });
    await Deno.writeFile(path, writeSafetensors(tensors, { metadata: { weir: before } }));
    await assert.rejects(train(tinyRun({ checkpoint: { directory, resume: true } })), {
      name: "ResumeError",
      message:
        `Cannot resume from ${path}: its format is "weir-checkpoint/1", this version reads "weir-checkpoint/3"`,
    });
    record.place.step = null;
    await Deno.writeFile(path, writeSafetensors(tensors, { metadata: { weir: JSON.stringify(record) } }));
    await assert.rejects(
      train(tinyRun({ checkpoint: { directory, resume: true } })),
      /its record of the run is damaged: place\.step is null, wanted a whole number of at least 0/,
    );
  });
});

Deno.test("a loss that is not finite stops the run at its step and tensor, and the last good checkpoint stays", async () => {
  await inTempDir(async (directory) => {
    let saved: number | undefined;
    let text = "";
    await assert.rejects(
      train(tinyRun({
        learningRate: 1e20,
        warmupSteps: 0,
        maxGradNorm: 0,
        checkpoint: { directory, everySteps: 1 },
        drainEvery: 6,
        progress: { write: (part) => text += part, isTerminal: false },
        callbacks: { onCheckpoint: (_, step) => saved = step },
      })),
      (error: Error) => {
        assert.equal(error.name, "TrainingError");
        assert.match(error.message, /^Training stopped (at|after) step \d+/);
        assert.match(error.message, /"[a-z.0-9]+(weight|bias)"|"adamw\.[mv]\./);
        assert.match(error.message, /Try a lower learning rate \(it is 100000000000000000000\)/);
        if (saved !== undefined) {
          assert.match(
            error.message,
            new RegExp(`last good checkpoint, of step ${saved}, is .*checkpoint.safetensors`),
          );
        }
        return true;
      },
    );
    assert.ok(saved !== undefined && saved >= 1, "a good checkpoint was written before");
    const { tensors } = readSafetensors(await Deno.readFile(`${directory}/checkpoint.safetensors`));
    assert.ok(Object.values(tensors).every(({ data }) => data.every((v: number) => Number.isFinite(v))));
  });
});

Deno.test("states that are not finite never take the place of a good checkpoint", async () => {
  await inTempDir(async (directory) => {
    // The rate is infinite in f32: the first step's loss and gradients are sound, what it writes is not.
    const run = tinyRun({
      learningRate: 1e39,
      warmupSteps: 0,
      checkpoint: { directory, everySteps: 1 },
    });
    await assert.rejects(train(run), {
      name: "TrainingError",
      message:
        /^Training stopped after step 1: "[^"]+" holds values that are not finite. No checkpoint was written yet/,
    });
    assert.equal(await hasCheckpoint(directory), false);
  });
});

Deno.test("a NaN that comes in with the weights is an error at step 1 that names the tensor", async () => {
  const initial = { "classifier.bias": hostTensor("f32", [2], [0, NaN]) };
  await assert.rejects(
    train(tinyRun({ initial })),
    /^TrainingError: Training stopped at step 1 \(epoch 1\): the loss is NaN; .* bad gradient is "embeddings.weight"/,
  );
});

Deno.test("a run that no longer gets better stops early and returns its best", async () => {
  // Labels that say nothing about the texts: held-out loss cannot go on falling.
  const noise = tinyExamples(48).map((example, i) => ({ ...example, label: i % 2 }));
  const options = tinyRun({
    batches: (epoch) => tinyBatches(noise, { batchSize: 8, bucketLengths: [8], seed: 5, epoch }),
    epochs: 40,
    patience: 3,
    bestBy: { metric: "loss", better: "lower" },
  });
  const result = await train(options);
  assert.equal(result.status, "stopped early");
  const bestLoss = Math.min(...result.epochs.map((epoch) => epoch.evaluation!.loss));
  assert.equal(result.best!.evaluation!.loss, bestLoss);
  assert.equal(result.epochs.length, result.best!.epoch + 3);
  const evaluator = createEvaluator(options.backend, options.model);
  await evaluator.load(result.parameters);
  assert.equal((await evaluator.run(options.evaluation!.batches))!.loss, bestLoss);
  await evaluator.dispose();
});

Deno.test("with a tolerance, a later epoch takes the best one's place unless it is worse by more", async () => {
  const run = async (tolerance: number) => {
    const { best, epochs } = await train(tinyRun({
      epochs: 12,
      learningRate: 0.1,
      bestBy: { metric: "accuracy", better: "higher", tolerance },
    }));
    return { chosen: best!.epoch, accuracies: epochs.map(({ evaluation }) => evaluation!.accuracy) };
  };
  const strict = await run(0);
  const highest = Math.max(...strict.accuracies);
  assert.equal(strict.accuracies[strict.chosen - 1], highest);
  assert.equal((await run(1)).chosen, 12);
  const some = await run(0.1);
  assert.equal(some.chosen, 1 + some.accuracies.findLastIndex((accuracy) => accuracy >= highest - 0.1));
});

Deno.test("a callback that throws is reported once and stops nothing", async () => {
  let text = "";
  const { status } = await train(tinyRun({
    epochs: 1,
    progress: { write: (part) => text += part, isTerminal: false },
    callbacks: {
      onStep: () => {
        throw new Error("the tracker is away");
      },
    },
  }));
  assert.equal(status, "finished");
  assert.equal(text.match(/the tracker is away/g)?.length, 1);
});

Deno.test("a checkpoint directory that cannot be made is one line", async () => {
  await inTempDir(async (directory) => {
    await Deno.writeTextFile(`${directory}/file`, "");
    await assert.rejects(
      train(tinyRun({ checkpoint: { directory: `${directory}/file/run`, everySteps: 1 } })),
      {
        name: "CheckpointError",
        message: /^Cannot save .*file\/run\/checkpoint\.safetensors: [^\n]+$/,
      },
    );
  });
});

Deno.test("options that make no sense are refused before anything is built", async () => {
  await assert.rejects(train(tinyRun({ epochs: 0 })), /epochs must be a whole number from 1, got 0/);
  await assert.rejects(
    train(tinyRun({ learningRate: -1 })),
    /learning rate must be positive, got -1/,
  );
  await assert.rejects(train(tinyRun({ accumulate: 0 })), /accumulate must be a whole number from 1, got 0/);
});

Deno.test("a run resumed with evaluation after epochs without it goes on, and its best is among those evaluated", async () => {
  await inTempDir(async (directory) => {
    const blind = tinyRun({ ...abortAfter(8), checkpoint: { directory } });
    await train({ ...blind, evaluation: undefined });
    const { best, epochs } = await train(tinyRun({ checkpoint: { directory, resume: true } }));
    assert.equal(epochs[0].evaluation, undefined);
    assert.ok(best!.epoch >= 2);
  });
});

Deno.test("outputs that are not finite are neither class 0 nor the best epoch", async () => {
  const model = trainableModel(tinySpec());
  const broken = {
    ...model,
    forward(mode: { training: boolean }) {
      const graph = model.forward(mode);
      if (mode.training) return graph;
      const b = continueFrom({ ...graph, outputs: {} });
      b.output("logits", b.div(b.sub(graph.outputs.logits, graph.outputs.logits), 0)); // NaN
      return b.graph();
    },
  };
  await assert.rejects(train(tinyRun({ model: broken })), {
    name: "TrainingError",
    message:
      /^Training stopped at the evaluation after epoch 1: the model gave a score in "logits" that is not a finite number/,
  });
});

Deno.test("a loss that is a mean over tokens counts tokens, also when batches of uneven length are accumulated", async () => {
  // Each row's weight is its number of tokens: what a token classifier's loss averages over.
  const weighted = (batches: Batches): Batches => {
    const at = (k: number): Batch => {
      const batch = batches.at(k);
      const { attention_mask: mask, weights } = batch.feeds;
      const [rows, length] = mask.shape;
      const tokens = Array.from(
        { length: rows },
        (_, row) =>
          weights.data[row] === 0
            ? 0
            : (mask.data as Int32Array).subarray(row * length, (row + 1) * length).reduce((n, v) => n + v, 0),
      );
      return {
        ...batch,
        feeds: { ...batch.feeds, weights: hostTensor("f32", [rows], tokens) },
        weight: tokens.reduce((sum, n) => sum + n, 0),
      };
    };
    return {
      ...batches,
      at,
      *[Symbol.iterator]() {
        for (let k = 0; k < batches.length; k++) yield at(k);
      },
    };
  };
  const run = (batchSize: number, accumulate: number) =>
    train(tinyRun({
      model: trainableModel(tinySpec(0)),
      batches: () => weighted(tinyBatches(tinyExamples(46), { batchSize, bucketLengths: [8] })),
      accumulate,
    }));
  const [large, small] = [await run(16, 1), await run(4, 4)];
  small.steps.forEach(({ loss, gradNorm }, i) => {
    assert.ok(Math.abs(loss - large.steps[i].loss) <= 1e-5 * loss, `loss of step ${i + 1}`);
    assert.ok(Math.abs(gradNorm - large.steps[i].gradNorm) <= 1e-5 * gradNorm, `gradients of step ${i + 1}`);
  });
});
