import assert from "node:assert/strict";
import { describeAdapter, openDevice } from "../../../src/backend/gpu/device.ts";
import { precompile, share } from "../../../src/backend/gpu/precompile.ts";

Deno.test("kernels are shared out by length", () => {
  const kernels = [9, 5, 4, 3, 3].map((length) => ({ wgsl: "x".repeat(length) }));
  const shares = share(kernels, 2).map((s) => s.map((k) => k.wgsl.length));
  assert.deepEqual(shares, [[9, 3], [5, 4, 3]]);
});

const kernel = (i: number) => ({
  wgsl: `@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(1) fn main() { y[0] = ${i}.0f; }`,
  layout: { writes: [true], touched: i % 2 },
});

Deno.test({
  name: "webgpu: threads that compile end, also when a kernel is wrong, which its program hears of",
  ignore: !await describeAdapter(),
  async fn() {
    const context = await openDevice({ compileWorkers: 2 });
    try {
      const kernels = Array.from({ length: 30 }, (_, i) => kernel(i));
      const wrong = { ...kernel(99), wgsl: "no kernel" };
      await context.prepare([...kernels, wrong]);
      assert.equal(context.pipelineCount, 0, "the program's own device compiles when it is asked");
      for (const k of kernels) await context.pipeline("k", k.wgsl, k.layout);
      await assert.rejects(context.pipeline("bad one", wrong.wgsl, wrong.layout), /kernel "bad one"/);
      await context.prepare(kernels);
    } finally {
      context.dispose();
    }
  },
});

Deno.test("few kernels, or one thread, are left to the program", async () => {
  const { Worker } = globalThis;
  let started = 0;
  globalThis.Worker = class {
    constructor() {
      started++;
      throw new Error("no Worker here");
    }
  } as unknown as typeof Worker;
  const many = Array.from({ length: 50 }, (_, i) => kernel(i));
  try {
    await precompile(many.slice(0, 8), { workers: 8, features: [], limits: {} });
    await precompile(many, { workers: 1, features: [], limits: {} });
    assert.equal(started, 0);
    await assert.rejects(precompile(many, { workers: 8, features: [], limits: {} }), /no Worker here/);
  } finally {
    globalThis.Worker = Worker;
  }
});
