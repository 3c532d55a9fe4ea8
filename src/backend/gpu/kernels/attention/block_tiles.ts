/**
 * Which blocks attention's kernels take, and how the threads of a workgroup share them.
 *
 * A workgroup keeps a block of rows and passes blocks of columns. Its threads are laid out `across` beside and `down` above
 * each other; each makes `high` x `wide` scores and `high` rows of the results. A block is taken if its tiles fit into
 * workgroup memory and a thread's sums into registers: the first such in the list, or a smaller one where it would leave
 * processors without work.
 *
 * @module
 */
import type { ScoreTile } from "./draft.ts";
import type { AttentionPass } from "./pass.ts";
import type { ChoiceLimits, TileLimits } from "./stream_tiles.ts";

/** A workgroup keeps `rows` and passes `columns` at a time; each thread makes `high` x `wide` of their scores. */
export interface BlockTiling {
  readonly rows: number;
  readonly columns: number;
  readonly high: number;
  readonly wide: number;
  /** How much of a product's sum is fetched at a time: 16, 32 or 64. */
  readonly depth: number;
  /** Columns of a block whose scores lie in workgroup memory at a time. */
  readonly held: number;
}

/** What is written out: products and heads are made in multiples of it. */
export const unit = 16;

/** All blocks there are. */
export const blockTilings: readonly BlockTiling[] = [
  { rows: 64, columns: 64, high: 8, wide: 4, depth: 16, held: 32 },
  { rows: 64, columns: 64, high: 8, wide: 4, depth: 16, held: 64 },
  { rows: 32, columns: 64, high: 4, wide: 4, depth: 16, held: 64 },
  { rows: 64, columns: 32, high: 4, wide: 4, depth: 16, held: 32 },
  { rows: 128, columns: 64, high: 8, wide: 4, depth: 16, held: 64 },
  { rows: 64, columns: 64, high: 4, wide: 4, depth: 16, held: 64 },
];

/** Whether blocks of this size can make a pass here. */
export function blocksFit(pass: AttentionPass, tiling: BlockTiling, limits: TileLimits): boolean {
  if (pass.width % unit !== 0 || pass.width < 16 || pass.width > 128) return false;
  const tile = blockTile(pass, tiling);
  if (tile.quads % tile.resultQuads !== 0) return false;
  const sums = tile.high * 4 * tile.resultQuads * pass.results;
  if (sums + pass.kept * tile.high * tile.wide > 144) return false;
  return workgroupBytes(tile) <= limits.maxWorkgroupBytes;
}

/** The blocks to take, or `undefined` where rows or columns are few or the device is a CPU. */
export function chooseBlocks(pass: AttentionPass, limits: ChoiceLimits): BlockTiling | undefined {
  if (limits.software || pass.rows < 32 || pass.columns < 32) return undefined;
  // Keys' and values' gradients win nothing by holding less at a time.
  const fitting = blockTilings.filter((t) =>
    blocksFit(pass, t, limits) && (pass.results === 1 || t.held === t.columns)
  );
  const few = (t: BlockTiling) => Math.ceil(pass.rows / t.rows) * pass.heads < limits.parallelism;
  return fitting.find((t) => t.rows === 32 || !few(t)) ?? fitting[0];
}

/**
 * Whether one kernel can make all gradients by these blocks: for that, each thread takes two, four or eight of the columns
 * held.
 */
export function makesAll({ rows, high, held }: BlockTiling): boolean {
  return held * high / rows >= 2;
}

/** How the threads of a workgroup share the work of a pass by blocks. */
export interface BlockTile extends BlockTiling, ScoreTile {
  /** Threads above each other. */
  readonly down: number;
  /** Quads of a result's row. */
  readonly quads: number;
  /** Into how many parts a result's sum is cut where threads are left. */
  readonly split: number;
  /** How much of a head is fetched at a time: the largest part of it that `depth` allows. */
  readonly headDepth: number;
  /** How much of the columns, or rows, is fetched at a time. */
  readonly resultDepth: number;
  /** Scores are held in so many pieces, one after the other. */
  readonly pieces: number;
  /** What the memory of scores has room for: so many columns of `rows`. */
  readonly heldDepth: number;
  /** What the memory of a step has room for: so much of a sum, for so many columns or elements of a head. */
  readonly stageDepth: number;
  readonly stageWidth: number;
}

/** How a pass is made by blocks. */
export function blockTile({ width }: AttentionPass, tiling: BlockTiling): BlockTile {
  const { rows, columns, high, wide, depth, held } = tiling;
  const [across, down] = [columns / wide, rows / high];
  const quads = width / 4;
  const resultQuads = Math.ceil(quads / across);
  const headDepth = [64, 48, 32, 16].find((n) => n <= depth && width % n === 0)!;
  const resultDepth = Math.min(depth, held);
  const heldDepth = Math.max(held, headDepth);
  // The parts of a sum are exchanged where the scores were held.
  const beside = Math.max(1, held / down / high);
  const split = resultQuads > 1
    ? 1
    : [4, 2, 1].find((n) =>
      n * quads <= across && Math.ceil((n - 1) * quads / 4) * beside <= heldDepth / unit
    )!;
  return {
    ...tiling,
    scoreQuads: wide / 4,
    rowPitch: 4,
    groupPitch: 4 * down,
    across,
    down,
    threads: across * down,
    quads,
    resultQuads,
    sharers: quads / resultQuads,
    lane: "xo",
    split,
    headDepth,
    resultDepth,
    pieces: columns / held,
    heldDepth,
    stageDepth: Math.max(headDepth, resultDepth),
    stageWidth: Math.max(columns, width),
  };
}

/** Bytes of workgroup memory: a step of two operands and a block of scores. */
function workgroupBytes({ rows, heldDepth, stageDepth, stageWidth }: BlockTile): number {
  return 16 * (heldDepth * (rows / 4 + 1) + stageDepth * (stageWidth / 4 + 1));
}
