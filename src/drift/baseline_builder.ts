/**
 * Builds the reference that live traffic is compared with, out of any features of any observations.
 *
 * @module
 */
import type { Baseline } from "./baseline.ts";
import { DriftError } from "./errors.ts";
import { type Feature, gatesFirst } from "./feature.ts";
import type { Collector } from "./kinds/kind.ts";
import { kinds, type NamedReference, type Reference } from "./kinds/mod.ts";
import { createReservoir, type Reservoir } from "./reservoir.ts";
import { type Season, seasonCounts, seasonOf } from "./season.ts";

/** How a baseline is built. */
export interface BaselineOptions {
  /** Seed of the sampling; default 0. */
  readonly seed?: number;
  /** What repeats with the time of an observation, which `observe` is then given: the reference is known by it, too. */
  readonly season?: Season;
}

/** Observations whose values are kept until it is known which cells they fall in. */
const SEASONAL_SAMPLE = 50_000;

const FEWEST = 20;

/**
 * Collects a baseline in bounded memory: counts of all observations, and a uniform sample of 2,000 values of each feature.
 *
 * Feed it observations that the model was **not** trained on, with the predictions it made on them: on its training data a
 * model is surer than it will ever be again. A feature that fewer than 20 observations have is left out.
 *
 * @example
 * ```ts
 * import { BaselineBuilder } from "./baseline_builder.ts";
 * import { lengths } from "./bins.ts";
 * import assert from "node:assert/strict";
 *
 * const builder = new BaselineBuilder<{ words: number }>([{
 *   name: "words",
 *   kind: "numeric",
 *   title: "Length in words",
 *   unit: "words",
 *   meaning: "Texts come from another source.",
 *   scale: lengths,
 *   read: ({ words }) => words,
 * }]);
 * for (let i = 0; i < 50; i++) builder.observe({ words: 10 + i });
 * const baseline = builder.build();
 * assert.equal(baseline.observations, 50);
 * assert.equal(baseline.features[0].name, "words");
 * ```
 */
export class BaselineBuilder<O> {
  readonly #features: readonly {
    feature: Feature<O>;
    collector: Collector;
    taken: number;
    missing: number;
  }[];
  readonly #season: Season | undefined;
  /** Values of each feature, and the season that they came in. */
  readonly #sample: Reservoir<{ readonly values: readonly unknown[]; readonly season: number }>;
  #observations = 0;

  /**
   * Starts an empty baseline.
   *
   * @throws {DriftError} When two features have one name.
   */
  constructor(features: readonly Feature<O>[], options: BaselineOptions = {}) {
    const { seed = 0, season } = options;
    this.#season = season;
    this.#sample = createReservoir(seed, SEASONAL_SAMPLE);
    const names = features.map((feature) => feature.name);
    const twice = names.find((name, i) => names.indexOf(name) < i);
    if (twice !== undefined) throw new DriftError(`Two drift features are called "${twice}"`);
    this.#features = gatesFirst(features).map((feature) => ({
      feature,
      collector: kinds[feature.kind].collect(feature, seed),
      taken: 0,
      missing: 0,
    }));
  }

  /**
   * Takes one observation of the reference.
   *
   * @param atMs When it came, in milliseconds; needed where the baseline is made by season.
   * @throws {DriftError} When a feature cannot use it; nothing of it is counted then.
   */
  observe(observation: O, atMs?: number): void {
    if (this.#season !== undefined && !Number.isFinite(atMs)) {
      throw new DriftError(
        `Observation ${this.#observations + 1} of the drift baseline has no time, which a season needs`,
      );
    }
    const values = this.#features.map(({ feature, collector }) => {
      const value = feature.read(observation);
      if (value === undefined) return undefined;
      const problem = value === null
        ? `nothing that can be used in ${show(observation)}`
        : collector.problem(value);
      if (problem === undefined) return value;
      const which = `${feature.name} of observation ${this.#observations + 1} of the drift baseline`;
      throw new DriftError(`Cannot take ${which}: found ${problem}`);
    });
    this.#observations++;
    const taken: unknown[] = [];
    for (const [i, entry] of this.#features.entries()) {
      taken.push(values[i]);
      if (values[i] === undefined) {
        if (entry.taken > 0) entry.missing++;
        continue;
      }
      entry.taken++;
      if (entry.collector.add(values[i]) === false) break; // it says nothing new
    }
    if (this.#season !== undefined) {
      this.#sample.add({ values: taken, season: seasonOf(atMs!, this.#season) });
    }
  }

  /**
   * The baseline, as plain JSON. Takes some tenths of a second where a feature is a bag: how much its distribution varies by
   * chance is measured.
   *
   * @throws {DriftError} When fewer than 20 observations were taken.
   */
  build(): Baseline {
    const observations = this.#observations;
    if (observations < FEWEST) {
      throw new DriftError(
        `Cannot build a drift baseline from ${observations} observations: at least ${FEWEST} are needed`,
      );
    }
    const features = this.#features.flatMap(({ feature, collector, taken, missing }, i): NamedReference[] => {
      const reference = taken < FEWEST ? undefined : collector.build() as Reference | undefined;
      return reference === undefined ? [] : [{
        name: feature.name,
        ...(missing > 0 ? { missing } : {}),
        ...this.#seasonsOf(i, reference),
        ...reference,
      }];
    });
    return { format: "weir-baseline/2", observations, features };
  }

  /** How the reference of a feature spreads over its cells in each season. */
  #seasonsOf(i: number, reference: Reference): Pick<NamedReference, "seasons"> {
    const of = this.#season, prepared = kinds[reference.kind].prepare(reference);
    if (of === undefined || prepared.cells === undefined) return {};
    const cells = prepared.cells.counts.length, seen = prepared.empty();
    const n = new Array<number>(seasonCounts[of]).fill(0);
    const counts = n.map(() => new Array<number>(cells).fill(0));
    for (const { values, season } of this.#sample.values) {
      if (values[i] === undefined) continue;
      if (prepared.add(seen, values[i], (cell) => counts[season][cell]++) !== "invalid") n[season]++;
    }
    return { seasons: { of, n, counts } };
  }
}

/** An observation for an error's message: long lists are cut. */
function show(observation: unknown): string {
  const json = JSON.stringify(observation, (_, value) => {
    const list = ArrayBuffer.isView(value) ? Array.from(value as unknown as ArrayLike<number>) : value;
    return Array.isArray(list) && list.length > 8 ? [...list.slice(0, 8), "…"] : list;
  });
  return String(json).slice(0, 300);
}
