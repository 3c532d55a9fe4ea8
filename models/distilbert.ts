/**
 * DistilBERT, named and laid out as Hugging Face's `DistilBertModel` and the classes that put a head on it: BERT without
 * token types and without a pooler.
 *
 * Source: Sanh et al., "DistilBERT, a distilled version of BERT" (2019).
 *
 * @module
 */
import type { Builder } from "../src/graph/builder.ts";
import type { Init } from "../src/graph/node.ts";
import { paddingMask } from "../src/nn/attention.ts";
import { encoder, firstToken } from "../src/nn/encoder.ts";
import {
  type Activation,
  ACTIVATIONS,
  BERT_STD,
  dropout,
  embedding,
  layerNorm,
  linear,
} from "../src/nn/layers.ts";
import { rngKey } from "../src/nn/rng.ts";
import type { Architecture, Body, BodyMode, ModelConfig, TextInputs } from "./architecture.ts";
import { checkHeads, configReader } from "./config.ts";
import { renaming } from "./weights.ts";

/** What DistilBERT is made of: the fields of Hugging Face's `config.json` that matter here. */
export interface DistilBertConfig extends ModelConfig {
  /** Tells the configurations apart. */
  readonly modelType: "distilbert";
  /** Transformer layers. */
  readonly layers: number;
  /** Attention heads; divides `hiddenSize`. */
  readonly heads: number;
  /** Width between the two linear layers after attention. */
  readonly intermediateSize: number;
  /** Between those two. */
  readonly activation: Activation;
  /** Rate after the embeddings and each pair of linear layers; also of a head on every token. */
  readonly hiddenDropout: number;
  /** Rate of the attention probabilities. */
  readonly attentionDropout: number;
  /** Rate before the classifier of a whole text. */
  readonly classifierDropout: number;
  /** Standard deviation of the first weights. */
  readonly initializerRange: number;
}

/** A configuration with defaults for what is not given: small (2 layers of 128), to be trained from nothing. */
export function distilBertConfig(
  options: Partial<DistilBertConfig> & { readonly vocabSize: number },
): DistilBertConfig {
  return {
    modelType: "distilbert",
    hiddenSize: 128,
    layers: 2,
    heads: 2,
    intermediateSize: 512,
    activation: "gelu",
    hiddenDropout: 0.1,
    attentionDropout: 0,
    classifierDropout: 0.1,
    maxPositions: 128,
    initializerRange: BERT_STD,
    padTokenId: 0,
    ...options,
  };
}

function parse(json: unknown): DistilBertConfig {
  const read = configReader(json, "distilbert");
  const vocabSize = read.count("vocab_size", { max: 10_000_000 });
  const rate = (field: string, fallback: number) => read.number(field, { fallback, min: 0, max: 0.999 });
  read.choice("sinusoidal_pos_embds", [false], false);
  const config: DistilBertConfig = {
    modelType: "distilbert",
    vocabSize,
    hiddenSize: read.count("dim", { max: 65_536 }),
    layers: read.count("n_layers", { max: 1000 }),
    heads: read.count("n_heads", { max: 1024 }),
    intermediateSize: read.count("hidden_dim", { max: 1_000_000 }),
    activation: read.choice("activation", ACTIVATIONS, "gelu"),
    hiddenDropout: rate("dropout", 0.1),
    attentionDropout: rate("attention_dropout", 0.1),
    classifierDropout: rate("seq_classif_dropout", 0.2),
    maxPositions: read.count("max_position_embeddings", { fallback: 512, max: 10_000_000 }),
    initializerRange: read.number("initializer_range", { fallback: BERT_STD, min: 0, max: 10 }),
    padTokenId: read.padTokenId(vocabSize, 0),
  };
  checkHeads(config, { modelType: "distilbert", heads: "n_heads", size: "dim" });
  return config;
}

function configJson(config: DistilBertConfig): Record<string, unknown> {
  return {
    model_type: "distilbert",
    vocab_size: config.vocabSize,
    dim: config.hiddenSize,
    n_layers: config.layers,
    n_heads: config.heads,
    hidden_dim: config.intermediateSize,
    activation: config.activation,
    dropout: config.hiddenDropout,
    attention_dropout: config.attentionDropout,
    seq_classif_dropout: config.classifierDropout,
    max_position_embeddings: config.maxPositions,
    initializer_range: config.initializerRange,
    pad_token_id: config.padTokenId,
    sinusoidal_pos_embds: false,
    torch_dtype: "float32",
  };
}

/** Hidden states; the pooled vector is the first token's, through a linear layer and ReLU, as the class's own head has it. */
function distilBertBody(b: Builder, config: DistilBertConfig, inputs: TextInputs, mode: BodyMode): Body {
  const init: Init = { kind: "normal", std: config.initializerRange };
  const { hiddenSize: size, hiddenDropout, attentionDropout, classifierDropout } = config;
  const rates = [hiddenDropout, attentionDropout, classifierDropout];
  const key = mode.training && rates.some((rate) => rate > 0) ? rngKey(b) : undefined;
  const prefix = "distilbert.embeddings";
  const ids = inputs.input_ids!; // [B, S]
  const words = embedding(b, ids, { name: `${prefix}.word_embeddings`, count: config.vocabSize, size, init }); // [B, S, H]
  const table = b.parameter(`${prefix}.position_embeddings.weight`, [config.maxPositions, size], init);
  const sum = b.add(words, b.slice(table, 0, 0, ids.shape[1])); // [B, S, H]
  const normed = layerNorm(b, sum, { name: `${prefix}.LayerNorm`, size, epsilon: EPSILON });
  const hidden = encoder(b, dropout(b, normed, { rate: hiddenDropout, key }), {
    layers: config.layers,
    names: layerNames,
    size,
    heads: config.heads,
    inner: config.intermediateSize,
    activation: config.activation,
    epsilon: EPSILON,
    hidden: { rate: hiddenDropout, key },
    projection: { rate: 0 },
    attention: { rate: attentionDropout, key },
    init,
    mask: paddingMask(b, inputs.attention_mask!), // [B, 1, 1, S]
    firstTokenOnly: mode.reads === "pooled",
  }); // [B, S, H] or [B, 1, H]
  return {
    hidden,
    pooled: () =>
      b.relu(linear(b, firstToken(b, hidden), { name: "pre_classifier", in: size, out: size, init })), // [B, H]
    dropout: { rate: mode.reads === "pooled" ? classifierDropout : hiddenDropout, key },
    init,
  };
}

/** Added to the variance: fixed in this architecture. */
const EPSILON = 1e-12;

function layerNames(i: number) {
  const name = `distilbert.transformer.layer.${i}`;
  return {
    query: `${name}.attention.q_lin`,
    key: `${name}.attention.k_lin`,
    value: `${name}.attention.v_lin`,
    attentionOutput: `${name}.attention.out_lin`,
    attentionNorm: `${name}.sa_layer_norm`,
    up: `${name}.ffn.lin1`,
    down: `${name}.ffn.lin2`,
    outputNorm: `${name}.output_layer_norm`,
  };
}

/** DistilBERT. */
export const distilBert: Architecture<DistilBertConfig> = {
  about: "BERT without token types and pooler",
  tokenizer: "wordpiece",
  inputs: ["input_ids", "attention_mask"],
  className: "DistilBert",
  sequenceClassifier: "classifier",
  configure: ({ hiddenSize, dropout, ...sizes }) =>
    distilBertConfig({
      ...sizes,
      hiddenSize,
      intermediateSize: 4 * hiddenSize,
      hiddenDropout: dropout,
      classifierDropout: dropout,
    }),
  parse,
  json: configJson,
  rename: renaming("distilbert", { body: ["embeddings", "transformer"], leftOut: /^vocab_/ }),
  body: distilBertBody,
};
