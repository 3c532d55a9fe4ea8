/**
 * What a text classifier is fed, whatever its architecture.
 *
 * @module
 */
import type { Builder } from "../graph/builder.ts";
import type { Node } from "../graph/node.ts";

/** The inputs of a text classifier, all i32 `[batch, sequence]`. */
export interface ClassifierInputs {
  /** Token ids. */
  readonly inputIds: Node;
  /** 1: a token, 0: padding. */
  readonly attentionMask: Node;
  /** 0: the first text, 1: the second of a pair. */
  readonly tokenTypeIds: Node;
}

/** Builds a model from its inputs to logits f32 `[batch, labels]`. In training it draws dropout. */
export type ClassifierBuilder = (
  b: Builder,
  inputs: ClassifierInputs,
  options?: { training?: boolean },
) => Node;

/** Appends the inputs `input_ids`, `attention_mask` and `token_type_ids` with symbols `batch` and `sequence`. */
export function classifierInputs(b: Builder): ClassifierInputs {
  const shape = ["batch", "sequence"];
  return {
    inputIds: b.input("input_ids", "i32", shape),
    attentionMask: b.input("attention_mask", "i32", shape),
    tokenTypeIds: b.input("token_type_ids", "i32", shape),
  };
}
