/**
 * Learning the merges of byte-pair encoding.
 *
 * @module
 */

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
 * The training loop of byte-pair encoding: merges the commonest adjacent pair in all words, over and over. `sequences[w]`
 * are the piece ids of word `w` (changed in place), `counts[w]` how often the corpus has that word. Ties go to the pair of
 * smaller ids, left before right.
 *
 * Pair counts are kept up to date by visiting only the words that hold the merged pair, and a heap with stale entries gives
 * the next one, so the whole costs about the length of the distinct words times their number of merges.
 *
 * Source: Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units", and the heap of
 * huggingface/tokenizers' trainer.
 */
export function learnMerges(sequences: number[][], counts: number[], vocabulary: MergeVocabulary): void {
  const pairOf = new Map<number, number>(); // left * 2^26 + right -> pair
  const lefts: number[] = [];
  const rights: number[] = [];
  const totals: number[] = [];
  const wordsOf: number[][] = []; // words that hold the pair, or once did; a repeated one finds nothing left to merge
  const heap = new PairHeap(lefts, rights);

  const change = (left: number, right: number, word: number, amount: number): number => {
    const key = left * 2 ** 26 + right;
    let pair = pairOf.get(key);
    if (pair === undefined) {
      pair = lefts.length;
      pairOf.set(key, pair);
      lefts.push(left);
      rights.push(right);
      totals.push(0);
      wordsOf.push([]);
    }
    totals[pair] += amount;
    if (amount > 0) {
      const words = wordsOf[pair];
      if (words[words.length - 1] !== word) words.push(word);
    }
    return pair;
  };

  sequences.forEach((sequence, word) => {
    for (let i = 1; i < sequence.length; i++) change(sequence[i - 1], sequence[i], word, counts[word]);
  });
  for (let pair = 0; pair < totals.length; pair++) heap.push(totals[pair], pair);

  while (!vocabulary.isFull()) {
    const top = heap.pop();
    if (top === undefined) return;
    const { pair, total } = top;
    if (total !== totals[pair]) {
      // Stale: the pair lost occurrences since it was pushed. Growth is pushed when it happens.
      if (totals[pair] > 0 && totals[pair] < total) heap.push(totals[pair], pair);
      continue;
    }
    if (total < vocabulary.minFrequency) return;

    const left = lefts[pair];
    const right = rights[pair];
    const joined = vocabulary.join(left, right);
    const grown = new Set<number>();
    for (const word of wordsOf[pair]) {
      const sequence = sequences[word];
      const count = counts[word];
      let write = 0;
      for (let read = 0; read < sequence.length; read++, write++) {
        if (sequence[read] !== left || sequence[read + 1] !== right) {
          sequence[write] = sequence[read];
          continue;
        }
        if (write > 0) {
          change(sequence[write - 1], left, word, -count);
          grown.add(change(sequence[write - 1], joined, word, count));
        }
        if (read + 2 < sequence.length) {
          change(right, sequence[read + 2], word, -count);
          grown.add(change(joined, sequence[read + 2], word, count));
        }
        sequence[write] = joined;
        read++;
      }
      sequence.length = write;
    }
    totals[pair] = 0;
    wordsOf[pair] = [];
    for (const changed of grown) if (totals[changed] > 0) heap.push(totals[changed], changed);
  }
}

/** A binary heap of (total, pair), greatest total first, then the smaller left id, then the smaller right id. */
class PairHeap {
  readonly #lefts: number[];
  readonly #rights: number[];
  readonly #totals: number[] = [];
  readonly #pairs: number[] = [];

  constructor(lefts: number[], rights: number[]) {
    this.#lefts = lefts;
    this.#rights = rights;
  }

  push(total: number, pair: number): void {
    let at = this.#totals.length;
    this.#totals.push(total);
    this.#pairs.push(pair);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#before(total, pair, parent)) break;
      this.#totals[at] = this.#totals[parent];
      this.#pairs[at] = this.#pairs[parent];
      at = parent;
    }
    this.#totals[at] = total;
    this.#pairs[at] = pair;
  }

  pop(): { total: number; pair: number } | undefined {
    if (this.#totals.length === 0) return undefined;
    const top = { total: this.#totals[0], pair: this.#pairs[0] };
    const total = this.#totals.pop()!;
    const pair = this.#pairs.pop()!;
    const size = this.#totals.length;
    if (size === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#before(this.#totals[child + 1], this.#pairs[child + 1], child)) child++;
      if (this.#before(total, pair, child)) break;
      this.#totals[at] = this.#totals[child];
      this.#pairs[at] = this.#pairs[child];
      at = child;
    }
    this.#totals[at] = total;
    this.#pairs[at] = pair;
    return top;
  }

  /** Whether (total, pair) comes out before the entry at `index`. */
  #before(total: number, pair: number, index: number): boolean {
    const other = this.#pairs[index];
    return (total - this.#totals[index] || this.#lefts[other] - this.#lefts[pair] ||
      this.#rights[other] - this.#rights[pair]) > 0;
  }
}
