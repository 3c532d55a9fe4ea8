/**
 * The forward pass by blocks: rows are queries, columns keys.
 *
 * For each tile of keys: scores; their largest of each row, exchanged through workgroup memory, with the largest so far; exp of what
 * is left of each score; the sums and results so far, shrunk by how much the largest grew, and those of the tile on top. Each thread
 * keeps the sum of its own columns, and they are added up at the end. Where one tile has all keys nothing is ever shrunk.
 *
 * @module
 */
import { byPieces, columnMask, combined, eachScore, finishScores, storeResult } from "./block_kernel.ts";
import { resultProduct, scoreProduct } from "./block_products.ts";
import { type BlockTile, unit } from "./block_tiles.ts";
import { accumulators, barrier, type Draft, grid, low, range, zeroUnless } from "./draft.ts";
import { dropoutOf, keepFactor } from "./dropout.ts";
import { bases, operandOf } from "./operands.ts";
import type { Results } from "./pass.ts";
import { columnsEnd, maskOf } from "./scores.ts";
import { type Fold, foldQuads, gather, ofRow, storeStatistics } from "./softmax.ts";

/** The lines of a kernel of attention's results and statistics. */
export function blockForward(d: Draft<BlockTile>, made: Results): string[] {
  const { tile } = d;
  const { high, columns, resultQuads } = tile;
  const groups = range(high / 4);
  const once = d.pass.columns <= columns;
  const [query, key, value] = [operandOf(d, "query"), operandOf(d, "key"), operandOf(d, "value")];
  const mask = maskOf(d);
  const dropout = dropoutOf(d);
  const scores = scoreProduct(tile, ["p", "s"], query, key);
  const results = resultProduct(tile, ["v", "o"], value);
  const [largest, sums] = [foldRows(tile, "max"), foldRows(tile, "sum")];
  const lines = [
    ...bases(d, query, key, value),
    dropout?.seed ?? "",
    ...groups.map((g) => `  var top${g} = vec4<f32>(${low}); var sum${g} = vec4<f32>(0.0f);`),
    ...accumulators("o", high, resultQuads),
    once ? "  { let c0 = 0u;" : `  for (var c0 = 0u; c0 < ${columnsEnd(d)}; c0 += ${columns}u) {`,
    ...scores.start,
    ...columnMask(d, mask),
    ...accumulators("s", high, tile.scoreQuads),
    ...scores.loop,
    ...results.start,
    ...finishScores(d, mask && ((i, j) => mask.byRow ? mask.at(i, j) : `mask${j}`)),
    ...largest.map((f) => f.setup),
    ...give(tile, largest.map((f) => f.value)),
    barrier,
    ...groups.flatMap((g) => [
      `  var new_top${g} = top${g};`,
      ...gather(`new_top${g}`, "max", given(tile, g)),
      once ? "" : `  let shrink${g} = exp(top${g} - new_top${g});`,
      `  top${g} = new_top${g};`,
    ]),
    barrier,
    ...eachScore(tile, (i, j) => `  s${i}_${j} = exp(s${i}_${j} - vec4<f32>(${ofRow("top", i)}));`),
    ...sums.map((f) => f.setup),
    ...sums.map((f, g) =>
      once ? `  sum${g} = ${f.value};` : `  sum${g} = sum${g} * shrink${g} + ${f.value};`
    ),
    ...(dropout
      ? [
        dropout.begin,
        ...eachScore(tile, (i, j) => `  s${i}_${j} = ${zeroUnless(dropout.kept(i, j), `s${i}_${j}`)};`),
      ]
      : []),
    ...(once ? [] : grid(high, resultQuads, (i, j) => `  o${i}_${j} *= ${ofRow("shrink", i)};`)),
    ...byPieces(tile, "s", results.loop),
    "  }",
    ...give(tile, groups.map((g) => `sum${g}`)),
    barrier,
    ...groups.flatMap((g) => [
      `  var total${g} = vec4<f32>(0.0f);`,
      ...gather(`total${g}`, "sum", given(tile, g)),
    ]),
  ];
  if (made.output) {
    const factor = keepFactor(d);
    lines.push(
      ...combined(tile),
      ...storeResult(d, "o", made.output, (i) => `${factor} / ${ofRow("total", i)}`),
    );
  }
  if (made.statistics) lines.push(...storeStatistics(d, made.statistics));
  return lines;
}

/** A thread's own largest scores, or sums of scores, of its rows: four rows in a vector. */
function foldRows({ high, scoreQuads }: BlockTile, op: Fold): { setup: string; value: string }[] {
  const across = (v: string) =>
    op === "max"
      ? `max(max(${v}.x, ${v}.y), max(${v}.z, ${v}.w))`
      : `((${v}.x + ${v}.y) + (${v}.z + ${v}.w))`;
  return range(high / 4).map((g) => {
    const names = range(4).map((e) => `${op}_f${g}_${e}`);
    const setups = names.map((name, e) => `let ${name} = ${foldQuads(op, 4 * g + e, scoreQuads)};`);
    return { setup: `  ${setups.join(" ")}`, value: `vec4<f32>(${names.map(across).join(", ")})` };
  });
}

/** Puts a thread's own vectors where the others of its rows find them. */
function give({ down, heldDepth }: BlockTile, values: readonly string[]): string[] {
  const parts = heldDepth / unit;
  return values.map((v, g) =>
    `  held[x & 3u][(x >> 2u) % ${parts}u][(x >> 2u) / ${parts}u][y + ${g * down}u] = ${v};`
  );
}

/** Where they are found. */
function given({ across, down, heldDepth }: BlockTile, g: number): string[] {
  const parts = heldDepth / unit;
  return range(across).map((i) => {
    const [part, quad] = [(i >> 2) % parts, Math.floor((i >> 2) / parts)];
    return `held[${i & 3}][${part}][${quad}][y + ${g * down}u]`;
  });
}
