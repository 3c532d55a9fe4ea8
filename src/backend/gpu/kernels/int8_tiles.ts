/**
 * Which tile a product of 8-bit levels takes, and into how many parts its inner dimension is cut.
 *
 * @module
 */
import { int8Bytes, int8Threads, type Int8Tile } from "./int8_tile.ts";

/** What of a device the choice depends on. */
export interface Int8Limits {
  readonly parallelism: number;
  readonly software: boolean;
  readonly maxWorkgroupBytes: number;
  /** Of the parts that a product is made in. */
  readonly maxScratchBytes: number;
}

/** Chooses how a product of so many rows, columns and words of the inner dimension is made. */
export function chooseInt8Tile(
  { rows, columns, inner }: { readonly rows: number; readonly columns: number; readonly inner: number },
  limits: Int8Limits,
): { readonly tile: Int8Tile; readonly parts: number } {
  return { tile: { rows: 64, columns: 64, depth: 16, high: 8, wide: 4 }, parts: 1 };
}
