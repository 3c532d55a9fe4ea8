/**
 * Times attention's kernels on WebGPU beside the products and softmax they replace:
 * `deno run -A bench/attention.ts [--tune N] [--rate 0.1] [shape ...]`, a shape as `batch x heads x queries x keys x width`.
 * `--tune N` times the N tilings that should be the fastest of each kernel, and prints how the choice compares with the best.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { makePlan } from "../src/backend/gpu/plan.ts";
import { hasKernel } from "../src/backend/gpu/plan.ts";
import { type GpuContext, openDevice } from "../src/backend/gpu/device.ts";
import type { Group } from "../src/backend/gpu/fusion.ts";
import { attentionKernels, passOf } from "../src/backend/gpu/kernels/attention.ts";
import { type AttentionTiling, rankTilings } from "../src/backend/gpu/kernels/attention_tiling.ts";
import type { Lowering } from "../src/backend/gpu/kernels/fused.ts";
import { storageBytes } from "../src/backend/gpu/kernels/wgsl.ts";
import { extentOf, type Kernel, type Storage } from "../src/backend/gpu/kernels/writer.ts";
import { createBuilder, gradients, type Graph, type Node } from "../src/graph/graph.ts";
import { expand } from "../src/graph/passes/expand.ts";
import { optimize } from "../src/graph/passes/optimize.ts";
import { numeric, sizeOf } from "../src/graph/shape.ts";

interface Shape {
  readonly batch: number;
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
  readonly width: number;
}

const { values, positionals } = parseArgs({
  options: {
    tune: { type: "string", default: "0" },
    rate: { type: "string", default: "0.1" },
    repeats: { type: "string", default: "20" },
  },
  allowPositionals: true,
});
const [tune, rate, repeats] = [values.tune, values.rate, values.repeats].map(Number);
const names = positionals.length > 0 ? positionals : [
  "16x2x128x128x64",
  "16x2x1x128x64",
  "16x12x128x128x32",
  "16x12x128x128x64",
  "16x12x1x128x64",
  "16x12x512x512x64",
  "8x8x256x256x96",
  "4x16x512x512x128",
];

const context = await openDevice();
const { limits: adapterLimits, software } = context.adapter;
const limits = {
  maxBuffers: 16,
  maxWorkgroupBytes: adapterLimits.maxComputeWorkgroupStorageSize,
  maxBindingBytes: adapterLimits.maxStorageBufferBindingSize,
  parallelism: software ? 2 : 132,
  software,
};
print(`${context.adapter.description}; dropout ${rate}; microseconds of one launch, median of ${repeats}`);
await warmUp(context);
for (const name of names) {
  const [batch, heads, queries, keys, width] = name.split("x").map(Number);
  const shape = { batch, heads, queries, keys, width };
  await compare(name, shape);
  if (tune > 0) await tuneShape(name, shape);
}
context.dispose();

/** The kernels of attention forward and backward, as they are and without kernels of its own. */
async function compare(name: string, shape: Shape): Promise<void> {
  const graph = attentionGraph(shape);
  for (const fused of [false, true]) {
    const keep = (node: Node) => (fused || !node.op.startsWith("attention")) && hasKernel(node, limits);
    const { kernels } = makePlan(optimize(expand(graph, keep)), limits);
    const times = await time(kernels);
    const total = times.reduce((a, b) => a + b, 0);
    const forward = 4 * sizeOf(Object.values(shape));
    if (!fused) {
      print(`${name}: ${total.toFixed(0)} in ${kernels.length} kernels of products and softmax`);
      continue;
    }
    print(
      `${name}: ${total.toFixed(0)} in ${kernels.length} kernels, forward ${
        (forward / 1e9).toFixed(2)
      } GFLOP`,
    );
    kernels.forEach((kernel, i) => {
      const rateText = kernel.flops
        ? `${(kernel.flops / times[i] / 1e6).toFixed(1).padStart(6)} TFLOP/s`
        : "";
      print(`  ${times[i].toFixed(1).padStart(8)} ${rateText} ${kernel.name}`);
    });
  }
}

/** Times the most promising tilings of each kernel. */
async function tuneShape(name: string, { batch, heads, queries, keys, width }: Shape): Promise<void> {
  const graph = optimize(
    expand(attentionGraph({ batch, heads, queries, keys, width }), (n) => hasKernel(n, limits)),
  );
  for (const op of ["attention", "attention_grad_query", "attention_grad_key"]) {
    const pass = passOf(op, { rows: queries, columns: keys, heads: batch * heads, width });
    const anchor = graph.nodes.find((n) => n.op === op)!;
    const family = op === "attention"
      ? ["attention", "attention_stats"]
      : op === "attention_grad_key"
      ? ["attention_grad_key", "attention_grad_value"]
      : [op];
    const outputs = graph.nodes.filter((n) => family.includes(n.op));
    const rows: { tiling: AttentionTiling; us: number; at: number }[] = [];
    for (const [at, tiling] of varied(rankTilings(pass, limits), tune).entries()) {
      const kernels = kernelsOf(anchor, outputs, tiling);
      try {
        const [us] = await time(kernels);
        rows.push({ tiling, us, at });
      } catch (error) {
        print(`  ${describe(tiling)}: ${(error as Error).message}`);
      }
    }
    const chosen = rows.find((r) => r.at === 0);
    rows.sort((a, b) => a.us - b.us);
    print(`${name} ${op}: chosen ${chosen?.us.toFixed(1)}, best ${rows[0]?.us.toFixed(1)}`);
    for (const { tiling, us, at } of rows) print(`  ${us.toFixed(1).padStart(8)} #${at} ${describe(tiling)}`);
  }
}

/** The first of the list, but no more than two with the same share of a thread. */
function varied(tilings: readonly AttentionTiling[], count: number): AttentionTiling[] {
  const seen = new Map<string, number>();
  return tilings.filter((t) => {
    const key = `${t.high} ${t.scoreQuads} ${t.resultQuads}`;
    seen.set(key, (seen.get(key) ?? 0) + 1);
    return seen.get(key)! <= 2;
  }).slice(0, count);
}

function describe(t: AttentionTiling): string {
  return `rows ${t.rows} high ${t.high} across ${t.across} score ${t.scoreQuads} result ${t.resultQuads} ` +
    `columns ${t.columns} threads ${t.threads} padding ${t.padding}`;
}

function kernelsOf(anchor: Node, outputs: readonly Node[], tiling: AttentionTiling): Kernel[] {
  const storages = new Map<Node, Storage>();
  const storage = (node: Node): Storage => ({
    label: node.op,
    dtype: node.dtype,
    elements: sizeOf(numeric(node.shape)),
  });
  for (const node of [...anchor.inputs, ...outputs]) storages.set(node, storage(node));
  const group: Group = {
    level: 0,
    size: sizeOf(numeric(anchor.shape)),
    anchor,
    nodes: new Set(outputs),
    prologue: new Set(),
    outputs,
    loads: new Set(anchor.inputs),
  };
  const lowering: Lowering & { tiling: AttentionTiling } = {
    ...limits,
    tiling,
    storageOf: (node) => storages.get(node),
    scratch: (label, dtype, elements) => ({ label, dtype, elements }),
    table: (label, words) => ({ label, dtype: "u32", elements: words.length }),
  };
  return attentionKernels(group, lowering);
}

function attentionGraph({ batch, heads, queries, keys, width }: Shape): Graph {
  const b = createBuilder();
  const input = (name: string, length: number) => b.input(name, "f32", [batch, length, heads * width]);
  const [q, k, v, dy] = [input("q", queries), input("k", keys), input("v", keys), input("dy", queries)];
  const y = b.attention(q, k, v, {
    heads,
    scale: 1 / Math.sqrt(width),
    mask: b.input("mask", "f32", [batch, 1, 1, keys]),
    dropout: { rate, key: b.input("rng", "u32", []) },
  });
  b.output("y", y);
  gradients(b, b.sum(b.mul(y, dy)), [q, k, v]).forEach((g, i) => b.output(`d${i}`, g));
  return b.graph();
}

/** The median time of each kernel in microseconds, on memory that holds zeros. */
async function time(kernels: readonly Kernel[]): Promise<number[]> {
  const { device } = context;
  const buffers = new Map<Storage, GPUBuffer>();
  const bufferOf = (storage: Storage) => {
    const { root } = extentOf(storage);
    let buffer = buffers.get(root);
    if (!buffer) {
      const size = Math.ceil(root.elements * storageBytes(root.dtype) / 256) * 256;
      buffers.set(root, buffer = device.createBuffer({ size, usage: GPUBufferUsage.STORAGE }));
    }
    return buffer;
  };
  const launches = [];
  for (const { name, wgsl, bindings, workgroups } of kernels) {
    const module = device.createShaderModule({ code: wgsl });
    device.pushErrorScope("validation");
    const pipeline = await device.createComputePipelineAsync({
      layout: "auto",
      compute: { module, entryPoint: "main" },
    });
    const entries = bindings.map(({ storage }, binding) => {
      const { begin, end } = extentOf(storage);
      const size = Math.ceil((end - begin) / 4) * 4;
      return { binding, resource: { buffer: bufferOf(storage), offset: begin, size } };
    });
    const bindGroup = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
    const error = await device.popErrorScope();
    if (error) throw new Error(`${name}: ${error.message}`);
    launches.push({ pipeline, bindGroup, workgroups });
  }
  const count = 2 * launches.length;
  const samples: number[][] = launches.map(() => []);
  const querySet = device.createQuerySet({ type: "timestamp", count });
  const resolved = device.createBuffer({
    size: count * 8,
    usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
  });
  const total = count * 8 * (repeats + 3);
  const staging = device.createBuffer({
    size: total,
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  });
  const encoder = device.createCommandEncoder();
  for (let round = 0; round < repeats + 3; round++) {
    launches.forEach(({ pipeline, bindGroup, workgroups }, i) => {
      const pass = encoder.beginComputePass({
        timestampWrites: { querySet, beginningOfPassWriteIndex: 2 * i, endOfPassWriteIndex: 2 * i + 1 },
      });
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(...workgroups);
      pass.end();
    });
    encoder.resolveQuerySet(querySet, 0, count, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, staging, round * count * 8, count * 8);
  }
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const times = new BigUint64Array(staging.getMappedRange().slice(0));
  staging.unmap();
  for (let round = 3; round < repeats + 3; round++) {
    launches.forEach((_, i) => {
      const at = round * count + 2 * i;
      samples[i].push(Number(times[at + 1] - times[at]) / 1000);
    });
  }
  for (const buffer of [...buffers.values(), resolved, staging]) buffer.destroy();
  querySet.destroy();
  context.check();
  return samples.map((list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)]);
}

/** Keeps the device busy for a while, since its clock idles low. */
async function warmUp({ device }: GpuContext): Promise<void> {
  if (software) return;
  const module = device.createShaderModule({
    code: `@group(0) @binding(0) var<storage, read_write> x: array<f32>;
@compute @workgroup_size(256) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  var v = f32(id.x);
  for (var i = 0u; i < 4096u; i++) { v = fma(v, 0.999f, 1.0f); }
  x[id.x] = v;
}`,
  });
  const pipeline = await device.createComputePipelineAsync({
    layout: "auto",
    compute: { module, entryPoint: "main" },
  });
  const buffer = device.createBuffer({ size: 4 << 20, usage: GPUBufferUsage.STORAGE });
  const bindGroup = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [{ binding: 0, resource: { buffer } }],
  });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  for (let i = 0; i < 500; i++) pass.dispatchWorkgroups(4096);
  pass.end();
  device.queue.submit([encoder.finish()]);
  await device.queue.onSubmittedWorkDone();
  buffer.destroy();
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
