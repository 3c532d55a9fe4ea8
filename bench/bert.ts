/**
 * The training step that the benchmarks time.
 *
 * @module
 */
import { type BertConfig, buildBertClassifier } from "../models/bert.ts";
import { type Graph, type HostTensor, hostTensor } from "../src/graph/graph.ts";
import { buildTrainingGraph } from "../src/train/step.ts";

/** Forward, backward, clipping and AdamW of a BERT classifier. */
export function bertStep(config: BertConfig): Graph {
  const { graph } = buildTrainingGraph((b, inputs, mode) => buildBertClassifier(b, config, inputs, mode), {
    learningRate: 1e-4,
    warmupSteps: 10,
    totalSteps: 1000,
    weightDecay: 0.01,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    maxGradNorm: 1,
    labelSmoothing: 0,
  });
  return graph;
}

/** A batch without padding, of tokens spread over the vocabulary; another one for another `step`. */
export function bertBatch(
  config: BertConfig,
  shape: { batch: number; sequence: number; step?: number },
): Record<string, HostTensor> {
  const { batch, sequence, step = 0 } = shape;
  const tensor = (value: (i: number) => number) =>
    hostTensor("i32", [batch, sequence], Array.from({ length: batch * sequence }, (_, i) => value(i)));
  return {
    input_ids: tensor((i) => 5 + (Math.imul(i + 7 * step, 2654435761) >>> 0) % (config.vocabSize - 5)),
    attention_mask: tensor(() => 1),
    token_type_ids: tensor(() => 0),
    labels: hostTensor("i32", [batch], Array.from({ length: batch }, (_, i) => i % 2)),
    weights: hostTensor("f32", [batch], new Array<number>(batch).fill(1)),
  };
}
