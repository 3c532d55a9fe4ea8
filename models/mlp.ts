/**
 * A multi-layer perceptron over word embeddings, of their mean where a task asks about the whole text: the smallest model of
 * text, and a baseline for others.
 *
 * Source: Iyyer et al., "Deep Unordered Composition Rivals Syntactic Methods for Text Classification" (2015).
 *
 * @module
 */
import type { Builder } from "../src/graph/builder.ts";
import type { Node } from "../src/graph/node.ts";
import {
  activate,
  type Activation,
  ACTIVATIONS,
  BERT_STD,
  type Dropout,
  dropout,
  embedding,
  linear,
} from "../src/nn/layers.ts";
import { rngKey } from "../src/nn/rng.ts";
import type { Architecture, Body, BodyMode, ModelConfig, TextInputs } from "./architecture.ts";
import { configReader } from "./config.ts";

/** What the perceptron is made of. */
export interface MlpConfig extends ModelConfig {
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
}

/** A configuration with defaults for what is not given. */
export function mlpConfig(
  options: Partial<MlpConfig> & { readonly vocabSize: number },
): MlpConfig {
  return {
    modelType: "mlp",
    embeddingSize: 64,
    hiddenSize: 64,
    layers: 1,
    activation: "relu",
    hiddenDropout: 0.1,
    maxPositions: 128,
    padTokenId: 0,
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
  const vocabSize = read.count("vocab_size", { max: 10_000_000 });
  return {
    modelType: "mlp",
    vocabSize,
    embeddingSize: read.count("embedding_size", { max: 65_536 }),
    hiddenSize: read.count("hidden_size", { max: 65_536 }),
    layers: read.count("num_hidden_layers", { max: 1000 }),
    activation: read.choice("hidden_act", ACTIVATIONS, "relu"),
    hiddenDropout: read.number("hidden_dropout_prob", { fallback: 0.1, min: 0, max: 0.999 }),
    maxPositions: read.count("max_position_embeddings", { fallback: 512, max: 10_000_000 }),
    padTokenId: read.padTokenId(vocabSize, 0),
  };
}

/** The `config.json` of the perceptron. */
export function mlpConfigJson(config: MlpConfig): Record<string, unknown> {
  return {
    model_type: "mlp",
    vocab_size: config.vocabSize,
    embedding_size: config.embeddingSize,
    hidden_size: config.hiddenSize,
    num_hidden_layers: config.layers,
    hidden_act: config.activation,
    hidden_dropout_prob: config.hiddenDropout,
    max_position_embeddings: config.maxPositions,
    pad_token_id: config.padTokenId,
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

/** The perceptron of each token, or of the mean over a text's tokens. */
export function mlpBody(b: Builder, config: MlpConfig, inputs: TextInputs, mode: BodyMode): Body {
  const key = mode.training && config.hiddenDropout > 0 ? rngKey(b) : undefined;
  const { vocabSize: count, embeddingSize: size } = config;
  const ids = inputs.input_ids!; // [B, S]
  const [batch, length] = ids.shape;
  const words = embedding(b, ids, { name: "embeddings", count, size, init: { kind: "normal", std: 0.1 } }); // [B, S, E]
  const layers = (x: Node) =>
    mlp(b, x, {
      name: "layers",
      in: size,
      width: config.hiddenSize,
      layers: config.layers,
      activation: config.activation,
      dropout: { rate: config.hiddenDropout, key },
    }); // [..., H]
  return {
    hidden: mode.reads === "tokens" ? layers(words) : words,
    pooled() {
      const mask = b.reshape(b.cast(inputs.attention_mask!, "f32"), [batch, length, 1]); // [B, S, 1]
      const tokens = b.maximum(b.sum(mask, [1]), 1); // [B, 1]; a text of no tokens has mean 0
      return layers(b.div(b.sum(b.mul(words, mask), [1]), tokens)); // [B, H]
    },
    dropout: { rate: 0 },
    init: { kind: "normal", std: BERT_STD },
  };
}

/** The perceptron. */
export const mlpArchitecture: Architecture<MlpConfig> = {
  about: "a perceptron over the mean of word embeddings: small, and a baseline for others",
  tokenizer: "wordpiece",
  inputs: ["input_ids", "attention_mask"],
  className: "Mlp",
  sequenceClassifier: "classifier",
  configure: ({ vocabSize, padTokenId, maxPositions, hiddenSize, dropout }) =>
    mlpConfig({
      vocabSize,
      padTokenId,
      maxPositions,
      hiddenSize,
      embeddingSize: hiddenSize,
      hiddenDropout: dropout,
    }),
  parse: parseMlpConfig,
  json: mlpConfigJson,
  body: mlpBody,
};
