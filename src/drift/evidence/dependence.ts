/**
 * How much less a stream's observations say than independent ones would: measured, in one pass and bounded memory.
 *
 * Observations that come in runs (one sender's mails, one batch of a kind, a slow wave) repeat each other. The variance of their
 * mean is that of independent ones times a design effect. It is measured on blocks: the counts of neighbouring blocks of 8, 16,
 * 32 ... observations are compared with each other, which no lasting change of the distribution disturbs, unlike a comparison
 * with an overall mean (Allan, Statistics of atomic frequency standards, Proceedings of the IEEE 54, 1966). Where blocks of
 * some size differ more than independent observations could, that is the design effect at that scale.
 *
 * @module
 */

/** The smallest block; the others are its doubles. */
const SMALLEST_BLOCK = 8;
/** Sizes of blocks: up to 8 × 2^13 = 65,536 observations. */
export const SCALES = 14;
/** Pairs of blocks that a scale remembers; older ones count half each time so many have come. */
const MEMORY = 512;
/** A scale with fewer pairs says nothing. */
const FEWEST_PAIRS = 6;

/** What pairs of blocks showed, by scale: found squared differences, and what independent observations would show. */
export interface Dependence {
  readonly found: number[];
  readonly expected: number[];
  readonly pairs: number[];
}

/** Nothing seen yet. */
export function noDependence(): Dependence {
  return { found: zeros(), expected: zeros(), pairs: zeros() };
}

const zeros = () => new Array<number>(SCALES).fill(0);

/** Adds up what two stretches (or two replicas) showed; what is old loses weight. */
export function addDependence(a: Dependence, b: Dependence): Dependence {
  const sum = noDependence();
  for (let s = 0; s < SCALES; s++) {
    const pairs = a.pairs[s] + b.pairs[s], weight = pairs > MEMORY ? MEMORY / pairs : 1;
    sum.pairs[s] = pairs * weight;
    sum.found[s] = (a.found[s] + b.found[s]) * weight;
    sum.expected[s] = (a.expected[s] + b.expected[s]) * weight;
  }
  return sum;
}

/**
 * The design effect: the most that any scale shows; 1 for independent observations. A scale counts where it shows more than
 * independent observations would in 999 of 1,000 cases (the chi-square quantile of Wilson and Hilferty, PNAS 17, 1931).
 */
export function designEffect({ found, expected, pairs }: Dependence): number {
  let most = 1;
  for (let s = 0; s < SCALES; s++) {
    if (pairs[s] < FEWEST_PAIRS || expected[s] <= 0) continue;
    const ratio = found[s] / expected[s], small = 2 / (9 * pairs[s]);
    if (ratio > (1 - small + 3.09 * Math.sqrt(small)) ** 3) most = Math.max(most, ratio);
  }
  return most;
}

/** A number per cell, and the group of directions whose dependence it stands for. */
export interface Projection {
  /** What an observation in each cell counts; absent: the cells themselves, together. */
  readonly weights?: Float64Array;
}

/** Compares neighbouring blocks of a stream whose observations fall into cells. */
export class BlockComparison {
  readonly #cells: number;
  readonly #projections: readonly Projection[];
  readonly #blocks: Float64Array[];
  readonly #waiting: boolean[];
  #open: Float64Array;
  #n = 0;
  #found: Dependence[];

  /** @param cells How many cells there are; an observation may fall into several. */
  constructor(cells: number, projections: readonly Projection[]) {
    this.#cells = cells;
    this.#projections = projections;
    this.#open = new Float64Array(cells);
    this.#blocks = [];
    this.#waiting = new Array<boolean>(SCALES).fill(false);
    this.#found = projections.map(noDependence);
  }

  /** The observation that is being taken falls into this cell. */
  hit(cell: number): void {
    this.#open[cell]++;
  }

  /** The observation is taken. */
  next(): void {
    if (++this.#n < SMALLEST_BLOCK) return;
    this.#close();
  }

  /** What pairs have shown since the last call, one for each projection. */
  take(): Dependence[] {
    const found = this.#found;
    this.#found = this.#projections.map(noDependence);
    return found;
  }

  /** Like a binary counter: two blocks of one size become one of the next. */
  #close(): void {
    let block = this.#open, size = SMALLEST_BLOCK, scale = 0;
    while (this.#waiting[scale] && scale < SCALES) {
      const before = this.#blocks[scale];
      this.#projections.forEach(({ weights }, i) => this.#compare(i, weights, { before, block, size, scale }));
      for (let c = 0; c < this.#cells; c++) block[c] += before[c];
      this.#waiting[scale] = false;
      size *= 2;
      scale++;
    }
    if (scale < SCALES) {
      const free = this.#blocks[scale] ?? new Float64Array(this.#cells);
      this.#blocks[scale] = block;
      this.#waiting[scale] = true;
      block = free;
    }
    block.fill(0);
    this.#open = block;
    this.#n = 0;
  }

  #compare(
    i: number,
    weights: Float64Array | undefined,
    { before, block, size, scale }: { before: Float64Array; block: Float64Array; size: number; scale: number },
  ): void {
    const n = 2 * size;
    let found = 0, variance = 0;
    if (weights === undefined) {
      for (let c = 0; c < this.#cells; c++) {
        const both = block[c] + before[c];
        if (both === 0) continue;
        found += (block[c] - before[c]) ** 2;
        variance += both * (1 - both / n);
      }
    } else {
      let mean = 0, square = 0, difference = 0;
      for (let c = 0; c < this.#cells; c++) {
        const both = (block[c] + before[c]) * weights[c];
        difference += (block[c] - before[c]) * weights[c];
        mean += both;
        square += both * weights[c];
      }
      found = difference * difference;
      variance = square - mean * mean / n;
    }
    const { found: sums, expected, pairs } = this.#found[i];
    sums[scale] += found;
    expected[scale] += variance * n / (n - 1);
    pairs[scale]++;
  }
}
