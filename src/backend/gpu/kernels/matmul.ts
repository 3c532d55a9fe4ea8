/**
 * Matrix products: tiles in workgroup memory, accumulators as separate variables, the inner loops written out (naga bounds
 * every loop with a counter, and drivers then neither unroll it nor keep arrays in registers; wgpu issue 7698).
 *
 * Operands are read by strides, so a transposed or split operand needs no copy. A product with few results and a long inner
 * dimension is made in parts that are summed by a second kernel, always in the same order.
 *
 * @module
 */
import { formatShape } from "../../../graph/shape.ts";
import { labelOf, type Node } from "../../../graph/node.ts";
import { numeric, sizeOf } from "../../../graph/shape.ts";
import { BackendError } from "../../interface.ts";
import type { Group } from "../fusion.ts";
import { broadcastMap, mergedDims, type View, viewOf } from "../views.ts";
import { affine } from "./expression.ts";
import { GroupWriter, type Lowering, nameOf, widest } from "./fused.ts";
import { type Lanes, vectorType } from "./wgsl.ts";
import type { Kernel, Storage } from "./writer.ts";

/** A workgroup makes `rows` x `columns` results in steps of `depth`; each thread `high` x `wide` of them. */
export interface Tile {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly high: number;
  readonly wide: number;
}

/** From the largest, which does the most work a byte, to the smallest, which fills a device with the least work. */
const tiles: readonly Tile[] = [
  { rows: 128, columns: 128, depth: 16, high: 8, wide: 8 },
  { rows: 128, columns: 64, depth: 16, high: 8, wide: 8 },
  { rows: 64, columns: 64, depth: 16, high: 8, wide: 4 },
  { rows: 32, columns: 32, depth: 32, high: 4, wide: 4 },
];

/**
 * What a CPU that plays GPU takes: its compiler needs a second for a long kernel, so small products get a short one. On
 * llvmpipe with 2 cores the large tile does 4 GFLOP/s, the small one 1.5.
 */
const softwareTiles: readonly Tile[] = [
  { rows: 64, columns: 64, depth: 8, high: 8, wide: 8 },
  { rows: 32, columns: 32, depth: 8, high: 4, wide: 4 },
];
const smallProduct = 2 ** 22;

/** One operand: how far it is from one element to the next along the result's dimension and along the inner one. */
interface Operand {
  readonly storage: Storage;
  readonly outer: number;
  readonly inner: number;
  /** Steps along the leading dimensions of the result. */
  readonly batch: readonly number[];
  readonly offset: number;
  /** Elements along the result's dimension. */
  readonly extent: number;
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
  const { tile, parts } = plan(product, lowering);
  const name = nameOf(group);
  const wide = product.columns % 4 === 0;
  if (parts === 1) {
    return [widest(group, lowering, wide, (w, lanes) => {
      w.finish(lanes);
      return write(w, name, product, tile, 1, lanes);
    })];
  }
  const results = group.size;
  const scratch = lowering.scratch(`${name} parts`, "f32", parts * results);
  const partial = new GroupWriter(group, lowering);
  partial.keep(scratch, wide ? 4 : 1);
  const first = write(partial, `${name} part`, product, tile, parts, wide ? 4 : 1);
  const second = widest(group, lowering, wide, (w, lanes) => {
    w.recall("part", scratch, lanes);
    w.finish(lanes);
    return sumParts(w, `${name} rest`, results, parts, lanes);
  });
  return [first, second];
}

/** Chooses the tile and into how many parts the inner dimension is cut. */
function plan(p: Product, lowering: Lowering): { tile: Tile; parts: number } {
  const { parallelism, maxWorkgroupBytes } = lowering;
  const batch = sizeOf(p.batch);
  const groups = (t: Tile) => Math.ceil(p.rows / t.rows) * Math.ceil(p.columns / t.columns) * batch;
  const bytes = (t: Tile) => 4 * t.depth * (t.rows + t.columns);
  const small = p.rows * p.columns * p.depth * batch < smallProduct;
  const candidates = !lowering.software ? tiles : small ? softwareTiles.slice(1) : softwareTiles;
  const fitting = candidates.filter((t) => bytes(t) <= maxWorkgroupBytes);
  for (const tile of fitting) {
    // A tile that hangs over the edge by more than it covers is wasted work.
    if (tile.rows >= 2 * p.rows || tile.columns >= 2 * p.columns) continue;
    // The largest tile leaves few workgroups to a processor; it pays where there are many of them.
    const enough = tile.rows * tile.columns >= 128 * 128 ? 4 * parallelism : parallelism;
    if (groups(tile) >= enough) return { tile, parts: 1 };
    const parts = Math.ceil(2 * parallelism / groups(tile));
    if (groups(tile) < parallelism && parts <= Math.min(4, p.depth / 256)) return { tile, parts };
  }
  const tile = fitting.at(-1)!;
  const parts = Math.min(Math.floor(parallelism / groups(tile)), Math.floor(p.depth / 128), 32);
  return { tile, parts: Math.max(1, parts) };
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
      extent: v.shape.at(outer)!,
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

function write(w: GroupWriter, name: string, p: Product, tile: Tile, parts: number, lanes: Lanes): Kernel {
  const { rows, columns, depth, high, wide } = tile;
  const across = columns / wide;
  const threads = across * (rows / high);
  const nameA = w.writer.bind(p.a.storage, { lanes: p.a.lanes });
  const nameB = w.writer.bind(p.b.storage, { lanes: p.b.lanes });
  w.writer.declare(`var<workgroup> tile_a: array<vec4<f32>, ${depth * rows / 4}>;`);
  w.writer.declare(`var<workgroup> tile_b: array<vec4<f32>, ${depth * columns / 4}>;`);
  const perPart = Math.ceil(p.depth / parts / depth) * depth;
  const offset = (o: Operand) =>
    affine(
      mergedDims({ shape: p.batch, strides: o.batch, offset: 0 }).length ? rawDims(p.batch, o.batch) : [],
      o.offset,
      "batch",
    );

  const accumulators: string[] = [];
  for (let i = 0; i < high; i++) {
    for (let j = 0; j < wide / 4; j++) accumulators.push(`  var c${i}_${j} = vec4<f32>(0.0f);`);
  }
  const inner: string[] = [];
  for (let k = 0; k < depth; k++) {
    const lines: string[] = [];
    for (let i = 0; i < high / 4; i++) {
      lines.push(`let a${i} = tile_a[${k * rows / 4 + i * (rows / high)}u + y];`);
    }
    for (let j = 0; j < wide / 4; j++) {
      lines.push(`let b${j} = tile_b[${k * columns / 4 + j * across}u + x];`);
    }
    for (let i = 0; i < high; i++) {
      for (let j = 0; j < wide / 4; j++) {
        lines.push(`c${i}_${j} += a${i >> 2}.${"xyzw"[i & 3]} * b${j};`);
      }
    }
    inner.push(`    { ${lines.join("\n      ")} }`);
  }
  const stores: string[] = [];
  for (let i = 0; i < high; i++) {
    const row = `m0 + ${(i >> 2) * (rows / high) * 4 + (i & 3)}u + y * 4u`;
    for (let j = 0; j < wide / 4; j++) {
      const column = `n0 + ${j * across * 4}u + x * 4u`;
      stores.push(`  put(out, ${row}, ${column}, c${i}_${j});`);
    }
  }
  w.writer.declare(putText(p, lanes));
  const main = `@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) t: u32) {
  let x = t % ${across}u;
  let y = t / ${across}u;
  let n0 = group.x * ${columns}u;
  let m0 = group.y * ${rows}u;
  let batch = group.z / ${parts}u;
  let part = group.z % ${parts}u;
  let base_a = ${offset(p.a)};
  let base_b = ${offset(p.b)};
  let out = (part * ${sizeOf(p.batch)}u + batch) * ${p.rows * p.columns}u;
  let end = min((part + 1u) * ${perPart}u, ${p.depth}u);
${accumulators.join("\n")}
  for (var k0 = part * ${perPart}u; k0 < end; k0 += ${depth}u) {
${fill("a", nameA, p.a, rows, depth, threads, p.depth)}
${fill("b", nameB, p.b, columns, depth, threads, p.depth)}
    workgroupBarrier();
${inner.join("\n")}
    workgroupBarrier();
  }
${stores.join("\n")}
}`;
  const grid: [number, number, number] = [
    Math.ceil(p.columns / columns),
    Math.ceil(p.rows / rows),
    sizeOf(p.batch) * parts,
  ];
  if (grid.some((g) => g > 65535)) {
    throw new BackendError(
      `Cannot compile ${name}: it takes ${grid.join(" x ")} workgroups, WebGPU allows 65535 a dimension`,
    );
  }
  return w.writer.finish(name, main, grid);
}

/** Copies one operand's tile to workgroup memory, where four neighbours along the result's dimension are one vector. */
function fill(
  which: "a" | "b",
  name: string,
  o: Operand,
  outer: number,
  depth: number,
  threads: number,
  fullDepth: number,
): string {
  const first = which === "a" ? "m0" : "n0";
  const lines: string[] = [];
  const outerFits = o.extent % outer === 0;
  const innerFits = fullDepth % depth === 0;
  const inside = (u: string, k: string) =>
    [...(outerFits ? [] : [`${u} < ${o.extent}u`]), ...(innerFits ? [] : [`${k} < end`])].join(" && ");
  const at = (u: string, k: string) =>
    [`base_${which}`, term(u, o.outer), term(k, o.inner)].filter((s) => s !== "").join(" + ");
  const value = (u: string, k: string) => {
    const condition = inside(u, k);
    const place = condition === "" ? at(u, k) : `select(0u, ${at(u, k)}, ${condition})`;
    const read = o.storage.dtype === "f16" ? `f32(${name}[${place}])` : `${name}[${place}]`;
    return condition === "" ? read : `select(0.0f, ${read}, ${condition})`;
  };
  /** Four neighbours along `o.along`, from (u, k). */
  const four = (u: string, k: string) => {
    if (o.lanes === 4) {
      const condition = inside(u, k);
      const place = condition === "" ? at(u, k) : `select(0u, ${at(u, k)}, ${condition})`;
      const read = o.storage.dtype === "f16"
        ? `vec4<f32>(${name}[(${place}) >> 2u])`
        : `${name}[(${place}) >> 2u]`;
      return condition === "" ? read : `select(vec4<f32>(0.0f), ${read}, ${condition})`;
    }
    const parts = [0, 1, 2, 3].map((j) =>
      o.along === "outer" ? value(`(${u} + ${j}u)`, k) : value(u, `(${k} + ${j}u)`)
    );
    return `vec4<f32>(${parts.join(", ")})`;
  };
  const units = o.along === "outer" ? outer / 4 * depth : outer / 4 * (depth / 4);
  for (let round = 0; round * threads < units; round++) {
    const q = round === 0 ? "t" : `(t + ${round * threads}u)`;
    const partial = (round + 1) * threads > units;
    const body: string[] = [];
    if (o.along === "outer") {
      body.push(
        `let u = ${first} + ${q} % ${outer / 4}u * 4u; let k = k0 + ${q} / ${outer / 4}u;`,
        `tile_${which}[${q} / ${outer / 4}u * ${outer / 4}u + ${q} % ${outer / 4}u] = ${four("u", "k")};`,
      );
    } else {
      body.push(`let kq = ${q} % ${depth / 4}u; let uq = ${q} / ${depth / 4}u;`);
      body.push(`let u = ${first} + uq * 4u; let k = k0 + kq * 4u;`);
      for (let r = 0; r < 4; r++) body.push(`let r${r} = ${four(r === 0 ? "u" : `(u + ${r}u)`, "k")};`);
      for (let j = 0; j < 4; j++) {
        const c = "xyzw"[j];
        body.push(
          `tile_${which}[(kq * 4u + ${j}u) * ${
            outer / 4
          }u + uq] = vec4<f32>(r0.${c}, r1.${c}, r2.${c}, r3.${c});`,
        );
      }
    }
    lines.push(`    ${partial ? `if (${q} < ${units}u) ` : ""}{ ${body.join("\n      ")} }`);
  }
  return lines.join("\n");
}

function term(index: string, stride: number): string {
  return stride === 0 ? "" : stride === 1 ? index : `${index} * ${stride}u`;
}

function rawDims(sizes: readonly number[], strides: readonly number[]): { size: number; stride: number }[] {
  return mergedDims({ shape: sizes, strides, offset: 0 }).map((d) => ({ ...d }));
}

/** Takes four neighbours of a row and finishes those that are inside. */
function putText(p: Product, lanes: Lanes): string {
  const at = `out + row * ${p.columns}u + column`;
  const body = lanes === 4
    ? `  if (row < ${p.rows}u && column < ${p.columns}u) { finish(${at}, c); }`
    : [0, 1, 2, 3].map((j) =>
      `  if (row < ${p.rows}u && column + ${j}u < ${p.columns}u) { finish(${at} + ${j}u, c.${"xyzw"[j]}); }`
    ).join("\n");
  return `fn put(out: u32, row: u32, column: u32, c: vec4<f32>) {\n${body}\n}`;
}

/** The second pass of a product in parts. */
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
  const count = Math.ceil(results / lanes / threads);
  const rows = Math.ceil(count / 65535);
  return w.writer.finish(name, main, [Math.ceil(count / rows), rows, 1]);
}
