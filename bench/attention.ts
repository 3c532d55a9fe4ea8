/**
 * Times attention's kernels on WebGPU beside the products and softmax they replace:
 * `deno run -A bench/attention.ts [--tune] [--rate 0.1] [shape ...]`, a shape as `batch x heads x queries x keys x width`.
 * `--tune` times each kernel with all blocks there are, `--ablate` as well the chosen ones with parts of their work left out.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { makePlan } from "../src/backend/gpu/plan/plan.ts";
import { hasKernel } from "../src/backend/gpu/rules/rules.ts";
import { type GpuContext, openDevice } from "../src/backend/gpu/device/device.ts";
import type { Group } from "../src/backend/gpu/plan/group.ts";
import { attentionKernels, type AttentionLowering } from "../src/backend/gpu/kernels/attention.ts";
import {
  blocksFit,
  type BlockTiling,
  blockTilings,
} from "../src/backend/gpu/kernels/attention/block_tiles.ts";
import { type AttentionNode, attentionPassOf, problemOf } from "../src/backend/gpu/kernels/attention/pass.ts";
import { storageBytes } from "../src/backend/gpu/kernels/wgsl.ts";
import { extentOf, type Kernel, type Storage, wgslOf } from "../src/backend/gpu/kernels/writer.ts";
import { firstLine } from "../src/base/text.ts";
import { createBuilder, gradients, type Graph, type Node } from "../src/graph/graph.ts";
import { expand } from "../src/graph/passes/expand.ts";
import { mergeProjections } from "../src/graph/passes/merge_projections.ts";
import { optimize } from "../src/graph/passes/optimize.ts";
import { numeric, sizeOf } from "../src/graph/shape.ts";
import { specOf } from "../src/graph/table.ts";

interface Shape {
  readonly batch: number;
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
  readonly width: number;
}

const { values, positionals } = parseArgs({
  options: {
    tune: { type: "boolean", default: false },
    ablate: { type: "boolean", default: false },
    rate: { type: "string", default: "0.1" },
    repeats: { type: "string", default: "20" },
  },
  allowPositionals: true,
});
const [rate, repeats] = [values.rate, values.repeats].map(Number);
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

const families = [["attention", "attention_stats"], ["attention_grad_key", "attention_grad_value"]];
const variants: [string, BlockTiling | null | undefined][] = [
  ["chosen", undefined],
  ["streams", null],
  ...blockTilings.map((t, i): [string, BlockTiling] => [
    `#${i} ${t.rows}x${t.columns} by ${t.high}x${t.wide}, ${t.depth} deep, ${t.held} held`,
    t,
  ]),
];
const ablations: Record<string, (wgsl: string) => string> = {
  "without barriers": (s) => s.replaceAll("workgroupBarrier();", ""),
  "without the exchange of maxima": (s) => s.replaceAll(/new_top\d = max\(new_top\d, held[^;]*;/g, ""),
  "without holding scores": (s) => s.replaceAll(/held\[\d\]\[\(x >> 2u\) \+[^;]*;/g, ""),
  "without filling": (s) =>
    s.replaceAll(/(stage|held)\[[^=;]*\] = vec4<f32>\(r_[^;]*;/g, "").replaceAll(
      /stage\[[^=;]*\] = r_[^;]*;/g,
      "",
    ),
  "without hashing": (s) => s.replace(/(fn mix_four[^{]*\{)/, "$1 return word;"),
  "without exp": (s) => s.replaceAll(/\bexp\(/g, "("),
  "without products": (s) => s.replaceAll(/\w+ \+= a\d+\.[xyzw] \* b\w+;/g, ""),
  "without fetching": (s) =>
    s.replaceAll(
      /(fn load_\w+\(at: u32\) -> vec4<f32> \{)/g,
      "$1 if (at < 4000000000u) { return vec4<f32>(f32(at)); }",
    ),
};

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
const busy = await makeBusy(context);
for (const name of names) {
  const [batch, heads, queries, keys, width] = name.split("x").map(Number);
  const shape = { batch, heads, queries, keys, width };
  await compare(name, shape);
  if (values.tune) await tuneShape(name, shape);
}
await context.dispose();

/** The kernels of attention forward and backward, as they are and without kernels of its own. */
async function compare(name: string, shape: Shape): Promise<void> {
  const graph = attentionGraph(shape);
  for (const fused of [false, true]) {
    const keep = (node: Node) => (fused || !specOf(node)?.attends) && hasKernel(node, limits);
    const { kernels } = makePlan(optimize(expand(graph, keep)), limits);
    const { each: times, all } = await time(kernels);
    const kind = fused ? "kernels of attention" : "kernels of products and softmax";
    print(`${name}: ${all.toFixed(1)} us in ${kernels.length} ${kind}`);
    if (!fused) continue;
    kernels.forEach((kernel, i) => {
      const rateText = kernel.flops
        ? `${(kernel.flops / times[i] / 1e6).toFixed(1).padStart(6)} TFLOP/s`
        : "";
      print(`  ${times[i].toFixed(1).padStart(8)} ${rateText} ${kernel.name}`);
    });
  }
}

/** Times each kernel with all blocks that fit, without blocks, and the chosen one with parts left out. */
async function tuneShape(name: string, shape: Shape): Promise<void> {
  const graph = mergeProjections(
    optimize(expand(attentionGraph(shape), (n) => hasKernel(n, limits))),
    { unit: 4 },
  );
  const passes = {
    attention: "forward",
    attention_grad_query: "queryGradient",
    attention_grad_key: "keyGradients",
    attention_grad_packed: "keyGradients",
  } as const;
  const anchors = graph.nodes.filter((n): n is AttentionNode & { op: keyof typeof passes } => n.op in passes);
  for (const anchor of anchors) {
    const family = families.find((f) => f.includes(anchor.op)) ?? [anchor.op];
    const outputs = graph.nodes.filter((n) => family.includes(n.op));
    const pass = attentionPassOf(passes[anchor.op], problemOf(anchor));
    for (const [title, blocks] of variants) {
      if (blocks && !blocksFit(pass, blocks, limits)) continue;
      await report(`${name} ${anchor.op} ${title}`, () => kernelsOf(anchor, outputs, blocks));
    }
    if (!values.ablate) continue;
    for (const [title, change] of Object.entries(ablations)) {
      await report(
        `${name} ${anchor.op} ${title}`,
        () =>
          kernelsOf(anchor, outputs, undefined).map((k) => ({
            ...k,
            code: { ...k.code, body: change(k.code.body) },
          })),
      );
    }
  }
}

async function report(title: string, make: () => Kernel[]): Promise<void> {
  try {
    const kernels = make();
    const { each } = await time(kernels);
    print(`  ${title}: ${each.map((us) => us.toFixed(1)).join(" + ")}`);
  } catch (error) {
    print(`  ${title}: ${firstLine(error)}`);
  }
}

function kernelsOf(anchor: Node, outputs: readonly Node[], blocks: BlockTiling | null | undefined): Kernel[] {
  const storages = new Map<Node, Storage>();
  const storage = (node: Node): Storage => ({
    label: node.op,
    dtype: node.dtype,
    elements: sizeOf(numeric(node.shape)),
  });
  const baseOf = (node: Node): Node => node.op === "slice" ? baseOf(node.inputs[0]) : node;
  for (const node of [...anchor.inputs.map(baseOf), ...outputs]) {
    if (!storages.has(node)) storages.set(node, storage(node));
  }
  const group: Group = {
    level: 0,
    size: sizeOf(numeric(anchor.shape)),
    anchor,
    nodes: new Set(outputs),
    prologue: new Set(),
    outputs,
    loads: new Set(anchor.inputs),
  };
  const lowering: AttentionLowering = {
    maxScratchBytes: 64 * 2 ** 20,
    ...limits,
    blocks,
    storageOf: (node) => storages.get(node),
    scratch: (label, dtype, elements) => ({ label, dtype, elements }),
    table: (label, words) => ({ label, dtype: "u32", elements: words.length }),
  };
  return attentionKernels(group, lowering);
}

function attentionGraph({ batch, heads, queries, keys, width }: Shape): Graph {
  const b = createBuilder();
  const input = (name: string, length: number) => b.input(name, "f32", [batch, length, heads * width]);
  // Self-attention reads slices of one product, as models do once their projections are merged.
  const size = heads * width;
  const whole = queries === keys ? b.input("qkv", "f32", [batch, queries, 3 * size]) : undefined;
  const [q, k, v] = whole
    ? [0, 1, 2].map((i) => b.slice(whole, 2, i * size, size))
    : [input("q", queries), input("k", keys), input("v", keys)];
  const dy = input("dy", queries);
  const y = b.attention(q, k, v, {
    heads,
    scale: 1 / Math.sqrt(width),
    mask: b.input("mask", "f32", [batch, 1, 1, keys]),
    dropout: { rate, key: b.input("rng", "u32", []) },
  });
  b.output("y", y);
  gradients(b, b.sum(b.mul(y, dy)), whole ? [whole] : [q, k, v]).forEach((g, i) => b.output(`d${i}`, g));
  return b.graph();
}

/** The median time of each kernel and of all in one pass, in microseconds, on memory that holds zeros, at a busy clock. */
async function time(kernels: readonly Kernel[]): Promise<{ each: number[]; all: number }> {
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
  const launches: {
    pipeline: GPUComputePipeline;
    bindGroup: GPUBindGroup;
    workgroups: Kernel["workgroups"];
  }[] = [];
  for (const kernel of kernels) {
    const { name, bindings, workgroups } = kernel;
    const module = device.createShaderModule({ code: wgslOf(kernel) });
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
  const count = 2 * launches.length + 2;
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
  if (!software) busy(encoder, 60);
  for (let round = 0; round < repeats + 3; round++) {
    const run = (these: typeof launches, first: number) => {
      const pass = encoder.beginComputePass({
        timestampWrites: { querySet, beginningOfPassWriteIndex: first, endOfPassWriteIndex: first + 1 },
      });
      for (const { pipeline, bindGroup, workgroups } of these) {
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, bindGroup);
        pass.dispatchWorkgroups(...workgroups);
      }
      pass.end();
    };
    launches.forEach((launch, i) => run([launch], 2 * i));
    run(launches, count - 2);
    encoder.resolveQuerySet(querySet, 0, count, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, staging, round * count * 8, count * 8);
  }
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const times = new BigUint64Array(staging.getMappedRange().slice(0));
  staging.unmap();
  const medians = Array.from({ length: launches.length + 1 }, (_, i) => {
    const samples = Array.from({ length: repeats }, (_, round) => {
      const at = (round + 3) * count + 2 * i;
      return Number(times[at + 1] - times[at]) / 1000;
    });
    return samples.sort((a, b) => a - b)[Math.floor(repeats / 2)];
  });
  for (const buffer of [...buffers.values(), resolved, staging]) buffer.destroy();
  querySet.destroy();
  context.check();
  return { each: medians.slice(0, -1), all: medians.at(-1)! };
}

/** What keeps the device busy for about so many milliseconds, since its clock idles low. */
async function makeBusy({ device }: GpuContext): Promise<(encoder: GPUCommandEncoder, ms: number) => void> {
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
  return (encoder, ms) => {
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    for (let i = 0; i < ms * 2; i++) pass.dispatchWorkgroups(4096);
    pass.end();
  };
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
