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
import { type Dependence, designEffect } from "./dependence.ts";
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
}

/** How the evidence of a feature is to be weighed. */
export interface Weighing {
  /** The largest change that does not matter: Cohen's h of a share, Cohen's d of ranks. */
  readonly smallestEffect: number;
  /** For shares instead: this much more than the reference's. */
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
  /** Natural logarithm of this change's own likelihood ratio. */
  readonly log: number;
  /** Its size: the logarithm of the odds ratio of a share, the difference of means in standard deviations. */
  readonly size: number;
  /** The design effect that the evidence was weighed with. */
  readonly effect: number;
}

/** Sizes that are looked for: ratios of odds and differences in standard deviations. */
const ODDS = [0.12, 0.25, 0.5, 1, 2, 4];
const DEVIATIONS = [0.05, 0.1, 0.2, 0.4, 0.8, 1.6];
/** A difference of fewer standard errors adds nothing: leaving it out errs on the safe side, and takes a hundredth of the time. */
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
 * @param dependence What each of `projectionsOf` showed.
 */
export function weighEvidence(
  prepared: PreparedReference,
  history: readonly CellCounts[],
  { dependence, weighing }: { dependence: readonly Dependence[]; weighing: Weighing },
): Evidence {
  const effect = effectOf(dependence);
  const cells = new Float64Array(prepared.reference.counts.length);
  let n = 0, missing = 0, invalid = 0, log = -Infinity, change: Change | undefined;
  history.forEach((stretch, i) => {
    for (let c = 0; c < cells.length; c++) cells[c] += stretch.cells[c];
    n += stretch.n;
    missing += stretch.missing;
    invalid += stretch.invalid;
    const counts = { cells, n, missing, invalid };
    prepared.directions.forEach((direction, d) => {
      const comparison = compare(prepared, d, { counts, effect, weighing });
      if (comparison === undefined || Math.abs(comparison.errors) < LEAST_ERRORS) return;
      const side = comparison.errors > 0 ? 1 : -1;
      // What arrives more often than in the reference is no loss.
      if (side < 0 && (direction.kind === "missing" || direction.kind === "invalid")) return;
      const base = comparison.likelihood(side * comparison.null);
      for (const size of comparison.sizes) {
        if (size <= comparison.null) continue;
        const ratio = comparison.likelihood(side * size) - base;
        log = addLogs(log, ratio + Math.log(direction.weight / (2 * comparison.sizes.length)));
        if (ratio > 0 && !(change !== undefined && change.log >= ratio)) {
          change = { direction, side, stretches: i + 1, log: ratio, size: Math.abs(comparison.found), effect };
        }
      }
    });
  });
  return { log, change };
}

/**
 * Evidence that a change is over: that what came since is no further from the reference than what does not matter, rather than
 * at least half as far as the change was.
 *
 * @returns The logarithm of the evidence, and how many of the newest stretches it speaks of.
 */
export function weighEnd(
  prepared: PreparedReference,
  history: readonly CellCounts[],
  { change, dependence, weighing }: {
    change: { readonly kind: Direction["kind"]; readonly cell: number; readonly side: 1 | -1; readonly size: number };
    dependence: readonly Dependence[];
    weighing: Weighing;
  },
): { log: number; stretches: number } {
  const effect = effectOf(dependence);
  const d = prepared.directions.findIndex(({ kind, cell }) => kind === change.kind && cell === change.cell);
  const cells = new Float64Array(prepared.reference.counts.length);
  let n = 0, missing = 0, invalid = 0, best = { log: -Infinity, stretches: 0 };
  history.forEach((stretch, i) => {
    for (let c = 0; c < cells.length; c++) cells[c] += stretch.cells[c];
    n += stretch.n;
    missing += stretch.missing;
    invalid += stretch.invalid;
    const comparison = compare(prepared, d, { counts: { cells, n, missing, invalid }, effect, weighing });
    if (comparison === undefined) return;
    const half = Math.max(change.size / 2, 1.5 * comparison.null);
    const log = comparison.likelihood(change.side * comparison.null) -
      comparison.likelihood(change.side * half) - Math.log(history.length);
    if (log > best.log) best = { log, stretches: i + 1 };
  });
  return best;
}

function compare(
  { reference, directions, moments }: PreparedReference,
  d: number,
  { counts, effect, weighing }: { counts: CellCounts; effect: number; weighing: Weighing },
): Comparison | undefined {
  const { kind, cell, weights } = directions[d];
  if (weights !== undefined) {
    const { mean, deviation } = moments[d];
    const effective = counts.n / effect;
    if (effective < weighing.minObservations || deviation === 0) return undefined;
    const variance = 1 / effective + 1 / reference.n;
    const found = (weightedMean(weights, counts.cells, counts.n) - mean) / deviation;
    return {
      errors: found / Math.sqrt(variance),
      likelihood: (size) => (size * found - size * size / 2) / variance,
      found,
      null: weighing.smallestShare ?? weighing.smallestEffect,
      sizes: DEVIATIONS,
    };
  }
  const ofAll = kind !== "cell";
  const n = ofAll ? counts.n + counts.missing + counts.invalid : counts.n;
  const effective = n / effect;
  if (effective < weighing.minObservations) return undefined;
  const b = kind === "missing" || kind === "invalid" ? counts[kind] : counts.cells[cell];
  const m = ofAll ? reference.n + reference.missing : reference.n;
  const a = kind === "cell" ? reference.counts[cell] : kind === "missing" ? reference.missing : 0;
  const pooled = (a + b / effect) / (m + effective);
  const errors = pooled <= 0 || pooled >= 1
    ? 0
    : (b / n - a / m) / Math.sqrt(pooled * (1 - pooled) * (1 / effective + 1 / m));
  const likelihood = oddsLikelihood({ hits: a, n: m }, { hits: b / effect, n: effective });
  const p = (a + 0.5) / (m + 1);
  const { smallestEffect, smallestShare } = weighing;
  const unmoved = smallestShare === undefined
    ? smallestEffect / Math.sqrt(p * (1 - p))
    : Math.log((p + smallestShare) / Math.max(1e-9, 1 - p - smallestShare) * (1 - p) / p);
  return {
    errors,
    likelihood,
    found: Math.log((b + 0.5) / (n - b + 0.5) * (m - a + 0.5) / (a + 0.5)),
    null: Math.min(unmoved, 3),
    sizes: ODDS,
  };
}

/** The design effect of a feature: the most that any projection shows, since a rare cell's own cannot be measured. */
function effectOf(dependence: readonly Dependence[]): number {
  return Math.max(1, ...dependence.map(designEffect));
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
