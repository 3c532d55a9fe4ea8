/**
 * A multi-layer perceptron over the mean of the words' embeddings: the smallest text classifier, and a baseline for others.
 *
 * Source: Iyyer et al., "Deep Unordered Composition Rivals Syntactic Methods for Text Classification" (2015).
 *
 * @module
 */
import type { Builder } from "../src/graph/builder.ts";
import type { Node } from "../src/graph/node.ts";
import type { ClassifierInputs } from "../src/nn/classifier.ts";
import {
  activate,
  type Activation,
  ACTIVATIONS,
  type Dropout,
  dropout,
  embedding,
  linear,
} from "../src/nn/layers.ts";
import { rngKey } from "../src/nn/rng.ts";
import { configReader, labelMaps } from "./config.ts";

/** What the perceptron is made of. */
export interface MlpConfig {
  /** Tells the configurations apart. */
  readonly modelType: "mlp";
  /** Rows of the word table. */
  readonly vocabSize: number;
  /** Width of a word. */
  readonly embeddingSize: number;
  /** Width of each of `layers` hidden layers. */
  readonly hiddenSize: number;
  /** Hidden layers. */
  readonly layers: number;
  /** After each hidden layer. */
  readonly activation: Activation;
  /** Rate after each hidden layer. */
  readonly hiddenDropout: number;
  /** Texts are cut at so many tokens. */
  readonly maxPositions: number;
  /** Names of the classes, in the order of the logits. */
  readonly labels: readonly string[];
}

/** A configuration with defaults for what is not given. */
export function mlpConfig(
  options: Partial<MlpConfig> & { readonly vocabSize: number; readonly labels: readonly string[] },
): MlpConfig {
  return {
    modelType: "mlp",
    embeddingSize: 64,
    hiddenSize: 64,
    layers: 1,
    activation: "relu",
    hiddenDropout: 0.1,
    maxPositions: 128,
    ...options,
  };
}

/**
 * Reads a `config.json`.
 *
 * @throws {ModelError} naming the field that is missing or out of range.
 */
export function parseMlpConfig(json: unknown): MlpConfig {
  const read = configReader(json, "mlp");
  return {
    modelType: "mlp",
    vocabSize: read.count("vocab_size", { max: 10_000_000 }),
    embeddingSize: read.count("embedding_size", { max: 65_536 }),
    hiddenSize: read.count("hidden_size", { max: 65_536 }),
    layers: read.count("num_hidden_layers", { max: 1000 }),
    activation: read.choice("hidden_act", ACTIVATIONS, "relu"),
    hiddenDropout: read.number("hidden_dropout_prob", { fallback: 0.1, min: 0, max: 0.999 }),
    maxPositions: read.count("max_position_embeddings", { fallback: 512, max: 10_000_000 }),
    labels: read.labels(),
  };
}

/** The `config.json` of the perceptron. */
export function mlpConfigJson(config: MlpConfig): Record<string, unknown> {
  return {
    architectures: ["MlpForSequenceClassification"],
    model_type: "mlp",
    vocab_size: config.vocabSize,
    embedding_size: config.embeddingSize,
    hidden_size: config.hiddenSize,
    num_hidden_layers: config.layers,
    hidden_act: config.activation,
    hidden_dropout_prob: config.hiddenDropout,
    max_position_embeddings: config.maxPositions,
    problem_type: "single_label_classification",
    ...labelMaps(config.labels),
  };
}

/** Hidden layers of equal width: `[..., in]` to `[..., width]`. Parameters `<name>.<i>.weight` and `.bias`. */
export function mlp(
  b: Builder,
  x: Node,
  options: {
    name: string;
    in: number;
    width: number;
    layers: number;
    activation: Activation;
    dropout?: Dropout;
  },
): Node {
  let width = options.in;
  for (let i = 0; i < options.layers; i++) {
    // He et al. (2015): the variance stays through rectified layers.
    const init = { kind: "normal", std: Math.sqrt(2 / width) } as const;
    const hidden = linear(b, x, { name: `${options.name}.${i}`, in: width, out: options.width, init });
    x = activate(b, hidden, options.activation);
    if (options.dropout) x = dropout(b, x, options.dropout);
    width = options.width;
  }
  return x;
}

/** Logits f32 `[batch, labels]` of texts: the mean over tokens of their embeddings, hidden layers, a linear layer. */
export function buildMlpClassifier(
  b: Builder,
  config: MlpConfig,
  inputs: ClassifierInputs,
  options: { training?: boolean } = {},
): Node {
  const key = options.training && config.hiddenDropout > 0 ? rngKey(b) : undefined;
  const { vocabSize: count, embeddingSize: size } = config;
  const [batch, length] = inputs.inputIds.shape;
  const words = embedding(b, inputs.inputIds, {
    name: "embeddings",
    count,
    size,
    init: { kind: "normal", std: 0.1 },
  }); // [B, S, E]
  const mask = b.reshape(b.cast(inputs.attentionMask, "f32"), [batch, length, 1]); // [B, S, 1]
  const tokens = b.max(b.sum(mask, [1]), 1); // [B, 1]; a text of no tokens has mean 0
  const mean = b.div(b.sum(b.mul(words, mask), [1]), tokens); // [B, E]
  const hidden = mlp(b, mean, {
    name: "layers",
    in: size,
    width: config.hiddenSize,
    layers: config.layers,
    activation: config.activation,
    dropout: { rate: config.hiddenDropout, key },
  }); // [B, H]
  return linear(b, hidden, { name: "classifier", in: config.hiddenSize, out: config.labels.length }); // [B, C]
}
