/**
 * Linear scales and their ticks.
 *
 * @module
 */

/** A linear scale from values to coordinates, with its ticks. */
export interface Scale {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
  /** The coordinate of a value. */
  at(value: number): number;
  /** A tick's value as text, with as many decimals as the ticks need. */
  label(tick: number): string;
}

/**
 * A linear scale of `low` to `high` over the coordinates `from` to `to`, with about `count` round ticks within.
 *
 * @example
 * ```ts
 * import { linearScale } from "./scale.ts";
 * import assert from "node:assert/strict";
 * const x = linearScale({ low: 0, high: 1 }, { from: 40, to: 240, count: 5 });
 * assert.equal(x.at(0.25), 90);
 * assert.deepEqual(x.ticks.map(x.label), ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
 * ```
 */
export function linearScale(
  { low, high }: Domain,
  { from, to, count = 5 }: { from: number; to: number; count?: number },
): Scale {
  const step = niceStep((high - low) / count);
  const decimals = Math.min(20, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
  return {
    low,
    high,
    ticks: multiples(low, high, step),
    at: (value) => from + (value - low) / (high - low) * (to - from),
    label: (tick) => tickLabel(tick, decimals),
  };
}

/** What a scale spans; high is above low. */
export interface Domain {
  readonly low: number;
  readonly high: number;
}

/**
 * The span of values, widened to round numbers. It starts at 0 where the values come near enough to it that the rest would
 * mislead, and never leaves 0 to 1 when they do not.
 */
export function niceDomain(values: readonly number[], { count = 4 }: { count?: number } = {}): Domain {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return { low: 0, high: 1 };
  let low = finite.reduce((a, b) => Math.min(a, b)), high = finite.reduce((a, b) => Math.max(a, b));
  const inUnit = low >= 0 && high <= 1;
  if (!(high - low > 1e-9 * Math.max(Math.abs(low), Math.abs(high)))) {
    const room = low === 0 ? 1 : 0.05 * Math.abs(low);
    low -= room, high += room;
    if (inUnit) low = Math.max(0, low), high = Math.min(1, high);
  }
  if (low > 0 && low < high / 3) low = 0;
  if (high < 0 && high > low / 3) high = 0;
  // A wider span may have longer steps, on which its ends shall lie as well.
  for (let step = 0, next; (next = niceStep((high - low) / count)) > step;) {
    step = next;
    low = Number((Math.floor(low / step + 1e-9) * step).toPrecision(12));
    high = Number((Math.ceil(high / step - 1e-9) * step).toPrecision(12));
  }
  return { low: low + 0, high: high + 0 }; // without -0
}

/** 1, 2 or 5 times a power of ten, at or above `rough`. */
function niceStep(rough: number): number {
  if (!(rough > 0 && Number.isFinite(rough))) return 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((f) => f * power >= rough * (1 - 1e-9))!;
  return factor * power;
}

function multiples(low: number, high: number, step: number): number[] {
  const first = Math.ceil(low / step - 1e-9), last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.min(100, last - first + 1) }, (_, i) =>
    // without the noise of binary fractions, and without -0
    Number(((first + i) * step).toPrecision(12)) + 0);
}

function tickLabel(tick: number, decimals: number): string {
  const size = Math.abs(tick), sign = tick < 0 ? "\u2212" : "";
  if (size >= 1e6 || (size > 0 && decimals > 6)) return sign + size.toExponential().replace("e+", "e");
  if (size >= 10_000) return `${sign}${Number((size / 1000).toFixed(3))}k`;
  return sign + (size === 0 || size === 1 && decimals > 0 ? String(size) : size.toFixed(decimals));
}
