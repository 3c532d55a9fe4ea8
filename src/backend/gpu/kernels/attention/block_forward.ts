/**
 * The forward pass by blocks: rows are queries, columns keys. Each thread keeps the sum of its own columns, and they are added
 * up at the end. Where one tile has all keys nothing is ever shrunk.
 *
 * @module
 */
import { type BlockDraft, byPieces, combined, finishScores, storeResult } from "./block_kernel.ts";
import { resultProduct, scoreProduct } from "./block_products.ts";
import { type BlockTile, unit } from "./block_tiles.ts";
import { dropoutOf, keepFactor } from "./dropout.ts";
import { operandsOf } from "./operands.ts";
import type { Results } from "./pass.ts";
import { columnsEnd, maskOf } from "./scores.ts";
import { type Fold, foldQuads, type Shared, softmaxOf, storeStatistics } from "./softmax.ts";
import { accumulators, barrier, eachQuad, type Lines, ofRow, range, vec4, zeroUnless } from "./text.ts";

/** The text of a kernel of attention's results and statistics. */
export function blockForward(d: BlockDraft, made: Results): Lines {
  const { tile } = d;
  const { high, columns, scoreQuads, resultQuads } = tile;
  const [groups, quads] = [range(high / 4), range(scoreQuads)];
  const once = d.pass.columns <= columns;
  const [query, key, value] = operandsOf(d, "query", "key", "value");
  const mask = maskOf(d);
  const dropout = dropoutOf(d);
  const scores = scoreProduct(tile, ["p", "s"], query, key);
  const results = resultProduct(tile, ["v", "o"], value);
  const softmax = softmaxOf(high, sharedIn(tile));
  const [largest, sums] = [foldRows(tile, "max"), foldRows(tile, "sum")];
  return [
    [query, key, value].map((o) => o.base),
    dropout?.seed,
    softmax.begin,
    accumulators("o", high, resultQuads),
    once ? "  { let c0 = 0u;" : `  for (var c0 = 0u; c0 < ${columnsEnd(d)}; c0 += ${columns}u) {`,
    scores.start,
    mask && quads.map(mask.quadLine),
    scores.loop,
    results.start,
    finishScores(d, mask?.each),
    largest.map((f) => f.setup),
    softmax.share(largest.map((f) => f.value)),
    barrier,
    groups.map((g) => [
      softmax.raise(g),
      !once && `  let shrink${g} = exp(top${g} - new_top${g});`,
      `  top${g} = new_top${g};`,
    ]),
    barrier,
    eachQuad(high, scoreQuads, (i, j) => `  s${i}_${j} = exp(s${i}_${j} - vec4<f32>(${ofRow("top", i)}));`),
    sums.map((f) => f.setup),
    sums.map((f, g) => once ? `  sum${g} = ${f.value};` : `  sum${g} = sum${g} * shrink${g} + ${f.value};`),
    dropout?.begin,
    dropout &&
    eachQuad(high, scoreQuads, (i, j) => `  s${i}_${j} = ${zeroUnless(dropout.kept(i, j), `s${i}_${j}`)};`),
    !once && eachQuad(high, resultQuads, (i, j) => `  o${i}_${j} *= ${ofRow("shrink", i)};`),
    byPieces(tile, "s", results.loop),
    "  }",
    softmax.end,
    made.output && combined(tile),
    made.output &&
    storeResult(d, "o", made.output, { factor: (i) => `${keepFactor(d)} / ${ofRow("total", i)}` }),
    made.statistics && storeStatistics(d, made.statistics),
  ];
}

/** A thread's own largest scores, or sums of scores, of its rows: four rows in a vector. */
function foldRows({ high, scoreQuads }: BlockTile, op: Fold): { setup: string; value: string }[] {
  const across = (v: string) =>
    op === "max"
      ? `max(max(${v}.x, ${v}.y), max(${v}.z, ${v}.w))`
      : `((${v}.x + ${v}.y) + (${v}.z + ${v}.w))`;
  return range(high / 4).map((g) => {
    const name = (e: number) => `${op}_f${g}_${e}`;
    const setups = range(4).map((e) => `let ${name(e)} = ${foldQuads(op, 4 * g + e, scoreQuads)};`);
    return { setup: `  ${setups.join(" ")}`, value: vec4((e) => across(name(e))) };
  });
}

/** Threads share vectors where scores are held. */
function sharedIn({ across, down, heldDepth }: BlockTile): Shared {
  const parts = heldDepth / unit;
  return {
    mine: (g) => `held[x & 3u][(x >> 2u) % ${parts}u][(x >> 2u) / ${parts}u][y + ${g * down}u]`,
    all: (g) =>
      range(across).map((i) => {
        const [part, quad] = [(i >> 2) % parts, Math.floor((i >> 2) / parts)];
        return `held[${i & 3}][${part}][${quad}][y + ${g * down}u]`;
      }),
  };
}
