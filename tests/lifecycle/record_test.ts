import assert from "node:assert/strict";
import { join } from "node:path";
import { readManifest } from "../../src/bundle/reader.ts";
import { createInterpBackend } from "../../src/backend/interp/interp.ts";
import { type LifeOptions, trainAndRegister } from "../../src/lifecycle/train.ts";
import { trainingDefaults } from "../../src/lifecycle/options.ts";
import { openStore } from "../../src/store/sqlite.ts";
import { listMetrics, listRuns, type RunRecord } from "../../src/track/runs.ts";
import { messages } from "../cli/cli.ts";
import { withFolder } from "../folder.ts";

const rows = messages(60).map(({ text, label }) => ({ queries: [text], target: label }));

/** A training that takes a second or two. */
function run(home: string, progress: (line: string) => void = () => {}): LifeOptions {
  return {
    ...trainingDefaults,
    ...{ modelType: "mlp", vocabSize: 150, maxTokens: 16, layers: 1, hiddenSize: 8, learningRate: 0.05 },
    ...{ name: "toy", source: "a test", bump: "minor", aliases: [], resume: false, home },
    backend: createInterpBackend(),
    output: { terminal: false, progress, draw: progress },
  };
}

/** The recorded runs, each with the number of steps whose loss is there. */
async function recorded(home: string): Promise<(RunRecord & { readonly steps: number })[]> {
  const store = openStore(join(home, "weir.db"));
  try {
    return await Promise.all((await listRuns(store)).map(async (record) => {
      const metrics = await listMetrics(store, record.id);
      return { ...record, steps: metrics.filter(({ key }) => key === "loss").length };
    }));
  } finally {
    await store.close();
  }
}

Deno.test("a training that was stopped and resumed is one run: one id, every step, and the bundle names it", () =>
  withFolder(async (home) => {
    const controller = new AbortController();
    const first = run(home, (line) => line.startsWith("epoch 1/3") && controller.abort());
    await assert.rejects(trainAndRegister(rows, { ...first, signal: controller.signal }), {
      name: "InterruptedError",
    });
    const [stopped] = await recorded(home);
    assert.equal(stopped.status, "KILLED");
    const { path, training } = await trainAndRegister(rows, { ...run(home), resume: true });
    assert.ok(training.steps.length < training.step);
    const runs = await recorded(home);
    assert.deepEqual(runs.map(({ id, status, steps }) => [id, status, steps]), [
      [stopped.id, "FINISHED", training.step],
    ]);
    assert.equal((await readManifest(path)).lineage.runId, stopped.id);
  }));

Deno.test("a resumption that is refused leaves the run's record as it was", () =>
  withFolder(async (home) => {
    const controller = new AbortController();
    const first = run(home, (line) => line.startsWith("epoch 1/3") && controller.abort());
    await assert.rejects(trainAndRegister(rows, { ...first, signal: controller.signal }));
    const before = await recorded(home);
    await assert.rejects(
      trainAndRegister(rows, { ...run(home), resume: true, seed: 3 }),
      /seed was 0 there and is 3 now/,
    );
    assert.deepEqual(await recorded(home), before);
  }));

Deno.test("folders that cannot be removed after a version was registered are warnings, and the run is FINISHED", () =>
  withFolder(async (home) => {
    const { remove } = Deno;
    const kept: string[] = [];
    const lines: string[] = [];
    Deno.remove = (path, options) => {
      const leftover = options?.recursive && /weir-bundle-[^/]*$|checkpoints.toy$/.test(String(path));
      if (!leftover) return remove(path, options);
      kept.push(String(path));
      return Promise.reject(new Deno.errors.Busy("the folder is in use"));
    };
    try {
      const { path } = await trainAndRegister(rows, { ...run(home, (line) => lines.push(line)), epochs: 1 });
      assert.equal((await readManifest(path)).version, "1.0.0");
    } finally {
      Deno.remove = remove;
      for (const path of kept) await remove(path, { recursive: true });
    }
    assert.deepEqual((await recorded(home)).map(({ status }) => status), ["FINISHED"]);
    assert.equal(kept.length, 2);
    for (const path of kept) {
      const warning =
        `warning: ${path} is not needed any more and could not be removed: the folder is in use`;
      assert.ok(lines.includes(warning), warning);
    }
  }));
