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

/** Lengths to pad batches to: halves of the longest down to 32, a program each, and little padding. */
export function bucketLengths(maxTokens: number): number[] {
  const lengths = [maxTokens];
  while (lengths[0] % 2 === 0 && lengths[0] / 2 >= 32) lengths.unshift(lengths[0] / 2);
  return lengths;
}
