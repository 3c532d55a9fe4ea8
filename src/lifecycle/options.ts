/**
 * The options of a training and their defaults.
 *
 * @module
 */
import { architectureOf, architectures, type ModelConfig, type ModelType } from "../../models/index.ts";
import type { Precision } from "../backend/interface.ts";
import type { TaskName } from "../tasks/served.ts";
import { loopDefaults, type LoopOptions } from "./loop_options.ts";
import type { Prepared } from "./prepare.ts";
import type { TokenizerOptions } from "./tokenizer.ts";

/** The architecture and its sizes; a checkpoint to start from has its own. */
export interface ModelOptions {
  readonly modelType: ModelType;
  readonly maxTokens: number;
  readonly layers: number;
  readonly hiddenSize: number;
  readonly heads: number;
  readonly dropout: number;
}

/** The options of a training. */
export interface TrainingOptions extends ModelOptions, TokenizerOptions, LoopOptions {
  readonly task: TaskName;
  readonly vocabSize: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly labelSmoothing: number;
  /** Batches whose gradients make one step. */
  readonly accumulate: number;
  /** What activations are kept in. */
  readonly precision: Precision;
  /** Whether activations are computed again instead of kept. */
  readonly checkpointGradients: boolean;
  /** Whether the checkpoint's body stays as it is, and only what stands on it is trained. */
  readonly freezeTrunk: boolean;
  readonly seed: number;
}

/** The defaults of a training. */
export const trainingDefaults = {
  ...loopDefaults,
  task: "text-classification",
  modelType: "bert",
  vocabSize: 8000,
  maxTokens: 128,
  layers: 2,
  hiddenSize: 128,
  heads: 2,
  dropout: 0.1,
  epochs: 3,
  batchSize: 32,
  learningRate: 5e-4,
  weightDecay: 0.01,
  labelSmoothing: 0,
  accumulate: 1,
  precision: "f32",
  checkpointGradients: false,
  freezeTrunk: false,
  seed: 0,
} as const satisfies TrainingOptions;

/**
 * The learning rate unless one is given: small where a checkpoint's weights are trained on, as its authors' recipes have
 * it, and large where nothing but a new head is.
 */
export function learningRateFor(
  { isPretrained, freezeTrunk }: { readonly isPretrained: boolean; readonly freezeTrunk: boolean },
): number {
  return isPretrained ? freezeTrunk ? 1e-3 : 5e-5 : trainingDefaults.learningRate;
}

/** The configuration of a model that is trained from nothing. */
export function configOf(
  options: ModelOptions,
  { tokenizer, maxTokens }: Pick<Prepared, "tokenizer" | "maxTokens">,
): ModelConfig {
  return architectures[options.modelType].configure({
    vocabSize: tokenizer.vocabSize,
    padTokenId: tokenizer.padId,
    maxPositions: maxTokens,
    hiddenSize: options.hiddenSize,
    layers: options.layers,
    heads: options.heads,
    dropout: options.dropout,
  });
}

/** A configuration as `config.json` has it. */
export function configJsonOf(config: ModelConfig): Record<string, unknown> {
  return architectureOf(config).json(config);
}
