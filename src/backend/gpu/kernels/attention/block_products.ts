/**
 * The products of attention by blocks: scores from rows and columns, and results from scores that are held in workgroup memory.
 *
 * A product fetches 16 of its sum at a time, each step while the one before is multiplied, and its first while what comes before the
 * product ends: so its text comes in two pieces. Steps of 16 are written out, the rest are loops. Workgroup memory is read by literals
 * and by what is the same in all steps, as in ../tile.ts.
 *
 * @module
 */
import { type Fetch, fetchRows, fetchTurned } from "./block_fetch.ts";
import { type BlockTile, unit } from "./block_tiles.ts";
import { component, grid, range } from "./draft.ts";
import type { Operand } from "./operands.ts";

/** Vectors of what is written out. */
const unitQuads = unit / 4;

/** One product's text: what fetches its first step, and its loop. */
export interface Product {
  readonly start: readonly string[];
  readonly loop: readonly string[];
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
    const reads = [
      ...range(high / 4).map((i) => `let a${i} = held[${e}][part_k][${quad}][y + ${i * down}u];`),
      ...range(scoreQuads).map((j) => `let b${j} = stage[${e}][part_k][${quad}][x + ${j * across}u];`),
    ];
    const sums = grid(
      high,
      scoreQuads,
      (i, j) => `${into}${i}_${j} += a${i >> 2}.${component[i & 3]} * b${j};`,
    );
    return `    { ${[...reads, ...sums].join(" ")} }`;
  });
  return steps(4 * quads, headDepth, { ...fetchTurned(tile, tag, ofRows, ofColumns), compute });
}

/** What the scores held give for the rows: a sum over the block's columns of an operand of theirs. */
export function resultProduct(
  tile: BlockTile,
  [tag, into]: readonly [string, string],
  o: Operand,
): Product {
  const { columns, high, held, down, resultQuads, sharers, resultDepth, pieces } = tile;
  const compute = shared(tile, (quad) =>
    range(4).map((e) => {
      const reads = [
        ...range(high / 4).map((i) => `let a${i} = held[${e}][k_all][${quad}][y + ${i * down}u];`),
        ...range(resultQuads).map((j) => `let b${j} = stage[${e}][part_k][${quad}][xo + ${j * sharers}u];`),
      ];
      const sums = grid(
        high,
        resultQuads,
        (i, j) => `${into}${i}_${j} += a${i >> 2}.${component[i & 3]} * b${j};`,
      );
      return `    { ${[...reads, ...sums].join(" ")} }`;
    }));
  const fetch = fetchRows(tile, tag, o, { first: "c0", block: columns });
  return steps(held, resultDepth, { ...fetch, compute }, { inPieces: pieces > 1 });
}

/** What the scores held give for the columns: a sum over the block's rows of an operand of theirs. */
export function turnedProduct(
  tile: BlockTile,
  [tag, into]: readonly [string, string],
  o: Operand,
): Product {
  const { rows, held, down, resultQuads, sharers, resultDepth } = tile;
  const high = held / down;
  const compute = shared(tile, (quad) => {
    const reads = range(high).map((i) => {
      const at = `(y + ${(i >> 2) * down}u)`;
      const place = high === 2
        ? `[(y & 1u) * 2u + ${i}u][y >> 3u][(y >> 1u) & 3u]`
        : `[${i & 3}][${at} >> 2u][${at} & 3u]`;
      return `let a${i} = held${place}[k_all * ${unitQuads}u + ${quad}];`;
    });
    const sums = range(4).flatMap((e) => [
      ...range(resultQuads).map((j) =>
        `let b${e}_${j} = stage[${e}][part_k][${quad}][xo + ${j * sharers}u];`
      ),
      ...grid(high, resultQuads, (i, j) => `${into}${i}_${j} += a${i}.${component[e]} * b${e}_${j};`),
    ]);
    return [`    { ${[...reads, ...sums].join(" ")} }`];
  });
  return steps(rows, resultDepth, { ...fetchRows(tile, tag, o, { first: "r0", block: rows }), compute });
}

/** A thread's share of what is written out: all of it, or some of its quads where the sum is cut. */
function shared({ across, split, sharers }: BlockTile, text: (quad: string) => string[]): string[] {
  const each = unitQuads / split;
  const lines = range(each).flatMap((l) => text(split === 1 ? `${l}u` : `(part * ${each}u + ${l}u)`));
  const busy = split * sharers;
  return busy === across ? lines : [`    if (x < ${busy}u) {`, ...lines, "    }"];
}

/** A sum over `total`, `depth` of it at a time; `inPieces`, it is the part of the sum that stands in piece `piece`. */
function steps(
  total: number,
  depth: number,
  { start, load, store, compute }: Fetch & { readonly compute: readonly string[] },
  { inPieces = false }: { inPieces?: boolean } = {},
): Product {
  const fetch = (next: string) => [`  { let next = ${next};`, ...load, "  }"];
  const parts = depth / unit;
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
  // One step too many is fetched: it is never used, and no read leaves its buffer.
  const next = fetch(`${inPieces ? `piece * ${total / depth}u + ` : ""}k + 1u`);
  return {
    start: [...start, ...fetch("0u")],
    loop: total === depth && !inPieces ? step([], "") : [
      `  for (var k = 0u; k < ${total / depth}u; k++) {`,
      ...step(next, parts === 1 ? "k + " : `k * ${parts}u + `),
      "  }",
    ],
  };
}
