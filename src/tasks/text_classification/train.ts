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
import { softmaxCrossEntropy } from "../../nn/losses.ts";
import type { TrainedTask } from "../training.ts";
import type { LabelsHead } from "./schema.ts";

/** The training side of the task; a target is fed as the label's index. */
export const trainTextClassification: TrainedTask<LabelsHead, string, number> = {
  reads: () => "pooled",
  headOf: (rows, source, base) => ({
    labels: inOrderOf(base, labelsOf(rows.map(({ target }) => target), source)),
  }),
  stratum: (label) => label,
  key: (label) => label,
  encodeTarget: (label, _encodings, { labels }) => labels.indexOf(label),
  padTargets: (targets, { rows }) => ({ feeds: labelFeeds(targets, rows), weight: targets.length }),
  attach(b, { architecture, config, body }, { labels }) {
    const pooled = dropout(b, body.pooled(), body.dropout); // [B, H]
    const name = architecture.sequenceClassifier;
    const { init } = body;
    return { logits: linear(b, pooled, { name, in: config.hiddenSize, out: labels.length, init }) }; // [B, C]
  },
  objective(b, { logits }, _head, { labelSmoothing }) {
    const labels = b.input("labels", "i32", ["batch"]);
    const weights = b.input("weights", "f32", ["batch"]);
    const loss = softmaxCrossEntropy(b, logits, { labels, weights, labelSmoothing });
    return { loss, weight: b.sum(weights) };
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

/** `labels` i32 `[rows]` and `weights` f32 `[rows]`: 1 for a row, 0 for one that fills the batch up. */
function labelFeeds(targets: readonly number[], rows: number) {
  const weights = new Float32Array(rows).fill(1, 0, targets.length);
  const labels = new Int32Array(rows);
  labels.set(targets);
  return { labels: hostTensor("i32", [rows], labels), weights: hostTensor("f32", [rows], weights) };
}
