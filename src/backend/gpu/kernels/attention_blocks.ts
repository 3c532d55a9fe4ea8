/**
 * Kernels of attention by blocks of 32 to 128 rows and columns, for heads of a multiple of 16.
 *
 * What helps on an H100 (bench/attention.ts; figures and what is guessed in bench/results/attention_h100.md):
 *
 * - Little workgroup memory, so that more workgroups fit: products fetch 16 of their sum at a time, and scores are held in pieces.
 *   Fetching more at a time takes fewer barriers, and longer.
 * - A product's next step is on its way while this one is multiplied, its first while what comes before it ends. Steps of 16 are
 *   written out, the rest are loops.
 * - Workgroup memory is read by literals and by what is the same in all steps, as in tile.ts. The probabilities are turned on their
 *   way there, so that both of a product's operands are read four neighbours at a time.
 * - Where keys are few, one kernel makes all three gradients: scores and draws once, five products instead of seven.
 *
 * @module
 */
import { HIDDEN } from "../../../graph/ops/attention.ts";
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
import type { AttentionPass } from "./attention_tiling.ts";
import type { Lowering } from "./fused.ts";
import type { Kernel } from "./writer.ts";

/** A workgroup keeps `rows` and passes `columns` at a time; each thread makes `high` x `wide` of their scores. */
export interface BlockTiling {
  readonly rows: number;
  readonly columns: number;
  readonly high: number;
  readonly wide: number;
  /** How much of a product's sum is fetched at a time: 16, 32 or 64. */
  readonly depth: number;
  /** Columns of a block whose scores lie in workgroup memory at a time. */
  readonly held: number;
}

/** What blocks are chosen for. */
export interface BlockLimits {
  readonly parallelism: number;
  readonly software: boolean;
  readonly maxWorkgroupBytes: number;
}

/** What is written out: products and heads are made in multiples of it. */
const unit = 16;
const quadsOf = unit / 4;

/** All blocks there are. */
export const blockTilings: readonly BlockTiling[] = [
  { rows: 64, columns: 64, high: 8, wide: 4, depth: 16, held: 32 },
  { rows: 64, columns: 64, high: 8, wide: 4, depth: 16, held: 64 },
  { rows: 32, columns: 64, high: 4, wide: 4, depth: 16, held: 64 },
  { rows: 64, columns: 32, high: 4, wide: 4, depth: 16, held: 32 },
  { rows: 128, columns: 64, high: 8, wide: 4, depth: 16, held: 64 },
  { rows: 64, columns: 64, high: 4, wide: 4, depth: 16, held: 64 },
];

/** Whether blocks of this size can make a pass here. */
export function blocksFit(pass: AttentionPass, tiling: BlockTiling, limits: BlockLimits): boolean {
  if (pass.width % unit !== 0 || pass.width < 16 || pass.width > 128) return false;
  if (pass.width / 4 % resultQuads(pass, tiling) !== 0) return false;
  const held = tiling.high * 4 * resultQuads(pass, tiling) * pass.results;
  if (held + pass.kept * tiling.high * tiling.wide > 144) return false;
  return blockBytes(pass, tiling) <= limits.maxWorkgroupBytes;
}

/** The blocks to take, or `undefined` where rows or columns are few or the device is a CPU. */
export function chooseBlocks(pass: AttentionPass, limits: BlockLimits): BlockTiling | undefined {
  if (limits.software || pass.rows < 32 || pass.columns < 32) return undefined;
  // Keys' and values' gradients win nothing by holding less at a time.
  const fitting = blockTilings.filter((t) =>
    blocksFit(pass, t, limits) && (pass.results === 1 || t.held === t.columns)
  );
  const few = (t: BlockTiling) => Math.ceil(pass.rows / t.rows) * pass.heads < limits.parallelism;
  return fitting.find((t) => t.rows === 32 || !few(t)) ?? fitting[0];
}

/** Bytes of workgroup memory: a step of two operands and a block of scores. */
function blockBytes(pass: AttentionPass, tiling: BlockTiling): number {
  const { rows, columns, held } = tiling;
  const widest = Math.max(columns, pass.width);
  const deepest = Math.max(held, scoreDepth(pass, tiling));
  return 16 * (deepest * (rows / 4 + 1) + deepestStep(pass, tiling) * (widest / 4 + 1));
}

/** How much of the head a step takes: the largest part of it that `depth` allows. */
function scoreDepth({ width }: AttentionPass, { depth }: BlockTiling): number {
  return [64, 48, 32, 16].find((n) => n <= depth && width % n === 0)!;
}

function deepestStep(pass: AttentionPass, tiling: BlockTiling): number {
  return Math.max(scoreDepth(pass, tiling), Math.min(tiling.depth, tiling.held));
}

/** Whether one kernel can make all gradients by these blocks: for that, each thread takes two, four or eight of the columns held. */
export function makesAll({ rows, high, held }: BlockTiling): boolean {
  return held * high / rows >= 2;
}

function resultQuads(pass: AttentionPass, { columns, wide }: BlockTiling): number {
  return Math.ceil(pass.width / 4 / (columns / wide));
}

/** One product's text: what fetches its first step, and its loop. */
interface Product {
  readonly start: string[];
  readonly loop: string[];
}

/** Writes a kernel by blocks. */
export class BlockWriter extends AttentionText {
  readonly #tiling: BlockTiling;
  readonly #threads: number;
  /** Threads beside and above each other. */
  readonly #across: number;
  readonly #down: number;
  /** Vectors of a result's row: in all, of a thread, and how many threads make them. */
  readonly #quads: number;
  readonly #resultQuads: number;
  readonly #per: number;
  /** Into how many parts a result's sum is cut where threads are left. */
  readonly #split: number;
  /** How much of a head is fetched at a time. */
  readonly #depth: number;
  /** Scores are held in so many pieces, one after the other, ... */
  readonly #pieces: number;
  /** ... in memory of so many times 16 columns. */
  readonly #deepest: number;

  constructor(node: AttentionNode, pass: AttentionPass, tiling: BlockTiling, lowering: Lowering) {
    const across = tiling.columns / tiling.wide;
    super(node, pass, { ...tiling, scoreQuads: tiling.wide / 4, across }, lowering);
    this.#tiling = tiling;
    this.#across = across;
    this.#down = tiling.rows / tiling.high;
    this.#threads = this.#across * this.#down;
    this.#quads = pass.width / 4;
    this.#depth = scoreDepth(pass, tiling);
    this.#resultQuads = resultQuads(pass, tiling);
    this.#per = this.#quads / this.#resultQuads;
    this.#pieces = tiling.columns / tiling.held;
    this.#deepest = Math.max(tiling.held, this.#depth) / unit;
    const aside = Math.max(1, tiling.held / this.#down / tiling.high);
    this.#split = this.#resultQuads > 1
      ? 1
      : [4, 2, 1].find((n) =>
        n * this.#quads <= across && Math.ceil((n - 1) * this.#quads / 4) * aside <= this.#deepest
      )!;
  }

  protected override rowAt(i: number): number {
    return (i >> 2) * this.#down * 4 + (i & 3);
  }

  /** The kernel around the body of its entry point. */
  finish(name: string, body: readonly string[]): Kernel {
    const { rows, columns } = this.#tiling;
    const tile = (depth: number, n: number) =>
      `array<array<array<array<vec4<f32>, ${n / 4 + 1}>, ${quadsOf}>, ${depth / unit}>, 4>`;
    const deepest = this.#deepest * unit;
    const widest = Math.max(columns, this.pass.width);
    this.writer.declare(`var<workgroup> held: ${tile(deepest, rows)};
var<workgroup> stage: ${tile(deepestStep(this.pass, this.#tiling), widest)};`);
    const main = `@compute @workgroup_size(${this.#threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) t: u32) {
  let x = t % ${this.#across}u;
  let y = t / ${this.#across}u;
  let r0 = group.x * ${rows}u;
  let head = group.y;
  let batch = group.z;
  let number = batch * ${this.attrs.heads}u + head;
  let row = r0 + y * 4u;
  let xo = x % ${this.#per}u;
  let part = x / ${this.#per}u;
${body.filter((line) => line !== "").join("\n")}
}`;
    const blocks = Math.ceil(this.pass.rows / rows);
    return this.writer.finish(name, main, [blocks, this.attrs.heads, this.batch]);
  }

  /** Results and statistics: rows are queries, columns keys. */
  forward(made: Results): string[] {
    const { high } = this.#tiling;
    const [query, key, value] = this.operands("query", "key", "value");
    const groups = range(high / 4);
    const once = this.pass.columns <= this.#tiling.columns;
    const of = (name: string, i: number) => `${name}${i >> 2}.${component[i & 3]}`;
    const folded = (op: "max" | "sum") =>
      groups.map((g) => {
        const rows = range(4).map((e) => {
          const parts = this.#quadNumbers.map((j) => `s${4 * g + e}_${j}`);
          const one = parts.reduce((a, b) => op === "max" ? `max(${a}, ${b})` : `(${a} + ${b})`);
          return { one, name: `f${g}_${e}` };
        });
        const of4 = (v: string) =>
          op === "max"
            ? `max(max(${v}.x, ${v}.y), max(${v}.z, ${v}.w))`
            : `((${v}.x + ${v}.y) + (${v}.z + ${v}.w))`;
        return {
          setup: `  ${rows.map(({ one, name }) => `let ${op}_${name} = ${one};`).join(" ")}`,
          value: `vec4<f32>(${rows.map(({ name }) => of4(`${op}_${name}`)).join(", ")})`,
        };
      });
    const give = (values: readonly string[]) =>
      values.map((v, g) =>
        `  held[x & 3u][(x >> 2u) % ${this.#deepest}u][(x >> 2u) / ${this.#deepest}u][y + ${
          g * this.#down
        }u] = ${v};`
      );
    const gather = (into: string, g: number, op: "max" | "sum") => {
      const parts = range(this.#across).map((i) => {
        const [step, quad] = [(i >> 2) % this.#deepest, Math.floor((i >> 2) / this.#deepest)];
        return `held[${i & 3}][${step}][${quad}][y + ${g * this.#down}u]`;
      });
      return parts.map((p) => op === "max" ? `  ${into} = max(${into}, ${p});` : `  ${into} += ${p};`);
    };
    const scores = this.#scoreProduct("p", "s", query, key);
    const results = this.#resultProduct("v", "o", value);
    const largest = folded("max");
    const sums = folded("sum");
    const draws = this.draws("query");
    const mask = this.mask("query");
    const lines = [
      ...this.base(query, key, value),
      this.seed(),
      ...groups.map((g) => `  var top${g} = vec4<f32>(${low}); var sum${g} = vec4<f32>(0.0f);`),
      ...this.#accumulators("o", high, this.#resultQuads),
      once
        ? "  { let c0 = 0u;"
        : `  for (var c0 = 0u; c0 < ${this.columnsEnd()}; c0 += ${this.#tiling.columns}u) {`,
      ...scores.start,
      ...(mask && !mask.byRow ? this.#quadNumbers.map((j) => `  let mask${j} = ${mask.at(0, j)};`) : []),
      ...this.#accumulators("s", high, this.#tiling.wide / 4),
      ...scores.loop,
      ...results.start,
      ...this.#finishScores("query"),
      ...largest.map((f) => f.setup),
      ...give(largest.map((f) => f.value)),
      "  workgroupBarrier();",
      ...groups.flatMap((g) => [
        `  var new_top${g} = top${g};`,
        ...gather(`new_top${g}`, g, "max"),
        once ? "" : `  let shrink${g} = exp(top${g} - new_top${g});`,
        `  top${g} = new_top${g};`,
      ]),
      "  workgroupBarrier();",
      ...this.#each((i, j) => `  s${i}_${j} = exp(s${i}_${j} - vec4<f32>(${of("top", i)}));`),
      ...sums.map((f) => f.setup),
      ...sums.map((f, g) =>
        once ? `  sum${g} = ${f.value};` : `  sum${g} = sum${g} * shrink${g} + ${f.value};`
      ),
      ...(draws ? [draws.setup] : []),
      ...(draws
        ? this.#each((i, j) => `  s${i}_${j} = select(vec4<f32>(0.0f), s${i}_${j}, ${draws.kept(i, j)});`)
        : []),
      ...(once
        ? []
        : range(high).flatMap((i) =>
          range(this.#resultQuads).map((j) => `  o${i}_${j} *= ${of("shrink", i)};`)
        )),
      ...this.#byPieces("s", results.loop),
      "  }",
      ...give(groups.map((g) => `sum${g}`)),
      "  workgroupBarrier();",
      ...groups.flatMap((g) => [`  var total${g} = vec4<f32>(0.0f);`, ...gather(`total${g}`, g, "sum")]),
    ];
    const out = made.get("attention");
    if (out) {
      const factor = this.float(this.keepFactor);
      if (this.#split > 1) lines.push("  workgroupBarrier();");
      lines.push(...this.#combine("o", high));
      lines.push(...this.#storeResult("o", out, (i) => `${factor} / ${of("total", i)}`));
    }
    const stats = made.get("attention_stats");
    if (stats) {
      const name = this.writer.bind(stats.storage, { lanes: 1, write: true });
      const second = `${this.pass.heads * this.queries}u`;
      lines.push(
        "  if (x == 0u) {",
        `  let at = number * ${this.queries}u + row;`,
        ...range(high).map((i) => {
          const r = this.rowAt(i);
          return `  if (row + ${r}u < ${this.queries}u) { ${name}[at + ${r}u] = ${of("top", i)}; ` +
            `${name}[at + ${r}u + ${second}] = ${of("total", i)}; }`;
        }),
        "  }",
      );
    }
    return lines;
  }

  /** The query's gradient: rows are queries, columns keys. */
  queryGradient(made: Results): string[] {
    const { high, columns, wide } = this.#tiling;
    const [query, key, value, gradient] = this.operands("query", "key", "value", "gradient");
    const scores = this.#scoreProduct("p", "s", query, key);
    const weights = this.#scoreProduct("w", "g", gradient, value);
    const results = this.#resultProduct("k", "o", key);
    const draws = this.draws("query");
    const mask = this.mask("query");
    const inside = this.#inside("columns");
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
      ...this.#accumulators("o", high, this.#resultQuads),
      `  for (var c0 = 0u; c0 < ${this.columnsEnd()}; c0 += ${columns}u) {`,
      ...scores.start,
      ...(mask && !mask.byRow ? this.#quadNumbers.map((j) => `  let mask${j} = ${mask.at(0, j)};`) : []),
      ...this.#accumulators("s", high, wide / 4),
      ...scores.loop,
      ...weights.start,
      ...this.#accumulators("g", high, wide / 4),
      ...weights.loop,
      ...results.start,
      ...this.#finishScores("query"),
      ...(draws ? [draws.setup] : []),
      ...this.#each((i, j) => {
        const p = `exp(s${i}_${j} - vec4<f32>(top${i})) * share${i}`;
        return `  s${i}_${j} = (${this.#zeroUnless(inside && inside(i, j), p)}) * ` +
          `(${this.#dropped(`g${i}_${j}`, draws?.kept(i, j))} - vec4<f32>(delta${i}));`;
      }),
      ...this.#byPieces("s", results.loop),
      "  }",
      ...this.#combine("o", high),
      ...this.#storeResult("o", made.get("attention_grad_query")!, () => this.float(this.attrs.scale)),
    ];
  }

  /**
   * The key's and the value's gradients, as far as they are asked for: rows are keys, columns queries. With the query's among them, each
   * block of keys gives a part of it, one after the other in memory.
   */
  keyValueGradients(made: Results): string[] {
    const { high, columns, wide, held } = this.#tiling;
    const [dquery, dkey, dvalue] = ["query", "key", "value"].map((n) => made.get(`attention_grad_${n}`));
    const [query, key, gradient] = this.operands("query", "key", "gradient");
    const value = dkey || dquery ? this.operands("value")[0] : undefined;
    const four = (text: (at: string) => string, j: number) =>
      `vec4<f32>(${
        range(4).map((e) => text(`min(${this.column(j)} + ${e}u, ${this.queries - 1}u)`)).join(", ")
      })`;
    const scores = this.#scoreProduct("p", "s", key, query);
    const weights = value && this.#scoreProduct("w", "g", value, gradient);
    const values = dvalue && this.#resultProduct("d", "v", gradient);
    const keys = dkey && this.#resultProduct("q", "k", query);
    const queries = dquery && this.#turnedProduct("r", "o", key);
    const mask = this.mask("key");
    const hoisted = mask && !mask.byColumn;
    const draws = this.draws("key");
    const insideColumns = this.#inside("columns");
    const insideRows = dquery ? this.#inside("rows") : undefined;
    const inside = insideColumns || insideRows
      ? (i: number, j: number) =>
        [insideColumns?.(i, j), insideRows?.(i, j)].filter((c) => c !== undefined).join(" & ")
      : undefined;
    const scale = this.float(this.attrs.scale);
    const partSize = this.batch * this.queries * this.size;
    return [
      ...this.base(query, key, gradient, ...(value ? [value] : [])),
      this.seed(),
      ...(hoisted ? range(high).map((i) => `  let mask_row${i} = ${mask.at(i, 0)};`) : []),
      ...(dkey ? this.#accumulators("k", high, this.#resultQuads) : []),
      ...(dvalue ? this.#accumulators("v", high, this.#resultQuads) : []),
      `  for (var c0 = ${this.columnsStart()}; c0 < ${this.pass.columns}u; c0 += ${columns}u) {`,
      ...scores.start,
      ...this.#quadNumbers.flatMap((j) => [
        `  let top${j} = ${four((at) => this.statistic("top", at), j)};`,
        `  let share${j} = vec4<f32>(1.0f) / ${four((at) => this.statistic("sum", at), j)};`,
        weights ? `  let delta${j} = ${four((at) => this.statistic("delta", at), j)};` : "",
      ]),
      ...this.#accumulators("s", high, wide / 4),
      ...scores.loop,
      ...(weights ? [...weights.start, ...this.#accumulators("g", high, wide / 4), ...weights.loop] : []),
      ...(values ?? keys)?.start ?? [],
      ...this.#finishScores("key", hoisted ? (i) => `mask_row${i}` : undefined),
      ...(draws ? [draws.setup] : []),
      ...this.#each((i, j) => {
        const p = `exp(s${i}_${j} - top${j}) * share${j}`;
        return [
          `  s${i}_${j} = ${this.#zeroUnless(inside && inside(i, j), p)};`,
          draws ? `let kept${i}_${j} = ${draws.kept(i, j)};` : "",
          weights
            ? `let w${i}_${j} = s${i}_${j} * (${
              this.#dropped(`g${i}_${j}`, draws && `kept${i}_${j}`)
            } - delta${j});`
            : "",
          draws && values ? `s${i}_${j} = select(vec4<f32>(0.0f), s${i}_${j}, kept${i}_${j});` : "",
        ].join(" ");
      }),
      ...(values ? this.#byPieces("s", values.loop) : []),
      ...(keys && values ? keys.start : []),
      ...(weights
        ? this.#byPieces("w", [
          ...(keys ? keys.loop : []),
          ...(dquery && queries
            ? [
              ...queries.start,
              ...this.#accumulators("o", held / this.#down, this.#resultQuads),
              ...queries.loop,
              ...this.#combine("o", held / this.#down),
              ...this.#storeResult("o", dquery, () => scale, {
                first: `c0 + piece * ${held}u + y * ${Math.min(4, held / this.#down)}u`,
                extent: this.queries,
                high: held / this.#down,
                whole: this.queries % columns === 0,
                before: `group.x * ${partSize}u`,
              }),
              this.#split > 1 ? "  workgroupBarrier();" : "",
            ]
            : []),
        ])
        : []),
      "  }",
      ...(dkey ? [...this.#combine("k", high), ...this.#storeResult("k", dkey, () => scale)] : []),
      ...(dkey && dvalue && this.#split > 1 ? ["  workgroupBarrier();"] : []),
      ...(dvalue
        ? [
          ...this.#combine("v", high),
          ...this.#storeResult("v", dvalue, () => this.float(this.keepFactor)),
        ]
        : []),
    ];
  }

  // ---- scores ------------------------------------------------------------------------------------------------------

  get #quadNumbers(): number[] {
    return range(this.#tiling.wide / 4);
  }

  #each(text: (i: number, j: number) => string): string[] {
    return range(this.#tiling.high).flatMap((i) => this.#quadNumbers.map((j) => text(i, j)));
  }

  #accumulators(name: string, high: number, quads: number): string[] {
    return range(high).map((i) =>
      `  ${range(quads).map((j) => `var ${name}${i}_${j} = vec4<f32>(0.0f);`).join(" ")}`
    );
  }

  /** Scales the scores, adds the mask, and hides what a causal query does not see and, from queries, what is beyond the last key. */
  #finishScores(rows: "query" | "key", ofRow?: (i: number) => string): string[] {
    const { causal } = this.attrs;
    const ragged = rows === "query" && this.keys % this.#tiling.columns !== 0;
    const mask = this.mask(rows);
    const scale = this.float(this.attrs.scale);
    return [
      ...(ragged || causal
        ? this.#quadNumbers.map((j) =>
          `  let column${j} = vec4<u32>(${this.column(j)}) + vec4<u32>(0u, 1u, 2u, 3u);`
        )
        : []),
      ...this.#each((i, j) => {
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

  /** Which of a thread's scores are of real rows or columns, if not all are. */
  #inside(of: "rows" | "columns"): ((i: number, j: number) => string) | undefined {
    if (this.pass[of] % this.#tiling[of] === 0) return undefined;
    return of === "rows"
      ? (i) => `vec4<bool>(row + ${this.rowAt(i)}u < ${this.pass.rows}u)`
      : (_, j) =>
        `(vec4<u32>(${this.column(j)}) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(${this.pass.columns}u))`;
  }

  #zeroUnless(condition: string | undefined, value: string): string {
    return condition ? `select(vec4<f32>(0.0f), ${value}, ${condition})` : value;
  }

  #dropped(value: string, kept: string | undefined): string {
    return kept ? `select(vec4<f32>(0.0f), ${value}, ${kept}) * ${this.float(this.keepFactor)}` : value;
  }

  /** Runs a body for every piece of the columns, whose scores are held by then. */
  #byPieces(name: string, body: readonly string[]): string[] {
    if (this.#pieces === 1) return ["  { let piece = 0u;", ...this.#hold(name), ...body, "  }"];
    return [
      `  for (var piece = 0u; piece < ${this.#pieces}u; piece++) {`,
      `  if (x / ${this.#across / this.#pieces}u == piece) {`,
      ...this.#hold(name),
      "  }",
      ...body,
      "  }",
    ];
  }

  /** Puts a thread's scores into workgroup memory: columns, and four neighbouring rows in a vector. */
  #hold(name: string): string[] {
    return range(this.#tiling.high / 4).flatMap((g) =>
      this.#quadNumbers.flatMap((j) =>
        range(4).map((e) => {
          const c = component[e];
          const value = range(4).map((r) => `${name}${4 * g + r}_${j}.${c}`).join(", ");
          const step = this.#pieces === 1
            ? `(x >> 2u) + ${j * this.#across / 4}u`
            : `(x >> 2u) % ${this.#tiling.held / unit}u`;
          return `  held[${e}][${step}][x & 3u][y + ${g * this.#down}u] = vec4<f32>(${value});`;
        })
      )
    );
  }

  // ---- products ----------------------------------------------------------------------------------------------------

  /** The scores of rows and columns: a sum over the head. */
  #scoreProduct(tag: string, into: string, a: Operand, b: Operand): Product {
    const { rows, columns, high, wide } = this.#tiling;
    const depth = this.#depth;
    const quads = depth / 4;
    const sides = [
      { o: a, first: "r0", block: rows, tile: "held" },
      { o: b, first: "c0", block: columns, tile: "stage" },
    ];
    // A square is of four rows and four neighbours of the head; the rows' squares come first.
    const [squaresA, squares] = [rows * depth / 16, (rows + columns) * depth / 16];
    const start: string[] = [];
    const load: string[] = [];
    const store: string[] = [];
    for (let from = 0, round = 0; from < squares; from += this.#threads, round++) {
      const v = `${tag}${round}`;
      const to = from + this.#threads;
      const kinds = [from < squaresA, to > squaresA].flatMap((here, i) => here ? [sides[i]] : []);
      const guard = to > squares ? `if (t < ${squares - from}u) ` : "";
      const places = kinds.map(({ o, first, block, tile }) => {
        const shift = from - (tile === "held" ? 0 : squaresA);
        const square = shift >= 0 ? `(t + ${shift}u)` : `(t - ${-shift}u)`;
        // Of eight threads beside each other, none stores to another's bank.
        const line = quads === 4
          ? `(((${square} >> 2u) & 1u) * 4u + ((${square} >> 3u) & 3u) + (${square} >> 5u) * 8u)`
          : `${square} / ${quads}u`;
        const rowText = (e: number) => {
          const text = `${first} + ${line} * 4u + ${e}u`;
          return o.extent % block === 0 ? `(${text})` : `min(${text}, ${o.extent - 1}u)`;
        };
        return {
          line,
          quad: `${square} % ${quads}u`,
          at: (e: number) =>
            `base_${o.load} + ${rowText(e)} * ${o.strides[1]}u + q_${v} * ${4 * o.strides[2]}u`,
        };
      });
      const choose = (text: (side: number) => string) =>
        kinds.length === 1 ? text(0) : `select(${text(1)}, ${text(0)}, t < ${squaresA - from}u)`;
      start.push(`  let l_${v} = ${choose((s) => places[s].line)};`);
      start.push(`  let q_${v} = ${choose((s) => places[s].quad)};`);
      const [{ o: { strides } }] = kinds;
      const regular = kinds.every(({ o, block }) => o.extent % block === 0 && o.strides[1] === strides[1]);
      for (const e of regular ? [0] : range(4)) {
        start.push(`  let p_${v}_${e} = ${choose((s) => places[s].at(e))};`);
      }
      for (const e of range(4)) start.push(`  var r_${v}_${e} = vec4<f32>();`);
      const branch = (text: (side: number) => string) =>
        kinds.length === 1
          ? `    ${guard}{ ${text(0)} }`
          : `    if (t < ${squaresA - from}u) { ${text(0)} } else ${guard}{ ${text(1)} }`;
      load.push(branch((s) => {
        const { o } = kinds[s];
        return range(4).map((e) =>
          `r_${v}_${e} = load_${o.load}(${
            regular ? `p_${v}_0 + ${e * strides[1]}u` : `p_${v}_${e}`
          } + next * ${depth * o.strides[2]}u);`
        ).join(" ");
      }));
      store.push(branch((s) =>
        range(4).map((e) => {
          const value = range(4).map((r) => `r_${v}_${r}.${component[e]}`).join(", ");
          return `${kinds[s].tile}[${e}][q_${v} >> 2u][q_${v} & 3u][l_${v}] = vec4<f32>(${value});`;
        }).join(" ")
      ));
    }
    const compute = range(unit).map((k) => {
      const [e, quad] = [k & 3, k >> 2];
      const reads = [
        ...range(high / 4).map((i) => `let a${i} = held[${e}][part_k][${quad}][y + ${i * this.#down}u];`),
        ...range(wide / 4).map((j) => `let b${j} = stage[${e}][part_k][${quad}][x + ${j * this.#across}u];`),
      ];
      const sums = this.#each((i, j) => `${into}${i}_${j} += a${i >> 2}.${component[i & 3]} * b${j};`);
      return `    { ${[...reads, ...sums].join(" ")} }`;
    });
    return this.#steps(this.pass.width, depth, { start, load, store, compute });
  }

  /** What the scores held give for the rows: a sum over the block's columns of an operand of theirs. */
  #resultProduct(tag: string, into: string, o: Operand): Product {
    const { columns, high, held } = this.#tiling;
    const depth = Math.min(this.#tiling.depth, held);
    const fetched = this.#rowsOf(tag, o, "c0", columns, depth);
    const compute = this.#shared((quad, e) => {
      const reads = [
        ...range(high / 4).map((i) => `let a${i} = held[${e}][k_all][${quad}][y + ${i * this.#down}u];`),
        ...range(this.#resultQuads).map((j) =>
          `let b${j} = stage[${e}][part_k][${quad}][xo + ${j * this.#per}u];`
        ),
      ];
      const sums = range(high).flatMap((i) =>
        range(this.#resultQuads).map((j) => `${into}${i}_${j} += a${i >> 2}.${component[i & 3]} * b${j};`)
      );
      return `    { ${[...reads, ...sums].join(" ")} }`;
    });
    return this.#steps(held, depth, { ...fetched, compute }, this.#pieces > 1);
  }

  /** What the scores held give for the columns: a sum over the block's rows of an operand of theirs. */
  #turnedProduct(tag: string, into: string, o: Operand): Product {
    const { rows, held } = this.#tiling;
    const high = held / this.#down;
    const depth = Math.min(this.#tiling.depth, held);
    const fetched = this.#rowsOf(tag, o, "r0", rows, depth);
    const compute = this.#shared((quad) => {
      const reads = range(high).map((i) => {
        const at = `(y + ${(i >> 2) * this.#down}u)`;
        const place = high === 2
          ? `[(y & 1u) * 2u + ${i}u][y >> 3u][(y >> 1u) & 3u]`
          : `[${i & 3}][${at} >> 2u][${at} & 3u]`;
        return `let a${i} = held${place}[k_all * ${quadsOf}u + ${quad}];`;
      });
      const sums = range(4).flatMap((e) => [
        ...range(this.#resultQuads).map((j) =>
          `let b${e}_${j} = stage[${e}][part_k][${quad}][xo + ${j * this.#per}u];`
        ),
        ...range(high).flatMap((i) =>
          range(this.#resultQuads).map((j) => `${into}${i}_${j} += a${i}.${component[e]} * b${e}_${j};`)
        ),
      ]);
      return `    { ${[...reads, ...sums].join(" ")} }`;
    }, "quads");
    return this.#steps(rows, depth, { ...fetched, compute });
  }

  /** A thread's share of a step: all of it, or a part of its quads where the sum is cut. */
  #shared(text: (quad: string, e: number) => string, by: "elements" | "quads" = "elements"): string[] {
    const each = quadsOf / this.#split;
    const lines = range(each).flatMap((l) => {
      const quad = this.#split === 1 ? `${l}u` : `(part * ${each}u + ${l}u)`;
      return by === "quads" ? [text(quad, 0)] : range(4).map((e) => text(quad, e));
    });
    const busy = this.#split * this.#per;
    return busy === this.#across ? lines : [`    if (x < ${busy}u) {`, ...lines, "    }"];
  }

  /** Fetches the rows of an operand, a step of them at a time, as they lie. */
  #rowsOf(
    tag: string,
    o: Operand,
    first: string,
    block: number,
    depth: number,
  ): Record<"start" | "load" | "store", string[]> {
    const [start, load, store]: string[][] = [[], [], []];
    const units = depth * this.#quads;
    for (let from = 0, round = 0; from < units; from += this.#threads, round++) {
      const v = `${tag}${round}`;
      const guard = from + this.#threads > units ? `if (t < ${units - from}u) ` : "";
      const unit = from === 0 ? "t" : `(t + ${from}u)`;
      const aside = `base_${o.load} + ${unit} % ${this.#quads}u * ${4 * o.strides[2]}u`;
      const row = `${first} + ${unit} / ${this.#quads}u`;
      start.push(`  var r_${v} = vec4<f32>();`);
      if (o.extent % block === 0) {
        start.push(`  let p_${v} = ${aside} + (${row}) * ${o.strides[1]}u;`);
        load.push(`    ${guard}{ r_${v} = load_${o.load}(p_${v} + next * ${depth * o.strides[1]}u); }`);
      } else {
        start.push(`  let p_${v} = ${aside}; let row_${v} = ${row};`);
        const at = `min(row_${v} + next * ${depth}u, ${o.extent - 1}u) * ${o.strides[1]}u`;
        load.push(`    ${guard}{ r_${v} = load_${o.load}(p_${v} + ${at}); }`);
      }
      const k = `(${unit} / ${this.#quads}u)`;
      store.push(
        `    ${guard}{ stage[${k} & 3u][${k} >> 4u][(${k} >> 2u) & 3u][${unit} % ${this.#quads}u] = r_${v}; }`,
      );
    }
    return { start, load, store };
  }

  #steps(
    total: number,
    depth: number,
    text: Readonly<Record<"start" | "load" | "store" | "compute", readonly string[]>>,
    inPieces = false,
  ): Product {
    const { load, store, compute } = text;
    const fetch = (next: string) => [`  { let next = ${next};`, ...load, "  }"];
    const parts = depth / unit;
    // One step too many is fetched: it is never used, and no read leaves its buffer.
    const step = (next: readonly string[], at: string) => [
      ...store,
      "    workgroupBarrier();",
      ...next,
      parts === 1 ? "    { let part_k = 0u;" : `    for (var part_k = 0u; part_k < ${parts}u; part_k++) {`,
      `    let k_all = ${at}part_k;`,
      ...compute,
      "    }",
      "    workgroupBarrier();",
    ];
    return {
      start: [...text.start, ...fetch("0u")],
      loop: total === depth && !inPieces ? step([], "") : [
        `  for (var k = 0u; k < ${total / depth}u; k++) {`,
        ...step(
          fetch(`${inPieces ? `piece * ${total / depth}u + ` : ""}k + 1u`),
          parts === 1 ? "k + " : `k * ${parts}u + `,
        ),
        "  }",
      ],
    };
  }

  // ---- results -----------------------------------------------------------------------------------------------------

  /** Adds up the parts of results whose sums were cut, in the first part's threads. */
  #combine(name: string, high: number): string[] {
    if (this.#split === 1) return [];
    // Rows beyond those of a thread's scores lie beside them.
    const groups = this.#tiling.high / 4;
    const beside = Math.ceil((this.#split - 1) * this.#per / 4);
    const place = (x: string, i: number) => {
      const [aside, group] = [Math.floor((i >> 2) / groups), (i >> 2) % groups];
      return `held[${i & 3}][((${x}) >> 2u) + ${aside * beside}u][(${x}) & 3u][y + ${group * this.#down}u]`;
    };
    const own = `x - ${this.#per}u`;
    return [
      `  if (part > 0u && part < ${this.#split}u) { ${
        range(high).map((i) => `${place(own, i)} = ${name}${i}_0;`).join(" ")
      } }`,
      "  workgroupBarrier();",
      "  if (part == 0u) {",
      ...range(this.#split - 1).flatMap((p) =>
        range(high).map((i) => `  ${name}${i}_0 += ${place(`x + ${p * this.#per}u`, i)};`)
      ),
      "  }",
    ];
  }

  #storeResult(
    name: string,
    out: Result,
    factor: (i: number) => string,
    place: { first: string; extent: number; high: number; whole: boolean; before?: string } = {
      first: "row",
      extent: this.pass.rows,
      high: this.#tiling.high,
      whole: this.pass.rows % this.#tiling.rows === 0,
    },
  ): string[] {
    const { first, extent, high, whole } = place;
    const bound = this.writer.bind(out.storage, { lanes: 4, write: true });
    const type = out.storage.dtype === "f16" ? "vec4<f16>" : "";
    const before = `${place.before ? `${place.before} + ` : ""}head * ${this.pass.width}u + ${out.offset}u`;
    const lines = range(high).map((i) => {
      const row = `${first} + ${this.rowAt(i)}u`;
      const at = `((batch * ${extent}u + ${row}) * ${out.stride}u + ${before}) / 4u`;
      const stores = range(this.#resultQuads).map((j) =>
        `${bound}[at + ${j * this.#per}u + xo] = ${type}(${name}${i}_${j} * f);`
      );
      const guard = whole ? "" : `if (${row} < ${extent}u) `;
      return `  ${guard}{ let at = ${at}; let f = ${factor(i)}; ${stores.join(" ")} }`;
    });
    return this.#per === this.#across ? lines : ["  if (part == 0u) {", ...lines, "  }"];
  }
}

/** The entry point that adds the parts of a result, and its workgroups. */
export function sumText(
  [parts, out]: readonly [string, string],
  result: Result,
  count: number,
  [rows, size]: readonly [number, number],
): [string, [number, number, number]] {
  const threads = 128;
  const [all, quads] = [rows * size / 4, size / 4];
  const type = result.storage.dtype === "f16" ? "vec4<f16>" : "";
  const main = `@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) t: u32) {
  let i = (group.x + group.y * 32768u) * ${threads}u + t;
  if (i >= ${all}u) { return; }
  let sum = ${range(count).map((p) => `${parts}[i + ${p * all}u]`).join(" + ")};
  ${out}[i / ${quads}u * ${result.stride / 4}u + i % ${quads}u + ${result.offset / 4}u] = ${type}(sum);
}`;
  const groups = Math.ceil(all / threads);
  return [main, [Math.min(groups, 32768), Math.ceil(groups / 32768), 1]];
}
