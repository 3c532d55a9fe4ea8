/**
 * Seeded pseudo-random numbers: the same seed gives the same numbers on every machine. For shuffles, splits and resampling,
 * not for secrets.
 *
 * The generator is sfc32 (Chris Doty-Humphrey, PractRand). How a seed fills its state is part of what the seed means, so
 * the two ways stay apart: {@linkcode createRandom} for one seed and plain numbers, {@linkcode createRandomStream} for a
 * seed and the names of independent streams of it.
 *
 * @module
 */

/**
 * A generator of uniform numbers in [0, 1) with 32 random bits. The state is filled from the seed by splitmix32.
 *
 * @param seed A whole number; its lower 32 bits and the next 21 both count.
 * @throws {RangeError} when the seed is no whole number.
 * @example
 * ```ts
 * import { createRandom } from "./random.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(createRandom(7)(), createRandom(7)());
 * assert.notEqual(createRandom(7)(), createRandom(8)());
 * ```
 */
export function createRandom(seed: number): () => number {
  const next = wordByWord(createWords(seed));
  return () => next() / 2 ** 32;
}

/**
 * The same generator, many words at a time: fills an array with uniform 32-bit words. `createRandom` gives these over 2³².
 *
 * @param seed A whole number; its lower 32 bits and the next 21 both count.
 * @throws {RangeError} when the seed is no whole number.
 */
export function createWords(seed: number): (words: Uint32Array) => void {
  if (!Number.isSafeInteger(seed)) throw new RangeError(`Seed must be a whole number, got ${seed}`);
  const mix = splitmix32(seed >>> 0);
  return sfc32(mix(), mix(), mix() ^ Math.floor(seed / 2 ** 32));
}

/** A stream of pseudo-random numbers with 53 random bits, and what is drawn with them. */
export interface RandomStream {
  /** Uniform in [0, 1). */
  next(): number;
  /** A whole number, uniform in [0, limit). */
  integer(limit: number): number;
  /** One of the list. */
  pick<T>(list: readonly T[]): T;
  /** Puts the list in random order, in place, and returns it (Fisher-Yates). */
  shuffle<T extends { [index: number]: unknown; length: number }>(list: T): T;
}

/**
 * A stream that is named by whole numbers: the seed proper and any further ones, such as the epoch, that tell independent
 * streams of one seed apart. They are mixed by MurmurHash3's finaliser.
 *
 * @example
 * ```ts
 * import { createRandomStream } from "./random.ts";
 * import assert from "node:assert/strict";
 *
 * const order = createRandomStream(7, 1).shuffle([0, 1, 2, 3, 4]);
 * assert.deepEqual(createRandomStream(7, 1).shuffle([0, 1, 2, 3, 4]), order);
 * assert.notDeepEqual(createRandomStream(7, 2).shuffle([0, 1, 2, 3, 4]), order);
 * ```
 */
export function createRandomStream(...seeds: number[]): RandomStream {
  let a = 0x9e3779b9;
  let b = 0x243f6a88;
  let c = 0xb7e15162;
  for (const seed of seeds) {
    // Seeds beyond 32 bits keep both halves; a fraction would be lost, but seeds are whole.
    a = murmurMix(a ^ (seed >>> 0));
    b = murmurMix(b ^ Math.floor(seed / 2 ** 32) ^ a);
    c = murmurMix(c + a + b | 0);
  }
  const word = wordByWord(sfc32(a, b, c));
  const random: RandomStream = {
    next: () => (word() >>> 5) * 2 ** -27 + (word() >>> 6) * 2 ** -53,
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

/**
 * Uniform numbers in [0, 1) from a counter through MurmurHash3's finaliser. Drift baselines are drawn with it: another
 * generator would give another sample of the same texts, and other figures than those on record.
 *
 * @param seed A whole number; its lower 32 bits count.
 */
export function createHashedRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    return (murmurMix(state) >>> 0) / 2 ** 32;
  };
}

/** The generator itself, past its first dozen rounds, within which neighbouring seeds part ways. */
function sfc32(a: number, b: number, c: number): (words: Uint32Array) => void {
  const state = Int32Array.of(a, b, c, 1);
  const fill = (words: Uint32Array) => {
    let a = state[0], b = state[1], c = state[2], counter = state[3]; // in registers for the length of the loop
    for (let i = 0; i < words.length; i++) {
      const sum = (a + b + counter) | 0;
      counter = (counter + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + sum) | 0;
      words[i] = sum;
    }
    state[0] = a, state[1] = b, state[2] = c, state[3] = counter;
  };
  fill(new Uint32Array(12));
  return fill;
}

/** One word at a time, out of a block. */
function wordByWord(fill: (words: Uint32Array) => void): () => number {
  const words = new Uint32Array(64);
  let at = words.length;
  return () => {
    if (at === words.length) fill(words), at = 0;
    return words[at++];
  };
}

function splitmix32(state: number): () => number {
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let t = state ^ (state >>> 16);
    t = Math.imul(t, 0x21f0aaad);
    t ^= t >>> 15;
    t = Math.imul(t, 0x735a2d97);
    return t ^ (t >>> 15);
  };
}

/** MurmurHash3's finaliser (Austin Appleby): a bijection of 32-bit words. */
export function murmurMix(x: number): number {
  x = Math.imul(x ^ x >>> 16, 0x85ebca6b);
  x = Math.imul(x ^ x >>> 13, 0xc2b2ae35);
  return x ^ x >>> 16;
}
