/**
 * What the training options say of the model.
 *
 * @module
 */
import { bertConfig } from "../../models/bert.ts";
import type { ModelConfig } from "../../models/index.ts";
import { mlpConfig } from "../../models/mlp.ts";

/** The architecture and its sizes. */
export interface ModelOptions {
  readonly modelType: "bert" | "mlp";
  readonly maxTokens: number;
  readonly layers: number;
  readonly hiddenSize: number;
  readonly heads: number;
  readonly dropout: number;
}

/** The configuration of the model that the options describe, for these data. */
export function modelConfig(
  options: ModelOptions,
  data: { vocabSize: number; labels: string[]; padId: number },
): ModelConfig {
  const shared = { ...data, hiddenDropout: options.dropout, hiddenSize: options.hiddenSize };
  if (options.modelType === "mlp") {
    return mlpConfig({ ...shared, embeddingSize: options.hiddenSize, maxPositions: options.maxTokens });
  }
  return bertConfig({
    ...shared,
    padTokenId: data.padId,
    layers: options.layers,
    heads: options.heads,
    intermediateSize: 4 * options.hiddenSize,
    maxPositions: options.maxTokens,
  });
}

/** A length that fewer examples than this share would be padded to is not worth compiling programs for. */
const LEAST_SHARE = 0.1;

/**
 * The lengths to pad batches to: the longest, and those of its halves down to 32 that enough examples fit.
 *
 * @example
 * ```ts
 * import { bucketLengths } from "./model_config.ts";
 * import assert from "node:assert/strict";
 * assert.deepEqual(bucketLengths([20, 30, 100, 120], 128), [32, 128]);
 * ```
 */
export function bucketLengths(lengths: readonly number[], maxTokens: number): number[] {
  const halves = [maxTokens];
  while (halves[0] % 2 === 0 && halves[0] / 2 >= 32) halves.unshift(halves[0] / 2);
  let below = 0; // of the bucket before
  return halves.filter((bucket) => {
    const fit = lengths.filter((length) => length > below && length <= bucket).length;
    const kept = bucket === maxTokens || fit >= LEAST_SHARE * lengths.length;
    if (kept) below = bucket;
    return kept;
  });
}
