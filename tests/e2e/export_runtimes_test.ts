import assert from "node:assert/strict";
import { join } from "node:path";
import type { ModelConfig } from "../../models/index.ts";
import { mlpConfig } from "../../models/mlp.ts";
import { describeAdapter } from "../../src/backend/gpu/device/device.ts";
import { nativeAvailable } from "../../src/backend/ort/available.ts";
import { classifierOnnx } from "../../src/cli/onnx_file.ts";
import type { HostTensor } from "../../src/graph/graph.ts";
import { readModel } from "../../src/onnx/model.ts";
import type { SessionDevice } from "../../src/serve/protocol.ts";
import { openSession } from "../../src/serve/session.ts";
import type { Tokenizer } from "../../src/text/tokenizer.ts";
import {
  assertNear,
  batchesOf,
  modelFile,
  ownLogits,
  rows,
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
      withSmallBundle(async ({ directory, config, weights, tokenizer }) => {
        await compare(modelFile(directory), { device, config, weights, tokenizer });

        const { vocabSize, labels, maxPositions } = config;
        const perceptron = mlpConfig({ vocabSize, labels, maxPositions, embeddingSize: 24, hiddenSize: 24 });
        const values = trainedLikeWeights(perceptron);
        const file = join(directory, "mlp.onnx");
        await Deno.writeFile(file, classifierOnnx(perceptron, values));
        await compare(file, { device, config: perceptron, weights: values, tokenizer });
      }),
  });
}

async function compare(
  modelPath: string,
  model: {
    device: SessionDevice;
    config: ModelConfig;
    weights: Readonly<Record<string, HostTensor>>;
    tokenizer: Tokenizer;
  },
): Promise<void> {
  const { config, weights, device } = model;
  const batches = batchesOf(model.tokenizer);
  const ours = await ownLogits(config, weights, batches);
  // Logits that hardly differ would be equal to anything.
  const all = ours.flat().flat();
  assert.ok(Math.max(...all) - Math.min(...all) > 1, "the weights are too small to tell anything");
  const session = await openSession({ modelPath, device });
  try {
    for (const [i, batch] of batches.entries()) {
      const label = `${config.modelType}, batch ${i}, [${batch.batch}, ${batch.sequence}]`;
      const { data, classes } = await session.run(batch);
      assertNear(rows(data, classes), ours[i], label);
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
