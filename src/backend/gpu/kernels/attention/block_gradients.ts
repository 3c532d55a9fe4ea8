/**
 * The gradients' passes by blocks.
 *
 * With P the probabilities, made anew from the scores and the statistics of each query, Z dropout, W = dY Vᵀ and delta the sum of each row
 * of Y dY, the gradients are dV = Z(P)ᵀ dY, dS = P (Z(W) - delta), dQ = dS K and dK = dSᵀ Q, the last two times the scale. Two passes:
 * queries as rows make dQ, keys as rows dV and dK. Where keys are few, the second makes dQ as well, scores and draws once, five products
 * instead of seven: each tile of keys gives a part of it, one after the other in memory, and `sumParts` adds them up.
 *
 * @module
 */
import { byPieces, columnMask, combined, eachScore, finishScores, storeResult } from "./block_kernel.ts";
import { resultProduct, scoreProduct, turnedProduct } from "./block_products.ts";
import type { BlockTile } from "./block_tiles.ts";
import { accumulators, columnsAt, type Draft, float, range, rowAt, zeroUnless } from "./draft.ts";
import { dropoutOf, keepFactor } from "./dropout.ts";
import { bases, ofColumns, operandOf, statisticsOf } from "./operands.ts";
import type { Result, Results } from "./pass.ts";
import { columnsEnd, columnsStart, maskOf } from "./scores.ts";
import { type Kernel, KernelWriter, type Storage } from "../writer.ts";

/** The lines of a kernel of the query's gradient: rows are queries, columns keys. */
export function blockQueryGradient(d: Draft<BlockTile>, made: Results): string[] {
  const { tile } = d;
  const { high, columns, scoreQuads, resultQuads } = tile;
  const [query, key] = [operandOf(d, "query"), operandOf(d, "key")];
  const [value, gradient] = [operandOf(d, "value"), operandOf(d, "gradient")];
  const mask = maskOf(d);
  const dropout = dropoutOf(d);
  const statistics = statisticsOf(d, { delta: true });
  const scores = scoreProduct(tile, ["p", "s"], query, key);
  const weights = scoreProduct(tile, ["w", "g"], gradient, value);
  const results = resultProduct(tile, ["k", "o"], key);
  return [
    ...bases(d, query, key, value, gradient),
    dropout?.seed ?? "",
    ...range(high).flatMap((i) => {
      const at = `min(row + ${rowAt(tile, i)}u, ${d.problem.queries - 1}u)`;
      return [
        `  let top${i} = ${statistics.top(at)};`,
        `  let share${i} = 1.0f / ${statistics.sum(at)};`,
        `  let delta${i} = ${statistics.delta(at)};`,
      ];
    }),
    ...accumulators("o", high, resultQuads),
    `  for (var c0 = 0u; c0 < ${columnsEnd(d)}; c0 += ${columns}u) {`,
    ...scores.start,
    ...columnMask(d, mask),
    ...accumulators("s", high, scoreQuads),
    ...scores.loop,
    ...weights.start,
    ...accumulators("g", high, scoreQuads),
    ...weights.loop,
    ...results.start,
    ...finishScores(d, mask && ((i, j) => mask.byRow ? mask.at(i, j) : `mask${j}`)),
    dropout?.begin ?? "",
    ...eachScore(tile, (i, j) => {
      const p = zeroUnless(columnsExist(d, j), `exp(s${i}_${j} - vec4<f32>(top${i})) * share${i}`);
      return `  s${i}_${j} = (${p}) * (${
        dropped(d, `g${i}_${j}`, dropout?.kept(i, j))
      } - vec4<f32>(delta${i}));`;
    }),
    ...byPieces(tile, "s", results.loop),
    "  }",
    ...storeResult(d, "o", made.query!, () => float(d, d.problem.attrs.scale)),
  ];
}

/** The lines of a kernel of the gradients that are asked for: rows are keys, columns queries. */
export function blockKeyGradients(d: Draft<BlockTile>, made: Results): string[] {
  const { tile } = d;
  const { high, columns, scoreQuads, resultQuads } = tile;
  const [query, key, gradient] = [operandOf(d, "query"), operandOf(d, "key"), operandOf(d, "gradient")];
  // The score's gradient, which the value's gradient does without.
  const value = made.key || made.query ? operandOf(d, "value") : undefined;
  const mask = maskOf(d);
  const maskRows = mask && !mask.byColumn ? mask : undefined;
  const dropout = dropoutOf(d);
  const statistics = statisticsOf(d, { delta: value !== undefined });
  const scores = scoreProduct(tile, ["p", "s"], key, query);
  const weights = value && scoreProduct(tile, ["w", "g"], value, gradient);
  const values = made.value && resultProduct(tile, ["d", "v"], gradient);
  const keys = made.key && resultProduct(tile, ["q", "k"], query);
  const queries = made.query && turnedProduct(tile, ["r", "o"], key);
  const exists = (i: number, j: number) =>
    [columnsExist(d, j), made.query && rowExists(d, i)].filter((c) => c !== undefined).join(" & ");
  const scale = float(d, d.problem.attrs.scale);
  return [
    ...bases(d, query, key, gradient, ...(value ? [value] : [])),
    dropout?.seed ?? "",
    ...(maskRows ? range(high).map((i) => `  let mask_row${i} = ${maskRows.at(i, 0)};`) : []),
    ...(made.key ? accumulators("k", high, resultQuads) : []),
    ...(made.value ? accumulators("v", high, resultQuads) : []),
    `  for (var c0 = ${columnsStart(d)}; c0 < ${d.pass.columns}u; c0 += ${columns}u) {`,
    ...scores.start,
    ...range(scoreQuads).flatMap((j) => [
      `  let top${j} = ${ofColumns(d, statistics.top, j)};`,
      `  let share${j} = vec4<f32>(1.0f) / ${ofColumns(d, statistics.sum, j)};`,
      weights ? `  let delta${j} = ${ofColumns(d, statistics.delta, j)};` : "",
    ]),
    ...accumulators("s", high, scoreQuads),
    ...scores.loop,
    ...(weights ? [...weights.start, ...accumulators("g", high, scoreQuads), ...weights.loop] : []),
    ...(values ?? keys)?.start ?? [],
    ...finishScores(
      d,
      mask && ((i, j) => maskRows ? `mask_row${i}` : mask.byRow ? mask.at(i, j) : `mask${j}`),
    ),
    dropout?.begin ?? "",
    ...eachScore(tile, (i, j) => {
      const [s, kept] = [`s${i}_${j}`, dropout && `kept${i}_${j}`];
      const p = zeroUnless(exists(i, j), `exp(${s} - top${j}) * share${j}`);
      return [
        `  ${s} = ${p};`,
        dropout ? `let ${kept} = ${dropout.kept(i, j)};` : "",
        weights ? `let w${i}_${j} = ${s} * (${dropped(d, `g${i}_${j}`, kept)} - delta${j});` : "",
        dropout && values ? `${s} = ${zeroUnless(kept, s)};` : "",
      ].join(" ");
    }),
    ...(values ? byPieces(tile, "s", values.loop) : []),
    ...(keys && values ? keys.start : []),
    ...(weights
      ? byPieces(tile, "w", [
        ...(keys ? keys.loop : []),
        ...(queries
          ? [
            ...queries.start,
            ...accumulators("o", turnedHigh(tile), resultQuads),
            ...queries.loop,
            ...storePart(d, made.query!, scale),
          ]
          : []),
      ])
      : []),
    "  }",
    ...(made.key ? storeResult(d, "k", made.key, () => scale) : []),
    ...(made.key && made.value ? combined(tile) : []),
    ...(made.value ? storeResult(d, "v", made.value, () => keepFactor(d)) : []),
  ];
}

/** Which of a quad's columns exist, if not all tiles' do. */
function columnsExist({ pass, tile }: Draft, j: number): string | undefined {
  return pass.columns % tile.columns === 0
    ? undefined
    : `(${columnsAt(tile, j)} < vec4<u32>(${pass.columns}u))`;
}

/** Whether a thread's row exists, if not all tiles' do. */
function rowExists({ pass, tile }: Draft, i: number): string | undefined {
  return pass.rows % tile.rows === 0 ? undefined : `vec4<bool>(row + ${rowAt(tile, i)}u < ${pass.rows}u)`;
}

/** A value as dropout leaves it. */
function dropped(d: Draft, value: string, kept: string | undefined): string {
  return kept ? `${zeroUnless(kept, value)} * ${keepFactor(d)}` : value;
}

/** How many rows of the query's gradient a thread makes of the columns held. */
function turnedHigh({ held, down }: BlockTile): number {
  return held / down;
}

/** Stores what a tile of keys gives for the queries of the columns held. */
function storePart(d: Draft<BlockTile>, out: Result, scale: string): string[] {
  const { problem: { batch, queries, size }, tile } = d;
  const high = turnedHigh(tile);
  const rows = {
    first: `c0 + piece * ${tile.held}u + y * ${Math.min(4, high)}u`,
    high,
    extent: queries,
    whole: queries % tile.columns === 0,
    before: `group.x * ${batch * queries * size}u`,
  };
  return [...storeResult(d, "o", out, () => scale, rows), ...combined(tile)];
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
  return w.finish(name, main, [Math.min(groups, 32768), Math.ceil(groups / 32768), 1]);
}
