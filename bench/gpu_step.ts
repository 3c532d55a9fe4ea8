/**
 * Times BERT training steps on WebGPU: `deno run -A bench/gpu_step.ts [--profile] [--steps N] [size ...]`, sizes as in `models` below. One
 * file with everything in it comes from `deno bundle --platform deno bench/gpu_step.ts`.
 *
 * The device is kept busy before it is timed, since its clock idles low, and the losses are read once at the end: a step is what
 * a training run pays for it.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { createGpuBackend } from "../src/backend/gpu/backend.ts";
import type { GpuProgram } from "../src/backend/gpu/program.ts";
import type { HostTensor } from "../src/graph/graph.ts";
import { initialStates } from "../src/nn/init.ts";
import { type BertConfig, bertConfig } from "../models/bert.ts";
import { bertBatch, bertStep } from "./bert.ts";

const labels = ["ham", "spam"];
const models: Record<string, BertConfig> = {
  "2/128": bertConfig({ vocabSize: 8000, labels }),
  "6/384": bertConfig({
    vocabSize: 30522,
    labels,
    layers: 6,
    hiddenSize: 384,
    heads: 12,
    intermediateSize: 1536,
  }),
  "6/768": bertConfig({
    vocabSize: 30522,
    labels,
    layers: 6,
    hiddenSize: 768,
    heads: 12,
    intermediateSize: 3072,
  }),
  "12/768": bertConfig({
    vocabSize: 30522,
    labels,
    layers: 12,
    hiddenSize: 768,
    heads: 12,
    intermediateSize: 3072,
  }),
};

const { values, positionals } = parseArgs({
  options: {
    profile: { type: "boolean", default: false },
    steps: { type: "string", default: "50" },
    batch: { type: "string", default: "16" },
    sequence: { type: "string", default: "128" },
  },
  allowPositionals: true,
});
const [steps, batch, sequence] = [values.steps, values.batch, values.sequence].map(Number);

const backend = await createGpuBackend();
print(`${backend.description}; batch ${batch} x ${sequence}, ${steps} steps`);
print("layers/hidden  kernels  compile s  first s  ms/step  state MB  work MB  first loss  last loss");
for (const name of positionals.length > 0 ? positionals : Object.keys(models)) {
  const config = models[name];
  if (!config) throw new Error(`unknown size "${name}": choose of ${Object.keys(models).join(", ")}`);
  const graph = bertStep(config);
  let start = performance.now();
  const seconds = () => ((performance.now() - start) / 1000).toFixed(2);
  const program = await backend.compile(graph, { bindings: { batch, sequence } });
  const compiled = seconds();
  await program.write(initialStates(graph, 1));
  const feeds = bertBatch(config, { batch, sequence });
  start = performance.now();
  await program.step(feeds);
  const [{ loss: before }] = await program.drain();
  const first = seconds();
  await run(program, feeds, Math.min(steps, 20));
  start = performance.now();
  const after = await run(program, feeds, steps);
  const ms = (performance.now() - start) / steps;
  const { stateBytes, workBytes } = program.memory;
  const cells = [
    name.padEnd(13),
    String(program.kernels.length).padStart(7),
    compiled.padStart(9),
    first.padStart(7),
    ms.toFixed(2).padStart(7),
    (stateBytes / 1e6).toFixed(0).padStart(8),
    (workBytes / 1e6).toFixed(0).padStart(7),
    before.toFixed(4).padStart(10),
    after.toFixed(4).padStart(9),
  ];
  print(cells.join("  "));
  if (values.profile) await printProfile(program, feeds);
  await program.dispose();
}
await backend.dispose();

/** Steps and the last loss, which is there when they are done. */
async function run(program: GpuProgram, feeds: Record<string, HostTensor>, count: number): Promise<number> {
  for (let i = 0; i < count; i++) await program.step(feeds);
  return (await program.drain()).at(-1)!.loss;
}

/** Where the time of one step goes: kernels of one kind together. */
async function printProfile(program: GpuProgram, feeds: Record<string, HostTensor>): Promise<void> {
  await run(program, feeds, 20);
  const times = await program.profile(feeds);
  const groups = new Map<string, { ms: number; count: number }>();
  for (const { name, ms } of times) {
    const kind = name.replaceAll(/"[^"]*"|%\d+/g, "").replaceAll(/\s+/g, " ");
    const group = groups.get(kind) ?? { ms: 0, count: 0 };
    groups.set(kind, { ms: group.ms + ms, count: group.count + 1 });
  }
  const total = times.reduce((sum, t) => sum + t.ms, 0);
  print(`  ${total.toFixed(3)} ms in ${times.length} kernels, one pass each`);
  for (const [kind, { ms, count }] of [...groups].sort((a, b) => b[1].ms - a[1].ms).slice(0, 30)) {
    print(`  ${ms.toFixed(3).padStart(9)} ms ${String(count).padStart(4)} x ${kind}`);
  }
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
