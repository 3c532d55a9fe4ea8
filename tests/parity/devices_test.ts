import assert from "node:assert/strict";
import { createInterpBackend } from "../../src/backend/interp/interp.ts";
import type { Backend } from "../../src/backend/interface.ts";
import { mix32 } from "../../src/graph/ops/random.ts";
import { train } from "../../src/train/trainer.ts";
import { linear } from "../../src/nn/optim/schedule.ts";
import { trainableModel } from "../../src/tasks/model.ts";
import { bertConfig } from "../../models/bert.ts";
import { candidates } from "../backend/available.ts";
import { head, tinyBatches, type TinyExample } from "../train/tiny.ts";

/** Texts of 3 to 12 words; those with word 5 have label 1. */
const examples = Array.from({ length: 40 }, (_, i): TinyExample => {
  const random = (k: number) => mix32(mix32(i + 1) + k);
  const ids = [2, ...Array.from({ length: 2 + random(0) % 10 }, (_, k) => 6 + random(k + 1) % 90)];
  const label = random(99) % 2;
  if (label === 1) ids[1 + random(98) % (ids.length - 1)] = 5;
  return { ids, label };
});

interface Variant {
  readonly dropout: number;
  readonly bucketLengths: readonly number[];
}

const variants: readonly Variant[] = [
  { dropout: 0, bucketLengths: [8, 16] },
  { dropout: 0.3, bucketLengths: [16] },
];

/** Ten steps of a small BERT: two epochs with evaluation. */
async function run(backend: Backend, options: Variant) {
  const config = bertConfig({
    vocabSize: 96,
    hiddenSize: 16,
    intermediateSize: 32,
    maxPositions: 16,
    hiddenDropout: options.dropout,
    attentionDropout: options.dropout,
  });
  return await train({
    backend,
    model: trainableModel({ task: "text-classification", config, head }),
    batches: (epoch) =>
      tinyBatches(examples, { batchSize: 8, bucketLengths: options.bucketLengths, seed: 1, epoch }),
    evaluation: { batches: tinyBatches(examples, { batchSize: 8, bucketLengths: [16] }), score: () => ({}) },
    epochs: 2,
    seed: 3,
    schedule: (totalSteps) => linear({ peak: 0.01, warmupSteps: Math.round(totalSteps / 10), totalSteps }),
  });
}

const reference = variants.map((variant) => run(createInterpBackend(), variant));

for (const { device, available, open } of candidates.filter((c) => c.device !== "interp")) {
  for (const [i, variant] of variants.entries()) {
    Deno.test({
      name:
        `the same training run on ${device} and interp has the same ten losses to 1e-3, dropout ${variant.dropout}`,
      ignore: !available,
      async fn() {
        const wanted = await reference[i];
        assert.ok(wanted.steps.length >= 10, `${wanted.steps.length} steps`);
        const backend = await open();
        try {
          const got = await run(backend, variant);
          got.steps.forEach(({ step, loss }, k) => {
            const off = Math.abs(loss - wanted.steps[k].loss) / wanted.steps[k].loss;
            assert.ok(
              off <= 1e-3,
              `step ${step}: ${device} has ${loss}, interp ${wanted.steps[k].loss}, off by ${off}`,
            );
          });
          got.epochs.forEach(({ evaluation }, k) => {
            const off = Math.abs(evaluation!.loss - wanted.epochs[k].evaluation!.loss);
            assert.ok(off <= 1e-3, `held-out loss of epoch ${k + 1}: off by ${off}`);
          });
        } finally {
          await backend.dispose();
        }
      },
    });
  }
}
