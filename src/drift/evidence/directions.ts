/**
 * The ways in which a feature can move: each of its cells may grow or shrink, and numbers may also become larger, smaller, more
 * or less spread.
 *
 * @module
 */
import type { SeasonReference } from "../season.ts";
import type { Projection } from "./dependence.ts";

/** What the reference of a feature holds, by cells. */
export interface CellReference {
  /** Observations of the reference in each cell; an observation may be in several. */
  readonly counts: ArrayLike<number>;
  /** Observations that had the feature. */
  readonly n: number;
  /** Observations that did not. */
  readonly missing: number;
  /** Whether cells are ordered: bins of a number. */
  readonly ordered: boolean;
  /** The same by season, where that is known. */
  readonly seasons?: SeasonReference;
}

/** What is compared with the reference: something of every observation, whose mean is looked at. */
export interface Direction {
  /** `cell`: the share of observations in it. `rank`: the mean rank among the reference's values, 0 to 1. `spread`: the mean of
   * how far that is from the middle, 0 to 1. `missing` and `invalid`: shares of all observations. */
  readonly kind: "cell" | "rank" | "spread" | "missing" | "invalid";
  /** Which one, for `cell`. */
  readonly cell: number;
  /** How much of the belief that something moves is put on this; all of a feature's sum to 1. */
  readonly weight: number;
  /** What an observation in each cell counts, for `rank` and `spread`. */
  readonly weights?: Float64Array;
}

const ARRIVAL = 0.05;
const RANK = 0.5;
const SPREAD = 0.15;

/** All directions of a feature. */
export function directionsOf({ counts, n, ordered }: CellReference): Direction[] {
  const cells = counts.length, values = 1 - 2 * ARRIVAL;
  const forCells = ordered ? 1 - RANK - SPREAD : 1;
  const directions: Direction[] = Array.from({ length: cells }, (_, cell) => (
    { kind: "cell", cell, weight: values * forCells / cells }
  ));
  if (ordered) {
    const ranks = midRanks(counts, n);
    directions.push(
      { kind: "rank", cell: 0, weight: values * RANK, weights: ranks },
      {
        kind: "spread",
        cell: 0,
        weight: values * SPREAD,
        weights: ranks.map((rank) => Math.abs(2 * rank - 1)),
      },
    );
  }
  directions.push(
    { kind: "missing", cell: 0, weight: ARRIVAL },
    { kind: "invalid", cell: 0, weight: ARRIVAL },
  );
  return directions;
}

/** The mean rank of the reference's own values in each bin, from 0 to 1. */
function midRanks(counts: ArrayLike<number>, n: number): Float64Array {
  let below = 0;
  return Float64Array.from(counts, (count) => {
    const rank = (below + count / 2) / n;
    below += count;
    return rank;
  });
}

/** What the dependence of a feature is measured on: its cells together and, where they are ordered, rank and spread. */
export function projectionsOf(reference: Omit<CellReference, "missing">): Projection[] {
  const means = directionsOf({ ...reference, missing: 0 }).filter(({ weights }) => weights !== undefined);
  return [{}, ...means];
}
