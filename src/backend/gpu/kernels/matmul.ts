/**
 * Matrix products: what they read and write, around the tiles of tile.ts.
 *
 * Operands are read by strides, so a transposed or split operand needs no copy. A product with few results and a long inner
 * dimension is made in parts that are summed by a second kernel, always in the same order.
 *
 * @module
 */
import { labelOf, type Node } from "../../../graph/node.ts";
import { formatShape, numeric, sizeOf } from "../../../graph/shape.ts";
import { BackendError } from "../../interface.ts";
import type { Group } from "../plan/group.ts";
import { broadcastMap, mergedDims } from "../rules/strides.ts";
import { type View, viewOf } from "../rules/view_of.ts";
import { affine } from "./expression.ts";
import { GroupWriter, type Lowering, nameOf, widest } from "./fused.ts";
import { type Lanes, vectorType } from "./wgsl.ts";
import { type Kernel, type Storage, workgroupsFor } from "./writer.ts";
import { chooseTile } from "./matmul_tiles.ts";
import { pieceStep, threadsOf, type Tile, type TileOperand, tileText } from "./tile.ts";

/** One operand: how far it is from one element to the next along the result's dimension and along the inner one. */
interface Operand {
  readonly storage: Storage;
  readonly outer: number;
  readonly inner: number;
  /** Steps along the leading dimensions of the result. */
  readonly batch: readonly number[];
  readonly offset: number;
  /** Which dimension four neighbours are read along. */
  readonly along: "outer" | "inner";
  readonly lanes: Lanes;
}

interface Product {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly batch: readonly number[];
  readonly a: Operand;
  readonly b: Operand;
}

/** The kernels of a group around a product: one, or two when it is made in parts. */
export function matmulKernels(group: Group, lowering: Lowering): Kernel[] {
  const product = describe(group.anchor as Node & { op: "matmul" }, lowering);
  const { tile, parts } = chooseTile({
    form: `${product.a.along === "inner" ? "n" : "t"}${product.b.along === "inner" ? "t" : "n"}`,
    rows: product.rows,
    columns: product.columns,
    depth: product.depth,
    batches: sizeOf(product.batch),
    halves: product.a.storage.dtype === "f16" && product.b.storage.dtype === "f16",
  }, lowering);
  const name = nameOf(group);
  const wide = product.columns % 4 === 0;
  const once = (lanes: Lanes) => putSize(product, tile, lanes).pieces;
  if (parts === 1) {
    return [widest(group, lowering, wide, (w, lanes) => {
      w.declareFinish(lanes, { once: once(lanes) });
      return write(w, name, product, tile, 1, lanes, w.finishCost > longFinish);
    })];
  }
  const results = group.size;
  const scratch = lowering.scratch(`${name} parts`, "f32", parts * results);
  const partial = new GroupWriter(group, lowering);
  const lanes = wide ? 4 : 1;
  partial.declareScratchFinish(scratch, lanes, once(lanes));
  const first = write(partial, `${name} part`, product, tile, parts, lanes, false);
  const second = widest(group, lowering, wide, (w, lanes) => {
    w.declareScratchLoad("part", scratch, lanes);
    w.declareFinish(lanes);
    return sumParts(w, `${name} rest`, results, parts, lanes);
  });
  return [first, second];
}

/** A `finish` that costs more is written into a kernel once, in a loop, and not for each of a thread's results. */
const longFinish = 6;

/**
 * How many pieces of four `finish` takes at once, of how many rows: its reads then wait together. One where some may be
 * outside.
 */
function putSize(p: Product, tile: Tile, lanes: Lanes): { rows: number; pieces: number } {
  if (lanes === 1 || p.columns % tile.columns !== 0) return { rows: 1, pieces: 1 };
  const rows = p.rows % tile.rows !== 0 || tile.wide > 8 ? 1 : tile.wide === 8 ? 2 : 4;
  return { rows, pieces: rows * tile.wide / 4 };
}

function describe(node: Node & { op: "matmul" }, lowering: Lowering): Product {
  if (node.dtype !== "f32" && node.dtype !== "f16") {
    throw new BackendError(
      `Cannot compile ${labelOf(node)}: WebGPU multiplies f32 and f16, got ${node.dtype}`,
    );
  }
  const shape = numeric(node.shape);
  let batch = shape.slice(0, -2);
  const view = (u: Node, flip: boolean): View => {
    const v = viewOf(u, (n) => lowering.storageOf(n) !== undefined);
    const swap = (xs: readonly number[]) => flip ? [...xs.slice(0, -2), xs.at(-1)!, xs.at(-2)!] : xs;
    return { ...v, shape: swap(v.shape), strides: swap(v.strides) };
  };
  let [a, b] = [view(node.inputs[0], node.attrs.transA), view(node.inputs[1], node.attrs.transB)];
  let rows = shape.at(-2)!;
  // One product over all leading rows where they follow each other.
  const lead = mergedDims({ shape: a.shape.slice(0, -1), strides: a.strides.slice(0, -1), offset: 0 });
  if (
    b.shape.length === 2 && batch.length > 0 && lead.length === 1 &&
    sizeOf(a.shape.slice(0, -1)) === sizeOf(batch) * rows
  ) {
    rows *= sizeOf(batch);
    batch = [];
    a = { ...a, shape: [rows, a.shape.at(-1)!], strides: [lead[0].stride, a.strides.at(-1)!] };
  }
  const operand = (v: View, outer: number, inner: number): Operand => {
    const storage = lowering.storageOf(v.base)!;
    const spread = broadcastMap(
      { shape: v.shape.slice(0, -2), strides: v.strides.slice(0, -2), offset: 0 },
      batch,
    );
    const so = v.shape.at(outer) === 1 ? 0 : v.strides.at(outer)!;
    const si = v.shape.at(inner) === 1 ? 0 : v.strides.at(inner)!;
    const along = so === 1 || si !== 1 && so !== 0 && so < si ? "outer" : "inner";
    const [unit, other] = along === "outer" ? [so, si] : [si, so];
    const extent = v.shape.at(along === "outer" ? outer : inner)!;
    const aligned = [other, v.offset, extent, ...spread.strides].every((s) => s % 4 === 0);
    return {
      storage,
      outer: so,
      inner: si,
      batch: spread.strides,
      offset: v.offset,
      along,
      lanes: unit === 1 && aligned && storage.elements % 4 === 0 ? 4 : 1,
    };
  };
  if (numeric(node.shape).some((d) => d === 0)) {
    throw new BackendError(
      `Cannot compile ${labelOf(node)}: it has no elements, shape ${formatShape(node.shape)}`,
    );
  }
  return {
    rows,
    columns: shape.at(-1)!,
    depth: a.shape.at(-1)!,
    batch,
    a: operand(a, -2, -1),
    b: operand(b, -1, -2),
  };
}

function write(
  w: GroupWriter,
  name: string,
  p: Product,
  tile: Tile,
  parts: number,
  lanes: Lanes,
  loop: boolean,
): Kernel {
  const names = {
    a: w.writer.bind(p.a.storage, { lanes: p.a.lanes }),
    b: w.writer.bind(p.b.storage, { lanes: p.b.lanes }),
  };
  const perPart = Math.ceil(p.depth / parts / tile.depth) * tile.depth;
  const operand = (which: "a" | "b"): TileOperand => {
    const { storage, ...o } = p[which];
    return {
      ...o,
      name: names[which],
      dtype: storage.dtype === "f16" ? "f16" : "f32",
      base: `base_${which}`,
    };
  };
  const { rows } = putSize(p, tile, lanes);
  const { declarations, body } = tileText(tile, operand("a"), operand("b"), p.depth, { rows, loop });
  w.writer.declare(declarations);
  w.writer.declare(putText(p, tile, lanes));
  const base = (o: Operand) => affine(rawDims(p.batch, o.batch), o.offset, "batch");
  const main = `@compute @workgroup_size(${threadsOf(tile)})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) t: u32) {
  let n0 = group.x * ${tile.columns}u;
  let m0 = group.y * ${tile.rows}u;
  let batch = group.z / ${parts}u;
  let part = group.z % ${parts}u;
  let base_a = ${base(p.a)};
  let base_b = ${base(p.b)};
  let out = (part * ${sizeOf(p.batch)}u + batch) * ${p.rows * p.columns}u;
  let begin = part * ${perPart}u;
  let end = min(begin + ${perPart}u, ${p.depth}u);
${body}
}`;
  const workgroups: [number, number, number] = [
    Math.ceil(p.columns / tile.columns),
    Math.ceil(p.rows / tile.rows),
    sizeOf(p.batch) * parts,
  ];
  return w.writer.kernel(name, main, workgroups);
}

function rawDims(sizes: readonly number[], strides: readonly number[]): { size: number; stride: number }[] {
  return mergedDims({ shape: sizes, strides, offset: 0 }).map((d) => ({ ...d }));
}

/** Takes a thread's results in a row or some, and finishes those that are inside. */
function putText(p: Product, tile: Tile, lanes: Lanes): string {
  const { rows, pieces } = putSize(p, tile, lanes);
  const perRow = tile.wide / 4;
  const all = Array.from({ length: rows * perRow }, (_, n) => {
    const [down, right] = [Math.floor(n / perRow), n % perRow * pieceStep(tile)];
    return {
      c: `c${n}`,
      right,
      at: `out + (row + ${down}u) * ${p.columns}u + column + ${right}u`,
    };
  });
  const lines = pieces > 1
    ? [`if (row < ${p.rows}u) { finish(${all.map(({ at, c }) => `${at}, ${c}`).join(", ")}); }`]
    : all.flatMap(({ c, right, at }) =>
      Array.from({ length: 4 / lanes }, (_, l) => {
        const value = lanes === 4 ? c : `${c}.${"xyzw"[l]}`;
        return `if (row < ${p.rows}u && column + ${
          right + l
        }u < ${p.columns}u) { finish(${at} + ${l}u, ${value}); }`;
      })
    );
  const parameters = all.map(({ c }) => `${c}: vec4<f32>`).join(", ");
  return `fn put(out: u32, row: u32, column: u32, ${parameters}) {\n  ${lines.join("\n  ")}\n}`;
}

/** The second kernel of a product in parts. */
function sumParts(w: GroupWriter, name: string, results: number, parts: number, lanes: Lanes): Kernel {
  const threads = 64;
  const main = `@compute @workgroup_size(${threads})
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = (id.x + id.y * groups.x * ${threads}u) * ${lanes}u;
  if (i >= ${results}u) { return; }
  var sum = ${vectorType("f32", lanes)}(0.0f);
${Array.from({ length: parts }, (_, s) => `  sum += part(i + ${s * results}u);`).join("\n")}
  finish(i, sum);
}`;
  return w.writer.kernel(name, main, workgroupsFor(Math.ceil(results / lanes / threads)));
}
