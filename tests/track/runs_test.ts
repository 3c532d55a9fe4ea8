import assert from "node:assert/strict";
import { openStore, type Store } from "../../src/store/sqlite.ts";
import { createRun, listMetrics, listRuns } from "../../src/track/runs.ts";

async function withStore(body: (store: Store) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const store = openStore(`${folder}/weir.db`);
  try {
    await body(store);
  } finally {
    await store.close();
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a run keeps its name, params, status and metrics", () =>
  withStore(async (store) => {
    const run = await createRun(store, { name: "spam", params: { learningRate: 1e-3, tags: ["a"] } });
    assert.equal((await listRuns(store))[0].status, "RUNNING");
    for (let step = 1; step <= 3; step++) run.logMetrics(step, { loss: 1 / step, accuracy: step / 4 });
    await run.finish();
    const [record] = await listRuns(store);
    assert.equal(record.id, run.id);
    assert.equal(record.name, "spam");
    assert.equal(record.status, "FINISHED");
    assert.deepEqual(record.params, { learningRate: 1e-3, tags: ["a"] });
    assert.ok(record.endedAt !== null && record.endedAt >= record.startedAt);
    assert.deepEqual(await listMetrics(store, run.id), [
      { key: "accuracy", step: 1, value: 0.25 },
      { key: "accuracy", step: 2, value: 0.5 },
      { key: "accuracy", step: 3, value: 0.75 },
      { key: "loss", step: 1, value: 1 },
      { key: "loss", step: 2, value: 0.5 },
      { key: "loss", step: 3, value: 1 / 3 },
    ]);
  }));

Deno.test("NaN and infinite metrics come back as they went in", () =>
  withStore(async (store) => {
    const run = await createRun(store, { name: "diverged" });
    run.logMetrics(1, { loss: Infinity });
    run.logMetrics(2, { loss: NaN });
    await run.finish("FAILED");
    assert.deepEqual((await listMetrics(store, run.id)).map((p) => p.value), [Infinity, NaN]);
    assert.equal((await listRuns(store))[0].status, "FAILED");
  }));

Deno.test("a resumed run goes on under its id, and steps logged again replace the old ones", () =>
  withStore(async (store) => {
    const first = await createRun(store, { name: "spam" });
    for (const step of [1, 2, 3]) first.logMetrics(step, { loss: step });
    await first.finish("KILLED");
    const second = await createRun(store, { name: "spam", id: first.id });
    assert.equal((await listRuns(store))[0].status, "KILLED");
    second.logMetrics(3, { loss: 30 });
    while ((await listMetrics(store, first.id))[2].value !== 30) await new Promise((r) => setTimeout(r, 5));
    assert.deepEqual((await listRuns(store)).map((r) => [r.status, r.endedAt]), [["RUNNING", null]]);
    second.logMetrics(4, { loss: 40 });
    await second.finish();
    assert.deepEqual((await listMetrics(store, first.id)).map((p) => p.value), [1, 2, 30, 40]);
  }));

Deno.test("many metrics logged without a pause are all written", () =>
  withStore(async (store) => {
    const run = await createRun(store, { name: "long" });
    for (let step = 0; step < 12_000; step++) run.logMetrics(step, { loss: step });
    await run.finish();
    assert.equal((await listMetrics(store, run.id)).length, 12_000);
  }));

Deno.test("a record that cannot be written warns once and never throws", () =>
  withStore(async (store) => {
    const warnings: string[] = [];
    const broken: Store = { ...store, write: () => Promise.reject(new Error("the disk is full")) };
    const run = await createRun(broken, { name: "spam", onWarning: (message) => warnings.push(message) });
    for (const step of [1, 2, 3]) {
      run.logMetrics(step, { loss: 1 });
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    await run.finish();
    assert.equal(warnings.length, 1);
    assert.match(warnings[0], /^The record of run .* is incomplete, and the run goes on: the disk is full$/);
    const silent = await createRun(broken, { name: "spam" });
    silent.logMetrics(1, { loss: 1 });
    await silent.finish();
  }));
