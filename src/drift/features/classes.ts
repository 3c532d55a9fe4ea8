/**
 * What is watched of a prediction of one class out of several.
 *
 * @module
 */
import { confidences } from "../bins.ts";
import { DriftError } from "../errors.ts";
import type { CategoricalFeature, Feature, NumericFeature, Reading } from "../feature.ts";
import { sixDecimals } from "./values.ts";

/** What is observed of a prediction of one class. */
export interface ObservedClasses {
  /** Probability of each class, in label order; empty where no prediction was made. */
  readonly probabilities: ArrayLike<number>;
}

/**
 * The features of a classifier's prediction: the class, and the confidence in it.
 *
 * @param labels The model's labels, in the order of its probabilities.
 * @throws {DriftError} When there are none.
 */
export function classFeatures(labels: readonly string[]): readonly Feature<ObservedClasses>[] {
  if (labels.length === 0) throw new DriftError("Features of classes need the model's labels, got none");
  return [predictedClass(labels), confidence(labels)];
}

function predictedClass(labels: readonly string[]): CategoricalFeature<ObservedClasses> {
  return {
    name: "predictedClass",
    kind: "categorical",
    title: "Predicted class",
    unit: "predictions",
    meaning:
      "The classes have become more or less frequent, or the model takes one for another on new inputs.",
    categories: labels,
    read({ probabilities }) {
      const best = mostLikely(probabilities, labels.length);
      return best && labels[best.index];
    },
  };
}

function confidence(labels: readonly string[]): NumericFeature<ObservedClasses> {
  return {
    name: "confidence",
    kind: "numeric",
    title: "Confidence of the prediction",
    unit: "",
    meaning:
      "The model meets inputs that it is less (or more) sure of than of held-out data: check its accuracy on them.",
    scale: confidences,
    read({ probabilities }) {
      const best = mostLikely(probabilities, labels.length);
      return best && sixDecimals(best.probability);
    },
  };
}

/** The first of the most probable classes; nothing without a prediction, null unless there is one probability per class. */
function mostLikely(
  probabilities: ArrayLike<number>,
  classes: number,
): Reading<{ index: number; probability: number }> {
  if (probabilities.length === 0) return undefined;
  if (probabilities.length !== classes) return null;
  let index = 0;
  for (let k = 0; k < classes; k++) {
    if (!(probabilities[k] >= 0 && probabilities[k] <= 1.000001)) return null;
    if (probabilities[k] > probabilities[index]) index = k;
  }
  return { index, probability: Math.min(1, probabilities[index]) };
}
