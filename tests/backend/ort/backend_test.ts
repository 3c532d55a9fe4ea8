import assert from "node:assert/strict";
import { clearImmediate, setImmediate } from "node:timers";
import { nativeAvailable } from "../../../src/backend/ort/available.ts";
import { createOrtBackend } from "../../../src/backend/ort/backend.ts";
import { createInterpBackend } from "../../../src/backend/interp/interp.ts";
import { type Builder, createBuilder, type HostTensor, hostTensor } from "../../../src/graph/graph.ts";

const devices = [{ device: "wasm", available: true }, {
  device: "native",
  available: await nativeAvailable(),
}] as const;

function graphOf(build: (b: Builder) => void) {
  const b = createBuilder();
  build(b);
  return b.graph();
}

const vector = (...values: number[]) => hostTensor("f32", [values.length], values);
const values = (t: HostTensor) => Array.from(t.data, Number);

/** `total` gathers the sums of `x`; `last` holds what `total` was before. */
const counting = graphOf((b) => {
  const x = b.input("x", "f32", ["n"]);
  const total = b.state("total", "f32", [2], { role: "counter" });
  const last = b.state("last", "f32", [2], { role: "counter" });
  const sum = b.sum(x);
  b.update(total, b.add(total, sum));
  b.update(last, total);
  b.output("sum", sum);
  b.output("total", total);
});

for (const { device, available } of devices) {
  const test = (name: string, fn: (backend: Awaited<ReturnType<typeof createOrtBackend>>) => Promise<void>) =>
    Deno.test({
      name: `${device}: ${name}`,
      ignore: !available,
      async fn() {
        const backend = await createOrtBackend({ device, threads: 1 });
        try {
          await fn(backend);
        } finally {
          await backend.dispose();
        }
      },
    });

  test("states begin at zero, and every update is of the values before the run", async (backend) => {
    const program = await backend.compile(counting, { bindings: { n: 2 } });
    assert.deepEqual(values((await program.read()).total), [0, 0]);
    for (const [before, x] of [[0, 3], [7, 5], [18, 1]]) {
      const { total, sum } = await program.run({ x: vector(x, x + 1) });
      assert.deepEqual([values(total), values(sum)], [[before, before], [2 * x + 1]]);
    }
    const states = await program.read();
    assert.deepEqual([values(states.total), values(states.last)], [[21, 21], [18, 18]]);
  });

  test("two states can be swapped in every run", async (backend) => {
    const program = await backend.compile(graphOf((b) => {
      const [x, y] = [
        b.state("x", "f32", [2], { role: "cache" }),
        b.state("y", "f32", [2], { role: "cache" }),
      ];
      b.update(x, y);
      b.update(y, x);
    }));
    await program.write({ x: vector(1, 2), y: vector(3, 4) });
    for (let i = 0; i < 5; i++) await program.step({});
    const { x, y } = await program.read();
    assert.deepEqual([values(x), values(y)], [[3, 4], [1, 2]]);
  });

  test("what was read stays as it was while the program runs on", async (backend) => {
    const program = await backend.compile(counting, { bindings: { n: 1 } });
    const outputs = await program.run({ x: vector(1) });
    const { total } = await program.read(["total"]);
    for (let i = 0; i < 4; i++) await program.step({ x: vector(1) });
    assert.deepEqual([values(total), values(outputs.total)], [[1, 1], [0, 0]]);
  });

  test("what was written is copied, and the next run starts from it", async (backend) => {
    const program = await backend.compile(counting, { bindings: { n: 1 } });
    await program.step({ x: vector(1) });
    const mine = vector(100, 200);
    await program.write({ total: mine });
    await program.step({ x: vector(1) });
    await program.step({ x: vector(1) });
    assert.deepEqual(values((await program.read()).total), [102, 202]);
    assert.deepEqual(values(mine), [100, 200]);
  });

  test("step keeps the one-element outputs until drain, oldest first, and no others", async (backend) => {
    const program = await backend.compile(counting, { bindings: { n: 2 } });
    for (const x of [1, 2, 3]) await program.step({ x: vector(x, 0) });
    assert.deepEqual(await program.drain(), [{ sum: 1 }, { sum: 2 }, { sum: 3 }]);
    assert.deepEqual(await program.drain(), []);
  });

  test("programs of other shapes share states by name; what the other lacks is their own", async (backend) => {
    const two = await backend.compile(counting, { bindings: { n: 2 } });
    const three = await backend.compile(counting, { bindings: { n: 3 }, share: two });
    const reader = await backend.compile(
      graphOf((b) =>
        b.output(
          "twice",
          b.add(
            b.mul(b.state("total", "f32", [2], { role: "counter" }), 2),
            b.state("extra", "f32", [], { role: "counter" }),
          ),
        )
      ),
      { share: three },
    );
    await two.step({ x: vector(1, 2) });
    await three.step({ x: vector(1, 2, 3) });
    await two.step({ x: vector(0, 1) });
    assert.deepEqual(values((await reader.run({})).twice), [20, 20]);
    await three.write({ total: vector(1, 1) });
    assert.deepEqual(values((await two.read(["total"])).total), [1, 1]);
    assert.deepEqual([two.memory.stateBytes, three.memory.stateBytes, reader.memory.stateBytes], [16, 0, 4]);
  });

  test("every element type goes in and comes out", async (backend) => {
    const program = await backend.compile(graphOf((b) => {
      const i = b.input("i", "i32", [2]);
      const u = b.state("u", "u32", [], { role: "counter" });
      b.update(u, b.add(u, b.constant("u32", [], [0xffff_fffe])));
      b.output("sum", b.add(i, i));
      b.output("less", b.less(i, 0));
      b.output("bits", b.random(u, [2]));
    }));
    const feeds = { i: hostTensor("i32", [2], [-3, 2 ** 30 - 1]) };
    const got = await program.run(feeds);
    assert.deepEqual([got.sum.dtype, values(got.sum)], ["i32", [-6, 2 ** 31 - 2]]);
    assert.deepEqual([got.less.dtype, values(got.less)], ["bool", [1, 0]]);
    await program.run(feeds);
    const { u } = await program.read();
    assert.deepEqual([u.dtype, values(u)], ["u32", [0xffff_fffc]]);
  });

  test("errors of wrong feeds and states name them", async (backend) => {
    const program = await backend.compile(counting, { bindings: { n: 2 } });
    const refused = (promise: () => Promise<unknown>, message: RegExp) =>
      assert.rejects(async () => await promise(), { name: "BackendError", message });
    await refused(() => program.run({}), /input "x" was not fed/);
    await refused(() => program.step({ x: vector(1) }), /input "x" is f32 \[2\], got f32 \[1\]/);
    await refused(
      () => program.write({ totals: vector(1, 2) }),
      /state "totals": the program has no such state/,
    );
    await refused(() => program.write({ total: vector(1) }), /state "total": it is f32 \[2\], got f32 \[1\]/);
    await refused(() => program.read(["nothing"]), /state "nothing": the program has no such state/);
  });

  test("states of one name but another shape cannot be shared, nor those of another backend", async (backend) => {
    const program = await backend.compile(counting, { bindings: { n: 2 } });
    const other = graphOf((b) => b.output("y", b.state("total", "f32", [3], { role: "counter" })));
    await assert.rejects(backend.compile(other, { share: program }), {
      name: "BackendError",
      message: /state "total": it is f32 \[2\], got f32 \[3\]/,
    });
    const foreign = await createInterpBackend().compile(counting, { bindings: { n: 2 } });
    const twin = await createOrtBackend({ device, threads: 1 });
    const cousin = await twin.compile(counting, { bindings: { n: 2 } });
    for (const share of [foreign, cousin]) {
      await assert.rejects(backend.compile(counting, { bindings: { n: 2 }, share, label: "eval" }), {
        name: "BackendError",
        message: /"eval": it can share states only with a program of its own backend/,
      });
    }
    await twin.dispose();
  });

  test("a program that was disposed says so, and may be disposed again", async (backend) => {
    const program = await backend.compile(counting, { bindings: { n: 1 }, label: "sums" });
    await program.dispose();
    await program.dispose();
    await assert.rejects(program.run({ x: vector(1) }), {
      name: "BackendError",
      message: /"sums": it was disposed/,
    });
  });

  test("a tensor too large for memory is one line that says how much, and the backend goes on", async (backend) => {
    const huge = device === "wasm" ? 2 ** 21 : 2 ** 36; // 8 GiB in a 32-bit heap, 256 TiB
    const program = await backend.compile(
      graphOf((b) => {
        const x = b.broadcast(b.input("x", "f32", [1]), [huge, 1024]);
        b.output("y", b.sum(b.mul(b.exp(x), x)));
      }),
      { label: "huge" },
    );
    await assert.rejects(program.run({ x: vector(1) }), (error: Error) => {
      assert.equal(error.name, "BackendError");
      assert.match(
        error.message,
        /^Cannot run "huge" on \w+: its tensors take up to [\d.]+ [kMGT]?B at once, more than there is; .*$/,
      );
      return true;
    });
    const small = await backend.compile(counting, { bindings: { n: 1 } });
    assert.deepEqual(values((await small.run({ x: vector(4) })).sum), [4]);
  });

  test("the event loop has its turn between two steps", async (backend) => {
    const program = await backend.compile(counting, { bindings: { n: 1 } });
    let turns = 0;
    let next = setImmediate(function count() {
      turns++;
      next = setImmediate(count);
    });
    for (let i = 0; i < 20; i++) await program.step({ x: vector(1) });
    clearImmediate(next);
    assert.ok(turns >= 19, `the loop turned ${turns} times in 20 steps`);

    let ticks = 0;
    const timer = setInterval(() => ticks++, 0);
    for (const start = performance.now(); performance.now() - start < 200;) {
      await program.step({ x: vector(1) });
    }
    clearInterval(timer);
    assert.ok(ticks >= 5, `a timer ran ${ticks} times in 200 ms of steps`);
  });
}

Deno.test("the number of wasm threads is the first backend's, and the description says it", async () => {
  const backend = await createOrtBackend({ device: "wasm", threads: 7 });
  assert.equal(backend.description, "ONNX Runtime wasm, 1 thread");
  await backend.dispose();
});

Deno.test("the wasm heap does not grow under running threads, which would kill one of them", async () => {
  const script = `
    const Memory = WebAssembly.Memory;
    const made = [];
    WebAssembly.Memory = class extends Memory {
      constructor(descriptor) {
        super(descriptor);
        made.push({ memory: this, descriptor });
      }
    };
    import { createBuilder, hostTensor } from ${
    JSON.stringify(import.meta.resolve("../../../src/graph/graph.ts"))
  };
    const { createOrtBackend } = await import(${
    JSON.stringify(import.meta.resolve("../../../src/backend/ort/backend.ts"))
  });
    const backend = await createOrtBackend({ device: "wasm", threads: 2 });
    const heap = made.find(({ descriptor }) => descriptor.shared && descriptor.maximum > 0).memory;
    const before = heap.buffer.byteLength;
    const b = createBuilder();
    const x = b.input("x", "f32", [256, 256]);
    let y = b.matmul(b.broadcast(b.reshape(x, [1, 256, 256]), [96, 256, 256]), x);
    for (let i = 0; i < 3; i++) y = b.add(b.exp(b.neg(b.abs(y))), b.reshape(b.sum(y, [-1]), [96, 256, 1]));
    b.output("y", b.sum(y));
    const program = await backend.compile(b.graph());
    await program.run({ x: hostTensor("f32", [256, 256], new Float32Array(65536).fill(1e-4)) });
    console.log(JSON.stringify({ before, after: heap.buffer.byteLength }));
    Deno.exit(0);`;
  // A process of its own, whose heap is new; the failure itself would be to hang.
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", script],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const timer = setTimeout(() => child.kill("SIGKILL"), 60_000);
  const { code, stdout, stderr } = await child.output();
  clearTimeout(timer);
  assert.equal(code, 0, new TextDecoder().decode(stderr) || "it hung");
  const { before, after } = JSON.parse(new TextDecoder().decode(stdout));
  assert.equal(after, before);
});

Deno.test("the Web's Worker is still there once wasm has started, for a server in the same process", async () => {
  const { Worker } = globalThis;
  const backend = await createOrtBackend({ device: "wasm" });
  assert.equal(globalThis.Worker, Worker);
  const url = URL.createObjectURL(new Blob(["self.postMessage(1)"], { type: "text/javascript" }));
  const worker = new globalThis.Worker(url, { type: "module" });
  assert.equal(await new Promise((resolve) => worker.onmessage = (event) => resolve(event.data)), 1);
  worker.terminate();
  await backend.dispose();
});
