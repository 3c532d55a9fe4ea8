/**
 * What the passes of attention by blocks share: the kernel around them, their scores, and how results leave.
 *
 * A thread at (`x`, `y`) makes scores `s<row>_<quad>` in registers. Scores that are multiplied further go to workgroup memory, `held`,
 * in pieces where that takes less of it, so that more workgroups fit. They are turned on their way there, so that both of a product's
 * operands are read four neighbours at a time. Where a result has fewer vectors in a row than there are threads beside each other,
 * its sum is cut into parts, which are added up before it is stored.
 *
 * @module
 */
import { HIDDEN } from "../../../../graph/ops/attention.ts";
import { type BlockLayout, type BlockTiling, layoutOf, unit } from "./block_tiles.ts";
import {
  type AttentionNode,
  AttentionText,
  component,
  grid,
  low,
  range,
  type Result,
  type Results,
} from "./scores.ts";
import type { AttentionPass } from "./stream_tiles.ts";
import type { Lowering } from "../fused.ts";
import type { Kernel } from "../writer.ts";

/** The rows that a result is stored to: a thread's first one, how many there are and how many a thread makes. */
export interface StoredRows {
  readonly first: string;
  readonly extent: number;
  readonly high: number;
  /** Whether all threads' rows exist. */
  readonly whole: boolean;
  /** Elements before the result, where it is one of many. */
  readonly before?: string;
}

/** Writes a kernel by blocks. */
export abstract class BlockText extends AttentionText<BlockLayout> {
  constructor(node: AttentionNode, pass: AttentionPass, tiling: BlockTiling, lowering: Lowering) {
    super(node, pass, layoutOf(pass, tiling), lowering);
  }

  /** The body of the entry point that makes these results. */
  protected abstract body(made: Results): string[];

  /** The kernel that makes these results. */
  kernel(name: string, made: Results): Kernel {
    const { rows, threads, across, sharers, heldDepth, stageDepth, stageWidth } = this.layout;
    const body = this.body(made).filter((line) => line !== "");
    const tile = (depth: number, n: number) =>
      `array<array<array<array<vec4<f32>, ${n / 4 + 1}>, ${unit / 4}>, ${depth / unit}>, 4>`;
    this.writer.declare(`var<workgroup> held: ${tile(heldDepth, rows)};
var<workgroup> stage: ${tile(stageDepth, stageWidth)};`);
    const main = `@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) t: u32) {
  let x = t % ${across}u;
  let y = t / ${across}u;
  let r0 = group.x * ${rows}u;
  let head = group.y;
  let batch = group.z;
  let number = batch * ${this.attrs.heads}u + head;
  let row = r0 + y * 4u;
  let xo = x % ${sharers}u;
  let part = x / ${sharers}u;
${body.join("\n")}
}`;
    const blocks = Math.ceil(this.pass.rows / rows);
    return this.writer.finish(name, main, [blocks, this.attrs.heads, this.batch]);
  }

  protected override rowAt(i: number): number {
    return (i >> 2) * this.layout.down * 4 + (i & 3);
  }

  // ---- scores ------------------------------------------------------------------------------------------------------

  /** A text for each of a thread's scores. */
  protected eachScore(text: (i: number, j: number) => string): string[] {
    return grid(this.layout.high, this.layout.scoreQuads, text);
  }

  /** The mask's values before the loops of products, where all rows have the same. */
  protected columnMask(): string[] {
    const mask = this.mask("query");
    if (!mask || mask.byRow) return [];
    return range(this.layout.scoreQuads).map((j) => `  let mask${j} = ${mask.at(0, j)};`);
  }

  /**
   * Scales the scores, adds the mask, and hides what a causal query does not see and, from queries, what is beyond the last key. The
   * mask is `columnMask`'s, or `ofRow`, or read here.
   */
  protected finishScores(rows: "query" | "key", ofRow?: (i: number) => string): string[] {
    const { causal } = this.attrs;
    const ragged = rows === "query" && this.keys % this.layout.columns !== 0;
    const mask = this.mask(rows);
    const scale = this.float(this.attrs.scale);
    return [
      ...(ragged || causal
        ? range(this.layout.scoreQuads).map((j) =>
          `  let column${j} = vec4<u32>(${this.column(j)}) + vec4<u32>(0u, 1u, 2u, 3u);`
        )
        : []),
      ...this.eachScore((i, j) => {
        const s = `s${i}_${j}`;
        const added = mask ? ` + ${ofRow ? ofRow(i) : mask.byRow ? mask.at(i, j) : `mask${j}`}` : "";
        const lines = [`  ${s} = ${s} * ${scale}${added};`];
        if (causal) {
          const [query, key] = [`vec4<u32>(row + ${this.rowAt(i)}u)`, `column${j}`];
          const [q, k] = rows === "query" ? [query, key] : [key, query];
          const seen = `${k} <= ${q} + vec4<u32>(${this.keys - this.queries}u)`;
          lines.push(`${s} = select(vec4<f32>(${HIDDEN.toExponential()}f), ${s}, ${seen});`);
        }
        if (ragged) {
          lines.push(`${s} = select(vec4<f32>(${low}), ${s}, column${j} < vec4<u32>(${this.keys}u));`);
        }
        return lines.join(" ");
      }),
    ];
  }

  /** Runs a body for every piece of the columns, whose scores are held by then. */
  protected byPieces(name: string, body: readonly string[]): string[] {
    const { across, pieces } = this.layout;
    if (pieces === 1) return ["  { let piece = 0u;", ...this.#hold(name), ...body, "  }"];
    return [
      `  for (var piece = 0u; piece < ${pieces}u; piece++) {`,
      `  if (x / ${across / pieces}u == piece) {`,
      ...this.#hold(name),
      "  }",
      ...body,
      "  }",
    ];
  }

  /** Puts a thread's scores into workgroup memory: columns, and four neighbouring rows in a vector. */
  #hold(name: string): string[] {
    const { high, scoreQuads, across, down, held, pieces } = this.layout;
    return grid(high / 4, scoreQuads, (g, j) => {
      const step = pieces === 1 ? `(x >> 2u) + ${j * across / 4}u` : `(x >> 2u) % ${held / unit}u`;
      return component.map((c, e) => {
        const value = range(4).map((r) => `${name}${4 * g + r}_${j}.${c}`).join(", ");
        return `  held[${e}][${step}][x & 3u][y + ${g * down}u] = vec4<f32>(${value});`;
      }).join("\n");
    });
  }

  // ---- results -----------------------------------------------------------------------------------------------------

  /** Adds up the parts of results whose sums were cut, in the first part's threads. */
  protected combine(name: string, high: number): string[] {
    const { split, sharers, down } = this.layout;
    if (split === 1) return [];
    // Rows beyond those of a thread's scores lie beside them.
    const groups = this.layout.high / 4;
    const beside = Math.ceil((split - 1) * sharers / 4);
    const place = (x: string, i: number) => {
      const [aside, group] = [Math.floor((i >> 2) / groups), (i >> 2) % groups];
      return `held[${i & 3}][((${x}) >> 2u) + ${aside * beside}u][(${x}) & 3u][y + ${group * down}u]`;
    };
    const own = `x - ${sharers}u`;
    return [
      `  if (part > 0u && part < ${split}u) { ${
        range(high).map((i) => `${place(own, i)} = ${name}${i}_0;`).join(" ")
      } }`,
      "  workgroupBarrier();",
      "  if (part == 0u) {",
      ...range(split - 1).flatMap((p) =>
        range(high).map((i) => `  ${name}${i}_0 += ${place(`x + ${p * sharers}u`, i)};`)
      ),
      "  }",
    ];
  }

  /** What waits until the parts of a result are added up, and their memory is free again. */
  protected combined(): string[] {
    return this.layout.split > 1 ? ["  workgroupBarrier();"] : [];
  }

  /** Stores a thread's rows of a result, times a factor. */
  protected storeResult(
    name: string,
    out: Result,
    factor: (i: number) => string,
    rows: StoredRows = {
      first: "row",
      extent: this.pass.rows,
      high: this.layout.high,
      whole: this.pass.rows % this.layout.rows === 0,
    },
  ): string[] {
    const { resultQuads, sharers, across } = this.layout;
    const bound = this.writer.bind(out.storage, { lanes: 4, write: true });
    const type = out.storage.dtype === "f16" ? "vec4<f16>" : "";
    const before = `${rows.before ? `${rows.before} + ` : ""}head * ${this.pass.width}u + ${out.offset}u`;
    const lines = range(rows.high).map((i) => {
      const row = `${rows.first} + ${this.rowAt(i)}u`;
      const at = `((batch * ${rows.extent}u + ${row}) * ${out.stride}u + ${before}) / 4u`;
      const stores = range(resultQuads).map((j) =>
        `${bound}[at + ${j * sharers}u + xo] = ${type}(${name}${i}_${j} * f);`
      );
      const guard = rows.whole ? "" : `if (${row} < ${rows.extent}u) `;
      return `  ${guard}{ let at = ${at}; let f = ${factor(i)}; ${stores.join(" ")} }`;
    });
    return sharers === across ? lines : ["  if (part == 0u) {", ...lines, "  }"];
  }
}
