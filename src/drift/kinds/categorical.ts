/**
 * One category an observation: counts, and the chi-square test of homogeneity.
 *
 * @module
 */
import { show } from "../../base/text.ts";
import { array, countsOf, string, whole, wrong } from "../checks.ts";
import { classSharesPValue } from "../class_shares.ts";
import { sum } from "../../base/arrays.ts";
import { addCounts, divergences } from "../counts.ts";
import type { CategoricalFeature } from "../feature.ts";
import { plainHistograms } from "../histogram.ts";
import { chiSquareTest } from "../../statistics/chi_square.ts";
import type { Kind, KindTest } from "./kind.ts";

/** The reference of a category per observation. */
export interface CategoricalReference {
  /** Tells it from the references of other kinds. */
  readonly kind: "categorical";
  /** The categories that have a count of their own, in the order to show. */
  readonly categories: readonly string[];
  /** Observations of each. */
  readonly counts: readonly number[];
  /** Observations of all others; absent where `categories` are all there are. */
  readonly otherCount?: number;
}

/** A window's counts of a category per observation. */
export interface CategoricalCounts {
  /** Tells them from the counts of other kinds. */
  readonly kind: "categorical";
  /** Observations of each category, those of all others last. */
  readonly bins: number[];
}

const TOP = 100;
const MAX_CATEGORIES = 10_000;

/** Categories, compared by their shares. */
export const categoricalKind: Kind<
  string,
  CategoricalReference,
  CategoricalCounts,
  CategoricalFeature<never>
> = {
  drawn: "categorical",
  effect: "totalVariation",

  collect({ categories }) {
    const seen = new Map<string, number>(categories?.map((category) => [category, 0]));
    let other = 0;
    return {
      problem: (value) =>
        categories === undefined || seen.has(value)
          ? undefined
          : `${show(value)}, which is none of ${show(categories).slice(0, 100)}`,
      add(value) {
        if (seen.has(value) || seen.size < MAX_CATEGORIES) seen.set(value, (seen.get(value) ?? 0) + 1);
        else other++;
      },
      build() {
        if (categories !== undefined) {
          return { kind: "categorical", categories: [...categories], counts: [...seen.values()] };
        }
        const ranked = [...seen].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
        const top = ranked.slice(0, TOP);
        const rest = sum(ranked.slice(TOP).map(([, count]) => count));
        return {
          kind: "categorical",
          categories: top.map(([category]) => category),
          counts: top.map(([, count]) => count),
          otherCount: other + rest,
        };
      },
    };
  },

  parse(json, where) {
    const limits = { most: MAX_CATEGORIES };
    const categories = array(json.categories, `${where}.categories`, limits)
      .map((category, i) => string(category, `${where}.categories[${i}]`));
    const counts = countsOf(json.counts, `${where}.counts`, { length: categories.length, of: "category" });
    const other = json.otherCount === undefined
      ? {}
      : { otherCount: whole(json.otherCount, `${where}.otherCount`, { least: 0 }) };
    if (sum(counts) + (other.otherCount ?? 0) === 0) {
      throw wrong(`${where}.counts`, "all 0", "at least one observation");
    }
    return { kind: "categorical", categories, counts, ...other };
  },

  prepare({ categories, counts, otherCount }) {
    const reference = otherCount === undefined ? counts : [...counts, otherCount];
    const other = otherCount === undefined ? undefined : categories.length;
    const binOf = new Map(categories.map((category, bin) => [category, bin]));
    return {
      empty: () => ({ kind: "categorical", bins: reference.map(() => 0) }),
      add(counts, value, hit) {
        const bin = binOf.get(value) ?? other;
        if (bin === undefined) return "invalid";
        counts.bins[bin]++;
        hit(bin);
        return "counted";
      },
      cells: { counts: reference, n: sum(reference), ordered: false },
      cellsOf: ({ bins }) => ({ cells: bins, n: sum(bins) }),
      cellLabel: (_, cell) => cell === other ? "new or rare values" : categories[cell],
      test: ({ bins }, threshold) => testShares(reference, bins, threshold),
      draw: (_, { bins }) =>
        plainHistograms(other === undefined ? categories : [...categories, "all others"], reference, bins),
    };
  },

  merge: (a, b, name) => ({ kind: "categorical", bins: addCounts(a.bins, b.bins, name) }),
};

/** Compares counts of independent observations over the same categories. */
export function testShares(
  reference: readonly number[],
  current: readonly number[],
  threshold: number,
): KindTest | undefined {
  const n = sum(current), m = sum(reference);
  if (n === 0) return undefined;
  const { statistic, degreesOfFreedom } = chiSquareTest(reference, current);
  const pValue = classSharesPValue(reference, current);
  let totalVariation = 0, noise = 0;
  for (let k = 0; k < current.length; k++) {
    totalVariation += Math.abs(current[k] / n - reference[k] / m) / 2;
    const share = (current[k] + reference[k]) / (n + m);
    noise += Math.sqrt(2 / Math.PI * share * (1 - share) * (1 / n + 1 / m)) / 2; // mean of |normal|
  }
  return {
    n,
    statistics: { chiSquare: { statistic, degreesOfFreedom, pValue }, ...divergences(reference, current) },
    effect: totalVariation,
    threshold: threshold + noise,
    pValue,
  };
}
