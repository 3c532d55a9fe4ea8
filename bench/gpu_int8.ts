/**
 * Times products of 8-bit levels and BERT's forward pass with them on WebGPU, beside f32's:
 * `deno run -A bench/gpu_int8.ts [--json FILE] [--parts products,forward] [--tiny] [model ...]`, models as in
 * `gpu_cases.json`. `gpu_int8.py` is the other side.
 *
 * A product here is one of activations that are already levels, as `torch._int_mm` has them; a forward pass makes them from
 * f32 first, and its answer is read each time.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { createGpuBackend } from "../src/backend/gpu/backend.ts";
import { formatProfile, summarizeProfile } from "../src/backend/gpu/device/profile.ts";
import type { RunProfile } from "../src/backend/interface.ts";
import { createBuilder, type Graph } from "../src/graph/graph.ts";
import { int8Products } from "../src/nn/quant/int8.ts";
import { benchConfig, bertBatch, bertForward } from "./bert.ts";
import { print, quick, quickStates, Recorder, timeWindows, tiny } from "./measure.ts";

const { values, positionals } = parseArgs({
  options: {
    json: { type: "string" },
    parts: { type: "string", default: "products,forward" },
    profile: { type: "boolean", default: false },
    tiny: { type: "boolean", default: false },
  },
  allowPositionals: true,
});
const models = positionals.length > 0 ? positionals : ["12/768"];
const timing = values.tiny ? tiny : quick;
const recorder = new Recorder(values.json);
const backend = await createGpuBackend();
recorder.machine(backend.description);

/** Rows, columns and inner dimension. */
const shapes = [[4096, 4096, 4096], [2048, 3072, 768], [2048, 768, 3072], [2048, 2304, 768], [
  2048,
  768,
  768,
]];

const parts: Record<string, () => Promise<void>> = {
  async products() {
    for (const shape of shapes) await multiply(...shape.map((n) => values.tiny ? n / 32 : n) as Triple);
  },
  async forward() {
    for (const model of models) {
      for (const batch of [1, 16]) {
        await forward(model, batch, { variant: "f32", graph: bertForward(benchConfig(model)) });
        await forward(model, batch, {
          variant: "int8",
          graph: int8Products(bertForward(benchConfig(model))).graph,
        });
      }
    }
  },
};
for (const part of values.parts.split(",")) {
  if (!parts[part]) throw new Error(`unknown part "${part}": choose of ${Object.keys(parts).join(", ")}`);
  await parts[part]();
}
await backend.dispose();

type Triple = [rows: number, columns: number, inner: number];

/** Several products with operands of their own in each step, so that neither a cache nor a launch decides. */
async function multiply(m: number, n: number, k: number): Promise<void> {
  const copies = 4;
  const record = { side: "weir", part: "int8 product", name: `${m} x ${n} x ${k}`, variant: "int8" };
  await recorder.try(record, async () => {
    const b = createBuilder();
    const buffer = { role: "buffer" } as const;
    let probe = b.scalar(0);
    for (let i = 0; i < copies; i++) {
      const y = b.state(`y${i}`, "f32", [m, n], { role: "cache" });
      b.update(
        y,
        b.apply("matmul_int8", [
          b.state(`a${i}`, "u32", [m, k / 4], buffer),
          b.state(`r${i}`, "f32", [m, 1], buffer),
          b.state(`w${i}`, "u32", [k / 4, n], buffer),
          b.state(`c${i}`, "f32", [n], buffer),
        ], {}),
      );
      probe = b.add(probe, b.reshape(b.slice(b.slice(y, 0, 0, 1), 1, 0, 1), []));
    }
    b.output("probe", probe);
    const program = await backend.compile(b.graph());
    const { ms, spread, steps } = await timeWindows(async (count) => {
      for (let i = 0; i < count; i++) await program.step({});
      await program.drain();
    }, timing);
    await program.dispose();
    const tflops = copies * 2 * m * n * k / ms / 1e9;
    return {
      ms: ms / copies,
      spread: [spread[0] / copies, spread[1] / copies],
      steps: steps * copies,
      tflops,
    };
  });
}

async function forward(
  model: string,
  wanted: number,
  { variant, graph }: { readonly variant: string; readonly graph: Graph },
): Promise<void> {
  const [batch, sequence] = values.tiny ? [2, 16] : [wanted, 128];
  await recorder.try(
    { side: "weir", part: "int8 forward, answer read", name: model, variant, batch, sequence },
    async () => {
      const program = await backend.compile(graph, { bindings: { batch, sequence } });
      await program.write(quickStates(graph));
      const { input_ids, attention_mask, token_type_ids } = bertBatch(benchConfig(model), {
        batch,
        sequence,
      });
      const feeds = { input_ids, attention_mask, token_type_ids };
      const times = await timeWindows(async (count) => {
        for (let i = 0; i < count; i++) await program.run(feeds);
      }, timing);
      if (values.profile) {
        const runs: RunProfile[] = [];
        for (let i = 0; i < 6; i++) runs.push(await program.profile(feeds));
        const label = `${model}, ${variant}, ${batch} x ${sequence}`;
        const measured = { device: backend.description, stepMs: times.ms, memory: program.memory };
        print(formatProfile(summarizeProfile({ label, runs: runs.slice(1), ...measured })));
      }
      const { kernels } = program;
      await program.dispose();
      return { ...times, kernels: kernels.length };
    },
  );
}
