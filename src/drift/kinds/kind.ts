/**
 * What a kind of feature implements. A kind is one file beside this one; `mod.ts` is the record of all.
 *
 * @module
 */
import type { CellReference } from "../evidence/directions.ts";
import type { Histograms } from "../histogram.ts";
import type { EffectName, Statistics } from "../statistic_names.ts";

/**
 * A way to compare values: how they are collected for a baseline, read from one, counted, added up, tested and drawn.
 * Everything but `collect` and `draw` works on plain data, so that windows can be tested in a Worker.
 */
export interface Kind<Value = unknown, Reference = unknown, Counts = unknown, Feature = unknown> {
  /** How its histograms are to be read: as ordered bins of a number, or as categories. */
  readonly drawn: "numeric" | "categorical";
  /** What its effect is measured by. */
  readonly effect: EffectName;
  /** Starts to collect a reference. */
  collect(feature: Feature, seed: number): Collector<Value, Reference>;
  /**
   * A reference out of a baseline file. Unknown fields are dropped.
   *
   * @throws {DriftError} Naming the field that is not what it should be.
   */
  parse(json: Record<string, unknown>, where: string): Reference;
  /** Computes what depends on the reference alone. */
  prepare(reference: Reference): Prepared<Value, Counts, Feature>;
  /**
   * The counts of two replicas, or of two windows in a row, added up.
   *
   * @throws {DriftError} When the two were counted against different references.
   */
  merge(a: Counts, b: Counts, name: string): Counts;
}

/** Collects the reference of one feature in bounded memory. */
export interface Collector<Value = unknown, Reference = unknown> {
  /** What is wrong with a value, for an error's message; nothing where it can be taken. */
  problem(value: Value): string | undefined;
  /** Takes a value that has no problem. False where the observation is to be taken by no other feature. */
  add(value: Value): boolean | void;
  /** The reference, as plain JSON. Nothing where there was nothing to count. */
  build(): Reference | undefined;
}

/** A reference made ready to count against. */
export interface Prepared<Value = unknown, Counts = unknown, Feature = unknown> {
  /** Counts of a window that has seen nothing. */
  empty(): Counts;
  /**
   * Counts a value, in microseconds; never throws.
   *
   * @param hit Is told each cell that the value falls in, once.
   * @returns What has become of the value; after `set aside` the observation is counted by no other feature.
   */
  add(counts: Counts, value: Value, hit: (cell: number) => void): "counted" | "invalid" | "set aside";
  /** The reference by the cells that evidence is weighed on; absent where the baseline is of an older version. */
  readonly cells?: Omit<CellReference, "missing">;
  /** A window's counts by the same cells, and how many observations had the feature. */
  cellsOf(counts: Counts): { readonly cells: readonly number[]; readonly n: number };
  /** What a cell holds, for people. */
  cellLabel(feature: Feature, cell: number): string;
  /** Compares a window with the reference; nothing where the window has nothing to compare. */
  test(counts: Counts, threshold: number): KindTest | undefined;
  /** Both distributions, over the bins that a page draws. */
  draw(feature: Feature, counts: Counts): Histograms;
}

/** What a test found, before it is known how many features were tested beside it. */
export interface KindTest {
  /** Observations of the window that had this feature. */
  readonly n: number;
  /** How the window differs from the reference. */
  readonly statistics: Statistics;
  /** How large the change is. */
  readonly effect: number;
  /** From which size on it matters: what was asked for, and the noise that windows of this size have without drift. */
  readonly threshold: number;
  /** The chance of such a window without drift. */
  readonly pValue: number;
}

/** The policy's threshold for each effect. */
export const policyThresholds: {
  readonly [E in EffectName]: "ksThreshold" | "totalVariationThreshold" | "jsThreshold";
} = { ks: "ksThreshold", totalVariation: "totalVariationThreshold", js: "jsThreshold" };
