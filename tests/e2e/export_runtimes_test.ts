import assert from "node:assert/strict";
import { join } from "node:path";
import { distilBertConfig } from "../../models/distilbert.ts";
import { mlpConfig } from "../../models/mlp.ts";
import { robertaConfig } from "../../models/roberta.ts";
import { describeAdapter } from "../../src/backend/gpu/device/device.ts";
import { nativeAvailable } from "../../src/backend/ort/available.ts";
import { createBuilder, opTable } from "../../src/graph/graph.ts";
import { modelOnnx, signatureOf } from "../../src/lifecycle/export.ts";
import { exportOnnx } from "../../src/onnx/export.ts";
import { readModel } from "../../src/onnx/model.ts";
import type { SessionDevice } from "../../src/serve/protocol.ts";
import { openSession } from "../../src/serve/session.ts";
import { withFolder } from "../folder.ts";
import {
  assertNear,
  batchesOf,
  classifierSpec,
  modelFile,
  ownLogits,
  rows,
  type SmallModel,
  trainedLikeWeights,
  withSmallBundle,
} from "./export_bundle.ts";

const devices: { device: SessionDevice; runtime: string; available: boolean }[] = [
  { device: "wasm", runtime: "onnxruntime-web on wasm", available: true },
  { device: "native", runtime: "onnxruntime-node", available: await nativeAvailable() },
  { device: "webgpu", runtime: "onnxruntime-web on WebGPU", available: await describeAdapter() !== null },
];

for (const { device, runtime, available } of devices) {
  Deno.test({
    name: `exported models give our logits to 1e-4 in ${runtime}, for batches of 1 to 8 of all lengths`,
    ignore: !available,
    fn: () =>
      withSmallBundle(async ({ directory, ...model }) => {
        await compare(await Deno.readFile(modelFile(directory)), { ...model, device });

        const { vocabSize, maxPositions } = model.spec.config;
        const sizes = { vocabSize, maxPositions, hiddenSize: 24 };
        const encoder = { ...sizes, heads: 3, intermediateSize: 48 };
        for (
          const config of [
            mlpConfig({ ...sizes, embeddingSize: 24 }),
            // Their nodes are BERT's, whose shaders take a software adapter a minute.
            ...(device === "webgpu"
              ? []
              : [robertaConfig({ ...encoder, padTokenId: 0 }), distilBertConfig(encoder)]),
          ]
        ) {
          const spec = classifierSpec(config);
          const weights = trainedLikeWeights(spec);
          assert.deepEqual(signatureOf(spec).inputs.map(({ name }) => name), ["input_ids", "attention_mask"]);
          await compare(modelOnnx(spec, weights), { ...model, spec, weights, device });
        }
      }),
  });
}

const ints = (values: readonly number[]) =>
  ({ dtype: "i32", shape: [3, 4], data: Int32Array.from(values) }) as const;

async function compare(bytes: Uint8Array, model: SmallModel & { device: SessionDevice }): Promise<void> {
  const { spec, weights, device } = model;
  const batches = batchesOf(model.tokenizer);
  const ours = await ownLogits(spec, weights, batches);
  // Logits that hardly differ would be equal to anything.
  const all = ours.flat().flat();
  assert.ok(Math.max(...all) - Math.min(...all) > 1, "the weights are too small to tell anything");
  // The first run of each shape compiles its shaders, which takes long on a software adapter.
  const session = await openSession({ model: bytes, name: "the exported model", device, timeoutMs: 120_000 });
  try {
    for (const [i, batch] of batches.entries()) {
      const label = `${spec.config.modelType}, batch ${i}, [${batch.input_ids.shape}]`;
      const { logits } = (await session.run({ feeds: { ...batch }, outputs: ["logits"] })).outputs;
      assertNear(rows(logits.data, logits.shape[1]), ours[i], label);
    }
    assert.equal(session.restarts, 0);
  } finally {
    session.close();
  }
}

Deno.test({
  name:
    "on WebGPU no node of the exported model runs on the CPU but casts of the int64 inputs and shape arithmetic",
  ignore: !devices.find(({ device }) => device === "webgpu")!.available,
  fn: () =>
    withSmallBundle(async ({ directory }) => {
      const placements = await placementsIn(modelFile(directory));
      assert.deepEqual(Object.keys(placements).sort(), ["CPUExecutionProvider", "WebGpuExecutionProvider"]);
      const onCpu = placements.CPUExecutionProvider;
      assert.equal(onCpu.filter((op) => op === "Cast").length, 3, "one for each input");
      const arithmetic = ["Cast", "Shape", "Concat", "Mul", "Div"];
      assert.deepEqual(onCpu.filter((op) => !arithmetic.includes(op)), []);
      assert.ok(onCpu.length <= 6, onCpu.join());
      const copies = placements.WebGpuExecutionProvider.filter((op) => op.startsWith("Memcpy"));
      assert.deepEqual(copies, ["MemcpyFromHost", "MemcpyFromHost", "MemcpyFromHost"]);
    }),
});

Deno.test({
  name: "on WebGPU no elementwise op and no maximum runs on the CPU, and maxima keep a NaN",
  ignore: !devices.find(({ device }) => device === "webgpu")!.available,
  fn: () =>
    withFolder(async (folder) => {
      const b = createBuilder();
      const [over, under] = ["over", "under"].map((name) => b.cast(b.input(name, "i32", [3, 4]), "f32"));
      const x = b.div(over, under); // 0 / 0 is NaN
      b.output("largest", b.max(x, [-1]));
      b.output("positive", b.relu(x));
      b.output("capped", b.minimum(x, 2));
      for (const op of ["neg", "abs", "exp", "log", "sqrt", "tanh", "erf", "gelu"] as const) {
        b.output(op, b[op](x));
      }
      b.output("where", b.where(b.less(x, 1), 2, x));
      b.output("equal", b.cast(b.equal(x, x), "f32"));
      b.output("truth", b.cast(b.cast(x, "bool"), "f32"));
      const model = exportOnnx(b.graph(), { table: opTable, states: {} });
      const file = join(folder, "ops.onnx");
      await Deno.writeFile(file, model);
      assert.deepEqual(await placementsIn(file), { WebGpuExecutionProvider: ["all"] });

      const session = await openSession({ model, name: "ops", device: "webgpu", timeoutMs: 120_000 });
      try {
        const feeds = {
          over: ints([1, 0, -2, 3, 4, 0, -1, -1, 1, 0, 1, 0]),
          under: ints([1, 0, 1, 1, 1, 1, 0, 1, 0, 1, 1, 0]),
        };
        const { outputs } = await session.run({ feeds, outputs: ["largest", "positive", "capped"] });
        assert.deepEqual([...outputs.largest.data], [NaN, 4, NaN]);
        assert.deepEqual([...outputs.positive.data], [1, NaN, 0, 3, 4, 0, 0, 0, Infinity, 0, 1, NaN]);
        assert.deepEqual([...outputs.capped.data], [1, NaN, -2, 2, 2, 0, -Infinity, -1, 2, 0, 1, NaN]);
      } finally {
        session.close();
      }
    }),
});

Deno.test("the exported file declares int64 inputs and float logits with named axes, in opset 18", () =>
  withSmallBundle(async ({ directory }) => {
    const { graph, opsets, irVersion } = readModel(await Deno.readFile(modelFile(directory)));
    assert.deepEqual(
      graph.inputs,
      ["input_ids", "attention_mask", "token_type_ids"].map((name) => ({
        name,
        type: "i64",
        shape: ["batch_size", "sequence_length"],
      })),
    );
    assert.deepEqual(graph.outputs, [{ name: "logits", type: "f32", shape: ["batch_size", 3] }]);
    assert.equal(opsets[""], 18);
    assert.deepEqual(Object.keys(opsets).filter((domain) => domain !== "" && domain !== "com.microsoft"), []);
    assert.ok(irVersion >= 8 && irVersion <= 10);
  }));

/** The ops of a file that each execution provider gets. */
async function placementsIn(file: string): Promise<Record<string, string[]>> {
  const script = new URL("./export_placements.ts", import.meta.url).pathname;
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", script, file],
    stdout: "null",
    stderr: "piped",
  }).output();
  const log = new TextDecoder().decode(stderr);
  assert.ok(success, log.slice(-2000));
  return placementsOf(log);
}

/** The same, by the log of a load. */
function placementsOf(log: string): Record<string, string[]> {
  const placements: Record<string, string[]> = {};
  let provider: string | undefined;
  for (const [, text] of log.matchAll(/VerifyEachNodeIsAssignedToAnEp\](.*)/g)) {
    const only = /All nodes placed on \[(\w+)\]/.exec(text);
    if (only) return { [only[1]]: ["all"] };
    const heading = /Node\(s\) placed on \[(\w+)\]/.exec(text);
    const node = /^\s+(\w+) \(/.exec(text);
    if (heading) placements[provider = heading[1]] = [];
    else if (node && provider) placements[provider].push(node[1]);
  }
  return placements;
}
