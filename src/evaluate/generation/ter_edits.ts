/**
 * Tercom's search for edits and shifts, which TER counts.
 *
 * @module
 */

/** Counts the edits between two lists of words: see {@link createEditCounter}. */
export type EditCounter = (hypothesis: readonly string[], reference: readonly string[]) => number;

/** Longest stretch of words that is shifted. */
const MAX_SHIFT_SIZE = 10;
/** How far a stretch may stand from where the same words stand in the reference. */
const MAX_SHIFT_DISTANCE = 50;
/** Shifts tried for one pair of texts. */
const MAX_SHIFT_CANDIDATES = 1000;
/** Cells of the edit distance on either side of the diagonal. */
const BEAM_WIDTH = 25;
/** Above any edit distance: a cell that the beam leaves out. */
const UNREACHED = 1 << 29;

/**
 * A counter of the edits (insertions, deletions, substitutions, shifts) that turn a hypothesis into a reference, by the
 * heuristics of Tercom in sacrebleu 2.6.0: greedily, while a shift lowers the edit distance, the best one is made.
 *
 * What is kept of the hypothesis as it stands is its matrix of edit distances, so a candidate shift is worth only the rows from
 * the first word it moves to where its rows run level with the old ones again. The beam makes a row at most some 50 cells, or
 * the ratio of the lengths: memory and the time of a step are linear in the texts' lengths.
 */
export function createEditCounter(): EditCounter {
  const ids = new Map<string, number>();
  return (hypothesis, reference) => {
    if (reference.length === 0) return hypothesis.length;
    if (hypothesis.length === 0) return reference.length;
    // Words matter only as equal or not to those of the reference.
    ids.clear();
    const expected = new Int32Array(reference.length), words = new Int32Array(hypothesis.length);
    for (let j = 0; j < expected.length; j++) {
      let id = ids.get(reference[j]);
      if (id === undefined) ids.set(reference[j], id = ids.size);
      expected[j] = id;
    }
    for (let i = 0; i < words.length; i++) words[i] = ids.get(hypothesis[i]) ?? -1;
    return countEdits(words, expected, ids.size);
  };
}

function countEdits(words: Int32Array, reference: Int32Array, vocabulary: number): number {
  const matrix = createMatrix(words, reference);
  const places = placesOf(reference, vocabulary);
  let shifts = 0;
  const tries = { count: 0 };
  while (true) {
    const shift = bestShift(words, reference, matrix, places, tries);
    if (tries.count >= MAX_SHIFT_CANDIDATES || shift === undefined || shift.gain <= 0) {
      return shifts + matrix.distance();
    }
    shifts++;
    rotate(words, shift);
    matrix.fill(shift.from);
  }
}

/** A shift as what it does: two neighbouring stretches change places, `from` to `middle` and `middle` to `to`. */
interface Rotation {
  from: number;
  middle: number;
  to: number;
}

interface Shift extends Rotation {
  gain: number;
  length: number;
  start: number;
  target: number;
}

/** The shift that lowers the edit distance most; of equals the longest, then the one from nearest the start, then to it. */
function bestShift(
  words: Int32Array,
  reference: Int32Array,
  matrix: Matrix,
  { starts, positions }: Places,
  tries: { count: number },
): Shift | undefined {
  const n = words.length, m = reference.length;
  const { align, wordErrors, referenceErrors } = matrix.align();
  const before = matrix.distance();
  const first = starts.slice(); // of each word's places, the first that is near enough
  let best: Shift | undefined;
  for (let start = 0; start < n; start++) {
    const word = words[start];
    if (word < 0 || wordErrors[Math.min(n, start + MAX_SHIFT_SIZE)] === wordErrors[start]) continue;
    while (first[word] < starts[word + 1] && positions[first[word]] < start - MAX_SHIFT_DISTANCE) {
      first[word]++;
    }
    for (let p = first[word]; p < starts[word + 1]; p++) {
      const place = positions[p];
      if (place > start + MAX_SHIFT_DISTANCE) break;
      const aligned = align[place];
      for (let length = 1; length <= MAX_SHIFT_SIZE && start + length <= n && place + length <= m; length++) {
        if (words[start + length - 1] !== reference[place + length - 1]) break;
        // Only words that are wrong go to where the reference is not matched, and not into themselves.
        if (wordErrors[start + length] === wordErrors[start]) continue;
        if (referenceErrors[place + length] === referenceErrors[place]) continue;
        if (start <= aligned && aligned < start + length) break;
        for (let offset = -1, last = -1; offset < length; offset++) {
          const target = place + offset < 0 ? 0 : align[place + offset] + 1;
          if (target === last) continue;
          last = target;
          tries.count++;
          const rotation = rotationOf(start, length, target, n);
          const gain = before - matrix.distanceAfter(rotation);
          if (best === undefined || isBetter(gain, length, start, target, best)) {
            best = { gain, length, start, target, ...rotation };
          }
        }
        if (tries.count >= MAX_SHIFT_CANDIDATES) return best;
      }
    }
  }
  return best;
}

function isBetter(gain: number, length: number, start: number, target: number, best: Shift): boolean {
  if (gain !== best.gain) return gain > best.gain;
  if (length !== best.length) return length > best.length;
  if (start !== best.start) return start < best.start;
  return target < best.target;
}

/** Before the stretch, the target is where it goes; within it, how much further on; after it, where it ends. */
function rotationOf(start: number, length: number, target: number, n: number): Rotation {
  if (target < start) return { from: target, middle: start, to: start + length };
  if (target > start + length) return { from: start, middle: start + length, to: target };
  return { from: start, middle: start + length, to: Math.min(n, target + length) };
}

function rotate(words: Int32Array, { from, middle, to }: Rotation): void {
  const moved = words.slice(from, middle);
  words.copyWithin(from, middle, to);
  words.set(moved, from + to - middle);
}

/** Where each word stands in the reference: `positions[starts[word]]` and on, ascending. */
interface Places {
  starts: Int32Array;
  positions: Int32Array;
}

function placesOf(reference: Int32Array, vocabulary: number): Places {
  const starts = new Int32Array(vocabulary + 1), positions = new Int32Array(reference.length);
  for (let j = 0; j < reference.length; j++) starts[reference[j] + 1]++;
  for (let word = 0; word < vocabulary; word++) starts[word + 1] += starts[word];
  const next = starts.slice();
  for (let j = 0; j < reference.length; j++) positions[next[reference[j]]++] = j;
  return { starts, positions };
}

/** The best way through the matrix, read as an alignment of the reference to the words. */
interface Alignment {
  /** For each place of the reference the word it goes with, or the last one before it; -1 before the first. */
  align: Int32Array;
  /** How many of the first i words are wrong. */
  wordErrors: Int32Array;
  /** How many of the first j places of the reference are not matched. */
  referenceErrors: Int32Array;
}

/** Edit distances between the first i words and the first j of the reference, within the beam. */
interface Matrix {
  /** Computes the rows after that of the first `from` words anew. */
  fill(from: number): void;
  /** Between all of the words and all of the reference. */
  distance(): number;
  /** The same if the words were moved so. */
  distanceAfter(rotation: Rotation): number;
  align(): Alignment;
}

/** The matrix of these words, which may be reordered in place between calls of `fill`. */
function createMatrix(words: Int32Array, reference: Int32Array): Matrix {
  const n = words.length, m = reference.length;
  const ratio = m / n;
  const beam = BEAM_WIDTH < ratio / 2 ? Math.ceil(ratio / 2 + BEAM_WIDTH) : BEAM_WIDTH;
  // Row i holds columns low[i] to high[i] - 1, of which column j is cells[shift[i] + j].
  const low = new Int32Array(n + 1), high = new Int32Array(n + 1), shift = new Int32Array(n + 1);
  let size = 0;
  for (let i = 0; i <= n; i++) {
    const diagonal = Math.floor(i * ratio);
    low[i] = i === 0 ? 0 : Math.max(0, diagonal - beam);
    high[i] = i === n || i === 0 ? m + 1 : Math.min(m + 1, diagonal + beam);
    shift[i] = size - low[i];
    size += high[i] - low[i];
  }
  const cells = new Int32Array(size);
  for (let j = 0; j <= m; j++) cells[j] = j;
  let above = new Int32Array(m + 1), row = new Int32Array(m + 1); // scratch for candidates

  /** Row i for this word from the row above: column j is at `shift + j` in both. */
  const step = (
    i: number,
    word: number,
    from: Int32Array,
    fromShift: number,
    to: Int32Array,
    toShift: number,
  ) => {
    const end = high[i], lowAbove = low[i - 1], highAbove = high[i - 1];
    let j = low[i], left = UNREACHED, diagonal = UNREACHED;
    if (j === 0) {
      diagonal = from[fromShift];
      to[toShift] = left = diagonal + 1;
      j = 1;
    } else if (j > lowAbove) diagonal = from[fromShift + j - 1];
    const shared = Math.min(end, highAbove);
    for (; j < shared; j++) {
      const up = from[fromShift + j];
      let least = word === reference[j - 1] ? diagonal : diagonal + 1;
      if (up < least) least = up + 1;
      if (left < least) least = left + 1;
      to[toShift + j] = left = least;
      diagonal = up;
    }
    for (; j < end; j++) { // beyond the row above
      let least = word === reference[j - 1] ? diagonal : diagonal + 1;
      if (left < least) least = left + 1;
      to[toShift + j] = left = least;
      diagonal = UNREACHED;
    }
  };

  const distance = () => cells[shift[n] + m];

  const distanceAfter = ({ from, middle, to }: Rotation) => {
    if (from === middle || middle === to) return distance();
    const behind = from + to - middle; // where the first stretch lands
    for (let i = from + 1; i <= n; i++) {
      const at = i - 1;
      const word = words[at >= to ? at : at < behind ? at + middle - from : at - (to - middle)];
      if (i === from + 1) step(i, word, cells, shift[from], row, 0);
      else step(i, word, above, 0, row, 0);
      if (i >= to) {
        // From here on the words are as they were: a row that is off by a constant stays so to the end.
        const off = row[low[i]] - cells[shift[i] + low[i]];
        let j = low[i] + 1;
        while (j < high[i] && row[j] - cells[shift[i] + j] === off) j++;
        if (j >= high[i]) return distance() + off;
      }
      [above, row] = [row, above];
    }
    return above[m];
  };

  const fill = (from: number) => {
    for (let i = from + 1; i <= n; i++) step(i, words[i - 1], cells, shift[i - 1], cells, shift[i]);
  };

  const align = (): Alignment => {
    const aligned = new Int32Array(m),
      wordErrors = new Int32Array(n + 1),
      referenceErrors = new Int32Array(m + 1);
    for (let i = n, j = m; i > 0 || j > 0;) {
      const cost = cells[shift[i] + j];
      const same = i > 0 && j > 0 && words[i - 1] === reference[j - 1];
      const inside = i > 0 && j > 0 && j - 1 >= low[i - 1] && j - 1 < high[i - 1];
      // A match or substitution is preferred, then a word too many, then one that is missing.
      if (inside && cells[shift[i - 1] + j - 1] + (same ? 0 : 1) === cost) {
        wordErrors[i] = referenceErrors[j] = same ? 0 : 1;
        aligned[--j] = --i;
      } else if (i > 0 && j >= low[i - 1] && j < high[i - 1] && cells[shift[i - 1] + j] + 1 === cost) {
        wordErrors[i--] = 1;
      } else {
        referenceErrors[j] = 1;
        aligned[--j] = i - 1;
      }
    }
    for (let i = 1; i <= n; i++) wordErrors[i] += wordErrors[i - 1];
    for (let j = 1; j <= m; j++) referenceErrors[j] += referenceErrors[j - 1];
    return { align: aligned, wordErrors, referenceErrors };
  };

  fill(0);
  return { fill, distance, distanceAfter, align };
}
