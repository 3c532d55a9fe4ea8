/**
 * What the passes by streams share: the kernel around them, copying tiles to workgroup memory, and products.
 *
 * A workgroup keeps the rows it works for in workgroup memory, and of the columns one tile at a time, `stage`, which is
 * overwritten with what the next product needs. Scores that are multiplied further go to workgroup memory as well. Threads
 * form teams beside each other, and a team makes a few neighbouring rows.
 *
 * @module
 */
import type { Kernel } from "../writer.ts";
import { columnsAt, type Draft, finishDraft, scaleOf } from "./draft.ts";
import type { Operand } from "./operands.ts";
import { columnLine, hide, type Mask } from "./scores.ts";
import type { StreamTile } from "./stream_tiles.ts";
import { accumulators, component, eachQuad, type Lines, range, vec4, zeroUnless } from "./text.ts";

/** A kernel by streams while it is written. */
export type StreamDraft = Draft<StreamTile>;

/** The kernel whose workgroups do what `body` says. */
export function streamKernel(d: StreamDraft, name: string, body: Lines): Kernel {
  const { rows, high, across, columns, padding } = d.tile;
  const { width, kept } = d.pass;
  const teams = rows / high;
  const declare = (of: string, row: number, count: number) =>
    d.writer.declare(`var<workgroup> ${of}: array<array<vec4<f32>, ${row}>, ${count}>;`);
  for (const k of range(kept)) declare(`kept${k}`, high * width / 4 + padding, teams);
  declare("scores", high * columns / 4 + padding, teams);
  declare("stage", across, columns * width / 4 / across);
  return finishDraft(d, name, body);
}

// ---- copies --------------------------------------------------------------------------------------------------------

/** Copies the rows that this workgroup keeps to `kept<index>`, times the scale where `scaled`. */
export function fillKept(d: StreamDraft, index: number, o: Operand, { scaled = false } = {}): string {
  const { rows, high } = d.tile;
  const quads = d.pass.width / 4;
  const value = readQuad(d, o, { row: `(r0 + r)`, quad: "q", block: rows, scaled });
  const place = `kept${index}[r / ${high}u][r % ${high}u * ${quads}u + q]`;
  return eachUnit(d, rows * quads, `let r = u / ${quads}u; let q = u % ${quads}u; ${place} = ${value};`);
}

/** Copies a tile of columns to `stage` as they lie: four neighbours of the head in a vector. */
export function fill(d: StreamDraft, o: Operand, { scaled = false } = {}): string {
  const { columns, across } = d.tile;
  const quads = d.pass.width / 4;
  const place = { row: `(c0 + u / ${quads}u)`, quad: `(u % ${quads}u)`, block: columns, scaled };
  const value = readQuad(d, o, place);
  return eachUnit(d, columns * quads, `stage[u / ${across}u][u % ${across}u] = ${value};`);
}

/** Copies a tile of columns to `stage`, turned: four neighbouring columns in a vector. */
export function fillTurned(d: StreamDraft, o: Operand, { scaled = false } = {}): string {
  const { columns, across, scoreQuads } = d.tile;
  const quads = d.pass.width / 4;
  // Two threads beside each other read 32 bytes of a row, and the others neighbouring columns, which lie in different banks.
  const pair = quads % 2 === 0 ? 2 : 1;
  const statements = [
    `let c = (u / ${pair}u) % ${columns / 4}u;`,
    `let q = u / ${pair * columns / 4}u * ${pair}u + u % ${pair}u;`,
    ...range(4).map((r) =>
      `let e${r} = ${readQuad(d, o, { row: `(c0 + c * 4u + ${r}u)`, quad: "q", block: columns, scaled })};`
    ),
    ...component.map((c, e) =>
      `stage[(q * 4u + ${e}u) * ${scoreQuads}u + c / ${across}u][c % ${across}u] = ` +
      `${vec4((r) => `e${r}.${c}`)};`
    ),
  ];
  return eachUnit(d, columns / 4 * quads, statements.join(" "));
}

/** Four neighbours of a row, zeros beyond the last one, where tiles have `block` rows. */
function readQuad(
  d: Draft,
  { name, strides, extent }: Operand,
  { row, quad, block, scaled }: { row: string; quad: string; block: number; scaled: boolean },
): string {
  const factor = scaled ? ` * ${scaleOf(d)}` : "";
  const read = (r: string) =>
    `load_${name}(base_${name} + ${r} * ${strides[1]}u + ${quad} * ${4 * strides[2]}u)${factor}`;
  if (extent % block === 0) return read(row);
  return zeroUnless(`${row} < ${extent}u`, read(`min(${row}, ${extent - 1}u)`));
}

/** Runs a body for every unit `u` of work, shared among the threads. */
function eachUnit(d: Draft, units: number, body: string): string {
  const { threads } = d.tile;
  if (d.lowering.software) return `  for (var u = t; u < ${units}u; u += ${threads}u) { ${body} }`;
  return range(Math.ceil(units / threads)).map((round) => {
    const guard = (round + 1) * threads > units ? `if (t + ${round * threads}u < ${units}u) ` : "";
    return `  ${guard}{ let u = t + ${round * threads}u; ${body} }`;
  }).join("\n");
}

// ---- products ------------------------------------------------------------------------------------------------------

/** Declares scores and makes them of the rows in `kept<index>` and the staged columns. */
export function scoreProduct(d: StreamDraft, into: string, index: number): Lines {
  const { high, scoreQuads } = d.tile;
  const depth = d.pass.width;
  return [accumulators(into, high, scoreQuads), product(d, into, `kept${index}`, depth, scoreQuads)];
}

/** Adds to a result what the scores in workgroup memory give of the staged columns. */
export function resultProduct(d: StreamDraft, into: string): Lines {
  return product(d, into, "scores", d.tile.columns, d.tile.resultQuads);
}

/** Adds a product with a sum over `depth`, written out unless the compiler is a CPU's. */
function product(d: StreamDraft, into: string, rows: string, depth: number, quads: number): Lines {
  const { high } = d.tile;
  const steps = depth / 4;
  const step = (a: (i: number) => string, b: (e: number, j: number) => string) => {
    const loads = range(high).map((i) => `let a${i} = ${rows}[y][${a(i)}];`);
    const sums = range(4).flatMap((e) => [
      ...range(quads).map((j) => `let b${e}_${j} = stage[${b(e, j)}][x];`),
      ...eachQuad(high, quads, (i, j) => `${into}${i}_${j} += a${i}.${component[e]} * b${e}_${j};`),
    ]);
    return `  { ${[...loads, ...sums].join(" ")} }`;
  };
  if (d.lowering.software) {
    const body = step((i) => `${i * steps}u + k`, (e, j) => `k * ${4 * quads}u + ${e * quads + j}u`);
    return `  for (var k = 0u; k < ${steps}u; k++) ${body}`;
  }
  return range(steps).map((k) => step((i) => `${i * steps + k}u`, (e, j) => `${(4 * k + e) * quads + j}u`));
}

// ---- scores and results --------------------------------------------------------------------------------------------

/** Adds the mask where there is one, and hides what must not count. */
export function finishScores(d: StreamDraft, mask: Mask | undefined): Lines {
  return range(d.tile.scoreQuads).map((j) => [
    columnLine(d, j),
    mask?.quadLine(j),
    range(d.tile.high).map((i) => [
      mask && `  s${i}_${j} += ${mask.each(i, j)};`,
      hide(d, i, j).map((statement) => `  ${statement}`),
    ]),
  ]);
}

/** A probability, or zero beyond the last column. */
export function ofRealColumns({ pass, tile }: Draft, j: number, value: string): string {
  const whole = pass.columns % tile.columns === 0;
  return zeroUnless(whole ? undefined : `(${columnsAt(tile, j)}) < vec4<u32>(${pass.columns}u)`, value);
}

/** Puts a thread's scores where its team finds them. */
export function storeScores(d: StreamDraft, name: string): Lines {
  const { high, scoreQuads, columns, across } = d.tile;
  const place = (i: number, j: number) => `scores[y][${i * columns / 4 + j * across}u + x]`;
  return eachQuad(high, scoreQuads, (i, j) => `  ${place(i, j)} = ${name}${i}_${j};`);
}
