import assert from "node:assert/strict";
import { describeAdapter, openDevice } from "../../../../src/backend/gpu/device/device.ts";
import { precompile, share } from "../../../../src/backend/gpu/device/precompile.ts";

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
  name: "webgpu: processes that compile end, also when a kernel is wrong, which its program reports",
  ignore: !await describeAdapter(),
  async fn() {
    const context = await openDevice({ compileProcesses: 2 });
    try {
      const kernels = Array.from({ length: 30 }, (_, i) => kernel(i));
      const wrong = { ...kernel(99), wgsl: "no kernel" };
      await context.prepare([...kernels, wrong]);
      assert.equal(context.pipelineCount, 0, "the program's own device compiles when it is asked");
      for (const k of kernels) await context.pipeline("k", k.wgsl, k.layout);
      await assert.rejects(context.pipeline("bad one", wrong.wgsl, wrong.layout), /kernel "bad one"/);
      await context.prepare(kernels);
    } finally {
      await context.dispose();
    }
  },
});

Deno.test({
  name: "webgpu: processes compile where there is enough to do, and are ended when they take too long",
  ignore: !await describeAdapter(),
  async fn() {
    const many = Array.from({ length: 50 }, (_, i) => kernel(i));
    const options = { features: [], limits: {} };
    assert.equal(await precompile(many.slice(0, 8), { ...options, processes: 8 }), 0, "few kernels");
    assert.equal(await precompile(many, { ...options, processes: 1 }), 0, "one process");
    assert.equal(await precompile(many, { ...options, processes: 2 }), 2);
    const endless = many.map((k) => ({ ...k, wgsl: k.wgsl + "// ".padEnd(100_000, "x") }));
    const started = performance.now();
    assert.equal(await precompile(endless, { ...options, processes: 2, limitMs: 1 }), 2);
    assert.ok(performance.now() - started < 20_000);
  },
});
