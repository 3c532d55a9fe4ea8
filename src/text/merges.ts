/**
 * Learning the merges of byte-pair encoding.
 *
 * @module
 */

/** The distinct words of a corpus, cut into the pieces that merging begins with. */
export interface PieceWords {
  /** Ids of the pieces of all words, one word behind the other; changed in place. */
  readonly pieces: Int32Array;
  /** Where each word begins among the pieces; one entry more than there are words. */
  readonly starts: Int32Array;
  /** How often the corpus has each word. */
  readonly counts: Float64Array;
}

/** The vocabulary that `learnMerges` adds to. */
export interface MergeVocabulary {
  /** Pairs seen less often than this are not merged; at least 1. */
  readonly minFrequency: number;
  /** The id of the piece that joins two pieces; a new piece enters the vocabulary here. */
  join(left: number, right: number): number;
  /** No more merges once true. */
  isFull(): boolean;
}

/**
 * The training loop of byte-pair encoding: merges the commonest adjacent pair in all words, over and over. Ties go to the
 * pair of smaller ids, left before right.
 *
 * Pair counts are kept up to date by visiting only the words that may hold the merged pair, and a heap with stale entries
 * gives the next one, so the whole costs about the length of the distinct words times their number of merges.
 *
 * The merges are those of huggingface/tokenizers' trainer, one for one.
 *
 * Source: Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units", and `models/bpe/trainer.rs` of
 * huggingface/tokenizers 0.23.
 *
 * @example
 * ```ts
 * import { learnMerges } from "./merges.ts";
 * import assert from "node:assert/strict";
 *
 * // Pieces a = 0, b = 1, c = 2: the words "abc", which the corpus has 3 times, and "ab", twice.
 * const words = {
 *   pieces: Int32Array.of(0, 1, 2, 0, 1),
 *   starts: Int32Array.of(0, 3, 5),
 *   counts: Float64Array.of(3, 2),
 * };
 * const merges: number[][] = [];
 * const join = (left: number, right: number) => 2 + merges.push([left, right]);
 * learnMerges(words, { minFrequency: 1, join, isFull: () => merges.length === 10 });
 * assert.deepEqual(merges, [[0, 1], [3, 2]]); // a + b = 3, seen 5 times; then 3 + c
 * ```
 */
export function learnMerges(words: PieceWords, vocabulary: MergeVocabulary): void {
  const { pieces, starts, counts } = words;
  const pairs = new PairTable();
  const { lefts, rights, totals } = pairs;
  const ends = starts.slice(1); // words grow shorter
  const queue = new MergeQueue(lefts, rights);

  let gained: (number[] | undefined)[] = []; // by pair: the words in which it arose in this round
  let touched: number[] = [];
  const gain = (left: number, right: number, word: number) => {
    const pair = pairs.of(left, right);
    totals[pair] += counts[word];
    const list = gained[pair];
    if (list === undefined) {
      gained[pair] = [word];
      touched.push(pair);
    } else if (list[list.length - 1] !== word) list.push(word);
  };
  const lose = (left: number, right: number, word: number) => {
    totals[pairs.of(left, right)] -= counts[word];
  };
  const enqueue = () => {
    for (const pair of touched) {
      if (totals[pair] > 0) queue.push({ total: totals[pair], pair, words: gained[pair]! });
      gained[pair] = undefined;
    }
    touched = [];
  };

  for (let word = 0; word < ends.length; word++) {
    for (let at = starts[word] + 1; at < ends[word]; at++) gain(pieces[at - 1], pieces[at], word);
  }
  enqueue();
  gained = [];

  while (!vocabulary.isFull()) {
    const top = queue.pop();
    if (top === undefined) return;
    const total = totals[top.pair];
    if (top.total !== total) {
      // Stale: other merges took occurrences away since it was pushed, or gave some.
      top.total = total;
      if (total > 0) queue.push(top);
      continue;
    }
    if (total < vocabulary.minFrequency) return;
    const left = lefts[top.pair];
    const right = rights[top.pair];
    const joined = vocabulary.join(left, right);
    for (const word of top.words) {
      const start = starts[word];
      const end = ends[word];
      let write = start;
      for (let read = start; read < end; read++, write++) {
        if (pieces[read] !== left || read + 1 === end || pieces[read + 1] !== right) {
          pieces[write] = pieces[read];
          continue;
        }
        if (write > start) {
          lose(pieces[write - 1], left, word);
          gain(pieces[write - 1], joined, word);
        }
        if (read + 2 < end) {
          lose(right, pieces[read + 2], word);
          gain(joined, pieces[read + 2], word);
        }
        pieces[write] = joined;
        read++;
      }
      ends[word] = write;
    }
    enqueue();
  }
}

/** Numbers pairs of ids in the order in which they are met: a hash table with open addressing. */
class PairTable {
  readonly lefts: number[] = [];
  readonly rights: number[] = [];
  /** How often the corpus has each pair; for who uses the table to keep. */
  readonly totals: number[] = [];
  #slots = new Int32Array(1 << 16).fill(-1);

  /** The number of a pair. */
  of(left: number, right: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hashOf(left, right) & mask;
    for (let pair = slots[slot]; pair >= 0; pair = slots[slot]) {
      if (this.lefts[pair] === left && this.rights[pair] === right) return pair;
      slot = (slot + 1) & mask;
    }
    const pair = this.lefts.push(left) - 1;
    this.rights.push(right);
    this.totals.push(0);
    slots[slot] = pair;
    if (2 * pair > slots.length) this.#grow();
    return pair;
  }

  #grow(): void {
    const slots = new Int32Array(2 * this.#slots.length).fill(-1);
    const mask = slots.length - 1;
    for (let pair = 0; pair < this.lefts.length; pair++) {
      let slot = hashOf(this.lefts[pair], this.rights[pair]) & mask;
      while (slots[slot] >= 0) slot = (slot + 1) & mask;
      slots[slot] = pair;
    }
    this.#slots = slots;
  }
}

function hashOf(left: number, right: number): number {
  const mixed = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b);
  return Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d) >>> 1;
}

/** A merge that waits. */
interface Waiting {
  /** What the pair counted when it was pushed. */
  total: number;
  readonly pair: number;
  /** Words in which it is to be merged; some may not hold it any more. */
  readonly words: number[];
}

/** A binary heap: greatest total first, then the smaller left id, then the smaller right id. */
class MergeQueue {
  readonly #lefts: readonly number[];
  readonly #rights: readonly number[];
  readonly #heap: Waiting[] = [];

  constructor(lefts: readonly number[], rights: readonly number[]) {
    this.#lefts = lefts;
    this.#rights = rights;
  }

  push(merge: Waiting): void {
    const heap = this.#heap;
    let at = heap.push(merge) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#before(merge, heap[parent])) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = merge;
  }

  pop(): Waiting | undefined {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return last;
    const top = heap[0];
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#before(heap[child + 1], heap[child])) child++;
      if (!this.#before(heap[child], last)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = last;
    return top;
  }

  #before(a: Waiting, b: Waiting): boolean {
    return (a.total - b.total || this.#lefts[b.pair] - this.#lefts[a.pair] ||
      this.#rights[b.pair] - this.#rights[a.pair]) > 0;
  }
}
