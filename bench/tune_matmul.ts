/**
 * Finds the best tiles of matrix products on this adapter, prints them beside cuBLAS where Python has torch, and writes the
 * tuning table that the WebGPU backend reads at its start.
 *
 *   deno run -A bench/tune_matmul.ts [--write .weir/tuning.json] [--shapes "nt 2048x768x768,tn 768x768x2048"] [--csv all.csv]
 *
 * A shape is its form (x W^T is `nt`, dy W is `nn`, dy^T x is `tn`) and rows x columns x inner dimension; without
 * `--shapes` they are those of BERT's training steps at 2,048 tokens, and squares, even and odd. `--f16` takes f16
 * operands.
 *
 * Kernels are compiled by several processes at once and timed by one at a time, on a device that was kept busy first (its
 * clock idles low), with timestamp queries: the median of seven passes of three launches each. Some elements of every
 * result are compared with the host's.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { describeAdapter } from "../src/backend/gpu/device/device.ts";
import { halfTileNames, tileNamed, tileNames } from "../src/backend/gpu/kernels/matmul_tiles.ts";
import {
  bytesOf,
  pieceStep,
  threadsOf,
  type Tile,
  type TileOperand,
  tileText,
} from "../src/backend/gpu/kernels/tile.ts";

interface Shape {
  readonly form: "nt" | "nn" | "tn";
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

interface Variant {
  readonly shape: Shape;
  readonly name: string;
  readonly tile: Tile;
  readonly parts: number;
}

interface Timing extends Variant {
  readonly us: number;
  readonly error: number;
}

const { values: options } = parseArgs({
  options: {
    write: { type: "string" },
    csv: { type: "string" },
    shapes: { type: "string" },
    f16: { type: "boolean", default: false },
    processes: { type: "string", default: String(Math.max(1, navigator.hardwareConcurrency - 1)) },
    parallelism: { type: "string", default: "132" },
    python: { type: "string", default: "python3" },
    worker: { type: "boolean", default: false },
  },
});
const dtype = options.f16 ? "f16" : "f32";
const passes = 7;
const launches = 3;
const samples = 16;

if (options.worker) await work();
else await lead();

async function lead(): Promise<void> {
  const adapter = await describeAdapter();
  if (!adapter) throw new Error("There is no WebGPU adapter to tune for");
  const shapes = options.shapes ? options.shapes.split(",").map(parseShape) : usualShapes();
  const all = shapes.flatMap((s) => variants(s, adapter.limits.maxComputeWorkgroupStorageSize));
  const started = performance.now();
  const results = await timeAll(all);
  const tolerance = options.f16 ? 1e-3 : 1e-4;
  const wrong = results.filter((r) => !(r.error < tolerance));
  print(
    `${adapter.description}, ${dtype}; ${results.length} kernels in ${
      seconds(started)
    } s, ${wrong.length} wrong`,
  );
  for (const r of wrong) print(`  ${textOf(r.shape)} by ${textOf(r)} is off by ${r.error}`);
  const reference = await cublas(shapes);
  print("product                  best tile     µs    TFLOP/s  cuBLAS µs  TFLOP/s  time against cuBLAS");
  const products: Record<string, string> = {};
  shapes.forEach((s, i) => {
    const mine = results.filter((r) => r.shape === s && !wrong.includes(r)).sort((a, b) => a.us - b.us);
    if (mine.length === 0) return;
    const [best] = mine;
    products[textOf(s)] = textOf(best);
    const cu = reference[i];
    const cells = [
      best.us.toFixed(1).padStart(7),
      rate(s, best.us),
      cu?.toFixed(1).padStart(7) ?? "",
      cu ? rate(s, cu) : "",
      cu ? (best.us / cu).toFixed(2) : "",
    ];
    print(`${textOf(s).padEnd(22)} ${textOf(best).padStart(12)} ${cells.join("  ")}`);
  });
  if (options.write) {
    await Deno.writeTextFile(
      options.write,
      JSON.stringify(
        {
          adapter: adapter.description,
          ...(options.f16 ? { products: {}, halves: products } : { products }),
        },
        null,
        2,
      ) + "\n",
    );
  }
  if (options.csv) {
    const rows = results.map((r) => `${textOf(r.shape)},${textOf(r)},${r.us.toFixed(2)}`);
    await Deno.writeTextFile(options.csv, rows.join("\n") + "\n");
  }
}

function parseShape(text: string): Shape {
  const match = /^\s*(nt|nn|tn) (\d+)x(\d+)x(\d+)\s*$/.exec(text);
  if (!match) throw new Error(`"${text}" is no shape such as "nt 2048x768x768"`);
  const [m, n, k] = match.slice(2).map(Number);
  return { form: match[1] as Shape["form"], m, n, k };
}

function usualShapes(): Shape[] {
  const shapes: Shape[] = [];
  const forms = ["nt", "nn", "tn"] as const;
  for (const [h, i] of [[768, 3072], [384, 1536], [128, 512]]) {
    const weights = [[h, h], [3 * h, h], [i, h], [h, i]];
    for (const [n, k] of weights) shapes.push({ form: "nt", m: 2048, n, k });
    for (const [n, k] of weights) shapes.push({ form: "nn", m: 2048, n: k, k: n });
    for (const [m, n] of weights) shapes.push({ form: "tn", m, n, k: 2048 });
  }
  for (const d of [512, 1000, 1024, 2047, 2048, 2049, 4096]) {
    for (const form of forms) shapes.push({ form, m: d, n: d, k: d });
  }
  return shapes;
}

/** Every tile that fits and is not much too large or too small, whole and in the parts that fill the multiprocessors best. */
function variants(s: Shape, maxBytes: number): Variant[] {
  const list: Variant[] = [];
  for (const name of options.f16 ? halfTileNames : tileNames) {
    const tile = tileNamed(name, { halves: options.f16 });
    const area = tile.rows * tile.columns;
    if (bytesOf(tile) > maxBytes) continue;
    if (s.m * s.n > 2 ** 20 && area < 2 ** 12 || s.m * s.n < 2 ** 18 && area > 2 ** 13) continue;
    const groups = Math.ceil(s.m / tile.rows) * Math.ceil(s.n / tile.columns);
    const choices = Array.from({ length: 16 }, (_, i) => i + 1)
      .filter((parts) => parts === 1 || s.k / parts >= 128 && parts * s.m * s.n * 4 <= 2 ** 26)
      .map((parts) => {
        const each = groups * parts / Number(options.parallelism);
        return { parts, waste: Math.ceil(each) / each * (1 + 0.02 * (parts - 1)) };
      })
      .sort((x, y) => x.waste - y.waste);
    const few = new Set([1, ...choices.slice(0, 4).map((c) => c.parts)]);
    for (const parts of few) list.push({ shape: s, name, tile, parts });
  }
  return list;
}

async function timeAll(all: readonly Variant[]): Promise<Timing[]> {
  const count = Math.min(Number(options.processes), all.length);
  const script = new URL(import.meta.url).pathname;
  // In no order, so that no shape is the first everywhere.
  const mixed = all.map((v, i) => ({ v, at: Math.imul(i, 2654435761) >>> 0 })).sort((x, y) => x.at - y.at)
    .map(({ v }) => v);
  const workers = Array.from({ length: count }, (_, p) => {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", script, "--worker", ...(options.f16 ? ["--f16"] : [])],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(lineStream()).getReader();
    return { child, writer: child.stdin.getWriter(), lines, mine: mixed.filter((_, i) => i % count === p) };
  });
  const results: Timing[] = [];
  // In the order they are ready in, one at a time.
  let turn: Promise<unknown> = Promise.resolve();
  await Promise.all(workers.map(async ({ child, writer, lines, mine }) => {
    const send = (value: unknown) => writer.write(new TextEncoder().encode(JSON.stringify(value) + "\n"));
    await send(mine);
    if ((await lines.read()).done) return;
    await (turn = turn.then(async () => {
      await send("go");
      const { value, done } = await lines.read();
      if (done) return;
      const timings = JSON.parse(value) as { us: number | null; error: number }[];
      timings.forEach(({ us, error }, i) => us !== null && results.push({ ...mine[i], us, error }));
    }));
    await writer.close();
    await child.status;
  }));
  return results;
}

function rate(s: Shape, us: number): string {
  return (2 * s.m * s.n * s.k / us / 1e6).toFixed(1).padStart(5);
}

function textOf(what: Shape | Variant): string {
  if ("form" in what) return `${what.form} ${what.m}x${what.n}x${what.k}`;
  return what.parts === 1 ? what.name : `${what.name}/${what.parts}`;
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(1);
}

/** Microseconds of cuBLAS without TF32, twenty products in a CUDA graph; none where Python has no torch with CUDA. */
async function cublas(shapes: readonly Shape[]): Promise<(number | undefined)[]> {
  const script = `
import json, sys, torch
torch.backends.cuda.matmul.allow_tf32 = False
kind = torch.${options.f16 ? "float16" : "float32"}
out = []
for s in json.load(sys.stdin):
    m, n, k = s["m"], s["n"], s["k"]
    r = lambda *d: torch.randn(*d, device="cuda", dtype=kind)
    a = r(k, m).t() if s["form"] == "tn" else r(m, k)
    b = r(n, k).t() if s["form"] == "nt" else r(k, n)
    o = r(m, n)
    for _ in range(30): torch.mm(a, b, out=o)
    torch.cuda.synchronize()
    g = torch.cuda.CUDAGraph()
    with torch.cuda.graph(g):
        for _ in range(20): torch.mm(a, b, out=o)
    times = []
    for _ in range(9):
        e = [torch.cuda.Event(enable_timing=True) for _ in range(2)]
        e[0].record(); g.replay(); e[1].record(); torch.cuda.synchronize()
        times.append(e[0].elapsed_time(e[1]) * 1000 / 20)
    out.append(sorted(times)[4])
print(json.dumps(out))
`;
  try {
    const child = new Deno.Command(options.python, {
      args: ["-c", script],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(JSON.stringify(shapes)));
    await writer.close();
    return JSON.parse(new TextDecoder().decode((await child.output()).stdout));
  } catch {
    return shapes.map(() => undefined);
  }
}

/** One process: compiles, waits for its turn, times. */
async function work(): Promise<void> {
  const input = Deno.stdin.readable.pipeThrough(new TextDecoderStream()).pipeThrough(lineStream())
    .getReader();
  const list = JSON.parse((await input.read()).value!) as Variant[];
  const device = await openDevice();
  const kernels: (GPUComputePipeline | undefined)[] = [];
  for (const v of list) kernels.push(await compile(device, v));
  const sums = new Map<string, GPUComputePipeline>();
  const sumOf = ({ parts, shape: s }: Variant) => `${parts} ${s.m * s.n}`;
  for (const v of list) {
    if (v.parts === 1 || sums.has(sumOf(v))) continue;
    sums.set(sumOf(v), await compileSum(device, v.parts, v.shape.m * v.shape.n));
  }
  print("ready");
  await input.read();

  const buffer = (size: number, usage: number) => device.createBuffer({ size, usage });
  const { STORAGE, COPY_DST, COPY_SRC, MAP_READ, QUERY_RESOLVE } = GPUBufferUsage;
  const most = (size: (v: Variant) => number) => Math.max(...list.map(size));
  const host = [
    random(most((v) => v.shape.m * v.shape.k), 1),
    random(most((v) => v.shape.n * v.shape.k), 2),
  ];
  const operands = host.map((h) => upload(device, options.f16 ? Float16Array.from(h) : h));
  const out = buffer(most((v) => v.shape.m * v.shape.n * 4), STORAGE | COPY_SRC | COPY_DST);
  const scratch = buffer(most((v) => v.parts * v.shape.m * v.shape.n * 4), STORAGE);
  const queries = device.createQuerySet({ type: "timestamp", count: 2 * passes });
  const resolved = buffer(4096, QUERY_RESOLVE | COPY_SRC);
  const stamps = buffer(list.length * passes * 16, COPY_DST | COPY_SRC);
  const taken = buffer(list.length * samples * 16, COPY_DST | COPY_SRC);
  const bind = (pipeline: GPUComputePipeline, buffers: GPUBuffer[]) =>
    device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: buffers.map((b, binding) => ({ binding, resource: { buffer: b } })),
    });
  const prepared = list.map((v, i) => {
    const { m, n } = v.shape;
    const kernel = kernels[i];
    if (!kernel) return [];
    const steps = [{
      pipeline: kernel,
      group: bind(kernel, [...operands, v.parts > 1 ? scratch : out]),
      grid: [Math.ceil(n / v.tile.columns), Math.ceil(m / v.tile.rows), v.parts],
    }];
    if (v.parts > 1) {
      const pipeline = sums.get(sumOf(v))!;
      const count = Math.ceil(m * n % 4 === 0 ? m * n / 256 : m * n / 64);
      const high = Math.ceil(count / 65535);
      steps.push({
        pipeline,
        group: bind(pipeline, [scratch, out]),
        grid: [Math.ceil(count / high), high, 1],
      });
    }
    return steps;
  });
  const launch = (pass: GPUComputePassEncoder, i: number) => {
    for (const { pipeline, group, grid } of prepared[i]) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(grid[0], grid[1], grid[2]);
    }
  };
  await keepBusy(device, (pass, r) => launch(pass, r % list.length));
  for (let i = 0; i < list.length; i++) {
    const encoder = device.createCommandEncoder();
    encoder.clearBuffer(out, 0, list[i].shape.m * list[i].shape.n * 4);
    const warm = encoder.beginComputePass();
    for (let r = 0; r < 2; r++) launch(warm, i);
    warm.end();
    for (let p = 0; p < passes; p++) {
      const timestampWrites = {
        querySet: queries,
        beginningOfPassWriteIndex: 2 * p,
        endOfPassWriteIndex: 2 * p + 1,
      };
      const pass = encoder.beginComputePass({ timestampWrites });
      for (let r = 0; r < launches; r++) launch(pass, i);
      pass.end();
    }
    encoder.resolveQuerySet(queries, 0, 2 * passes, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, stamps, i * passes * 16, passes * 16);
    for (let s = 0; s < samples; s++) {
      encoder.copyBufferToBuffer(out, sampleAt(list[i].shape, s) * 4, taken, (i * samples + s) * 16, 16);
    }
    device.queue.submit([encoder.finish()]);
  }
  const [times, got] = await Promise.all([stamps, taken].map(async (source) => {
    const staging = buffer(source.size, COPY_DST | MAP_READ);
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(source, 0, staging, 0, source.size);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    return staging.getMappedRange();
  }));
  const ticks = new BigUint64Array(times);
  const values = new Float32Array(got);
  const expected = new Map<string, number[]>();
  print(JSON.stringify(list.map((v, i) => {
    const us = Array.from({ length: passes }, (_, p) => {
      const at = 2 * (i * passes + p);
      return Number(ticks[at + 1] - ticks[at]) / 1000 / launches;
    }).sort((x, y) => x - y)[passes >> 1];
    const key = textOf(v.shape);
    if (!expected.has(key)) expected.set(key, reference(v.shape, host));
    const off = expected.get(key)!.map((w, j) => Math.abs(values[i * samples * 4 + j] - w));
    return { us: kernels[i] ? us : null, error: Math.max(...off) / Math.sqrt(v.shape.k) };
  })));
  device.destroy();
  Deno.exit(0);
}

/** Launches for half a second without a pause. */
async function keepBusy(
  device: GPUDevice,
  launch: (pass: GPUComputePassEncoder, r: number) => void,
): Promise<void> {
  const some = () => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (let r = 0; r < 20; r++) launch(pass, r);
    pass.end();
    device.queue.submit([encoder.finish()]);
  };
  some();
  await device.queue.onSubmittedWorkDone();
  const start = performance.now();
  some();
  await device.queue.onSubmittedWorkDone();
  const times = Math.min(500, Math.ceil(500 / (performance.now() - start)) * 5);
  for (let i = 0; i < times; i++) some();
}

async function openDevice(): Promise<GPUDevice> {
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new Error("There is no WebGPU adapter to tune for");
  const { limits } = adapter;
  const device = await adapter.requestDevice({
    requiredFeatures: ["timestamp-query", ...(options.f16 ? ["shader-f16" as const] : [])],
    requiredLimits: {
      maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
      maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
      maxBufferSize: limits.maxBufferSize,
    },
  });
  device.addEventListener("uncapturederror", (event) => {
    event.preventDefault();
    console.error((event as GPUUncapturedErrorEvent).error.message);
  });
  return device;
}

/** The first of four elements of the result that are compared. */
function sampleAt({ m, n }: Shape, s: number): number {
  const row = (s * 2654435761 >>> 5) % m;
  return s === 0 ? m * n - 4 : row * n + Math.min((s * 40503 + 7) % n, n - 4);
}

function reference(s: Shape, [a, b]: readonly Float32Array[]): number[] {
  return Array.from({ length: 4 * samples }, (_, i) => {
    const at = sampleAt(s, i >> 2) + (i & 3);
    const [row, column] = [Math.floor(at / s.n), at % s.n];
    let sum = 0;
    for (let k = 0; k < s.k; k++) {
      const x = a[s.form === "tn" ? k * s.m + row : row * s.k + k];
      const y = b[s.form === "nt" ? column * s.k + k : k * s.n + column];
      sum += options.f16 ? Math.f16round(x) * Math.f16round(y) : x * y;
    }
    return sum;
  });
}

function compile(
  device: GPUDevice,
  { shape: s, tile, parts }: Variant,
): Promise<GPUComputePipeline | undefined> {
  const even = [s.m, s.n, s.k].every((d) => d % 4 === 0);
  const operand = (name: string, transposed: boolean, extent: number): TileOperand => ({
    name,
    dtype,
    outer: transposed ? 1 : s.k,
    inner: transposed ? extent : 1,
    along: transposed ? "outer" : "inner",
    lanes: even ? 4 : 1,
    base: "0u",
  });
  const [a, b] = [operand("b0", s.form === "tn", s.m), operand("b1", s.form !== "nt", s.n)];
  const { declarations, body } = tileText(tile, a, b, s.k);
  const perPart = Math.ceil(s.k / parts / tile.depth) * tile.depth;
  const type = (t: string) => even ? `vec4<${t}>` : t;
  const puts = Array.from({ length: tile.wide / 4 }, (_, j) => {
    const column = `column + ${j * pieceStep(tile)}u`;
    return Array.from({ length: even ? 1 : 4 }, (_, l) => {
      const at = `out + row * ${s.n}u + ${column}`;
      const store = even ? `b2[(${at}) >> 2u] = c${j};` : `b2[${at} + ${l}u] = c${j}[${l}];`;
      return `if (row < ${s.m}u && ${column} + ${l}u < ${s.n}u) { ${store} }`;
    }).join("\n  ");
  }).join("\n  ");
  const parameters = Array.from({ length: tile.wide / 4 }, (_, j) => `c${j}: vec4<f32>`).join(", ");
  return pipeline(
    device,
    `${options.f16 ? "enable f16;\n" : ""}@group(0) @binding(0) var<storage, read> b0: array<${type(dtype)}>;
@group(0) @binding(1) var<storage, read> b1: array<${type(dtype)}>;
@group(0) @binding(2) var<storage, read_write> b2: array<${type("f32")}>;
${declarations}
fn put(out: u32, row: u32, column: u32, ${parameters}) {
  ${puts}
}
@compute @workgroup_size(${threadsOf(tile)})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) t: u32) {
  let n0 = group.x * ${tile.columns}u;
  let m0 = group.y * ${tile.rows}u;
  let begin = group.z * ${perPart}u;
  let end = min(begin + ${perPart}u, ${s.k}u);
  let out = group.z * ${s.m * s.n}u;
${body}
}`,
  ).catch((error) => {
    console.error(`${textOf(s)}: ${error}`);
    return undefined;
  });
}

/** Adds up results in parts. */
function compileSum(device: GPUDevice, parts: number, results: number): Promise<GPUComputePipeline> {
  const [type, n] = results % 4 === 0 ? ["vec4<f32>", results / 4] : ["f32", results];
  const sum = Array.from({ length: parts }, (_, p) => `b0[i + ${p * n}u]`).join(" + ");
  return pipeline(
    device,
    `@group(0) @binding(0) var<storage, read> b0: array<${type}>;
@group(0) @binding(1) var<storage, read_write> b1: array<${type}>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = id.x + id.y * groups.x * 64u;
  if (i < ${n}u) { b1[i] = ${sum}; }
}`,
  );
}

function pipeline(device: GPUDevice, code: string): Promise<GPUComputePipeline> {
  const module = device.createShaderModule({ code });
  return device.createComputePipelineAsync({ layout: "auto", compute: { module, entryPoint: "main" } });
}

function random(length: number, seed: number): Float32Array<ArrayBuffer> {
  const data = new Float32Array(length);
  let x = seed;
  for (let i = 0; i < length; i++) {
    x = Math.imul(x, 1664525) + 1013904223 | 0;
    data[i] = x / 2 ** 31;
  }
  return data;
}

function upload(device: GPUDevice, data: Float32Array<ArrayBuffer> | Float16Array<ArrayBuffer>): GPUBuffer {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
  const buffer = device.createBuffer({
    size: Math.ceil(data.byteLength / 4) * 4,
    usage,
    mappedAtCreation: true,
  });
  new Uint8Array(buffer.getMappedRange()).set(new Uint8Array(data.buffer));
  buffer.unmap();
  return buffer;
}

function lineStream(): TransformStream<string, string> {
  let rest = "";
  return new TransformStream({
    transform(chunk, controller) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop()!;
      for (const line of lines) controller.enqueue(line);
    },
  });
}

function print(line: string): void {
  console.log(line);
}
