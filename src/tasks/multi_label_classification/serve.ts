/**
 * Multi-label classification as it is served: each logit becomes the probability of its label, whatever the others are.
 *
 * @module
 */
import { z } from "zod";
import { labelSetFeatures, type ObservedLabels } from "../../drift/features/label_set.ts";
import { type ObservedText, textFeatures } from "../../drift/features/text.ts";
import { observeText } from "../observe.ts";
import { finiteOutput } from "../outputs.ts";
import type { RowOutputs, ServedTask } from "../task.ts";
import {
  type LabelsHead,
  labelsHead,
  otherLabels,
  type Prediction,
  predictionsSchema,
} from "../text_classification/schema.ts";
import { rank, sigmoid } from "../text_classification/serve.ts";
import { encodeText, queryOf } from "../text_input.ts";
import { givenLabels, judgeLabelSets, labelSetOf, unknownLabels } from "./schema.ts";

/** What a caller may ask. */
const parameters = z.looseObject({
  /** Only labels of at least this probability are answered; all of them unless given. */
  threshold: z.number().min(0).max(1).nullish(),
  /** How many labels are answered at most. */
  top_k: z.number().int().positive().nullish(),
  /** `none`: logits instead of probabilities. */
  function_to_apply: z.enum(["sigmoid", "none"]).nullish(),
});

/** The task. */
export const multiLabelClassification: ServedTask<
  LabelsHead,
  readonly string[],
  Prediction[],
  ObservedText & ObservedLabels
> = {
  name: "multi-label-classification",
  title: "multi-label classification",
  pipelineTag: "text-classification",
  queriesPerRow: 1,
  columns: { text: "text", label: "labels" },
  evaluation: "multi-label-classification",
  bestBy: { metric: "microF1", better: "higher", tolerance: 0.02 },
  headline: ["microF1", "macroF1", "subsetAccuracy"],
  head: labelsHead,
  queries: (record, where, columns) => [queryOf(record, where, columns)],
  target: labelSetOf,
  problemOf: unknownLabels,
  outputs: ["logits"],
  parameters,
  answer: predictionsSchema,
  encode: encodeText,
  decode(outputs, { head }, asked = {}) {
    const { threshold, top_k, function_to_apply } = asked as z.infer<typeof parameters>;
    const ranked = probabilities(outputs, head).filter(({ score }) => score >= (threshold ?? 0)).slice(
      0,
      top_k ?? undefined,
    );
    return function_to_apply === "none"
      ? ranked.map(({ label }) => ({ label, score: logitOf(label, outputs, head) }))
      : ranked;
  },
  describe: (answer) => givenLabels(answer).join(", ") || "(no label)",
  observe(query, encoding, outputs, head) {
    return { ...observeText(query, encoding), labels: outputs && givenLabels(probabilities(outputs, head)) };
  },
  features: (tokenizer) => [...textFeatures(tokenizer), ...labelSetFeatures()],
  judge: judgeLabelSets,
  headsDiffer: otherLabels,
  evaluationSettings: ({ labels }) => ({ "multi-label": { labels: JSON.stringify(labels) } }),
  pair: (reference, [answer]) => ({ prediction: givenLabels(answer), reference }),
};

/** Every label with its probability, the highest first. */
function probabilities(outputs: RowOutputs, { labels }: LabelsHead): Prediction[] {
  const logits = finiteOutput(outputs, "logits", labels.length).data; // [L]
  return rank(Float64Array.from(logits, sigmoid), labels);
}

function logitOf(label: string, outputs: RowOutputs, { labels }: LabelsHead): number {
  return outputs.logits.data[labels.indexOf(label)];
}
