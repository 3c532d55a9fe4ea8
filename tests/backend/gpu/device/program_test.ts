import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createGpuBackend, type GpuBackend } from "../../../../src/backend/gpu/backend.ts";
import { describeAdapter, openDevice } from "../../../../src/backend/gpu/device/device.ts";
import { BackendError } from "../../../../src/backend/interface.ts";
import { createInterpBackend } from "../../../../src/backend/interp/interp.ts";
import { createBuilder, gradients, hostTensor } from "../../../../src/graph/graph.ts";
import { adamw } from "../../../../src/nn/optim/adamw.ts";
import { randomProgram } from "../random_graph.ts";

const adapter = await describeAdapter();

function test(name: string, fn: (backend: GpuBackend) => Promise<void>): void {
  Deno.test({
    name: `webgpu: ${name}`,
    ignore: !adapter,
    async fn() {
      const backend = await createGpuBackend();
      try {
        await fn(backend);
      } finally {
        await backend.dispose();
      }
    },
  });
}

/** One step of least squares: `loss`, and w moved by AdamW. */
function regression() {
  const b = createBuilder();
  const w = b.parameter("w", [8, 4], { kind: "fill", value: 0 });
  const error = b.sub(b.matmul(b.input("x", "f32", ["batch", 8]), w), 1);
  const loss = b.mul(b.sum(b.square(error)), 0.01);
  adamw().emit(b, [w], gradients(b, loss, [w]), { rate: b.scalar(0.01) });
  b.output("loss", loss);
  b.output("error", error);
  return b.graph();
}

const feedsOf = (batch: number) => ({
  x: hostTensor("f32", [batch, 8], Array.from({ length: batch * 8 }, (_, i) => Math.sin(i))),
});

const isError = (pattern: RegExp) => (e: unknown) => e instanceof BackendError && pattern.test(e.message);

test("a step replays its kernels in one pass; it makes no buffer and no bind group and reads nothing", async (backend) => {
  const program = await backend.compile(regression(), { bindings: { batch: 6 } });
  const feeds = feedsOf(6);
  const counts: Record<string, number> = {};
  const restore = count(counts, [
    [GPUDevice.prototype, "createBindGroup"],
    [GPUDevice.prototype, "createBuffer"],
    [GPUDevice.prototype, "createComputePipelineAsync"],
    [GPUDevice.prototype, "createShaderModule"],
    [GPUBuffer.prototype, "mapAsync"],
    [GPUCommandEncoder.prototype, "beginComputePass"],
    [GPUComputePassEncoder.prototype, "dispatchWorkgroups"],
    [GPUQueue.prototype, "writeBuffer"],
    [GPUQueue.prototype, "submit"],
  ]);
  try {
    for (let i = 0; i < 5; i++) await program.step(feeds);
    assert.deepEqual({ ...counts }, {
      beginComputePass: 5,
      dispatchWorkgroups: 5 * program.kernels.length,
      submit: 5,
      writeBuffer: 5,
    });
    await program.drain();
    assert.equal(counts.mapAsync, 1);
  } finally {
    restore();
  }
});

Deno.test({
  name: "webgpu: a run may be handed over in parts, and more than there is room for is refused at once",
  ignore: !adapter,
  async fn() {
    const [whole, parts, small] = await Promise.all(
      [{}, { kernelsPerSubmit: 2 }, { maxTotalBytes: 500 }].map(createGpuBackend),
    );
    try {
      const bindings = { batch: 6 };
      await assert.rejects(
        small.compile(regression(), { bindings, label: "fit" }),
        isError(/fit in 500 B\b/),
      );
      const [a, b] = await Promise.all([whole, parts].map((g) => g.compile(regression(), { bindings })));
      const counts: Record<string, number> = {};
      const restore = count(counts, [[GPUQueue.prototype, "submit"]]);
      const results = [await a.run(feedsOf(6)), await b.run(feedsOf(6))];
      restore();
      assert.deepEqual(results[0], results[1]);
      assert.ok(counts.submit >= 3, `${counts.submit} submissions`);
    } finally {
      for (const backend of [whole, parts, small]) await backend.dispose();
    }
  },
});

test("the scalars of more steps than the ring holds come out in order, without the other outputs", async (backend) => {
  const b = createBuilder();
  const n = b.state("n", "i32", [], { role: "counter" });
  const next = b.add(n, 1);
  b.update(n, next);
  b.output("before", n);
  b.output("after", next);
  b.output("wide", b.broadcast(b.cast(n, "f32"), [4]));
  const program = await backend.compile(b.graph());
  for (let i = 0; i < 300; i++) await program.step({});
  const records = await program.drain();
  assert.deepEqual(records, Array.from({ length: 300 }, (_, i) => ({ before: i, after: i + 1 })));
  assert.deepEqual(await program.drain(), []);
  assert.deepEqual([...(await program.run({})).wide.data], [300, 300, 300, 300]);
});

test("programs that share states train the same weights, and the last one frees them", async (backend) => {
  const graph = regression();
  const small = await backend.compile(graph, { bindings: { batch: 4 } });
  const large = await backend.compile(graph, { bindings: { batch: 6 }, share: small });
  assert.ok(small.memory.stateBytes > 0);
  assert.equal(large.memory.stateBytes, 0);
  const initial = { w: hostTensor("f32", [8, 4], Array.from({ length: 32 }, (_, i) => i / 50)) };
  await small.write(initial);
  await small.step(feedsOf(4));
  await large.step(feedsOf(6));
  const reference = createInterpBackend();
  const first = await reference.compile(graph, { bindings: { batch: 4 } });
  const second = await reference.compile(graph, { bindings: { batch: 6 }, share: first });
  await first.write(initial);
  await first.step(feedsOf(4));
  await second.step(feedsOf(6));
  const want = (await second.read(["w"])).w.data;
  await small.dispose();
  const got = (await large.read(["w"])).w.data;
  got.forEach((x, i) => assert.ok(Math.abs(x - want[i]) < 1e-5, `w[${i}]: ${x}, want ${want[i]}`));
  await assert.rejects(small.run(feedsOf(4)), isError(/disposed/));
});

test("programs that share states work in the same memory, which the last one frees", async (backend) => {
  const sizes: number[] = [];
  const create = GPUDevice.prototype.createBuffer;
  GPUDevice.prototype.createBuffer = function (descriptor) {
    if (descriptor.label?.startsWith("work")) sizes.push(descriptor.size);
    return create.call(this, descriptor);
  };
  try {
    const large = await backend.compile(regression(), { bindings: { batch: 64 } });
    const once = sizes.length;
    assert.ok(once > 0);
    const small = await backend.compile(regression(), { bindings: { batch: 4 }, share: large });
    assert.equal(sizes.length, once);
    assert.ok(small.memory.workBytes < large.memory.workBytes);
    await large.step(feedsOf(64));
    await large.dispose();
    await small.step(feedsOf(4));
    assert.equal((await small.drain()).length, 1);
  } finally {
    GPUDevice.prototype.createBuffer = create;
  }
});

test("states that are more than one read takes are read whole, each as it was written", async (backend) => {
  const sizes = [2 ** 21 + 7, 2 ** 23 + 3, 5, 2 ** 22]; // f32: 8 and 32 MiB and more, where one read takes 16 at most
  const b = createBuilder();
  const states = sizes.map((size, i) => b.state(`s${i}`, "f32", [size], { role: "cache" }));
  b.output("first", b.concat(states.map((state) => b.slice(state, 0, 0, 1)), 0));
  const program = await backend.compile(b.graph());
  const written = sizes.map((size, i) => {
    const data = new Float32Array(size).fill(i + 1);
    for (let k = 0; k < size; k += 997) data[k] = k;
    return hostTensor("f32", [size], data);
  });
  await program.write(Object.fromEntries(written.map((tensor, i) => [`s${i}`, tensor])));
  const read = await program.read();
  const bytes = ({ buffer }: { readonly buffer: ArrayBufferLike }) => Buffer.from(buffer);
  written.forEach(({ data }, i) => assert.ok(bytes(read[`s${i}`].data).equals(bytes(data)), `s${i}`));
  const half = backend.precisions.includes("f16") ? ["f16" as const] : [];
  for (const dtype of ["bool" as const, ...half]) {
    const size = 2 ** 23 + 5; // more than one read of either: 4 and 2 bytes each
    const c = createBuilder();
    const state = c.state("s", dtype, [size], { role: "cache" });
    c.output("first", c.cast(c.slice(state, 0, 0, 1), "f32"));
    const other = await backend.compile(c.graph());
    const tensor = hostTensor(dtype, [size], new Array(size).fill(0));
    for (let k = 0; k < size; k += 997) tensor.data[k] = 1;
    await other.write({ s: tensor });
    assert.ok(bytes((await other.read()).s.data).equals(bytes(tensor.data)), dtype);
    await other.dispose();
  }
  assert.deepEqual(await program.read([]), {});
  await program.dispose();
});

test("states swap their values at once", async (backend) => {
  const b = createBuilder();
  const [s, t, u] = ["s", "t", "u"].map((name) => b.state(name, "f32", [3], { role: "counter" }));
  b.update(s, t);
  b.update(t, b.add(s, 1));
  b.update(u, b.add(s, 1));
  b.output("s", s);
  const program = await backend.compile(b.graph());
  await program.write({ s: hostTensor("f32", [3], [1, 2, 3]), t: hostTensor("f32", [3], [7, 8, 9]) });
  assert.deepEqual([...(await program.run({})).s.data], [1, 2, 3]);
  const states = await program.read();
  assert.deepEqual(["s", "t", "u"].map((n) => [...states[n].data]), [[7, 8, 9], [2, 3, 4], [2, 3, 4]]);
});

test("bool tensors are bytes on the host and words on the device", async (backend) => {
  const b = createBuilder();
  const x = b.input("x", "bool", [5]);
  const seen = b.state("seen", "bool", [5], { role: "counter" });
  const flip = b.equal(b.cast(x, "i32"), 0);
  b.update(seen, flip);
  b.output("y", flip);
  const program = await backend.compile(b.graph());
  const { y } = await program.run({ x: hostTensor("bool", [5], [1, 0, 0, 1, 1]) });
  assert.deepEqual([...y.data], [0, 1, 1, 0, 0]);
  assert.ok(y.data instanceof Uint8Array);
  assert.deepEqual([...(await program.read(["seen"])).seen.data], [0, 1, 1, 0, 0]);
});

test("f16 states and outputs are rounded to f16 and computed in f32", async (backend) => {
  if (!backend.adapter.features.includes("shader-f16")) return;
  const b = createBuilder();
  const h = b.state("h", "f16", [5], { role: "cache" });
  const doubled = b.mul(b.cast(h, "f32"), 2);
  b.update(h, b.cast(doubled, "f16"));
  b.output("third", b.cast(b.div(doubled, 3), "f16"));
  const program = await backend.compile(b.graph());
  const data = Float16Array.from([0.1, -1, 3, 100, 7e-5]);
  await program.write({ h: { dtype: "f16", shape: [5], data } });
  const { third } = await program.run({});
  assert.deepEqual([...third.data], [...Float16Array.from(data, (x) => Math.fround(Math.fround(2 * x) / 3))]);
  assert.deepEqual([...(await program.read(["h"])).h.data], [...Float16Array.from(data, (x) => 2 * x)]);
});

test("infinities and NaN pass through as constants", async (backend) => {
  const b = createBuilder();
  const x = b.input("x", "f32", [4]);
  b.output("y", b.where(b.less(x, 0), -Infinity, b.where(b.less(x, 1), Infinity, NaN)));
  b.output("top", b.max(b.where(b.less(x, 9), -Infinity, x)));
  const program = await backend.compile(b.graph());
  const { y, top } = await program.run({ x: hostTensor("f32", [4], [-1, 0, 1, -2]) });
  assert.deepEqual([...y.data], [-Infinity, Infinity, NaN, -Infinity]);
  assert.deepEqual([...top.data], [-Infinity]);
});

test("scatter-add sums every update, in the same order every time: the same bits", async (backend) => {
  const b = createBuilder();
  const rows = b.input("rows", "i32", [500]);
  b.output("y", b.scatterAdd(rows, b.input("x", "f32", [500, 12]), 7));
  const program = await backend.compile(b.graph());
  const feeds = {
    rows: hostTensor("i32", [500], Array.from({ length: 500 }, (_, i) => (i * i) % 7)),
    x: hostTensor("f32", [500, 12], Array.from({ length: 6000 }, (_, i) => Math.sin(i) * 1e3)),
  };
  const want = new Float64Array(7 * 12);
  feeds.rows.data.forEach((row, i) => {
    for (let j = 0; j < 12; j++) want[row * 12 + j] += Number(feeds.x.data[i * 12 + j]);
  });
  const first = (await program.run(feeds)).y.data;
  want.forEach((y, i) => assert.ok(Math.abs(first[i] - y) < 0.05, `y[${i}]: got ${first[i]}, want ${y}`));
  for (let i = 0; i < 3; i++) assert.deepEqual((await program.run(feeds)).y.data, first);
});

test("random graphs give what the interpreter gives, also on a device that binds 8 buffers", async (wide) => {
  const narrow = await createGpuBackend({ maxBuffers: 8, parallelism: 64 });
  const interp = createInterpBackend();
  try {
    for (let seed = 1; seed <= 8; seed++) {
      const { graph, feeds, states } = randomProgram(seed);
      const reference = await interp.compile(graph);
      await reference.write(states);
      const want = [await reference.run(feeds), await reference.run(feeds), await reference.read()];
      for (const backend of [wide, narrow]) {
        const program = await backend.compile(graph);
        await program.write(states);
        const got = [await program.run(feeds), await program.run(feeds), await program.read()];
        for (const [round, tensors] of want.entries()) {
          for (const [name, { data }] of Object.entries(tensors)) {
            data.forEach((y, i) => {
              const x = Number(got[round][name].data[i]);
              const close = Object.is(x, y) || Math.abs(x - y) <= 2e-4 * (1 + Math.abs(y));
              assert.ok(close, `seed ${seed}, round ${round}, ${name}[${i}]: got ${x}, want ${y}`);
            });
          }
        }
        await program.dispose();
      }
    }
  } finally {
    await narrow.dispose();
  }
});

test("equal kernels are compiled once", async (backend) => {
  const b = createBuilder();
  for (const name of ["a", "b", "c"]) b.output(name, b.tanh(b.input(`x${name}`, "f32", [64])));
  const program = await backend.compile(b.graph());
  assert.equal(program.kernels.length, 3);
  const texts = new Set<string>();
  const create = GPUDevice.prototype.createShaderModule;
  GPUDevice.prototype.createShaderModule = function (descriptor) {
    texts.add(descriptor.code);
    return create.call(this, descriptor);
  };
  try {
    await backend.compile(b.graph());
  } finally {
    GPUDevice.prototype.createShaderModule = create;
  }
  assert.equal(texts.size, 0);
});

test("what was fed, written or asked for wrongly is named", async (backend) => {
  const program = await backend.compile(regression(), { bindings: { batch: 4 } });
  await assert.rejects(program.run({}), isError(/input "x" was not fed/));
  await assert.rejects(program.step(feedsOf(5)), isError(/input "x" is f32 \[4, 8\], got f32 \[5, 8\]/));
  await assert.rejects(program.write({ nope: hostTensor("f32", [1], [0]) }), isError(/"nope"/));
  await assert.rejects(program.write({ w: hostTensor("f32", [1], [0]) }), isError(/"w"/));
  await assert.rejects(program.read(["nope"]), isError(/"nope"/));
  const other = await createInterpBackend().compile(regression(), { bindings: { batch: 4 } });
  await assert.rejects(
    backend.compile(regression(), { bindings: { batch: 4 }, share: other }),
    isError(/another backend/),
  );
});

Deno.test({
  name: "webgpu: a kernel that does not compile, and errors that come late, name the kernel",
  ignore: !adapter,
  async fn() {
    const context = await openDevice();
    await assert.rejects(
      context.pipeline("gelu [4]", "@compute @workgroup_size(1) fn main() { let x = nothing; }"),
      isError(/Cannot compile kernel "gelu \[4\]".*line 1.*nothing/),
    );
    context.check();
    const { device } = context;
    const buffer = device.createBuffer({ label: "tanh [4]", size: 16, usage: GPUBufferUsage.COPY_DST });
    const encoder = device.createCommandEncoder();
    encoder.clearBuffer(buffer);
    const commands = encoder.finish();
    buffer.destroy();
    device.queue.submit([commands]);
    await device.queue.onSubmittedWorkDone();
    assert.throws(() => context.check(), isError(/tanh \[4\]/));
    await context.dispose();
    assert.throws(() => context.check(), isError(/disposed/));
  },
});

Deno.test({
  name: "webgpu: a lost device is an error, not a hang",
  ignore: !adapter,
  async fn() {
    const context = await openDevice();
    context.device.destroy();
    await context.device.lost;
    assert.throws(() => context.check(), isError(/device lost/));
  },
});

Deno.test("webgpu: a machine without a GPU says so", async () => {
  const module = new URL("../../../../src/backend/gpu/backend.ts", import.meta.url);
  const code = `import { createGpuBackend } from "${module}";
    createGpuBackend().catch((e) => { Deno.stdout.writeSync(new TextEncoder().encode(e.name + ": " + e.message)); });`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", code],
    env: { DENO_WEBGPU_BACKEND: Deno.build.os === "darwin" ? "vulkan" : "metal" },
  }).output();
  assert.match(new TextDecoder().decode(stdout), /^BackendError: Cannot open WebGPU: no adapter found/);
});

/** Counts calls of methods until the returned function is called. */
function count(counts: Record<string, number>, methods: readonly (readonly [object, string])[]): () => void {
  const originals = methods.map(([target, name]) => {
    const holder = target as Record<string, (...args: unknown[]) => unknown>;
    const original = holder[name];
    holder[name] = function (...args) {
      counts[name] = (counts[name] ?? 0) + 1;
      return original.apply(this, args);
    };
    return () => void (holder[name] = original);
  });
  return () => originals.forEach((restore) => restore());
}
