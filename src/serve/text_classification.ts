import { softmax } from "../base/arrays.ts";
import { countCodePoints } from "../base/text.ts";
import type { TextObservation } from "../drift/observation.ts";
import type { Encoding } from "../text/tokenizer.ts";
import type { Logits, TokenBatch } from "./protocol.ts";

/** A label and its score: a probability, or the logit where raw scores were asked for. */
export interface Prediction {
  /** as config.json names it */
  label: string;
  /** from 0 to 1, or the logit */
  score: number;
}

/**
 * Lays encodings out as the model's three inputs, `[B, S]` with S the longest encoding.
 */
export function collate(encodings: readonly Pick<Encoding, "ids" | "typeIds">[], padId: number): TokenBatch {
  const batch = encodings.length;
  const sequence = encodings.reduce((longest, e) => Math.max(longest, e.ids.length), 1);
  const inputIds = new BigInt64Array(batch * sequence);
  const attentionMask = new BigInt64Array(batch * sequence);
  const tokenTypeIds = new BigInt64Array(batch * sequence);
  if (padId !== 0) inputIds.fill(BigInt(padId));
  encodings.forEach(({ ids, typeIds }, row) => {
    const start = row * sequence;
    for (let i = 0; i < ids.length; i++) {
      inputIds[start + i] = BigInt(ids[i]);
      if (typeIds[i] !== 0) tokenTypeIds[start + i] = BigInt(typeIds[i]);
    }
    attentionMask.fill(1n, start, start + ids.length);
  });
  return { batch, sequence, inputIds, attentionMask, tokenTypeIds };
}

/** The rows of `[B, C]` logits. */
export function rowsOf(logits: Logits): Float32Array[] {
  const rows: Float32Array[] = [];
  for (let i = 0; i < logits.data.length; i += logits.classes) {
    rows.push(logits.data.subarray(i, i + logits.classes));
  }
  return rows;
}

/**
 * Probabilities of `[C]` logits: softmax, or for a model with one logit the sigmoid, as transformers does.
 *
 * @example
 * ```ts
 * import { probabilitiesOf } from "./text_classification.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual([...probabilitiesOf([0, 0])], [0.5, 0.5]);
 * assert.deepEqual([...probabilitiesOf([1000, 0])], [1, 0]); // no overflow
 * assert.deepEqual([...probabilitiesOf([0])], [0.5]);
 * ```
 */
export function probabilitiesOf(logits: ArrayLike<number>): Float64Array {
  return logits.length === 1 ? Float64Array.of(1 / (1 + Math.exp(-logits[0]))) : softmax(logits);
}

/** Scores with their labels, the highest first; equal scores keep label order. */
export function rank(scores: ArrayLike<number>, labels: readonly string[]): Prediction[] {
  return labels.map((label, i) => ({ label, score: scores[i] })).sort((a, b) => b.score - a.score);
}

/**
 * What the drift monitor is told of a text. The baseline of a bundle is made with this same function, so that the two compare.
 */
export function observationOf(
  texts: string | readonly [string, string],
  encoding: Pick<Encoding, "ids" | "unknownCount" | "fullLength">,
  probabilities: ArrayLike<number>,
): TextObservation {
  return {
    characters: typeof texts === "string"
      ? countCodePoints(texts)
      : countCodePoints(texts[0]) + countCodePoints(texts[1]),
    tokenIds: encoding.ids,
    unknownTokens: encoding.unknownCount,
    tokens: encoding.fullLength,
    probabilities,
  };
}
