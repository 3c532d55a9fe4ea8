/**
 * What is watched of an embedding.
 *
 * @module
 */
import { reals } from "../bins.ts";
import type { Feature } from "../feature.ts";
import { sixDigits } from "./values.ts";

/** What is observed of an embedding. */
export interface ObservedEmbedding {
  /** The vector, `[dimensions]`; absent where none was made. */
  readonly embedding?: ArrayLike<number>;
}

/** The features of an embedding: which region of space it is in, and its length. */
export function embeddingFeatures(): readonly Feature<ObservedEmbedding>[] {
  return [{
    name: "embedding",
    kind: "vector",
    title: "Regions of embeddings",
    unit: "embeddings",
    meaning:
      "Inputs are about other things than the reference: look at what falls into the regions that have grown.",
    read: ({ embedding }) => embedding,
  }, {
    name: "embeddingNorm",
    kind: "numeric",
    title: "Length of embeddings",
    unit: "",
    meaning: "Inputs are unlike the reference, or embeddings are scaled in another way.",
    scale: reals,
    read: ({ embedding }) => embedding && sixDigits(norm(embedding)),
  }];
}

function norm(vector: ArrayLike<number>): number {
  let total = 0;
  for (let d = 0; d < vector.length; d++) total += vector[d] ** 2;
  return Math.sqrt(total);
}
