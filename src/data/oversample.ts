/**
 * Balanced sampling: rows of rare classes several times in an epoch, so that every class is met as often.
 *
 * @module
 */
import { createRandomStream } from "../base/random.ts";

/**
 * The indices of an epoch in which every class has as many rows as the largest: each row of a class as often as any other of
 * it, or once more, by a draw of `seed` and `epoch`. In the order of the list.
 *
 * @param classes of each row
 *
 * @example
 * ```ts
 * import { balancedIndices } from "./oversample.ts";
 * import assert from "node:assert/strict";
 * assert.deepEqual(balancedIndices(["ham", "ham", "spam", "ham", "ham"], { seed: 1, epoch: 0 }), [0, 1, 2, 2, 2, 2, 3, 4]);
 * ```
 */
export function balancedIndices(
  classes: readonly string[],
  { seed, epoch }: { readonly seed: number; readonly epoch: number },
): number[] {
  const members = new Map<string, number[]>();
  classes.forEach((name, i) => members.get(name)?.push(i) ?? members.set(name, [i]));
  const most = Math.max(0, ...[...members.values()].map(({ length }) => length));
  const random = createRandomStream(seed, OVERSAMPLE_STREAM, epoch);
  const indices: number[] = [];
  for (const own of members.values()) {
    for (let times = 0; times < Math.floor(most / own.length); times++) indices.push(...own);
    indices.push(...random.shuffle([...own]).slice(0, most % own.length));
  }
  return indices.sort((a, b) => a - b);
}

/** Keeps the draw's random stream apart from others of the same seed. */
const OVERSAMPLE_STREAM = 0x05a1;
