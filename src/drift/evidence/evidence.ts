/**
 * Evidence that may be looked at after every window, for ever: e-values that add up over windows.
 *
 * For each way in which a feature can move (`directions.ts`) and each stretch of windows that ends now (`history.ts`), the
 * likelihood of what came under a change of some size is divided by its likelihood under the largest change that does not
 * matter. Without a change that matters the expectation of such a ratio is at most 1, whatever the reference's own luck: both
 * ratios look only at how current and reference differ (given the total of hits, or the difference of means), with the noise of
 * both. Averaged over sizes and directions and summed over the windows that a change may have begun with, the ratios are a
 * Shiryaev-Roberts e-detector: the chance that the sum ever reaches `A` within `n` windows is at most `n / A`.
 *
 * Sources: Shin, Ramdas and Rinaldo, E-detectors: a nonparametric framework for sequential change detection, New England
 * Journal of Statistics in Data Science 2 (2024); Grünwald, de Heide and Koolen, Safe testing, JRSS B 86 (2024).
 *
 * @module
 */
import { type CellReference, type Direction, directionsOf } from "./directions.ts";
import { oddsLikelihood } from "./odds.ts";

/** What a stretch of windows has counted of a feature. */
export interface CellCounts {
  /** Observations in each cell. */
  readonly cells: ArrayLike<number>;
  /** Observations that had the feature. */
  readonly n: number;
  /** Observations that did not. */
  readonly missing: number;
  /** Observations whose value cannot be used. */
  readonly invalid: number;
  /** Of those that had the feature, how many came in each season; absent where the reference knows none. */
  readonly seasons?: readonly number[];
}

/** How the evidence of a feature is to be weighed. */
export interface Weighing {
  /** How many observations say as much as one independent one (`designEffect`). */
  readonly effect: number;
  /** The largest change that does not matter: Cohen's h of a share, Cohen's d of ranks. */
  readonly smallestEffect: number;
  /** For shares instead: this much more than the reference's, as if that were known exactly. */
  readonly smallestShare?: number;
  /** Fewer observations, as many as independent ones would be, say nothing. */
  readonly minObservations: number;
}

/** What was found of a feature. */
export interface Evidence {
  /** Natural logarithm of the e-detector. */
  readonly log: number;
  /** The change that the evidence speaks for most; absent where nothing differs by 2.5 standard errors. */
  readonly change?: Change;
}

/** A change that a feature may have gone through. */
export interface Change {
  readonly direction: Direction;
  /** 1 where it grew, -1 where it shrank. */
  readonly side: 1 | -1;
  /** How many stretches of the history, from the newest back, lie after it. */
  readonly stretches: number;
  /** Natural logarithm of this change's own part of the evidence. */
  readonly log: number;
  /** Its size: the logarithm of the odds ratio of a share, the difference of means in standard deviations. */
  readonly size: number;
}

/** Sizes that are looked for: ratios of odds and differences in standard deviations. */
const ODDS = [0.12, 0.25, 0.5, 1, 2, 4];
const DEVIATIONS = [0.05, 0.1, 0.2, 0.4, 0.8, 1.6];
/** Observations of a reference whose shares are taken for known. */
const KNOWN = 1e9;
/** A difference of fewer standard errors adds nothing: that errs on the safe side, and takes a hundredth of the time. */
const LEAST_ERRORS = 2.5;

/** What of a reference does not change from window to window. */
export interface PreparedReference {
  readonly reference: CellReference;
  readonly directions: readonly Direction[];
  /** Mean and standard deviation of `rank` and `spread`, by the direction's place. */
  readonly moments: readonly { mean: number; deviation: number }[];
}

/** Computes what depends on the reference alone. */
export function prepareReference(reference: CellReference): PreparedReference {
  const directions = directionsOf(reference);
  const moments = directions.map(({ weights }) => {
    if (weights === undefined) return { mean: 0, deviation: 0 };
    const mean = weightedMean(weights, reference.counts, reference.n);
    const square = weightedMean(weights.map((weight) => weight * weight), reference.counts, reference.n);
    return { mean, deviation: Math.sqrt(Math.max(0, square - mean * mean)) };
  });
  return { reference, directions, moments };
}

/** How what came differs from the reference in a direction. */
interface Comparison {
  /** In standard errors. */
  readonly errors: number;
  /** Log-likelihood of a size (see `Change.size`), up to a constant. */
  likelihood(size: number): number;
  /** The size that is found. */
  readonly found: number;
  /** The largest size that does not matter, above and below. */
  readonly null: number;
  readonly sizes: readonly number[];
}

/**
 * Weighs the evidence of one feature.
 *
 * @param history Counts of the stretches, newest first.
 */
export function weighEvidence(
  prepared: PreparedReference,
  history: readonly CellCounts[],
  weighing: Weighing,
): Evidence {
  const now = total(prepared, []);
  let log = -Infinity, change: Change | undefined;
  history.forEach((stretch, i) => {
    move(stretch, undefined, now);
    const before = expectedOf(prepared.reference, now.seasons);
    prepared.directions.forEach((direction, d) => {
      if (
        direction.kind === "cell" && weighing.smallestShare === undefined &&
        isNear(before, now, direction.cell, weighing)
      ) return;
      const comparison = compare(prepared, d, { before, now, beforeEffect: 1, weighing });
      if (comparison === undefined || Math.abs(comparison.errors) < LEAST_ERRORS) return;
      const side = comparison.errors > 0 ? 1 : -1;
      // What arrives more often than in the reference is no loss, and less of what is not wanted none either.
      const oneSided = direction.kind !== "cell" || weighing.smallestShare !== undefined;
      if (side < 0 && oneSided && direction.weights === undefined) return;
      const base = comparison.likelihood(side * comparison.null);
      for (const size of comparison.sizes) {
        if (size <= comparison.null) continue;
        const ratio = comparison.likelihood(side * size) - base;
        const believed = ratio + Math.log(direction.weight / (2 * comparison.sizes.length));
        log = addLogs(log, believed);
        if (ratio > 0 && !(change !== undefined && change.log >= believed)) {
          change = { direction, side, stretches: i + 1, log: believed, size: Math.abs(comparison.found) };
        }
      }
    });
  });
  return { log, change };
}

/**
 * Evidence that a change is over: that what came latest differs from what came since the change, towards the reference, while
 * it is nearer to the reference than half the change.
 *
 * @param history Counts of the stretches since the change, newest first.
 * @returns The logarithm of the evidence, and how many of the newest stretches it speaks of.
 */
export function weighEnd(
  prepared: PreparedReference,
  history: readonly CellCounts[],
  { change, weighing }: {
    change: {
      readonly kind: Direction["kind"];
      readonly cell: number;
      readonly side: 1 | -1;
      readonly size: number;
    };
    weighing: Weighing;
  },
): { log: number; stretches: number } {
  const d = prepared.directions.findIndex(({ kind, cell }) => kind === change.kind && cell === change.cell);
  const { effect } = weighing;
  const changed = total(prepared, history), latest = total(prepared, []);
  let best = { log: -Infinity, stretches: 0 };
  history.forEach((stretch, i) => {
    move(stretch, changed, latest);
    const reference = expectedOf(prepared.reference, latest.seasons);
    const then = inSeasonsOf(reference, expectedOf(prepared.reference, changed.seasons), changed);
    const back = compare(prepared, d, { before: then, now: latest, beforeEffect: effect, weighing });
    const away = compare(prepared, d, { before: reference, now: latest, beforeEffect: 1, weighing });
    if (back === undefined || away === undefined || change.side * away.found > change.size / 2) return;
    let log = -Infinity;
    for (const size of back.sizes) {
      log = addLogs(log, back.likelihood(-change.side * size) - back.likelihood(0));
    }
    log -= Math.log(back.sizes.length * history.length);
    if (log > best.log) best = { log, stretches: i + 1 };
  });
  return best;
}

interface Totals {
  readonly cells: Float64Array;
  readonly seasons?: number[];
  n: number;
  missing: number;
  invalid: number;
}

function total({ reference }: PreparedReference, stretches: readonly CellCounts[]): Totals {
  const seasons = reference.seasons?.n.map(() => 0);
  const cells = new Float64Array(reference.counts.length);
  const totals = { cells, n: 0, missing: 0, invalid: 0, ...(seasons && { seasons }) };
  for (const stretch of stretches) move(stretch, undefined, totals);
  return totals;
}

/** Moves the counts of a stretch from one sum to another. */
function move(stretch: CellCounts, from: Totals | undefined, to: Totals): void {
  for (const [totals, sign] of [[from, -1], [to, 1]] as const) {
    if (totals === undefined) continue;
    for (let c = 0; c < totals.cells.length; c++) totals.cells[c] += sign * stretch.cells[c];
    totals.n += sign * stretch.n;
    totals.missing += sign * stretch.missing;
    totals.invalid += sign * stretch.invalid;
    const { seasons } = totals;
    if (seasons) stretch.seasons?.forEach((n, s) => seasons[s] += sign * n);
  }
}

/** What the reference lets expect: all of it, or what it holds of the seasons that observations came in. */
export function expectedOf(
  { counts, n, missing, seasons }: CellReference,
  came: readonly number[] | undefined,
): CellCounts {
  const all = came?.reduce((sum, count) => sum + count, 0) ?? 0;
  if (seasons === undefined || came === undefined || all === 0) {
    return { cells: counts, n, missing, invalid: 0 };
  }
  const shares = new Float64Array(counts.length);
  let variance = 0;
  came.forEach((count, s) => {
    if (count === 0) return;
    const weight = count / all;
    // Of a season that the reference has not seen, it expects what it has seen in all.
    const [own, m] = seasons.n[s] > 0 ? [seasons.counts[s], seasons.n[s]] : [counts, n];
    for (let c = 0; c < shares.length; c++) shares[c] += weight * own[c] / m;
    variance += weight * weight / m;
  });
  // As many observations as have the mean's variance.
  const m = 1 / variance;
  return { cells: shares.map((share) => share * m), n: m, missing: missing * m / Math.max(1, n), invalid: 0 };
}

/** What came, as it would have come in the seasons of something else. */
function inSeasonsOf(wanted: CellCounts, expected: CellCounts, came: CellCounts): CellCounts {
  if (came.seasons === undefined || came.n === 0) return came;
  const cells = Array.from(
    came.cells,
    (count, c) => Math.max(0, count + came.n * (wanted.cells[c] / wanted.n - expected.cells[c] / expected.n)),
  );
  return { ...came, cells };
}

function compare(
  { directions, moments }: PreparedReference,
  d: number,
  { before, now, beforeEffect, weighing }: {
    before: CellCounts;
    now: CellCounts;
    /** The design effect of `before`. */
    beforeEffect: number;
    weighing: Weighing;
  },
): Comparison | undefined {
  const { kind, cell, weights } = directions[d], { effect } = weighing;
  if (weights !== undefined) {
    const { deviation } = moments[d];
    const effective = now.n / effect;
    if (effective < weighing.minObservations || before.n === 0 || deviation === 0) return undefined;
    const variance = 1 / effective + beforeEffect / before.n;
    const means = [before, now].map(({ cells, n }) => weightedMean(weights, cells, n));
    const found = (means[1] - means[0]) / deviation;
    return {
      errors: found / Math.sqrt(variance),
      likelihood: (size) => (size * found - size * size / 2) / variance,
      found,
      null: weighing.smallestEffect,
      sizes: DEVIATIONS,
    };
  }
  const hitsOf = (counts: CellCounts) =>
    kind === "missing" || kind === "invalid" ? counts[kind] : counts.cells[cell];
  const numberOf = ({ n, missing, invalid }: CellCounts) => kind === "cell" ? n : n + missing + invalid;
  const effective = numberOf(now) / effect, known = numberOf(before) / beforeEffect;
  if (effective < weighing.minObservations || known === 0) return undefined;
  const { smallestEffect, smallestShare } = weighing;
  const m = smallestShare === undefined ? known : Math.max(known, KNOWN);
  const share = Math.min(1, hitsOf(before) / beforeEffect / known + (smallestShare ?? 0));
  const a = share * m, b = hitsOf(now) / effect;
  const pooled = (a + b) / (m + effective);
  const errors = pooled <= 0 || pooled >= 1
    ? 0
    : (b / effective - a / m) / Math.sqrt(pooled * (1 - pooled) * (1 / effective + 1 / m));
  const p = (a + 0.5) / (m + 1);
  return {
    errors,
    likelihood: oddsLikelihood({ hits: a, n: m }, { hits: b, n: effective }),
    found: Math.log((b + 0.5) / (effective - b + 0.5) * (m - a + 0.5) / (a + 0.5)),
    null: smallestShare === undefined ? Math.min(smallestEffect / Math.sqrt(p * (1 - p)), 3) : 0,
    sizes: ODDS,
  };
}

/** Whether a cell's share is so near to the reference's that `compare` need not look: most are, most of the time. */
function isNear(before: CellCounts, now: CellCounts, cell: number, { effect }: Weighing): boolean {
  const a = before.cells[cell], b = now.cells[cell], m = before.n, n = now.n;
  const pooled = (a + b / effect) / (m + n / effect);
  const difference = b / n - a / m;
  return !(difference * difference >
    LEAST_ERRORS * LEAST_ERRORS * pooled * (1 - pooled) * (effect / n + 1 / m));
}

function weightedMean(weights: ArrayLike<number>, counts: ArrayLike<number>, n: number): number {
  let total = 0;
  for (let c = 0; c < weights.length; c++) total += weights[c] * counts[c];
  return total / n;
}

function addLogs(a: number, b: number): number {
  const most = Math.max(a, b);
  return most === -Infinity ? most : most + Math.log1p(Math.exp(Math.min(a, b) - most));
}
