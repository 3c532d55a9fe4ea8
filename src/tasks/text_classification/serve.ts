/**
 * Text classification as it is served: logits become labels with probabilities.
 *
 * @module
 */
import { z } from "zod";
import { softmax } from "../../base/arrays.ts";
import { classFeatures, type ObservedClasses } from "../../drift/features/classes.ts";
import { type ObservedText, textFeatures } from "../../drift/features/text.ts";
import { observeText } from "../observe.ts";
import { finiteOutput } from "../outputs.ts";
import type { ServedTask } from "../task.ts";
import { encodeText, queryOf } from "../text_input.ts";
import {
  judgeLabels,
  labelOf,
  type LabelsHead,
  labelsHead,
  otherLabels,
  type Prediction,
  predictionsSchema,
  unknownLabel,
} from "./schema.ts";

/** What a caller may ask. */
const parameters = z.looseObject({
  /** How many labels are answered; all of them unless given. */
  top_k: z.number().int().positive().nullish(),
  /** `none`: logits instead of probabilities. */
  function_to_apply: z.enum(["softmax", "sigmoid", "none"]).nullish(),
});

/** The task. */
export const textClassification: ServedTask<
  LabelsHead,
  string,
  Prediction[],
  ObservedText & ObservedClasses
> = {
  name: "text-classification",
  title: "text classification",
  pipelineTag: "text-classification",
  queriesPerRow: 1,
  columns: { text: "text", label: "label" },
  evaluation: "text-classification",
  bestBy: { metric: "accuracy", better: "higher", tolerance: 0.02 },
  headline: ["accuracy", "macroF1"],
  head: labelsHead,
  headOfLabels: (labels) => ({ labels }),
  queries: (record, where, columns) => [queryOf(record, where, columns)],
  target: labelOf,
  problemOf: unknownLabel,
  outputs: ["logits"],
  parameters,
  answer: predictionsSchema,
  encode: encodeText,
  decode(outputs, { head }, asked = {}) {
    const logits = finiteOutput(outputs, "logits", head.labels.length).data; // [C]
    const { top_k, function_to_apply } = asked as z.infer<typeof parameters>;
    const scores = function_to_apply === "none"
      ? logits
      : function_to_apply === "sigmoid"
      ? Float64Array.from(logits, sigmoid)
      : probabilitiesOf(logits);
    return rank(scores, head.labels).slice(0, top_k ?? undefined);
  },
  describe: ([best]) => `${best.label}  ${best.score.toFixed(4)}`,
  outcome: ([best]) => best.label,
  observe(query, encoding, outputs, { labels }) {
    const logits = outputs && finiteOutput(outputs, "logits", labels.length).data; // [C]
    return { ...observeText(query, encoding), probabilities: logits ? probabilitiesOf(logits) : [] };
  },
  features: ({ head: { labels }, ...tokenizer }) => [...textFeatures(tokenizer), ...classFeatures(labels)],
  judge: judgeLabels,
  headsDiffer: otherLabels,
  evaluationSettings: ({ labels }) => ({ classification: { labels: JSON.stringify(labels) } }),
  pair: (reference, [ranked]) => ({
    prediction: ranked[0].label,
    reference,
    scores: Object.fromEntries(ranked.map(({ label, score }) => [label, score])),
  }),
};

/**
 * Probabilities of `[C]` logits: softmax, or for a model with one logit the sigmoid, as transformers does.
 *
 * @example
 * ```ts
 * import { probabilitiesOf } from "./serve.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual([...probabilitiesOf([0, 0])], [0.5, 0.5]);
 * assert.deepEqual([...probabilitiesOf([1000, 0])], [1, 0]); // no overflow
 * assert.deepEqual([...probabilitiesOf([0])], [0.5]);
 * ```
 */
export function probabilitiesOf(logits: ArrayLike<number>): Float64Array {
  return logits.length === 1 ? Float64Array.of(sigmoid(logits[0])) : softmax(logits);
}

/** `1 / (1 + e^-x)`. */
export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** Scores with their labels, the highest first; equal scores keep label order. */
export function rank(scores: ArrayLike<number>, labels: readonly string[]): Prediction[] {
  return labels.map((label, i) => ({ label, score: scores[i] })).sort((a, b) => b.score - a.score);
}
