import { createInterpBackend } from "../../src/backend/interp/interp.ts";
import { collate, type EncodedExample } from "../../src/data/collate.ts";
import { mix32 } from "../../src/graph/ops/random.ts";
import type { TrainOptions } from "../../src/train/options.ts";
import { buildClassifier } from "../../models/index.ts";
import { mlpConfig } from "../../models/mlp.ts";

/** Texts of 2 to 7 random words of 30, labelled by whether word 5 is among them. */
export function tinyExamples(count: number, seed = 0): EncodedExample[] {
  return Array.from({ length: count }, (_, i) => {
    const random = (k: number) => mix32(mix32(i + 1 + seed * 1000) + k);
    const ids = Array.from({ length: 2 + random(0) % 6 }, (_, k) => 6 + random(k + 1) % 24);
    const label = random(99) % 2;
    if (label === 1) ids[random(98) % ids.length] = 5;
    return { ids, label };
  });
}

export const labels = ["without", "with"];
const config = mlpConfig({ vocabSize: 30, labels, embeddingSize: 8, hiddenSize: 8, hiddenDropout: 0.2 });

/** A run of 3 epochs of 6 steps in two length buckets, with dropout, that takes a second on the interpreter. */
export function tinyRun(options: Partial<TrainOptions> = {}): TrainOptions {
  const examples = tinyExamples(48);
  const bucketLengths = [4, 8];
  return {
    backend: createInterpBackend(),
    build: (b, inputs, o) => buildClassifier(b, config, inputs, o),
    labels,
    batches: (epoch) => collate(examples, { batchSize: 8, bucketLengths, seed: 5, epoch }),
    evaluation: collate(tinyExamples(20, 1), { batchSize: 8, bucketLengths }),
    epochs: 3,
    seed: 11,
    learning: { learningRate: 0.02 },
    drainEvery: 4,
    ...options,
  };
}
