import { type HostTensor, hostTensor } from "../../src/graph/graph.ts";
import { readSafetensors } from "../../src/nn/safetensors.ts";
import { adamw } from "../../src/nn/optim/adamw.ts";
import { linear } from "../../src/nn/optim/schedule.ts";
import type { ModelSpec } from "../../src/tasks/model.ts";
import type { StepOptions } from "../../src/train/step.ts";
import { labelsOfConfig } from "../../models/config.ts";
import { MODEL_TYPES, type ModelType, parseConfig } from "../../models/index.ts";

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
    token_type_ids?: number[][];
    labels: number[];
  }[];
}

/** PyTorch's optimiser, schedule and clipping as a step takes them. */
export function goldenStep(
  { warmupSteps, totalSteps, learningRate, maxGradNorm, ...options }: GoldenRun["optimizer"],
): StepOptions {
  return {
    optimiser: adamw(options),
    schedule: linear({ peak: learningRate, warmupSteps, totalSteps }),
    maxGradNorm,
  };
}

/** A text, or a pair, as Python has it. */
export interface GoldenText {
  parts: [string] | [string, string];
  ids: number[];
  typeIds: number[];
  /** How bert-score encodes it, and the output of each layer `[tokens * H]`, the embeddings first. */
  scored?: { ids: number[]; layers: number[][] };
}

/** A run of tests/golden/models/make_golden.py in PyTorch, and its model as transformers saved it. */
export interface Golden extends GoldenRun {
  name: ModelType;
  /** With config.json, model.safetensors and, where there are `texts`, a tokenizer. */
  folder: URL;
  spec: ModelSpec;
  /** The initial weights. */
  weights: Record<string, HostTensor>;
  /** At the first step, before clipping. */
  gradients: Record<string, HostTensor>;
  logits: number[][];
  losses: number[];
  gradientNorms: number[];
  texts?: GoldenText[];
}

/** The golden run of an architecture. */
export function readGolden(name: ModelType): Golden {
  const run = new URL(`../golden/models/${name}/`, import.meta.url);
  const folder = new URL("model/", run);
  const json = (url: URL) => JSON.parse(Deno.readTextFileSync(url));
  const tensors = (url: URL) => readSafetensors(Deno.readFileSync(url), { name: url.pathname }).tensors;
  const config = json(new URL("config.json", folder));
  return {
    ...json(new URL("golden.json", run)),
    name,
    folder,
    spec: {
      task: "text-classification",
      config: parseConfig(config),
      head: { labels: labelsOfConfig(config) },
    },
    weights: tensors(new URL("model.safetensors", folder)),
    gradients: tensors(new URL("gradients.safetensors", run)),
  };
}

/** One of every architecture that transformers has. */
export const goldens = MODEL_TYPES.filter((type) => type !== "mlp").map(readGolden);

/** The shape of a run's batches. */
export function goldenBindings({ batches: [{ input_ids }] }: GoldenRun): { batch: number; sequence: number } {
  return { batch: input_ids.length, sequence: input_ids[0].length };
}

/** What a model is fed at a step. */
export function goldenInputs(run: GoldenRun, step: number): Record<string, HostTensor> {
  const { batch, sequence } = goldenBindings(run);
  const { labels: _, ...inputs } = run.batches[step];
  return Object.fromEntries(
    Object.entries(inputs).map(([name, rows]) => [name, hostTensor("i32", [batch, sequence], rows.flat())]),
  );
}

/** What a training step is fed. */
export function goldenFeeds(run: GoldenRun, step: number): Record<string, HostTensor> {
  const { labels } = run.batches[step];
  return {
    ...goldenInputs(run, step),
    labels: hostTensor("i32", [labels.length], labels),
    weights: hostTensor("f32", [labels.length], labels.map(() => 1)),
  };
}
