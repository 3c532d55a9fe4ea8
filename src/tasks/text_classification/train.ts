/**
 * Text classification as it is trained: a linear layer over the pooled vector, and cross-entropy.
 *
 * @module
 */
import { isOfClass, labelMaps, labelsOfConfig } from "../../../models/config.ts";
import { listLabels } from "../../base/labels.ts";
import { labelsOf } from "../../data/example.ts";
import { hostTensor } from "../../graph/dtype.ts";
import { dropout, linear } from "../../nn/layers.ts";
import { bestClass } from "../../nn/decisions.ts";
import { softmaxCrossEntropy } from "../../nn/losses.ts";
import type { TrainedTask } from "../training.ts";
import { balancedWeights } from "../weights.ts";
import { madeDecisions } from "../outputs.ts";
import type { LabelsHead, Prediction } from "./schema.ts";

/** The training side of the task; a target is fed as the label's index. */
export const trainTextClassification: TrainedTask<LabelsHead, string, number> = {
  reads: () => "pooled",
  headOf: (rows, source, base) => ({
    labels: inOrderOf(base, labelsOf(rows.map(({ target }) => target), source)),
  }),
  stratum: (label) => label,
  key: (label) => label,
  encodeTarget: (label, _encodings, { labels }) => labels.indexOf(label),
  padTargets(targets, { rows }, _head, { classWeights } = {}) {
    const labels = new Int32Array(rows); // [B]
    labels.set(targets);
    const weights = new Float32Array(rows); // [B], 0 for a row that fills the batch up
    targets.forEach((label, row) => weights[row] = classWeights?.[label] ?? 1);
    return {
      feeds: { labels: hostTensor("i32", [rows], labels), weights: hostTensor("f32", [rows], weights) },
      weight: weights.reduce((sum, weight) => sum + weight, 0),
    };
  },
  weighting: {
    labels: ({ labels }) => labels,
    balanced: (targets, { labels }) => balancedWeights(targets, labels.length),
  },
  attach(b, { architecture, config, body }, { labels }) {
    const pooled = dropout(b, body.pooled(), body.dropout); // [B, H]
    const name = architecture.sequenceClassifier;
    const { init } = body;
    return { logits: linear(b, pooled, { name, in: config.hiddenSize, out: labels.length, init }) }; // [B, C]
  },
  objective(b, { logits }, _head, { labelSmoothing, classWeights }) {
    const labels = b.input("labels", "i32", ["batch"]);
    const weights = b.input("weights", "f32", ["batch"]);
    const loss = softmaxCrossEntropy(b, logits, { labels, weights, labelSmoothing, classWeights });
    return { loss, weight: b.sum(weights) };
  },
  decisions: {
    attach: (b, { logits }) => ({ label: bestClass(b, logits) }), // [B]
    answer(decided, { head: { labels } }): Prediction[] {
      const [best] = madeDecisions(decided, "label");
      return [{ label: labels[best], score: 1 }];
    },
  },
  describeHead: ({ labels }) =>
    `${labels.length > 20 ? `${labels.length} labels:` : "labels"} ${listLabels(labels, { plain: true })}`,
  configJson: (architecture, { labels }) => ({
    architectures: [`${architecture.className}ForSequenceClassification`],
    problem_type: "single_label_classification",
    ...labelMaps(labels),
  }),
  headOfConfig: (json) =>
    isOfClass(json, "ForSequenceClassification") ? { labels: labelsOfConfig(json) } : undefined,
};

/** The labels in the order that a checkpoint's head has them in, where it has the same ones: its weights fit then. */
export function inOrderOf(base: LabelsHead | undefined, labels: readonly string[]): readonly string[] {
  const isSame = base?.labels.length === labels.length &&
    labels.every((label) => base.labels.includes(label));
  return isSame ? base.labels : labels;
}
