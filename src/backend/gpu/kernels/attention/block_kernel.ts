/**
 * What the passes by blocks share: the kernel around them, scores in workgroup memory, and how results leave.
 *
 * A thread at (`x`, `y`) makes scores `s<row>_<quad>` in registers. Scores that are multiplied further go to workgroup memory,
 * `held`, in pieces where that takes less of it, so that more workgroups fit. They are turned on their way there, so that both
 * of a product's operands are read four neighbours at a time. Where a result has fewer quads in a row than there are threads
 * beside each other, its sum is cut into parts, one a thread, which are added up before it is stored.
 *
 * @module
 */
import type { Kernel } from "../writer.ts";
import { type BlockTile, unit } from "./block_tiles.ts";
import { type Draft, finishDraft, scaleOf, type Stored, storeRows } from "./draft.ts";
import type { Result } from "./pass.ts";
import { columnLine, hide } from "./scores.ts";
import { barrier, component, eachQuad, type Lines, range, vec4 } from "./text.ts";

/** A kernel by blocks while it is written. */
export type BlockDraft = Draft<BlockTile>;

/** The kernel whose workgroups do what `body` says. */
export function blockKernel(d: BlockDraft, name: string, body: Lines): Kernel {
  const { rows, sharers, heldDepth, stageDepth, stageWidth } = d.tile;
  const memory = (depth: number, n: number) =>
    `array<array<array<array<vec4<f32>, ${n / 4 + 1}>, ${unit / 4}>, ${depth / unit}>, 4>`;
  d.writer.declare(`var<workgroup> held: ${memory(heldDepth, rows)};
var<workgroup> stage: ${memory(stageDepth, stageWidth)};`);
  return finishDraft(d, name, [`  let xo = x % ${sharers}u;`, `  let part = x / ${sharers}u;`, body]);
}

// ---- scores --------------------------------------------------------------------------------------------------------

/** Scales the scores, adds the mask where there is one, and hides what must not count. */
export function finishScores(d: BlockDraft, masked?: (i: number, j: number) => string): Lines {
  const { high, scoreQuads } = d.tile;
  return [
    range(scoreQuads).map((j) => columnLine(d, j)),
    eachQuad(high, scoreQuads, (i, j) => {
      const added = masked ? ` + ${masked(i, j)}` : "";
      return [`  s${i}_${j} = s${i}_${j} * ${scaleOf(d)}${added};`, ...hide(d, i, j)].join(" ");
    }),
  ];
}

/** Runs a body for every piece of the columns, whose scores are held by then. */
export function byPieces(tile: BlockTile, name: string, body: Lines): Lines {
  const { across, pieces } = tile;
  if (pieces === 1) return ["  { let piece = 0u;", hold(tile, name), body, "  }"];
  return [
    `  for (var piece = 0u; piece < ${pieces}u; piece++) {`,
    [`  if (x / ${across / pieces}u == piece) {`, hold(tile, name), "  }"],
    body,
    "  }",
  ];
}

/** Puts a thread's scores into workgroup memory: columns, and four neighbouring rows in a vector. */
function hold({ high, scoreQuads, across, down, held, pieces }: BlockTile, name: string): string[] {
  return eachQuad(high / 4, scoreQuads, (g, j) => {
    const step = pieces === 1 ? `(x >> 2u) + ${j * across / 4}u` : `(x >> 2u) % ${held / unit}u`;
    return component.map((c, e) => {
      const value = vec4((r) => `${name}${4 * g + r}_${j}.${c}`);
      return `  held[${e}][${step}][x & 3u][y + ${g * down}u] = ${value};`;
    }).join("\n");
  });
}

// ---- results -------------------------------------------------------------------------------------------------------

/** Adds up the parts of results whose sums were cut, in the first part's threads. */
function combine({ split, sharers, down, ...tile }: BlockTile, name: string, high: number): Lines {
  if (split === 1) return [];
  // Rows beyond those of a thread's scores lie beside them.
  const groups = tile.high / 4;
  const beside = Math.ceil((split - 1) * sharers / 4);
  const place = (x: string, i: number) => {
    const [aside, group] = [Math.floor((i >> 2) / groups), (i >> 2) % groups];
    return `held[${i & 3}][((${x}) >> 2u) + ${aside * beside}u][(${x}) & 3u][y + ${group * down}u]`;
  };
  const own = range(high).map((i) => `${place(`x - ${sharers}u`, i)} = ${name}${i}_0;`).join(" ");
  const others = eachQuad(
    split - 1,
    high,
    (p, i) => `  ${name}${i}_0 += ${place(`x + ${p * sharers}u`, i)};`,
  );
  return [`  if (part > 0u && part < ${split}u) { ${own} }`, barrier, "  if (part == 0u) {", others, "  }"];
}

/** What waits until the parts of a result are added up, and their memory is free again. */
export function combined({ split }: BlockTile): Lines {
  return split > 1 && barrier;
}

/** Adds up the parts of a result and stores a thread's rows of it. */
export function storeResult(d: BlockDraft, name: string, out: Result, stored: Stored): Lines {
  const { rows, high, sharers, across } = d.tile;
  const lines = storeRows(d, name, out, { whole: d.pass.rows % rows === 0, ...stored });
  return [
    combine(d.tile, name, stored.high ?? high),
    sharers === across ? lines : ["  if (part == 0u) {", lines, "  }"],
  ];
}
