/**
 * Products of 8-bit levels: what they read and write, around the tiles of int8_tile.ts.
 *
 * Sums are whole numbers, so a product that is made in parts gives the same bits as one that is not. The parts are summed by a
 * second kernel.
 *
 * @module
 */
import { labelOf, type Node, type NodeOf } from "../../../graph/node.ts";
import { formatShape, numeric, sizeOf } from "../../../graph/shape.ts";
import { BackendError } from "../../interface.ts";
import type { Group } from "../plan/group.ts";
import { GroupWriter, type Lowering, nameOf, widest } from "./fused.ts";
import { int8PieceStep, int8Threads, type Int8Tile, int8TileText } from "./int8_tile.ts";
import { chooseInt8Tile } from "./int8_tiles.ts";
import { fewRowsGroups, fewRowsParts, fewRowsText, finishFew, isFewRows } from "./matvec_int8.ts";
import { type Lanes, vectorType } from "./wgsl.ts";
import { type Kernel, type Storage, workgroupsFor } from "./writer.ts";

interface Product {
  readonly node: NodeOf<"matmul_int8">;
  readonly rows: number;
  readonly columns: number;
  /** Words of the inner dimension. */
  readonly inner: number;
  /** None for a product of few rows. */
  readonly tile?: Int8Tile;
  readonly parts: number;
}

/** The kernels of a group around a product of levels: one, or two when it is made in parts. */
export function matmulInt8Kernels(group: Group, lowering: Lowering): Kernel[] {
  const node = group.anchor as NodeOf<"matmul_int8">;
  const [inner, columns] = numeric(node.inputs[2].shape);
  const rows = sizeOf(numeric(node.shape)) / columns;
  if (rows * columns === 0) {
    throw new BackendError(
      `Cannot compile ${labelOf(node)}: it has no elements, shape ${formatShape(node.shape)}`,
    );
  }
  const size = { rows, columns, inner };
  const p: Product = isFewRows(size)
    ? { node, ...size, parts: fewRowsParts(size, lowering) }
    : { node, ...size, ...chooseInt8Tile(size, lowering) };
  const name = nameOf(group);
  const wide = columns % 4 === 0;
  if (p.parts === 1) {
    return [widest(group, lowering, wide, (w, lanes) => {
      const once = lanes === 4 && p.tile && columns % p.tile.columns === 0 ? p.tile.wide / 4 : 1;
      declareScaled(w, p, lanes);
      w.declareFinish(lanes, { once });
      return write(w, name, p, {
        lanes,
        once,
        result: (c, row, column) => [`${row} * ${columns}u + ${column}`, `scaled(${c}, ${row}, ${column})`],
        isLong: w.finishCost > longFinish,
        emulates: lowering.emulatesDots ?? false,
      });
    })];
  }
  const scratch = lowering.scratch(`${name} parts`, "i32", p.parts * group.size);
  const partial = new GroupWriter(group, lowering);
  const lanes = wide ? 4 : 1;
  partial.declareScratchFinish(scratch, lanes);
  const first = write(partial, `${name} part`, p, {
    lanes,
    once: 1,
    result: (c, row, column) => [`part * ${group.size}u + ${row} * ${columns}u + ${column}`, c],
    isLong: false,
    emulates: lowering.emulatesDots ?? false,
  });
  const second = widest(group, lowering, wide, (w, lanes) => {
    declareScaled(w, p, lanes);
    w.declareFinish(lanes);
    return sumParts(w, `${name} rest`, p, scratch, lanes);
  });
  return [first, second];
}

/** A `finish` that costs more is written into a kernel once, in a loop, and not for each of a thread's results. */
const longFinish = 6;

/** Declares `fn scaled(c: T, row: u32, column: u32) -> U`: sums as the product's elements. */
function declareScaled(w: GroupWriter, { node }: Product, lanes: Lanes): void {
  w.declareLoad("row_scale", node.inputs[1], 1);
  w.declareLoad("column_scale", node.inputs[3], lanes);
  const [sums, reals] = (["i32", "f32"] as const).map((type) => vectorType(type, lanes));
  w.writer.declare(`fn scaled(c: ${sums}, row: u32, column: u32) -> ${reals} {
  return ${reals}(c) * row_scale(row) * column_scale(column);
}`);
}

/** What becomes of a thread's sums. */
interface Finishing {
  readonly lanes: Lanes;
  /** Pieces of a row that `finish` takes at once. */
  readonly once: number;
  /** What `finish` is called with for sums `c` from a row and a column on: the element and its value. */
  result(c: string, row: string, column: string): [at: string, value: string];
  readonly isLong: boolean;
  /** Whether the device has no dot product of packed levels. */
  readonly emulates: boolean;
}

function write(w: GroupWriter, name: string, p: Product, finishing: Finishing): Kernel {
  const { node, tile, parts, inner, columns, rows } = p;
  const dot = finishing.emulates ? "dot_levels" : "dot4I8Packed";
  if (finishing.emulates) w.writer.declare(emulatedDot);
  if (!tile) return writeFew(w, name, p, finishing, dot);
  const operand = (load: string, levels: Node, width: number) => {
    const lanes: Lanes = width % 4 === 0 ? 4 : 1;
    w.declareLoad(load, levels, lanes);
    return { load, lanes };
  };
  const text = int8TileText(
    tile,
    operand("row_levels", node.inputs[0], inner),
    operand("column_levels", node.inputs[2], columns),
    { inner, columns, dot },
  );
  w.writer.declare(text.declarations);
  w.writer.declare(putText({ ...p, tile }, finishing));
  const perPart = Math.ceil(inner / parts / tile.depth) * tile.depth;
  const main = `@compute @workgroup_size(${int8Threads(tile)})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) t: u32) {
  let n0 = group.x * ${tile.columns}u;
  let m0 = group.y * ${tile.rows}u;
  let part = group.z;
  let begin = part * ${perPart}u;
  let end = min(begin + ${perPart}u, ${inner}u);
${text.body}
${putsText(tile, finishing)}
}`;
  const workgroups: [number, number, number] = [
    Math.ceil(columns / tile.columns),
    Math.ceil(rows / tile.rows),
    parts,
  ];
  return w.writer.kernel(name, main, workgroups);
}

function writeFew(w: GroupWriter, name: string, p: Product, finishing: Finishing, dot: string): Kernel {
  w.declareLoad("row_word", p.node.inputs[0], 1);
  w.declareLoad("column_levels", p.node.inputs[2], 4);
  const { declarations, main } = fewRowsText(p, {
    parts: p.parts,
    dot,
    load: { rows: "row_word", columns: "column_levels" },
    store: (sum, row) =>
      finishFew(finishing.lanes, sum, (c, column) => finishing.result(c, `${row}u`, column)),
  });
  w.writer.declare(declarations);
  return w.writer.kernel(name, main, [fewRowsGroups(p), 1, p.parts]);
}

/** The dot product of four levels each, for devices without one. */
const emulatedDot = `fn dot_levels(a: u32, b: u32) -> i32 {
  let up = vec4<u32>(24u, 16u, 8u, 0u);
  let x = vec4<i32>(bitcast<i32>(a)) << up >> vec4<u32>(24u);
  let y = vec4<i32>(bitcast<i32>(b)) << up >> vec4<u32>(24u);
  return dot(x, y);
}`;

/** Declares `fn put(part, row, column, c0, c1, ...)`, which finishes those of a thread's sums in a row that are inside. */
function putText(
  { rows, columns, tile }: Product & { readonly tile: Int8Tile },
  { lanes, once, result }: Finishing,
): string {
  const step = int8PieceStep(tile);
  const pieces = Array.from({ length: tile.wide / 4 }, (_, n) => n);
  const at = (right: number) => right === 0 ? "column" : `column + ${right}u`;
  const lines = once > 1
    ? [
      `if (row < ${rows}u) { finish(${
        pieces.map((n) => result(`c${n}`, "row", `(${at(n * step)})`).join(", ")).join(", ")
      }); }`,
    ]
    : pieces.flatMap((n) =>
      Array.from({ length: 4 / lanes }, (_, l) => {
        const right = n * step + l;
        const [i, value] = result(lanes === 4 ? `c${n}` : `c${n}.${"xyzw"[l]}`, "row", `(${at(right)})`);
        return `if (row < ${rows}u && ${at(right)} < ${columns}u) { finish(${i}, ${value}); }`;
      })
    );
  const sums = pieces.map((n) => `c${n}: vec4<i32>`).join(", ");
  return `fn put(part: u32, row: u32, column: u32, ${sums}) {\n  ${lines.join("\n  ")}\n}`;
}

/** Puts a thread's sums row by row: written out, or in a loop around a switch, since registers cannot be indexed. */
function putsText(tile: Int8Tile, { isLong }: Finishing): string {
  const down = 4 * tile.rows / tile.high;
  const rowOf = (i: number) => (i >> 2) * down + (i & 3);
  const sums = (i: number) =>
    Array.from(
      { length: tile.wide / 4 },
      (_, n) => `vec4<i32>(${[0, 1, 2, 3].map((l) => `h${i}_${4 * n + l}`).join(", ")})`,
    );
  const rows = Array.from({ length: tile.high }, (_, i) => i);
  if (!isLong) {
    return rows.map((i) => `  put(part, m0 + y * 4u + ${rowOf(i)}u, n0 + x * 4u, ${sums(i).join(", ")});`)
      .join("\n");
  }
  const chosen = sums(0).map((_, n) => `c${n}`);
  const cases = rows.map((i) =>
    `      case ${i}u: { ${sums(i).map((sum, n) => `${chosen[n]} = ${sum};`).join(" ")} }`
  );
  return `  for (var i = 0u; i < ${tile.high}u; i++) {
${chosen.map((c) => `    var ${c} = vec4<i32>();`).join("\n")}
    switch i {
${cases.join("\n")}
      default: { }
    }
    put(part, m0 + y * 4u + (i >> 2u) * ${down}u + (i & 3u), n0 + x * 4u, ${chosen.join(", ")});
  }`;
}

/** The second kernel of a product in parts. */
function sumParts(w: GroupWriter, name: string, p: Product, scratch: Storage, lanes: Lanes): Kernel {
  const threads = 64;
  const results = p.rows * p.columns;
  w.declareScratchLoad("part", scratch, lanes);
  const main = `@compute @workgroup_size(${threads})
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = (id.x + id.y * groups.x * ${threads}u) * ${lanes}u;
  if (i >= ${results}u) { return; }
  var sum = ${vectorType("i32", lanes)}();
${Array.from({ length: p.parts }, (_, s) => `  sum += part(i + ${s * results}u);`).join("\n")}
  finish(i, scaled(sum, i / ${p.columns}u, i % ${p.columns}u));
}`;
  return w.writer.kernel(name, main, workgroupsFor(Math.ceil(results / lanes / threads)));
}
