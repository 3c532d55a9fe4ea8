/**
 * A uniform sample of a stream in bounded memory.
 *
 * @module
 */
import { createHashedRandom } from "../base/random.ts";

/** Values that a baseline keeps of each feature. */
export const KEPT = 2000;

/** A sample that grows to as many values as are kept (`KEPT`) and is then replaced bit by bit. */
export interface Reservoir<T> {
  /** Takes the next value of the stream. */
  add(value: T): void;
  /** The sample. */
  readonly values: readonly T[];
}

/**
 * Reservoir sampling (Vitter 1985, algorithm R). Reservoirs with one seed keep the same positions of streams of one length, so
 * that features that every observation has are sampled from the same observations.
 */
export function createReservoir<T>(seed: number, kept = KEPT): Reservoir<T> {
  const random = createHashedRandom(seed);
  const values: T[] = [];
  let seen = 0;
  return {
    values,
    add(value) {
      seen++;
      const slot = seen <= kept ? seen - 1 : Math.floor(random() * seen);
      if (slot < kept) values[slot] = value;
    },
  };
}
