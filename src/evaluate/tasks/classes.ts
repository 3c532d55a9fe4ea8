/**
 * A classifier's metrics, from labels and, where there are any, probabilities.
 *
 * @module
 */
import { multiclassRocAuc } from "../classification/auc.ts";
import type { Interval } from "../../statistics/bootstrap.ts";
import { calibration } from "../classification/calibration.ts";
import { classificationRows } from "../classification/class_rows.ts";
import { confusionIntervals } from "../classification/class_intervals.ts";
import { confusionMatrix } from "../classification/classification.ts";
import { classIndices } from "../classification/counts.ts";
import { averagePrecisionByRows, precisionRecallCurve, rocCurve } from "../classification/curves.ts";
import { type Decomposed, together } from "../../statistics/decomposed.ts";
import { rocAucInterval } from "../classification/delong.ts";
import { EvaluationError } from "../../statistics/errors.ts";
import { brierRows, logLossRows } from "../classification/probabilities.ts";
import type { Section } from "../report.ts";
import type { OptionValues } from "./options.ts";
import { labelPairs, labelsIn, type Pair, probabilityRows } from "./pairs.ts";
import { type ClosedOptions, type Indexed, infoOf, type MetricInfo, type Scored } from "./scored.ts";

/** How a classifier's metrics are shown. */
export const classMetricLabels: Record<string, Partial<MetricInfo>> = {
  accuracy: { label: "accuracy" },
  balancedAccuracy: { label: "balanced accuracy" },
  matthewsCorrelation: { label: "Matthews correlation" },
  macroPrecision: { label: "macro precision" },
  macroRecall: { label: "macro recall" },
  macroF1: { label: "macro F1" },
  weightedPrecision: { label: "weighted precision" },
  weightedF1: { label: "weighted F1" },
  logLoss: { label: "log loss", better: "lower" },
  brier: { label: "Brier score", better: "lower" },
  rocAuc: { label: "ROC AUC" },
  averagePrecision: { label: "average precision" },
  expectedCalibrationError: { label: "expected calibration error", better: "lower" },
  subsetAccuracy: { label: "subset accuracy" },
  hammingLoss: { label: "Hamming loss", better: "lower" },
  samplesF1: { label: "samples F1" },
  microF1: { label: "micro F1" },
};

/** Labels, classes and, where there are any, probabilities of a classifier's rows. */
export interface ClassifierRows {
  readonly labels: string[];
  readonly references: Int32Array;
  readonly predictions: Int32Array;
  /** Row-major [n, labels]. */
  readonly probabilities?: Float64Array;
  /** The class that is looked for, of two. */
  readonly positive?: number;
}

/** The labels that occur, sorted. */
export function labelsOf(pairs: readonly Pair[]): string[] {
  const { predictions, references } = labelPairs(pairs);
  return labelsIn([...references, ...predictions]);
}

/** Reads a classifier's rows. */
export function classifierRows(pairs: readonly Pair[], options: OptionValues): ClassifierRows {
  const { predictions, references } = labelPairs(pairs);
  const labels = labelsIn([...references, ...predictions], options.labels as string[] | undefined);
  const positive = options.positive === undefined ? 1 : labels.indexOf(String(options.positive));
  if (positive < 0) {
    throw new EvaluationError(`No label ${JSON.stringify(options.positive)}; there are ${labels.join(", ")}`);
  }
  return {
    labels,
    references: classIndices(references, labels),
    predictions: classIndices(predictions, labels),
    probabilities: probabilityRows(pairs, labels),
    ...(labels.length === 2 && { positive }),
  };
}

/** The metrics of a classifier, read from pairs. */
export function scoreClassification(pairs: readonly Pair[], options: OptionValues): Scored {
  return scoreClasses(classifierRows(pairs, options));
}

/** The metrics of a classifier. */
export function scoreClasses(rows: ClassifierRows): Scored & { rows: Decomposed } {
  const { labels, references, predictions, probabilities, positive } = rows;
  const n = references.length, notes: string[] = [];
  const perClass = labels.length <= MOST_CLASSES;
  const families = [classificationRows(references, predictions, { labels, perClass })];
  const supports = new Map(labels.map((label) => [label, 0]));
  for (const k of references) supports.set(labels[k], supports.get(labels[k])! + 1);
  const sections: Section[] = [confusion(rows)];
  let indexed: Indexed | undefined, area: Scored["closed"];
  const seen = new Set(references);
  const absent = labels.filter((_, k) => !seen.has(k));
  if (absent.length > 0) {
    notes.push(`No row is truly ${absent.join(", ")}: what depends on such rows counts as 0.`);
  }
  if (probabilities) {
    families.push(
      logLossRows(references, probabilities, { labels }),
      brierRows(references, probabilities, { labels }),
    );
    const bins = calibration(references, probabilities, { labels });
    sections.push({
      kind: "reliability",
      title: "Reliability: how far confidence can be believed",
      bins: bins.bins.filter(({ count }) => count > 0).map(({ confidence, right, count }) => ({
        confidence,
        accuracy: right,
        count,
      })),
    });
    const calibrated = (indices: Uint32Array) => {
      const some = Float64Array.from({ length: indices.length * labels.length });
      indices.forEach((row, i) =>
        some.set(probabilities.subarray(row * labels.length, (row + 1) * labels.length), i * labels.length)
      );
      return calibration(Int32Array.from(indices, (row) => references[row]), some, { labels }).expectedError;
    };
    if (seen.size < 2) {
      notes.push("All rows are truly of one class: ROC and precision-recall curves need two.");
      indexed = {
        names: ["expectedCalibrationError"],
        n,
        cost: labels.length,
        evaluate: (indices) => [calibrated(indices)],
      };
    } else if (positive !== undefined) {
      const truth = Uint8Array.from(references, (label) => Number(label === positive));
      const scores = Float64Array.from({ length: n }, (_, i) => probabilities[i * 2 + positive]);
      const positives = truth.reduce((sum, one) => sum + one, 0);
      if (Math.min(positives, n - positives) >= 2) {
        area = ({ confidence }) => ({
          rocAuc: rocAucInterval(truth, scores, { scale: "logit", confidence }),
        });
      } else {notes.push(
          "One of the classes has a single row: the area under the ROC curve has no interval and is left out.",
        );}
      const precision = averagePrecisionByRows(truth, scores);
      indexed = {
        names: ["averagePrecision", "expectedCalibrationError"],
        n,
        cost: 10 * labels.length,
        evaluate: (indices) => [precision(indices), calibrated(indices)],
      };
      sections.push(...curves(truth, scores, labels[positive]));
    } else if (absent.length === 0) {
      indexed = {
        names: ["rocAuc", "expectedCalibrationError"],
        n,
        cost: 10 * labels.length,
        evaluate: (indices) => [auc(indices), calibrated(indices)],
      };
    }
  }
  const auc = (indices: Uint32Array) => {
    const size = labels.length, some = new Float64Array(indices.length * size);
    indices.forEach((row, i) => some.set(probabilities!.subarray(row * size, (row + 1) * size), i * size));
    const truth = Int32Array.from(indices, (row) => references[row]);
    // A resample may lack a class: it has no AUC, and is left out.
    return new Set(truth).size < size ? NaN : multiclassRocAuc(truth, some, { labels });
  };
  const info = (name: string): MetricInfo => {
    const [part, label] = name.split(/\.(.*)/s);
    const known = infoOf(classMetricLabels)(part);
    return label === undefined ? known : { ...known, label: `${part === "f1" ? "F1" : part} of ${label}` };
  };
  const closed = (options: ClosedOptions) => ({ ...closedIntervals(rows, options), ...area?.(options) });
  return { rows: together(families), ...(indexed && { indexed }), closed, info, supports, sections, notes };
}

function confusion({ references, predictions, labels }: ClassifierRows): Section {
  return {
    kind: "confusion",
    title: "Confusion matrix",
    labels,
    counts: confusionMatrix(references, predictions, labels),
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

const MOST_CLASSES = 50; // with intervals of their own
const MAX_POINTS = 400;

function curves(truth: Uint8Array, scores: Float64Array, positive: string): Section[] {
  const roc = rocCurve(truth, scores), pr = precisionRecallCurve(truth, scores, { dropIntermediate: true });
  const share = truth.reduce((sum, one) => sum + one, 0) / truth.length;
  return [
    {
      kind: "curve",
      title: `ROC curve of ${positive}`,
      xLabel: "false positive rate",
      yLabel: "true positive rate",
      curves: [{ label: positive, x: thin(roc.falsePositiveRate), y: thin(roc.truePositiveRate) }],
      baseline: "diagonal",
    },
    {
      kind: "curve",
      title: `Precision and recall of ${positive}`,
      xLabel: "recall",
      yLabel: "precision",
      curves: [{ label: positive, x: thin(pr.recall), y: thin(pr.precision) }],
      baseline: share,
    },
  ];
}

/** At most so many points, the first and the last among them. */
function thin(values: Float64Array): number[] {
  if (values.length <= MAX_POINTS) return [...values];
  return Array.from(
    { length: MAX_POINTS },
    (_, i) => values[Math.round(i * (values.length - 1) / (MAX_POINTS - 1))],
  );
}
