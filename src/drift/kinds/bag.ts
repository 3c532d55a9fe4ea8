/**
 * Several items an observation: how often each occurs, judged against the noise between whole observations.
 *
 * @module
 */
import { type BagNoise, measureBagNoise, noiseAt } from "../bag_noise.ts";
import { array, countsOf, number, record, string, whole, wrong } from "../checks.ts";
import { sum } from "../../base/arrays.ts";
import { addCounts, divergences } from "../counts.ts";
import type { BagFeature, Item } from "../feature.ts";
import { rankedHistograms } from "../histogram.ts";
import { pearson3Survival } from "../../statistics/pearson3.ts";
import { createReservoir } from "../reservoir.ts";
import type { Kind } from "./kind.ts";

/** The reference of the items of an observation. */
export interface BagReference {
  /** Tells it from the references of other kinds. */
  readonly kind: "bag";
  /** Observations that the items are from. */
  observations: number;
  /** The most frequent items, most frequent first. */
  readonly items: readonly Item[];
  /** How often each occurred. */
  readonly counts: readonly number[];
  /** Occurrences of all others. */
  readonly otherCount: number;
  /** Observations that have each of the most frequent items: what evidence is weighed on. */
  readonly having?: readonly number[];
  /** What chance alone does to the distribution, for several window sizes, smallest first. */
  readonly noise: readonly BagNoise[];
}

/** A window's counts of items. */
export interface BagCounts {
  /** Tells them from the counts of other kinds. */
  readonly kind: "bag";
  /** Observations, those without any item among them. */
  observations: number;
  /** Occurrences of each item, those of all others last. */
  readonly bins: number[];
  /** Observations that have each of the items that evidence is weighed on. */
  readonly having: number[];
}

const TOP = 512;
/** The most frequent items, which evidence is weighed on. */
const WEIGHED = 256;
const MAX_ITEMS = 10_000;
const MAX_DISTINCT = 2 ** 24;
const MAX_NOISE = 100;
/** Items counted of one observation. One endless text among short ones would otherwise outweigh them all. */
const MOST_OF_ONE = 512;

/** Bags of items, compared by their distribution. */
export const bagKind: Kind<ArrayLike<Item>, BagReference, BagCounts, BagFeature<never>> = {
  drawn: "categorical",
  effect: "js",

  collect({ top = TOP, idsBelow }, seed) {
    const counts = new Map<Item, number>(), having = new Map<Item, number>();
    const sample = createReservoir<readonly Item[]>(seed);
    let observations = 0, uncounted = 0;
    return {
      problem(bag) {
        for (let i = 0; i < Math.min(bag.length, MOST_OF_ONE); i++) {
          const item = bag[i];
          if (typeof item === "string" || (Number.isInteger(item) && item >= 0 && !(item >= idsBelow!))) {
            continue;
          }
          const ids = idsBelow === undefined
            ? "whole numbers from 0 on"
            : `whole numbers from 0 to ${idsBelow - 1}`;
          return `item ${i} is ${item}, and ids are ${ids}`;
        }
      },
      add(bag) {
        const items = Array.from({ length: Math.min(bag.length, MOST_OF_ONE) }, (_, i) => bag[i]);
        for (const item of items) {
          const count = counts.get(item);
          if (count !== undefined || counts.size < MAX_DISTINCT) counts.set(item, (count ?? 0) + 1);
          else uncounted++;
        }
        for (const item of new Set(items)) {
          if (counts.has(item)) having.set(item, (having.get(item) ?? 0) + 1);
        }
        sample.add(items);
        observations++;
      },
      build() {
        if (counts.size === 0) return undefined;
        const ranked = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
        const shown = ranked.slice(0, top);
        const binOf = new Map(shown.map(([item], bin) => [item, bin]));
        const bags = sample.values.map((items) =>
          Uint16Array.from(items, (item) => binOf.get(item) ?? shown.length)
        );
        return {
          kind: "bag",
          observations,
          items: shown.map(([item]) => item),
          counts: shown.map(([, count]) => count),
          otherCount: uncounted + sum(ranked.slice(top).map(([, count]) => count)),
          having: shown.slice(0, WEIGHED).map(([item]) => having.get(item)!),
          noise: measureBagNoise(bags, shown.length + 1, seed + 1),
        };
      },
    };
  },

  parse(json, where) {
    const at = (name: string) => `${where}.${name}`;
    const items = array(json.items, at("items"), { most: MAX_ITEMS, least: 0 }).map((item, i) =>
      typeof item === "number"
        ? whole(item, at(`items[${i}]`), { least: 0 })
        : string(item, at(`items[${i}]`))
    );
    if (new Set(items).size !== items.length) {
      throw wrong(at("items"), "a list with repeats", "distinct items");
    }
    return {
      kind: "bag",
      observations: whole(json.observations, at("observations"), { least: 1 }),
      items,
      counts: countsOf(json.counts, at("counts"), { length: items.length, of: "item" }),
      otherCount: whole(json.otherCount, at("otherCount"), { least: 0 }),
      ...(json.having === undefined ? {} : {
        having: countsOf(json.having, at("having"), {
          length: Math.min(WEIGHED, items.length),
          of: "item that is weighed",
        }),
      }),
      noise: array(json.noise, at("noise"), { most: MAX_NOISE })
        .map((entry, i) => noiseOf(entry, at(`noise[${i}]`)))
        .sort((a, b) => a.observations - b.observations),
    };
  },

  prepare({ observations, items, counts, otherCount, having, noise }) {
    const reference = [...counts, otherCount], other = items.length;
    const binOf = binsOf(items);
    const weighed = Math.min(WEIGHED, items.length), seenIn = new Float64Array(weighed);
    let serial = 0;
    return {
      empty: () => ({
        kind: "bag",
        observations: 0,
        bins: reference.map(() => 0),
        having: new Array<number>(weighed).fill(0),
      }),
      add(counts, bag, hit) {
        const length = Math.min(bag.length, MOST_OF_ONE);
        serial++;
        for (let i = 0; i < length; i++) {
          const bin = binOf(bag[i]);
          counts.bins[bin]++;
          if (bin >= weighed || seenIn[bin] === serial) continue;
          seenIn[bin] = serial;
          counts.having[bin]++;
          hit(bin);
        }
        counts.observations++;
        return "counted";
      },
      cells: having && { counts: having, n: observations, ordered: false },
      cellsOf: ({ having, observations }) => ({ cells: having, n: observations }),
      cellLabel: ({ label = String }, cell) => label(items[cell]),
      test({ observations: n, bins }, threshold) {
        if (sum(bins) === 0 || sum(reference) === 0) return undefined;
        const statistics = divergences(reference, bins);
        const expected = noiseAt(noise, n, observations);
        return {
          n,
          statistics,
          effect: statistics.js,
          threshold: Math.sqrt(threshold ** 2 + expected.mean),
          pValue: pearson3Survival(statistics.js ** 2, expected),
        };
      },
      draw: ({ unit, label = String }, { bins }) =>
        rankedHistograms(
          (bin) =>
            bin < other
              ? { label: label(items[bin]), item: items[bin] }
              : { label: `rare ${unit}`, item: null },
          reference,
          bins,
        ),
    };
  },

  merge: (a, b, name) => ({
    kind: "bag",
    observations: a.observations + b.observations,
    bins: addCounts(a.bins, b.bins, name),
    having: addCounts(a.having, b.having, name),
  }),
};

/** The bin of an item; ids have theirs in a table, which takes a quarter of the time of a map. */
function binsOf(items: readonly Item[]): (item: Item) => number {
  const other = items.length;
  if (items.length > 0 && items.every((item) => typeof item === "number" && item < MAX_DISTINCT)) {
    const table = new Int32Array(Math.max(...items as number[]) + 1).fill(other);
    (items as number[]).forEach((id, bin) => table[id] = bin);
    return (item) => table[item as number] ?? other;
  }
  const bins = new Map(items.map((item, bin) => [item, bin]));
  return (item) => bins.get(item) ?? other;
}

function noiseOf(json: unknown, where: string): BagNoise {
  const { observations, referenceObservations, mean, deviation, skewness } = record(json, where);
  return {
    observations: whole(observations, `${where}.observations`, { least: 1 }),
    referenceObservations: whole(referenceObservations, `${where}.referenceObservations`, { least: 1 }),
    mean: number(mean, `${where}.mean`, { least: 0 }),
    deviation: number(deviation, `${where}.deviation`, { least: 0 }),
    skewness: number(skewness, `${where}.skewness`),
  };
}
