/**
 * What an architecture is: a configuration, and a body that turns token ids into hidden states. What a task reads from
 * those (a head) is the task's.
 *
 * @module
 */
import type { Builder } from "../src/graph/builder.ts";
import type { Init, Node } from "../src/graph/node.ts";
import type { Dropout } from "../src/nn/layers.ts";

/** The inputs an architecture may read, by their names in Hugging Face's models; each i32 `[batch, sequence]`. */
export type TextInputName = "input_ids" | "attention_mask" | "token_type_ids";

/** A graph's text inputs: those the architecture reads. */
export type TextInputs = { readonly [N in TextInputName]?: Node };

/** What every configuration has, whatever the architecture. */
export interface ModelConfig {
  /** The architecture's name, as `model_type` in `config.json`. */
  readonly modelType: string;
  /** Rows of the token table. */
  readonly vocabSize: number;
  /** Width H of a hidden state. */
  readonly hiddenSize: number;
  /** The most tokens that are read. */
  readonly maxPositions: number;
  /** Id of the padding token. */
  readonly padTokenId: number;
}

/** The sizes that a command line gives, from which an architecture makes a configuration. */
export interface ModelSizes {
  /** Rows of the token table. */
  readonly vocabSize: number;
  /** The token that fills sequences up. */
  readonly padTokenId: number;
  /** The longest sequence, in tokens. */
  readonly maxPositions: number;
  /** Features of a token. */
  readonly hiddenSize: number;
  /** Encoder layers, or those that stand for them. */
  readonly layers: number;
  /** Attention heads of a layer. */
  readonly heads: number;
  /** Rate of hidden dropout. */
  readonly dropout: number;
}

/** How a body is built. */
export interface BodyMode {
  /** In training, dropout draws from the state `rng`, which the body appends. */
  readonly training: boolean;
  /** What the head reads: one vector a text, or a hidden state for every token. */
  readonly reads: "pooled" | "tokens";
}

/** What a head is put on. */
export interface Body {
  /** Hidden states f32 `[B, S, H]`; where the mode reads `pooled`, they may be those of the first token alone, `[B, 1, H]`. */
  readonly hidden: Node;
  /** One vector for each text, `[B, H]`, as the architecture's classifiers make it; appends the layers that this takes. */
  pooled(): Node;
  /** What a head's dropout and first weights are. */
  readonly dropout: Dropout;
  /** Of a new head's weights. */
  readonly init: Init;
}

/** One architecture: a file in this folder and a line in `index.ts`. */
export interface Architecture<C extends ModelConfig = ModelConfig> {
  /** What it is, for who chooses one: a few words. */
  readonly about: string;
  /** The kind of its checkpoints' tokenizers, which one that is trained for it is by default. */
  readonly tokenizer: "wordpiece" | "bpe";
  /** The inputs that the body reads. */
  readonly inputs: readonly TextInputName[];
  /** What Hugging Face's classes begin with: `Bert` for `BertForSequenceClassification`. */
  readonly className: string;
  /** The name of the linear layer that makes a text's logits from the pooled vector. */
  readonly sequenceClassifier: string;
  /** A configuration of these sizes, to be trained from nothing. */
  configure(sizes: ModelSizes): C;
  /**
   * Reads the fields of a `config.json`.
   *
   * @throws {ModelError} naming the field that is missing, out of range or of a kind not built here.
   */
  parse(json: unknown): C;
  /** The fields of a `config.json` that describe the body. */
  json(config: C): Record<string, unknown>;
  /**
   * The name here of a checkpoint's tensor; `undefined` for a tensor that is no parameter here. Absent: the names are the
   * same.
   */
  rename?(tensor: string): string | undefined;
  /** Appends the body. Inputs are at most `maxPositions` long. */
  body(b: Builder, config: C, inputs: TextInputs, mode: BodyMode): Body;
}
