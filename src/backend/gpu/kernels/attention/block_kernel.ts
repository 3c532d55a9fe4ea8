/**
 * What the passes by blocks share: the kernel around them, scores in workgroup memory, and how results leave.
 *
 * A thread at (`x`, `y`) makes scores `s<row>_<quad>` in registers. Scores that are multiplied further go to workgroup memory, `held`,
 * in pieces where that takes less of it, so that more workgroups fit. They are turned on their way there, so that both of a product's
 * operands are read four neighbours at a time. Where a result has fewer quads in a row than there are threads beside each other,
 * its sum is cut into parts, one a thread, which are added up before it is stored.
 *
 * @module
 */
import type { Kernel } from "../writer.ts";
import { type BlockTile, unit } from "./block_tiles.ts";
import {
  barrier,
  component,
  type Draft,
  finishDraft,
  grid,
  range,
  type StoredRows,
  storeRows,
} from "./draft.ts";
import { columnLines, hide, type Mask } from "./scores.ts";
import { float } from "./draft.ts";
import type { Result } from "./pass.ts";

/** The kernel whose workgroups do what `body` says. */
export function blockKernel(d: Draft<BlockTile>, name: string, body: readonly string[]): Kernel {
  const { rows, sharers, heldDepth, stageDepth, stageWidth } = d.tile;
  const memory = (depth: number, n: number) =>
    `array<array<array<array<vec4<f32>, ${n / 4 + 1}>, ${unit / 4}>, ${depth / unit}>, 4>`;
  d.writer.declare(`var<workgroup> held: ${memory(heldDepth, rows)};
var<workgroup> stage: ${memory(stageDepth, stageWidth)};`);
  return finishDraft(d, name, [
    `  let xo = x % ${sharers}u;`,
    `  let part = x / ${sharers}u;`,
    ...body.filter((line) => line !== ""),
  ]);
}

// ---- scores --------------------------------------------------------------------------------------------------------

/** A text for each of a thread's scores. */
export function eachScore({ high, scoreQuads }: BlockTile, text: (i: number, j: number) => string): string[] {
  return grid(high, scoreQuads, text);
}

/** The mask's values before the loops of products, where all rows have the same. */
export function columnMask({ tile }: Draft<BlockTile>, mask: Mask | undefined): string[] {
  if (!mask || mask.byRow) return [];
  return range(tile.scoreQuads).map((j) => `  let mask${j} = ${mask.at(0, j)};`);
}

/** Scales the scores, adds the mask where there is one, and hides what must not count. */
export function finishScores(d: Draft<BlockTile>, masked?: (i: number, j: number) => string): string[] {
  const scale = float(d, d.problem.attrs.scale);
  return [
    ...range(d.tile.scoreQuads).flatMap((j) => columnLines(d, j)),
    ...eachScore(d.tile, (i, j) => {
      const added = masked ? ` + ${masked(i, j)}` : "";
      return [`  s${i}_${j} = s${i}_${j} * ${scale}${added};`, ...hide(d, i, j)].join(" ");
    }),
  ];
}

/** Runs a body for every piece of the columns, whose scores are held by then. */
export function byPieces(tile: BlockTile, name: string, body: readonly string[]): string[] {
  const { across, pieces } = tile;
  if (pieces === 1) return ["  { let piece = 0u;", ...hold(tile, name), ...body, "  }"];
  return [
    `  for (var piece = 0u; piece < ${pieces}u; piece++) {`,
    `  if (x / ${across / pieces}u == piece) {`,
    ...hold(tile, name),
    "  }",
    ...body,
    "  }",
  ];
}

/** Puts a thread's scores into workgroup memory: columns, and four neighbouring rows in a vector. */
function hold({ high, scoreQuads, across, down, held, pieces }: BlockTile, name: string): string[] {
  return grid(high / 4, scoreQuads, (g, j) => {
    const step = pieces === 1 ? `(x >> 2u) + ${j * across / 4}u` : `(x >> 2u) % ${held / unit}u`;
    return component.map((c, e) => {
      const value = range(4).map((r) => `${name}${4 * g + r}_${j}.${c}`).join(", ");
      return `  held[${e}][${step}][x & 3u][y + ${g * down}u] = vec4<f32>(${value});`;
    }).join("\n");
  });
}

// ---- results -------------------------------------------------------------------------------------------------------

/** Adds up the parts of results whose sums were cut, in the first part's threads. */
export function combine(
  { split, sharers, down, high: scoreHigh }: BlockTile,
  name: string,
  high: number,
): string[] {
  if (split === 1) return [];
  // Rows beyond those of a thread's scores lie beside them.
  const groups = scoreHigh / 4;
  const beside = Math.ceil((split - 1) * sharers / 4);
  const place = (x: string, i: number) => {
    const [aside, group] = [Math.floor((i >> 2) / groups), (i >> 2) % groups];
    return `held[${i & 3}][((${x}) >> 2u) + ${aside * beside}u][(${x}) & 3u][y + ${group * down}u]`;
  };
  const own = range(high).map((i) => `${place(`x - ${sharers}u`, i)} = ${name}${i}_0;`).join(" ");
  return [
    `  if (part > 0u && part < ${split}u) { ${own} }`,
    barrier,
    "  if (part == 0u) {",
    ...range(split - 1).flatMap((p) =>
      range(high).map((i) => `  ${name}${i}_0 += ${place(`x + ${p * sharers}u`, i)};`)
    ),
    "  }",
  ];
}

/** What waits until the parts of a result are added up, and their memory is free again. */
export function combined({ split }: BlockTile): string[] {
  return split > 1 ? [barrier] : [];
}

/** Adds up the parts of a result and stores a thread's rows of it, times a factor: the rows of its scores, or some others. */
export function storeResult(
  d: Draft<BlockTile>,
  name: string,
  out: Result,
  factor: (i: number) => string,
  rows: Partial<StoredRows> = {},
): string[] {
  const { resultQuads, sharers, across } = d.tile;
  const all: StoredRows = {
    first: "row",
    high: d.tile.high,
    extent: d.pass.rows,
    whole: d.pass.rows % d.tile.rows === 0,
    quad: "xo",
    quads: resultQuads,
    quadPitch: sharers,
    ...rows,
  };
  const lines = storeRows(d, name, out, all, factor);
  return [
    ...combine(d.tile, name, all.high),
    ...(sharers === across ? lines : ["  if (part == 0u) {", ...lines, "  }"]),
  ];
}
