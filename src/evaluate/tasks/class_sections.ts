/**
 * What a report shows of a classifier besides its metrics: the confusion matrix, reliability, and curves.
 *
 * @module
 */
import { calibration } from "../classification/calibration.ts";
import { confusionMatrix } from "../classification/classification.ts";
import { precisionRecallCurve, rocCurve } from "../classification/curves.ts";
import type { Section } from "../report.ts";
import { type ClassifierRows, positiveScores } from "./classes.ts";

const MAX_POINTS = 400; // of a curve

/** The sections of a classifier's rows, in the order to be shown. */
export function classSections(rows: ClassifierRows): Section[] {
  const { labels, references, predictions, probabilities, positive } = rows;
  const sections: Section[] = [{
    kind: "confusion",
    title: "Confusion matrix",
    labels,
    counts: confusionMatrix(references, predictions, labels),
  }];
  if (!probabilities) return sections;
  const { bins } = calibration(references, probabilities, { labels });
  sections.push({
    kind: "reliability",
    title: "Reliability: how far confidence can be believed",
    bins: bins.map(({ confidence, right, count }) => ({ confidence, accuracy: right, count })),
  });
  if (positive === undefined || new Set(Array.from(references)).size < 2) return sections;
  const { truth, scores } = positiveScores(rows, positive), label = labels[positive];
  const roc = rocCurve(truth, scores), pr = precisionRecallCurve(truth, scores, { dropIntermediate: true });
  return [
    ...sections,
    {
      kind: "curve",
      title: `ROC curve of ${label}`,
      xLabel: "false positive rate",
      yLabel: "true positive rate",
      curves: [{ label, x: thin(roc.falsePositiveRate), y: thin(roc.truePositiveRate) }],
      baseline: "diagonal",
    },
    {
      kind: "curve",
      title: `Precision and recall of ${label}`,
      xLabel: "recall",
      yLabel: "precision",
      curves: [{ label, x: thin(pr.recall), y: thin(pr.precision) }],
      baseline: truth.reduce((sum, one) => sum + one, 0) / truth.length,
    },
  ];
}

/** At most so many points, the first and the last among them. */
function thin(values: Float64Array): number[] {
  if (values.length <= MAX_POINTS) return [...values];
  const at = (i: number) => Math.round(i * (values.length - 1) / (MAX_POINTS - 1));
  return Array.from({ length: MAX_POINTS }, (_, i) => values[at(i)]);
}
