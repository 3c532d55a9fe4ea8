/**
 * The n-grams that texts have in common: rouge1, rouge2 and so on.
 *
 * @module
 */
import type { Tokens } from "./rouge_tokens.ts";

/**
 * N-grams that a text has in common with others. An n-gram is a number: that of the pair of its first and its last m = ⌈n/2⌉
 * tokens, which overlap when n is odd. So a size takes about log2(n) passes, and the sizes asked for share them.
 */
export class NgramOverlap {
  readonly #levels: Level[] = []; // by n, ascending; the first is n = 1

  constructor(sizes: readonly number[]) {
    const all = new Set([1]);
    for (let size of sizes) {
      for (; size > 1; size = Math.ceil(size / 2)) all.add(size);
    }
    for (const n of [...all].sort((a, b) => a - b)) {
      this.#levels.push({
        n,
        half: this.#levels.find((level) => level.n === Math.ceil(n / 2)),
        pairs: new PairNumbers(),
        grams: new Int32Array(0),
        found: new Int32Array(0),
        counts: new Int32Array(0),
        length: 0,
      });
    }
  }

  /** Takes the text that others are compared with; its tokens are below `size`. */
  setBase(tokens: Tokens, size: number): void {
    for (const level of this.#levels) {
      const { n, half, pairs } = level;
      const length = Math.max(0, tokens.length - n + 1);
      if (half === undefined) {
        for (let i = 0; i < level.length; i++) level.counts[level.grams[i]] = 0; // of the text before
        if (size > level.counts.length) level.counts = new Int32Array(2 * size);
      } else {
        if (length > level.counts.length) level.counts = new Int32Array(2 * length);
        level.counts.fill(0, 0, length);
        pairs.clear(length);
      }
      if (length > level.grams.length) level.grams = new Int32Array(2 * length);
      const { grams, counts } = level;
      for (let i = 0; i < length; i++) {
        grams[i] = half === undefined ? tokens.ids[i] : pairs.add(half.grams[i], half.grams[i + n - half.n]);
        counts[grams[i]]++;
      }
      level.length = length;
    }
  }

  /**
   * N-grams in common with the base, each as often as it is in the text that has it less often: `out` gets n and their number.
   * Tokens are below `size`.
   */
  countShared(tokens: Tokens, size: number, out: Map<number, number>): void {
    for (const level of this.#levels) {
      const { n, half, pairs } = level, length = Math.max(0, tokens.length - n + 1);
      if (half === undefined) {
        if (size > level.counts.length) level.counts = grown(level.counts, 2 * size);
        level.found = tokens.ids;
      } else {
        if (length > level.found.length) level.found = new Int32Array(2 * length);
        const parts = half.found, shift = n - half.n;
        for (let i = 0; i < length; i++) {
          const first = parts[i], last = parts[i + shift];
          level.found[i] = first < 0 || last < 0 ? -1 : pairs.find(first, last);
        }
      }
      const { counts, found } = level;
      let shared = 0;
      for (let i = 0; i < length; i++) {
        if (found[i] >= 0 && counts[found[i]]-- > 0) shared++;
      }
      for (let i = 0; i < length; i++) {
        if (found[i] >= 0) counts[found[i]]++;
      }
      out.set(n, shared);
    }
  }
}

/** N-grams of one size. */
interface Level {
  n: number;
  /** The level whose n-grams these are pairs of; for n = 1 they are the tokens. */
  half?: Level;
  pairs: PairNumbers;
  /** Of the base, in its order; the first `length` count. */
  grams: Int32Array;
  length: number;
  /** Of the text compared with it; -1 where the base has no such n-gram. */
  found: Int32Array;
  /** How often the base has each. */
  counts: Int32Array;
}

/** Numbers for pairs of whole numbers, in the order they are first met. */
export class PairNumbers {
  #size = 0;
  #firsts = new Int32Array(64);
  #seconds = new Int32Array(64);
  #slots = new Int32Array(128); // 1 + a pair's number, 0 where free; at most half are taken
  #mask = 127;
  // Results do not depend on it: with a seed that nobody knows, no text can be made whose pairs all collide.
  readonly #seed = (Math.random() * 0x100000000) | 0;

  /** Forgets all pairs, and makes room for `count`. */
  clear(count: number): void {
    let room = 16;
    while (room < 2 * count) room *= 2;
    if (room > this.#slots.length) {
      this.#slots = new Int32Array(room);
      this.#firsts = new Int32Array(room >>> 1);
      this.#seconds = new Int32Array(room >>> 1);
    } else {
      this.#slots.fill(0, 0, room);
    }
    this.#mask = room - 1;
    this.#size = 0;
  }

  /** Number of a pair, a new one if it has none. */
  add(first: number, second: number): number {
    const slot = this.#slotOf(first, second);
    if (this.#slots[slot] !== 0) return this.#slots[slot] - 1;
    this.#firsts[this.#size] = first;
    this.#seconds[this.#size] = second;
    this.#slots[slot] = ++this.#size;
    return this.#size - 1;
  }

  /** Number of a pair, -1 if it has none. */
  find(first: number, second: number): number {
    return this.#slots[this.#slotOf(first, second)] - 1;
  }

  #slotOf(first: number, second: number): number {
    let hash = Math.imul(first ^ this.#seed, 0x7feb352d);
    hash = Math.imul((hash ^ (hash >>> 15)) + second, 0x846ca68b);
    const slots = this.#slots, mask = this.#mask;
    let slot = (hash ^ (hash >>> 16)) & mask;
    while (slots[slot] !== 0) {
      const id = slots[slot] - 1;
      if (this.#firsts[id] === first && this.#seconds[id] === second) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }
}

function grown(array: Int32Array, length: number): Int32Array {
  const longer = new Int32Array(length);
  longer.set(array);
  return longer;
}
