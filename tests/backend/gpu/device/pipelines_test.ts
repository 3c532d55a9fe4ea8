import assert from "node:assert/strict";
import { createPipelines } from "../../../../src/backend/gpu/device/pipelines.ts";

/** A cache that counts what is compiled. */
function counted(maxIdle: number) {
  const compiled: string[] = [];
  const pipelines = createPipelines<string>({ maxIdle });
  const take = (key: string) =>
    pipelines.take(key, () => {
      compiled.push(key);
      return Promise.resolve(`pipeline of ${key}`);
    });
  return { compiled, pipelines, take };
}

Deno.test("equal kernels are compiled once while a program uses them, and soon after", async () => {
  const { compiled, pipelines, take } = counted(1);
  assert.equal(await take("a"), "pipeline of a");
  await take("a");
  pipelines.giveBack(["a", "a"]);
  await take("a");
  assert.deepEqual(compiled, ["a"]);
});

Deno.test("pipelines that no program uses are forgotten, the longest idle first", async () => {
  const { compiled, pipelines, take } = counted(2);
  for (const key of ["a", "b", "c", "d"]) await take(key);
  assert.equal(pipelines.size, 4);
  pipelines.giveBack(["a", "b", "c"]);
  assert.equal(pipelines.size, 3);
  for (const key of ["d", "c", "b"]) await take(key);
  assert.deepEqual(compiled, ["a", "b", "c", "d"]);
  await take("a");
  assert.deepEqual(compiled, ["a", "b", "c", "d", "a"]);
});

Deno.test("a pipeline that did not compile is not kept", async () => {
  const pipelines = createPipelines<string>({ maxIdle: 2 });
  await assert.rejects(pipelines.take("a", () => Promise.reject(new Error("no"))), /no/);
  assert.equal(await pipelines.take("a", () => Promise.resolve("yes")), "yes");
});
