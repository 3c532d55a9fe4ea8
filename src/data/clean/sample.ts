/**
 * Drawing rows with each label's share kept.
 *
 * @module
 */
import { createRandomStream } from "../../base/random.ts";
import { show } from "../../base/text.ts";
import { DataError } from "../errors.ts";

/** How many rows, or what share of them. */
export interface Amount {
  readonly rows?: number;
  /** Above 0 and at most 1. */
  readonly share?: number;
}

/** Reads `1000`, `10%` or `0.1`. */
export function readAmount(value: string | undefined): Amount {
  const [, number, percent] = /^(\d{1,15}(?:\.\d{1,15})?)(%?)$/.exec(value ?? "") ?? [];
  const read = Number(number);
  if (number !== undefined && read > 0) {
    if (percent === "" && Number.isInteger(read) && !number.includes(".")) return { rows: read };
    const share = percent === "%" ? read / 100 : read;
    if (share <= 1) return { share };
  }
  throw new DataError(
    `the step sample takes a number of rows, or a share such as 10% or 0.1${
      value === undefined ? "" : `; ${show(value)} was given`
    }`,
  );
}

/**
 * So many rows at random, in their order. Each label has its share of them, to the nearest row, and at least one row where there
 * is room for one of each; rows without a label are alike.
 */
export function sampleRows<T extends { readonly label?: string }>(
  rows: readonly T[],
  { rows: wanted, share = 1 }: Amount,
  seed: number,
): T[] {
  const count = Math.min(rows.length, wanted ?? Math.max(1, Math.round(share * rows.length)));
  if (count === rows.length) return [...rows];
  const groups = [...Map.groupBy(rows.keys(), (i) => rows[i].label ?? "")]
    .sort(([a], [b]) => a < b ? -1 : 1).map(([, indices]) => indices);
  const random = createRandomStream(seed, STREAM);
  const quotas = quotasOf(groups.map(({ length }) => length), count);
  const chosen = groups.flatMap((indices, g) => random.shuffle(indices).slice(0, quotas[g]));
  return chosen.sort((a, b) => a - b).map((i) => rows[i]);
}

/** Tells these draws from the others that a seed decides. */
const STREAM = 0x5a3b1e;

/** Whole shares of `count` that sum to it, by largest remainders: none above its group, and none 0 where all have room. */
function quotasOf(sizes: readonly number[], count: number): number[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const least = count >= sizes.length ? 1 : 0;
  const exact = sizes.map((size) => size * count / total);
  const quotas = exact.map((share) => Math.max(least, Math.floor(share)));
  let missing = count - quotas.reduce((sum, quota) => sum + quota, 0);
  const byNeed = exact.map((share, g) => ({ g, need: share - quotas[g] }));
  for (const step = Math.sign(missing); missing !== 0;) {
    byNeed.sort((a, b) => step * (b.need - a.need) || a.g - b.g);
    for (const entry of byNeed) {
      if (missing === 0) break;
      const next = quotas[entry.g] + step;
      if (next < least || next > sizes[entry.g]) continue;
      quotas[entry.g] = next;
      entry.need -= step;
      missing -= step;
    }
  }
  return quotas;
}
