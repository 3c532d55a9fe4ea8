/**
 * Teams: neighbouring threads of a workgroup that share a row and fold their parts of it.
 *
 * @module
 */
import { powerOfTwo } from "./fused.ts";
import type { Lanes } from "./wgsl.ts";

/** How the rows of a tensor are laid over threads. */
export interface Team {
  readonly lanes: Lanes;
  /** Loads that make a row, each of `lanes` elements. */
  readonly chunks: number;
  /** Threads that share a row; a power of two. */
  readonly size: number;
  /** Threads of a workgroup. */
  readonly threads: number;
  /** Rows that a workgroup computes at a time. */
  readonly perGroup: number;
  /** Chunks of a row that one thread takes. */
  readonly kept: number;
  /** Whether the last of them is beyond the row's end for some threads. */
  readonly ragged: boolean;
}

/** Chunks of a row that a thread of a longer row's team takes at least, so that a row's sums are not all waiting. */
const perThread = 4;

/** Lays rows of `width` elements over threads. */
export function teamOf(width: number, lanes: Lanes, options: { threads?: number } = {}): Team {
  const chunks = width / lanes;
  const size = Math.min(
    powerOfTwo(Math.max(Math.ceil(chunks / perThread), Math.min(chunks, 32))),
    256,
  );
  const threads = Math.max(size, options.threads ?? 64);
  const kept = Math.ceil(chunks / size);
  return {
    lanes,
    chunks,
    size,
    threads,
    perGroup: threads / size,
    kept,
    ragged: chunks % size !== 0,
  };
}

/** The number of chunk k of a thread, kept inside the row. */
export function safeChunk(team: Team, k: number): string {
  const chunk = k === 0 ? "lane" : `(lane + ${k * team.size}u)`;
  return team.ragged && k === team.kept - 1 ? `min(${chunk}, ${team.chunks - 1}u)` : chunk;
}

/**
 * Declares `fn name(t: u32, lane: u32, x: T) -> T`, which folds one value of each thread of a team and gives the result to
 * all of them: one of every few threads folds theirs, then each folds what those made. Each step is one read by many threads
 * and one barrier, always in one order.
 */
export function teamFold(
  name: string,
  team: Team,
  options: { op: "sum" | "max"; type: "f32" | "vec2<f32>" },
): string {
  const { op, type } = options;
  const { size, threads } = team;
  if (size === 1) return `fn ${name}(t: u32, lane: u32, x: ${type}) -> ${type} { return x; }`;
  const fold = (items: readonly string[]): string => {
    if (items.length === 1) return items[0];
    const half = items.length / 2;
    const [a, b] = [fold(items.slice(0, half)), fold(items.slice(half))];
    return op === "sum" ? `(${a} + ${b})` : `max(${a}, ${b})`;
  };
  const read = (array: string, start: string, count: number, length: number) =>
    fold(Array.from({ length: count }, (_, k) => `${array}[min(${start} + ${k}u, ${length - 1}u)]`));
  const log = Math.log2(size);
  const firsts = 2 ** Math.floor(log / 2);
  const each = size / firsts;
  const parts = threads / each;
  return `var<workgroup> ${name}_all: array<${type}, ${threads}>;
var<workgroup> ${name}_parts: array<${type}, ${parts}>;
fn ${name}(t: u32, lane: u32, x: ${type}) -> ${type} {
  ${name}_all[t] = x;
  workgroupBarrier();
  if (t < ${parts}u) {
    let start = t * ${each}u;
    ${name}_parts[t] = ${read(`${name}_all`, "start", each, threads)};
  }
  workgroupBarrier();
  let first = (t / ${size}u) * ${firsts}u;
  return ${read(`${name}_parts`, "first", firsts, parts)};
}`;
}
