import assert from "node:assert/strict";
import { hasKernel } from "../../src/backend/gpu/rules/rules.ts";
import { makePlan, type PlanLimits } from "../../src/backend/gpu/plan/plan.ts";
import type { Backend } from "../../src/backend/interface.ts";
import { bindGraph } from "../../src/graph/passes/bind.ts";
import { expand } from "../../src/graph/passes/expand.ts";
import { optimize } from "../../src/graph/passes/optimize.ts";
import { mix32 } from "../../src/graph/ops/random.ts";
import type { TrainOptions } from "../../src/train/options.ts";
import { buildTrainingGraph } from "../../src/train/step.ts";
import { train } from "../../src/train/trainer.ts";
import { bertConfig } from "../../models/bert.ts";
import { adamw } from "../../src/nn/optim/adamw.ts";
import { linear } from "../../src/nn/optim/schedule.ts";
import { trainableModel } from "../../src/tasks/model.ts";
import { candidates, testOn } from "../backend/available.ts";
import { head, tinyBatches, type TinyExample } from "../train/tiny.ts";

/** Texts of 3 to 12 words; those with word 5 have label 1. */
const examples = Array.from({ length: 32 }, (_, i): TinyExample => {
  const random = (k: number) => mix32(mix32(i + 1) + k);
  const ids = [2, ...Array.from({ length: 2 + random(0) % 10 }, (_, k) => 6 + random(k + 1) % 90)];
  const label = random(99) % 2;
  if (label === 1) ids[1 + random(98) % (ids.length - 1)] = 5;
  return { ids, label };
});

interface Mode extends Pick<TrainOptions, "accumulate" | "precision" | "checkpointGradients"> {
  readonly batchSize?: number;
  readonly dropout?: number;
}

/** Four steps of a BERT of two layers and heads of 32, of 32 examples. */
async function run(backend: Backend, { batchSize = 8, dropout = 0.1, ...mode }: Mode) {
  const config = bertConfig({
    vocabSize: 96,
    layers: 2,
    hiddenSize: 64,
    heads: 2,
    intermediateSize: 64,
    maxPositions: 16,
    hiddenDropout: dropout,
    attentionDropout: dropout,
  });
  const { steps, skippedSteps } = await train({
    backend,
    model: trainableModel({ task: "text-classification", config, head }),
    batches: () => tinyBatches(examples, { batchSize, bucketLengths: [16] }),
    epochs: 1,
    seed: 3,
    schedule: (totalSteps) => linear({ peak: 0.002, warmupSteps: Math.round(totalSteps / 10), totalSteps }),
    ...mode,
  });
  return { losses: steps.map(({ loss }) => loss), skippedSteps };
}

function close(got: readonly number[], wanted: readonly number[], tolerance: number): void {
  assert.equal(got.length, wanted.length);
  got.forEach((loss, i) => {
    const off = Math.abs(loss - wanted[i]) / wanted[i];
    assert.ok(off <= tolerance, `step ${i + 1}: ${loss}, not ${wanted[i]}, off by ${off}`);
  });
}

for (const candidate of candidates) {
  const test = (name: string, body: (backend: Backend) => Promise<void>) => testOn(candidate, name, body);

  test("checkpointed gradients give the losses of kept ones, dropout on", async (backend) => {
    const kept = await run(backend, {});
    const again = await run(backend, { checkpointGradients: true });
    close(again.losses, kept.losses, 1e-5);
  });

  test("accumulated gradients give the losses of the larger batch", async (backend) => {
    const large = await run(backend, { batchSize: 16, dropout: 0 });
    const small = await run(backend, { batchSize: 4, dropout: 0, accumulate: 4 });
    close(small.losses, large.losses, 1e-4);
  });

  test("f16 stays within 1% of f32, alone and with accumulated and checkpointed gradients", async (backend) => {
    if (!backend.precisions.includes("f16")) return;
    const wide = await run(backend, { dropout: 0 });
    const half = await run(backend, { dropout: 0, precision: "f16" });
    assert.notDeepEqual(half.losses, wide.losses);
    close(half.losses, wide.losses, 0.01);
    const all = await run(backend, {
      dropout: 0,
      batchSize: 4,
      checkpointGradients: true,
      precision: "f16",
      accumulate: 2,
    });
    close(all.losses, wide.losses, 0.01);
    assert.equal(half.skippedSteps + all.skippedSteps, 0);
  });
}

/** Bytes that a training step of BERT-base works with on a GPU, at 16 texts of 128 tokens. */
function workBytes(mode: { precision?: "f16"; checkpointGradients?: boolean }): number {
  const config = bertConfig({
    vocabSize: 30_522,
    layers: 12,
    hiddenSize: 768,
    heads: 12,
    intermediateSize: 3072,
    attentionDropout: 0.1,
  });
  const { graph } = buildTrainingGraph(trainableModel({ task: "text-classification", config, head }), {
    optimiser: adamw(),
    schedule: linear({ peak: 1e-3, warmupSteps: 1, totalSteps: 10 }),
    maxGradNorm: 1,
    ...mode,
  });
  const bound = bindGraph(graph, { batch: 16, sequence: 128 });
  const plan = makePlan(optimize(expand(bound, (node) => hasKernel(node, limits))), limits);
  return plan.work.sizes.reduce((sum, bytes) => sum + bytes, 0);
}

const limits: PlanLimits = {
  maxBuffers: 16,
  maxWorkgroupBytes: 49_152,
  maxBindingBytes: 2 ** 31,
  parallelism: 132,
  software: false,
};

Deno.test("checkpointed gradients take less than three fifths of the memory, f16 less than three quarters", () => {
  const all = workBytes({});
  // A third of all is gradients, which stay; the partial sums of products in parts take as much as before.
  const again = workBytes({ checkpointGradients: true });
  assert.ok(again < 0.6 * all, `checkpointed: ${again} of ${all} bytes`);
  const half = workBytes({ precision: "f16" });
  assert.ok(half < 0.75 * all, `f16: ${half} of ${all} bytes`);
});
