/**
 * What a window has counted: plain JSON over the baseline's frozen bins, so that the counts of replicas add up exactly.
 *
 * @module
 */
import { DriftError } from "./errors.ts";
import { addDependence, type Dependence } from "./evidence/dependence.ts";
import { type Counts, kinds } from "./kinds/mod.ts";
import { seasonOf } from "./season.ts";
import type { Watched } from "./watched.ts";

/** What one window (of one replica) has seen. */
export interface WindowCounts {
  /** Observations seen. */
  n: number;
  /** When the first observation came, in milliseconds. */
  readonly startedAtMs: number;
  /** When the last observation came, in milliseconds. */
  lastAtMs: number;
  /** Observations with a value that cannot be used (NaN, a negative length); that value is left out. */
  invalid: number;
  /** Counts of each watched feature, by its name. */
  readonly features: { readonly [name: string]: Counts };
  /** What else is known of each watched feature, by its name. */
  readonly arrivals: { readonly [name: string]: Arrivals };
}

/** How a feature arrived in a window. */
export interface Arrivals {
  /** Observations that did not have it. */
  missing: number;
  /** Observations whose value cannot be used. */
  invalid: number;
  /** How observations depend on those before them, as the blocks that ended in this window show; one for each projection. */
  dependence: readonly Dependence[];
  /** Observations that had it, by the season that they came in; absent where the baseline knows none. */
  seasons?: number[];
}

/** A window that has seen nothing yet. */
export function emptyWindow<O>(watched: readonly Watched<O>[], atMs: number): WindowCounts {
  const features = watched.map(({ feature, prepared }) => [feature.name, prepared.empty() as Counts]);
  const arrivals = watched.map((
    { feature, reference },
  ): [string, Arrivals] => {
    const seasons = reference.seasons && { seasons: reference.seasons.n.map(() => 0) };
    return [feature.name, { missing: 0, invalid: 0, dependence: [], ...seasons }];
  });
  return {
    n: 0,
    startedAtMs: atMs,
    lastAtMs: atMs,
    invalid: 0,
    features: Object.fromEntries(features),
    arrivals: Object.fromEntries(arrivals),
  };
}

/** Counts one observation into the window. Takes a few microseconds, and never throws: watching must not stop serving. */
export function countObservation<O>(
  window: WindowCounts,
  observation: O,
  context: { watched: readonly Watched<O>[]; atMs: number },
): void {
  let valid = true;
  for (const { feature, reference, prepared, blocks, hit } of context.watched) {
    const value = readSafely(feature, observation), arrivals = window.arrivals[feature.name];
    if (value === undefined) {
      arrivals.missing++;
      continue;
    }
    const became = value === null ? "invalid" : prepared.add(window.features[feature.name], value, hit);
    if (became !== "invalid") {
      const season = reference.seasons && seasonOf(context.atMs, reference.seasons.of);
      blocks?.next(season);
      if (season !== undefined) arrivals.seasons![season]++;
      if (became === "set aside") break;
    } else {
      arrivals.invalid++;
      valid = false;
    }
  }
  window.n++;
  window.lastAtMs = context.atMs;
  if (!valid) window.invalid++;
}

/** A feature that throws has read something that cannot be used. */
function readSafely<O>(feature: Watched<O>["feature"], observation: O): unknown {
  try {
    return feature.read(observation);
  } catch {
    return null;
  }
}

/**
 * Adds up the counts of two replicas (or of two windows in a row). Counts add exactly; the values behind them are kept as
 * long as both sides have them all and there are at most 10,000.
 *
 * @throws {DriftError} When the two were counted against different baselines.
 * @example
 * ```ts
 * import { mergeWindows, type WindowCounts } from "./window.ts";
 * import assert from "node:assert/strict";
 *
 * const window = (n: number, bins: number[]): WindowCounts => (
 *   {
 *     n,
 *     startedAtMs: 0,
 *     lastAtMs: 9,
 *     invalid: 0,
 *     features: { class: { kind: "categorical", bins } },
 *     arrivals: { class: { missing: 0, invalid: 0, dependence: [] } },
 *   }
 * );
 * const merged = mergeWindows(window(3, [2, 1]), window(5, [0, 5]));
 * assert.deepEqual(merged.features.class, { kind: "categorical", bins: [2, 6] });
 * ```
 */
export function mergeWindows(a: WindowCounts, b: WindowCounts): WindowCounts {
  const names = new Set([...Object.keys(a.features), ...Object.keys(b.features)]);
  const features: Record<string, Counts> = {}, arrivals: Record<string, Arrivals> = {};
  for (const name of names) {
    const x = a.features[name], y = b.features[name];
    if (x === undefined || y === undefined || x.kind !== y.kind) {
      throw new DriftError(
        `Cannot merge drift windows: only one of them counts ${name} so, their baselines differ`,
      );
    }
    features[name] = kinds[x.kind].merge(x, y, name) as Counts;
    arrivals[name] = mergeArrivals(a.arrivals[name], b.arrivals[name]);
  }
  return {
    n: a.n + b.n,
    startedAtMs: Math.min(a.startedAtMs, b.startedAtMs),
    lastAtMs: Math.max(a.lastAtMs, b.lastAtMs),
    invalid: a.invalid + b.invalid,
    features,
    arrivals,
  };
}

/** How a feature arrived in two windows, or at two replicas. */
export function mergeArrivals(a: Arrivals, b: Arrivals): Arrivals {
  const [seasons, others] = [a.seasons ?? b.seasons, a.seasons && b.seasons];
  return {
    ...(seasons && { seasons: others ? seasons.map((n, s) => n + others[s]) : [...seasons] }),
    missing: a.missing + b.missing,
    invalid: a.invalid + b.invalid,
    dependence: a.dependence.length === 0
      ? b.dependence
      : b.dependence.length === 0
      ? a.dependence
      : a.dependence.map((dependence, i) => addDependence(dependence, b.dependence[i])),
  };
}
