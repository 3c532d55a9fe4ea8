/**
 * What a drift feature is: a value that says what to read off an observation and what it is for people. Baseline, window,
 * tests, report, HTTP API, metrics and dashboard iterate over a list of these, and know none of them by name.
 *
 * @module
 */
import type { Scale } from "./bins.ts";

/**
 * What a feature reads off an observation: its value; `undefined` where the observation has none (no prediction was made);
 * `null` where what it has cannot be used (a negative length), which is counted as invalid.
 */
export type Reading<V> = V | undefined | null;

/** What every feature has: of observations of type `O`, of kind `K`, with values of type `V`. */
export interface FeatureBase<O, K extends string, V> {
  /** How values are compared. */
  readonly kind: K;
  /** The key in baseline files, in `GET /drift` and in Prometheus: `camelCase`, and never changed. */
  readonly name: string;
  /** What people call it. */
  readonly title: string;
  /** What is measured or counted, as a plural noun ("characters", "tokens"); empty for shares. */
  readonly unit: string;
  /** What has probably happened when this feature drifts, in a sentence for the person on call. */
  readonly meaning: string;
  /** How large an effect must be to matter; default the policy's threshold for the kind. */
  readonly threshold?: number;
  /** What an observation has of it. */
  read(observation: O): Reading<V>;
}

/** One number an observation, compared by the two-sample Kolmogorov-Smirnov test. */
export interface NumericFeature<O> extends FeatureBase<O, "numeric", number> {
  /** Which bins a page draws, and how their edges are written. */
  readonly scale: Scale;
}

/** One category an observation, compared by the chi-square test. */
export interface CategoricalFeature<O> extends FeatureBase<O, "categorical", string> {
  /** All categories there are, in the order to show; by default the most frequent of the reference, and one for all others. */
  readonly categories?: readonly string[];
}

/**
 * Any number of items an observation (the tokens of a text, the labels of an image), compared by the Jensen-Shannon distance
 * against the noise between whole observations: items of one observation depend on each other.
 */
export interface BagFeature<O> extends FeatureBase<O, "bag", ArrayLike<Item>> {
  /** Items of the reference that get a bin of their own; default 512. All others share one. */
  readonly top?: number;
  /** Where items are ids: one more than the greatest there is. A baseline refuses ids beyond it. */
  readonly idsBelow?: number;
  /** An item for people; by default the item itself. */
  label?(item: Item): string;
}

/** An id or a name. */
export type Item = number | string;

/** A point in a space of many dimensions (an embedding), compared by the shares of the regions that points fall in. */
export type VectorFeature<O> = FeatureBase<O, "vector", ArrayLike<number>>;

/**
 * What an input is, to tell repeats and empty inputs: its content, "" where it has none. What is found of it is a notice and
 * no drift, and observations that say nothing new are counted by no other feature.
 */
export type TrafficFeature<O> = FeatureBase<O, "traffic", string>;

/**
 * Something that is watched of observations of type `O`.
 *
 * @example
 * ```ts
 * import { lengths } from "./bins.ts";
 * import type { Feature } from "./feature.ts";
 *
 * const lines: Feature<{ text: string }> = {
 *   name: "lines",
 *   kind: "numeric",
 *   title: "Length in lines",
 *   unit: "lines",
 *   scale: lengths,
 *   meaning: "Texts are laid out in another way, or come from another source.",
 *   read: ({ text }) => text.split("\n").length,
 * };
 * ```
 */
export type Feature<O> =
  | NumericFeature<O>
  | CategoricalFeature<O>
  | BagFeature<O>
  | VectorFeature<O>
  | TrafficFeature<O>;

/** How a feature's values are compared. */
export type FeatureKind = "numeric" | "categorical" | "bag" | "vector" | "traffic";

/** The features in the order to read them: those that may set an observation aside come first. */
export function gatesFirst<F extends { readonly kind: FeatureKind }>(features: readonly F[]): F[] {
  const isGate = ({ kind }: F) => kind === "traffic";
  return [...features.filter(isGate), ...features.filter((feature) => !isGate(feature))];
}
