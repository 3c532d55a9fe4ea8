/**
 * How long the texts of a data set are.
 *
 * @module
 */

/** Quantiles of a list of whole numbers. */
export interface Lengths {
  readonly least: number;
  readonly median: number;
  readonly p90: number;
  readonly p99: number;
  readonly most: number;
  readonly mean: number;
}

/**
 * Quantiles (nearest rank) of lengths.
 *
 * @example
 * ```ts
 * import { lengthsOf } from "./lengths.ts";
 * import assert from "node:assert/strict";
 * assert.deepEqual(lengthsOf([3, 1, 2]), { least: 1, median: 2, p90: 3, p99: 3, most: 3, mean: 2 });
 * ```
 */
export function lengthsOf(values: readonly number[]): Lengths {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  let sum = 0;
  for (const value of sorted) sum += value;
  return {
    least: sorted[0] ?? 0,
    median: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
    most: sorted.at(-1) ?? 0,
    mean: sorted.length === 0 ? 0 : sum / sorted.length,
  };
}

/** Words of a text: runs without white space. */
export function countWords(text: string): number {
  let count = 0;
  let inside = false;
  for (let i = 0; i < text.length; i++) {
    const isSpace = text.charCodeAt(i) <= 32 || text[i] === "\u00a0" || text[i] === "\u3000";
    if (!isSpace && !inside) count++;
    inside = !isSpace;
  }
  return count;
}
