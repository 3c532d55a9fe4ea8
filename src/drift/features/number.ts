/**
 * What is watched of a prediction that is a number (regression).
 *
 * @module
 */
import { reals } from "../bins.ts";
import type { Feature } from "../feature.ts";
import { sixDigits } from "./values.ts";

/** What is observed of a prediction that is a number. */
export interface ObservedNumber {
  /** What the model predicted; absent where no prediction was made. */
  readonly predicted?: number;
}

/**
 * The feature of a predicted number.
 *
 * @param options What the number is, for people: "Predicted price", "euros".
 */
export function numberFeatures(
  options: { readonly title?: string; readonly unit?: string } = {},
): readonly Feature<ObservedNumber>[] {
  return [{
    name: "predictedNumber",
    kind: "numeric",
    title: options.title ?? "Predicted value",
    unit: options.unit ?? "",
    meaning:
      "Predictions have become greater, smaller or more spread out: inputs have changed, or what they stand for.",
    scale: reals,
    read: ({ predicted }) => predicted === undefined ? undefined : sixDigits(predicted),
  }];
}
