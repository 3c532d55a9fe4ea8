/**
 * What the passes of attention by streams share: the kernel around them, copying tiles, products, and how results leave.
 *
 * A workgroup keeps the rows it works for in workgroup memory, and of the columns one block at a time, `stage`, which is overwritten with
 * what the next product needs. Scores that are multiplied further go to workgroup memory as well. Threads stand in teams beside each
 * other, and a team makes a few neighbouring rows.
 *
 * @module
 */
import { BackendError } from "../../../interface.ts";
import {
  type AttentionNode,
  AttentionText,
  component,
  grid,
  type Operand,
  range,
  type Result,
  type Results,
} from "./scores.ts";
import { type AttentionPass, type AttentionTiling, chooseTiling } from "./stream_tiles.ts";
import type { Lowering } from "../fused.ts";
import type { Kernel } from "../writer.ts";

/** Writes a kernel whose threads keep rows while blocks of columns stream past. */
export abstract class StreamText extends AttentionText<AttentionTiling> {
  constructor(node: AttentionNode, pass: AttentionPass, lowering: Lowering) {
    const tiling = chooseTiling(pass, lowering);
    if (!tiling) throw new BackendError(`Cannot compile ${node.op}: no tiling fits into workgroup memory`);
    super(node, pass, tiling, lowering);
  }

  protected override rowAt(i: number): number {
    return i;
  }

  /** The body of the entry point that makes these results. */
  protected abstract body(made: Results): string[];

  /** The kernel that makes these results. */
  kernel(name: string, made: Results): Kernel {
    const body = this.body(made);
    const { rows, threads, high, across, columns, padding } = this.layout;
    const { width, kept } = this.pass;
    const teams = rows / high;
    const tile = (of: string, depth: number) =>
      this.writer.declare(
        `var<workgroup> ${of}: array<array<vec4<f32>, ${high * depth / 4 + padding}>, ${teams}>;`,
      );
    for (const k of range(kept)) tile(`kept${k}`, width);
    tile("scores", columns);
    this.writer.declare(
      `var<workgroup> stage: array<array<vec4<f32>, ${across}>, ${columns * width / 4 / across}>;`,
    );
    const main = `@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) t: u32) {
  let x = t % ${across}u;
  let y = t / ${across}u;
  let r0 = group.x * ${rows}u;
  let head = group.y;
  let batch = group.z;
  let number = batch * ${this.attrs.heads}u + head;
  let row = r0 + y * ${high}u;
${body.join("\n")}
}`;
    const blocks = Math.ceil(this.pass.rows / rows);
    return this.writer.finish(name, main, [blocks, this.attrs.heads, this.batch]);
  }

  /** Four neighbours of a row, zeros beyond the last one. */
  #read(o: Operand, row: string, quad: string, block: number, scale: boolean): string {
    const whole = o.extent % block === 0;
    const at = (r: string) => `base_${o.load} + ${r} * ${o.strides[1]}u + ${quad} * ${4 * o.strides[2]}u`;
    const factor = scale ? ` * ${this.float(this.attrs.scale)}` : "";
    if (whole) return `load_${o.load}(${at(row)})${factor}`;
    const value = `load_${o.load}(${at(`min(${row}, ${o.extent - 1}u)`)})${factor}`;
    return `select(vec4<f32>(0.0f), ${value}, ${row} < ${o.extent}u)`;
  }

  /** Runs a body for every unit of work, shared among the threads. */
  #each(units: number, body: (u: string) => string): string {
    const { threads } = this.layout;
    if (this.lowering.software) {
      return `  for (var u = t; u < ${units}u; u += ${threads}u) { ${body("u")} }`;
    }
    return range(Math.ceil(units / threads)).map((round) => {
      const guard = (round + 1) * threads > units ? `if (t + ${round * threads}u < ${units}u) ` : "";
      return `  ${guard}{ let u = t + ${round * threads}u; ${body("u")} }`;
    }).join("\n");
  }

  /** The rows that this workgroup keeps. */
  protected fillKept(tile: number, o: Operand, options: { scale?: boolean } = {}): string {
    const { rows, high } = this.layout;
    const quads = this.pass.width / 4;
    return this.#each(rows * quads, (u) => {
      const value = this.#read(o, `(r0 + r)`, "q", rows, options.scale ?? false);
      return `let r = ${u} / ${quads}u; let q = ${u} % ${quads}u; ` +
        `kept${tile}[r / ${high}u][r % ${high}u * ${quads}u + q] = ${value};`;
    });
  }

  /** A block of columns as they lie: four neighbours of the head in a vector. */
  protected fill(o: Operand, options: { scale?: boolean } = {}): string {
    const { columns, across } = this.layout;
    const quads = this.pass.width / 4;
    return this.#each(columns * quads, (u) => {
      const value = this.#read(
        o,
        `(c0 + ${u} / ${quads}u)`,
        `(${u} % ${quads}u)`,
        columns,
        options.scale ?? false,
      );
      return `stage[${u} / ${across}u][${u} % ${across}u] = ${value};`;
    });
  }

  /** A block of columns, turned: four neighbouring columns in a vector. */
  protected fillTurned(o: Operand, options: { scale?: boolean } = {}): string {
    const { columns, across, scoreQuads } = this.layout;
    const quads = this.pass.width / 4;
    // Two threads beside each other read 32 bytes of a row, and the others neighbouring columns, which lie in different banks.
    const pair = quads % 2 === 0 ? 2 : 1;
    return this.#each(columns / 4 * quads, (u) => {
      const reads = range(4).map((r) =>
        `let e${r} = ${this.#read(o, `(c0 + c * 4u + ${r}u)`, "q", columns, options.scale ?? false)};`
      );
      const writes = range(4).map((e) => {
        const c = component[e];
        return `stage[(q * 4u + ${e}u) * ${scoreQuads}u + c / ${across}u][c % ${across}u] = ` +
          `vec4<f32>(e0.${c}, e1.${c}, e2.${c}, e3.${c});`;
      });
      return `let c = (${u} / ${pair}u) % ${columns / 4}u; ` +
        `let q = ${u} / ${pair * columns / 4}u * ${pair}u + ${u} % ${pair}u; ${reads.join(" ")} ${
          writes.join(" ")
        }`;
    });
  }

  // ---- products ----------------------------------------------------------------------------------------------------

  /** Adds the product of a tile's rows and the staged columns, written out unless the compiler is a CPU's. */
  protected product(into: string, tile: string, depth: number, quads: number): string[] {
    const { high } = this.layout;
    const kQuads = depth / 4;
    const step = (a: (i: number) => string, b: (e: number, j: number) => string) => {
      const loads = range(high).map((i) => `let a${i} = ${tile}[y][${a(i)}];`);
      const sums = range(4).flatMap((e) => [
        ...range(quads).map((j) => `let b${e}_${j} = stage[${b(e, j)}][x];`),
        ...grid(high, quads, (i, j) => `${into}${i}_${j} += a${i}.${component[e]} * b${e}_${j};`),
      ]);
      return `  { ${[...loads, ...sums].join(" ")} }`;
    };
    if (this.lowering.software) {
      const body = step((i) => `${i * kQuads}u + k`, (e, j) => `k * ${4 * quads}u + ${e * quads + j}u`);
      return [`  for (var k = 0u; k < ${kQuads}u; k++) ${body}`];
    }
    return range(kQuads).map((k) =>
      step((i) => `${i * kQuads + k}u`, (e, j) => `${(4 * k + e) * quads + j}u`)
    );
  }

  /** A probability, or zero beyond the last column. */
  protected ofColumns(j: number, value: string): string {
    if (this.pass.columns % this.layout.columns === 0) return value;
    const column = `(vec4<u32>(${this.column(j)}) + vec4<u32>(0u, 1u, 2u, 3u))`;
    return `select(vec4<f32>(0.0f), ${value}, ${column} < vec4<u32>(${this.pass.columns}u))`;
  }

  /** Puts a thread's scores where its team finds them. */
  protected storeScores(name: string): string[] {
    const { high, scoreQuads, columns, across } = this.layout;
    return grid(
      high,
      scoreQuads,
      (i, j) => `  scores[y][${i * columns / 4 + j * across}u + x] = ${name}${i}_${j};`,
    );
  }

  /** Stores a thread's rows of a result. */
  protected storeResult(name: string, out: Result, factor?: (i: number) => string): string[] {
    const { high, resultQuads, across } = this.layout;
    const { rows, width } = this.pass;
    const bound = this.writer.bind(out.storage, { lanes: 4, write: true });
    const type = out.storage.dtype === "f16" ? "vec4<f16>" : "";
    return range(high).map((i) => {
      const first = `head * ${width}u + ${out.offset}u`;
      const at = `((batch * ${rows}u + row + ${i}u) * ${out.stride}u + ${first}) / 4u`;
      const stores = range(resultQuads).map((j) => {
        const value = factor ? `${name}${i}_${j} * f` : `${name}${i}_${j}`;
        return `${bound}[at + ${j * across}u + x] = ${type}(${value});`;
      });
      const scale = factor ? `let f = ${factor(i)}; ` : "";
      return `  if (row + ${i}u < ${rows}u) { let at = ${at}; ${scale}${stores.join(" ")} }`;
    });
  }
}
