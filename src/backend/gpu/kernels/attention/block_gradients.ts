/**
 * The gradients' passes by blocks (the algorithm is in ../attention.ts). Where keys are few, the pass over keys makes the
 * query's gradient as well: each tile of keys gives a part of it, one after the other in memory, and `sumParts` adds them up.
 *
 * @module
 */
import { type BlockDraft, byPieces, combined, finishScores, storeResult } from "./block_kernel.ts";
import { resultProduct, scoreProduct, turnedHigh, turnedProduct } from "./block_products.ts";
import { columnsExist, type Draft, rowExists, scaleOf } from "./draft.ts";
import { dropoutOf, keepFactor } from "./dropout.ts";
import { columnStatistic, operandsOf, rowStatistics, statisticsOf } from "./operands.ts";
import type { Result, Results } from "./pass.ts";
import { columnsEnd, columnsStart, maskOf } from "./scores.ts";
import { type Kernel, KernelWriter, type Storage } from "../writer.ts";
import { accumulators, eachQuad, type Lines, range, zeroUnless } from "./text.ts";

/** The text of a kernel of the query's gradient: rows are queries, columns keys. */
export function blockQueryGradient(d: BlockDraft, made: Results): Lines {
  const { tile } = d;
  const { high, columns, scoreQuads, resultQuads } = tile;
  const [query, key, value, gradient] = operandsOf(d, "query", "key", "value", "gradient");
  const mask = maskOf(d);
  const dropout = dropoutOf(d);
  const statistics = statisticsOf(d, { delta: true });
  const scores = scoreProduct(tile, ["p", "s"], query, key);
  const weights = scoreProduct(tile, ["w", "g"], gradient, value);
  const results = resultProduct(tile, ["k", "o"], key);
  return [
    [query, key, value, gradient].map((o) => o.base),
    dropout?.seed,
    rowStatistics(d, statistics, "share"),
    accumulators("o", high, resultQuads),
    `  for (var c0 = 0u; c0 < ${columnsEnd(d)}; c0 += ${columns}u) {`,
    scores.start,
    mask && range(scoreQuads).map(mask.quadLine),
    scores.loop,
    weights.start,
    weights.loop,
    results.start,
    finishScores(d, mask?.each),
    dropout?.begin,
    eachQuad(high, scoreQuads, (i, j) => {
      const p = zeroUnless(columnsExist(d, j), `exp(s${i}_${j} - vec4<f32>(top${i})) * share${i}`);
      const w = dropped(d, `g${i}_${j}`, dropout?.kept(i, j));
      return `  s${i}_${j} = (${p}) * (${w} - vec4<f32>(delta${i}));`;
    }),
    byPieces(tile, "s", results.loop),
    "  }",
    storeResult(d, "o", made.query!, { factor: () => scaleOf(d) }),
  ];
}

/** The text of a kernel of the gradients that are asked for: rows are keys, columns queries. */
export function blockKeyGradients(d: BlockDraft, made: Results): Lines {
  const { tile } = d;
  const { high, columns, scoreQuads, resultQuads } = tile;
  const [query, key, gradient] = operandsOf(d, "query", "key", "gradient");
  // The value's gradient does without that of the scores.
  const value = made.key || made.query ? operandsOf(d, "value")[0] : undefined;
  const mask = maskOf(d);
  const rowMask = mask && !mask.byColumn ? mask : undefined;
  const dropout = dropoutOf(d);
  const statistics = statisticsOf(d, { delta: value !== undefined });
  const scores = scoreProduct(tile, ["p", "s"], key, query);
  const weights = value && scoreProduct(tile, ["w", "g"], value, gradient);
  const values = made.value && resultProduct(tile, ["d", "v"], gradient);
  const keys = made.key && resultProduct(tile, ["q", "k"], query);
  const queries = made.query && turnedProduct(tile, ["r", "o"], key);
  const exists = (i: number, j: number) =>
    [columnsExist(d, j), made.query && rowExists(d, i)].filter((c) => c !== undefined).join(" & ");
  const scale = scaleOf(d);
  return [
    [query, key, gradient, value].map((o) => o?.base),
    dropout?.seed,
    rowMask && range(high).map((i) => `  let mask_row${i} = ${rowMask.at(i, 0)};`),
    made.key && accumulators("k", high, resultQuads),
    made.value && accumulators("v", high, resultQuads),
    `  for (var c0 = ${columnsStart(d)}; c0 < ${d.pass.columns}u; c0 += ${columns}u) {`,
    scores.start,
    range(scoreQuads).map((j) => [
      `  let top${j} = ${columnStatistic(d, statistics.top, j)};`,
      `  let share${j} = vec4<f32>(1.0f) / ${columnStatistic(d, statistics.sum, j)};`,
      weights && `  let delta${j} = ${columnStatistic(d, statistics.delta, j)};`,
      !rowMask && mask?.quadLine(j),
    ]),
    scores.loop,
    weights && [weights.start, weights.loop],
    (values ?? keys)?.start,
    finishScores(d, rowMask ? (i) => `mask_row${i}` : mask?.each),
    dropout?.begin,
    eachQuad(high, scoreQuads, (i, j) => {
      const [s, kept] = [`s${i}_${j}`, dropout && `kept${i}_${j}`];
      const p = zeroUnless(exists(i, j), `exp(${s} - top${j}) * share${j}`);
      return [
        `  ${s} = ${p};`,
        dropout ? `let ${kept} = ${dropout.kept(i, j)};` : "",
        weights ? `let w${i}_${j} = ${s} * (${dropped(d, `g${i}_${j}`, kept)} - delta${j});` : "",
        dropout && values ? `${s} = ${zeroUnless(kept, s)};` : "",
      ].join(" ");
    }),
    values && byPieces(tile, "s", values.loop),
    values && keys?.start,
    weights && byPieces(tile, "w", [
      keys?.loop,
      queries && [queries.start, queries.loop, storePart(d, made.query!, scale)],
    ]),
    "  }",
    made.key && storeResult(d, "k", made.key, { factor: () => scale }),
    made.key && made.value && combined(tile),
    made.value && storeResult(d, "v", made.value, { factor: () => keepFactor(d) }),
  ];
}

/** A value as dropout leaves it. */
function dropped(d: Draft, value: string, kept: string | undefined): string {
  return kept ? `${zeroUnless(kept, value)} * ${keepFactor(d)}` : value;
}

/** Stores what a tile of keys gives for the queries of the columns held. */
function storePart(d: BlockDraft, out: Result, scale: string): Lines {
  const { problem: { batch, queries, size }, tile } = d;
  const high = turnedHigh(tile);
  const stored = {
    factor: () => scale,
    first: `c0 + piece * ${tile.held}u + y * ${Math.min(4, high)}u`,
    high,
    extent: queries,
    whole: queries % tile.columns === 0,
    before: `group.x * ${batch * queries * size}u`,
  };
  return [storeResult(d, "o", out, stored), combined(tile)];
}

/** The kernel that adds what the tiles of keys give for the query's gradient: `count` parts of `rows` x `size`. */
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
  return w.kernel(name, main, [Math.min(groups, 32768), Math.ceil(groups / 32768), 1]);
}
