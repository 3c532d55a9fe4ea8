/**
 * What all kernels of attention are written with: operands where they lie, masks, statistics and dropout.
 *
 * @module
 */
import type { AttentionAttrs, Node } from "../../../graph/node.ts";
import { attentionOperands, HIDDEN, keepBelow } from "../../../graph/ops/attention.ts";
import { numeric } from "../../../graph/shape.ts";
import { broadcastMap } from "../rules/strides.ts";
import { viewOf } from "../rules/view_of.ts";
import type { AttentionPass } from "./attention_tiling.ts";
import type { Lowering } from "./fused.ts";
import { KernelWriter, type Storage } from "./writer.ts";

/** An attention op. */
export type AttentionNode = Node & { op: `attention${string}`; attrs: AttentionAttrs };

/** Where a result goes: elements from one row to the next and before the first. */
export interface Result {
  readonly storage: Storage;
  readonly stride: number;
  readonly offset: number;
}

/** Results by the op that they are of. */
export type Results = ReadonlyMap<string, Result>;

/** An operand `[B, *, H]` where it lies. */
export interface Operand {
  readonly load: string;
  readonly storage: Storage;
  readonly strides: readonly number[];
  readonly offset: number;
  readonly extent: number;
}

/** Which scores a thread makes: `high` rows of `scoreQuads` times four of a block of `rows` x `columns`. */
export interface ScoreLayout {
  readonly rows: number;
  readonly columns: number;
  readonly high: number;
  readonly scoreQuads: number;
  /** Threads for the columns: from one of a thread's quads to its next. */
  readonly across: number;
}

/** A mask: which way its values differ, and those of a thread's row i and quad j. */
export interface Mask {
  readonly byRow: boolean;
  readonly byColumn: boolean;
  readonly at: (i: number, j: number) => string;
}

/** Lower than any score. */
export const low = "-3.0e38f";
/** The names of a vector's components. */
export const component: readonly string[] = ["x", "y", "z", "w"];
/** The numbers from 0 to n - 1. */
export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** A text for each of a thread's rows and quads. */
export function grid(rows: number, quads: number, text: (i: number, j: number) => string): string[] {
  return range(rows).flatMap((i) => range(quads).map((j) => text(i, j)));
}

/** Declares a thread's sums, rows of so many quads: zeros. */
export function accumulators(name: string, rows: number, quads: number): string[] {
  return range(rows).map((i) =>
    `  ${range(quads).map((j) => `var ${name}${i}_${j} = vec4<f32>(0.0f);`).join(" ")}`
  );
}

/**
 * Writes a kernel of attention. The text uses `head`, `batch`, their `number`, `c0`, the first column of a block, and `x` and `row`, the
 * thread's place in it.
 */
export abstract class AttentionText<Layout extends ScoreLayout> {
  protected readonly writer = new KernelWriter();
  protected readonly attrs: AttentionAttrs;
  protected readonly nodes;
  protected readonly queries: number;
  protected readonly keys: number;
  protected readonly size: number;
  protected readonly batch: number;

  constructor(
    node: AttentionNode,
    protected readonly pass: AttentionPass,
    protected readonly layout: Layout,
    protected readonly lowering: Lowering,
  ) {
    this.attrs = node.attrs;
    this.nodes = attentionOperands(node.inputs, node.attrs);
    [this.batch, this.queries, this.size] = numeric(this.nodes.query.shape);
    this.keys = numeric(this.nodes.key.shape)[1];
  }

  /** How far row i of a thread is from its first. */
  protected abstract rowAt(i: number): number;

  // ---- operands ----------------------------------------------------------------------------------------------------

  protected operands(...names: ("query" | "key" | "value" | "gradient")[]): Operand[] {
    return names.map((name) => {
      const node = name === "gradient" ? this.nodes.rest[2] : this.nodes[name];
      const { base, strides, offset } = viewOf(node, (n) => this.lowering.storageOf(n) !== undefined);
      const storage = this.lowering.storageOf(base)!;
      const [, extent] = numeric(node.shape);
      const aligned = strides[2] === 1 &&
        [strides[0], strides[1], offset, storage.elements].every((s) => s % 4 === 0);
      const bound = this.writer.bind(storage, { lanes: aligned ? 4 : 1 });
      const half = storage.dtype === "f16";
      const value = aligned
        ? half ? `vec4<f32>(${bound}[at >> 2u])` : `${bound}[at >> 2u]`
        : `vec4<f32>(${
          range(4).map((e) => {
            const read = `${bound}[at + ${e * strides[2]}u]`;
            return half ? `f32(${read})` : read;
          }).join(", ")
        })`;
      this.writer.declare(`fn load_${name}(at: u32) -> vec4<f32> { return ${value}; }`);
      return { load: name, storage, strides, offset, extent };
    });
  }

  /** Where each operand's part for this batch and head begins. */
  protected base(...operands: readonly Operand[]): string[] {
    return operands.map(({ load, strides, offset }) =>
      `  let base_${load} = batch * ${strides[0]}u + head * ${this.pass.width * strides[2]}u + ${offset}u;`
    );
  }

  // ---- scores ------------------------------------------------------------------------------------------------------

  /** The first of the four columns that a thread's quad j stands for. */
  protected column(j: number): string {
    return `(c0 + (x + ${j * this.layout.across}u) * 4u)`;
  }

  /** Adds the mask, and hides what a causal query does not see and, from queries, what is beyond the last key. */
  protected maskScores(rows: "query" | "key"): string[] {
    const { high, scoreQuads, columns } = this.layout;
    const { causal } = this.attrs;
    const lines: string[] = [];
    const ragged = rows === "query" && this.keys % columns !== 0;
    const mask = this.mask(rows);
    for (const j of range(scoreQuads)) {
      if (ragged || causal) {
        lines.push(`  let column${j} = vec4<u32>(${this.column(j)}) + vec4<u32>(0u, 1u, 2u, 3u);`);
      }
      if (mask && !mask.byRow) lines.push(`  let mask${j} = ${mask.at(0, j)};`);
      for (const i of range(high)) {
        const s = `s${i}_${j}`;
        if (mask) lines.push(`  ${s} += ${mask.byRow ? mask.at(i, j) : `mask${j}`};`);
        if (causal) {
          const [query, key] = [`vec4<u32>(row + ${this.rowAt(i)}u)`, `column${j}`];
          const [q, k] = rows === "query" ? [query, key] : [key, query];
          const seen = `${k} <= ${q} + vec4<u32>(${this.keys - this.queries}u)`;
          lines.push(`  ${s} = select(vec4<f32>(${HIDDEN.toExponential()}f), ${s}, ${seen});`);
        }
        if (ragged) {
          lines.push(`  ${s} = select(vec4<f32>(${low}), ${s}, column${j} < vec4<u32>(${this.keys}u));`);
        }
      }
    }
    return lines;
  }

  /** The mask's values for a thread's row i and quad j; the same for all rows unless `byRow`. */
  protected mask(rows: "query" | "key"): Mask | undefined {
    const { mask } = this.nodes;
    if (!mask) return undefined;
    const view = viewOf(mask, (n) => this.lowering.storageOf(n) !== undefined);
    const all = [this.batch, this.attrs.heads, this.queries, this.keys];
    const { strides, offset } = broadcastMap(view, all);
    const bound = this.writer.bind(this.lowering.storageOf(view.base)!, { lanes: 1 });
    const base = `batch * ${strides[0]}u + head * ${strides[1]}u + ${offset}u`;
    const [outer, inner] = rows === "query" ? [strides[2], strides[3]] : [strides[3], strides[2]];
    const { rows: extent, columns: columnExtent } = this.pass;
    const at = (i: number, j: number) => {
      const row = outer === 0 ? "" : ` + min(row + ${this.rowAt(i)}u, ${extent - 1}u) * ${outer}u`;
      if (inner === 0) return `vec4<f32>(${bound}[${base}${row}])`;
      const parts = range(4).map((e) =>
        `${bound}[${base}${row} + min(${this.column(j)} + ${e}u, ${columnExtent - 1}u) * ${inner}u]`
      );
      return `vec4<f32>(${parts.join(", ")})`;
    };
    return { byRow: outer !== 0, byColumn: inner !== 0, at };
  }

  protected statistic(which: "top" | "sum" | "delta", query: string): string {
    const [stats, delta] = this.nodes.rest;
    const storage = (node: Node) => {
      const view = viewOf(node, (n) => this.lowering.storageOf(n) !== undefined);
      return { view, name: this.writer.bind(this.lowering.storageOf(view.base)!, { lanes: 1 }) };
    };
    if (which === "delta") {
      const { view: { strides, offset }, name } = storage(delta);
      return `${name}[batch * ${strides[0]}u + ${query} * ${strides[1]}u + head * ${
        strides[2]
      }u + ${offset}u]`;
    }
    const { view: { strides, offset }, name } = storage(stats);
    const start = offset + (which === "sum" ? strides[0] : 0);
    return `${name}[batch * ${strides[1]}u + head * ${strides[2]}u + ${query} * ${strides[3]}u + ${start}u]`;
  }

  /** A statistic of the four columns of quad j, where columns are queries. */
  protected columnStatistic(which: "top" | "sum" | "delta", j: number): string {
    const each = range(4).map((e) =>
      this.statistic(which, `min(${this.column(j)} + ${e}u, ${this.queries - 1}u)`)
    );
    return `vec4<f32>(${each.join(", ")})`;
  }

  /** Where causal queries end to see keys. */
  protected columnsEnd(): string {
    const { columns } = this.pass;
    if (!this.attrs.causal) return `${columns}u`;
    return `min(${columns}u, r0 + ${this.layout.rows + this.keys - this.queries}u)`;
  }

  /** Where causal queries begin to see these keys. */
  protected columnsStart(): string {
    if (!this.attrs.causal) return "0u";
    const { columns } = this.layout;
    const offset = `${this.keys - this.queries}u`;
    return `(max(r0, ${offset}) - ${offset}) / ${columns}u * ${columns}u`;
  }

  // ---- dropout -----------------------------------------------------------------------------------------------------

  protected seed(): string {
    const { rng } = this.nodes;
    if (!rng) return "";
    this.writer.needs.add("mix");
    this.writer.declare(`fn mix_four(word: vec4<u32>) -> vec4<u32> {
  var v = word;
  v ^= v >> vec4<u32>(16u);
  v *= vec4<u32>(0x7feb352du);
  v ^= v >> vec4<u32>(15u);
  v *= vec4<u32>(0x846ca68bu);
  v ^= v >> vec4<u32>(16u);
  return v;
}`);
    const view = viewOf(rng, (n) => this.lowering.storageOf(n) !== undefined);
    const key = this.writer.bind(this.lowering.storageOf(view.base)!, { lanes: 1 });
    // The stream comes from memory, so that the layers of a model, which differ in it, share one pipeline.
    const words = [Math.imul(this.attrs.stream, 0x9e3779b9) >>> 0];
    const step = this.writer.bind(this.lowering.table("stream", words), { lanes: 1 });
    return `  let seed = mix_bits(${key}[${view.offset}u] + ${step}[0]);`;
  }

  /** Which of a block's scores dropout keeps: what is to be said first, and a `vec4<bool>` for row i and quad j. */
  protected draws(
    rows: "query" | "key",
  ): { setup: string; kept: (i: number, j: number) => string } | undefined {
    if (!this.nodes.rng) return undefined;
    // An element's number times a constant: most of it is the same for all of a thread's elements.
    const factor = 0x85ebca6b;
    const [down, right] = rows === "query" ? [this.keys, 1] : [1, this.keys];
    const first = rows === "query"
      ? `(number * ${this.queries}u + row) * ${this.keys}u + ${this.column(0)}`
      : `(number * ${this.queries}u + ${this.column(0)}) * ${this.keys}u + row`;
    return {
      setup: `  let drawn = (${first}) * ${factor}u + seed;`,
      kept: (i, j) => {
        const words = range(4).map((e) => {
          const at = this.rowAt(i) * down + (4 * j * this.layout.across + e) * right;
          return `${Math.imul(at, factor) >>> 0}u`;
        });
        return `mix_four(vec4<u32>(drawn) + vec4<u32>(${words.join(", ")})) < ` +
          `vec4<u32>(${keepBelow(this.attrs.rate)}u)`;
      },
    };
  }

  /** What a thread's scores are multiplied by: 0 or 1 / (1 - rate). */
  protected keepBits(rows: "query" | "key"): string[] {
    const draws = this.draws(rows);
    if (!draws) return [];
    const { high, scoreQuads } = this.layout;
    const factor = this.float(this.keepFactor);
    return [
      draws.setup,
      ...grid(
        high,
        scoreQuads,
        (i, j) => `  let keep${i}_${j} = select(vec4<f32>(0.0f), vec4<f32>(${factor}), ${draws.kept(i, j)});`,
      ),
    ];
  }

  /** What dropout multiplies by what it keeps. */
  protected get keepFactor(): number {
    return this.nodes.rng ? 1 / (1 - this.attrs.rate) : 1;
  }

  protected applyKeep(name: string): string[] {
    if (!this.nodes.rng) return [];
    const { high, scoreQuads } = this.layout;
    return grid(high, scoreQuads, (i, j) => `  ${name}${i}_${j} *= keep${i}_${j};`);
  }

  protected drop(name: string, rows: "query" | "key"): string[] {
    return [...this.keepBits(rows), ...this.applyKeep(name)];
  }

  protected float(value: number): string {
    const text = String(Math.fround(value));
    return /[.e]/.test(text) ? `${text}f` : `${text}.0f`;
  }
}
