import assert from "node:assert/strict";
import {
  createGpuBackend,
  type GpuBackend,
  type GpuBackendOptions,
} from "../../../../src/backend/gpu/backend.ts";
import { describeAdapter } from "../../../../src/backend/gpu/device/device.ts";
import { hasKernel } from "../../../../src/backend/gpu/rules/rules.ts";
import { makePlan, type PlanLimits } from "../../../../src/backend/gpu/plan/plan.ts";
import { createInterpBackend } from "../../../../src/backend/interp/interp.ts";
import {
  createBuilder,
  gradients,
  type Graph,
  type HostTensor,
  hostTensor,
  type Node,
} from "../../../../src/graph/graph.ts";

import { expand } from "../../../../src/graph/passes/expand.ts";
import { optimize } from "../../../../src/graph/passes/optimize.ts";

const limits: PlanLimits = {
  maxBuffers: 16,
  maxWorkgroupBytes: 32768,
  maxBindingBytes: 2 ** 27,
  parallelism: 8,
  software: false,
};
const ignore = await describeAdapter() === null;
const interp = createInterpBackend();

interface Problem {
  readonly batch?: number;
  readonly heads?: number;
  readonly width: number;
  readonly queries: number;
  readonly keys?: number;
  readonly causal?: boolean;
  readonly rate?: number;
  /** Tokens of each text; the rest is padding. */
  readonly tokens?: readonly number[];
  /** The shape of a mask to take instead of the one of `tokens`. */
  readonly mask?: readonly number[];
  /** Keeps the operands in f16. */
  readonly half?: boolean;
  /** Reads the operands as slices of one tensor. */
  readonly packed?: boolean;
}

/** Attention and its gradients; `packed` operands are slices of one input. */
function problemGraph(p: Problem): Graph {
  const { batch = 1, heads = 2, width, queries, keys = queries, rate = 0, tokens } = p;
  const size = heads * width;
  const b = createBuilder();
  const whole = p.packed ? b.input("qkv", "f32", [batch, queries, 3 * size]) : undefined;
  const part = (name: string, at: number, length: number): Node => {
    const x = whole ? b.slice(whole, 2, at * size, size) : b.input(name, "f32", [batch, length, size]);
    return p.half ? b.cast(x, "f16") : x;
  };
  const [q, k, v] = [part("q", 0, queries), part("k", 1, keys), part("v", 2, keys)];
  const mask = p.mask ? b.input("mask", "f32", p.mask) : tokens &&
    b.constant(
      "f32",
      [batch, 1, 1, keys],
      tokens.flatMap((n) => Array.from({ length: keys }, (_, i) => i < n ? 0 : -1e9)),
    );
  const y = b.attention(q, k, v, {
    heads,
    scale: 1 / Math.sqrt(width),
    causal: p.causal,
    mask,
    dropout: { rate, key: b.input("rng", "u32", []) },
  });
  b.output("y", y);
  const dy = b.input("dy", "f32", [batch, queries, size]);
  const wrt = b.nodes.filter((n) =>
    n.op === "input" && n.dtype === "f32" && !["dy", "mask"].includes(n.name!)
  );
  gradients(b, b.sum(b.mul(b.cast(y, "f32"), dy)), wrt).forEach((g, i) => b.output(`d${i}`, g));
  return b.graph();
}

function problemFeeds(graph: Graph): Record<string, HostTensor> {
  let seed = 7;
  const next = () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 31 - 1;
  };
  const feeds: Record<string, HostTensor> = {};
  for (const node of graph.nodes) {
    if (node.op !== "input") continue;
    const shape = node.shape as number[];
    const size = shape.reduce((a, d) => a * d, 1);
    feeds[node.name!] = node.dtype === "u32"
      ? hostTensor("u32", [], [99])
      : hostTensor("f32", shape, Array.from({ length: size }, next));
  }
  return feeds;
}

async function assertSame(gpu: GpuBackend, p: Problem): Promise<void> {
  const graph = problemGraph(p);
  const feeds = problemFeeds(graph);
  const wanted = await (await interp.compile(graph)).run(feeds);
  const program = await gpu.compile(graph);
  assert.ok(program.kernels.some((k) => k.name.startsWith("attention")), "no kernel of attention's own");
  const got = await program.run(feeds);
  for (const [name, want] of Object.entries(wanted)) {
    const scale = Math.max(1, ...Array.from(want.data, Math.abs));
    want.data.forEach((x, i) => {
      const difference = Math.abs(got[name].data[i] - x);
      assert.ok(
        difference <= (p.half ? 2e-3 : 2e-5) * scale,
        `${JSON.stringify(p)} ${name}[${i}]: got ${got[name].data[i]}, want ${x}`,
      );
    });
  }
  await program.dispose();
}

const problems: Problem[] = [
  { width: 16, queries: 1 },
  { width: 32, queries: 7 },
  { width: 40, queries: 33 },
  { width: 64, queries: 65 },
  { width: 80, queries: 130 },
  { width: 96, queries: 1, keys: 130 },
  { width: 128, queries: 65, keys: 7 },
  { width: 32, queries: 70, causal: true },
  { width: 32, queries: 33, keys: 70, causal: true, rate: 0.25 },
  { width: 32, queries: 37, rate: 0.1, tokens: [37, 5, 0], batch: 3 },
  { width: 64, queries: 9, keys: 41, rate: 0.5, tokens: [40, 0], batch: 2, heads: 3 },
  { width: 32, queries: 21, half: true, tokens: [13] },
  { width: 32, queries: 20, packed: true, tokens: [11], rate: 0.1 },
];

const variants: Record<string, { options: GpuBackendOptions; problems: readonly Problem[] }> = {
  "short kernels": { options: { shortKernels: true }, problems },
  "kernels for a GPU, written out": {
    options: { shortKernels: false, parallelism: 4 },
    problems: [{ width: 16, queries: 9, keys: 18, rate: 0.2, tokens: [17], causal: true }],
  },
  "by blocks": {
    options: { shortKernels: false, parallelism: 2 },
    problems: [
      { width: 64, queries: 64, heads: 1, tokens: [50], rate: 0.1 },
      { width: 32, queries: 70, keys: 130, heads: 1, batch: 2, rate: 0.2, tokens: [128, 0] },
      { width: 16, queries: 100, heads: 2, causal: true, rate: 0.1, packed: true },
      { width: 64, queries: 128, heads: 2, rate: 0.1, packed: true, tokens: [99] },
      { width: 48, queries: 40, heads: 1, half: true },
      { width: 128, queries: 65, keys: 70, heads: 1, causal: true },
      { width: 16, queries: 32, heads: 1, mask: [32, 1] },
    ],
  },
  "by small blocks": {
    options: { shortKernels: false, parallelism: 100 },
    problems: [{ width: 32, queries: 50, tokens: [41], packed: true, rate: 0.1 }],
  },
  "by blocks, 16 KiB of workgroup memory": {
    options: { shortKernels: false, parallelism: 2, maxWorkgroupBytes: 16384 },
    problems: [{ width: 64, queries: 70, heads: 1, rate: 0.1, tokens: [66], packed: true }],
  },
  "16 KiB of workgroup memory": {
    options: { shortKernels: true, maxWorkgroupBytes: 16384 },
    problems: [{ width: 64, queries: 33 }, { width: 128, queries: 17, heads: 1 }],
  },
};

for (const [name, { options, problems }] of Object.entries(variants)) {
  Deno.test({
    name: `attention and its gradients equal their definition: ${name}`,
    ignore,
    async fn(t) {
      const gpu = await createGpuBackend(options);
      try {
        for (const p of problems) await t.step(JSON.stringify(p), () => assertSame(gpu, p));
      } finally {
        await gpu.dispose();
      }
    },
  });
}

Deno.test("no buffer holds the scores of all queries and keys", () => {
  const shape = { batch: 4, heads: 2, width: 32, queries: 96 };
  const graph = problemGraph({ ...shape, rate: 0.1, tokens: [96, 96, 96, 96] });
  const { storages } = makePlan(optimize(expand(graph, (n) => hasKernel(n, limits))), limits);
  const scores = shape.batch * shape.heads * shape.queries ** 2;
  assert.ok(storages.length > 5);
  assert.ok(storages.every((s) => s.elements < scores));
});

Deno.test("one kernel makes all gradients side by side where keys are few", () => {
  const kernelsFor = (queries: number) => {
    const graph = problemGraph({ batch: 8, width: 32, queries, packed: true, rate: 0.1 });
    const { kernels, storages } = makePlan(optimize(expand(graph, (n) => hasKernel(n, limits))), limits);
    const scores = 8 * 2 * queries ** 2;
    return {
      names: kernels.map((k) => k.name).filter((n) => n.includes("grad_packed"))
        .map((n) => n.replace(/^.*\]/, "")),
      largest: Math.max(...storages.map((s) => s.elements)) / scores,
    };
  };
  assert.deepEqual(kernelsFor(64).names, [""]);
  assert.deepEqual(kernelsFor(128).names, ["", " sum"]);
  const long = kernelsFor(256);
  assert.deepEqual(long.names, [" query", " key, value"]);
  assert.ok(long.largest < 0.5, `a storage is ${long.largest} of the scores`);
});

Deno.test("heads of a size without a kernel are made by the definition", () => {
  for (const [width, expected] of [[8, false], [64, true], [66, false], [132, false]] as const) {
    const graph = problemGraph({ width, queries: 4 });
    const kept = expand(graph, (n) => hasKernel(n, limits));
    assert.equal(kept.nodes.some((n) => n.op.startsWith("attention")), expected, `heads of ${width}`);
  }
});
