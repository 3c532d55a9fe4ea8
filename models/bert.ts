/**
 * BERT, named and laid out as Hugging Face's `BertModel` and the classes that put a head on it; and what RoBERTa shares with it.
 *
 * Source: Devlin et al., "BERT" (2019).
 *
 * @module
 */
import type { Builder } from "../src/graph/builder.ts";
import type { Init, Node } from "../src/graph/node.ts";
import { paddingMask } from "../src/nn/attention.ts";
import { encoder, firstToken } from "../src/nn/encoder.ts";
import {
  type Activation,
  ACTIVATIONS,
  BERT_STD,
  type Dropout,
  dropout,
  embedding,
  layerNorm,
  linear,
} from "../src/nn/layers.ts";
import { rngKey } from "../src/nn/rng.ts";
import type { Architecture, Body, BodyMode, ModelConfig, TextInputs } from "./architecture.ts";
import { checkHeads, configReader } from "./config.ts";
import { renaming } from "./weights.ts";

/** What BERT is made of: the fields of Hugging Face's `config.json` that matter here. */
export interface BertConfig extends BertSizes {
  /** Tells the configurations apart. */
  readonly modelType: "bert";
}

/** The fields that BERT and its closest relatives have alike. */
export interface BertSizes extends ModelConfig {
  /** Rows of the word table. */
  readonly vocabSize: number;
  /** Width H of every token. */
  readonly hiddenSize: number;
  /** Transformer layers. */
  readonly layers: number;
  /** Attention heads; divides `hiddenSize`. */
  readonly heads: number;
  /** Width between the two linear layers after attention. */
  readonly intermediateSize: number;
  /** Between those two. */
  readonly activation: Activation;
  /** Rate after the embeddings, attention and each pair of linear layers. */
  readonly hiddenDropout: number;
  /** Rate of the attention probabilities. */
  readonly attentionDropout: number;
  /** Before the classifier; `hiddenDropout` if not given. */
  readonly classifierDropout?: number;
  /** Tokens of the longest text. */
  readonly maxPositions: number;
  /** Rows of the token type table: 2 where the texts of a pair have different types. */
  readonly typeVocabSize: number;
  /** Standard deviation of the first weights. */
  readonly initializerRange: number;
  /** Added to the variance. */
  readonly layerNormEpsilon: number;
  /** Id of the padding token. */
  readonly padTokenId: number;
}

/**
 * A configuration with defaults for what is not given: small (2 layers of 128), to be trained from nothing.
 *
 * @example
 * ```ts
 * import { bertConfig } from "./bert.ts";
 * import assert from "node:assert/strict";
 * const config = bertConfig({ vocabSize: 8000 });
 * assert.equal(config.hiddenSize, 128);
 * ```
 */
export function bertConfig(
  options: Partial<BertConfig> & { readonly vocabSize: number },
): BertConfig {
  return {
    modelType: "bert",
    hiddenSize: 128,
    layers: 2,
    heads: 2,
    intermediateSize: 512,
    activation: "gelu",
    hiddenDropout: 0.1,
    attentionDropout: 0,
    maxPositions: 128,
    typeVocabSize: 2,
    initializerRange: BERT_STD,
    layerNormEpsilon: 1e-12,
    padTokenId: 0,
    ...options,
  };
}

/**
 * Reads the fields of a `config.json` that BERT and its relatives have alike.
 *
 * @param defaults What transformers takes for a field that is missing, where the relatives differ.
 * @throws {ModelError} naming the field that is missing, out of range or of a kind not built here.
 */
export function parseBertSizes<T extends string>(
  json: unknown,
  modelType: T,
  defaults: { readonly padTokenId: number } = { padTokenId: 0 },
): BertSizes & { modelType: T } {
  const read = configReader(json, modelType);
  const vocabSize = read.count("vocab_size", { max: 10_000_000 });
  const rate = (field: string, fallback: number) => read.number(field, { fallback, min: 0, max: 0.999 });
  read.choice("position_embedding_type", ["absolute"], "absolute");
  const config = {
    modelType,
    vocabSize,
    hiddenSize: read.count("hidden_size", { max: 65_536 }),
    layers: read.count("num_hidden_layers", { max: 1000 }),
    heads: read.count("num_attention_heads", { max: 1024 }),
    intermediateSize: read.count("intermediate_size", { max: 1_000_000 }),
    activation: read.choice("hidden_act", ACTIVATIONS, "gelu"),
    hiddenDropout: rate("hidden_dropout_prob", 0.1),
    attentionDropout: rate("attention_probs_dropout_prob", 0.1),
    classifierDropout:
      ((json as { classifier_dropout?: unknown }).classifier_dropout ?? undefined) === undefined
        ? undefined
        : rate("classifier_dropout", 0),
    maxPositions: read.count("max_position_embeddings", { fallback: 512, max: 10_000_000 }),
    typeVocabSize: read.count("type_vocab_size", { fallback: 2, max: 1000 }),
    initializerRange: read.number("initializer_range", { fallback: BERT_STD, min: 0, max: 10 }),
    layerNormEpsilon: read.number("layer_norm_eps", { fallback: 1e-12, min: 0, max: 1 }),
    padTokenId: read.padTokenId(vocabSize, defaults.padTokenId),
  };
  checkHeads(config, { modelType, heads: "num_attention_heads", size: "hidden_size" });
  return config;
}

/** The fields of a `config.json` that transformers reads for `BertModel` and its relatives. */
export function bertSizesJson(config: BertSizes): Record<string, unknown> {
  return {
    model_type: config.modelType,
    vocab_size: config.vocabSize,
    hidden_size: config.hiddenSize,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    intermediate_size: config.intermediateSize,
    hidden_act: config.activation,
    hidden_dropout_prob: config.hiddenDropout,
    attention_probs_dropout_prob: config.attentionDropout,
    classifier_dropout: config.classifierDropout ?? null,
    max_position_embeddings: config.maxPositions,
    type_vocab_size: config.typeVocabSize,
    initializer_range: config.initializerRange,
    layer_norm_eps: config.layerNormEpsilon,
    pad_token_id: config.padTokenId,
    position_embedding_type: "absolute",
    torch_dtype: "float32",
  };
}

/** BERT's hidden states; the pooled vector is the first token's, through a linear layer and tanh. */
export function bertBody(b: Builder, config: BertConfig, inputs: TextInputs, mode: BodyMode): Body {
  const types = (name: string) => {
    const { typeVocabSize: count, hiddenSize: size, initializerRange: std } = config;
    return embedding(b, inputs.token_type_ids!, { name, count, size, init: { kind: "normal", std } }); // [B, S, H]
  };
  const states = bertStates(b, config, inputs, { ...mode, prefix: "bert", firstPosition: 0, types });
  const { hidden, init } = states;
  const { hiddenSize: size } = config;
  return {
    ...states,
    pooled: () =>
      b.tanh(linear(b, firstToken(b, hidden), { name: "bert.pooler.dense", in: size, out: size, init })), // [B, H]
  };
}

/** What BERT's relatives do otherwise. */
export interface BertVariant extends BodyMode {
  /** What the parameters' names begin with. */
  readonly prefix: string;
  /** The row of the position table that the first token has; those before it are not used. */
  readonly firstPosition: number;
  /** The embeddings of the token types from the table of this name, to be added to the words' `[B, S, H]`. */
  readonly types: (table: string) => Node;
}

/** The hidden states of BERT and its relatives, and what a head on them takes. */
export function bertStates(
  b: Builder,
  config: BertSizes,
  inputs: TextInputs,
  variant: BertVariant,
): Omit<Body, "pooled"> {
  const init: Init = { kind: "normal", std: config.initializerRange };
  const rates = [config.hiddenDropout, config.attentionDropout, config.classifierDropout ?? 0];
  const key = variant.training && rates.some((rate) => rate > 0) ? rngKey(b) : undefined;
  const hidden: Dropout = { rate: config.hiddenDropout, key };
  const mask = paddingMask(b, inputs.attention_mask!); // [B, 1, 1, S]
  const x = encoder(b, embeddings(b, config, inputs, { ...variant, init, hidden }), {
    layers: config.layers,
    names: (i) => layerNames(`${variant.prefix}.encoder.layer.${i}`),
    size: config.hiddenSize,
    heads: config.heads,
    inner: config.intermediateSize,
    activation: config.activation,
    epsilon: config.layerNormEpsilon,
    hidden,
    attention: { rate: config.attentionDropout, key },
    init,
    mask,
    firstTokenOnly: variant.reads === "pooled",
  }); // [B, S, H] or [B, 1, H]
  return { hidden: x, dropout: { rate: config.classifierDropout ?? config.hiddenDropout, key }, init };
}

function layerNames(name: string) {
  return {
    query: `${name}.attention.self.query`,
    key: `${name}.attention.self.key`,
    value: `${name}.attention.self.value`,
    attentionOutput: `${name}.attention.output.dense`,
    attentionNorm: `${name}.attention.output.LayerNorm`,
    up: `${name}.intermediate.dense`,
    down: `${name}.output.dense`,
    outputNorm: `${name}.output.LayerNorm`,
  };
}

function embeddings(
  b: Builder,
  config: BertSizes,
  inputs: TextInputs,
  options: Pick<BertVariant, "prefix" | "firstPosition" | "types"> & { init: Init; hidden: Dropout },
): Node {
  const { hiddenSize: size } = config;
  const { init, firstPosition, types } = options;
  const prefix = `${options.prefix}.embeddings`;
  const ids = inputs.input_ids!; // [B, S]
  const words = embedding(b, ids, { name: `${prefix}.word_embeddings`, count: config.vocabSize, size, init }); // [B, S, H]
  const rows = firstPosition + config.maxPositions;
  const table = b.parameter(`${prefix}.position_embeddings.weight`, [rows, size], init);
  const positions = b.slice(table, 0, firstPosition, ids.shape[1]); // [S, H]
  const sum = b.add(b.add(words, types(`${prefix}.token_type_embeddings`)), positions);
  const normed = layerNorm(b, sum, { name: `${prefix}.LayerNorm`, size, epsilon: config.layerNormEpsilon });
  return dropout(b, normed, options.hidden);
}

/** BERT. */
export const bert: Architecture<BertConfig> = {
  about: "with token types and a pooler",
  tokenizer: "wordpiece",
  inputs: ["input_ids", "attention_mask", "token_type_ids"],
  className: "Bert",
  sequenceClassifier: "classifier",
  configure: ({ vocabSize, padTokenId, maxPositions, hiddenSize, layers, heads, dropout }) =>
    bertConfig({
      vocabSize,
      padTokenId,
      maxPositions,
      hiddenSize,
      layers,
      heads,
      intermediateSize: 4 * hiddenSize,
      hiddenDropout: dropout,
    }),
  parse: (json) => parseBertSizes(json, "bert"),
  json: bertSizesJson,
  rename: renaming("bert", { body: ["embeddings", "encoder", "pooler"], leftOut: /^cls\./ }),
  body: bertBody,
};
