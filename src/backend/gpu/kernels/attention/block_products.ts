/**
 * The products of attention by blocks: scores from rows and columns, and results from scores that are held in workgroup memory.
 *
 * A product fetches 16 of its sum at a time, each step while the one before is multiplied, and its first while what comes
 * before the product ends: so its text comes in two pieces. Steps of 16 are written out, the rest are loops. Workgroup memory
 * is read by literals and by what is the same in all steps, as in ../tile.ts.
 *
 * @module
 */
import { type Fetch, fetchRows, fetchTurned } from "./block_fetch.ts";
import { type BlockTile, unit } from "./block_tiles.ts";
import type { Operand } from "./operands.ts";
import { accumulators, component, eachQuad, type Lines, ofRow, range } from "./text.ts";

/** Vectors of what is written out. */
const unitQuads = unit / 4;

/** One product's text: what fetches its first step, and its sums and their loop. */
export interface Product {
  readonly start: Lines;
  readonly loop: Lines;
}

/** The scores of rows and columns: a sum over the head. */
export function scoreProduct(
  tile: BlockTile,
  [tag, into]: readonly [string, string],
  ofRows: Operand,
  ofColumns: Operand,
): Product {
  const { high, scoreQuads, down, across, quads, headDepth } = tile;
  const compute = range(unit).map((k) => {
    const [e, quad] = [k & 3, k >> 2];
    return block(
      range(high / 4).map((i) => `let a${i} = held[${e}][part_k][${quad}][y + ${i * down}u];`),
      range(scoreQuads).map((j) => `let b${j} = stage[${e}][part_k][${quad}][x + ${j * across}u];`),
      eachQuad(high, scoreQuads, (i, j) => `${into}${i}_${j} += ${ofRow("a", i)} * b${j};`),
    );
  });
  const fetch = fetchTurned(tile, tag, ofRows, ofColumns);
  return product(4 * quads, headDepth, fetch, { sums: accumulators(into, high, scoreQuads), compute });
}

/** What the scores held give for the rows: a sum over the tile's columns of an operand of theirs. */
export function resultProduct(tile: BlockTile, [tag, into]: readonly [string, string], o: Operand): Product {
  const { columns, high, held, down, resultQuads, sharers, resultDepth, pieces } = tile;
  const compute = shared(tile, (quad) =>
    range(4).map((e) =>
      block(
        range(high / 4).map((i) => `let a${i} = held[${e}][k_all][${quad}][y + ${i * down}u];`),
        range(resultQuads).map((j) => `let b${j} = stage[${e}][part_k][${quad}][xo + ${j * sharers}u];`),
        eachQuad(high, resultQuads, (i, j) => `${into}${i}_${j} += ${ofRow("a", i)} * b${j};`),
      )
    ));
  const fetch = fetchRows(tile, tag, o, { first: "c0", block: columns });
  return product(held, resultDepth, fetch, { compute, inPieces: pieces > 1 });
}

/** How many rows of a turned product a thread makes of the columns held. */
export function turnedHigh({ held, down }: BlockTile): number {
  return held / down;
}

/** What the scores held give for the columns: a sum over the tile's rows of an operand of theirs. */
export function turnedProduct(tile: BlockTile, [tag, into]: readonly [string, string], o: Operand): Product {
  const { rows, down, resultQuads, sharers, resultDepth } = tile;
  const high = turnedHigh(tile);
  const place = (i: number) => {
    if (high === 2) return `[(y & 1u) * 2u + ${i}u][y >> 3u][(y >> 1u) & 3u]`;
    const at = `(y + ${(i >> 2) * down}u)`;
    return `[${i & 3}][${at} >> 2u][${at} & 3u]`;
  };
  const compute = shared(tile, (quad) => [block(
    range(high).map((i) => `let a${i} = held${place(i)}[k_all * ${unitQuads}u + ${quad}];`),
    range(4).flatMap((e) => [
      ...range(resultQuads).map((j) =>
        `let b${e}_${j} = stage[${e}][part_k][${quad}][xo + ${j * sharers}u];`
      ),
      ...eachQuad(high, resultQuads, (i, j) => `${into}${i}_${j} += a${i}.${component[e]} * b${e}_${j};`),
    ]),
  )]);
  const fetch = fetchRows(tile, tag, o, { first: "r0", block: rows });
  return product(rows, resultDepth, fetch, { sums: accumulators(into, high, resultQuads), compute });
}

function block(...statements: readonly (readonly string[])[]): string {
  return `    { ${statements.flat().join(" ")} }`;
}

/** A thread's share of what is written out: all of it, or some of its quads where the sum is cut. */
function shared({ across, split, sharers }: BlockTile, text: (quad: string) => string[]): string[] {
  const each = unitQuads / split;
  const lines = range(each).flatMap((l) => text(split === 1 ? `${l}u` : `(part * ${each}u + ${l}u)`));
  const busy = split * sharers;
  return busy === across ? lines : [`    if (x < ${busy}u) {`, ...lines, "    }"];
}

/** A sum over `total`, `depth` of it at a time; `inPieces`, it is the part of the sum that stands in piece `piece`. */
function product(
  total: number,
  depth: number,
  { start, load, store }: Fetch,
  { sums, compute, inPieces = false }: { sums?: Lines; compute: readonly string[]; inPieces?: boolean },
): Product {
  const fetch = (next: string): Lines => [`  { let next = ${next};`, load, "  }"];
  const parts = depth / unit;
  const step = (next: Lines, at: string): Lines => [
    store,
    "    workgroupBarrier();",
    next,
    parts === 1 ? "    { let part_k = 0u;" : `    for (var part_k = 0u; part_k < ${parts}u; part_k++) {`,
    `    let k_all = ${at}part_k;`,
    compute,
    "    }",
    "    workgroupBarrier();",
  ];
  // One step too many is fetched: it is never used, and no read leaves its buffer.
  const next = fetch(`${inPieces ? `piece * ${total / depth}u + ` : ""}k + 1u`);
  const steps = total === depth && !inPieces ? step([], "") : [
    `  for (var k = 0u; k < ${total / depth}u; k++) {`,
    step(next, parts === 1 ? "k + " : `k * ${parts}u + `),
    "  }",
  ];
  return { start: [start, fetch("0u")], loop: [sums, steps] };
}
