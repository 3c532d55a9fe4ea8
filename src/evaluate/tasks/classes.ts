/**
 * A classifier's metrics, from labels and, where there are any, probabilities.
 *
 * @module
 */
import { listLabels } from "../../base/labels.ts";
import type { Interval } from "../../statistics/bootstrap.ts";
import { type Decomposed, together } from "../../statistics/decomposed.ts";
import { multiclassRocAuc } from "../classification/auc.ts";
import { expectedErrorByRows } from "../classification/calibration.ts";
import { confusionIntervals } from "../classification/f1_interval.ts";
import { classificationRows } from "../classification/class_rows.ts";
import { confusionMatrix } from "../classification/classification.ts";
import { classIndices } from "../classification/counts.ts";
import { averagePrecisionByRows } from "../classification/curves.ts";
import { rocAucInterval } from "../classification/delong.ts";
import { brierRows, logLossRows } from "../classification/probabilities.ts";
import type { OptionValues } from "./options.ts";
import { labelPairs, labelsIn, type Pair, probabilityRows } from "./pairs.ts";
import { type ClosedOptions, type Indexed, infoOf, type MetricInfo, type Scored } from "./scored.ts";
import { Numbers, refuse } from "../../statistics/checks.ts";

/** How a classifier's metrics are shown that are not called by the words of their names, or are better where lower. */
export const classMetricLabels: Record<string, Partial<MetricInfo>> = {
  matthewsCorrelation: { label: "Matthews correlation" },
  logLoss: { better: "lower" },
  brier: { label: "Brier score", better: "lower" },
  rocAuc: { label: "ROC AUC" },
  expectedCalibrationError: { better: "lower" },
  hammingLoss: { label: "Hamming loss", better: "lower" },
};

/** Labels, classes and, where there are any, probabilities of a classifier's rows. */
export interface ClassifierRows {
  /** Names of the classes: class k is `labels[k]`. */
  readonly labels: readonly string[];
  /** True class of each row: [n]. */
  readonly references: Numbers;
  /** Predicted class of each row: [n]. */
  readonly predictions: Numbers;
  /** Row-major: [n, labels]. */
  readonly probabilities?: Float32Array | Float64Array;
  /** The class that is looked for, of two. */
  readonly positive?: number;
}

/** The labels that occur, in order. */
export function labelsOf(pairs: readonly Pair[]): string[] {
  const { predictions, references } = labelPairs(pairs);
  return labelsIn([...references, ...predictions]);
}

/** Reads a classifier's rows. */
export function classifierRows(pairs: readonly Pair[], options: OptionValues): ClassifierRows {
  const given = options.labels as string[] | undefined;
  const { predictions, references } = labelPairs(pairs, given);
  const labels = labelsIn([...references, ...predictions], given);
  const positive = options.positive === undefined ? 1 : labels.indexOf(String(options.positive));
  if (positive < 0) refuse("the positive label", options.positive, `one of ${listLabels(labels)}`);
  return {
    labels,
    references: classIndices(references, labels),
    predictions: classIndices(predictions, labels),
    probabilities: probabilityRows(pairs, labels),
    ...(labels.length === 2 && { positive }),
  };
}

const MOST_CLASSES = 50; // with intervals of their own

/** The metrics of a classifier. */
export function scoreClasses(rows: ClassifierRows): Scored & { rows: Decomposed } {
  const { labels, references, predictions, probabilities } = rows;
  const perClass = labels.length <= MOST_CLASSES;
  const families = [classificationRows(references, predictions, { labels, perClass })];
  const supports = new Map(labels.map((label) => [label, 0]));
  for (let i = 0; i < references.length; i++) {
    supports.set(labels[references[i]], supports.get(labels[references[i]])! + 1);
  }
  const absent = labels.filter((label) => supports.get(label) === 0);
  const notes = absent.length > 0
    ? [`No row is truly ${listLabels(absent, { plain: true })}: what depends on such rows counts as 0.`]
    : [];
  const first = predictions[0];
  if (predictions.length > 1 && Array.from(predictions).every((label) => label === first)) {
    notes.push(
      `Every prediction is ${
        listLabels([labels[first]], { plain: true })
      }: Matthews' correlation counts as 0, and accuracy is ` +
        "that label's share of the rows.",
    );
  }
  if (probabilities) {
    families.push(...[logLossRows, brierRows].map((rowsOf) => rowsOf(references, probabilities, { labels })));
  }
  const { indexed, area, note } = probabilities
    ? scoreProbabilities({ ...rows, probabilities }, labels.length - absent.length)
    : {} as ProbabilityScores;
  if (note) notes.push(note);
  const info = (name: string): MetricInfo => {
    const [part, label] = name.split(/\.(.*)/s);
    const known = infoOf(classMetricLabels)(part);
    return label === undefined ? known : { ...known, label: `${part === "f1" ? "F1" : part} of ${label}` };
  };
  const closed = (options: ClosedOptions) => ({ ...closedIntervals(rows, options), ...area?.(options) });
  return { rows: together(families), ...(indexed && { indexed }), closed, info, supports, notes };
}

interface ProbabilityScores {
  readonly indexed?: Indexed;
  readonly area?: Scored["closed"];
  readonly note?: string;
}

/** What ranks rows by probability, or bins them by confidence: no sums over rows, so computed anew for every resample. */
function scoreProbabilities(
  rows: ClassifierRows & { probabilities: Float32Array | Float64Array },
  present: number,
): ProbabilityScores {
  const { labels, references, probabilities, positive } = rows;
  const n = references.length, size = labels.length;
  const some = (indices: Uint32Array): [truth: Int32Array, probabilities: Float64Array] => {
    const chosen = new Float64Array(indices.length * size);
    indices.forEach((row, i) => chosen.set(probabilities.subarray(row * size, (row + 1) * size), i * size));
    return [Int32Array.from(indices, (row) => references[row]), chosen];
  };
  const expectedError = expectedErrorByRows(references, probabilities, { labels });
  const indexedBy = (name: string | undefined, first: (indices: Uint32Array) => number): Indexed => ({
    names: [...name ? [name] : [], "expectedCalibrationError"],
    n,
    cost: name ? 10 * size : size,
    evaluate: (indices) => [...name ? [first(indices)] : [], expectedError(indices)],
  });
  if (present < 2) {
    const note = "All rows are truly of one class: ROC and precision-recall curves need two.";
    return { note, indexed: indexedBy(undefined, () => NaN) };
  }
  if (positive === undefined) {
    if (present < size) return {};
    const auc = (indices: Uint32Array) => {
      const [truth, chosen] = some(indices);
      // A resample may lack a class: it has no AUC, and is left out.
      return new Set(truth).size < size ? NaN : multiclassRocAuc(truth, chosen, { labels });
    };
    return { indexed: indexedBy("rocAuc", auc) };
  }
  const { truth, scores } = positiveScores(rows, positive);
  const positives = truth.reduce((sum, one) => sum + one, 0);
  const indexed = indexedBy("averagePrecision", averagePrecisionByRows(truth, scores));
  if (Math.min(positives, n - positives) < 2) {
    const note =
      "One of the classes has a single row: the area under the ROC curve has no interval and is left out.";
    return { note, indexed };
  }
  const area = (options: ClosedOptions) => ({
    rocAuc: rocAucInterval(truth, scores, { scale: "logit", confidence: options.confidence }),
  });
  return { indexed, area };
}

/** Whether each row is of the class that is looked for, and its probability of being so. */
export function positiveScores(
  { references, probabilities }: ClassifierRows,
  positive: number,
): { truth: Uint8Array; scores: Float64Array } {
  return {
    truth: Uint8Array.from(references, (label) => Number(label === positive)),
    scores: Float64Array.from(references, (_, i) => probabilities![i * 2 + positive]),
  };
}

/** Intervals that do better than resampling, by the names of the metrics. */
function closedIntervals(
  { references, predictions, labels }: ClassifierRows,
  options: ClosedOptions,
): Record<string, Interval> {
  const matrix = confusionMatrix(references, predictions, labels);
  const { accuracy, macroF1, perClass } = confusionIntervals(matrix, options);
  const closed: Record<string, Interval> = { accuracy, macroF1 };
  if (labels.length > MOST_CLASSES) return closed;
  perClass.forEach((scores, k) => {
    for (const [name, interval] of Object.entries(scores)) closed[`${name}.${labels[k]}`] = interval;
  });
  return closed;
}
