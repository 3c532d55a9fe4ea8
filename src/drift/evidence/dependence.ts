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
const FEWEST_PAIRS = 3;

/** Pairs of the smallest blocks that show enough of how observations depend. */
const ENOUGH_PAIRS = 64;

/** What pairs of blocks showed, by scale: found squared differences, and what independent observations would show. */
export interface Dependence {
  readonly found: number[];
  readonly expected: number[];
  readonly pairs: number[];
  /** The largest of the squared differences, which a lasting change in the middle of a pair may have made. */
  readonly largest: number[];
}

/** Nothing seen yet. */
export function noDependence(): Dependence {
  return { found: zeros(), expected: zeros(), pairs: zeros(), largest: zeros() };
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
    sum.largest[s] = Math.max(a.largest[s], b.largest[s]) * weight;
  }
  return sum;
}

/**
 * The design effect: the most that any scale shows; 1 for independent observations. A scale counts where it shows more than
 * independent observations would in 999 of 1,000 cases (the chi-square quantile of Wilson and Hilferty, PNAS 17, 1931). Its
 * largest difference is left out: one lasting change is no dependence. Where larger blocks still differ more, and the largest
 * have not been seen often enough, the rest of the growth is estimated as that of a series in which each value depends on the
 * one before.
 */
export function designEffect({ found, expected, pairs, largest }: Dependence): number {
  let most = 1, before = 1, growing = 1;
  for (let s = 0; s < SCALES; s++) {
    if (pairs[s] < FEWEST_PAIRS || expected[s] <= 0) continue;
    const left = pairs[s] - 1, small = 2 / (9 * left);
    const ratio = (found[s] - largest[s]) / (expected[s] * left / pairs[s]);
    if (ratio > (1 - small + 3.09 * Math.sqrt(small)) ** 3) most = Math.max(most, ratio);
    if (pairs[s] < 2 * FEWEST_PAIRS || most === 1) continue;
    // The first blocks are three doublings of a single observation.
    const growth = s === 0 ? Math.cbrt(ratio) : ratio / before;
    growing = growth > 1.1 ? ratio * Math.min(4, 1 + 1.7 * (growth - 1)) : 1;
    before = ratio;
  }
  return Math.max(most, growing);
}

/**
 * What the design effect is multiplied by in a stream's first thousand observations, which show little of how they depend: from
 * three at the first down to one.
 */
export function earlyCaution({ pairs }: Dependence): number {
  return 1 + 2 * Math.max(0, 1 - pairs[0] / ENOUGH_PAIRS);
}

/** A number per cell, and the group of directions whose dependence it stands for. */
export interface Projection {
  /** What an observation in each cell counts; absent: the cells themselves, together. */
  readonly weights?: Float64Array;
}

/** What a `BlockComparison` knows, as plain JSON. */
export interface BlockState {
  /** Observations in the block that is being filled. */
  readonly n: number;
  /** Their counts by cells. */
  readonly open: readonly number[];
  /** Of each scale the block that waits for another. */
  readonly waiting: readonly (readonly number[] | null)[];
  readonly found: readonly Dependence[];
}

/** Compares neighbouring blocks of a stream whose observations fall into cells. */
export class BlockComparison {
  readonly #cells: number;
  readonly #width: number;
  readonly #projections: readonly Projection[];
  readonly #blocks: Float64Array[] = [];
  readonly #waiting: boolean[];
  #open: Float64Array;
  #n = 0;
  #found: Dependence[];
  /** What the season lets expect of an observation in each cell, `[seasons][cells]`. */
  readonly #expected: readonly Float64Array[] | undefined;

  /**
   * @param cells How many cells there are; an observation may fall into several.
   * @param expected The share of each cell in each season: what follows it is no dependence.
   */
  constructor(cells: number, projections: readonly Projection[], expected?: readonly Float64Array[]) {
    this.#cells = cells;
    this.#projections = projections;
    this.#expected = expected;
    // Behind the counts of a block stand those that were expected.
    this.#width = expected === undefined ? cells : 2 * cells;
    this.#open = new Float64Array(this.#width);
    this.#waiting = new Array<boolean>(SCALES).fill(false);
    this.#found = projections.map(noDependence);
  }

  /** The observation that is being taken falls into this cell. */
  hit(cell: number): void {
    this.#open[cell]++;
  }

  /** The observation is taken. */
  next(season?: number): void {
    if (this.#expected !== undefined && season !== undefined) {
      const shares = this.#expected[season];
      for (let c = 0; c < this.#cells; c++) this.#open[this.#cells + c] += shares[c];
    }
    if (++this.#n < SMALLEST_BLOCK) return;
    this.#close();
  }

  /** The blocks that wait for another, and what pairs have shown since the last `take`. */
  save(): BlockState {
    return {
      n: this.#n,
      open: [...this.#open],
      waiting: this.#waiting.map((waits, scale) => waits ? [...this.#blocks[scale]] : null),
      found: structuredClone(this.#found),
    };
  }

  /** Goes on from what `save` gave. */
  goOn({ n, open, waiting, found }: BlockState): void {
    this.#n = n;
    this.#open = Float64Array.from(open);
    waiting.forEach((block, scale) => {
      this.#waiting[scale] = block !== null;
      // Those below are needed as free ones, too.
      this.#blocks[scale] = block === null ? new Float64Array(this.#width) : Float64Array.from(block);
    });
    this.#found = structuredClone(found) as Dependence[];
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
      this.#projections.forEach(({ weights }, i) =>
        this.#compare(i, weights, { before, block, size, scale })
      );
      for (let c = 0; c < this.#width; c++) block[c] += before[c];
      this.#waiting[scale] = false;
      size *= 2;
      scale++;
    }
    if (scale < SCALES) {
      const free = this.#blocks[scale] ?? new Float64Array(this.#width);
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
    { before, block, size, scale }: {
      before: Float64Array;
      block: Float64Array;
      size: number;
      scale: number;
    },
  ): void {
    const n = 2 * size, cells = this.#cells;
    const isSeasonal = this.#width > cells;
    const differenceOf = (c: number) =>
      block[c] - before[c] - (isSeasonal ? block[cells + c] - before[cells + c] : 0);
    let found = 0, variance = 0;
    if (weights === undefined) {
      for (let c = 0; c < this.#cells; c++) {
        const both = block[c] + before[c];
        if (both === 0) continue;
        found += differenceOf(c) ** 2;
        variance += both * (1 - both / n);
      }
    } else {
      let mean = 0, square = 0, difference = 0;
      for (let c = 0; c < this.#cells; c++) {
        const both = (block[c] + before[c]) * weights[c];
        difference += differenceOf(c) * weights[c];
        mean += both;
        square += both * weights[c];
      }
      found = difference * difference;
      variance = square - mean * mean / n;
    }
    const { found: sums, expected, pairs, largest } = this.#found[i];
    sums[scale] += found;
    largest[scale] = Math.max(largest[scale], found);
    expected[scale] += variance * n / (n - 1);
    pairs[scale]++;
  }
}
