/**
 * Sentence embeddings as they are served: a text is answered with its vector.
 *
 * @module
 */
import type { z } from "zod";
import { embeddingFeatures, type ObservedEmbedding } from "../../drift/features/embedding.ts";
import { type ObservedText, textFeatures } from "../../drift/features/text.ts";
import { OutputError } from "../errors.ts";
import { observeText } from "../observe.ts";
import { finiteOutput } from "../outputs.ts";
import type { RowOutputs, ServedTask } from "../task.ts";
import { encodeText } from "../text_input.ts";
import {
  columns,
  type EmbeddingHead,
  embeddingHead,
  judgedBy,
  judgedByRank,
  judgeVectors,
  pairOf,
  type PairTarget,
  parameters,
  queriesOf,
  targetOf,
  vectorsApart,
  vectorSchema,
} from "./schema.ts";

/** The output that is served. */
const OUTPUT = "sentence_embedding";

/** The task. */
export const sentenceEmbeddings: ServedTask<
  EmbeddingHead,
  PairTarget,
  number[],
  ObservedText & ObservedEmbedding
> = {
  name: "sentence-embeddings",
  title: "sentence embeddings",
  pipelineTag: "sentence-similarity",
  queriesPerRow: 2,
  columns,
  ...judgedByRank,
  judgedBy,
  head: embeddingHead,
  queries: queriesOf,
  target: targetOf,
  outputs: [OUTPUT],
  parameters,
  answer: vectorSchema,
  encode: encodeText,
  decode(outputs, { head }, asked = {}) {
    const { normalize, dimensions } = asked as z.infer<typeof parameters>;
    const whole = vectorOf(outputs); // [H]
    const vector = Array.from(dimensions ? whole.subarray(0, dimensions) : whole);
    const cut = vector.length < whole.length;
    return normalize ?? (cut && head.normalize) ? unit(vector) : vector;
  },
  describe(vector) {
    const first = vector.slice(0, 4).map((x) => x.toFixed(4)).join(", ");
    return `[${first}${vector.length > 4 ? ", ..." : ""}] ${vector.length} numbers, length ${
      norm(vector).toFixed(4)
    }`;
  },
  observe: (query, encoding, outputs) => ({
    ...observeText(query, encoding),
    ...(outputs && { embedding: vectorOf(outputs) }),
  }),
  features: (model) => [...textFeatures(model), ...embeddingFeatures()],
  judge: judgeVectors,
  pooled: vectorsApart,
  pair: pairOf,
};

function vectorOf(outputs: RowOutputs): Float32Array {
  const width = outputs[OUTPUT]?.shape.at(-1) ?? 0;
  return finiteOutput(outputs, OUTPUT, width).data;
}

/** A vector brought to length 1. */
function unit(vector: readonly number[]): number[] {
  const length = norm(vector);
  if (length > 0) return vector.map((x) => x / length);
  throw new OutputError("the model gave a vector of zeros, which has no direction");
}

function norm(vector: readonly number[]): number {
  return Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
}
