/**
 * Longest common subsequences, bit-parallel: what rougeL and rougeLsum are made of.
 *
 * @module
 */
import { PairNumbers } from "./rouge_ngrams.ts";
import type { Tokens } from "./rouge_tokens.ts";

/** Bits of a word of the row of differences: the 32nd takes the carry of an addition. */
const WORD = 31;
const FULL = 0x7fffffff;

/** Part of a list of tokens: from `start` up to but without `end`. */
export interface Span {
  readonly ids: Int32Array;
  readonly start: number;
  end: number;
}

/**
 * Longest common subsequences of lists of small whole numbers, 31 cells of the table at a time (bit-parallel: M. Crochemore et
 * al., "A fast and practical bit-vector algorithm for the longest common subsequence problem", 2001; H. Hyyrö, "Bit-parallel
 * LCS-length computation revisited", 2004).
 *
 * The table has a row for each token of `a` and a column for each of `b`. Bit i of column j is 0 where the table grows by one
 * from row i to row i + 1. Rows go in strips of 31, two at a time, and hand their carries to the next two; so the masks of two
 * strips are all that is kept. Memory is linear in the lengths; for indices, it is rows / 31 times the root of the columns.
 */
export class Lcs {
  #masks = new Int32Array(1 << 11); // for each token, where it stands in the strip
  #upper = new Int32Array(1 << 11); // and in the strip after it
  #carries = new Uint8Array(64);
  #kept = new Int32Array(256); // columns, kept for the way back

  /** Tokens of the lists to come are below `size`. */
  reserve(size: number): void {
    if (size <= this.#masks.length) return;
    const length = Math.max(size, 2 * this.#masks.length);
    this.#masks = new Int32Array(length);
    this.#upper = new Int32Array(length);
  }

  /** Length of the longest common subsequence. */
  lengthOf(a: Span, b: Span): number {
    let { start, end } = a, otherStart = b.start, otherEnd = b.end;
    let common = 0;
    while (start < end && otherStart < otherEnd && a.ids[start] === b.ids[otherStart]) {
      start++, otherStart++, common++;
    }
    while (start < end && otherStart < otherEnd && a.ids[end - 1] === b.ids[otherEnd - 1]) {
      end--, otherEnd--, common++;
    }
    if (start === end || otherStart === otherEnd) return common;
    let rows: Span = { ids: a.ids, start, end },
      columns: Span = { ids: b.ids, start: otherStart, end: otherEnd };
    if (end - start > otherEnd - otherStart) [rows, columns] = [columns, rows];
    if (rows.end - rows.start <= WORD) return common + this.#shortLength(rows, columns);
    [rows, columns] = [this.#shared(rows, columns), this.#shared(columns, rows)];
    if (rows.end > columns.end) [rows, columns] = [columns, rows];
    return common + (rows.end <= WORD ? this.#shortLength(rows, columns) : this.#longLength(rows, columns));
  }

  /**
   * Sets `found[i - a.start]` for each index i of `a` in a longest common subsequence with `b`: the one that goes back from the
   * table's end by a match where there is one, else by a column where the table's value to the left is larger than that above,
   * else by a row (rouge-score's choice among equals).
   */
  mark(a: Span, b: Span, found: Uint8Array): void {
    if (a.start === a.end || b.start === b.end) return;
    if (a.end - a.start <= WORD) this.#markShort(a, b, found);
    else this.#markLong(a, b, found);
  }

  #shortLength(rows: Span, columns: Span): number {
    const masks = this.#masks, { ids, end } = columns;
    setMasks(masks, rows, 0);
    let v = FULL;
    for (let j = columns.start; j < end; j++) {
      const mask = masks[ids[j]];
      v = ((v + (v & mask)) & FULL) | (v & ~mask);
    }
    clearMasks(masks, rows, 0);
    return WORD - bitCount(v);
  }

  #longLength(rows: Span, columns: Span): number {
    const words = Math.ceil((rows.end - rows.start) / WORD), state = new Int32Array(words).fill(FULL);
    this.#forward(rows, columns, { from: state, to: state });
    return state.reduce((length, v) => length + WORD - bitCount(v), 0);
  }

  #markShort(a: Span, b: Span, found: Uint8Array): void {
    const masks = this.#masks, columns = b.end - b.start, kept = this.#keep(columns);
    setMasks(masks, a, 0);
    let v = FULL;
    for (let j = 0; j < columns; j++) {
      const mask = masks[b.ids[b.start + j]];
      v = ((v + (v & mask)) & FULL) | (v & ~mask);
      kept[j] = v;
    }
    let i = a.end - a.start - 1, j = columns - 1;
    while (i >= 0 && j >= 0) {
      const bit = 1 << i;
      if ((masks[b.ids[b.start + j]] & bit) !== 0) {
        found[i] = 1;
        i--, j--;
      } else if ((kept[j] & bit) === 0) {
        j--;
      } else {
        i--;
      }
    }
    clearMasks(masks, a, 0);
  }

  /**
   * Keeps the first column of every range of columns on the way forth, and on the way back makes the columns of one range at a
   * time again: twice the work instead of a table.
   */
  #markLong(a: Span, b: Span, found: Uint8Array): void {
    const rows = a.end - a.start, columns = b.end - b.start, words = Math.ceil(rows / WORD);
    const width = Math.max(64, Math.ceil(Math.sqrt(columns))), ranges = Math.ceil(columns / width);
    const firsts = new Int32Array(ranges * words).fill(FULL, 0, words);
    for (let range = 0; range + 1 < ranges; range++) {
      this.#forward(a, { ...b, start: b.start + range * width, end: b.start + (range + 1) * width }, {
        from: firsts.subarray(range * words, (range + 1) * words),
        to: firsts.subarray((range + 1) * words, (range + 2) * words),
      });
    }
    const kept = this.#keep(width * words);
    let i = rows - 1;
    for (let range = ranges - 1; range >= 0 && i >= 0; range--) {
      const start = b.start + range * width, end = Math.min(b.end, start + width);
      this.#forward(a, { ...b, start, end }, {
        from: firsts.subarray(range * words, (range + 1) * words),
        kept,
      });
      let j = end - 1;
      while (i >= 0 && j >= start) {
        if (a.ids[a.start + i] === b.ids[j]) {
          found[i] = 1;
          i--, j--;
        } else if ((kept[(j - start) * words + Math.floor(i / WORD)] & (1 << (i % WORD))) === 0) {
          j--;
        } else {
          i--;
        }
      }
    }
  }

  /** All strips over a range of columns: the last column goes to `to`, every column to `kept`. */
  #forward(rows: Span, columns: Span, at: { from: Int32Array; to?: Int32Array; kept?: Int32Array }): void {
    const lower = this.#masks, upper = this.#upper, { ids, start } = columns, count = columns.end - start;
    const { from, to, kept } = at, words = from.length, carries = this.#cleared(count);
    for (let word = 0; word < words; word += 2) {
      setMasks(lower, rows, word * WORD);
      setMasks(upper, rows, (word + 1) * WORD);
      const both = word + 1 < words; // else the upper strip has no rows, and stays as it is
      let v = from[word], w = both ? from[word + 1] : FULL;
      for (let j = 0; j < count; j++) {
        const id = ids[start + j], mask = lower[id], next = upper[id];
        const sum = (v + (v & mask) + carries[j]) | 0;
        v = (sum & FULL) | (v & ~mask);
        const above = (w + (w & next) + (sum >>> WORD)) | 0;
        carries[j] = above >>> WORD;
        w = (above & FULL) | (w & ~next);
        if (kept !== undefined) {
          kept[j * words + word] = v;
          if (both) kept[j * words + word + 1] = w;
        }
      }
      if (to !== undefined) {
        to[word] = v;
        if (both) to[word + 1] = w;
      }
      clearMasks(lower, rows, word * WORD);
      clearMasks(upper, rows, (word + 1) * WORD);
    }
  }

  /** The tokens of a list that are in another one too. */
  #shared(list: Span, other: Span): Span {
    const masks = this.#masks, ids = new Int32Array(list.end - list.start);
    for (let j = other.start; j < other.end; j++) masks[other.ids[j]] = 1;
    let end = 0;
    for (let i = list.start; i < list.end; i++) {
      if (masks[list.ids[i]] !== 0) ids[end++] = list.ids[i];
    }
    for (let j = other.start; j < other.end; j++) masks[other.ids[j]] = 0;
    return { ids, start: 0, end };
  }

  #cleared(count: number): Uint8Array {
    if (count > this.#carries.length) this.#carries = new Uint8Array(2 * count);
    return this.#carries.fill(0, 0, count);
  }

  #keep(count: number): Int32Array {
    if (count > this.#kept.length) this.#kept = new Int32Array(2 * count);
    return this.#kept;
  }
}

function setMasks(masks: Int32Array, rows: Span, from: number): void {
  const start = rows.start + from, end = Math.min(rows.end, start + WORD);
  for (let i = start; i < end; i++) masks[rows.ids[i]] |= 1 << (i - start);
}

function clearMasks(masks: Int32Array, rows: Span, from: number): void {
  const end = Math.min(rows.end, rows.start + from + WORD);
  for (let i = rows.start + from; i < end; i++) masks[rows.ids[i]] = 0;
}

function bitCount(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** A line, and how often the text has it. */
interface Line {
  span: Span;
  times: number;
}

/**
 * Matches of rougeLsum. Each line of the reference is matched with the union of its longest common subsequences with the lines
 * of the prediction; a token counts as a match at most as often as the prediction has it. A line that a text has many times is
 * matched once: a model that repeats itself makes thousands.
 */
export class SummaryLcs {
  readonly #lcs: Lcs;
  readonly #nodes = new PairNumbers();
  #left = new Int32Array(0); // for each token, how many of the prediction's are not matched
  #found = new Uint8Array(64);

  constructor(lcs: Lcs) {
    this.#lcs = lcs;
  }

  /** Tokens are below `size`, and the subsequences have room for them. */
  matches(reference: Tokens, prediction: Tokens, size: number): number {
    if (reference.length === 0 || prediction.length === 0) return 0;
    if (reference.lineEnds.length === 1 && prediction.lineEnds.length === 1) {
      return this.#lcs.lengthOf(
        { ids: reference.ids, start: 0, end: reference.length },
        { ids: prediction.ids, start: 0, end: prediction.length },
      );
    }
    if (size > this.#left.length) this.#left = new Int32Array(2 * size);
    if (reference.length > this.#found.length) this.#found = new Uint8Array(2 * reference.length);
    const left = this.#left, found = this.#found, { ids, length } = prediction;
    for (let j = 0; j < length; j++) left[ids[j]]++;
    const candidates = this.#distinct(prediction);
    let matches = 0;
    for (const { span, times } of this.#distinct(reference)) {
      found.fill(0, 0, span.end - span.start);
      for (const candidate of candidates) this.#lcs.mark(span, candidate.span, found);
      for (let i = span.start; i < span.end; i++) {
        if (found[i - span.start] === 0) continue;
        const taken = Math.min(times, left[span.ids[i]]);
        left[span.ids[i]] -= taken;
        matches += taken;
      }
    }
    for (let j = 0; j < length; j++) left[ids[j]] = 0;
    return matches;
  }

  /** The lines that differ from all before them. A line is known by its way through a tree of tokens. */
  #distinct({ ids, length, lineEnds }: Tokens): Line[] {
    const nodes = this.#nodes, lines = new Map<number, Line>();
    nodes.clear(length);
    let start = 0;
    for (const end of lineEnds) {
      let node = -1;
      for (let i = start; i < end; i++) node = nodes.add(node, ids[i]);
      const line = lines.get(node);
      if (line === undefined) lines.set(node, { span: { ids, start, end }, times: 1 });
      else line.times++;
      start = end;
    }
    return [...lines.values()];
  }
}
