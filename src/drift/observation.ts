/** What the monitor sees of one text and of what the model said about it. The text itself is not kept. */
export interface TextObservation {
  /** Length of the text in characters. */
  characters: number;
  /** Ids the tokenizer gave, as the model saw them. */
  tokenIds: ArrayLike<number>;
  /** How many of `tokenIds` are the unknown token. */
  unknownTokens: number;
  /** Probability of each class, in label order; empty where no prediction was made. */
  probabilities: ArrayLike<number>;
  /** Length in tokens before truncation; default `tokenIds.length`. */
  tokens?: number;
}

/** The features that are one number per text. */
export type NumericFeature = "characters" | "tokens" | "unknownRate" | "confidence";

/** The features that are distributions over categories. */
export type CategoricalFeature = "tokenDistribution" | "predictedClass";

/** Name of a monitored feature. */
export type FeatureName = NumericFeature | CategoricalFeature;

/** The numeric features, in the order they are reported. */
export const NUMERIC_FEATURES: readonly NumericFeature[] = [
  "characters",
  "tokens",
  "unknownRate",
  "confidence",
];

/** What people call each feature. */
export const FEATURE_TITLES: Readonly<Record<FeatureName, string>> = {
  characters: "Length in characters",
  tokens: "Length in tokens",
  unknownRate: "Share of unknown tokens",
  tokenDistribution: "Token distribution",
  predictedClass: "Predicted class",
  confidence: "Confidence of the prediction",
};

/**
 * Tokens counted of one text for the token distribution. One endless text among short ones would otherwise speak for all
 * of them.
 */
export const TOKENS_PER_TEXT = 512;

/** The numeric features of an observation; NaN stands for a value that is missing or makes no sense. */
export function numericValues(observation: TextObservation, classes: number): Record<NumericFeature, number> {
  const { characters, tokenIds, unknownTokens, probabilities } = observation;
  const length = tokenIds.length;
  return {
    characters: countOrNaN(characters),
    tokens: countOrNaN(observation.tokens ?? length),
    // An empty text has no unknown tokens.
    unknownRate: length === 0 ? 0 : round(rateOrNaN(unknownTokens / length)),
    confidence: round(mostLikely(probabilities, classes).probability),
  };
}

/**
 * The predicted class (the first of equals) and its probability; class -1 and NaN unless there is one probability per
 * class.
 */
export function mostLikely(
  probabilities: ArrayLike<number>,
  classes: number,
): { class: number; probability: number } {
  let best = 0;
  for (let k = 0; k < probabilities.length; k++) {
    if (!(probabilities[k] >= 0 && probabilities[k] <= 1.000001)) return { class: -1, probability: NaN };
    if (probabilities[k] > probabilities[best]) best = k;
  }
  if (probabilities.length !== classes || classes === 0) return { class: -1, probability: NaN };
  return { class: best, probability: Math.min(1, probabilities[best]) };
}

function countOrNaN(value: number): number {
  return value >= 0 && value < Infinity ? value : NaN;
}

function rateOrNaN(value: number): number {
  return value >= 0 && value <= 1 ? value : NaN;
}

/** Six decimals on both sides of every comparison: the reference is stored as text, and equal must stay equal. */
function round(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
