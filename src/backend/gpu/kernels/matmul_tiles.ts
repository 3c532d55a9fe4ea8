/**
 * Which tile a product takes, and into how many parts its inner dimension is cut: from a table of what was measured, else from a
 * model of what it would take.
 *
 * @module
 */
import type { ProductForm, Tuning } from "../tuning/tuning.ts";
import { bytesOf, type Tile } from "./tile.ts";

/** A product, as far as the choice depends on it. */
export interface ProductShape {
  readonly form: ProductForm;
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  /** Products of this shape. */
  readonly batches: number;
  /** Both operands are f16. */
  readonly halves?: boolean;
}

/** What of a device the choice depends on. */
export interface TileLimits {
  readonly parallelism: number;
  readonly software: boolean;
  readonly maxWorkgroupBytes: number;
  /** Of the parts that a product is made in. */
  readonly maxScratchBytes: number;
  readonly tuning?: Tuning;
}

/** How a product is made. */
export interface TileChoice {
  readonly tile: Tile;
  readonly parts: number;
}

/** A tile with the model's two numbers, fitted to an H100's times (bench/results/matmul_h100.md). */
interface KnownTile {
  readonly tile: Tile;
  /** Nanoseconds a step takes on a busy multiprocessor. */
  readonly step: number;
  /** How late a multiprocessor starts, in times of a workgroup. */
  readonly lag: number;
}

const known: Readonly<Record<string, KnownTile>> = {
  "128x128": tileOf(128, 128, 8, 8, 1439, 0.1),
  "128x64": tileOf(128, 64, 8, 8, 694, 0.24),
  "64x128": tileOf(64, 128, 8, 8, 690, 0.23),
  "96x128": tileOf(96, 128, 12, 8, 1097, 0.08),
  "128x96": tileOf(128, 96, 8, 12, 1098, 0.17),
  "128x192": tileOf(128, 192, 8, 12, 2143, 0, "ahead"),
  "64x64": tileOf(64, 64, 8, 4, 385, 0.32),
  "64x32": tileOf(64, 32, 4, 4, 257, 0.31),
  "32x64": tileOf(32, 64, 4, 4, 255, 0.3),
  "32x32": tileOf(32, 32, 4, 4, 136, 0.69),
};

/**
 * The tiles of packed halves: those whose operands are turned in squares, with steps twice as deep. Against f32 an H200 takes
 * 0.8 of the time (bench/results/half_products.md).
 */
const halves: Readonly<Record<string, KnownTile>> = Object.fromEntries(
  ["128x128", "128x64", "64x128", "64x64", "64x32", "32x64", "32x32"].map((name) => {
    const { tile, step, lag } = known[name];
    return [name, { tile: { ...tile, depth: 2 * tile.depth, halves: true }, step: 1.6 * step, lag }];
  }),
);

/** The tiles that a tuning table may name: rows x columns of results. */
export const tileNames: readonly string[] = Object.keys(known);

/** The names of tiles of packed halves. */
export const halfTileNames: readonly string[] = Object.keys(halves);

/** The tile of a name. */
export function tileNamed(name: string, options: { readonly halves?: boolean } = {}): Tile {
  return (options.halves ? halves : known)[name].tile;
}

/**
 * What a software adapter takes: its compiler needs a second for a long kernel, so small products get a short one. On
 * llvmpipe with 2 cores the large tile does 4 GFLOP/s, the small one 1.5.
 */
const softwareTiles: readonly Tile[] = [
  { rows: 64, columns: 64, depth: 8, high: 8, wide: 8, reads: "late" },
  { rows: 32, columns: 32, depth: 8, high: 4, wide: 4, reads: "late" },
];
const smallProduct = 2 ** 22;

const maxParts = 16;

/** Chooses the tile and the parts. */
export function chooseTile(p: ProductShape, limits: TileLimits): TileChoice {
  if (limits.software) return chooseShort(p, limits);
  const tiles = p.halves ? halves : known;
  const fits = (name: string) => name in tiles && bytesOf(tiles[name].tile) <= limits.maxWorkgroupBytes;
  const measured = p.batches === 1 &&
    limits.tuning?.find(p.form, p.rows, p.columns, p.depth, p.halves ? "halves" : "f32");
  if (measured && fits(measured.tile) && partsAllowed(p, measured.parts, limits)) {
    return { tile: tiles[measured.tile].tile, parts: measured.parts };
  }
  let best: TileChoice | undefined;
  let least = Infinity;
  for (const name of tileNames.filter(fits)) {
    for (let parts = 1; parts <= maxParts && partsAllowed(p, parts, limits); parts++) {
      const time = estimate(p, tiles[name], parts, limits.parallelism);
      if (time < least) [best, least] = [{ tile: tiles[name].tile, parts }, time];
    }
  }
  return best!;
}

function partsAllowed(p: ProductShape, parts: number, { maxScratchBytes }: TileLimits): boolean {
  const results = p.rows * p.columns * p.batches;
  return parts === 1 || p.depth / parts >= 64 && parts * results * 4 <= maxScratchBytes;
}

/**
 * Microseconds on an H100: the multiprocessor with most workgroups makes them one after the other, and results in parts are
 * written, read and added up in a second kernel. Against the tiles measured for 63 shapes this choice takes 2% longer than
 * the best.
 */
function estimate(
  p: ProductShape,
  { tile, step, lag }: KnownTile,
  parts: number,
  parallelism: number,
): number {
  const groups = Math.ceil(p.rows / tile.rows) * Math.ceil(p.columns / tile.columns) * p.batches * parts;
  // Workgroups that fill a device to the last place seldom spread so evenly.
  const each = Math.ceil(1.02 * groups / parallelism);
  const steps = Math.ceil(p.depth / parts / tile.depth) + 1;
  const time = 3.8 + steps * step * (each + lag) / 1000;
  if (parts === 1) return time;
  return time + 1.9 + 0.32 * (parts + 1) * p.rows * p.columns * p.batches * 4 / 1e6;
}

function chooseShort(p: ProductShape, limits: TileLimits): TileChoice {
  const small = p.rows * p.columns * p.depth * p.batches < smallProduct;
  const groups = (t: Tile) => Math.ceil(p.rows / t.rows) * Math.ceil(p.columns / t.columns) * p.batches;
  const [large, short] = softwareTiles;
  const fits = large.rows < 2 * p.rows && large.columns < 2 * p.columns;
  const tile = !small && fits && groups(large) >= limits.parallelism ? large : short;
  const parts = Math.min(
    Math.floor(limits.parallelism / groups(tile)),
    Math.floor(p.depth / 128),
    Math.floor(limits.maxScratchBytes / (4 * p.rows * p.columns * p.batches)),
  );
  return { tile, parts: Math.max(1, parts) };
}

function tileOf(
  rows: number,
  columns: number,
  high: number,
  wide: number,
  step: number,
  lag: number,
  reads: Tile["reads"] = "eager",
): KnownTile {
  return { tile: { rows, columns, depth: 16, high, wide, reads }, step, lag };
}
