/**
 * Kernels of attention for any size: each thread keeps a few neighbouring rows, whole blocks of columns lie in workgroup memory.
 *
 * @module
 */
import { BackendError } from "../../interface.ts";
import {
  type AttentionNode,
  AttentionText,
  component,
  low,
  type Operand,
  range,
  type Result,
  type Results,
} from "./attention_text.ts";
import { type AttentionPass, type AttentionTiling, chooseTiling } from "./attention_tiling.ts";
import type { Lowering } from "./fused.ts";
import type { Kernel } from "./writer.ts";

/** Writes a kernel whose threads keep rows while blocks of columns stream past. */
export class StreamWriter extends AttentionText {
  readonly #tiling: AttentionTiling;

  constructor(op: string, node: AttentionNode, pass: AttentionPass, lowering: Lowering) {
    const tiling = chooseTiling(pass, lowering);
    if (!tiling) throw new BackendError(`Cannot compile ${op}: no tiling fits into workgroup memory`);
    super(node, pass, tiling, lowering);
    this.#tiling = tiling;
  }

  protected override rowAt(i: number): number {
    return i;
  }

  /** The kernel around the body of its entry point. */
  finish(name: string, body: readonly string[]): Kernel {
    const { rows, threads, high, across, columns, padding } = this.#tiling;
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

  /** Results and statistics: rows are queries, columns keys. */
  forward(made: Results): string[] {
    const { high, scoreQuads, resultQuads, across, columns } = this.#tiling;
    const [query, key, value] = this.operands("query", "key", "value");
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
      ...this.base(query, key, value),
      this.seed(),
      this.#fillKept(0, query, { scale: true }),
      ...groups.map((g) => `  var top${g} = vec4<f32>(${low}); var sum${g} = vec4<f32>(0.0f);`),
      ...this.#accumulators("o", resultQuads),
      `  for (var c0 = 0u; c0 < ${this.columnsEnd()}; c0 += ${columns}u) {`,
      this.#fillTurned(key),
      barrier,
      ...this.#accumulators("s", scoreQuads),
      ...this.#product("s", "kept0", this.pass.width, scoreQuads),
      ...this.maskScores("query"),
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
      ...this.drop("s", "query"),
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
      const name = this.writer.bind(stats.storage, { lanes: 1, write: true });
      const second = `${this.pass.heads * this.queries}u`;
      lines.push(
        "  if (x == 0u) {",
        `  let at = number * ${this.queries}u + row;`,
        ...range(high).map((i) =>
          `  if (row + ${i}u < ${this.queries}u) { ${name}[at + ${i}u] = ${of("top", i)}; ` +
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
    const [query, key, value, gradient] = this.operands("query", "key", "value", "gradient");
    const barrier = "  workgroupBarrier();";
    const statistics = range(high).flatMap((i) => {
      const at = `min(row + ${i}u, ${this.queries - 1}u)`;
      return [
        `  let top${i} = ${this.statistic("top", at)};`,
        `  let part${i} = 1.0f / ${this.statistic("sum", at)};`,
        `  let delta${i} = ${this.statistic("delta", at)};`,
      ];
    });
    const inside = this.pass.columns % columns === 0
      ? undefined
      : (j: number) =>
        `(vec4<u32>(${this.column(j)}) + vec4<u32>(0u, 1u, 2u, 3u)) < vec4<u32>(${this.pass.columns}u)`;
    return [
      ...this.base(query, key, value, gradient),
      this.seed(),
      this.#fillKept(0, query, { scale: true }),
      this.#fillKept(1, gradient),
      ...statistics,
      ...this.#accumulators("o", resultQuads),
      `  for (var c0 = 0u; c0 < ${this.columnsEnd()}; c0 += ${columns}u) {`,
      this.#fillTurned(key),
      barrier,
      ...this.#accumulators("s", scoreQuads),
      ...this.#product("s", "kept0", this.pass.width, scoreQuads),
      barrier,
      this.#fillTurned(value),
      ...this.maskScores("query"),
      barrier,
      ...this.#accumulators("g", scoreQuads),
      ...this.#product("g", "kept1", this.pass.width, scoreQuads),
      ...this.drop("g", "query"),
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
      ...this.#storeResult("o", made.get("attention_grad_query")!, () => this.float(this.attrs.scale)),
    ];
  }

  /** The key's and the value's gradients, as far as they are asked for: rows are keys, columns queries. */
  keyValueGradients(made: Results): string[] {
    const { high, scoreQuads, resultQuads, columns } = this.#tiling;
    const [dkey, dvalue] = [made.get("attention_grad_key"), made.get("attention_grad_value")];
    const [query, key, gradient] = this.operands("query", "key", "gradient");
    // A kernel may not bind what it does not read.
    const value = dkey && this.operands("value")[0];
    const barrier = "  workgroupBarrier();";
    const four = (value: (at: string) => string, j: number) =>
      `vec4<f32>(${
        range(4).map((e) => value(`min(${this.column(j)} + ${e}u, ${this.queries - 1}u)`)).join(", ")
      })`;
    const inside = this.pass.columns % columns === 0
      ? undefined
      : (j: number) =>
        `(vec4<u32>(${this.column(j)}) + vec4<u32>(0u, 1u, 2u, 3u)) < vec4<u32>(${this.pass.columns}u)`;
    return [
      ...this.base(query, key, gradient, ...(value ? [value] : [])),
      this.seed(),
      this.#fillKept(0, key),
      ...(value ? [this.#fillKept(1, value)] : []),
      ...(dkey ? this.#accumulators("k", resultQuads) : []),
      ...(dvalue ? this.#accumulators("v", resultQuads) : []),
      `  for (var c0 = ${this.columnsStart()}; c0 < ${this.pass.columns}u; c0 += ${columns}u) {`,
      this.#fillTurned(query, { scale: true }),
      barrier,
      ...this.#accumulators("s", scoreQuads),
      ...this.#product("s", "kept0", this.pass.width, scoreQuads),
      barrier,
      this.#fillTurned(gradient),
      ...this.maskScores("key"),
      ...range(scoreQuads).flatMap((j) => {
        const top = four((at) => this.statistic("top", at), j);
        const sum = four((at) => this.statistic("sum", at), j);
        return [
          `  let top${j} = ${top}; let part${j} = vec4<f32>(1.0f) / ${sum};`,
          ...range(high).map((i) => {
            const p = `exp(s${i}_${j} - top${j}) * part${j}`;
            return `  s${i}_${j} = ${inside ? `select(vec4<f32>(0.0f), ${p}, ${inside(j)})` : p};`;
          }),
        ];
      }),
      ...this.keepBits("key"),
      ...(dvalue
        ? [
          ...this.#accumulators("d", scoreQuads),
          ...range(high).flatMap((i) => range(scoreQuads).map((j) => `  d${i}_${j} = s${i}_${j};`)),
          ...this.applyKeep("d"),
          ...this.#storeScores("d"),
        ]
        : []),
      barrier,
      ...(dkey
        ? [
          ...this.#accumulators("g", scoreQuads),
          ...this.#product("g", "kept1", this.pass.width, scoreQuads),
          ...this.applyKeep("g"),
          ...range(scoreQuads).flatMap((j) => [
            `  let delta${j} = ${four((at) => this.statistic("delta", at), j)};`,
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
    const { threads } = this.#tiling;
    if (this.lowering.software) {
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
    const quads = this.pass.width / 4;
    return this.#each(rows * quads, (u) => {
      const value = this.#read(o, `(r0 + r)`, "q", rows, options.scale ?? false);
      return `let r = ${u} / ${quads}u; let q = ${u} % ${quads}u; ` +
        `kept${tile}[r / ${high}u][r % ${high}u * ${quads}u + q] = ${value};`;
    });
  }

  /** A block of columns as they lie: four neighbours of the head in a vector. */
  #fill(o: Operand, options: { scale?: boolean } = {}): string {
    const { columns, across } = this.#tiling;
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
  #fillTurned(o: Operand, options: { scale?: boolean } = {}): string {
    const { columns, across, scoreQuads } = this.#tiling;
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
    if (this.lowering.software) {
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
