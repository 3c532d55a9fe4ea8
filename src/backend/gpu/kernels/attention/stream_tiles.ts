/**
 * How attention kernels cut their work: rows that a workgroup keeps, columns that it streams past them, and each thread's share.
 *
 * @module
 */

/** A pass over attention's scores, as far as its cost depends on it. */
export interface AttentionPass {
  /** What a workgroup keeps: queries, or keys. */
  readonly rows: number;
  /** What streams past: keys, or queries. */
  readonly columns: number;
  /** Batch times heads. */
  readonly heads: number;
  /** Size of one head, d. */
  readonly width: number;
  /** Operands that a workgroup keeps for its rows. */
  readonly kept: 1 | 2;
  /** Results of `rows` x d. */
  readonly results: 1 | 2;
  /** Operands copied to workgroup memory for each block of columns. */
  readonly fills: number;
}

/**
 * Threads stand in a grid, `across` of them for the columns and `rows / high` for the rows. Each makes `high` rows of `4 * scoreQuads`
 * scores and of `4 * resultQuads` results.
 */
export interface AttentionTiling {
  readonly rows: number;
  readonly high: number;
  readonly across: number;
  readonly scoreQuads: number;
  readonly resultQuads: number;
  /** Columns of one block. */
  readonly columns: number;
  readonly threads: number;
  /** Vectors between the rows of neighbouring threads, so that they lie in different banks. */
  readonly padding: 0 | 1;
}

/** What a tiling is chosen for. */
export interface TilingLimits {
  readonly parallelism: number;
  readonly software: boolean;
  readonly maxWorkgroupBytes: number;
  /** The tiling to take instead of a chosen one: for benchmarks. */
  readonly tiling?: AttentionTiling;
}

const maxThreads = 256;

/** The tiling that should take the least time, or `undefined` where none fits. */
export function chooseTiling(pass: AttentionPass, limits: TilingLimits): AttentionTiling | undefined {
  return limits.tiling ?? rankTilings(pass, limits)[0];
}

/** All tilings that fit, the one that should take the least time first. */
export function rankTilings(pass: AttentionPass, limits: TilingLimits): AttentionTiling[] {
  const cost = (t: AttentionTiling) => limits.software ? softwareCost(pass, t) : estimate(pass, t, limits);
  return [...candidates(pass, limits)].map((tiling) => ({ tiling, cost: cost(tiling) }))
    .sort((a, b) => a.cost - b.cost).map(({ tiling }) => tiling);
}

function* candidates(pass: AttentionPass, limits: TilingLimits): Generator<AttentionTiling> {
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
            const tiling = { rows, high, across, scoreQuads, resultQuads, columns, threads, padding };
            if (workgroupBytes(pass, tiling) > limits.maxWorkgroupBytes) continue;
            if (registers(pass, tiling) > 220) continue;
            yield tiling;
            break;
          }
        }
      }
    }
  }
}

/** Bytes of workgroup memory: the rows kept, a block of columns and the scores. */
export function workgroupBytes(pass: AttentionPass, t: AttentionTiling): number {
  const teams = t.rows / t.high;
  const kept = pass.kept * teams * (t.high * pass.width / 4 + t.padding);
  return 16 * (kept + t.columns * pass.width / 4 + teams * (t.high * t.columns / 4 + t.padding));
}

function registers(pass: AttentionPass, t: AttentionTiling): number {
  const scores = pass.kept * t.high * 4 * t.scoreQuads;
  return scores + pass.results * t.high * 4 * t.resultQuads + 4 * Math.max(t.scoreQuads, t.resultQuads) +
    5 * t.high + 24;
}

/**
 * Instructions that a processor of four units issues, with what limits how many workgroups it hides latency with. The numbers are an
 * H100's; only their ratios matter.
 */
function estimate(pass: AttentionPass, t: AttentionTiling, limits: TilingLimits): number {
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
function softwareCost(pass: AttentionPass, t: AttentionTiling): number {
  const rows = Math.ceil(pass.rows / t.rows) * t.rows;
  const columns = Math.ceil(pass.columns / t.columns) * t.columns;
  const text = t.high * (t.scoreQuads * pass.kept + t.resultQuads * pass.results);
  return rows * columns * (1 + text / 32) * (1 + 8 / t.threads);
}
