/**
 * Attention without its matrix of scores in memory: a workgroup keeps a block of rows, streams blocks of columns past them, and the
 * softmax is carried along (Dao et al., "FlashAttention", 2022; Milakov and Gimelshein, "Online normalizer calculation for softmax",
 * 2018). The gradients compute the probabilities anew from the statistics of each row: one pass with queries as rows, one with keys,
 * so nothing is added up by several workgroups and the same run gives the same bits.
 *
 * @module
 */
import type { AttentionAttrs, Node } from "../../../graph/node.ts";
import { attentionOperands, HIDDEN, keepBelow } from "../../../graph/ops/attention.ts";
import { numeric } from "../../../graph/shape.ts";
import { BackendError } from "../../interface.ts";
import type { Group } from "../fusion.ts";
import { broadcastMap, viewOf } from "../views.ts";
import {
  type AttentionPass,
  type AttentionTiling,
  chooseTiling,
  type TilingLimits,
} from "./attention_tiling.ts";
import { type Lowering, nameOf } from "./fused.ts";
import { type Kernel, KernelWriter, type Storage } from "./writer.ts";

type AttentionNode = Node & { op: `attention${string}`; attrs: AttentionAttrs };

/** What closed kernels of attention are limited by. */
export interface AttentionLimits extends TilingLimits {
  readonly maxBuffers: number;
}

/** Whether there is a kernel for this attention op here: heads of 16 to 128, and enough buffers and workgroup memory. */
export function hasAttentionKernel(node: Node, limits: AttentionLimits): boolean {
  if (!isAttention(node)) return false;
  const { heads } = node.attrs;
  const [batch, rows, size] = numeric(node.inputs[0].shape);
  const columns = numeric(node.inputs[1].shape)[1];
  const width = size / heads;
  if (width % 4 !== 0 || width < 16 || width > 128) return false;
  if (batch > 65535 || heads > 65535) return false;
  const forward = node.op === "attention" || node.op === "attention_stats";
  const passes = (forward ? ["attention"] : ["attention_grad_query", "attention_grad_key"])
    .map((op) => passOf(op, { rows, columns, heads: batch * heads, width }));
  return limits.maxBuffers >= (forward ? 8 : 11) && passes.every((pass) => chooseTiling(pass, limits));
}

/** The kernel of a group around attention or its gradients. */
export function attentionKernels(group: Group, lowering: Lowering): Kernel[] {
  const anchor = group.anchor as AttentionNode;
  const name = nameOf(group);
  if (anchor.op === "attention_grad_packed") return packedKernels(anchor, name, lowering);
  const made: Results = new Map(group.outputs.map((n) => [n.op, resultOf(lowering.storageOf(n)!, anchor)]));
  const w = new AttentionWriter(anchor.op, anchor, lowering);
  const main = anchor.op === "attention" || anchor.op === "attention_stats"
    ? w.forward(made)
    : anchor.op === "attention_grad_query"
    ? w.queryGradient(made)
    : w.keyValueGradients(made);
  return [w.finish(name, main)];
}

/** Two kernels that write side by side into one result. */
function packedKernels(
  node: AttentionNode & { op: "attention_grad_packed" },
  name: string,
  lowering: Lowering,
): Kernel[] {
  const storage = lowering.storageOf(node)!;
  const size = numeric(node.inputs[0].shape)[2];
  const { parts } = node.attrs;
  const made: Results = new Map(parts.map((part, i) => [
    `attention_grad_${part}`,
    { storage, stride: parts.length * size, offset: i * size },
  ]));
  const kernels: Kernel[] = [];
  const products = (count: number) => {
    const [batch, rows] = numeric(node.inputs[0].shape);
    const pairs = batch * rows * numeric(node.inputs[1].shape)[1] * (node.attrs.causal ? 0.5 : 1);
    return 2 * count * pairs * size;
  };
  if (parts.includes("query")) {
    const w = new AttentionWriter("attention_grad_query", node, lowering);
    kernels.push({ ...w.finish(`${name} query`, w.queryGradient(made)), flops: products(3) });
  }
  const others = parts.filter((p) => p !== "query").length;
  if (others > 0) {
    const w = new AttentionWriter("attention_grad_key", node, lowering);
    kernels.push({
      ...w.finish(`${name} key, value`, w.keyValueGradients(made)),
      flops: products(2 + others),
    });
  }
  return kernels;
}

/** Where a result goes: elements from one row to the next and before the first. */
interface Result {
  readonly storage: Storage;
  readonly stride: number;
  readonly offset: number;
}

type Results = ReadonlyMap<string, Result>;

function resultOf(storage: Storage, node: AttentionNode): Result {
  return { storage, stride: numeric(node.inputs[0].shape)[2], offset: 0 };
}

function isAttention(node: Node): node is AttentionNode {
  return node.op.startsWith("attention");
}

/** What the kernel of an attention op passes over: `columns` keys for `rows` queries. */
export function passOf(
  op: string,
  { rows, columns, heads, width }: { rows: number; columns: number; heads: number; width: number },
): AttentionPass {
  const common = { heads, width };
  switch (op) {
    case "attention":
    case "attention_stats":
      return { ...common, rows, columns, kept: 1, results: 1, fills: 2 };
    case "attention_grad_query":
      return { ...common, rows, columns, kept: 2, results: 1, fills: 3 };
    default:
      return { ...common, rows: columns, columns: rows, kept: 2, results: 2, fills: 4 };
  }
}

/** An operand `[B, *, H]` where it lies. */
interface Operand {
  readonly load: string;
  readonly storage: Storage;
  readonly strides: readonly number[];
  readonly offset: number;
  readonly extent: number;
}

const low = "-3.0e38f";
const component = ["x", "y", "z", "w"];
const range = (n: number) => Array.from({ length: n }, (_, i) => i);

class AttentionWriter {
  readonly #writer = new KernelWriter();
  readonly #lowering: Lowering;
  readonly #attrs: AttentionAttrs;
  readonly #nodes;
  readonly #pass: AttentionPass;
  readonly #tiling: AttentionTiling;
  readonly #queries: number;
  readonly #keys: number;
  readonly #size: number;
  readonly #batch: number;

  constructor(op: string, node: AttentionNode, lowering: Lowering) {
    this.#lowering = lowering;
    this.#attrs = node.attrs;
    this.#nodes = attentionOperands(node.inputs, node.attrs);
    [this.#batch, this.#queries, this.#size] = numeric(this.#nodes.query.shape);
    this.#keys = numeric(this.#nodes.key.shape)[1];
    this.#pass = passOf(op, {
      rows: this.#queries,
      columns: this.#keys,
      heads: this.#batch * node.attrs.heads,
      width: this.#size / node.attrs.heads,
    });
    const tiling = chooseTiling(this.#pass, lowering);
    if (!tiling) throw new BackendError(`Cannot compile ${op}: no tiling fits into workgroup memory`);
    this.#tiling = tiling;
  }

  /** The kernel around the body of its entry point. */
  finish(name: string, body: readonly string[]): Kernel {
    const { rows, threads, high, across, columns, padding } = this.#tiling;
    const { width, kept } = this.#pass;
    const teams = rows / high;
    const tile = (of: string, depth: number) =>
      this.#writer.declare(
        `var<workgroup> ${of}: array<array<vec4<f32>, ${high * depth / 4 + padding}>, ${teams}>;`,
      );
    for (const k of range(kept)) tile(`kept${k}`, width);
    tile("scores", columns);
    this.#writer.declare(
      `var<workgroup> stage: array<array<vec4<f32>, ${across}>, ${columns * width / 4 / across}>;`,
    );
    const main = `@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) t: u32) {
  let x = t % ${across}u;
  let y = t / ${across}u;
  let r0 = group.x * ${rows}u;
  let head = group.y;
  let batch = group.z;
  let number = batch * ${this.#attrs.heads}u + head;
  let row = r0 + y * ${high}u;
${body.join("\n")}
}`;
    const blocks = Math.ceil(this.#pass.rows / rows);
    return this.#writer.finish(name, main, [blocks, this.#attrs.heads, this.#batch]);
  }

  /** Results and statistics: rows are queries, columns keys. */
  forward(made: Results): string[] {
    const { high, scoreQuads, resultQuads, across, columns } = this.#tiling;
    const [query, key, value] = this.#operands("query", "key", "value");
    const groups = range(Math.ceil(high / 4));
    const folded = (make: (i: number) => string) =>
      groups.map((g) => `vec4<f32>(${range(4).map((e) => make(Math.min(4 * g + e, high - 1))).join(", ")})`);
    const of = (name: string, i: number) => `${name}${i >> 2}.${component[i & 3]}`;
    const across4 = (v: string, op: string) =>
      op === "max" ? `max(max(${v}.x, ${v}.y), max(${v}.z, ${v}.w))` : `dot(${v}, vec4<f32>(1.0f))`;
    const rowOf = (i: number, op: string) => {
      const parts = range(scoreQuads).map((j) => `s${i}_${j}`);
      return across4(parts.reduce((a, b) => op === "max" ? `max(${a}, ${b})` : `(${a} + ${b})`), op);
    };
    const exchange = (value: readonly string[]) =>
      value.map((v, g) => `  scores[y][${g * across}u + x] = ${v};`);
    const gather = (into: string, g: number, op: string) =>
      range(across).map((i) => {
        const part = `scores[y][${g * across + i}u]`;
        return op === "max" ? `  ${into} = max(${into}, ${part});` : `  ${into} += ${part};`;
      });
    const barrier = "  workgroupBarrier();";
    const lines = [
      ...this.#base(query, key, value),
      this.#seed(),
      this.#fillKept(0, query, { scale: true }),
      ...groups.map((g) => `  var top${g} = vec4<f32>(${low}); var sum${g} = vec4<f32>(0.0f);`),
      ...this.#accumulators("o", resultQuads),
      `  for (var c0 = 0u; c0 < ${this.#columnsEnd()}; c0 += ${columns}u) {`,
      this.#fillTurned(key),
      barrier,
      ...this.#accumulators("s", scoreQuads),
      ...this.#product("s", "kept0", this.#pass.width, scoreQuads),
      ...this.#maskScores("query"),
      ...exchange(folded((i) => rowOf(i, "max"))),
      barrier,
      this.#fill(value),
      ...groups.flatMap((g) => [
        `  var new_top${g} = top${g};`,
        ...gather(`new_top${g}`, g, "max"),
        `  let shrink${g} = exp(top${g} - new_top${g}); top${g} = new_top${g};`,
      ]),
      ...range(high).flatMap((i) =>
        range(scoreQuads).map((j) => `  s${i}_${j} = exp(s${i}_${j} - vec4<f32>(${of("top", i)}));`)
      ),
      ...folded((i) => rowOf(i, "sum")).map((v, g) => `  sum${g} = sum${g} * shrink${g} + ${v};`),
      ...this.#drop("s", "query"),
      ...range(high).flatMap((i) => range(resultQuads).map((j) => `  o${i}_${j} *= ${of("shrink", i)};`)),
      barrier,
      ...this.#storeScores("s"),
      barrier,
      ...this.#product("o", "scores", columns, resultQuads),
      barrier,
      "  }",
      ...exchange(groups.map((g) => `sum${g}`)),
      barrier,
      ...groups.flatMap((g) => [`  var total${g} = vec4<f32>(0.0f);`, ...gather(`total${g}`, g, "sum")]),
    ];
    const out = made.get("attention");
    if (out) lines.push(...this.#storeResult("o", out, (i) => `1.0f / ${of("total", i)}`));
    const stats = made.get("attention_stats");
    if (stats) {
      const name = this.#writer.bind(stats.storage, { lanes: 1, write: true });
      const second = `${this.#pass.heads * this.#queries}u`;
      lines.push(
        "  if (x == 0u) {",
        `  let at = number * ${this.#queries}u + row;`,
        ...range(high).map((i) =>
          `  if (row + ${i}u < ${this.#queries}u) { ${name}[at + ${i}u] = ${of("top", i)}; ` +
          `${name}[at + ${i}u + ${second}] = ${of("total", i)}; }`
        ),
        "  }",
      );
    }
    return lines;
  }

  /** The query's gradient: rows are queries, columns keys. */
  queryGradient(made: Results): string[] {
    const { high, scoreQuads, resultQuads, columns } = this.#tiling;
    const [query, key, value, gradient] = this.#operands("query", "key", "value", "gradient");
    const barrier = "  workgroupBarrier();";
    const statistics = range(high).flatMap((i) => {
      const at = `min(row + ${i}u, ${this.#queries - 1}u)`;
      return [
        `  let top${i} = ${this.#statistic("top", at)};`,
        `  let part${i} = 1.0f / ${this.#statistic("sum", at)};`,
        `  let delta${i} = ${this.#statistic("delta", at)};`,
      ];
    });
    const inside = this.#pass.columns % columns === 0
      ? undefined
      : (j: number) =>
        `(vec4<u32>(${this.#column(j)}) + vec4<u32>(0u, 1u, 2u, 3u)) < vec4<u32>(${this.#pass.columns}u)`;
    return [
      ...this.#base(query, key, value, gradient),
      this.#seed(),
      this.#fillKept(0, query, { scale: true }),
      this.#fillKept(1, gradient),
      ...statistics,
      ...this.#accumulators("o", resultQuads),
      `  for (var c0 = 0u; c0 < ${this.#columnsEnd()}; c0 += ${columns}u) {`,
      this.#fillTurned(key),
      barrier,
      ...this.#accumulators("s", scoreQuads),
      ...this.#product("s", "kept0", this.#pass.width, scoreQuads),
      barrier,
      this.#fillTurned(value),
      ...this.#maskScores("query"),
      barrier,
      ...this.#accumulators("g", scoreQuads),
      ...this.#product("g", "kept1", this.#pass.width, scoreQuads),
      ...this.#drop("g", "query"),
      ...range(high).flatMap((i) =>
        range(scoreQuads).map((j) => {
          const p = `exp(s${i}_${j} - vec4<f32>(top${i})) * part${i}`;
          const safe = inside ? `select(vec4<f32>(0.0f), ${p}, ${inside(j)})` : p;
          return `  s${i}_${j} = (${safe}) * (g${i}_${j} - vec4<f32>(delta${i}));`;
        })
      ),
      ...this.#storeScores("s"),
      barrier,
      this.#fill(key),
      barrier,
      ...this.#product("o", "scores", columns, resultQuads),
      barrier,
      "  }",
      ...this.#storeResult("o", made.get("attention_grad_query")!, () => this.#float(this.#attrs.scale)),
    ];
  }

  /** The key's and the value's gradients, as far as they are asked for: rows are keys, columns queries. */
  keyValueGradients(made: Results): string[] {
    const { high, scoreQuads, resultQuads, columns } = this.#tiling;
    const [dkey, dvalue] = [made.get("attention_grad_key"), made.get("attention_grad_value")];
    const [query, key, gradient] = this.#operands("query", "key", "gradient");
    // A kernel may not bind what it does not read.
    const value = dkey && this.#operands("value")[0];
    const barrier = "  workgroupBarrier();";
    const four = (value: (at: string) => string, j: number) =>
      `vec4<f32>(${
        range(4).map((e) => value(`min(${this.#column(j)} + ${e}u, ${this.#queries - 1}u)`)).join(", ")
      })`;
    const inside = this.#pass.columns % columns === 0
      ? undefined
      : (j: number) =>
        `(vec4<u32>(${this.#column(j)}) + vec4<u32>(0u, 1u, 2u, 3u)) < vec4<u32>(${this.#pass.columns}u)`;
    return [
      ...this.#base(query, key, gradient, ...(value ? [value] : [])),
      this.#seed(),
      this.#fillKept(0, key),
      ...(value ? [this.#fillKept(1, value)] : []),
      ...(dkey ? this.#accumulators("k", resultQuads) : []),
      ...(dvalue ? this.#accumulators("v", resultQuads) : []),
      `  for (var c0 = ${this.#columnsStart()}; c0 < ${this.#pass.columns}u; c0 += ${columns}u) {`,
      this.#fillTurned(query, { scale: true }),
      barrier,
      ...this.#accumulators("s", scoreQuads),
      ...this.#product("s", "kept0", this.#pass.width, scoreQuads),
      barrier,
      this.#fillTurned(gradient),
      ...this.#maskScores("key"),
      ...range(scoreQuads).flatMap((j) => {
        const top = four((at) => this.#statistic("top", at), j);
        const sum = four((at) => this.#statistic("sum", at), j);
        return [
          `  let top${j} = ${top}; let part${j} = vec4<f32>(1.0f) / ${sum};`,
          ...range(high).map((i) => {
            const p = `exp(s${i}_${j} - top${j}) * part${j}`;
            return `  s${i}_${j} = ${inside ? `select(vec4<f32>(0.0f), ${p}, ${inside(j)})` : p};`;
          }),
        ];
      }),
      ...this.#keepBits("key"),
      ...(dvalue
        ? [
          ...this.#accumulators("d", scoreQuads),
          ...range(high).flatMap((i) => range(scoreQuads).map((j) => `  d${i}_${j} = s${i}_${j};`)),
          ...this.#applyKeep("d"),
          ...this.#storeScores("d"),
        ]
        : []),
      barrier,
      ...(dkey
        ? [
          ...this.#accumulators("g", scoreQuads),
          ...this.#product("g", "kept1", this.#pass.width, scoreQuads),
          ...this.#applyKeep("g"),
          ...range(scoreQuads).flatMap((j) => [
            `  let delta${j} = ${four((at) => this.#statistic("delta", at), j)};`,
            ...range(high).map((i) => `  s${i}_${j} *= g${i}_${j} - delta${j};`),
          ]),
          barrier,
        ]
        : []),
      ...(dvalue
        ? [
          this.#fill(gradient),
          barrier,
          ...this.#product("v", "scores", columns, resultQuads),
          barrier,
        ]
        : []),
      ...(dkey
        ? [
          ...this.#storeScores("s"),
          this.#fill(query, { scale: true }),
          barrier,
          ...this.#product("k", "scores", columns, resultQuads),
          barrier,
        ]
        : []),
      "  }",
      ...(dkey ? this.#storeResult("k", dkey) : []),
      ...(dvalue ? this.#storeResult("v", dvalue) : []),
    ];
  }

  // ---- operands ----------------------------------------------------------------------------------------------------

  #operands(...names: ("query" | "key" | "value" | "gradient")[]): Operand[] {
    return names.map((name) => {
      const node = name === "gradient" ? this.#nodes.rest[2] : this.#nodes[name];
      const { base, strides, offset } = viewOf(node, (n) => this.#lowering.storageOf(n) !== undefined);
      const storage = this.#lowering.storageOf(base)!;
      const [, extent] = numeric(node.shape);
      const aligned = strides[2] === 1 &&
        [strides[0], strides[1], offset, storage.elements].every((s) => s % 4 === 0);
      const bound = this.#writer.bind(storage, { lanes: aligned ? 4 : 1 });
      const half = storage.dtype === "f16";
      const value = aligned
        ? half ? `vec4<f32>(${bound}[at >> 2u])` : `${bound}[at >> 2u]`
        : `vec4<f32>(${
          range(4).map((e) => {
            const read = `${bound}[at + ${e * strides[2]}u]`;
            return half ? `f32(${read})` : read;
          }).join(", ")
        })`;
      this.#writer.declare(`fn load_${name}(at: u32) -> vec4<f32> { return ${value}; }`);
      return { load: name, storage, strides, offset, extent };
    });
  }

  /** Where each operand's part for this batch and head begins. */
  #base(...operands: readonly Operand[]): string[] {
    return operands.map(({ load, strides, offset }) =>
      `  let base_${load} = batch * ${strides[0]}u + head * ${this.#pass.width * strides[2]}u + ${offset}u;`
    );
  }

  /** Four neighbours of a row, zeros beyond the last one. */
  #read(o: Operand, row: string, quad: string, block: number, scale: boolean): string {
    const whole = o.extent % block === 0;
    const at = (r: string) => `base_${o.load} + ${r} * ${o.strides[1]}u + ${quad} * ${4 * o.strides[2]}u`;
    const factor = scale ? ` * ${this.#float(this.#attrs.scale)}` : "";
    if (whole) return `load_${o.load}(${at(row)})${factor}`;
    const value = `load_${o.load}(${at(`min(${row}, ${o.extent - 1}u)`)})${factor}`;
    return `select(vec4<f32>(0.0f), ${value}, ${row} < ${o.extent}u)`;
  }

  /** Runs a body for every unit of work, shared among the threads. */
  #each(units: number, body: (u: string) => string): string {
    const { threads } = this.#tiling;
    if (this.#lowering.software) {
      return `  for (var u = t; u < ${units}u; u += ${threads}u) { ${body("u")} }`;
    }
    return range(Math.ceil(units / threads)).map((round) => {
      const guard = (round + 1) * threads > units ? `if (t + ${round * threads}u < ${units}u) ` : "";
      return `  ${guard}{ let u = t + ${round * threads}u; ${body("u")} }`;
    }).join("\n");
  }

  /** The rows that this workgroup keeps. */
  #fillKept(tile: number, o: Operand, options: { scale?: boolean } = {}): string {
    const { rows, high } = this.#tiling;
    const quads = this.#pass.width / 4;
    return this.#each(rows * quads, (u) => {
      const value = this.#read(o, `(r0 + r)`, "q", rows, options.scale ?? false);
      return `let r = ${u} / ${quads}u; let q = ${u} % ${quads}u; ` +
        `kept${tile}[r / ${high}u][r % ${high}u * ${quads}u + q] = ${value};`;
    });
  }

  /** A block of columns as they lie: four neighbours of the head in a vector. */
  #fill(o: Operand, options: { scale?: boolean } = {}): string {
    const { columns, across } = this.#tiling;
    const quads = this.#pass.width / 4;
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
  #fillTurned(o: Operand, options: { scale?: boolean } = {}): string {
    const { columns, across, scoreQuads } = this.#tiling;
    const quads = this.#pass.width / 4;
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

  #accumulators(name: string, quads: number): string[] {
    return range(this.#tiling.high).map((i) =>
      `  ${range(quads).map((j) => `var ${name}${i}_${j} = vec4<f32>(0.0f);`).join(" ")}`
    );
  }

  /** Adds the product of a tile's rows and the staged columns, written out unless the compiler is a CPU's. */
  #product(into: string, tile: string, depth: number, quads: number): string[] {
    const { high } = this.#tiling;
    const kQuads = depth / 4;
    const step = (a: (i: number) => string, b: (e: number, j: number) => string) => {
      const loads = range(high).map((i) => `let a${i} = ${tile}[y][${a(i)}];`);
      const sums = range(4).flatMap((e) => [
        ...range(quads).map((j) => `let b${e}_${j} = stage[${b(e, j)}][x];`),
        ...range(high).flatMap((i) =>
          range(quads).map((j) => `${into}${i}_${j} += a${i}.${component[e]} * b${e}_${j};`)
        ),
      ]);
      return `  { ${[...loads, ...sums].join(" ")} }`;
    };
    if (this.#lowering.software) {
      const body = step((i) => `${i * kQuads}u + k`, (e, j) => `k * ${4 * quads}u + ${e * quads + j}u`);
      return [`  for (var k = 0u; k < ${kQuads}u; k++) ${body}`];
    }
    return range(kQuads).map((k) =>
      step((i) => `${i * kQuads + k}u`, (e, j) => `${(4 * k + e) * quads + j}u`)
    );
  }

  #storeScores(name: string): string[] {
    const { high, scoreQuads, columns, across } = this.#tiling;
    return range(high).flatMap((i) =>
      range(scoreQuads).map((j) => `  scores[y][${i * columns / 4 + j * across}u + x] = ${name}${i}_${j};`)
    );
  }

  #storeResult(name: string, out: Result, factor?: (i: number) => string): string[] {
    const { high, resultQuads, across } = this.#tiling;
    const { rows, width } = this.#pass;
    const bound = this.#writer.bind(out.storage, { lanes: 4, write: true });
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

  // ---- scores ------------------------------------------------------------------------------------------------------

  /** The first of the four columns that a thread's quad j stands for. */
  #column(j: number): string {
    return `(c0 + (x + ${j * this.#tiling.across}u) * 4u)`;
  }

  /** Adds the mask, and hides what a causal query does not see and, from queries, what is beyond the last key. */
  #maskScores(rows: "query" | "key"): string[] {
    const { high, scoreQuads, columns } = this.#tiling;
    const { causal } = this.#attrs;
    const lines: string[] = [];
    const ragged = rows === "query" && this.#keys % columns !== 0;
    const mask = this.#mask(rows);
    for (const j of range(scoreQuads)) {
      if (ragged || causal) {
        lines.push(`  let column${j} = vec4<u32>(${this.#column(j)}) + vec4<u32>(0u, 1u, 2u, 3u);`);
      }
      if (mask && !mask.byRow) lines.push(`  let mask${j} = ${mask.at(0, j)};`);
      for (const i of range(high)) {
        const s = `s${i}_${j}`;
        if (mask) lines.push(`  ${s} += ${mask.byRow ? mask.at(i, j) : `mask${j}`};`);
        if (causal) {
          const [query, key] = [`vec4<u32>(row + ${i}u)`, `column${j}`];
          const [q, k] = rows === "query" ? [query, key] : [key, query];
          const seen = `${k} <= ${q} + vec4<u32>(${this.#keys - this.#queries}u)`;
          lines.push(`  ${s} = select(vec4<f32>(${HIDDEN.toExponential()}f), ${s}, ${seen});`);
        }
        if (ragged) {
          lines.push(`  ${s} = select(vec4<f32>(${low}), ${s}, column${j} < vec4<u32>(${this.#keys}u));`);
        }
      }
    }
    return lines;
  }

  /** The mask's values for a thread's row i and quad j; the same for all rows unless `byRow`. */
  #mask(rows: "query" | "key"): { byRow: boolean; at: (i: number, j: number) => string } | undefined {
    const { mask } = this.#nodes;
    if (!mask) return undefined;
    const view = viewOf(mask, (n) => this.#lowering.storageOf(n) !== undefined);
    const all = [this.#batch, this.#attrs.heads, this.#queries, this.#keys];
    const { strides, offset } = broadcastMap(view, all);
    const bound = this.#writer.bind(this.#lowering.storageOf(view.base)!, { lanes: 1 });
    const base = `batch * ${strides[0]}u + head * ${strides[1]}u + ${offset}u`;
    const [outer, inner] = rows === "query" ? [strides[2], strides[3]] : [strides[3], strides[2]];
    const { rows: extent, columns: columnExtent } = this.#pass;
    const at = (i: number, j: number) => {
      const row = outer === 0 ? "" : ` + min(row + ${i}u, ${extent - 1}u) * ${outer}u`;
      if (inner === 0) return `vec4<f32>(${bound}[${base}${row}])`;
      const parts = range(4).map((e) =>
        `${bound}[${base}${row} + min(${this.#column(j)} + ${e}u, ${columnExtent - 1}u) * ${inner}u]`
      );
      return `vec4<f32>(${parts.join(", ")})`;
    };
    return { byRow: outer !== 0, at };
  }

  #statistic(which: "top" | "sum" | "delta", query: string): string {
    const [stats, delta] = this.#nodes.rest;
    const storage = (node: Node) => {
      const view = viewOf(node, (n) => this.#lowering.storageOf(n) !== undefined);
      return { view, name: this.#writer.bind(this.#lowering.storageOf(view.base)!, { lanes: 1 }) };
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

  /** Where causal queries end to see keys. */
  #columnsEnd(): string {
    const { columns } = this.#pass;
    if (!this.#attrs.causal) return `${columns}u`;
    return `min(${columns}u, r0 + ${this.#tiling.rows + this.#keys - this.#queries}u)`;
  }

  /** Where causal queries begin to see these keys. */
  #columnsStart(): string {
    if (!this.#attrs.causal) return "0u";
    const { columns } = this.#tiling;
    const offset = `${this.#keys - this.#queries}u`;
    return `(max(r0, ${offset}) - ${offset}) / ${columns}u * ${columns}u`;
  }

  // ---- dropout -----------------------------------------------------------------------------------------------------

  #seed(): string {
    const { rng } = this.#nodes;
    if (!rng) return "";
    this.#writer.needs.add("mix");
    this.#writer.declare(`fn mix_four(word: vec4<u32>) -> vec4<u32> {
  var v = word;
  v ^= v >> vec4<u32>(16u);
  v *= vec4<u32>(0x7feb352du);
  v ^= v >> vec4<u32>(15u);
  v *= vec4<u32>(0x846ca68bu);
  v ^= v >> vec4<u32>(16u);
  return v;
}`);
    const view = viewOf(rng, (n) => this.#lowering.storageOf(n) !== undefined);
    const key = this.#writer.bind(this.#lowering.storageOf(view.base)!, { lanes: 1 });
    // The stream comes from memory, so that the layers of a model, which differ in it, share one pipeline.
    const words = [Math.imul(this.#attrs.stream, 0x9e3779b9) >>> 0];
    const step = this.#writer.bind(this.#lowering.table("stream", words), { lanes: 1 });
    return `  let seed = mix_bits(${key}[${view.offset}u] + ${step}[0]);`;
  }

  /** What a thread's scores are multiplied by: 0 or 1 / (1 - rate). */
  #keepBits(rows: "query" | "key"): string[] {
    if (!this.#nodes.rng) return [];
    const { high, scoreQuads } = this.#tiling;
    const factor = this.#float(1 / (1 - this.#attrs.rate));
    const four = "vec4<u32>(0u, 1u, 2u, 3u)";
    return range(high).flatMap((i) =>
      range(scoreQuads).map((j) => {
        const at = rows === "query"
          ? `vec4<u32>((number * ${this.#queries}u + row + ${i}u) * ${this.#keys}u + ${
            this.#column(j)
          }) + ${four}`
          : `vec4<u32>((number * ${this.#queries}u + ${this.#column(j)}) * ${this.#keys}u + row + ${i}u) + ` +
            `${four} * ${this.#keys}u`;
        const bits = `mix_four((${at}) * 0x85ebca6bu + vec4<u32>(seed))`;
        const kept = `${bits} < vec4<u32>(${keepBelow(this.#attrs.rate)}u)`;
        return `  let keep${i}_${j} = select(vec4<f32>(0.0f), vec4<f32>(${factor}), ${kept});`;
      })
    );
  }

  #applyKeep(name: string): string[] {
    if (!this.#nodes.rng) return [];
    const { high, scoreQuads } = this.#tiling;
    return range(high).flatMap((i) => range(scoreQuads).map((j) => `  ${name}${i}_${j} *= keep${i}_${j};`));
  }

  #drop(name: string, rows: "query" | "key"): string[] {
    return [...this.#keepBits(rows), ...this.#applyKeep(name)];
  }

  #float(value: number): string {
    const text = String(Math.fround(value));
    return /[.e]/.test(text) ? `${text}f` : `${text}.0f`;
  }
}
