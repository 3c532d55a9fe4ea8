/**
 * A kernel of attention while it is written: what is known of it, the names that all its text may use, and the text all of them
 * share.
 *
 * The entry point gives every thread `batch`, `head` and their `number`; `r0`, the first row of its workgroup's tile; its place
 * `x`, `y` among the threads; and `row`, the first row it makes scores of. Loops over tiles of columns call the first column
 * `c0`. A thread's scores are vectors of four neighbouring columns in variables such as `s0_1`, of its row 0 and quad 1.
 *
 * @module
 */
import type { Node } from "../../../../graph/node.ts";
import { type View, viewOf } from "../../rules/view_of.ts";
import type { Lowering } from "../fused.ts";
import { literal } from "../wgsl.ts";
import type { Kernel, KernelWriter, Storage } from "../writer.ts";
import type { AttentionPass, Problem, Result } from "./pass.ts";
import { type Lines, linesOf, range } from "./text.ts";

/** The tile of scores that a workgroup makes at a time, and which of them a thread makes. */
export interface ScoreTile {
  /** Rows that a workgroup keeps. */
  readonly rows: number;
  /** Columns that it passes at a time. */
  readonly columns: number;
  readonly threads: number;
  /** Threads beside each other; a thread's quads of columns are so many quads apart. */
  readonly across: number;
  /** Rows of a thread. */
  readonly high: number;
  /** Quads of columns of a thread. */
  readonly scoreQuads: number;
  /** Rows from one thread's first to that of the thread below. */
  readonly rowPitch: number;
  /** Rows from a thread's first four to its next four. */
  readonly groupPitch: number;
  /** Quads of a result's row of a thread. */
  readonly resultQuads: number;
  /** How many threads make a result's row, and how many quads a thread's are apart; ... */
  readonly sharers: number;
  /** ... and which of these threads it is. */
  readonly lane: "x" | "xo";
}

/** A kernel while it is written. */
export interface Draft<Tile extends ScoreTile = ScoreTile> {
  readonly problem: Problem;
  readonly pass: AttentionPass;
  readonly tile: Tile;
  readonly lowering: Lowering;
  /** Collects bindings and declarations. */
  readonly writer: KernelWriter;
}

/** The finished kernel around the text of what a workgroup does. */
export function finishDraft(d: Draft, name: string, body: Lines): Kernel {
  const { rows, threads, across, rowPitch } = d.tile;
  const { batch, attrs: { heads } } = d.problem;
  const main = `@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) t: u32) {
  let x = t % ${across}u;
  let y = t / ${across}u;
  let r0 = group.x * ${rows}u;
  let head = group.y;
  let batch = group.z;
  let number = batch * ${heads}u + head;
  let row = r0 + y * ${rowPitch}u;
${linesOf(body).join("\n")}
}`;
  return d.writer.kernel(name, main, [Math.ceil(d.pass.rows / rows), heads, batch]);
}

// ---- indices -------------------------------------------------------------------------------------------------------

/** How far row i of a thread is from its first. */
export function rowAt({ groupPitch }: ScoreTile, i: number): number {
  return (i >> 2) * groupPitch + (i & 3);
}

/** The first of the four columns of a thread's quad j. */
export function columnAt({ across }: ScoreTile, j: number): string {
  return `(c0 + (x + ${j * across}u) * 4u)`;
}

/** All four columns of a thread's quad j. */
export function columnsAt(tile: ScoreTile, j: number): string {
  return `vec4<u32>(${columnAt(tile, j)}) + vec4<u32>(0u, 1u, 2u, 3u)`;
}

/** Whether each of quad j's columns exists: a `vec4<bool>`, or nothing where all of a tile's do. */
export function columnsExist({ pass, tile }: Draft, j: number): string | undefined {
  return pass.columns % tile.columns === 0
    ? undefined
    : `(${columnsAt(tile, j)} < vec4<u32>(${pass.columns}u))`;
}

/** Whether row i exists, likewise. */
export function rowExists({ pass, tile }: Draft, i: number): string | undefined {
  return pass.rows % tile.rows === 0 ? undefined : `vec4<bool>(row + ${rowAt(tile, i)}u < ${pass.rows}u)`;
}

// ---- numbers -----------------------------------------------------------------------------------------------------

/** A number of f32 as text. */
export function float(d: Draft, value: number): string {
  return literal("f32", value, d.writer.needs);
}

/** What scores are scaled by. */
export function scaleOf(d: Draft): string {
  return float(d, d.problem.attrs.scale);
}

// ---- memory --------------------------------------------------------------------------------------------------------

/** Where a node's elements lie in stored memory. */
export function storedView(d: Draft, node: Node): View & { readonly storage: Storage } {
  const view = viewOf(node, (n) => d.lowering.storageOf(n) !== undefined);
  return { ...view, storage: d.lowering.storageOf(view.base)! };
}

/** The same, bound under a name to be read element by element. */
export function bindView(d: Draft, node: Node): View & { readonly name: string } {
  const { storage, ...view } = storedView(d, node);
  return { ...view, name: d.writer.bind(storage, { lanes: 1 }) };
}

/** How a result is stored, and which rows of it: by default those of a thread's scores. */
export interface Stored {
  /** What row i is multiplied by. */
  readonly factor?: (i: number) => string;
  /** A thread's first row, ... */
  readonly first?: string;
  /** ... how many it has, ... */
  readonly high?: number;
  /** ... and how many the result has. */
  readonly extent?: number;
  /** Whether all threads' rows exist. */
  readonly whole?: boolean;
  /** Elements before the result, where it is one of many. */
  readonly before?: string;
}

/** Stores a thread's rows of a result. */
export function storeRows(d: Draft, name: string, out: Result, stored: Stored): string[] {
  const { factor, first = "row", high = d.tile.high, extent = d.pass.rows, whole, before } = stored;
  const { resultQuads, sharers, lane } = d.tile;
  const bound = d.writer.bind(out.storage, { lanes: 4, write: true });
  const type = out.storage.dtype === "f16" ? "vec4<f16>" : "";
  const column = `${before ? `${before} + ` : ""}head * ${d.pass.width}u + ${out.offset}u`;
  return range(high).map((i) => {
    const row = `${first} + ${rowAt(d.tile, i)}u`;
    const at = `((batch * ${extent}u + ${row}) * ${out.stride}u + ${column}) / 4u`;
    const stores = range(resultQuads).map((j) =>
      `${bound}[at + ${j * sharers}u + ${lane}] = ${type}(${name}${i}_${j}${factor ? " * f" : ""});`
    );
    const guard = whole ? "" : `if (${row} < ${extent}u) `;
    const scale = factor ? `let f = ${factor(i)}; ` : "";
    return `  ${guard}{ let at = ${at}; ${scale}${stores.join(" ")} }`;
  });
}
