/**
 * Multi-label classification as it is trained: a linear layer over the pooled vector, and a sigmoid cross-entropy for each label.
 *
 * @module
 */
import { listLabels, sortLabels } from "../../base/labels.ts";
import { DataError } from "../../data/errors.ts";
import { hostTensor } from "../../graph/dtype.ts";
import { choices, CHOICES_A_NUMBER } from "../../nn/decisions.ts";
import { sigmoidCrossEntropy } from "../../nn/losses.ts";
import { madeDecisions } from "../outputs.ts";
import type { LabelsHead, Prediction } from "../text_classification/schema.ts";
import { inOrderOf, trainTextClassification } from "../text_classification/train.ts";
import type { TrainedTask } from "../training.ts";

/** The training side of the task; a target is fed as a 1 for each label that a text has, and a 0 for the others. */
export const trainMultiLabelClassification: TrainedTask<LabelsHead, readonly string[], Float32Array> = {
  reads: () => "pooled",
  headOf(rows, source, base) {
    const sets = rows.map(({ target }) => target);
    const labels = sortLabels(sets.flat());
    if (labels.length === 0) {
      throw new DataError(
        `${source}: no row has a label: rows with labels are needed, and some without each; name their column with ` +
          "--label-column",
      );
    }
    // Labels that every row has teach nothing.
    if (sets.every((set) => set.length === labels.length)) {
      throw new DataError(
        `${source}: every row has the same labels (${
          listLabels(labels, { plain: true })
        }); rows that differ are needed`,
      );
    }
    return { labels: inOrderOf(base, labels) };
  },
  stratum: (labels) => labels,
  key: (labels) => JSON.stringify(labels),
  encodeTarget: (target, _encodings, { labels }) =>
    Float32Array.from(labels, (label) => target.includes(label) ? 1 : 0), // [L]
  padTargets(targets, { rows }, { labels }) {
    const cells = new Float32Array(rows * labels.length); // [B, L]
    targets.forEach((target, row) => cells.set(target, row * labels.length));
    const weights = new Float32Array(rows).fill(1, 0, targets.length); // [B]
    return {
      feeds: {
        labels: hostTensor("f32", [rows, labels.length], cells),
        weights: hostTensor("f32", [rows], weights),
      },
      weight: targets.length,
    };
  },
  weighting: {
    labels: ({ labels }) => labels,
    // Of the rows that have a label against those that have not: as many of either side.
    balanced: (targets, { labels }) =>
      labels.map((_, label) => {
        const having = targets.reduce((count, row) => count + row[label], 0);
        return having === 0 || having === targets.length ? 1 : (targets.length - having) / having;
      }),
  },
  attach: trainTextClassification.attach,
  objective(b, { logits }, head, { labelSmoothing = 0, classWeights: positiveWeights }) {
    const weights = b.input("weights", "f32", ["batch"]);
    const given = b.input("labels", "f32", ["batch", head.labels.length]);
    // Each label is a choice of two: what is taken off its side is shared by both.
    const targets = labelSmoothing === 0
      ? given
      : b.add(b.mul(given, 1 - labelSmoothing), labelSmoothing / 2);
    return {
      loss: sigmoidCrossEntropy(b, logits, { targets, weights, positiveWeights }),
      weight: b.sum(weights),
    };
  },
  decisions: {
    attach: (b, { logits }) => ({ labels: choices(b, logits) }), // [B, ceil(L / 16)]
    answer(decided, { head: { labels } }): Prediction[] {
      const numbers = madeDecisions(decided, "labels");
      const isChosen = (label: number) =>
        (numbers[Math.floor(label / CHOICES_A_NUMBER)] >> label % CHOICES_A_NUMBER & 1) === 1;
      return labels.flatMap((label, i) => isChosen(i) ? [{ label, score: 1 }] : []);
    },
  },
  describeHead: trainTextClassification.describeHead,
  configJson: (architecture, head) => ({
    ...trainTextClassification.configJson(architecture, head),
    problem_type: "multi_label_classification",
  }),
  headOfConfig: trainTextClassification.headOfConfig,
};
