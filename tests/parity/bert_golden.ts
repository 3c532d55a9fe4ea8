import { type HostTensor, hostTensor } from "../../src/graph/graph.ts";
import { readSafetensors } from "../../src/nn/safetensors.ts";
import { adamw } from "../../src/nn/optim/adamw.ts";
import { linear } from "../../src/nn/optim/schedule.ts";
import type { ModelSpec } from "../../src/tasks/model.ts";
import type { StepOptions } from "../../src/train/step.ts";
import { labelsOfConfig } from "../../models/config.ts";
import { parseConfig } from "../../models/index.ts";

const folder = new URL("../golden/bert/", import.meta.url);

/** What PyTorch was given: how it stepped, and on what. */
export interface GoldenRun {
  optimizer: {
    learningRate: number;
    beta1: number;
    beta2: number;
    epsilon: number;
    weightDecay: number;
    maxGradNorm: number;
    warmupSteps: number;
    totalSteps: number;
  };
  batches: {
    input_ids: number[][];
    attention_mask: number[][];
    token_type_ids: number[][];
    labels: number[];
  }[];
}

/** PyTorch's optimiser, schedule and clipping as a step takes them. */
export function goldenStep({ warmupSteps, totalSteps, learningRate, maxGradNorm, ...options }: GoldenRun["optimizer"]): StepOptions {
  return {
    optimiser: adamw(options),
    schedule: linear({ peak: learningRate, warmupSteps, totalSteps }),
    maxGradNorm,
  };
}

interface Golden extends GoldenRun {
  logits: number[][];
  losses: number[];
  gradientNorms: number[];
}

/** The run that tests/golden/bert/make_golden.py made in PyTorch. */
export const golden: Golden = JSON.parse(Deno.readTextFileSync(new URL("golden.json", folder)));

const json = JSON.parse(Deno.readTextFileSync(new URL("model/config.json", folder)));

/** Its model, as transformers saved it. */
export const goldenSpec: ModelSpec = {
  task: "text-classification",
  config: parseConfig(json),
  head: { labels: labelsOfConfig(json) },
};

/** Its initial weights, as transformers saved them. */
export const goldenWeights = tensors("model/model.safetensors");

/** Its gradients at the first step, before clipping. */
export const goldenGradients = tensors("gradients.safetensors");

/** The shape of its batches. */
export const goldenBindings = { batch: golden.batches[0].labels.length, sequence: 12 };

/** What the model is fed at a step. */
export function goldenInputs(step: number): Record<string, HostTensor> {
  const batch = golden.batches[step];
  const shape = [goldenBindings.batch, goldenBindings.sequence];
  return {
    input_ids: hostTensor("i32", shape, batch.input_ids.flat()),
    attention_mask: hostTensor("i32", shape, batch.attention_mask.flat()),
    token_type_ids: hostTensor("i32", shape, batch.token_type_ids.flat()),
  };
}

/** What a training step is fed. */
export function goldenFeeds(step: number): Record<string, HostTensor> {
  const { labels } = golden.batches[step];
  return {
    ...goldenInputs(step),
    labels: hostTensor("i32", [labels.length], labels),
    weights: hostTensor("f32", [labels.length], labels.map(() => 1)),
  };
}

function tensors(path: string): Record<string, HostTensor> {
  return readSafetensors(Deno.readFileSync(new URL(path, folder)), { name: path }).tensors;
}
