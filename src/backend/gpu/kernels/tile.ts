/**
 * The text of one tiled product: which thread copies what to workgroup memory, and what it multiplies there.
 *
 * What makes it fast on an H100 (bench/tune_matmul.ts; figures in bench/results/matmul_h100.md):
 *
 * - The inner loops are written out and the accumulators are separate variables: naga bounds every loop with a counter, and
 *   drivers then neither unroll it nor keep arrays in registers (wgpu issue 7698). Without this 14 times slower.
 * - Workgroup memory is an array of arrays whose outer indices are literals: naga then clamps only the index within a row,
 *   which is the same in every step, so it is clamped once and not with every read. With the next point 33 became 42 TFLOP/s.
 * - The next tile is on its way to registers while this one is multiplied. Where registers are left it is read without asking
 *   whether there is one, which lets a compiler mix the reads with the arithmetic: 42 became 44.
 * - A tile that lies along the inner dimension is turned on the way, in squares of four by four: 4 to 6% less time than
 *   element by element.
 *
 * Where both operands are f16 a tile may multiply them as packed halves: two products an instruction, where f32 makes one. A
 * step's `depth` products are added up in f16 and the step's sum to an f32 accumulator, so what is lost does not grow with the
 * inner dimension. On an H200 (bench/tune_matmul.ts --f16; figures in
 * bench/results/half_products.md):
 *
 * - Operands that change give 79 TFLOP/s, f32 51; where one number of a pair has to be spread over both lanes first, 61. So the
 *   first operand lies in workgroup memory with every number twice: 49 became 56 TFLOP/s at 2048 x 3072 x 768.
 * - Pairs along the inner dimension need twice as many accumulators: 51. Pairs crossed (a0 b0, a1 b1 and a0 b1, a1 b0): 40.
 *
 * @module
 */
import type { Lanes } from "./wgsl.ts";

/** A workgroup makes `rows` x `columns` results in steps of `depth`; each thread `high` x `wide` of them. */
export interface Tile {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly high: number;
  readonly wide: number;
  /**
   * When the next tile is read: `late`, when it is needed (the shortest text); `ahead`, while this one is multiplied; `eager`,
   * likewise, and once too often.
   */
  readonly reads: "late" | "ahead" | "eager";
  /** Operands, both f16, are multiplied as packed halves, and a step's products added up in f16. */
  readonly halves?: boolean;
}

/** One operand: how far it is from one element to the next along the result's dimension and along the inner one. */
export interface TileOperand {
  /** The binding's name. */
  readonly name: string;
  readonly dtype: "f32" | "f16";
  readonly outer: number;
  readonly inner: number;
  /** Which dimension four neighbours are read along. */
  readonly along: "outer" | "inner";
  /** How many of them one read takes. */
  readonly lanes: Lanes;
  /** Where it starts, as text. */
  readonly base: string;
}

/**
 * How results are put: so many rows at once, and by a loop, so that what `put` does is in the kernel once, or one after the
 * other.
 */
export interface Puts {
  readonly rows: number;
  readonly loop: boolean;
}

/** Columns from one four of a thread's results in a row to the next. */
export function pieceStep(tile: Tile): number {
  return tile.columns / tile.wide * 4;
}

/** Threads of a workgroup. */
export function threadsOf(tile: Tile): number {
  return tile.columns / tile.wide * (tile.rows / tile.high);
}

/** Bytes of workgroup memory it takes, at most. */
export function bytesOf(tile: Tile): number {
  const { rows, columns, depth, halves } = tile;
  const pad = padOf(tile);
  return halves ? 8 * depth * (rows / 2 + columns / 4 + 2 * pad) : 4 * depth * (rows + columns + 8 * pad);
}

/**
 * Declarations and statements. The statements use `t` (the thread), `m0` and `n0` (the tile's first row and column), `begin` and
 * `end` (of the inner dimension, which has `depth` elements in all), and call `put(out, row, column, c0, c1, ...)` with all
 * results of a thread in a row or in some rows below each other, also those outside: four neighbours a piece, the next
 * piece of a row `pieceStep(tile)` columns on.
 */
export function tileText(
  tile: Tile,
  a: TileOperand,
  b: TileOperand,
  depth: number,
  puts: Puts = { rows: 1, loop: false },
): { readonly declarations: string; readonly body: string } {
  const guarded = depth % tile.depth !== 0;
  const copies = [copyOf("a", tile, a, guarded), copyOf("b", tile, b, guarded)];
  const [setup, load, store] = (["setup", "load", "store"] as const).map((k) =>
    copies.map((c) => c[k]).join("\n")
  );
  const compute = computeText(tile, copies[0].place, copies[1].place);
  const loop = `for (var k0 = begin; k0 < end; k0 += ${tile.depth}u) {`;
  const steps = tile.reads === "late"
    ? `  ${loop}
    let next = k0;
${load}
${store}
    workgroupBarrier();
${compute}
    workgroupBarrier();
  }`
    : `  var next = begin;
${load}
  ${loop}
${store}
    workgroupBarrier();
    next = k0 + ${tile.depth}u;
    ${tile.reads === "eager" ? "" : "if (next < end) "}{
${load}
    }
${compute}
    workgroupBarrier();
  }`;
  const across = tile.columns / tile.wide;
  return {
    declarations: copies.map((c) => c.declaration).join("\n"),
    body: `  let x = t % ${across}u;
  let y = t / ${across}u;
${accumulatorText(tile)}
${setup}
${steps}
${putsText(tile, puts)}`,
  };
}

/** Pieces of four that pad a row where a warp stores along the inner dimension, so that its stores hit different banks. */
function padOf({ depth, halves }: Tile): number {
  return halves ? 4 : Math.max(1, 32 / depth);
}

interface Copy {
  readonly declaration: string;
  /** Variables that outlive a step. */
  readonly setup: string;
  /** Reads the tile of the step that begins at `next` into registers. */
  readonly load: string;
  /** Puts it into workgroup memory. */
  readonly store: string;
  /** Workgroup memory's row `k`, as text. */
  readonly place: (k: number) => string;
}

function copyOf(which: "a" | "b", tile: Tile, o: TileOperand, guarded: boolean): Copy {
  const outer = which === "a" ? tile.rows : tile.columns;
  const first = which === "a" ? "m0" : "n0";
  const threads = threadsOf(tile);
  const { depth } = tile;
  const across = outer / 4;
  const inner = o.along === "inner";
  const square = inner && outer * depth / 16 % threads === 0;
  const units = outer * depth / (square ? 16 : 4);
  // Rows of workgroup memory are numbered by a literal and by what is left.
  const step = threads / across;
  const regular = Number.isInteger(step) && depth % step === 0;
  const per = inner ? depth / 4 : regular ? step : depth;
  const type = tile.halves ? "f16" : "f32";
  // Every number of the first operand lies there twice where pairs are multiplied.
  const twice = tile.halves && which === "a";
  const width = across * (twice ? 2 : 1) + (inner ? padOf(tile) : 0);
  const name = `tile_${which}`;
  const parts: Record<"setup" | "load" | "store", string[]> = { setup: [], load: [], store: [] };
  for (let round = 0; round * threads < units; round++) {
    const v = `${which}${round}`;
    const q = round === 0 ? "t" : `(t + ${round * threads}u)`;
    const only = (round + 1) * threads <= units ? "" : `if (${q} < ${units}u) `;
    const [l, k] = inner
      ? [`${q} / ${depth / 4}u${square ? " * 4u" : ""}`, `${q} % ${depth / 4}u * 4u`]
      : [`${q} % ${across}u * 4u`, `${q} / ${across}u`];
    const reads = (square ? [0, 1, 2, 3] : [0]).map((down) => ({ register: `r_${v}_${down}`, down }));
    const start = [o.base, term(`(${first} + l_${v})`, o.outer), term(`k_${v}`, o.inner)].join(" + ");
    parts.setup.push(`  let l_${v} = ${l}; let k_${v} = ${k};\n  let p_${v} = ${start};`);
    for (const { register } of reads) parts.setup.push(`  var ${register} = vec4<${o.dtype}>();`);
    const loads = reads.map(({ register, down }) => `${register} = ${read(o, v, down)};`);
    parts.load.push(`    ${only}{ ${loads.join("\n      ")} }`);
    const values = reads.map(({ register }, d) => `let s${d} = ${kept(o, v, register, guarded, type)};`);
    const row = regular ? `[${round}][t / ${across}u]` : `[0][k_${v}]`;
    const put = twice ? putTwice : putOnce;
    const stores = !inner
      ? [put(`${name}${row}`, `${q} % ${across}u`, "s0")]
      : ["x", "y", "z", "w"].map((c, j) => {
        const line = `${name}[${j}][k_${v} / 4u]`;
        if (square) {
          return put(line, `l_${v} / 4u`, `vec4<${type}>(s0.${c}, s1.${c}, s2.${c}, s3.${c})`);
        }
        if (!twice) return `${line}[l_${v} / 4u][l_${v} % 4u] = s0.${c};`;
        return [0, 1].map((n) => `${line}[l_${v} / 2u][l_${v} % 2u * 2u + ${n}u] = s0.${c};`).join(" ");
      });
    parts.store.push(`    ${only}{ ${[...values, ...stores].join("\n      ")} }`);
  }
  return {
    declaration: `var<workgroup> ${name}: array<array<array<vec4<${type}>, ${width}>, ${per}>, ${
      depth / per
    }>;`,
    setup: parts.setup.join("\n"),
    load: parts.load.join("\n"),
    store: parts.store.join("\n"),
    place: (k) => inner ? `${name}[${k % 4}][${k >> 2}]` : `${name}[${Math.floor(k / per)}][${k % per}]`,
  };
}

/** Puts four numbers into a row of workgroup memory. */
function putOnce(row: string, at: string, value: string): string {
  return `${row}[${at}] = ${value};`;
}

/** Likewise, each of them twice. */
function putTwice(row: string, at: string, value: string): string {
  return `{ let s = ${value}; ${row}[${at} * 2u] = s.xxyy; ${row}[${at} * 2u + 1u] = s.zzww; }`;
}

/**
 * Four neighbours of the step that begins at `next`, as they are stored. What lies outside is read too: WebGPU lets no read
 * leave its buffer, rows and columns outside only reach results outside, and what is beyond the inner dimension is dropped
 * by `kept`.
 */
function read(o: TileOperand, v: string, down: number): string {
  const at = `p_${v} + ${term("next", o.inner)}${down === 0 ? "" : ` + ${down * o.outer}u`}`;
  if (o.lanes === 4) return `${o.name}[(${at}) >> 2u]`;
  const step = o.along === "outer" ? o.outer : o.inner;
  return `vec4<${o.dtype}>(${[0, 1, 2, 3].map((j) => `${o.name}[${at} + ${j * step}u]`).join(", ")})`;
}

/** What was read, as it is multiplied, and zero beyond the inner dimension. */
function kept(o: TileOperand, v: string, register: string, guarded: boolean, type: "f32" | "f16"): string {
  const value = o.dtype === type ? register : `vec4<${type}>(${register})`;
  if (!guarded) return value;
  const inside = o.along === "outer"
    ? `k_${v} + k0 < end`
    : `vec4<u32>(k_${v} + k0) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(end)`;
  return `select(vec4<${type}>(), ${value}, ${inside})`;
}

function term(index: string, stride: number): string {
  return stride === 0 ? "0u" : stride === 1 ? index : `${index} * ${stride}u`;
}

function accumulatorText(tile: Tile): string {
  return pieces(tile, (i, j) => `  var c${i}_${j} = vec4<f32>();`).join("\n");
}

function computeText(tile: Tile, a: (k: number) => string, b: (k: number) => string): string {
  if (tile.halves) return halvesText(tile, a, b);
  const [down, across] = [tile.rows / tile.high, tile.columns / tile.wide];
  const plus = (d: number) => d === 0 ? "" : ` + ${d}u`;
  return Array.from({ length: tile.depth }, (_, k) => {
    const reads: string[] = [];
    for (let i = 0; i < tile.high / 4; i++) reads.push(`let a${i} = ${a(k)}[y${plus(i * down)}];`);
    for (let j = 0; j < tile.wide / 4; j++) reads.push(`let b${j} = ${b(k)}[x${plus(j * across)}];`);
    const products = pieces(tile, (i, j) => `      c${i}_${j} += a${i >> 2}.${"xyzw"[i & 3]} * b${j};`);
    return `    { ${reads.join(" ")}\n${products.join("\n")}\n    }`;
  }).join("\n");
}

/** The same with two products at a time: sums of a step in f16, then in f32. */
function halvesText(tile: Tile, a: (k: number) => string, b: (k: number) => string): string {
  const [down, across] = [tile.rows / tile.high, tile.columns / tile.wide];
  const sums = (text: (sum: string, i: number, j: number, pair: string) => string) =>
    pieces(tile, (i, j) => `      ${text(`h${i}_${j}_xy`, i, j, "xy")} ${text(`h${i}_${j}_zw`, i, j, "zw")}`)
      .join("\n");
  const steps = Array.from({ length: tile.depth }, (_, k) => {
    const reads: string[] = [];
    for (let i = 0; i < tile.high / 2; i++) {
      reads.push(`let a${i} = ${a(k)}[y * 2u + ${(i >> 1) * down * 2 + (i & 1)}u];`);
    }
    for (let j = 0; j < tile.wide / 4; j++) reads.push(`let b${j} = ${b(k)}[x + ${j * across}u];`);
    const products = sums((sum, i, j, pair) =>
      `${sum} += a${i >> 1}.${i & 1 ? "zw" : "xy"} * b${j}.${pair};`
    );
    return `    { ${reads.join(" ")}\n${products}\n    }`;
  });
  const added = pieces(
    tile,
    (i, j) => `      c${i}_${j} += vec4<f32>(vec4<f16>(h${i}_${j}_xy, h${i}_${j}_zw));`,
  );
  return `    {
${sums((sum) => `var ${sum} = vec2<f16>();`)}
${steps.join("\n")}
${added.join("\n")}
    }`;
}

function putsText(tile: Tile, { rows, loop }: Puts): string {
  const down = 4 * tile.rows / tile.high;
  const groups = Array.from({ length: tile.high / rows }, (_, g) => {
    const names: string[] = [];
    for (let i = g * rows; i < (g + 1) * rows; i++) {
      for (let j = 0; j < tile.wide / 4; j++) names.push(`c${i}_${j}`);
    }
    return names;
  });
  if (!loop) {
    return groups.map((names, g) => {
      const row = (g * rows >> 2) * down + (g * rows & 3);
      return `  put(out, m0 + y * 4u + ${row}u, n0 + x * 4u, ${names.join(", ")});`;
    }).join("\n");
  }
  // A switch, since registers cannot be indexed.
  const chosen = groups[0].map((_, n) => `d${n}`);
  const cases = groups.map((names, g) =>
    `      case ${g}u: { ${names.map((name, n) => `d${n} = ${name};`).join(" ")} }`
  );
  return `  for (var g = 0u; g < ${groups.length}u; g++) {
${chosen.map((d) => `    var ${d} = vec4<f32>();`).join("\n")}
    switch g {
${cases.join("\n")}
      default: { }
    }
    let row = g * ${rows}u / 4u * ${down}u + g * ${rows}u % 4u;
    put(out, m0 + y * 4u + row, n0 + x * 4u, ${chosen.join(", ")});
  }`;
}

/** For each row of a thread and each four of its columns. */
function pieces(tile: Tile, text: (i: number, j: number) => string): string[] {
  const lines: string[] = [];
  for (let i = 0; i < tile.high; i++) for (let j = 0; j < tile.wide / 4; j++) lines.push(text(i, j));
  return lines;
}
