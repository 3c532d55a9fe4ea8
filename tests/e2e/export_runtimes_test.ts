import assert from "node:assert/strict";
import { distilBertConfig } from "../../models/distilbert.ts";
import { mlpConfig } from "../../models/mlp.ts";
import { robertaConfig } from "../../models/roberta.ts";
import { describeAdapter } from "../../src/backend/gpu/device/device.ts";
import { nativeAvailable } from "../../src/backend/ort/available.ts";
import { modelOnnx, signatureOf } from "../../src/lifecycle/export.ts";
import { readModel } from "../../src/onnx/model.ts";
import type { SessionDevice } from "../../src/serve/protocol.ts";
import { openSession } from "../../src/serve/session.ts";
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
      const script = new URL("./export_placements.ts", import.meta.url).pathname;
      const { success, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-check", script, modelFile(directory)],
        stdout: "null",
        stderr: "piped",
      }).output();
      const log = new TextDecoder().decode(stderr);
      assert.ok(success, log.slice(-2000));
      const placements = placementsOf(log);
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

/** The ops that each execution provider got, by the log of a load. */
function placementsOf(log: string): Record<string, string[]> {
  const placements: Record<string, string[]> = {};
  let provider: string | undefined;
  for (const [, text] of log.matchAll(/VerifyEachNodeIsAssignedToAnEp\](.*)/g)) {
    const heading = /Node\(s\) placed on \[(\w+)\]/.exec(text);
    const node = /^\s+(\w+) \(/.exec(text);
    if (heading) placements[provider = heading[1]] = [];
    else if (node && provider) placements[provider].push(node[1]);
  }
  return placements;
}
