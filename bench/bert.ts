/**
 * The models and the training step that the benchmarks time.
 *
 * @module
 */
import { type BertConfig, bertConfig, buildBertClassifier } from "../models/bert.ts";
import { type Graph, type HostTensor, hostTensor } from "../src/graph/graph.ts";
import { buildEvaluationGraph, buildTrainingGraph } from "../src/train/step.ts";
import cases from "./gpu_cases.json" with { type: "json" };

/** What a benchmark's step may differ in. */
export interface StepOptions {
  /** Computes the last layer for every token, as PyTorch does, though only the first is read. */
  readonly wholeLastLayer?: boolean;
  /** f32 if not given. */
  readonly precision?: "f32" | "f16";
}

/** The configuration of a model of `gpu_cases.json`, with dropout everywhere, as PyTorch's side builds it. */
export function benchConfig(model: string, changes: Partial<BertConfig> = {}): BertConfig {
  const shape = (cases.models as Record<string, Partial<BertConfig> & { vocabSize: number }>)[model];
  if (!shape) {
    throw new Error(`unknown model "${model}": choose of ${Object.keys(cases.models).join(", ")}`);
  }
  return bertConfig({
    labels: ["ham", "spam"],
    hiddenDropout: cases.dropout,
    attentionDropout: cases.dropout,
    maxPositions: cases.maxPositions,
    ...shape,
    ...changes,
  });
}

/** Forward, backward, clipping and AdamW of a BERT classifier. */
export function bertStep(config: BertConfig, options: StepOptions = {}): Graph {
  const { graph } = buildTrainingGraph(
    (b, inputs, mode) =>
      buildBertClassifier(b, config, inputs, { ...mode, wholeLastLayer: options.wholeLastLayer }),
    {
      precision: options.precision,
      learningRate: 1e-4,
      warmupSteps: 10,
      totalSteps: 1000,
      weightDecay: 0.01,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      maxGradNorm: 1,
      labelSmoothing: 0,
    },
  );
  return graph;
}

/** The forward pass alone: output `logits`. */
export function bertForward(config: BertConfig): Graph {
  return buildEvaluationGraph((b, inputs, mode) => buildBertClassifier(b, config, inputs, mode));
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
