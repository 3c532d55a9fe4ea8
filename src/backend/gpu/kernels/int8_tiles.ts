/**
 * Which tile a product of 8-bit levels takes, and into how many parts its inner dimension is cut: the fastest by a model of
 * what it would take.
 *
 * @module
 */
import { int8Bytes, type Int8Tile } from "./int8_tile.ts";

/** What of a device the choice depends on. */
export interface Int8Limits {
  readonly parallelism: number;
  readonly software: boolean;
  readonly maxWorkgroupBytes: number;
  /** Of the parts that a product is made in. */
  readonly maxScratchBytes: number;
}

/** A product's rows, columns, and words of the inner dimension. */
export interface Int8Shape {
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
}

/** How a product is made. */
export interface Int8Choice {
  readonly tile: Int8Tile;
  readonly parts: number;
}

/**
 * Tiles with the nanoseconds that a step of 16 words takes on a busy multiprocessor: from one sweep on an H200
 * (bench/results/h200_int8.md), but for the last, which is an estimate.
 */
const known: readonly { readonly tile: Int8Tile; readonly step: number }[] = [
  { tile: { rows: 128, columns: 64, depth: 16, high: 8, wide: 8 }, step: 1275 },
  { tile: { rows: 64, columns: 64, depth: 16, high: 8, wide: 4 }, step: 730 },
  { tile: { rows: 32, columns: 64, depth: 16, high: 4, wide: 4 }, step: 420 },
];

/** A software adapter's compiler needs long for a long kernel. */
const short: Int8Tile = { rows: 32, columns: 32, depth: 8, high: 4, wide: 4 };

const maxParts = 8;

/** Chooses how a product is made. */
export function chooseInt8Tile(p: Int8Shape, limits: Int8Limits): Int8Choice {
  if (limits.software) return { tile: short, parts: 1 };
  let best: Int8Choice | undefined;
  let least = Infinity;
  for (const { tile, step } of known.filter(({ tile }) => int8Bytes(tile) <= limits.maxWorkgroupBytes)) {
    for (let parts = 1; parts <= maxParts && partsAllowed(p, { tile, parts }, limits); parts++) {
      const time = estimate(p, { tile, parts }, { step, parallelism: limits.parallelism });
      if (time < least) [best, least] = [{ tile, parts }, time];
    }
  }
  return best!;
}

function partsAllowed(
  { rows, columns, inner }: Int8Shape,
  { tile, parts }: Int8Choice,
  limits: Int8Limits,
): boolean {
  return parts === 1 ||
    inner / parts >= 2 * tile.depth && parts * rows * columns * 4 <= limits.maxScratchBytes;
}

/**
 * Microseconds: the multiprocessor with most workgroups makes them one after the other, and results in parts are written, read
 * and added up in a second kernel.
 */
function estimate(
  { rows, columns, inner }: Int8Shape,
  { tile, parts }: Int8Choice,
  { step, parallelism }: { readonly step: number; readonly parallelism: number },
): number {
  const groups = Math.ceil(rows / tile.rows) * Math.ceil(columns / tile.columns) * parts;
  const steps = Math.ceil(inner / parts / tile.depth) + 1;
  const time = 3 + steps * step * Math.ceil(groups / parallelism) / 1000;
  return parts === 1 ? time : time + 1.9 + 0.32 * (parts + 1) * rows * columns * 4 / 1e6;
}
