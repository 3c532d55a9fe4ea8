/**
 * RoBERTa, named and laid out as Hugging Face's `RobertaModel` and the classes that put a head on it: BERT without token types,
 * whose positions begin behind the padding token's row.
 *
 * Source: Liu et al., "RoBERTa: A Robustly Optimized BERT Pretraining Approach" (2019).
 *
 * @module
 */
import type { Builder } from "../src/graph/builder.ts";
import { firstToken } from "../src/nn/encoder.ts";
import { dropout, linear } from "../src/nn/layers.ts";
import type { Architecture, Body, BodyMode, TextInputs } from "./architecture.ts";
import { bertConfig, type BertSizes, bertSizesJson, bertStates, parseBertSizes } from "./bert.ts";
import { ModelError } from "./errors.ts";
import { renaming } from "./weights.ts";

/**
 * What RoBERTa is made of. Its position table has `padTokenId + 1` rows more than `maxPositions`, which is the most tokens:
 * rows up to the padding token's id are not used.
 */
export interface RobertaConfig extends BertSizes {
  /** Tells the configurations apart. */
  readonly modelType: "roberta";
}

/** A configuration with defaults for what is not given: small (2 layers of 128), to be trained from nothing. */
export function robertaConfig(
  options: Partial<RobertaConfig> & { readonly vocabSize: number },
): RobertaConfig {
  return {
    ...bertConfig({ vocabSize: options.vocabSize }),
    padTokenId: 1,
    typeVocabSize: 1,
    layerNormEpsilon: 1e-5,
    ...options,
    modelType: "roberta",
  };
}

/**
 * Hidden states; the pooled vector is the first token's, through dropout, a linear layer and tanh, as the classes' own head
 * has it.
 */
function robertaBody(b: Builder, config: RobertaConfig, inputs: TextInputs, mode: BodyMode): Body {
  const { hiddenSize: size, typeVocabSize, initializerRange: std } = config;
  const states = bertStates(b, config, inputs, {
    ...mode,
    prefix: "roberta",
    firstPosition: config.padTokenId + 1,
    // Every token is of type 0.
    types: (name) =>
      b.slice(b.parameter(`${name}.weight`, [typeVocabSize, size], { kind: "normal", std }), 0, 0, 1), // [1, H]
  });
  const { hidden, init } = states;
  return {
    ...states,
    pooled() {
      const first = dropout(b, firstToken(b, hidden), states.dropout); // [B, H]
      return b.tanh(linear(b, first, { name: "classifier.dense", in: size, out: size, init }));
    },
  };
}

/** RoBERTa. Texts are padded at their end. */
export const roberta: Architecture<RobertaConfig> = {
  about: "BERT without token types",
  tokenizer: "bpe",
  inputs: ["input_ids", "attention_mask"],
  className: "Roberta",
  sequenceClassifier: "classifier.out_proj",
  configure: ({ hiddenSize, dropout, ...sizes }) =>
    robertaConfig({ ...sizes, hiddenSize, intermediateSize: 4 * hiddenSize, hiddenDropout: dropout }),
  parse(json) {
    const config = parseBertSizes(json, "roberta", { padTokenId: 1 });
    const maxPositions = config.maxPositions - config.padTokenId - 1;
    if (maxPositions >= 1) return { ...config, maxPositions };
    throw new ModelError(
      `Cannot read the roberta configuration: max_position_embeddings is ${config.maxPositions}, wanted more than ` +
        `pad_token_id + 1 (${config.padTokenId + 1}), where positions begin`,
    );
  },
  json: (config) => bertSizesJson({ ...config, maxPositions: config.maxPositions + config.padTokenId + 1 }),
  rename: renaming("roberta", { body: ["embeddings", "encoder", "pooler"], leftOut: /^lm_head\./ }),
  body: robertaBody,
};
