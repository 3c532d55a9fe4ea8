/**
 * Which tiles the kernels by streams take: all that workgroup memory and registers hold are weighed by an estimate of their time.
 *
 * @module
 */
import type { ScoreTile } from "./draft.ts";
import type { AttentionPass } from "./pass.ts";

/**
 * Threads are laid out in two dimensions, `across` of them for the columns and `rows / high` for the rows. Each makes `high`
 * rows of `4 * scoreQuads` scores and of `4 * resultQuads` results.
 */
export interface StreamTile extends ScoreTile {
  /** Vectors between the rows of neighbouring threads, so that they lie in different banks. */
  readonly padding: 0 | 1;
}

/** What of a device decides which tiles fit, ... */
export interface TileLimits {
  readonly software: boolean;
  readonly maxWorkgroupBytes: number;
}

/** ... and which are chosen. */
export interface ChoiceLimits extends TileLimits {
  /** Workgroups it takes to fill the device. */
  readonly parallelism: number;
}

const maxThreads = 256;

/** Whether any tile fits here. */
export function hasStreamTile(pass: AttentionPass, limits: TileLimits): boolean {
  return !candidates(pass, limits).next().done;
}

/** The tile that should take the least time, or `undefined` where none fits. */
export function chooseStreamTile(pass: AttentionPass, limits: ChoiceLimits): StreamTile | undefined {
  const cost = (t: StreamTile) => limits.software ? softwareCost(pass, t) : estimate(pass, t, limits);
  let best: StreamTile | undefined;
  let least = Infinity;
  for (const tile of candidates(pass, limits)) {
    const time = cost(tile);
    if (time < least) [best, least] = [tile, time];
  }
  return best;
}

function* candidates(pass: AttentionPass, limits: TileLimits): Generator<StreamTile> {
  const quads = pass.width / 4;
  for (const resultQuads of [1, 2, 3, 4, 6, 8]) {
    const across = quads / resultQuads;
    if (!Number.isInteger(across) || across > 32) continue;
    for (const scoreQuads of [1, 2, 4]) {
      for (const high of limits.software ? [4] : [1, 2, 4, 8]) {
        for (let rows = Math.max(4, high); rows <= 128; rows *= 2) {
          const threads = across * rows / high;
          if (threads < 4 || threads > maxThreads) continue;
          for (const padding of [1, 0] as const) {
            const columns = 4 * across * scoreQuads;
            const layout = { across, sharers: across, lane: "x", rowPitch: high, groupPitch: 4 } as const;
            const tile = { ...layout, rows, columns, threads, high, scoreQuads, resultQuads, padding };
            if (workgroupBytes(pass, tile) > limits.maxWorkgroupBytes) continue;
            if (registers(pass, tile) > 220) continue;
            yield tile;
            break;
          }
        }
      }
    }
  }
}

/** Bytes of workgroup memory: the rows kept, a tile of columns and the scores. */
function workgroupBytes(pass: AttentionPass, t: StreamTile): number {
  const teams = t.rows / t.high;
  const kept = pass.kept * teams * (t.high * pass.width / 4 + t.padding);
  return 16 * (kept + t.columns * pass.width / 4 + teams * (t.high * t.columns / 4 + t.padding));
}

function registers(pass: AttentionPass, t: StreamTile): number {
  const scores = pass.kept * t.high * 4 * t.scoreQuads;
  return scores + pass.results * t.high * 4 * t.resultQuads + 4 * Math.max(t.scoreQuads, t.resultQuads) +
    5 * t.high + 24;
}

/**
 * Instructions that a processor of four units issues, with what limits how many workgroups it hides latency with. The numbers
 * are an H100's; only their ratios matter.
 */
function estimate(pass: AttentionPass, t: StreamTile, limits: ChoiceLimits): number {
  const steps = (depth: number, quads: number) =>
    depth / 4 * (2 * (t.high + 4 * quads) + 16 * t.high * quads);
  const block = pass.kept * steps(pass.width, t.scoreQuads) +
    pass.results * steps(t.columns, t.resultQuads) +
    pass.fills * t.columns * pass.width / 4 / t.threads * 12 +
    t.high * 4 * t.scoreQuads * 12 + t.across * t.high + 60 * (2 * pass.fills + 1);
  const blocks = Math.ceil(pass.columns / t.columns);
  const cost = blocks * block + pass.kept * t.rows * pass.width / 4 / t.threads * 12 + 400;
  const groups = Math.ceil(Math.ceil(pass.rows / t.rows) * pass.heads / limits.parallelism);
  const warps = Math.ceil(t.threads / 32);
  const resident = Math.max(
    1,
    Math.min(
      groups,
      Math.floor(220 * 1024 / (workgroupBytes(pass, t) + 1024)),
      Math.floor(65536 / (32 * warps * registers(pass, t))),
      32,
    ),
  );
  // A warp alone issues at best every third cycle.
  return Math.max(groups * warps * cost / 4, Math.ceil(groups / resident) * cost * 3);
}

/** Work and, a little, how much is written out: neither idle threads nor long kernels. */
function softwareCost(pass: AttentionPass, t: StreamTile): number {
  const rows = Math.ceil(pass.rows / t.rows) * t.rows;
  const columns = Math.ceil(pass.columns / t.columns) * t.columns;
  const text = t.high * (t.scoreQuads * pass.kept + t.resultQuads * pass.results);
  return rows * columns * (1 + text / 32) * (1 + 8 / t.threads);
}
