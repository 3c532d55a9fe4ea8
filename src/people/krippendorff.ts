/**
 * Krippendorff's alpha: agreement of any number of raters.
 *
 * @module
 */
import { bootstrapCells, type BootstrapOptions, type Interval } from "../statistics/bootstrap.ts";
import {
  categoriesIn,
  type Category,
  categoryIndex,
  isMissing,
  type MaybeRating,
  numberOf,
} from "../statistics/categories.ts";
import { checkNumber, checkOneOf, fail, Numbers } from "../statistics/checks.ts";
import { show } from "../base/text.ts";

/** What differences between values mean: names, ranks, distances, or distances relative to size. */
export type MeasurementLevel = "nominal" | "ordinal" | "interval" | "ratio";

/** How alpha is computed. */
export interface KrippendorffOptions extends BootstrapOptions {
  /** Default "nominal". */
  readonly level?: MeasurementLevel;
  /** The values that can occur, in order; default: those that occur. Needed for ordinal names. */
  readonly values?: readonly Category[];
}

/** Agreement of any number of raters on data of any level, ratings missing or not. */
export interface KrippendorffAlpha {
  /** Alpha, at most 1, with a bootstrap interval over units; n is the units with two ratings or more. */
  readonly alpha: Interval;
  /** Mean disagreement within units. */
  readonly observedDisagreement: number;
  /** Disagreement that chance gives. */
  readonly expectedDisagreement: number;
  /** Ratings that could be paired. */
  readonly pairable: number;
}

/**
 * Krippendorff's alpha: 1 minus the disagreement within units over the disagreement that chance gives. 1 is perfect, 0 is
 * chance, below 0 is systematic disagreement. Krippendorff asks for 0.8 and takes 0.667 as the lowest for tentative
 * conclusions.
 *
 * Units with fewer than two ratings do not count. Alpha is NaN where all pairable values are one and the same. The interval is
 * a bootstrap that draws whole units (not Krippendorff's own scheme, which draws deviations); resamples without any variation
 * are left out. Time is linear in the ratings, but for "ratio", where it also grows with the square of the distinct values.
 *
 * Source: Krippendorff (2004), "Content Analysis", ch. 11. Equal to the Python package krippendorff 0.9.0.
 * @param raters One row a rater, one column a unit; null, undefined and NaN are missing.
 * @throws {EvaluationError} When rows differ in length, no unit has two ratings, a value is outside `values`, or a value is no
 * number (interval, ratio) or negative (ratio).
 * @example
 * ```ts
 * import { krippendorffAlpha } from "./krippendorff.ts";
 * import assert from "node:assert/strict";
 * const { alpha } = krippendorffAlpha([
 *   [1, 2, 3, 3, 2, 1, 4, 1, 2, null, null, null],
 *   [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, null, 3],
 *   [null, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, null],
 *   [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, null],
 * ], { level: "ordinal" });
 * assert.equal(alpha.value.toFixed(3), "0.815");
 * ```
 */
export function krippendorffAlpha(
  raters: readonly ArrayLike<MaybeRating>[],
  options: KrippendorffOptions = {},
): KrippendorffAlpha {
  const { level = "nominal" } = options;
  checkOneOf("level", level, ["nominal", "ordinal", "interval", "ratio"]);
  const { units, counts, values } = readUnits(raters, level, options.values);
  const parts = disagreement(units, values, level);
  const [alpha] = bootstrapCells(counts, (drawn, out) => {
    const { observed, expected } = parts(drawn);
    out[0] = expected === 0 ? NaN : 1 - observed / expected;
  }, { ...options, metrics: 1 });
  const { observed, expected, pairable } = parts(counts);
  return { alpha, observedDisagreement: observed, expectedDisagreement: expected, pairable };
}

/** The different units with two ratings or more, as ascending numbers of their values, and how often each is there. */
function readUnits(
  raters: readonly ArrayLike<MaybeRating>[],
  level: MeasurementLevel,
  given: readonly Category[] | undefined,
): { units: Uint32Array[]; counts: number[]; values: readonly Category[] } {
  const width = raters[0]?.length ?? 0;
  raters.forEach((row, r) => {
    if (row.length !== width) {
      fail(`Rater ${r + 1} has ${row.length} ratings, wanted ${width} (null where missing)`);
    }
  });
  const values = given ?? categoriesIn(everyRating(raters));
  if (values.length === 0) fail("Cannot compute alpha: there are no ratings");
  const index = categoryIndex(values);
  checkValues(values, level, given !== undefined);
  const numbers = raters.map((row, r) => {
    const out = new Int32Array(width).fill(-1);
    for (let u = 0; u < width; u++) {
      const rating = row[u];
      if (isMissing(rating)) continue;
      out[u] = index.get(rating) ?? numberOf(index, rating, () => `Rater ${r + 1}'s rating of unit ${u + 1}`);
    }
    return out;
  });
  const units = new Map<string, { unit: Uint32Array; count: number }>();
  const all = new Uint32Array(raters.length);
  for (let u = 0; u < width; u++) {
    let size = 0;
    for (const row of numbers) if (row[u] >= 0) all[size++] = row[u];
    if (size < 2) continue;
    const unit = all.subarray(0, size).sort();
    const key = unit.join();
    const found = units.get(key);
    if (found) found.count++;
    else units.set(key, { unit: unit.slice(), count: 1 });
  }
  if (units.size === 0) fail("Cannot compute alpha: no unit has two ratings");
  // In an order of their own, so that resamples do not depend on that of the data.
  const sorted = [...units].sort(([a], [b]) => a < b ? -1 : 1).map(([, found]) => found);
  return { units: sorted.map(({ unit }) => unit), counts: sorted.map(({ count }) => count), values };
}

function* everyRating(raters: readonly ArrayLike<MaybeRating>[]): Generator<MaybeRating> {
  for (const row of raters) for (let u = 0; u < row.length; u++) yield row[u];
}

function checkValues(values: readonly Category[], level: MeasurementLevel, ordered: boolean): void {
  for (const value of values) {
    if (level === "ordinal" && typeof value === "string" && !ordered) {
      fail(`Ordinal names need the option values, which gives their order (found ${show(value)})`);
    }
    if (level === "interval") checkNumber(`A value of level ${level}`, value, {});
    if (level === "ratio") checkNumber(`A value of level ${level}`, value, { least: 0 });
  }
}

interface Disagreement {
  observed: number;
  expected: number;
  pairable: number;
}

/** Observed and expected disagreement of so many of each unit, by closed forms where the level has one. */
function disagreement(
  units: readonly Uint32Array[],
  values: readonly Category[],
  level: MeasurementLevel,
): (drawn: Numbers) => Disagreement {
  const counts = new Float64Array(values.length);
  const countValues = (drawn: Numbers) => {
    counts.fill(0);
    let pairable = 0;
    for (let u = 0; u < units.length; u++) {
      if (drawn[u] === 0) continue;
      pairable += drawn[u] * units[u].length;
      for (const v of units[u]) counts[v] += drawn[u];
    }
    return pairable;
  };
  const sumOver = (drawn: Numbers, perUnit: Float64Array) => {
    let total = 0;
    for (let u = 0; u < units.length; u++) total += drawn[u] * perUnit[u];
    return total;
  };
  const settle = (observed: number, expected: number, pairable: number): Disagreement => ({
    observed: observed / pairable,
    expected: expected / (pairable * (pairable - 1)),
    pairable,
  });

  if (level === "nominal") {
    const perUnit = Float64Array.from(units, differingPairs);
    return (drawn) => {
      const pairable = countValues(drawn);
      let same = 0;
      for (const count of counts) same += count * count;
      return settle(sumOver(drawn, perUnit), pairable * pairable - same, pairable);
    };
  }
  if (level === "ratio") {
    const numbers = Float64Array.from(values as readonly number[]);
    const difference = (a: number, b: number) =>
      numbers[a] === numbers[b] ? 0 : ((numbers[a] - numbers[b]) / (numbers[a] + numbers[b])) ** 2;
    const perUnit = Float64Array.from(units, (unit) => {
      let total = 0;
      for (const a of unit) for (const b of unit) total += difference(a, b);
      return total / (unit.length - 1);
    });
    return (drawn) => {
      const pairable = countValues(drawn);
      let expected = 0;
      for (let a = 0; a < counts.length; a++) {
        if (counts[a] === 0) continue;
        for (let b = 0; b < a; b++) expected += 2 * counts[a] * counts[b] * difference(a, b);
      }
      return settle(sumOver(drawn, perUnit), expected, pairable);
    };
  }
  // Squared distances add up to 2 n times the spread around the mean. Ordinal distances are those between mid-ranks.
  const fixed = level === "interval";
  const places = fixed ? Float64Array.from(values as readonly number[]) : new Float64Array(values.length);
  const spread = fixed ? Float64Array.from(units, (unit) => unitSpread(unit, places)) : undefined;
  return (drawn) => {
    const pairable = countValues(drawn);
    if (spread === undefined) {
      for (let v = 0, below = 0; v < counts.length; below += counts[v], v++) {
        places[v] = below + counts[v] / 2;
      }
    }
    let mean = 0;
    for (let v = 0; v < counts.length; v++) mean += counts[v] * places[v] / pairable;
    let around = 0;
    for (let v = 0; v < counts.length; v++) around += counts[v] * (places[v] - mean) ** 2;
    // Rounding of the mean must not make a constant look varied.
    const varied = counts.filter((count) => count > 0).length > 1;
    const observed = sumOver(drawn, spread ?? Float64Array.from(units, (unit) => unitSpread(unit, places)));
    return settle(observed, varied ? 2 * pairable * around : 0, pairable);
  };
}

/** Ordered pairs in a unit whose values differ, over one less than its ratings. */
function differingPairs(unit: Uint32Array): number {
  let differing = 0;
  const seen = new Map<number, number>();
  for (const value of unit) seen.set(value, (seen.get(value) ?? 0) + 1);
  for (const count of seen.values()) differing += count * (unit.length - count);
  return differing / (unit.length - 1);
}

/** Squared distances of all ordered pairs in a unit, over one less than its ratings. */
function unitSpread(unit: Uint32Array, places: Float64Array): number {
  const size = unit.length;
  let mean = 0, around = 0, same = true;
  for (const value of unit) {
    mean += places[value] / size;
    same &&= value === unit[0];
  }
  if (same) return 0;
  for (const value of unit) around += (places[value] - mean) ** 2;
  return 2 * size * around / (size - 1);
}
