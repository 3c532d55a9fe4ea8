/**
 * Counts over bins: sums, shares, and the distances that are reported for every feature.
 *
 * @module
 */
import { sum } from "../base/arrays.ts";
import { DriftError } from "./errors.ts";
import { jensenShannonDistance, klDivergence, populationStabilityIndex } from "../statistics/divergences.ts";

/**
 * The counts of two windows over the same bins, added up.
 *
 * @throws {DriftError} When the bins differ in number.
 */
export function addCounts(a: readonly number[], b: readonly number[], name: string): number[] {
  if (a.length === b.length) return a.map((count, bin) => count + b[bin]);
  throw new DriftError(`Cannot merge drift windows: their bins of ${name} differ, so their baselines do`);
}

/** Shares of the total; all 0 where there is nothing. */
export function sharesOf(counts: readonly number[]): number[] {
  const total = sum(counts);
  return counts.map((count) => total === 0 ? 0 : roundShare(count / total));
}

/** Six decimals are plenty to draw, and a third of the bytes. */
export function roundShare(share: number): number {
  return Math.round(share * 1e6) / 1e6;
}

/** KL(reference ‖ current) in nats, the Jensen-Shannon distance and PSI, of counts over the same bins. */
export function divergences(
  reference: readonly number[],
  current: readonly number[],
): { kl: number; js: number; psi: number } {
  return {
    kl: klDivergence(reference, current, { zeros: "half" }),
    js: jensenShannonDistance(reference, current),
    psi: populationStabilityIndex(reference, current, { zeros: "half" }),
  };
}
