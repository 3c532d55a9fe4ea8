/**
 * A change in words and numbers: what moved, from where to where, since when, and how surely.
 *
 * @module
 */
import { proportionDifferenceInterval } from "../../statistics/intervals.ts";
import type { Feature } from "../feature.ts";
import type { Prepared } from "../kinds/kind.ts";
import type { CellReference } from "./directions.ts";
import { expectedOf } from "./evidence.ts";
import type { FoundChange } from "./watcher.ts";

/** What has changed of a feature. Plain JSON. */
export interface ChangeReport {
  /** In words: what moved, from where to where. */
  readonly text: string;
  /** When it is likely to have begun, in milliseconds. */
  readonly sinceMs: number;
  /** What share of observations is meant: of those in a category, with an item, without a value, above the reference's median. */
  readonly share: { readonly reference: number; readonly current: number };
  /** The difference of the shares with its 95% interval (Newcombe's; dependent observations count as fewer). */
  readonly difference: { readonly value: number; readonly low: number; readonly high: number };
}

/** Describes a change that was found. */
export function describeChange(
  feature: Feature<never>,
  prepared: Prepared,
  { change, reference, designEffect }: {
    change: FoundChange;
    reference: CellReference;
    designEffect: number;
  },
): ChangeReport {
  const { cells: counts, n } = expectedOf(reference, change.counts.seasons);
  const { before, now, of } = sidesOf(change, { ...reference, counts, n });
  const { value, low, high } = proportionDifferenceInterval(
    { successes: Math.min(now.hits, now.n) / designEffect, n: now.n / designEffect },
    // What a season lets expect is no whole number, and may be more than all by a rounding error.
    { successes: Math.min(before.hits, before.n), n: before.n },
  );
  const shares = { reference: before.hits / before.n, current: now.hits / now.n };
  const from = percent(shares.reference), to = percent(shares.current);
  const { kind, side } = change;
  const label = kind === "cell" ? prepared.cellLabel(feature as never, change.cell) : "";
  const text = {
    missing: `no value in ${to} of observations, ${from} in the reference`,
    invalid: `a value that cannot be used in ${to} of observations, ${from} in the reference`,
    rank: `${side > 0 ? "larger" : "smaller"}: ${to} are above the reference's median (${from} there)`,
    spread: `${
      side > 0 ? "more" : "less"
    } spread: ${to} are in the outer half of the reference's range (${from} there)`,
    cell: `${of(label)}: ${from} in the reference, ${to} now`,
  }[kind];
  const since = {
    sinceMs: change.sinceMs,
    share: rounded(shares),
    difference: rounded({ value, low, high }),
  };
  return { text, ...since };
}

interface Sides {
  readonly before: { readonly hits: number; readonly n: number };
  readonly now: { readonly hits: number; readonly n: number };
  /** What a cell's label stands for. */
  of(label: string): string;
}

function sidesOf({ kind, cell, counts }: FoundChange, reference: CellReference): Sides {
  const all = counts.n + counts.missing + counts.invalid, of = (label: string) => `"${label}"`;
  if (kind === "missing" || kind === "invalid") {
    const hits = kind === "missing" ? reference.missing : 0;
    return { before: { hits, n: reference.n + reference.missing }, now: { hits: counts[kind], n: all }, of };
  }
  if (kind === "cell") {
    return {
      before: { hits: reference.counts[cell], n: reference.n },
      now: { hits: counts.cells[cell], n: counts.n },
      of: reference.ordered ? (label) => label : of,
    };
  }
  // A number: the cells above the middle of the reference, or those in its outer quarters.
  const chosen = (c: number, below: number) => {
    const middle = (below + reference.counts[c] / 2) / reference.n;
    return kind === "rank" ? middle > 0.5 : Math.abs(2 * middle - 1) > 0.5;
  };
  let below = 0, before = 0, now = 0;
  for (let c = 0; c < reference.counts.length; c++) {
    if (chosen(c, below)) before += reference.counts[c], now += counts.cells[c];
    below += reference.counts[c];
  }
  return { before: { hits: before, n: reference.n }, now: { hits: now, n: counts.n }, of };
}

function percent(share: number): string {
  const value = 100 * share;
  return `${value > 0 && value < 10 ? Number(value.toPrecision(2)) : Math.round(value)}%`;
}

function rounded<T extends object>(numbers: T): T {
  return Object.fromEntries(
    Object.entries(numbers).map(([name, n]) => [name, Number(n.toPrecision(6))]),
  ) as T;
}
