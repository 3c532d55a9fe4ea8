/**
 * Wins and win rates of pairwise comparisons.
 *
 * @module
 */
import { show } from "../base/text.ts";
import type { Interval } from "../statistics/bootstrap.ts";
import { wilsonInterval } from "../statistics/intervals.ts";
import { checkOneOf, checkWhole, fail } from "../statistics/checks.ts";

/** One judgement of two systems' outputs. */
export interface Comparison {
  /** The system shown first (or on the left). */
  readonly a: string;
  /** The system shown second. */
  readonly b: string;
  /** Which was preferred. */
  readonly winner: "a" | "b" | "tie";
  /** How many judgements this stands for: a whole number; default 1. */
  readonly count?: number;
}

/** Judgements of one pair of systems, i before j in the order of names. */
export interface PairTally {
  /** The lower number of the two, in the order of names. */
  readonly i: number;
  /** The higher number. */
  readonly j: number;
  /** Times i was preferred. */
  wins: number;
  /** Times j was preferred. */
  losses: number;
  /** Times neither was. */
  ties: number;
}

/** Comparisons added up. */
export interface Tally {
  /** Names in order of their code units. */
  readonly systems: string[];
  /** Pairs that were compared. */
  readonly pairs: PairTally[];
  /** Judgements. */
  readonly n: number;
}

/** One system's wins. */
export interface WinRate {
  /** Its name. */
  readonly system: string;
  /** Times preferred. */
  wins: number;
  /** Times the other was. */
  losses: number;
  /** Times neither was. */
  ties: number;
  /** (wins + ties / 2) / judgements, with Wilson's interval. */
  readonly rate: Interval;
}

/** Wins of all systems and of each pair. */
export interface WinRates {
  /** Highest rate first. */
  readonly systems: WinRate[];
  /** Each pair that was compared: the rate is i's against j. */
  readonly pairs: { a: string; b: string; wins: number; losses: number; ties: number; rate: Interval }[];
  /** Share of judgements without ties that went to the system shown first: 0.5 is no bias by side. */
  readonly firstShown: Interval | undefined;
}

/**
 * How often each system won, over all opponents and against each, and whether the side it was shown on mattered. A
 * win rate over all opponents depends on who the opponents were: where systems met different ones, compare
 * strengths (`bradleyTerry`) instead. Wilson's interval of half wins is narrow by no more than ties make it wide.
 *
 * @throws {EvaluationError} When there are no comparisons, a system meets itself, or a winner or count is none.
 * @example
 * ```ts
 * import { winRates } from "./pairwise.ts";
 * import assert from "node:assert/strict";
 * const { systems } = winRates([
 *   { a: "new", b: "old", winner: "a", count: 7 },
 *   { a: "old", b: "new", winner: "a", count: 2 },
 *   { a: "old", b: "new", winner: "tie" },
 * ]);
 * assert.deepEqual([systems[0].system, systems[0].rate.value], ["new", 0.75]);
 * ```
 */
export function winRates(
  comparisons: readonly Comparison[],
  options: { confidence?: number } = {},
): WinRates {
  const { systems: names, pairs } = tallyComparisons(comparisons);
  const rateOf = (wins: number, losses: number, ties: number) =>
    wilsonInterval(wins + ties / 2, wins + losses + ties, options);
  const totals = names.map((system) => ({ system, wins: 0, losses: 0, ties: 0 }));
  for (const { i, j, wins, losses, ties } of pairs) {
    totals[i].wins += wins, totals[i].losses += losses, totals[i].ties += ties;
    totals[j].wins += losses, totals[j].losses += wins, totals[j].ties += ties;
  }
  let first = 0, decided = 0;
  for (const { winner, count = 1 } of comparisons) {
    if (winner === "a") first += count;
    if (winner !== "tie") decided += count;
  }
  return {
    systems: totals.map((total) => ({ ...total, rate: rateOf(total.wins, total.losses, total.ties) }))
      .sort((x, y) => y.rate.value - x.rate.value),
    pairs: pairs.map(({ i, j, wins, losses, ties }) => (
      { a: names[i], b: names[j], wins, losses, ties, rate: rateOf(wins, losses, ties) }
    )),
    firstShown: decided > 0 ? wilsonInterval(first, decided, options) : undefined,
  };
}

/**
 * Adds comparisons up by pair of systems, whichever side they were shown on.
 *
 * @throws {EvaluationError} As `winRates`.
 */
export function tallyComparisons(comparisons: readonly Comparison[]): Tally {
  if (comparisons.length === 0) fail("Cannot rank systems: there are no comparisons");
  const systems = [...new Set(comparisons.flatMap(({ a, b }) => [a, b]))].sort();
  const index = new Map(systems.map((system, i) => [system, i]));
  const pairs = new Map<number, PairTally>();
  let n = 0;
  comparisons.forEach(({ a, b, winner, count = 1 }, row) => {
    const where = `Comparison ${row + 1} (${show(a)} and ${show(b)})`;
    if (a === b) fail(`${where} compares a system with itself`);
    checkOneOf(`${where}: winner`, winner, ["a", "b", "tie"]);
    checkWhole(`${where}: count`, count);
    const first = index.get(a)!, second = index.get(b)!;
    const i = Math.min(first, second), j = Math.max(first, second);
    const key = i * systems.length + j;
    let pair = pairs.get(key);
    if (!pair) pairs.set(key, pair = { i, j, wins: 0, losses: 0, ties: 0 });
    if (winner === "tie") pair.ties += count;
    else if ((winner === "a") === (first === i)) pair.wins += count;
    else pair.losses += count;
    n += count;
  });
  return { systems, pairs: [...pairs.values()].sort((x, y) => x.i - y.i || x.j - y.j), n };
}
