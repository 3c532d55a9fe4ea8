import { mlpConfig } from "../../models/mlp.ts";
import { createInterpBackend } from "../../src/backend/interp/interp.ts";
import { mix32 } from "../../src/graph/ops/random.ts";
import type { Batches } from "../../src/nn/batch.ts";
import { linear } from "../../src/nn/optim/schedule.ts";
import { collate, type CollateOptions, type EncodedRow } from "../../src/tasks/collate.ts";
import { type ModelSpec, trainableModel } from "../../src/tasks/model.ts";
import { textClassification } from "../../src/tasks/text_classification/serve.ts";
import { trainTextClassification } from "../../src/tasks/text_classification/train.ts";
import type { Evaluated } from "../../src/train/evaluator.ts";
import type { TrainOptions } from "../../src/train/options.ts";

/** An example of token ids and a class. */
export interface TinyExample {
  readonly ids: number[];
  readonly label: number;
}

/** Texts of 2 to 7 random words of 30, labelled by whether word 5 is among them. */
export function tinyExamples(count: number, seed = 0): TinyExample[] {
  return Array.from({ length: count }, (_, i) => {
    const random = (k: number) => mix32(mix32(i + 1 + seed * 1000) + k);
    const ids = Array.from({ length: 2 + random(0) % 6 }, (_, k) => 6 + random(k + 1) % 24);
    const label = random(99) % 2;
    if (label === 1) ids[random(98) % ids.length] = 5;
    return { ids, label };
  });
}

export const head = { labels: ["without", "with"] };

/** Examples in batches of the text classification task. */
export function tinyBatches(
  examples: readonly TinyExample[],
  options: Omit<CollateOptions<number>, "targets">,
): Batches {
  const rows = examples.map(({ ids, label }): EncodedRow<number> => ({
    encodings: [{ ids, typeIds: ids.map(() => 0) }],
    target: label,
  }));
  return collate(rows, {
    ...options,
    targets: (of, size) => trainTextClassification.padTargets(of, size, head),
  });
}

/** The tiny model, with its dropout by default. */
export function tinySpec(hiddenDropout = 0.2): ModelSpec {
  const config = mlpConfig({ vocabSize: 30, embeddingSize: 8, hiddenSize: 8, hiddenDropout });
  return { task: "text-classification", config, head };
}

/** Accuracy of the outputs of examples, by the task's own code. */
export function tinyScore(examples: readonly TinyExample[]): (evaluated: Evaluated) => { accuracy: number } {
  return ({ rows, outputs }) => {
    const of = { query: "", encoding: undefined as never, head };
    const answers = outputs.map(([text]) => [textClassification.decode(text, of)]);
    const { metrics } = textClassification.judge(
      Array.from(rows, (place) => head.labels[examples[place].label]),
      answers,
      { head },
    );
    return { accuracy: metrics.accuracy.value };
  };
}

/** A run of 3 epochs of 6 steps in two length buckets, with dropout, that takes a second on the interpreter. */
export function tinyRun(
  { learningRate = 0.02, warmupSteps, ...options }: Partial<TrainOptions> & {
    learningRate?: number;
    warmupSteps?: number;
  } = {},
): TrainOptions {
  const examples = tinyExamples(48);
  const heldOut = tinyExamples(20, 1);
  const bucketLengths = [4, 8];
  return {
    backend: createInterpBackend(),
    model: trainableModel(tinySpec()),
    batches: (epoch) => tinyBatches(examples, { batchSize: 8, bucketLengths, seed: 5, epoch }),
    evaluation: { batches: tinyBatches(heldOut, { batchSize: 8, bucketLengths }), score: tinyScore(heldOut) },
    bestBy: { metric: "accuracy", better: "higher" },
    epochs: 3,
    seed: 11,
    schedule: (totalSteps) =>
      linear({ peak: learningRate, warmupSteps: warmupSteps ?? Math.round(0.1 * totalSteps), totalSteps }),
    drainEvery: 4,
    ...options,
  };
}
