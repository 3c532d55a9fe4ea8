/**
 * One training step of the demo's model (BERT, 2 layers, 128 hidden, 2 heads, vocabulary 8,000, AdamW with clipping, dropout .1) on
 * every backend that is here, beside PyTorch on the same cores: `deno run -A bench/train_step.ts [--batch 32] [--sequence 128]
 * [--steps 10] [device ...]`. PyTorch takes part where `WEIR_PYTHON` names a Python that has it.
 *
 * Rounds alternate between the contestants, and the fastest step of each counts, so that what else runs on the machine disturbs
 * all alike.
 *
 * @module
 */
import { parseArgs } from "node:util";
import process from "node:process";
import { createGpuBackend } from "../src/backend/gpu/backend.ts";
import { describeAdapter } from "../src/backend/gpu/device.ts";
import type { Backend, Program } from "../src/backend/interface.ts";
import { nativeAvailable } from "../src/backend/ort/available.ts";
import { createOrtBackend } from "../src/backend/ort/backend.ts";
import { type HostTensor, hostTensor } from "../src/graph/graph.ts";
import { initialStates } from "../src/nn/init.ts";
import { buildTrainingGraph } from "../src/train/step.ts";
import { bertConfig, buildBertClassifier } from "../models/bert.ts";

const { values, positionals } = parseArgs({
  options: {
    batch: { type: "string", default: "32" },
    sequence: { type: "string", default: "128" },
    steps: { type: "string", default: "10" },
  },
  allowPositionals: true,
});
const [batch, sequence, steps] = [values.batch, values.sequence, values.steps].map(Number);
const rounds = 3;
const vocabulary = 8000;

interface Contestant {
  readonly name: string;
  readonly description: string;
  /** Runs some steps and gives each one's time. */
  readonly run: (steps: number) => Promise<{ wallMs: number[]; processorMs?: number }>;
  readonly close: () => Promise<void>;
}

const config = bertConfig({ vocabSize: vocabulary, labels: ["ham", "spam"] });
const { graph } = buildTrainingGraph(
  (b, inputs, options) => buildBertClassifier(b, config, inputs, options),
  {
    learningRate: 1e-3,
    warmupSteps: 10,
    totalSteps: 1000,
    weightDecay: 0.01,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    maxGradNorm: 1,
    labelSmoothing: 0,
  },
);

const wanted = (name: string) => positionals.length === 0 || positionals.includes(name);
const contestants: Contestant[] = [];
const python = Deno.env.get("WEIR_PYTHON");
if (wanted("pytorch") && python) contestants.push(pytorch(python));
if (wanted("native") && await nativeAvailable()) {
  contestants.push(await contestant(await createOrtBackend({ device: "native" })));
}
if (wanted("wasm")) contestants.push(await contestant(await createOrtBackend({ device: "wasm" })));
if (wanted("webgpu") && await describeAdapter()) contestants.push(await contestant(await createGpuBackend()));

const best = new Map<string, { wall: number; processor?: number }>();
for (let round = 0; round < rounds; round++) {
  for (const { name, run } of contestants) {
    const count = name === "webgpu" && round === 0 ? Math.min(steps, 3) : steps;
    const { wallMs, processorMs } = await run(count);
    const known = best.get(name);
    best.set(name, {
      wall: Math.min(known?.wall ?? Infinity, ...wallMs),
      processor: processorMs && Math.min(known?.processor ?? Infinity, processorMs),
    });
  }
}
for (const c of contestants) await c.close();

const reference = best.get("pytorch")?.wall;
print(
  `${navigator.hardwareConcurrency} cores; batch ${batch} x ${sequence}; fastest of ${rounds} x ${steps} steps`,
);
print("backend   ms/step   of PyTorch   processor ms");
for (const { name, description } of contestants) {
  const { wall, processor } = best.get(name)!;
  const ratio = reference ? (wall / reference).toFixed(2) : "-";
  print(
    `${name.padEnd(8)} ${wall.toFixed(0).padStart(8)} ${ratio.padStart(12)} ${
      (processor?.toFixed(0) ?? "-").padStart(14)
    }   ${description}`,
  );
}
if (!python) print("PyTorch: not measured; name a Python that has torch in WEIR_PYTHON");
Deno.exit(0);

async function contestant(backend: Backend): Promise<Contestant> {
  const program: Program = await backend.compile(graph, { bindings: { batch, sequence }, label: "step" });
  await program.write(initialStates(graph, 1));
  const feeds = batchOf();
  return {
    name: backend.device,
    description: backend.description,
    async run(count) {
      const wallMs: number[] = [];
      await program.step(feeds);
      await program.drain();
      const before = process.cpuUsage();
      for (let i = 0; i < count; i++) {
        const start = performance.now();
        await program.step(feeds);
        // The GPU's steps are done when their losses are there.
        if (backend.device === "webgpu") await program.drain();
        wallMs.push(performance.now() - start);
      }
      const { user, system } = process.cpuUsage(before);
      return { wallMs, processorMs: (user + system) / 1000 / count };
    },
    close: () => backend.dispose(),
  };
}

function pytorch(python: string): Contestant {
  let description = "PyTorch";
  return {
    name: "pytorch",
    get description() {
      return description;
    },
    async run(count) {
      const script = new URL("./train_step.py", import.meta.url).pathname;
      const command = new Deno.Command(python, { args: [script, batch, sequence, count + 1].map(String) });
      const { success, stdout, stderr } = await command.output();
      if (!success) {
        throw new Error(
          `PyTorch's step failed: ${new TextDecoder().decode(stderr).trim().split("\n").at(-1)}`,
        );
      }
      const { version, threads, ms } = JSON.parse(new TextDecoder().decode(stdout));
      description = `PyTorch ${version}, CPU, ${threads} threads`;
      return { wallMs: ms.slice(1) };
    },
    close: () => Promise.resolve(),
  };
}

function batchOf(): Record<string, HostTensor> {
  const tensor = (value: (i: number) => number) =>
    hostTensor("i32", [batch, sequence], Array.from({ length: batch * sequence }, (_, i) => value(i)));
  return {
    input_ids: tensor((i) => 5 + (Math.imul(i, 2654435761) >>> 0) % (vocabulary - 5)),
    attention_mask: tensor(() => 1),
    token_type_ids: tensor(() => 0),
    labels: hostTensor("i32", [batch], Array.from({ length: batch }, (_, i) => i % 2)),
    weights: hostTensor("f32", [batch], new Array<number>(batch).fill(1)),
  };
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
