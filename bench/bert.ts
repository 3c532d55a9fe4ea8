/**
 * The models and the training step that the benchmarks time.
 *
 * @module
 */
import { type BertConfig, bertConfig } from "../models/bert.ts";
import { type Graph, type HostTensor, hostTensor } from "../src/graph/graph.ts";
import { adamw } from "../src/nn/optim/adamw.ts";
import { linear } from "../src/nn/optim/schedule.ts";
import { forwardGraph, type ModelSpec, trainableModel } from "../src/tasks/model.ts";
import { buildTrainingGraph } from "../src/train/step.ts";
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
    hiddenDropout: cases.dropout,
    attentionDropout: cases.dropout,
    maxPositions: cases.maxPositions,
    ...shape,
    ...changes,
  });
}

/** A BERT that tells ham from spam. */
export function bertSpec(config: BertConfig): ModelSpec {
  return { task: "text-classification", config, head: { labels: ["ham", "spam"] } };
}

/** Forward, backward, clipping and AdamW of a BERT classifier. */
export function bertStep(config: BertConfig, options: StepOptions = {}): Graph {
  return buildTrainingGraph(trainableModel(bertSpec(config), options), {
    precision: options.precision,
    optimiser: adamw({ weightDecay: 0.01 }),
    schedule: linear({ peak: 1e-4, warmupSteps: 10, totalSteps: 1000 }),
    maxGradNorm: 1,
  }).graph;
}

/** The forward pass alone: output `logits`. */
export function bertForward(config: BertConfig): Graph {
  return forwardGraph(bertSpec(config));
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
