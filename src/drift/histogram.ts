/**
 * Distributions to draw: the reference and a window over the same bins.
 *
 * @module
 */
import { sum } from "../base/arrays.ts";
import { roundShare, sharesOf } from "./counts.ts";
import type { Item } from "./feature.ts";

/** A distribution to draw: `shares[i]` of what was seen lies in the bin called `labels[i]`. */
export interface Histogram {
  /** What each bin holds, for people. */
  readonly labels: readonly string[];
  /** Shares of the bins, adding up to 1. */
  readonly shares: readonly number[];
  /** Where only the bins that changed most are shown: the id or name behind each, null for bins of several. */
  readonly items?: readonly (Item | null)[];
}

/** The reference and a window over the same bins. */
export interface Histograms {
  /** The baseline's distribution. */
  readonly reference: Histogram;
  /** The window's distribution. */
  readonly current: Histogram;
}

/** All bins in their own order. */
export function plainHistograms(
  labels: readonly string[],
  reference: readonly number[],
  current: readonly number[],
): Histograms {
  return {
    reference: { labels, shares: sharesOf(reference) },
    current: { labels, shares: sharesOf(current) },
  };
}

const SHOWN = 20;

/**
 * The bins that add most to the divergence both ways (KL there and back), and the rest in one bin.
 *
 * @param bins The label and the item of each bin.
 */
export function rankedHistograms(
  bins: (bin: number) => { label: string; item: Item | null },
  reference: readonly number[],
  current: readonly number[],
): Histograms {
  const before = sharesOf(reference), now = sharesOf(current);
  const total = sum(current) + current.length / 2;
  const contribution = (bin: number) => {
    const share = (current[bin] + 0.5) / total;
    return before[bin] > 0 ? (share - before[bin]) * Math.log(share / before[bin]) : 0;
  };
  const contributions = before.map((_, bin) => contribution(bin));
  const order = before.map((_, bin) => bin).sort((a, b) => contributions[b] - contributions[a]);
  const shown = order.slice(0, SHOWN), rest = order.slice(SHOWN);
  const named = shown.map(bins);
  const labels = named.map(({ label }) => label), items = named.map(({ item }) => item);
  if (rest.length > 0) labels.push("all others"), items.push(null);
  const draw = (all: number[]): Histogram => {
    const shares = shown.map((bin) => all[bin]);
    if (rest.length > 0) shares.push(roundShare(rest.reduce((total, bin) => total + all[bin], 0)));
    return { labels, shares, items };
  };
  return { reference: draw(before), current: draw(now) };
}
