/**
 * The text of one tiled product of 8-bit levels: which thread copies what to workgroup memory, and what it multiplies there.
 *
 * As in tile.ts, whose header says why: inner loops are written out, accumulators are separate variables, the outer indices of
 * workgroup memory are literals, and the next tile is on its way to registers while this one is multiplied. What differs is
 * that one element is a word of four levels, and that a workgroup's memory holds one of them where f32 would hold four: reads
 * of it are a quarter as many for each multiplication, and the dot unit is what bounds a large product.
 *
 * @module
 */
import type { Lanes } from "./wgsl.ts";

/** A workgroup makes `rows` x `columns` results in steps of `depth` words; each thread `high` x `wide` of them. */
export interface Int8Tile {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly high: number;
  readonly wide: number;
}

/** One operand, words of which `load(i)` reads one, or four neighbours. */
export interface Int8Operand {
  /** The name of the function that reads it. */
  readonly load: string;
  readonly lanes: Lanes;
}

/** Threads of a workgroup. */
export function int8Threads({ rows, columns, high, wide }: Int8Tile): number {
  return rows / high * (columns / wide);
}

/** Bytes of workgroup memory it takes. */
export function int8Bytes({ rows, columns, depth }: Int8Tile): number {
  return 4 * depth * (rows + columns + 4);
}

/** Columns from one four of a thread's results in a row to the next. */
export function int8PieceStep({ columns, wide }: Int8Tile): number {
  return columns / wide * 4;
}

/**
 * Declarations and statements of a product of `[rows, inner]` and `[inner, columns]` words. The statements use `t` (the
 * thread), `m0` and `n0` (the tile's first row and column), `begin` and `end` (of the inner dimension), and leave a thread's
 * results in `h0_0`, `h0_1`, ...: of row `m0 + y * 4 + (i >> 2) * 4 * rows / high + (i & 3)` and, four columns a piece, from
 * column `n0 + x * 4` on.
 */
export function int8TileText(
  tile: Int8Tile,
  a: Int8Operand,
  b: Int8Operand,
  { inner, columns, dot }: { readonly inner: number; readonly columns: number; readonly dot: string },
): { readonly declarations: string; readonly body: string } {
  const across = tile.columns / tile.wide;
  const guarded = inner % tile.depth !== 0;
  const copies = [copyOfRows(tile, a, inner, guarded), copyOfColumns(tile, b, columns, guarded)];
  const [declarations, setup, load, store] = (["declaration", "setup", "load", "store"] as const).map((
    part,
  ) => copies.map((c) => c[part]).join("\n"));
  const sums: string[] = [];
  for (let i = 0; i < tile.high; i++) {
    sums.push("  " + Array.from({ length: tile.wide }, (_, j) => `var h${i}_${j} = 0i;`).join(" "));
  }
  return {
    declarations,
    body: `  let x = t % ${across}u;
  let y = t / ${across}u;
${sums.join("\n")}
${setup}
  var next = begin;
${load}
  for (var k0 = begin; k0 < end; k0 += ${tile.depth}u) {
${store}
    workgroupBarrier();
    next = k0 + ${tile.depth}u;
${load}
${products(tile, dot)}
    workgroupBarrier();
  }`,
  };
}

interface Copy {
  readonly declaration: string;
  /** Variables that outlive a step. */
  readonly setup: string;
  /** Reads the tile of the step that begins at `next` into registers. */
  readonly load: string;
  /** Puts it into workgroup memory. */
  readonly store: string;
}

/** Rows lie along the inner dimension: they are turned on the way, in squares of four rows by four words. */
function copyOfRows(tile: Int8Tile, a: Int8Operand, inner: number, guarded: boolean): Copy {
  const threads = int8Threads(tile);
  const [across, fours] = [tile.rows / 4, tile.depth / 4];
  const parts: Record<"setup" | "load" | "store", string[]> = { setup: [], load: [], store: [] };
  for (let round = 0; round * threads < across * fours; round++) {
    const q = round === 0 ? "t" : `(t + ${round * threads}u)`;
    const only = (round + 1) * threads <= across * fours ? "" : `if (${q} < ${across * fours}u) `;
    const v = `a${round}`;
    const registers = [0, 1, 2, 3].map((down) => `r_${v}_${down}`);
    parts.setup.push(
      `  let k_${v} = ${q} % ${fours}u;`,
      `  let l_${v} = ${q} / ${fours}u;`,
      `  let p_${v} = (m0 + l_${v} * 4u) * ${inner}u + k_${v} * 4u;`,
      ...registers.map((r) => `  var ${r} = vec4<u32>();`),
    );
    const reads = registers.map((r, down) => `${r} = ${fourWords(a, `p_${v} + next + ${down * inner}u`)};`);
    parts.load.push(`    ${only}{ ${reads.join(" ")} }`);
    const inside = `vec4<u32>(k0 + k_${v} * 4u) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(end)`;
    const values = registers.map((r, down) => `let s${down} = ${kept(r, guarded ? inside : undefined)};`);
    const stores = ["x", "y", "z", "w"].map((c, j) =>
      `levels_a[${j}][k_${v}][l_${v}] = vec4<u32>(s0.${c}, s1.${c}, s2.${c}, s3.${c});`
    );
    parts.store.push(`    ${only}{ ${[...values, ...stores].join("\n      ")} }`);
  }
  // One four more in a row, so that a warp's stores hit different banks.
  return {
    declaration: `var<workgroup> levels_a: array<array<array<vec4<u32>, ${across + 1}>, ${fours}>, 4>;`,
    ...joined(parts),
  };
}

/** Columns lie side by side, as they are multiplied. */
function copyOfColumns(tile: Int8Tile, b: Int8Operand, columns: number, guarded: boolean): Copy {
  const threads = int8Threads(tile);
  const across = tile.columns / 4;
  const units = across * tile.depth;
  const step = columnStep(tile);
  const parts: Record<"setup" | "load" | "store", string[]> = { setup: [], load: [], store: [] };
  for (let round = 0; round * threads < units; round++) {
    const q = round === 0 ? "t" : `(t + ${round * threads}u)`;
    const only = (round + 1) * threads <= units ? "" : `if (${q} < ${units}u) `;
    const v = `b${round}`;
    parts.setup.push(
      `  let k_${v} = ${q} / ${across}u;`,
      `  let p_${v} = k_${v} * ${columns}u + n0 + ${q} % ${across}u * 4u;`,
      `  var r_${v} = vec4<u32>();`,
    );
    parts.load.push(`    ${only}{ r_${v} = ${fourWords(b, `p_${v} + next * ${columns}u`)}; }`);
    const at = step === tile.depth ? `[0][k_${v}]` : `[${round}][t / ${across}u]`;
    const value = kept(`r_${v}`, guarded ? `k0 + k_${v} < end` : undefined);
    parts.store.push(`    ${only}{ levels_b${at}[${q} % ${across}u] = ${value}; }`);
  }
  return {
    declaration: `var<workgroup> levels_b: array<array<array<vec4<u32>, ${across}>, ${step}>, ${
      tile.depth / step
    }>;`,
    ...joined(parts),
  };
}

/** Rows of the second tile that all threads together copy at once, or all of them where that comes out uneven. */
function columnStep(tile: Int8Tile): number {
  const step = int8Threads(tile) / (tile.columns / 4);
  return Number.isInteger(step) && tile.depth % step === 0 ? step : tile.depth;
}

function joined(parts: Record<"setup" | "load" | "store", string[]>): Omit<Copy, "declaration"> {
  return { setup: parts.setup.join("\n"), load: parts.load.join("\n"), store: parts.store.join("\n") };
}

/** Four words from an index on. What lies outside is read too: WebGPU lets no read leave its buffer. */
function fourWords({ load, lanes }: Int8Operand, at: string): string {
  if (lanes === 4) return `${load}(${at})`;
  return `vec4<u32>(${[0, 1, 2, 3].map((j) => `${load}(${at} + ${j}u)`).join(", ")})`;
}

/** What was read, and zero beyond the inner dimension. */
function kept(register: string, inside?: string): string {
  return inside ? `select(vec4<u32>(), ${register}, ${inside})` : register;
}

/**
 * Multiplies the tile in workgroup memory, two words at a time: a compiler that does not make one instruction of a dot
 * product and a sum at least makes one of two sums.
 */
function products(tile: Int8Tile, dot: string): string {
  const [across, down] = [tile.columns / tile.wide, tile.rows / tile.high];
  const plus = (d: number) => d === 0 ? "" : ` + ${d}u`;
  const step = columnStep(tile);
  const lines: string[] = [];
  for (let first = 0; first < tile.depth; first += 2) {
    const [a, b] = [tile.high / 4, tile.wide / 4];
    const reads = [first, first + 1].flatMap((k, w) => [
      ...Array.from(
        { length: a },
        (_, i) => `let a${w}_${i} = levels_a[${k % 4}][${k >> 2}][y${plus(i * down)}];`,
      ),
      ...Array.from(
        { length: b },
        (_, j) => `let b${w}_${j} = levels_b[${Math.floor(k / step)}][${k % step}][x${plus(j * across)}];`,
      ),
    ]);
    lines.push(`    { ${reads.join(" ")}`);
    for (let i = 0; i < tile.high; i++) {
      for (let j = 0; j < tile.wide; j++) {
        const dots = [0, 1].map((w) =>
          `${dot}(a${w}_${i >> 2}.${"xyzw"[i & 3]}, b${w}_${j >> 2}.${"xyzw"[j & 3]})`
        );
        lines.push(`      h${i}_${j} += ${dots.join(" + ")};`);
      }
    }
    lines.push("    }");
  }
  return lines.join("\n");
}
