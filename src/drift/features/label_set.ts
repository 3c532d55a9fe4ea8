/**
 * What is watched of a prediction of any number of labels (multi-label classification).
 *
 * @module
 */
import { lengths } from "../bins.ts";
import type { Feature } from "../feature.ts";

/** What is observed of a prediction of labels. */
export interface ObservedLabels {
  /** The labels that the model gave; absent where no prediction was made. */
  readonly labels?: readonly string[];
}

/** The features of a set of labels: the share of each label, observations without any, and how many there are. */
export function labelSetFeatures(): readonly Feature<ObservedLabels>[] {
  return [{
    name: "predictedLabels",
    kind: "bag",
    title: "Predicted labels",
    unit: "labels",
    meaning:
      "Some labels have become more or less frequent, or the model gives them to other inputs than before.",
    read: ({ labels }) => labels?.length === 0 ? ["(no label)"] : labels,
  }, {
    name: "labelCount",
    kind: "numeric",
    title: "Number of labels",
    unit: "labels",
    meaning:
      "Inputs are about more or fewer things at once, or the model's scores have moved past its thresholds.",
    scale: lengths,
    read: ({ labels }) => labels?.length,
  }];
}
