import assert from "node:assert/strict";
import { join } from "node:path";
import { CHECKPOINT_FILE } from "../../src/train/checkpoint.ts";
import type { TrainOptions } from "../../src/train/options.ts";
import { train } from "../../src/train/trainer.ts";
import { withFolder } from "../folder.ts";
import { tinyRun } from "./tiny.ts";

/** Stops a run after so many steps, with a checkpoint. */
async function stopped(directory: string, steps: number, options: Parameters<typeof tinyRun>[0] = {}) {
  const controller = new AbortController();
  const stopping: Partial<TrainOptions> = {
    signal: controller.signal,
    drainEvery: 1,
    callbacks: { onStep: ({ step }) => step >= steps && controller.abort() },
  };
  await train(tinyRun({ ...options, ...stopping, checkpoint: { directory } }));
}

/** Lets the disk be full from the moment on when a file of this name would be put into its place. */
async function fullDisk<T>(name: RegExp, use: () => Promise<T>): Promise<T> {
  const { rename } = Deno;
  Deno.rename = (from, to) =>
    name.test(String(to))
      ? Promise.reject(new Error("No space left on device (os error 28)"))
      : rename(from, to);
  try {
    return await use();
  } finally {
    Deno.rename = rename;
  }
}

const epochFiles = (directory: string) =>
  [...Deno.readDirSync(directory)].map(({ name }) => name).filter((name) => name !== CHECKPOINT_FILE).sort();

Deno.test("a run that is resumed gives its own weights, whatever another run of the name left when the disk was full", () =>
  withFolder(async (directory) => {
    const bestBy = { metric: "accuracy", better: "higher", tolerance: 1 } as const;
    const whole = await train(tinyRun({ epochs: 1, bestBy }));
    // Stopped when all is done, so that what is resumed has nothing to learn: it reads its best epoch.
    await train(tinyRun({ epochs: 1, bestBy, checkpoint: { directory } }));
    const own = epochFiles(directory);
    const other = tinyRun({ epochs: 1, bestBy, seed: 12, checkpoint: { directory } });
    await fullDisk(/checkpoint\.safetensors$/, () =>
      assert.rejects(train(other), {
        name: "CheckpointError",
        message:
          /: No space left .*\. Free some space .*, then train again: nothing of this run is saved yet, and the checkpoint of an earlier one there is as it was$/,
      }));
    assert.deepEqual(epochFiles(directory).filter((name) => own.includes(name)), own);
    const resumed = await train(tinyRun({ epochs: 1, bestBy, checkpoint: { directory, resume: true } }));
    assert.deepEqual(resumed.parameters, whole.parameters);
  }));

Deno.test("an epoch's file that is not the one that the checkpoint was written with is refused", () =>
  withFolder(async (directory) => {
    await stopped(directory, 8);
    const path = join(directory, epochFiles(directory)[0]);
    const bytes = await Deno.readFile(path);
    bytes[bytes.length - 1] ^= 1;
    await Deno.writeFile(path, bytes);
    await assert.rejects(train(tinyRun({ checkpoint: { directory, resume: true } })), {
      name: "ResumeError",
      message:
        /^Cannot resume: .*epoch-6-.*\.safetensors is not the file that the checkpoint beside it was written with/,
    });
    await Deno.remove(path);
    await assert.rejects(
      train(tinyRun({ checkpoint: { directory, resume: true } })),
      /^ResumeError: Cannot resume: there is no file .*epoch-6-/,
    );
  }));

Deno.test("what cannot be saved is said with what there is to go on from: nothing, or the checkpoint of a step", () =>
  withFolder(async (directory) => {
    await fullDisk(/safetensors$/, () =>
      assert.rejects(
        train(tinyRun({ checkpoint: { directory } })),
        /make the folder writable, then train again: nothing of this run is saved yet$/,
      ));
    await stopped(directory, 2);
    await fullDisk(/safetensors$/, () =>
      assert.rejects(
        train(tinyRun({ checkpoint: { directory, resume: true } })),
        /make the folder writable, then resume: the checkpoint of step 2 is whole$/,
      ));
  }));

Deno.test("a run does not resume under another patience, metric or number of steps: they decide what it gives", () =>
  withFolder(async (directory) => {
    await stopped(directory, 2);
    const resume = (options: Parameters<typeof tinyRun>[0]) =>
      train(tinyRun({ ...options, checkpoint: { directory, resume: true } }));
    await assert.rejects(resume({ patience: 2 }), /patience was null there and is 2 now/);
    await assert.rejects(resume({ minDelta: 0.1 }), /minDelta was 0 there and is 0\.1 now/);
    await assert.rejects(
      resume({ bestBy: { metric: "loss", better: "lower" } }),
      /bestBy\.metric was "accuracy" there and is "loss" now/,
    );
    // What follows from another setting is not told beside it.
    await assert.rejects(
      resume({ maxSteps: 5 }),
      /safetensors: maxSteps was null there and is 5 now\. Train with/,
    );
    // A checkpoint that was cut off is said to be that, with what to do.
    const path = join(directory, "checkpoint.safetensors");
    await Deno.truncate(path, Math.floor((await Deno.stat(path)).size / 2));
    await assert.rejects(
      resume({}),
      /^ResumeError: .*\. The checkpoint is damaged: restore it from a copy, or train anew/,
    );
  }));
