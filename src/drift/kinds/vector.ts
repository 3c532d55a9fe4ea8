/**
 * Points in a space of many dimensions: the reference divides the space into regions, and a window is compared by the shares
 * of its points in each.
 *
 * A region is what lies nearest to one of the centres that k-means finds in one half of the reference's sample; the reference
 * is counted on the other half, so that both sides of the test are points that the regions were not made for. Counts over
 * fixed regions add up exactly, take one pass over a vector, and go through the same test as any categories.
 *
 * @module
 */
import { array, countsOf, number, wrong } from "../checks.ts";
import { sum } from "../../base/arrays.ts";
import { addCounts } from "../counts.ts";
import type { VectorFeature } from "../feature.ts";
import { rankedHistograms } from "../histogram.ts";
import { createHashedRandom } from "../../base/random.ts";
import { createReservoir } from "../reservoir.ts";
import { testShares } from "./categorical.ts";
import type { Kind } from "./kind.ts";

/** The reference of a vector per observation. */
export interface VectorReference {
  /** Tells it from the references of other kinds. */
  readonly kind: "vector";
  /** The centre of each region, `[regions][dimensions]`. */
  readonly centers: readonly (readonly number[])[];
  /** Reference vectors in each region. */
  readonly counts: readonly number[];
}

/** A window's counts of vectors. */
export interface VectorCounts {
  /** Tells them from the counts of other kinds. */
  readonly kind: "vector";
  /** Vectors in each region. */
  readonly bins: number[];
}

const MAX_REGIONS = 16;
const MAX_DIMENSIONS = 100_000;
/** Vectors of the sample's half that a region is made of, at least. */
const VECTORS_PER_REGION = 10;
const ROUNDS = 10;

/** Vectors, compared by the regions of space that they fall in. */
export const vectorKind: Kind<ArrayLike<number>, VectorReference, VectorCounts, VectorFeature<never>> = {
  drawn: "categorical",
  effect: "totalVariation",

  collect(_, seed) {
    const sample = createReservoir<Float32Array>(seed);
    return {
      problem(vector) {
        const wanted = sample.values[0]?.length ?? vector.length;
        if (vector.length !== wanted || wanted === 0 || wanted > MAX_DIMENSIONS) {
          return `${vector.length} numbers, wanted ${
            wanted === vector.length ? `1 to ${MAX_DIMENSIONS}` : wanted
          }`;
        }
        return isFinite(vector) ? undefined : "a vector with a number that is not finite";
      },
      add: (vector) => sample.add(Float32Array.from(vector)),
      build() {
        const half = (odd: number) => sample.values.filter((_, i) => i % 2 === odd);
        const centers = kMeans(half(0), seed + 1);
        const counts = centers.map(() => 0);
        for (const vector of half(1)) counts[nearest(centers, vector)]++;
        return { kind: "vector", centers, counts };
      },
    };
  },

  parse(json, where) {
    const centers = array(json.centers, `${where}.centers`, { most: 1000 }).map((center, i) =>
      array(center, `${where}.centers[${i}]`, { most: MAX_DIMENSIONS })
        .map((value, d) => number(value, `${where}.centers[${i}][${d}]`))
    );
    centers.forEach((center, i) => {
      if (center.length === centers[0].length) return;
      throw wrong(
        `${where}.centers[${i}]`,
        `${center.length} long`,
        `${centers[0].length} numbers as the first`,
      );
    });
    const counts = countsOf(json.counts, `${where}.counts`, { length: centers.length, of: "region" });
    if (sum(counts) === 0) throw wrong(`${where}.counts`, "all 0", "at least one vector");
    return { kind: "vector", centers, counts };
  },

  prepare({ centers, counts: reference }) {
    const dimensions = centers[0].length;
    const packed = centers.map((center) => Float64Array.from(center));
    return {
      empty: () => ({ kind: "vector", bins: centers.map(() => 0) }),
      add(counts, vector, hit) {
        if (vector.length !== dimensions || !isFinite(vector)) return "invalid";
        const region = nearest(packed, vector);
        counts.bins[region]++;
        hit(region);
        return "counted";
      },
      cells: { counts: reference, n: sum(reference), ordered: false },
      cellsOf: ({ bins }) => ({ cells: bins, n: sum(bins) }),
      cellLabel: (_, cell) => `region ${cell + 1}`,
      test: ({ bins }, threshold) => testShares(reference, bins, threshold),
      draw: (_, { bins }) =>
        rankedHistograms((bin) => ({ label: `region ${bin + 1}`, item: bin + 1 }), reference, bins),
    };
  },

  merge: (a, b, name) => ({ kind: "vector", bins: addCounts(a.bins, b.bins, name) }),
};

/** Lloyd's algorithm from seeds that k-means++ draws (Arthur and Vassilvitskii 2007); five digits of each centre. */
function kMeans(vectors: readonly Float32Array[], seed: number): number[][] {
  const random = createHashedRandom(seed);
  const regions = Math.min(MAX_REGIONS, Math.max(2, Math.floor(vectors.length / VECTORS_PER_REGION)));
  const dimensions = vectors[0].length;
  const centers = [Float64Array.from(vectors[Math.floor(random() * vectors.length)])];
  const distances = vectors.map((vector) => distance(centers[0], vector));
  while (centers.length < regions) {
    let wanted = random() * sum(distances), next = 0;
    while (next < vectors.length - 1 && (wanted -= distances[next]) > 0) next++;
    const center = Float64Array.from(vectors[next]);
    centers.push(center);
    vectors.forEach((vector, i) => distances[i] = Math.min(distances[i], distance(center, vector)));
  }
  for (let round = 0; round < ROUNDS; round++) {
    const sums = centers.map(() => new Float64Array(dimensions)), sizes = centers.map(() => 0);
    for (const vector of vectors) {
      const region = nearest(centers, vector);
      sizes[region]++;
      for (let d = 0; d < dimensions; d++) sums[region][d] += vector[d];
    }
    sums.forEach((total, region) => {
      if (sizes[region] > 0) centers[region] = total.map((value) => value / sizes[region]);
    });
  }
  return centers.map((center) => Array.from(center, (value) => Number(value.toPrecision(5))));
}

function nearest(centers: readonly ArrayLike<number>[], vector: ArrayLike<number>): number {
  let best = 0, least = Infinity;
  for (let k = 0; k < centers.length; k++) {
    const away = distance(centers[k], vector);
    if (away < least) least = away, best = k;
  }
  return best;
}

/** Squared, Euclidean. */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let total = 0;
  for (let d = 0; d < a.length; d++) total += (a[d] - b[d]) ** 2;
  return total;
}

function isFinite(vector: ArrayLike<number>): boolean {
  for (let d = 0; d < vector.length; d++) if (!Number.isFinite(vector[d])) return false;
  return true;
}
