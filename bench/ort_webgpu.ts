/**
 * One ONNX file that Weir exports, answered by onnxruntime-web's WebGPU, with and without `installInstantReads`, beside the same
 * model's own plan, each answer read before the next is asked for:
 * `deno run -A bench/ort_webgpu.ts [--json FILE] [--shapes 1x128,16x128] [--tiny] [model ...]`, models as in `gpu_cases.json`.
 *
 * For a machine without network, `deno bundle --platform deno` makes one file of it; `ORT_DIR` then names a folder with
 * onnxruntime-web's `dist/ort-wasm-simd-threaded.asyncify.*` (.mjs, .wasm).
 *
 * @module
 */
import type * as Ort from "onnxruntime-web";
import { parseArgs } from "node:util";
import { createGpuBackend } from "../src/backend/gpu/backend.ts";
import { installInstantReads } from "../src/backend/instant_reads.ts";
import { modelOnnx } from "../src/lifecycle/export.ts";
import { benchConfig, bertBatch, bertForward, bertSpec } from "./bert.ts";
import { quick, quickStates, Recorder, timeWindows, tiny } from "./measure.ts";

const { values, positionals } = parseArgs({
  options: {
    json: { type: "string" },
    shapes: { type: "string", default: "1x128,16x128" },
    tiny: { type: "boolean", default: false },
  },
  allowPositionals: true,
});
const models = positionals.length > 0 ? positionals : ["2/128", "6/384", "12/768"];
const shapes = (values.tiny ? "1x16,2x16" : values.shapes).split(",").map((shape) =>
  shape.split("x").map(Number)
);
const timing = values.tiny ? tiny : quick;
const recorder = new Recorder(values.json);
const backend = await createGpuBackend();
recorder.machine(backend.description);
const ort = await loadOrt();
for (const model of models) await compare(model);
await backend.dispose();
Deno.exit(0); // onnxruntime-web keeps its device, and with it the process

/** Both sides on one model, at every shape. */
async function compare(name: string): Promise<void> {
  const small = { vocabSize: 100, layers: 1, hiddenSize: 32, heads: 1, intermediateSize: 64 };
  const config = benchConfig(name, values.tiny ? small : {});
  const graph = bertForward(config);
  const states = quickStates(graph);
  const model = modelOnnx(bertSpec(config), states);
  let session: Ort.InferenceSession | undefined;
  for (const [batch, sequence] of shapes) {
    const record = { part: "onnx file", name, batch, sequence };
    const { input_ids, attention_mask, token_type_ids } = bertBatch(config, { batch, sequence });
    const feeds = { input_ids, attention_mask, token_type_ids };
    let own: Float32Array | undefined;
    await recorder.try({ ...record, side: "weir", variant: "own plan" }, async () => {
      const program = await backend.compile(graph, { bindings: { batch, sequence } });
      try {
        await program.write(states);
        own = (await program.run(feeds)).logits.data as Float32Array;
        return await timeWindows((steps) => repeat(steps, () => program.run(feeds)), timing);
      } finally {
        await program.dispose();
      }
    });
    const given = Object.fromEntries(
      Object.entries(feeds).map(([input, { data, shape }]) => [
        input,
        new ort.Tensor("int64", BigInt64Array.from(data as Int32Array, BigInt), shape),
      ]),
    );
    for (const variant of ["reads awaited", "reads instant"]) {
      await recorder.try({ ...record, side: "onnxruntime-web", variant }, async () => {
        const reads = variant === "reads instant" ? installInstantReads() : undefined;
        try {
          session ??= await ort.InferenceSession.create(model, {
            executionProviders: ["webgpu"],
            logSeverityLevel: 4,
          });
          const answer = (await session.run(given)).logits.data as Float32Array;
          const apart = own ? answer.reduce((most, x, i) => Math.max(most, Math.abs(x - own![i])), 0) : NaN;
          const times = await timeWindows((steps) => repeat(steps, () => session!.run(given)), timing);
          return { ...times, note: `logits within ${apart.toPrecision(2)} of the plan's` };
        } finally {
          reads?.uninstall();
        }
      });
    }
  }
  await session?.release();
}

async function repeat(times: number, action: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < times; i++) await action();
}

/** onnxruntime-web's build for WebGPU, without the patch. */
async function loadOrt(): Promise<typeof Ort> {
  // The build looks for its wasm beside the page, and there is none.
  Object.defineProperty(globalThis, "location", { value: undefined, configurable: true });
  if (Deno.build.os === "linux" && !Deno.env.get("DENO_WEBGPU_BACKEND")) {
    Deno.env.set("DENO_WEBGPU_BACKEND", "vulkan");
  }
  const loaded = await import("onnxruntime-web/webgpu");
  loaded.env.logLevel = "fatal";
  loaded.env.wasm.numThreads = 1;
  const folder = Deno.env.get("ORT_DIR");
  if (folder) loaded.env.wasm.wasmPaths = `file://${await Deno.realPath(folder)}/`;
  return loaded;
}
