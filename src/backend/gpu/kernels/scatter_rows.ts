/**
 * How a workgroup makes the rows of a scatter-add, however it finds their tokens: rows of few tokens by one line of threads each,
 * the others by all of them together.
 *
 * @module
 */
import type { Node } from "../../../graph/node.ts";
import { type GroupWriter, powerOfTwo } from "./fused.ts";
import { added, foldDeep } from "./reduce.ts";
import type { Lanes } from "./wgsl.ts";

/** A scatter-add of `tokens` rows into `rows` rows of `width` elements. */
export interface Problem {
  readonly name: string;
  readonly anchor: Node & { op: "scatter_add" };
  readonly tokens: number;
  readonly rows: number;
  readonly width: number;
}

/** The most tokens that one kernel marks; 128 words of bits for each row. */
export const maxMarked = 4096;
/** Threads of a workgroup, at most. */
const threads = 256;
/** A row of more tokens than this is summed by all threads of a workgroup. */
const fewTokens = 16;

/** How the columns of rows are laid over a workgroup's threads, and how many rows it takes. */
export interface RowLayout {
  /** Columns of a row, each of as many elements as there are lanes. */
  readonly columns: number;
  /** Columns that a workgroup takes, side by side. */
  readonly across: number;
  /** Threads of each of those columns. */
  readonly deep: number;
  /** Workgroups that share a row. */
  readonly blocks: number;
  readonly rowsEach: number;
}

/** The layout that keeps about `parallelism` workgroups busy. */
export function layout(p: Problem, lanes: Lanes, parallelism: number): RowLayout {
  const columns = p.width / lanes;
  const across = Math.min(powerOfTwo(columns), 32);
  const deep = Math.min(threads / across, powerOfTwo(Math.ceil(p.tokens / 4)));
  const blocks = Math.ceil(columns / across);
  const each = powerOfTwo(p.rows * blocks / (2 * parallelism)) / 2;
  // Every workgroup looks at all tokens, so each takes as many rows as 8 KiB of marks allow.
  const most = Math.max(1, Math.min(32, 65536 / powerOfTwo(Math.min(p.tokens, maxMarked))));
  return { columns, across, deep, blocks, rowsEach: Math.max(1, Math.min(most, each)) };
}

/** The entry point's begin: `first`, the first of a workgroup's rows, and a thread's `column`, its `y` in it and its `base`. */
export function beginOfRows({ columns, across, deep, blocks, rowsEach }: RowLayout, lanes: Lanes): string {
  return `@compute @workgroup_size(${across * deep})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) t: u32) {
  let number = group.x + group.y * groups.x;
  let first = (number / ${blocks}u) * ${rowsEach}u;
  let column = (number % ${blocks}u) * ${across}u + t % ${across}u;
  let y = t / ${across}u;
  let base = min(column, ${columns - 1}u) * ${lanes}u;`;
}

/**
 * Text that makes each of a workgroup's rows: those of few tokens by one line of threads alone, then those of many by all of them
 * together. `many` is a row's number of tokens; `alone` and `together` add to `sum` what a thread has to.
 */
export function rowLoops(
  w: GroupWriter,
  p: Problem,
  l: Omit<RowLayout, "blocks"> & { type: string },
  text: Record<"many" | "alone" | "together", (row: string) => string>,
): string {
  const { rowsEach, across, deep, columns, type } = l;
  const store = (when: string) =>
    `    if (${when}first + q < ${p.rows}u && column < ${columns}u) { finish((first + q) * ${p.width}u + base, sum); }`;
  const alone = (unless: string) =>
    `  for (var q = y; q < ${rowsEach}u; q += ${deep}u) {${unless}
    var sum = ${type}(0);
${text.alone("q")}
${store("")}
  }`;
  if (deep === 1) return alone("");
  w.writer.declare(`var<workgroup> shared_part: array<${type}, ${across * deep}>;`);
  w.writer.declare("var<workgroup> crowded: u32;");
  const flags = Array.from(
    { length: rowsEach },
    (_, r) => `select(0u, ${2 ** r}u, ${text.many(`${r}u`)} > ${fewTokens}u)`,
  );
  return `  if (t == 0u) { crowded = ${flags.join(" | ")}; }
  let together = workgroupUniformLoad(&crowded);
${alone(" if ((together >> q & 1u) == 1u) { continue; }")}
  for (var left_rows = together; left_rows != 0u; left_rows &= left_rows - 1u) {
    let q = firstTrailingBit(left_rows);
    var sum = ${type}(0);
${text.together("q")}
${foldDeep("shared_part", across, deep, added)}
${store("y == 0u && ")}
    workgroupBarrier();
  }`;
}
