/**
 * Attention's gradients by blocks.
 *
 * With P the probabilities, made anew from the scores and the statistics of each row, Z dropout, W = dY Vᵀ and delta the sum of each row
 * of Y dY, the gradients are dV = Z(P)ᵀ dY, dS = P (Z(W) - delta), dQ = dS K and dK = dSᵀ Q, the last two times the scale. Two passes:
 * queries as rows make dQ, keys as rows dV and dK. Where keys are few, the second makes dQ as well, scores and draws once, five products
 * instead of seven: each block of keys gives a part of it, one after the other in memory, and `sumParts` adds them up.
 *
 * @module
 */
import { resultProduct, scoreProduct, turnedProduct } from "./block_products.ts";
import { BlockText } from "./block_kernel.ts";
import { accumulators, range, type Result, type Results } from "./scores.ts";
import { type Kernel, KernelWriter, type Storage } from "../writer.ts";

/** What both passes do to probabilities and draws. */
abstract class BlockGradient extends BlockText {
  /** Which of a thread's scores are of real rows or columns, if not all are. */
  protected inside(of: "rows" | "columns"): ((i: number, j: number) => string) | undefined {
    if (this.pass[of] % this.layout[of] === 0) return undefined;
    return of === "rows"
      ? (i) => `vec4<bool>(row + ${this.rowAt(i)}u < ${this.pass.rows}u)`
      : (_, j) =>
        `(vec4<u32>(${this.column(j)}) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(${this.pass.columns}u))`;
  }

  protected zeroUnless(condition: string | undefined, value: string): string {
    return condition ? `select(vec4<f32>(0.0f), ${value}, ${condition})` : value;
  }

  /** A value as dropout leaves it. */
  protected dropped(value: string, kept: string | undefined): string {
    return kept ? `${this.zeroUnless(kept, value)} * ${this.float(this.keepFactor)}` : value;
  }
}

/** Writes a kernel of the query's gradient: rows are queries, columns keys. */
export class BlockQueryGradient extends BlockGradient {
  protected override body(made: Results): string[] {
    const { high, columns, scoreQuads, resultQuads } = this.layout;
    const [query, key, value, gradient] = this.operands("query", "key", "value", "gradient");
    const scores = scoreProduct(this.layout, ["p", "s"], query, key);
    const weights = scoreProduct(this.layout, ["w", "g"], gradient, value);
    const results = resultProduct(this.layout, ["k", "o"], key);
    const mask = this.columnMask();
    const draws = this.draws("query");
    const inside = this.inside("columns");
    return [
      ...this.base(query, key, value, gradient),
      this.seed(),
      ...range(high).flatMap((i) => {
        const at = `min(row + ${this.rowAt(i)}u, ${this.queries - 1}u)`;
        return [
          `  let top${i} = ${this.statistic("top", at)};`,
          `  let share${i} = 1.0f / ${this.statistic("sum", at)};`,
          `  let delta${i} = ${this.statistic("delta", at)};`,
        ];
      }),
      ...accumulators("o", high, resultQuads),
      `  for (var c0 = 0u; c0 < ${this.columnsEnd()}; c0 += ${columns}u) {`,
      ...scores.start,
      ...mask,
      ...accumulators("s", high, scoreQuads),
      ...scores.loop,
      ...weights.start,
      ...accumulators("g", high, scoreQuads),
      ...weights.loop,
      ...results.start,
      ...this.finishScores("query"),
      ...(draws ? [draws.setup] : []),
      ...this.eachScore((i, j) => {
        const p = `exp(s${i}_${j} - vec4<f32>(top${i})) * share${i}`;
        return `  s${i}_${j} = (${this.zeroUnless(inside?.(i, j), p)}) * ` +
          `(${this.dropped(`g${i}_${j}`, draws?.kept(i, j))} - vec4<f32>(delta${i}));`;
      }),
      ...this.byPieces("s", results.loop),
      "  }",
      ...this.combine("o", high),
      ...this.storeResult("o", made.get("attention_grad_query")!, () => this.float(this.attrs.scale)),
    ];
  }
}

/** Writes a kernel of the key's, the value's and the query's gradients, as far as they are asked for: rows are keys, columns queries. */
export class BlockKeyGradients extends BlockGradient {
  protected override body(made: Results): string[] {
    const { high, columns, scoreQuads, resultQuads } = this.layout;
    const [dquery, dkey, dvalue] = ["query", "key", "value"].map((n) => made.get(`attention_grad_${n}`));
    const [query, key, gradient] = this.operands("query", "key", "gradient");
    // A kernel may not bind what it does not read.
    const value = dkey || dquery ? this.operands("value")[0] : undefined;
    const scores = scoreProduct(this.layout, ["p", "s"], key, query);
    const weights = value && scoreProduct(this.layout, ["w", "g"], value, gradient);
    const values = dvalue && resultProduct(this.layout, ["d", "v"], gradient);
    const keys = dkey && resultProduct(this.layout, ["q", "k"], query);
    const queries = dquery && turnedProduct(this.layout, ["r", "o"], key);
    const mask = this.mask("key");
    const rowMask = mask && !mask.byColumn ? mask : undefined;
    const draws = this.draws("key");
    const conditions = [this.inside("columns"), dquery && this.inside("rows")].filter((c) => c !== undefined);
    const inside = (i: number, j: number) => conditions.map((c) => c(i, j)).join(" & ");
    const scale = this.float(this.attrs.scale);
    return [
      ...this.base(query, key, gradient, ...(value ? [value] : [])),
      this.seed(),
      ...(rowMask ? range(high).map((i) => `  let mask_row${i} = ${rowMask.at(i, 0)};`) : []),
      ...(dkey ? accumulators("k", high, resultQuads) : []),
      ...(dvalue ? accumulators("v", high, resultQuads) : []),
      `  for (var c0 = ${this.columnsStart()}; c0 < ${this.pass.columns}u; c0 += ${columns}u) {`,
      ...scores.start,
      ...range(scoreQuads).flatMap((j) => [
        `  let top${j} = ${this.columnStatistic("top", j)};`,
        `  let share${j} = vec4<f32>(1.0f) / ${this.columnStatistic("sum", j)};`,
        weights ? `  let delta${j} = ${this.columnStatistic("delta", j)};` : "",
      ]),
      ...accumulators("s", high, scoreQuads),
      ...scores.loop,
      ...(weights ? [...weights.start, ...accumulators("g", high, scoreQuads), ...weights.loop] : []),
      ...(values ?? keys)?.start ?? [],
      ...this.finishScores("key", rowMask && ((i) => `mask_row${i}`)),
      ...(draws ? [draws.setup] : []),
      ...this.eachScore((i, j) => {
        const p = `exp(s${i}_${j} - top${j}) * share${j}`;
        return [
          `  s${i}_${j} = ${this.zeroUnless(inside(i, j), p)};`,
          draws ? `let kept${i}_${j} = ${draws.kept(i, j)};` : "",
          weights
            ? `let w${i}_${j} = s${i}_${j} * (${
              this.dropped(`g${i}_${j}`, draws && `kept${i}_${j}`)
            } - delta${j});`
            : "",
          draws && values ? `s${i}_${j} = ${this.zeroUnless(`kept${i}_${j}`, `s${i}_${j}`)};` : "",
        ].join(" ");
      }),
      ...(values ? this.byPieces("s", values.loop) : []),
      ...(keys && values ? keys.start : []),
      ...(weights
        ? this.byPieces("w", [
          ...(keys ? keys.loop : []),
          ...(queries
            ? [
              ...queries.start,
              ...accumulators("o", this.#turnedHigh, resultQuads),
              ...queries.loop,
              ...this.#storePart(dquery, scale),
            ]
            : []),
        ])
        : []),
      "  }",
      ...(dkey ? [...this.combine("k", high), ...this.storeResult("k", dkey, () => scale)] : []),
      ...(dkey && dvalue ? this.combined() : []),
      ...(dvalue
        ? [...this.combine("v", high), ...this.storeResult("v", dvalue, () => this.float(this.keepFactor))]
        : []),
    ];
  }

  /** How many rows of the query's gradient a thread makes of the columns held. */
  get #turnedHigh(): number {
    return this.layout.held / this.layout.down;
  }

  /** Stores what these keys give for the queries of the columns held. */
  #storePart(out: Result, scale: string): string[] {
    const { held, columns } = this.layout;
    const high = this.#turnedHigh;
    return [
      ...this.combine("o", high),
      ...this.storeResult("o", out, () => scale, {
        first: `c0 + piece * ${held}u + y * ${Math.min(4, high)}u`,
        extent: this.queries,
        high,
        whole: this.queries % columns === 0,
        before: `group.x * ${this.batch * this.queries * this.size}u`,
      }),
      ...this.combined(),
    ];
  }
}

/** The kernel that adds what the blocks of keys give for the query's gradient: `count` parts of `rows` x `size`. */
export function sumParts(
  name: string,
  parts: Storage,
  out: Result,
  { count, rows, size }: { count: number; rows: number; size: number },
): Kernel {
  const w = new KernelWriter();
  const [from, to] = [w.bind(parts, { lanes: 4 }), w.bind(out.storage, { lanes: 4, write: true })];
  const threads = 128;
  const [all, quads] = [rows * size / 4, size / 4];
  const type = out.storage.dtype === "f16" ? "vec4<f16>" : "";
  const main = `@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) t: u32) {
  let i = (group.x + group.y * 32768u) * ${threads}u + t;
  if (i >= ${all}u) { return; }
  let sum = ${range(count).map((p) => `${from}[i + ${p * all}u]`).join(" + ")};
  ${to}[i / ${quads}u * ${out.stride / 4}u + i % ${quads}u + ${out.offset / 4}u] = ${type}(sum);
}`;
  const groups = Math.ceil(all / threads);
  return w.finish(name, main, [Math.min(groups, 32768), Math.ceil(groups / 32768), 1]);
}
