import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { createGpuBackend, type GpuBackend } from "../../../../src/backend/gpu/backend.ts";
import { describeAdapter, type GpuContext, openDevice } from "../../../../src/backend/gpu/device/device.ts";
import { compileProgram } from "../../../../src/backend/gpu/device/program.ts";
import { BackendError } from "../../../../src/backend/interface.ts";
import { createBuilder, type Graph, hostTensor } from "../../../../src/graph/graph.ts";
import { limits } from "../limits.ts";

const adapter = await describeAdapter();

/** A test with a backend, its device and the buffers made on it, by label. */
function test(
  name: string,
  fn: (backend: GpuBackend, device: GPUDevice, buffers: Map<string, GPUBuffer>) => Promise<void>,
): void {
  Deno.test({
    name: `webgpu: ${name}`,
    ignore: !adapter,
    async fn() {
      const buffers = new Map<string, GPUBuffer>();
      let opened: GPUDevice;
      const backend = await createGpuBackend({
        onDevice(device) {
          opened = device;
          const make = device.createBuffer.bind(device);
          device.createBuffer = (descriptor) => {
            const buffer = make(descriptor);
            buffers.set(descriptor.label ?? "", buffer);
            return buffer;
          };
        },
      });
      try {
        await fn(backend, opened!, buffers);
      } finally {
        await backend.dispose();
      }
    },
  });
}

/** Two products: the first one by the state "v", the second one by "w". */
function products(): Graph {
  const b = createBuilder();
  const v = b.state("v", "f32", [8, 8], { role: "cache" });
  const w = b.state("w", "f32", [8, 8], { role: "cache" });
  const first = b.named("first", () => b.matmul(b.input("x", "f32", [8, 8]), v));
  const second = b.named("second", () => b.matmul(first, w));
  b.output("loss", b.sum(second));
  return b.graph();
}

const feeds = { x: hostTensor("f32", [8, 8], new Float32Array(64)) };

const isError = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof BackendError, String(error));
  assert.match(error.message, pattern);
  assert.doesNotMatch(error.message, /\n/);
  return true;
};

test(
  "an error of a submission names the kernel that did it and the buffer",
  async (backend, _device, buffers) => {
    const program = await backend.compile(products());
    await program.step(feeds);
    const state = [...buffers].find(([label]) => label.includes("w"))!;
    state[1].destroy();
    await assert.rejects(async () => {
      await program.step(feeds);
      await program.drain();
    }, isError(/^WebGPU failed in kernel matmul "second" \[8x8\].*: .*destroyed/));
    await assert.rejects(program.step(feeds), isError(/kernel matmul "second"/));
  },
);

test(
  "a device that is lost while it is waited for fails the wait and names the work",
  async (backend, device) => {
    const program = await backend.compile(products(), { label: "probe" });
    await program.step(feeds);
    const answer = program.drain();
    device.destroy();
    const lost =
      /^WebGPU device lost \(destroyed\): .*; the last work it was given is a run of "probe" \(\d+ kernels, the largest matmul/;
    await assert.rejects(answer, isError(lost));
    await assert.rejects(program.run(feeds), isError(lost));
    await assert.rejects(program.read(), isError(lost));
  },
);

test("queued work is bounded by the time it should take: steps then wait by themselves", async (backend) => {
  const b = createBuilder();
  const n = 1024;
  const x = b.input("x", "f32", [n, n]);
  b.output("loss", b.sum(b.matmul(x, x)));
  const program = await backend.compile(b.graph());
  const ones = { x: hostTensor("f32", [n, n], new Float32Array(n * n).fill(1)) };
  let waits = 0;
  const map = GPUBuffer.prototype.mapAsync;
  GPUBuffer.prototype.mapAsync = function (...args) {
    waits++;
    return map.apply(this, args);
  };
  try {
    for (let i = 0; i < 4; i++) await program.step(ones);
    // Until it was measured, a software adapter is held to be slower than it is.
    if (adapter!.software) assert.ok(waits > 0 && waits < 4, `${waits} waits`);
    const records = await program.drain();
    assert.deepEqual(records, Array(4).fill({ loss: n ** 3 }));
  } finally {
    GPUBuffer.prototype.mapAsync = map;
  }
});

test("errors of what is made at the same time go to who made it", async (_backend, device) => {
  // A driver that runs out of memory for the first buffer, as WebGPU's scopes would report it.
  const scopes: { filter: GPUErrorFilter; error: GPUError | null }[] = [];
  device.pushErrorScope = (filter) => void scopes.push({ filter, error: null });
  device.popErrorScope = () => Promise.resolve(scopes.pop()!.error);
  const context = await openDevice({ onDevice: (d) => Object.assign(d, device) });
  const fail = () => {
    scopes.findLast((s) => s.filter === "out-of-memory")!.error = new GPUOutOfMemoryError("no room");
  };
  const made = await Promise.allSettled([
    context.allocate("first", fail),
    context.allocate("second", () => 7),
  ]);
  await context.dispose();
  assert.deepEqual(made.map((m) => m.status), ["rejected", "fulfilled"]);
});

test("no error scope is open while something is awaited", async (backend, device, buffers) => {
  let open = 0;
  const late: string[] = [];
  const { pushErrorScope, popErrorScope } = device;
  device.pushErrorScope = (filter) => {
    open++;
    // Other work begins at the earliest when this job is done, and would open its own scopes inside of this one.
    queueMicrotask(() => open > 0 && late.push(filter));
    pushErrorScope.call(device, filter);
  };
  device.popErrorScope = () => {
    open--;
    return popErrorScope.call(device);
  };
  const program = await backend.compile(products());
  [...buffers].find(([label]) => label.includes("w"))![1].destroy();
  await assert.rejects(async () => {
    await program.step(feeds);
    await program.drain();
  }, isError(/kernel matmul "second"/));
  assert.deepEqual(late, []);
});

test("a disposed program gives back every pipeline that it took", async () => {
  const context = await openDevice();
  const users = new Map<string, number>();
  const count = (wgsl: string, by: number) => users.set(wgsl, (users.get(wgsl) ?? 0) + by);
  const watched: GpuContext = Object.create(context, {
    pipeline: {
      value: (...args: Parameters<GpuContext["pipeline"]>) => {
        count(args[1], 1);
        return context.pipeline(...args);
      },
    },
    giveBack: {
      value: (kernels: readonly { wgsl: string }[]) => kernels.forEach(({ wgsl }) => count(wgsl, -1)),
    },
  });
  const program = await compileProgram(watched, products(), { limits });
  assert.ok(Math.max(...users.values()) > 0);
  await program.dispose();
  assert.deepEqual([...users.values()].filter((n) => n !== 0), []);
  context.dispose();
});

test("ids outside their table are named where they are checked, and clamped where not", async (backend) => {
  const b = createBuilder();
  const table = b.state("table", "f32", [5, 2], { role: "cache" });
  b.output("y", b.gather(table, b.reshape(b.input("ids", "i32", [1, 3]), [3])));
  const feeds = (...ids: number[]) => ({ ids: hostTensor("i32", [1, 3], ids) });
  const strict = await createGpuBackend({ checkIds: true });
  const program = await strict.compile(b.graph());
  await program.run(feeds(0, 4, 0));
  const wrong = isError(/^Cannot run: element 1 of input "ids" is 5, and gather %\d+ looks it up in 5 rows$/);
  await assert.rejects(program.run(feeds(0, 5, 0)), wrong);
  await assert.rejects(program.step(feeds(0, 0, -1)), isError(/element 2 of input "ids" is -1/));
  await strict.dispose();
  await (await backend.compile(b.graph())).run(feeds(0, 5, 0));
});

test("what a disposed program took leaves the backend's lists", async (backend) => {
  const program = await backend.compile(products());
  const dispose = program.dispose.bind(program);
  let times = 0;
  program.dispose = () => {
    times++;
    return dispose();
  };
  await program.dispose();
  await backend.dispose();
  assert.equal(times, 1);
});

test("a backend ends the process of a GPU that hangs only with `endHungProcess`", async (backend) => {
  assert.equal(backend.guard, undefined);
  const strict = await createGpuBackend({ endHungProcess: true });
  strict.guard!(() => "advice")[Symbol.dispose]();
  await strict.dispose();
});

/** What a script prints in a process of its own. */
async function outputOf(script: string, env: Record<string, string>): Promise<string> {
  await using child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--ext=ts", "-"],
    env,
    cwd: fileURLToPath(new URL("../../../../", import.meta.url)),
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  await new Blob([script]).stream().pipeTo(child.stdin);
  return await new Response(child.stdout).text();
}

Deno.test({
  name: "webgpu: the environment is as it was",
  ignore: !adapter,
  async fn() {
    const script = `
      import { createGpuBackend } from "./src/backend/gpu/backend.ts";
      const variables = () => JSON.stringify(Object.entries(Deno.env.toObject()).sort());
      const before = variables();
      const backend = await createGpuBackend();
      await backend.dispose();
      Deno.stdout.writeSync(new TextEncoder().encode(String(variables() === before)));
      Deno.exit();
    `;
    assert.equal(await outputOf(script, { DENO_WEBGPU_BACKEND: "", XDG_RUNTIME_DIR: "" }), "true");
  },
});

Deno.test({
  name: "webgpu: with WEIR_DEBUG set, ids are checked",
  ignore: !adapter,
  async fn() {
    const script = `
      import { createGpuBackend } from "./src/backend/gpu/backend.ts";
      import { createBuilder, hostTensor } from "./src/graph/graph.ts";
      const b = createBuilder();
      b.output("y", b.gather(b.input("table", "f32", [2, 1]), b.input("ids", "i32", [1])));
      const backend = await createGpuBackend();
      const program = await backend.compile(b.graph());
      const feeds = { table: hostTensor("f32", [2, 1], [5, 7]), ids: hostTensor("i32", [1], [2]) };
      console.log(await program.run(feeds).then(() => "ran", (error) => error.message));
      await backend.dispose();
      Deno.exit();
    `;
    assert.match(await outputOf(script, { WEIR_DEBUG: "1" }), /^Cannot run: element 0 of input "ids" is 2, /);
    assert.equal(await outputOf(script, { WEIR_DEBUG: "" }), "ran\n");
  },
});

test("profiling gives each kernel's time and work, and counts as a step", async (backend) => {
  const program = await backend.compile(products());
  await program.step(feeds);
  const { kernels, phases } = await program.profile(feeds);
  assert.deepEqual(phases.map((p) => p.name), ["feed", "submit", "wait"]);
  assert.deepEqual(await program.drain(), [{ loss: 0 }, { loss: 0 }]);
  if (!adapter!.features.includes("timestamp-query")) return;
  assert.deepEqual(kernels.map((k) => k.name), program.kernels.map((k) => k.name));
  const [first] = kernels;
  assert.match(first.name, /matmul "first"/);
  assert.deepEqual([first.startMs, first.flops, first.bytes], [0, 2 * 8 ** 3, 3 * 4 * 64]);
  kernels.slice(1).forEach((k, i) => assert.ok(k.startMs >= kernels[i].startMs && k.ms >= 0));
});

Deno.test({
  name: "webgpu: memory that is not there is one line with what, bytes and advice",
  // Address space is limited by the shell.
  ignore: !adapter || Deno.build.os !== "linux",
  async fn() {
    const script = `
      import { createGpuBackend } from "./src/backend/gpu/backend.ts";
      import { createBuilder } from "./src/graph/graph.ts";
      const backend = await createGpuBackend({ maxTotalBytes: Infinity });
      const b = createBuilder();
      for (let i = 0; i < 2000; i++) {
        const s = b.state("s" + i, "f32", [30_000_000], { role: "cache" });
        b.update(s, b.add(s, 1));
      }
      const error = await backend.compile(b.graph()).catch((error) => error);
      console.log(error.name + ": " + error.message);
      await backend.dispose();
      Deno.exit();
    `;
    await using child = new Deno.Command("sh", {
      args: ["-c", 'ulimit -v 80000000; exec "$0" run -A --no-check --ext=ts -', Deno.execPath()],
      cwd: fileURLToPath(new URL("../../../../", import.meta.url)),
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    await new Blob([script]).stream().pipeTo(child.stdin);
    const stdout = await new Response(child.stdout).text();
    assert.match(
      stdout,
      /^BackendError: Cannot allocate state "s\d+"( of \d+)? \(\d+ bytes\) on .*: .*memory.*; .*smaller batch.*\n$/,
    );
  },
});
