/** A stream of pseudo-random numbers: the same seed always gives the same stream, on every machine. */
export interface Random {
  /** uniform in [0, 1) */
  next(): number;
  /** a whole number, uniform in [0, limit) */
  integer(limit: number): number;
  /** one of the list */
  pick<T>(list: readonly T[]): T;
  /** puts the list in random order, in place, and returns it (Fisher-Yates) */
  shuffle<T extends { [index: number]: unknown; length: number }>(list: T): T;
}

/**
 * A generator (sfc32) seeded by whole numbers: the seed proper and any further ones, such as the epoch, that name independent streams of it.
 * For shuffles and splits, not for secrets.
 *
 * Source: PractRand's sfc32 by Chris Doty-Humphrey; seeds are mixed with MurmurHash3's finaliser.
 *
 * @example
 * ```ts
 * import { createRandom } from "./random.ts";
 * import assert from "node:assert/strict";
 *
 * const order = createRandom(7, 1).shuffle([0, 1, 2, 3, 4]);
 * assert.deepEqual(createRandom(7, 1).shuffle([0, 1, 2, 3, 4]), order);
 * assert.notDeepEqual(createRandom(7, 2).shuffle([0, 1, 2, 3, 4]), order);
 * ```
 */
export function createRandom(...seeds: number[]): Random {
  let a = 0x9e3779b9;
  let b = 0x243f6a88;
  let c = 0xb7e15162;
  let counter = 1;
  for (const seed of seeds) {
    // Seeds beyond 32 bits keep both halves; a fraction would be lost, but seeds are whole.
    a = mix(a ^ (seed >>> 0));
    b = mix(b ^ Math.floor(seed / 2 ** 32) ^ a);
    c = mix(c + a + b | 0);
  }
  const bits = () => {
    const sum = (a + b | 0) + counter | 0;
    counter = counter + 1 | 0;
    a = b ^ b >>> 9;
    b = c + (c << 3) | 0;
    c = (c << 21 | c >>> 11) + sum | 0;
    return sum >>> 0;
  };
  for (let i = 0; i < 12; i++) bits();

  const random: Random = {
    next: () => (bits() >>> 5) * 2 ** -27 + (bits() >>> 6) * 2 ** -53,
    integer: (limit) => Math.floor(random.next() * limit),
    pick: (list) => list[random.integer(list.length)],
    shuffle: (list) => {
      const slots = list as { [index: number]: unknown };
      for (let i = list.length - 1; i > 0; i--) {
        const j = random.integer(i + 1);
        const moved = slots[i];
        slots[i] = slots[j];
        slots[j] = moved;
      }
      return list;
    },
  };
  return random;
}

function mix(x: number): number {
  x = Math.imul(x ^ x >>> 16, 0x85ebca6b);
  x = Math.imul(x ^ x >>> 13, 0xc2b2ae35);
  return x ^ x >>> 16;
}
