/**
 * Which values share a buffer: two may if no kernel needs both.
 *
 * @module
 */

/** A value and the kernels, by number, that write it first and read it last. */
export interface Lifetime<T> {
  readonly value: T;
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

/** Buffers, by size, and the buffer of each value. */
export interface Assignment<T> {
  readonly sizes: readonly number[];
  readonly slotOf: ReadonlyMap<T, number>;
}

/**
 * Gives each value the free buffer that fits it best, grows the largest one if none does, and makes a new one if none is free.
 *
 * @example
 * ```ts
 * import { assignBuffers } from "./memory.ts";
 * import assert from "node:assert/strict";
 * const { sizes, slotOf } = assignBuffers([
 *   { value: "a", bytes: 64, first: 0, last: 1 },
 *   { value: "b", bytes: 64, first: 1, last: 2 },
 *   { value: "c", bytes: 48, first: 2, last: 3 },
 * ]);
 * assert.deepEqual(sizes, [64, 64]);
 * assert.equal(slotOf.get("c"), slotOf.get("a"));
 * ```
 */
export function assignBuffers<T>(lifetimes: readonly Lifetime<T>[]): Assignment<T> {
  const sizes: number[] = [];
  const busyUntil: number[] = [];
  const slotOf = new Map<T, number>();
  for (
    const { value, bytes, first, last } of [...lifetimes].sort((a, b) =>
      a.first - b.first || b.bytes - a.bytes
    )
  ) {
    let best = -1;
    for (let i = 0; i < sizes.length; i++) {
      if (busyUntil[i] >= first) continue;
      if (best < 0 || isBetter(sizes[i], sizes[best], bytes)) best = i;
    }
    if (best < 0) best = sizes.push(0) - 1;
    sizes[best] = Math.max(sizes[best], bytes);
    busyUntil[best] = last;
    slotOf.set(value, best);
  }
  return { sizes, slotOf };
}

function isBetter(size: number, than: number, bytes: number): boolean {
  if (size >= bytes) return than < bytes || size < than;
  return than < bytes && size > than;
}
