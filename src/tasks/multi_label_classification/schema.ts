/**
 * Multi-label classification: a text, or a pair of texts, gets any number of labels, also none.
 *
 * @module
 */
import { sortLabels } from "../../base/labels.ts";
import { shorten } from "../../base/text.ts";
import { checkLabel, type DataRecord, wrongColumn } from "../../data/example.ts";
import { labelCells, multilabelFPerLabel } from "../../evaluate/classification/multilabel.ts";
import { multilabelMetrics } from "../../evaluate/tasks/metrics.ts";
import { textTable } from "../../evaluate/text_table.ts";
import { metricsTable } from "../scores_text.ts";
import type { Columns, Scores } from "../task.ts";
import { type LabelsHead, type Prediction, unknownLabel } from "../text_classification/schema.ts";

/** A label is given to a text when its probability is at least this. */
export const THRESHOLD = 0.5;

/** What stands between two labels where a record has them as one string, as in a CSV file. */
const SEPARATOR = "|";

/**
 * The labels of a record, each once and sorted: a list of strings, numbers or booleans, or one string cut at `|`.
 * An empty list, or an empty string,
 * is a row without labels.
 *
 * @throws {DataError} if the column is missing or holds something else.
 *
 * @example
 * ```ts
 * import { labelSetOf } from "./schema.ts";
 * import assert from "node:assert/strict";
 * const columns = { text: "text", label: "labels" };
 * assert.deepEqual(labelSetOf({ labels: ["war", "drama"] }, "films.jsonl line 1", columns), ["drama", "war"]);
 * assert.deepEqual(labelSetOf({ labels: "war | drama" }, "films.csv line 2", columns), ["drama", "war"]);
 * assert.deepEqual(labelSetOf({ labels: "" }, "films.csv line 3", columns), []);
 * ```
 */
export function labelSetOf(record: DataRecord, where: string, { label: column }: Columns): readonly string[] {
  const value = record[column];
  const list = typeof value !== "string" ? value : value.trim() === "" ? [] : value.split(SEPARATOR);
  const isList = Array.isArray(list) &&
    list.every((label) =>
      ["string", "number", "boolean"].includes(typeof label) && String(label).trim() !== ""
    );
  if (!isList) {
    throw wrongColumn(record, where, column, `a list of labels, or labels with ${SEPARATOR} between,`);
  }
  const labels = list.map((label: string | number | boolean) => String(label).trim());
  for (const label of labels) checkLabel(label, where, column);
  return sortLabels(labels);
}

/** What is wrong with the first label that the head lacks. */
export function unknownLabels(labels: readonly string[], head: LabelsHead): string | undefined {
  return labels.map((label) => unknownLabel(label, head)).find((problem) => problem !== undefined);
}

/** The labels that an answer gives to the text, in the order of the answer. */
export function givenLabels(answer: readonly Prediction[]): readonly string[] {
  return answer.filter(({ score }) => score >= THRESHOLD).map(({ label }) => label);
}

/** F1 of decisions, of labels and of rows, and the share of rows whose labels are all right. */
export function judgeLabelSets(
  targets: readonly (readonly string[])[],
  answers: readonly (readonly Prediction[][])[],
  { head: { labels }, resamples }: { head: LabelsHead; resamples?: number },
): Scores {
  const references = labelCells(targets, labels); // [n, L]
  const predictions = labelCells(answers.map(([answer]) => givenLabels(answer)), labels); // [n, L]
  const { n, metrics: all } = multilabelMetrics(references, predictions, { labels, resamples });
  const metrics = Object.fromEntries(shown.map((name) => [name, all[name]]));
  const perLabel = multilabelFPerLabel(references, predictions, { labels });
  return {
    metrics,
    report: { n, threshold: THRESHOLD, metrics: all, perLabel },
    text: () =>
      [
        `${n} rows; a label is given at a probability of ${THRESHOLD}`,
        metricsTable(metrics),
        textTable([
          ["label", "precision", "recall", "F1", "rows"],
          ...perLabel.map(({ label, precision, recall, fBeta, support }) => [
            shorten(label.replace(/\p{C}/gu, "?"), 24),
            ...[precision, recall, fBeta].map((value) => value.toFixed(4)),
            String(support),
          ]),
        ]),
      ].join("\n\n") + "\n",
  };
}

/** What a person is shown and a manifest keeps, the most telling first. */
const shown = [
  "microF1",
  "macroF1",
  "samplesF1",
  "subsetAccuracy",
  "hammingLoss",
  "microPrecision",
  "microRecall",
] as const;
