import assert from "node:assert/strict";
import { lockDirectory } from "../../src/base/lock.ts";
import { hostTensor } from "../../src/graph/dtype.ts";
import { readSafetensors } from "../../src/nn/safetensors.ts";
import { CHECKPOINT_FILE, type RunPlace, saveCheckpoint } from "../../src/train/checkpoint.ts";
import { train } from "../../src/train/trainer.ts";
import { tinyRun } from "./tiny.ts";
import { withFolder } from "../folder.ts";

const place: RunPlace = {
  run: "0123456789abcdef",
  step: 1,
  epoch: 0,
  batch: 1,
  epochLossSum: 1,
  epochs: [],
  kept: [],
  seconds: 1,
  finished: false,
};

Deno.test("two writers of one checkpoint leave one of the two, whole", () =>
  withFolder(async (folder) => {
    const values = [1, 2, 3, 4];
    for (let round = 0; round < 5; round++) {
      await Promise.all(values.map((value) => {
        const data = new Float32Array(200_000).fill(value);
        const states = { w: hostTensor("f32", [data.length], data) };
        return saveCheckpoint(folder, { states, place, settings: {}, losses: Float32Array.of(0.5) });
      }));
      const { tensors } = readSafetensors(await Deno.readFile(`${folder}/${CHECKPOINT_FILE}`));
      const seen = new Set(tensors.w.data as Float32Array);
      assert.equal(seen.size, 1);
      assert.ok(values.includes([...seen][0]));
    }
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), [CHECKPOINT_FILE]);
  }));

Deno.test("a second run into one checkpoint folder is refused before its first step", () =>
  withFolder(async (folder) => {
    const run = () => train(tinyRun({ checkpoint: { directory: folder } }));
    {
      using _lock = await lockDirectory(folder);
      await assert.rejects(run(), { name: "UserError", message: /this process is writing to it\. Wait/ });
    }
    assert.equal((await run()).status, "finished");
  }));
