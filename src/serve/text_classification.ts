import type { Feature } from "../drift/feature.ts";
import { classFeatures, type ObservedClasses } from "../drift/features/classes.ts";
import { type ObservedText, type TextFeatureOptions, textFeatures } from "../drift/features/text.ts";
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
  const out = Float64Array.from(logits);
  if (out.length === 1) {
    out[0] = 1 / (1 + Math.exp(-out[0]));
    return out;
  }
  let max = -Infinity;
  for (const x of out) max = Math.max(max, x);
  let sum = 0;
  for (let i = 0; i < out.length; i++) sum += out[i] = Math.exp(out[i] - max);
  for (let i = 0; i < out.length; i++) out[i] /= sum;
  return out;
}

/** Scores with their labels, the highest first; equal scores keep label order. */
export function rank(scores: ArrayLike<number>, labels: readonly string[]): Prediction[] {
  return labels.map((label, i) => ({ label, score: scores[i] })).sort((a, b) => b.score - a.score);
}

/** What the drift monitor sees of a text and of the prediction made on it. */
export interface TextObservation extends ObservedText, ObservedClasses {}

/**
 * What is watched of a text classifier's traffic.
 *
 * @param labels The model's labels, in the order of its probabilities.
 */
export function classifierFeatures(
  labels: readonly string[],
  tokenizer: TextFeatureOptions = {},
): readonly Feature<TextObservation>[] {
  return [...textFeatures(tokenizer), ...classFeatures(labels)];
}

/**
 * What the drift monitor sees of a text. The baseline of a bundle is made with this same function, so that the two compare.
 */
export function observationOf(
  texts: string | readonly [string, string],
  encoding: Pick<Encoding, "ids" | "unknownCount" | "fullLength">,
  probabilities: ArrayLike<number>,
): TextObservation {
  return {
    characters: typeof texts === "string" ? codePoints(texts) : codePoints(texts[0]) + codePoints(texts[1]),
    tokenIds: encoding.ids,
    unknownTokens: encoding.unknownCount,
    tokens: encoding.fullLength,
    probabilities,
  };
}

/** The length of a text in code points, as Python counts it. */
export function codePoints(text: string): number {
  let count = text.length;
  // A pair of surrogates is one; only its second half is taken off.
  for (let i = 1; i < text.length; i++) {
    if ((text.charCodeAt(i) & 0xfc00) === 0xdc00 && (text.charCodeAt(i - 1) & 0xfc00) === 0xd800) count--;
  }
  return count;
}
