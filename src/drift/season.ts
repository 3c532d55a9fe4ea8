/**
 * Seasons: what repeats by the hour of the day, the day of the week, or both, is no drift where the reference knows it.
 *
 * @module
 */

/** What repeats. Hours and days are of UTC. */
export type Season = "hour-of-day" | "day-of-week" | "hour-of-week";

const HOUR_MS = 3_600_000;

/** How many there are of each. */
export const seasonCounts: Readonly<Record<Season, number>> = {
  "hour-of-day": 24,
  "day-of-week": 7,
  "hour-of-week": 168,
};

/**
 * The hour of the day from 0 on, the day of the week from Monday on, or the hour of the week.
 *
 * @param atMs Milliseconds since 1970.
 * @example
 * ```ts
 * import { seasonOf } from "./season.ts";
 * import assert from "node:assert/strict";
 *
 * const at = Date.UTC(2026, 2, 3, 14, 5); // a Tuesday
 * assert.deepEqual([seasonOf(at, "hour-of-day"), seasonOf(at, "day-of-week"), seasonOf(at, "hour-of-week")], [14, 1, 38]);
 * ```
 */
export function seasonOf(atMs: number, season: Season): number {
  // 1970 began on a Thursday: three days after a Monday.
  const hours = Math.floor(atMs / HOUR_MS) + 3 * 24;
  const within = (n: number) => ((n % seasonCounts[season]) + seasonCounts[season]) % seasonCounts[season];
  return within(season === "day-of-week" ? Math.floor(hours / 24) : hours);
}

/** What a reference holds of each season, over the cells that evidence is weighed on. */
export interface SeasonReference {
  readonly of: Season;
  /** Observations of each season that had the feature. */
  readonly n: readonly number[];
  /** Of those, how many were in each cell, `[seasons][cells]`. */
  readonly counts: readonly (readonly number[])[];
}
