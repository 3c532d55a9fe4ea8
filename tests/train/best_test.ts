import assert from "node:assert/strict";
import { averageParameters } from "../../src/train/retention.ts";
import { createEvaluator } from "../../src/train/evaluator.ts";
import { constant } from "../../src/nn/optim/schedule.ts";
import { train } from "../../src/train/trainer.ts";
import { withFolder } from "../folder.ts";
import { tinyBatches, tinyExamples, tinyRun } from "./tiny.ts";

/** A run whose held-out loss is that of the list, epoch after epoch, and whose accuracy stays the same. */
function scripted(losses: readonly number[], options: Parameters<typeof tinyRun>[0] = {}) {
  const lines: string[] = [];
  let epoch = 0;
  const run = tinyRun({
    epochs: losses.length,
    bestBy: { metric: "score", better: "lower", tolerance: 0.02 },
    progress: { write: (text) => lines.push(text), isTerminal: false },
    ...options,
  });
  const evaluation = { ...run.evaluation!, score: () => ({ score: losses[epoch++] }) };
  return { lines, result: train({ ...run, evaluation }) };
}

const PLATEAU = [0.683, 0.692, 0.702, 0.701, 0.7];

Deno.test("on a plateau patience runs out: an epoch within the tolerance is no gain, and not called the best so far", async () => {
  const { lines, result } = scripted(PLATEAU, { patience: 2 });
  const { status, epochs, best } = await result;
  assert.deepEqual([status, epochs.length, best?.epoch], ["stopped early", 3, 1]);
  const called = lines.filter((line) => /^epoch \d+\/5 {2}train/.test(line)).map((line) =>
    line.includes("best so far")
  );
  assert.deepEqual(called, [true, false, false]);
});

Deno.test("a run that goes to its end takes a later epoch within the tolerance, once the learning rate has come down", async () => {
  const { lines, result } = scripted(PLATEAU);
  assert.equal((await result).best?.epoch, 5);
  assert.ok(
    lines.some((line) => line.startsWith("epoch 5 is taken: its score is within 0.02 of that of epoch 1,")),
  );
  const steady = scripted(PLATEAU, { schedule: () => constant(0.02) });
  assert.equal((await steady.result).best?.epoch, 1);
});

Deno.test("a gain smaller than min-delta does not reset patience", async () => {
  const falling = [0.7, 0.699, 0.698, 0.697, 0.696];
  assert.equal((await scripted(falling, { patience: 2 }).result).epochs.length, 5);
  const { epochs, best } = await scripted(falling, { patience: 2, minDelta: 0.01 }).result;
  assert.deepEqual([epochs.length, best?.epoch], [3, 3]);
});

Deno.test("a run of so many steps ends there, with an evaluation, and is finished", async () => {
  const { status, step, epochs, steps, best } = await train(tinyRun({ maxSteps: 8 }));
  assert.deepEqual([status, step, epochs.map((epoch) => epoch.step), best !== undefined], ["finished", 8, [
    6,
    8,
  ], true]);
  const last = steps.slice(6).map(({ loss }) => loss);
  assert.equal(epochs[1].trainLoss, (last[0] + last[1]) / 2);
  assert.equal(steps[7].learningRate, 0.02 / 7, "the schedule falls over the steps that there are");
});

Deno.test("epochs are kept beside the checkpoint, and any of them or their mean can be taken, at once or from a resumed run", () =>
  withFolder(async (directory) => {
    const keep = { count: 2, by: "last" } as const;
    const run = (options: Parameters<typeof tinyRun>[0], resume = false) =>
      train(tinyRun({ epochs: 4, keep, ...options, checkpoint: { directory, resume } }));
    const given = (await run({})).kept.map(({ epoch }) => epoch);
    assert.deepEqual(given.slice(-2), [3, 4]);
    const [third, last] = [await run({ use: 3 }, true), await run({ use: "last" }, true)];
    assert.deepEqual((await train(tinyRun({ epochs: 4, use: 3 }))).parameters, third.parameters);
    assert.equal(third.best?.epoch, 3);
    assert.notDeepEqual(third.parameters, last.parameters);
    const mean = await run({ use: "average" }, true);
    assert.deepEqual(mean.parameters, averageParameters([third.parameters, last.parameters]));
    assert.equal(mean.best, undefined);
    await assert.rejects(
      run({ use: 2 }, true),
      /^ResumeError: Cannot take the parameters of epoch 2: they were not kept\. /,
    );
  }));

Deno.test("the best epochs are kept by their metric", () =>
  withFolder(async (directory) => {
    const { result } = scripted([0.5, 0.2, 0.4, 0.3], {
      keep: { count: 2, by: "best" },
      checkpoint: { directory },
      bestBy: { metric: "score", better: "lower" },
    });
    const { kept, best } = await result;
    assert.deepEqual([kept.map(({ epoch }) => epoch), best?.epoch], [[2, 4], 2]);
  }));

Deno.test("the parameters that are given are those of the epoch that is named", async () => {
  const options = tinyRun({ epochs: 3, use: 2 });
  const { parameters, epochs } = await train(options);
  const evaluator = createEvaluator(options.backend, options.model);
  await evaluator.load(parameters);
  const held = tinyBatches(tinyExamples(20, 1), { batchSize: 8, bucketLengths: [4, 8] });
  assert.equal((await evaluator.run(held))!.loss, epochs[1].evaluation!.loss);
  await evaluator.dispose();
});
