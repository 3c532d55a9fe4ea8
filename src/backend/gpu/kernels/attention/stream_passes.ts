/**
 * The passes of attention for any size: each thread keeps a few neighbouring rows, whole tiles of columns lie in workgroup
 * memory. What each pass computes is what its counterpart by blocks does (block_forward.ts, block_gradients.ts).
 *
 * @module
 */
import { scaleOf, storeRows } from "./draft.ts";
import { applyKeep, dropoutOf, keepLines } from "./dropout.ts";
import { columnStatistic, operandsOf, rowStatistics, statisticsOf } from "./operands.ts";
import type { Results } from "./pass.ts";
import { columnsEnd, columnsStart, maskOf } from "./scores.ts";
import { type Fold, foldQuads, softmaxOf, storeStatistics } from "./softmax.ts";
import { fill, fillKept, fillTurned, finishScores, ofRealColumns, resultProduct } from "./stream_kernel.ts";
import { scoreProduct, storeScores, type StreamDraft } from "./stream_kernel.ts";
import type { StreamTile } from "./stream_tiles.ts";
import { accumulators, barrier, eachQuad, type Lines, ofRow, range, vec4 } from "./text.ts";

/** The text of a kernel of attention's results and statistics: rows are queries, columns keys. */
export function streamForward(d: StreamDraft, made: Results): Lines {
  const { high, scoreQuads, resultQuads, across, columns } = d.tile;
  const [query, key, value] = operandsOf(d, "query", "key", "value");
  const dropout = dropoutOf(d);
  const mask = maskOf(d);
  const groups = range(Math.ceil(high / 4));
  const softmax = softmaxOf(high, {
    mine: (g) => `scores[y][${g * across}u + x]`,
    all: (g) => range(across).map((i) => `scores[y][${g * across + i}u]`),
  });
  return [
    [query, key, value].map((o) => o.base),
    dropout?.seed ?? "",
    fillKept(d, 0, query, { scaled: true }),
    softmax.begin,
    accumulators("o", high, resultQuads),
    `  for (var c0 = 0u; c0 < ${columnsEnd(d)}; c0 += ${columns}u) {`,
    fillTurned(d, key),
    barrier,
    scoreProduct(d, "s", 0),
    finishScores(d, mask),
    softmax.share(foldRows(d.tile, "max")),
    barrier,
    fill(d, value),
    groups.map((g) => [
      softmax.raise(g),
      `  let shrink${g} = exp(top${g} - new_top${g}); top${g} = new_top${g};`,
    ]),
    eachQuad(high, scoreQuads, (i, j) => `  s${i}_${j} = exp(s${i}_${j} - vec4<f32>(${ofRow("top", i)}));`),
    foldRows(d.tile, "sum").map((v, g) => `  sum${g} = sum${g} * shrink${g} + ${v};`),
    keepLines(d, dropout),
    applyKeep(d, dropout, "s"),
    eachQuad(high, resultQuads, (i, j) => `  o${i}_${j} *= ${ofRow("shrink", i)};`),
    barrier,
    storeScores(d, "s"),
    barrier,
    resultProduct(d, "o"),
    barrier,
    "  }",
    softmax.end,
    made.output && storeRows(d, "o", made.output, { factor: (i) => `1.0f / ${ofRow("total", i)}` }),
    made.statistics && storeStatistics(d, made.statistics),
  ];
}

/** A thread's own largest scores, or sums, four rows in a vector: the last one is repeated where there are fewer. */
function foldRows({ high, scoreQuads }: StreamTile, op: Fold): string[] {
  const across = (v: string) =>
    op === "max" ? `max(max(${v}.x, ${v}.y), max(${v}.z, ${v}.w))` : `dot(${v}, vec4<f32>(1.0f))`;
  const row = (i: number) => across(foldQuads(op, Math.min(i, high - 1), scoreQuads));
  return range(Math.ceil(high / 4)).map((g) => vec4((e) => row(4 * g + e)));
}

/** The text of a kernel of the query's gradient: rows are queries, columns keys. */
export function streamQueryGradient(d: StreamDraft, made: Results): Lines {
  const { high, scoreQuads, resultQuads, columns } = d.tile;
  const [query, key, value, gradient] = operandsOf(d, "query", "key", "value", "gradient");
  const statistics = statisticsOf(d, { delta: true });
  const dropout = dropoutOf(d);
  const mask = maskOf(d);
  return [
    [query, key, value, gradient].map((o) => o.base),
    dropout?.seed ?? "",
    fillKept(d, 0, query, { scaled: true }),
    fillKept(d, 1, gradient),
    rowStatistics(d, statistics, "part"),
    accumulators("o", high, resultQuads),
    `  for (var c0 = 0u; c0 < ${columnsEnd(d)}; c0 += ${columns}u) {`,
    fillTurned(d, key),
    barrier,
    scoreProduct(d, "s", 0),
    barrier,
    fillTurned(d, value),
    finishScores(d, mask),
    barrier,
    scoreProduct(d, "g", 1),
    keepLines(d, dropout),
    applyKeep(d, dropout, "g"),
    eachQuad(high, scoreQuads, (i, j) => {
      const p = ofRealColumns(d, j, `exp(s${i}_${j} - vec4<f32>(top${i})) * part${i}`);
      return `  s${i}_${j} = (${p}) * (g${i}_${j} - vec4<f32>(delta${i}));`;
    }),
    storeScores(d, "s"),
    barrier,
    fill(d, key),
    barrier,
    resultProduct(d, "o"),
    barrier,
    "  }",
    storeRows(d, "o", made.query!, { factor: () => scaleOf(d) }),
  ];
}

/** The text of a kernel of the key's and the value's gradients, as far as they are asked for: rows are keys, columns queries. */
export function streamKeyGradients(d: StreamDraft, made: Results): Lines {
  const { high, scoreQuads, resultQuads, columns } = d.tile;
  const [query, key, gradient] = operandsOf(d, "query", "key", "gradient");
  const value = made.key && operandsOf(d, "value")[0];
  const dropout = dropoutOf(d);
  const mask = maskOf(d);
  const statistics = statisticsOf(d, { delta: made.key !== undefined });
  return [
    [query, key, gradient, value].map((o) => o?.base),
    dropout?.seed ?? "",
    fillKept(d, 0, key),
    value && fillKept(d, 1, value),
    made.key && accumulators("k", high, resultQuads),
    made.value && accumulators("v", high, resultQuads),
    `  for (var c0 = ${columnsStart(d)}; c0 < ${d.pass.columns}u; c0 += ${columns}u) {`,
    fillTurned(d, query, { scaled: true }),
    barrier,
    scoreProduct(d, "s", 0),
    barrier,
    fillTurned(d, gradient),
    finishScores(d, mask),
    range(scoreQuads).map((j) => [
      `  let top${j} = ${columnStatistic(d, statistics.top, j)}; ` +
      `let part${j} = vec4<f32>(1.0f) / ${columnStatistic(d, statistics.sum, j)};`,
      range(high).map((i) =>
        `  s${i}_${j} = ${ofRealColumns(d, j, `exp(s${i}_${j} - top${j}) * part${j}`)};`
      ),
    ]),
    keepLines(d, dropout),
    made.value && [
      accumulators("d", high, scoreQuads),
      eachQuad(high, scoreQuads, (i, j) => `  d${i}_${j} = s${i}_${j};`),
      applyKeep(d, dropout, "d"),
      storeScores(d, "d"),
    ],
    barrier,
    made.key && [
      scoreProduct(d, "g", 1),
      applyKeep(d, dropout, "g"),
      range(scoreQuads).map((j) => [
        `  let delta${j} = ${columnStatistic(d, statistics.delta, j)};`,
        range(high).map((i) => `  s${i}_${j} *= g${i}_${j} - delta${j};`),
      ]),
      barrier,
    ],
    made.value && [fill(d, gradient), barrier, resultProduct(d, "v"), barrier],
    made.key &&
    [storeScores(d, "s"), fill(d, query, { scaled: true }), barrier, resultProduct(d, "k"), barrier],
    "  }",
    made.key && storeRows(d, "k", made.key, {}),
    made.value && storeRows(d, "v", made.value, {}),
  ];
}
