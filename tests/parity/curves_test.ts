import assert from "node:assert/strict";
import { describeAdapter } from "../../src/backend/gpu/device/device.ts";
import { mix32 } from "../../src/graph/ops/random.ts";
import { type Graph, type HostTensor, hostTensor, statesOf } from "../../src/graph/graph.ts";
import { numeric, sizeOf } from "../../src/graph/shape.ts";
import { initialStates } from "../../src/nn/init.ts";
import { buildTrainingGraph } from "../../src/train/step.ts";
import { train } from "../../src/train/trainer.ts";
import { bertConfig } from "../../models/bert.ts";
import { linear } from "../../src/nn/optim/schedule.ts";
import { trainableModel } from "../../src/tasks/model.ts";
import { candidates } from "../backend/available.ts";
import { tinyBatches, type TinyExample } from "../train/tiny.ts";
import { goldenFeeds, type GoldenRun, goldenStep } from "./model_golden.ts";

/** What tests/golden/curves/make_curves.py made in PyTorch. */
const golden: GoldenRun & {
  vocabulary: number;
  spread: number;
  models: Record<string, { layers: number; hiddenSize: number; heads: number; losses: number[] }>;
} = JSON.parse(Deno.readTextFileSync(new URL("../golden/curves/curves.json", import.meta.url)));

const head = { labels: ["even", "odd"] };
const { input_ids: [first], labels: { length: batch } } = golden.batches[0];
const sequence = first.length;

const adapter = await describeAdapter();
const all = Deno.env.get("WEIR_PARITY") === "all";

/**
 * How many steps of a model the suite compares, and on what: the smallest for its whole curve and the deepest for its first steps,
 * whose losses have gone through every layer forwards and backwards. `deno task parity` compares whole curves of all models, and a
 * GPU that is none in software has time for them anyway. The interpreter computes every product in plain loops: it is held to the
 * smallest alone.
 */
function stepsOf(name: string, device: string, most: number): number {
  if (device === "interp") return name === "bert-2" ? most : 0;
  if (all || (device === "webgpu" && !adapter?.software)) return most;
  return name === "bert-2" ? most : name === "bert-base-12" ? 4 : 0;
}

for (const [name, { losses: curve, ...sizes }] of Object.entries(golden.models)) {
  for (const { device, available, open } of candidates) {
    const losses = curve.slice(0, stepsOf(name, device, curve.length));
    if (losses.length === 0) continue;
    Deno.test({
      name: `${name} on ${device} has PyTorch's losses to 1e-4 over ${losses.length} steps`,
      ignore: !available,
      async fn() {
        const config = bertConfig({
          vocabSize: golden.vocabulary,
          ...sizes,
          intermediateSize: 4 * sizes.hiddenSize,
          maxPositions: sequence,
          hiddenDropout: 0,
        });
        const model = trainableModel({ task: "text-classification", config, head });
        const { graph } = buildTrainingGraph(model, goldenStep(golden.optimizer));
        const backend = await open();
        try {
          const program = await backend.compile(graph, { bindings: { batch, sequence } });
          await program.write({ ...initialStates(graph, 0), ...weights(graph) });
          for (let step = 0; step < losses.length; step++) {
            await program.step(goldenFeeds(golden, step % golden.batches.length));
          }
          const records = await program.drain();
          assert.equal(records.length, losses.length);
          records.forEach(({ loss }, step) => {
            const off = Math.abs(loss - losses[step]) / losses[step];
            assert.ok(off <= 1e-4, `step ${step + 1}: ${loss}, PyTorch has ${losses[step]}, off by ${off}`);
          });
        } finally {
          await backend.dispose();
        }
      },
    });
  }
}

for (const { device, available, open } of candidates) {
  Deno.test({
    name: `two runs with one seed have bit-equal losses and parameters on ${device}, dropout on`,
    ignore: !available,
    async fn() {
      const examples = Array.from({ length: 24 }, (_, i): TinyExample => {
        const random = (k: number) => mix32(mix32(i + 1) + k);
        const ids = [2, ...Array.from({ length: 2 + random(0) % 13 }, (_, k) => 5 + random(k + 1) % 90)];
        return { ids, label: random(99) % 2 };
      });
      const config = bertConfig({
        vocabSize: 96,
        hiddenSize: 32,
        heads: 1,
        intermediateSize: 128,
        maxPositions: 16,
        hiddenDropout: 0.1,
        attentionDropout: 0.1,
      });
      const run = async () => {
        const backend = await open();
        try {
          const { steps, parameters } = await train({
            backend,
            model: trainableModel({ task: "text-classification", config, head }),
            batches: (epoch) =>
              tinyBatches(examples, { batchSize: 8, bucketLengths: [8, 16], seed: 1, epoch }),
            epochs: 2,
            seed: 3,
            schedule: (totalSteps) =>
              linear({ peak: 0.005, warmupSteps: Math.round(totalSteps / 10), totalSteps }),
          });
          return { losses: steps.map(({ loss }) => loss), parameters };
        } finally {
          await backend.dispose();
        }
      };
      const once = await run();
      const again = await run();
      assert.equal(once.losses.length, 6);
      assert.deepEqual(again.losses, once.losses);
      assert.deepEqual(again.parameters, once.parameters);
    },
  });
}

/** The weights that the script's `weight` computes. */
function weights(graph: Graph): Record<string, HostTensor> {
  const trainable = statesOf(graph).filter((state) => state.attrs.trainable);
  return Object.fromEntries(trainable.map(({ name, shape: dims }) => {
    const shape = numeric(dims);
    const start = fnv1a(name!);
    const centre = name!.endsWith("LayerNorm.weight") ? 1 : 0;
    const values = Array.from(
      { length: sizeOf(shape) },
      (_, i) => centre + (mix32(start + i) / 2 ** 31 - 1) * golden.spread,
    );
    return [name!, hostTensor("f32", shape, values)];
  }));
}

function fnv1a(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
