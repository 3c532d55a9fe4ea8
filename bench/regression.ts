/**
 * A small set on whatever adapter WebGPU finds, so that a regression is seen without a GPU:
 *
 *     deno run -A bench/regression.ts [--no-keep]
 *
 * Each row is the median of many runs, beside the last figures from this machine, which `bench/results/regression.json`
 * keeps. Times on a shared machine vary by tens of percent; counts and bytes do not vary, and on a software adapter the
 * processor time, which is the kernels' too, varies less than the clock's.
 *
 * @module
 */
import { parseArgs } from "node:util";
import process from "node:process";
import { createGpuBackend } from "../src/backend/gpu/backend.ts";
import { median } from "../src/base/arrays.ts";
import {
  type Builder,
  createBuilder,
  gradients,
  type Graph,
  type Node,
  statesOf,
} from "../src/graph/graph.ts";
import { attention } from "../src/nn/attention.ts";
import { layerNorm } from "../src/nn/layers.ts";
import { adamw } from "../src/nn/optim/adamw.ts";
import { benchConfig, bertBatch, bertStep } from "./bert.ts";
import { print, quickStates } from "./measure.ts";

/** What is known of one row. */
interface Figures {
  /** Median milliseconds of the clock. */
  readonly ms: number;
  /** Mean milliseconds of the processor, all threads together. */
  readonly processorMs: number;
  readonly kernels: number;
  readonly workBytes: number;
}

/** One run of the whole set. */
interface Run {
  readonly machine: string;
  readonly date: string;
  readonly figures: Record<string, Figures>;
}

const keptRuns = 10;
const [batch, sequence] = [4, 64];
const config = benchConfig("2/128");
const sizes = [512, 384, 256] as const;

const rows: Record<string, { graph: () => Graph; feeds?: ReturnType<typeof bertBatch> }> = {
  [`training step 2/128, ${batch} x ${sequence}`]: {
    graph: () => bertStep(config),
    feeds: bertBatch(config, { batch, sequence }),
  },
  [`matmul ${sizes.join(" x ")}`]: {
    graph: () =>
      built((b) => {
        const [m, n, k] = sizes;
        const weight = b.parameter("w", [n, k], { kind: "normal", std: 1 });
        return b.matmul(input(b, [m, k]), weight, { transB: true });
      }),
  },
  "attention 4 x 128 x 128, 2 heads, with gradients": {
    graph: () =>
      trained((b) => {
        const names = { query: "query", key: "key", value: "value", output: "output" };
        return attention(b, input(b, [4, 128, 128]), { names, size: 128, heads: 2 });
      }),
  },
  "LayerNorm 2048 x 384, with gradients": {
    graph: () => trained((b) => layerNorm(b, input(b, [2048, 384]), { name: "norm", size: 384 })),
  },
  "AdamW of 40 tensors, 1.3 M parameters": {
    graph: () => {
      const b = createBuilder();
      const tensors = Array.from({ length: 40 }, (_, i) => i % 2 === 0 ? [256, 256] : [256]);
      const init = { kind: "normal", std: 1 } as const;
      const parameters = tensors.map((shape, i) => b.parameter(`p${i}`, shape, init));
      const gradients = parameters.map((p) => b.mul(p, 0.5));
      adamw().emit(b, parameters, gradients, { rate: b.scalar(1e-3) });
      b.output("probe", first(b, parameters[0]));
      return b.graph();
    },
  },
};

const { values } = parseArgs({
  options: { keep: { type: "boolean", default: true }, seconds: { type: "string", default: "3" } },
  allowNegative: true,
});
const backend = await createGpuBackend();
const figures: Record<string, Figures> = {};
for (const [name, row] of Object.entries(rows)) figures[name] = await measure(row, Number(values.seconds));
await backend.dispose();

const file = new URL("results/regression.json", import.meta.url);
const runs = readRuns();
const machine = `${backend.description}, ${navigator.hardwareConcurrency} cores`;
const last = runs.findLast((run) => run.machine === machine);
print(`${machine}; ${last ? `then: ${last.date}` : "the first run on this machine"}`);
print(
  `${"".padEnd(52)}${
    ["ms then", "now", "%", "CPU ms then", "now", "%", "kernels", "work MB"].map((h) => h.padStart(12)).join(
      "",
    )
  }`,
);
for (const [name, now] of Object.entries(figures)) {
  const then = last?.figures[name];
  const cells = [
    ...compared(then?.ms, now.ms),
    ...compared(then?.processorMs, now.processorMs),
    exactly(then?.kernels, now.kernels),
    exactly(then && megabytes(then.workBytes), megabytes(now.workBytes)),
  ];
  print(`${name.padEnd(52)}${cells.map((cell) => cell.padStart(12)).join("")}`);
}
if (values.keep) {
  const now: Run = { machine, date: new Date().toISOString().slice(0, 16), figures };
  const others = runs.filter((run) => run.machine !== machine);
  const own = [...runs.filter((run) => run.machine === machine), now].slice(-keptRuns);
  await Deno.writeTextFile(file, `${JSON.stringify([...others, ...own], null, 1)}\n`);
}

async function measure(
  { graph, feeds = {} }: typeof rows[string],
  seconds: number,
): Promise<Figures> {
  const built = graph();
  const program = await backend.compile(built, { bindings: feeds.input_ids ? { batch, sequence } : {} });
  await program.write(quickStates(built));
  const step = async () => {
    const start = performance.now();
    await program.step(feeds);
    await program.drain();
    return performance.now() - start;
  };
  for (let i = 0; i < 3; i++) await step();
  const times: number[] = [];
  const before = process.cpuUsage();
  const start = performance.now();
  while (times.length < 15 || performance.now() - start < 1000 * seconds) times.push(await step());
  const { user, system } = process.cpuUsage(before);
  const { length: kernels } = program.kernels;
  const { workBytes } = program.memory;
  await program.dispose();
  return { ms: median(times), processorMs: (user + system) / 1000 / times.length, kernels, workBytes };
}

/** The forward pass of what `build` makes. */
function built(build: (b: Builder) => Node): Graph {
  const b = createBuilder();
  const y = build(b);
  const kept = b.state("y", "f32", y.shape, { role: "cache" });
  b.update(kept, y);
  b.output("probe", first(b, y));
  return b.graph();
}

/** Forward and backward: the gradients of all states are kept as states. */
function trained(build: (b: Builder) => Node): Graph {
  const b = createBuilder();
  const loss = b.sum(b.square(build(b)));
  const parameters = statesOf(b.graph());
  gradients(b, loss, parameters).forEach((gradient, i) => {
    b.update(b.state(`grad.${parameters[i].name}`, "f32", gradient.shape, { role: "cache" }), gradient);
  });
  b.output("probe", loss);
  return b.graph();
}

/** Data that lies on the device. */
function input(b: Builder, shape: number[]): Node {
  return b.parameter("x", shape, { kind: "normal", std: 1 });
}

/** One element, whose readback is the end of a run. */
function first(b: Builder, x: Node): Node {
  const sliced = x.shape.reduce<Node>((node, _, axis) => b.slice(node, axis, 0, 1), x);
  return b.reshape(sliced, []);
}

function readRuns(): Run[] {
  try {
    return JSON.parse(Deno.readTextFileSync(file));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function compared(then: number | undefined, now: number): string[] {
  const change = then === undefined ? "" : `${now >= then ? "+" : ""}${(100 * (now / then - 1)).toFixed(0)}`;
  return [then?.toFixed(2) ?? "-", now.toFixed(2), change];
}

function exactly<T>(then: T | undefined, now: T): string {
  return then === undefined || then === now ? `${now}` : `${then} > ${now}`;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
