/**
 * Times BERT on WebGPU:
 * `deno run -A bench/gpu_step.ts [--parts training,...] [--json FILE] [--profile] [--quick] [--tiny] [model ...]`, parts as
 * in `parts` below, models as in `gpu_cases.json`. One file with everything in it, for a machine without network, comes
 * from `deno bundle --platform deno bench/gpu_step.ts`. `gpu_step.py` is the other side.
 *
 * A step is what a training run pays for it: its batch is written to the device, and the losses of a window of steps are read
 * when it ends. The device is kept busy before it is timed, since its clock idles low.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { createGpuBackend } from "../src/backend/gpu/backend.ts";
import { formatProfile, summarizeProfile } from "../src/backend/gpu/device/profile.ts";
import type { GpuProgram } from "../src/backend/gpu/device/program.ts";
import type { RunProfile } from "../src/backend/interface.ts";
import { createBuilder, type Graph, type HostTensor } from "../src/graph/graph.ts";
import type { BertConfig } from "../models/bert.ts";
import { benchConfig, bertBatch, bertForward, bertStep, type StepOptions } from "./bert.ts";
import cases from "./gpu_cases.json" with { type: "json" };
import {
  type BenchRecord,
  deviceBytes,
  print,
  quick,
  quickStates,
  Recorder,
  thorough,
  timeWindows,
  tiny,
} from "./measure.ts";

const { values, positionals } = parseArgs({
  options: {
    parts: { type: "string", default: "training" },
    json: { type: "string" },
    profile: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    tiny: { type: "boolean", default: false },
    batch: { type: "string" },
    sequence: { type: "string" },
  },
  allowPositionals: true,
});
const models = positionals.length > 0 ? positionals : Object.keys(cases.models);
const recorder = new Recorder(values.json);
const usedBefore = deviceBytes();
const backend = await createGpuBackend();
recorder.machine(backend.description);

/** One training step to time. */
interface TrainingCase extends StepOptions {
  readonly part: string;
  readonly model: string;
  readonly batch: number;
  readonly sequence: number;
  readonly hiddenSize?: number;
}

const parts: Record<string, () => Promise<void>> = {
  /** The models at the shape of the goals. */
  async training() {
    for (const model of models) await train({ part: "training", model, ...cases.training });
  },
  /** The same with the whole last layer, as PyTorch computes it. */
  async whole() {
    for (const model of models) {
      await train({ part: "training", model, ...cases.training, wholeLastLayer: true });
    }
  },
  /** One model at a large batch of long texts. */
  async large() {
    await train({ part: "large", ...cases.large });
  },
  /** Mixed precision. */
  async half() {
    for (const model of models) {
      await train({ part: "half", model, ...cases.training, precision: "f16" });
    }
  },
  /** How a step's time grows. */
  async growth() {
    const { model, batch, sequence, hiddenSize } = cases.growth;
    const base = { part: "growth", model, ...cases.training };
    for (const value of batch) await train({ ...base, batch: value });
    for (const value of sequence) await train({ ...base, sequence: value });
    for (const value of hiddenSize) await train({ ...base, hiddenSize: value });
  },
  /** The forward pass: one after the other, each with its answer, and as fast as the device can. */
  async inference() {
    for (const model of models) {
      for (const batch of cases.inference.batch) await infer(model, batch, cases.inference.sequence);
    }
  },
  /** Products alone. */
  async matmul() {
    for (const product of cases.matmul) await multiply(product);
  },
  /** Two runs of one seed. */
  async repeat() {
    for (const model of models) await repeat(model);
  },
};

for (const part of values.parts.split(",")) {
  if (!parts[part]) throw new Error(`unknown part "${part}": choose of ${Object.keys(parts).join(", ")}`);
  await parts[part]();
}
await backend.dispose();

async function train(c: TrainingCase): Promise<void> {
  const { batch, sequence } = shapeOf(c);
  const config = configOf(c);
  const record = {
    side: "weir",
    part: c.part,
    name: c.model,
    variant: c.wholeLastLayer ? "whole last layer" : "first token only",
    batch,
    sequence,
    hiddenSize: config.hiddenSize,
  };
  await recorder.try(record, async () => {
    if (c.precision && !backend.precisions.includes(c.precision)) {
      throw new Error(`${backend.description} does not train in ${c.precision}`);
    }
    const graph = bertStep(config, c);
    const feeds = bertBatch(config, { batch, sequence });
    const start = performance.now();
    return await withProgram(graph, { batch, sequence }, async (program) => {
      await program.step(feeds);
      const [{ loss: first }] = await program.drain();
      const compileSeconds = (performance.now() - start) / 1000;
      let last = first;
      const times = await timeWindows(async (steps) => {
        for (let i = 0; i < steps; i++) await program.step(feeds);
        last = (await program.drain()).at(-1)!.loss;
      }, timingOf(c.part));
      const held = deviceBytes();
      const profiled = values.profile || (c.part === "training" && !c.wholeLastLayer) || c.part === "large";
      return {
        ...times,
        compileSeconds,
        peakBytes: bytesOf(program),
        deviceBytes: held !== undefined && usedBefore !== undefined ? held - usedBefore : undefined,
        kernels: program.kernels.length,
        losses: [first, last] as const,
        profile: profiled
          ? await profileOf(program, feeds, `${c.model}, ${batch} x ${sequence}`, times.ms)
          : undefined,
      };
    });
  });
}

async function infer(model: string, wanted: number, length: number): Promise<void> {
  const { batch, sequence } = shapeOf({ batch: wanted, sequence: length });
  const config = configOf({ model });
  const record = { side: "weir", part: "inference", name: model, batch, sequence };
  const { input_ids, attention_mask, token_type_ids } = bertBatch(config, { batch, sequence });
  const feeds = { input_ids, attention_mask, token_type_ids };
  let program: GpuProgram;
  try {
    const graph = bertForward(config);
    program = await backend.compile(graph, { bindings: { batch, sequence } });
    await program.write(quickStates(graph));
  } catch (error) {
    recorder.add({ ...record, variant: "answer read", error: (error as Error).message });
    return;
  }
  const memory = { peakBytes: bytesOf(program), kernels: program.kernels.length };
  await recorder.try({ ...record, variant: "answer read" }, async () => ({
    ...memory,
    ...await timeWindows(async (steps) => {
      for (let i = 0; i < steps; i++) await program.run(feeds);
    }, timingOf("inference")),
  }));
  await recorder.try({ ...record, variant: "in a row" }, async () => ({
    ...memory,
    ...await timeWindows(async (steps) => {
      for (let i = 1; i < steps; i++) await program.step(feeds);
      await program.run(feeds); // waits for the others
      await program.drain();
    }, timingOf("inference")),
  }));
  await program.dispose();
}

/** Several products with operands of their own in each step, so that neither a cache nor a launch decides. */
async function multiply(product: typeof cases.matmul[number]): Promise<void> {
  const copies = 4;
  const { use, form } = product;
  const [m, n, k] = [product.m, product.n, product.k].map((size) => values.tiny ? size / 32 : size);
  const record = { side: "weir", part: "matmul", name: use, variant: `${m} x ${n} x ${k} ${form}` };
  await recorder.try(record, async () => {
    const b = createBuilder();
    const [transA, transB] = [form[0] === "t", form[1] === "t"];
    const init = { kind: "normal", std: 0.05 } as const;
    let probe = b.scalar(0);
    for (let i = 0; i < copies; i++) {
      const left = b.parameter(`a${i}`, transA ? [k, m] : [m, k], init);
      const right = b.parameter(`b${i}`, transB ? [n, k] : [k, n], init);
      const result = b.state(`y${i}`, "f32", [m, n], { role: "cache" });
      b.update(result, b.matmul(left, right, { transA, transB }));
      probe = b.add(probe, b.reshape(b.slice(b.slice(result, 0, 0, 1), 1, 0, 1), []));
    }
    b.output("probe", probe);
    return await withProgram(b.graph(), {}, async (program) => {
      const { ms, spread, steps } = await timeWindows(async (count) => {
        for (let i = 0; i < count; i++) await program.step({});
        await program.drain();
      }, timingOf("matmul"));
      const tflops = copies * 2 * m * n * k / ms / 1e9;
      const each = (value: number) => value / copies;
      return { ms: each(ms), spread: [each(spread[0]), each(spread[1])], steps: steps * copies, tflops };
    });
  });
}

/** Trains twice from one seed on the same batches and compares the bits of losses and gradient norms. */
async function repeat(model: string): Promise<void> {
  const { batch, sequence } = shapeOf(cases.training);
  const config = configOf({ model });
  const count = values.tiny ? 3 : 20;
  const record = { side: "weir", part: "repeat", name: model, variant: `${count} steps`, batch, sequence };
  await recorder.try(record, async () => {
    const graph = bertStep(config);
    return await withProgram(graph, { batch, sequence }, async (program) => {
      const runs: string[] = [];
      let losses: [number, number] = [0, 0];
      for (let i = 0; i < 2; i++) {
        await program.write(quickStates(graph));
        for (let step = 0; step < count; step++) {
          await program.step(bertBatch(config, { batch, sequence, step }));
        }
        const steps = await program.drain();
        losses = [steps[0].loss, steps.at(-1)!.loss];
        runs.push(JSON.stringify(steps));
      }
      const equal = runs[0] === runs[1];
      return { losses, note: equal ? "losses and gradient norms bit-equal" : "the runs differ" };
    });
  });
}

async function withProgram<T>(
  graph: Graph,
  bindings: Record<string, number>,
  use: (program: GpuProgram) => Promise<T>,
): Promise<T> {
  const program = await backend.compile(graph, { bindings });
  try {
    await program.write(quickStates(graph));
    return await use(program);
  } finally {
    await program.dispose();
  }
}

function configOf(c: { model: string; hiddenSize?: number }): BertConfig {
  const { heads, hiddenSize } = benchConfig(c.model);
  // Heads keep their size and the layers their proportions when the model is made wider.
  const wider = c.hiddenSize === undefined ? {} : {
    hiddenSize: c.hiddenSize,
    heads: c.hiddenSize * heads / hiddenSize,
    intermediateSize: 4 * c.hiddenSize,
  };
  const small = { vocabSize: 100, layers: 1, hiddenSize: 32, heads: 1, intermediateSize: 64 };
  return benchConfig(c.model, { ...wider, ...(values.tiny ? small : {}) });
}

function shapeOf(c: { batch: number; sequence: number }): { batch: number; sequence: number } {
  if (values.tiny) return { batch: 2, sequence: 16 };
  return { batch: Number(values.batch ?? c.batch), sequence: Number(values.sequence ?? c.sequence) };
}

function timingOf(part: string) {
  if (values.tiny) return tiny;
  return values.quick || part === "growth" || part === "matmul" || part === "inference" ? quick : thorough;
}

function bytesOf(program: GpuProgram): number {
  return program.memory.stateBytes + program.memory.workBytes;
}

/** Times the kernels of some steps, and prints what they say with `--profile`. */
async function profileOf(
  program: GpuProgram,
  feeds: Record<string, HostTensor>,
  label: string,
  stepMs: number,
): Promise<BenchRecord["profile"]> {
  const runs: RunProfile[] = [];
  for (let i = 0; i < 5; i++) {
    for (let k = 0; k < 5; k++) await program.step(feeds); // for the clock
    await program.drain();
    runs.push(await program.profile(feeds));
  }
  const profile = summarizeProfile({
    label,
    device: backend.description,
    runs,
    stepMs,
    memory: program.memory,
  });
  if (values.profile) print(formatProfile(profile));
  if (profile.kernels.length === 0) return undefined;
  const ops = profile.ops.map(({ name, launches, ms }) => ({ name, launches, ms }));
  return { ops, restMs: profile.restMs };
}
