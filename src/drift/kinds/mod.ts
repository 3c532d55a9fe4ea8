/**
 * The kinds of features: a total record, so that a new kind does not compile until it has all its parts.
 *
 * @module
 */
import type { FeatureKind } from "../feature.ts";
import { type BagCounts, bagKind, type BagReference } from "./bag.ts";
import { type CategoricalCounts, categoricalKind, type CategoricalReference } from "./categorical.ts";
import type { Kind } from "./kind.ts";
import { type NumericCounts, numericKind, type NumericReference } from "./numeric.ts";
import { type TrafficCounts, trafficKind, type TrafficReference } from "./traffic.ts";
import type { SeasonReference } from "../season.ts";
import { type VectorCounts, vectorKind, type VectorReference } from "./vector.ts";

/** How the values of each kind are collected, counted, tested and drawn. */
export const kinds: { readonly [K in FeatureKind]: Kind } = {
  numeric: numericKind,
  categorical: categoricalKind,
  bag: bagKind,
  vector: vectorKind,
  traffic: trafficKind,
};

/** Whether this version of the code knows a kind that a file names. */
export function isKind(kind: unknown): kind is FeatureKind {
  return typeof kind === "string" && Object.hasOwn(kinds, kind);
}

/** What a baseline holds of one feature. */
export type Reference =
  | NumericReference
  | CategoricalReference
  | BagReference
  | VectorReference
  | TrafficReference;

/** The reference of a feature with its name. */
export type NamedReference = Reference & {
  readonly name: string;
  /** Observations that did not have it, of those that came after the first that had; 0 if absent. */
  readonly missing?: number;
  /** What is known by season, where the baseline was built with times. */
  readonly seasons?: SeasonReference;
};

/** What a window has counted of one feature. */
export type Counts = NumericCounts | CategoricalCounts | BagCounts | VectorCounts | TrafficCounts;
