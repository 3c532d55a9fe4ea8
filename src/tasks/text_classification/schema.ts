/**
 * Text classification: a text, or a pair of texts, gets one of several labels.
 *
 * @module
 */
import { z } from "zod";
import { listLabels } from "../../base/labels.ts";
import { show } from "../../base/text.ts";
import { type DataRecord, readLabel } from "../../data/example.ts";
import { classificationReport } from "../../evaluate/classification/classification.ts";
import { formatReport } from "../../evaluate/classification/format.ts";
import type { Columns, Scores } from "../task.ts";

/** What the head is made with: the labels, in the order of the logits. */
export interface LabelsHead {
  /** By class number. */
  readonly labels: readonly string[];
}

/** Checks a head that has labels. */
export const labelsHead: z.ZodType<LabelsHead> = z.looseObject({
  labels: z.array(z.string().max(1_000)).min(1).max(100_000)
    .refine((labels) => new Set(labels).size === labels.length, "names a label twice"),
});

/** A label and its score: a probability, or the logit where raw scores were asked for. */
export interface Prediction {
  /** One of the head's labels. */
  readonly label: string;
  /** Its probability, or its logit where those were asked for. */
  readonly score: number;
}

/** Every label with its score, the highest first. */
export const predictionsSchema: z.ZodType<Prediction[]> = z.array(
  z.object({ label: z.string(), score: z.number() }),
);

/** The label of a record. */
export function labelOf(record: DataRecord, where: string, columns: Columns): string {
  return readLabel(record, where, columns.label);
}

/** What is wrong with a label that the head lacks. */
export function unknownLabel(label: string, { labels }: LabelsHead): string | undefined {
  if (labels.includes(label)) return undefined;
  return `unknown label ${show(label)}; known are ${listLabels(labels)}`;
}

/** Why models cannot be compared that have other labels; their order may differ. */
export function otherLabels(one: LabelsHead, other: LabelsHead): string | undefined {
  const same = one.labels.length === other.labels.length &&
    one.labels.every((label) => other.labels.includes(label));
  return same
    ? undefined
    : `the models have other labels: ${listLabels(one.labels)} against ${listLabels(other.labels)}`;
}

/** Accuracy, F1 and the rest of the best-scored labels. */
export function judgeLabels(
  targets: readonly string[],
  answers: readonly (readonly Prediction[][])[],
  { head, resamples = 0 }: { head: LabelsHead; resamples?: number },
): Scores {
  const index = new Map(head.labels.map((label, i) => [label, i]));
  const references = Int32Array.from(targets, (label) => index.get(label)!);
  const predictions = Int32Array.from(answers, ([ranked]) => index.get(ranked[0].label)!);
  const report = classificationReport(references, predictions, { labels: [...head.labels], resamples });
  const { accuracy, macroF1, weightedF1, binary } = report;
  return {
    metrics: { accuracy, macroF1, weightedF1, ...(binary && { [`f1.${binary.positive}`]: binary.f1 }) },
    report,
    text: () => formatReport(report),
  };
}
