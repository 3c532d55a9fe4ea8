/**
 * BERT with a classification head, named and laid out as Hugging Face's `BertForSequenceClassification`.
 *
 * Source: Devlin et al., "BERT" (2019).
 *
 * @module
 */
import type { Builder } from "../src/graph/builder.ts";
import type { HostTensor } from "../src/graph/dtype.ts";
import type { Init, Node } from "../src/graph/node.ts";
import { attention, paddingMask } from "../src/nn/attention.ts";
import type { ClassifierInputs } from "../src/nn/classifier.ts";
import {
  type Activation,
  ACTIVATIONS,
  BERT_STD,
  type Dropout,
  dropout,
  embedding,
  feedForward,
  layerNorm,
  linear,
} from "../src/nn/layers.ts";
import { rngKey } from "../src/nn/rng.ts";
import { configReader, labelMaps } from "./config.ts";
import { ModelError } from "./errors.ts";

/** What BERT is made of: the fields of Hugging Face's `config.json` that matter here. */
export interface BertConfig {
  /** Tells the configurations apart. */
  readonly modelType: "bert";
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
  /** Rows of the token type table: 2 for pairs of texts. */
  readonly typeVocabSize: number;
  /** Standard deviation of the first weights. */
  readonly initializerRange: number;
  /** Added to the variance. */
  readonly layerNormEpsilon: number;
  /** Id of the padding token. */
  readonly padTokenId: number;
  /** Names of the classes, in the order of the logits. */
  readonly labels: readonly string[];
}

/**
 * A configuration with defaults for what is not given: small (2 layers of 128), to be trained from nothing.
 *
 * @example
 * ```ts
 * import { bertConfig } from "./bert.ts";
 * import assert from "node:assert/strict";
 * const config = bertConfig({ vocabSize: 8000, labels: ["ham", "spam"] });
 * assert.equal(config.hiddenSize, 128);
 * ```
 */
export function bertConfig(
  options: Partial<BertConfig> & { readonly vocabSize: number; readonly labels: readonly string[] },
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
 * Reads a `config.json`.
 *
 * @throws {ModelError} naming the field that is missing, out of range or of a kind not built here.
 */
export function parseBertConfig(json: unknown): BertConfig {
  const read = configReader(json, "bert");
  const rate = (field: string, fallback: number) => read.number(field, { fallback, min: 0, max: 0.999 });
  read.choice("position_embedding_type", ["absolute"], "absolute");
  const config: BertConfig = {
    modelType: "bert",
    vocabSize: read.count("vocab_size", { max: 10_000_000 }),
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
    padTokenId: read.number("pad_token_id", { fallback: 0, min: 0, max: 10_000_000 }),
    labels: read.labels(),
  };
  if (config.hiddenSize % config.heads !== 0) {
    throw new ModelError(
      `Cannot read the bert configuration: "num_attention_heads" (${config.heads}) must divide "hidden_size" ` +
        `(${config.hiddenSize})`,
    );
  }
  return config;
}

/** The `config.json` that transformers loads as `BertForSequenceClassification`. */
export function bertConfigJson(config: BertConfig): Record<string, unknown> {
  return {
    architectures: ["BertForSequenceClassification"],
    model_type: "bert",
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
    problem_type: "single_label_classification",
    torch_dtype: "float32",
    ...labelMaps(config.labels),
  };
}

/**
 * Logits f32 `[batch, labels]` of texts. The sequence may be at most `maxPositions` long. In training, dropout draws from
 * the state `rng`, which it appends.
 *
 * The head looks at the first token alone, so the last layer is computed for that one only: its keys and values for all
 * tokens, its queries and everything after for one. The logits and gradients are those of the whole layer, which
 * `wholeLastLayer` computes, to be compared with.
 */
export function buildBertClassifier(
  b: Builder,
  config: BertConfig,
  inputs: ClassifierInputs,
  options: { training?: boolean; wholeLastLayer?: boolean } = {},
): Node {
  const init: Init = { kind: "normal", std: config.initializerRange };
  const { hiddenSize: size } = config;
  const rates = [config.hiddenDropout, config.attentionDropout, config.classifierDropout ?? 0];
  const key = options.training && rates.some((rate) => rate > 0) ? rngKey(b) : undefined;
  const hidden: Dropout = { rate: config.hiddenDropout, key };
  const mask = paddingMask(b, inputs.attentionMask); // [B, 1, 1, S]

  let x = embeddings(b, config, inputs, { init, hidden }); // [B, S, H]
  for (let i = 0; i < config.layers; i++) {
    const name = `bert.encoder.layer.${i}`;
    x = b.boundary(x);
    const last = i === config.layers - 1 && !options.wholeLastLayer;
    const from = last ? b.slice(x, 1, 0, 1) : x; // [B, 1 or S, H]
    const heard = attention(b, from, {
      names: {
        query: `${name}.attention.self.query`,
        key: `${name}.attention.self.key`,
        value: `${name}.attention.self.value`,
        output: `${name}.attention.output.dense`,
      },
      size,
      heads: config.heads,
      memory: x,
      mask,
      dropout: { rate: config.attentionDropout, key },
      init,
    });
    const norm = { size, epsilon: config.layerNormEpsilon };
    const attended = layerNorm(b, b.add(dropout(b, heard, hidden), from), {
      name: `${name}.attention.output.LayerNorm`,
      ...norm,
    });
    const fed = feedForward(b, attended, {
      names: { up: `${name}.intermediate.dense`, down: `${name}.output.dense` },
      size,
      inner: config.intermediateSize,
      activation: config.activation,
      init,
    });
    x = layerNorm(b, b.add(dropout(b, fed, hidden), attended), { name: `${name}.output.LayerNorm`, ...norm });
  }

  const token = options.wholeLastLayer ? b.slice(x, 1, 0, 1) : x; // [B, 1, H]
  const first = b.reshape(token, [inputs.inputIds.shape[0], size]); // [B, H]
  const pooled = b.tanh(linear(b, first, { name: "bert.pooler.dense", in: size, out: size, init }));
  const dropped = dropout(b, pooled, { rate: config.classifierDropout ?? config.hiddenDropout, key });
  return linear(b, dropped, { name: "classifier", in: size, out: config.labels.length, init }); // [B, C]
}

function embeddings(
  b: Builder,
  config: BertConfig,
  inputs: ClassifierInputs,
  options: { init: Init; hidden: Dropout },
): Node {
  const { hiddenSize: size } = config;
  const { init } = options;
  const prefix = "bert.embeddings";
  const words = embedding(b, inputs.inputIds, {
    name: `${prefix}.word_embeddings`,
    count: config.vocabSize,
    size,
    init,
  }); // [B, S, H]
  const table = b.parameter(`${prefix}.position_embeddings.weight`, [config.maxPositions, size], init);
  const positions = b.slice(table, 0, 0, inputs.inputIds.shape[1]); // [S, H]
  const types = embedding(b, inputs.tokenTypeIds, {
    name: `${prefix}.token_type_embeddings`,
    count: config.typeVocabSize,
    size,
    init,
  }); // [B, S, H]
  const sum = b.add(b.add(words, types), positions);
  const normed = layerNorm(b, sum, { name: `${prefix}.LayerNorm`, size, epsilon: config.layerNormEpsilon });
  return dropout(b, normed, options.hidden);
}

/**
 * A checkpoint's tensors under the names used here: TensorFlow's `gamma` and `beta` become `weight` and `bias`, names of a
 * bare `BertModel` get their `bert.`, and buffers that are no parameters are left out.
 */
export function renameBertTensors(
  tensors: Readonly<Record<string, HostTensor>>,
): Record<string, HostTensor> {
  const renamed: Record<string, HostTensor> = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    if (name.endsWith("position_ids") || name.startsWith("cls.")) continue;
    const modern = name.replace(/LayerNorm\.gamma$/, "LayerNorm.weight").replace(
      /LayerNorm\.beta$/,
      "LayerNorm.bias",
    );
    renamed[/^(embeddings|encoder|pooler)\./.test(modern) ? `bert.${modern}` : modern] = tensor;
  }
  return renamed;
}
