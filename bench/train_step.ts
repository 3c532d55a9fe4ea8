/**
 * One training step of the demo's model (BERT, 2 layers, 128 hidden, 2 heads, vocabulary 8,000, AdamW with clipping,
 * dropout .1) on every backend that is here, beside PyTorch on the same cores:
 * `deno run -A bench/train_step.ts [--batch 32] [--sequence 128] [--steps 10] [device ...]`. PyTorch takes part where
 * `WEIR_PYTHON` names a Python that has it.
 *
 * Rounds alternate between the contestants, so that what else runs on the machine disturbs all alike. The model reads the first
 * token alone, so ours computes the last layer for that token; transformers computes all of it, and that is what users have.
 *
 * @module
 */
import { parseArgs } from "node:util";
import process from "node:process";
import { createGpuBackend } from "../src/backend/gpu/backend.ts";
import { describeAdapter } from "../src/backend/gpu/device/device.ts";
import type { Backend, Program } from "../src/backend/interface.ts";
import { nativeAvailable } from "../src/backend/ort/available.ts";
import { createOrtBackend } from "../src/backend/ort/backend.ts";
import { median } from "../src/base/arrays.ts";
import { initialStates } from "../src/nn/init.ts";
import { bertConfig } from "../models/bert.ts";
import { bertBatch, bertStep } from "./bert.ts";

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

const config = bertConfig({ vocabSize: vocabulary });
const graph = bertStep(config);

const wanted = (name: string) => positionals.length === 0 || positionals.includes(name);
const contestants: Contestant[] = [];
const python = Deno.env.get("WEIR_PYTHON");
if (wanted("pytorch") && python) contestants.push(pytorch(python));
if (wanted("native") && await nativeAvailable()) {
  contestants.push(await contestant(await createOrtBackend({ device: "native" })));
}
if (wanted("wasm")) contestants.push(await contestant(await createOrtBackend({ device: "wasm" })));
if (wanted("webgpu") && await describeAdapter()) contestants.push(await contestant(await createGpuBackend()));

const measured = new Map<string, { wallMs: number[]; processorMs: number[] }>();
for (let round = 0; round < rounds; round++) {
  for (const { name, run } of contestants) {
    const { wallMs, processorMs } = await run(steps);
    const known = measured.get(name) ?? { wallMs: [], processorMs: [] };
    known.wallMs.push(...wallMs);
    if (processorMs !== undefined) known.processorMs.push(processorMs);
    measured.set(name, known);
  }
}
for (const c of contestants) await c.close();

const reference = measured.has("pytorch") ? median(measured.get("pytorch")!.wallMs) : undefined;
print(
  `${navigator.hardwareConcurrency} cores; batch ${batch} x ${sequence}; ${rounds} rounds of ${steps} steps, in turns`,
);
print("backend   median ms   fastest ms   of PyTorch   processor ms");
for (const { name, description } of contestants) {
  const { wallMs, processorMs } = measured.get(name)!;
  const cells = [
    name.padEnd(8),
    median(wallMs).toFixed(0).padStart(10),
    Math.min(...wallMs).toFixed(0).padStart(12),
    (reference ? (median(wallMs) / reference).toFixed(2) : "-").padStart(12),
    (processorMs.length > 0 ? median(processorMs).toFixed(0) : "-").padStart(14),
  ];
  print(`${cells.join(" ")}   ${description}`);
}
if (!python) print("PyTorch: not measured; name a Python that has torch in WEIR_PYTHON");
Deno.exit(0);

async function contestant(backend: Backend): Promise<Contestant> {
  const program: Program = await backend.compile(graph, { bindings: { batch, sequence }, label: "step" });
  await program.write(initialStates(graph, 1));
  const feeds = bertBatch(config, { batch, sequence });
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

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
