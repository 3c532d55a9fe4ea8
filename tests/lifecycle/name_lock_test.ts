import assert from "node:assert/strict";
import { join } from "node:path";
import { createInterpBackend } from "../../src/backend/interp/interp.ts";
import { trainingDefaults } from "../../src/lifecycle/options.ts";
import { type LifeOptions, trainAndRegister } from "../../src/lifecycle/train.ts";
import { openRegistry } from "../../src/registry/registry.ts";
import { messages } from "../cli/cli.ts";
import { withFolder } from "../folder.ts";

const rows = messages(40).map(({ text, label }) => ({ queries: [text], target: label }));

/** A training of a second. */
function run(home: string, progress: (line: string) => void = () => {}): LifeOptions {
  return {
    ...trainingDefaults,
    ...{
      modelType: "mlp",
      vocabSize: 100,
      maxTokens: 16,
      layers: 1,
      hiddenSize: 8,
      learningRate: 0.05,
      epochs: 2,
    },
    ...{ name: "toy", source: "a test", bump: "minor", aliases: [], resume: false, home },
    backend: createInterpBackend(),
    output: { terminal: false, progress, draw: progress },
  };
}

Deno.test("a second training of a name is refused at once, saying who has it and since when; the first is not disturbed", () =>
  withFolder(async (home) => {
    const { promise: hasBegun, resolve } = Promise.withResolvers<void>();
    const first = trainAndRegister(rows, run(home, () => resolve()));
    await hasBegun; // what it says first, it says with the lock
    await assert.rejects(trainAndRegister(rows, run(home)), {
      name: "UserError",
      message:
        /^Cannot train toy: this process has been training it since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\. Wait until that is done, end it, or give another --name or --home$/,
    });
    assert.equal((await first).version, "1.0.0");
    assert.equal(
      (await trainAndRegister(rows, run(home))).version,
      "1.1.0",
      "the lock is gone with its holder",
    );
    assert.deepEqual([...Deno.readDirSync(join(home, "checkpoints"))], []);
  }));

Deno.test("a lock that a killed process has left is not in the way", () =>
  withFolder(async (home) => {
    await Deno.mkdir(join(home, "checkpoints"));
    await Deno.writeTextFile(join(home, "checkpoints", ".toy.lock"), "999999\n2026-01-01T00:00:00.000Z\n");
    assert.equal((await trainAndRegister(rows, run(home))).version, "1.0.0");
  }));

Deno.test("a run that was killed between its registration and the clean-up is not registered a second time", () =>
  withFolder(async (home) => {
    const { remove } = Deno;
    Deno.remove = (path, options) =>
      /checkpoints.toy$/.test(String(path))
        ? Promise.reject(new Deno.errors.Busy("killed here"))
        : remove(path, options);
    try {
      await trainAndRegister(rows, run(home));
    } finally {
      Deno.remove = remove;
    }
    await assert.rejects(trainAndRegister(rows, { ...run(home), resume: true }), {
      name: "LifecycleError",
      message:
        /^there is nothing to resume: the run in .*toy is registered as toy 1\.0\.0\. The checkpoint that was left over is removed now$/,
    });
    const registry = openRegistry(home);
    assert.equal((await registry.list())[0].versions.length, 1);
    await registry.close();
  }));

Deno.test("what a publish that was killed has left is removed by the next one", () =>
  withFolder(async (home) => {
    const left = join(home, "publishing", "weir-bundle-4711");
    await Deno.mkdir(left, { recursive: true });
    await Deno.writeTextFile(join(left, "model.safetensors"), "half");
    await Deno.writeTextFile(`${left}.lock`, "999999\n");
    await trainAndRegister(rows, run(home));
    await assert.rejects(Deno.stat(join(home, "publishing")), Deno.errors.NotFound);
  }));
