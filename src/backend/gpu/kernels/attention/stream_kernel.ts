/**
 * What the passes by streams share: the kernel around them, copying tiles to workgroup memory, and products.
 *
 * A workgroup keeps the rows it works for in workgroup memory, and of the columns one tile at a time, `stage`, which is overwritten with
 * what the next product needs. Scores that are multiplied further go to workgroup memory as well. Threads stand in teams beside each
 * other, and a team makes a few neighbouring rows.
 *
 * @module
 */
import type { Kernel } from "../writer.ts";
import {
  columnsAt,
  component,
  type Draft,
  finishDraft,
  float,
  grid,
  range,
  storeRows,
  zeroUnless,
} from "./draft.ts";
import type { Operand } from "./operands.ts";
import type { Result } from "./pass.ts";
import { columnLines, hide, type Mask } from "./scores.ts";
import type { StreamTile } from "./stream_tiles.ts";

/** The kernel whose workgroups do what `body` says. */
export function streamKernel(d: Draft<StreamTile>, name: string, body: readonly string[]): Kernel {
  const { rows, high, across, columns, padding } = d.tile;
  const { width, kept } = d.pass;
  const teams = rows / high;
  const memory = (of: string, depth: number) =>
    d.writer.declare(
      `var<workgroup> ${of}: array<array<vec4<f32>, ${high * depth / 4 + padding}>, ${teams}>;`,
    );
  for (const k of range(kept)) memory(`kept${k}`, width);
  memory("scores", columns);
  d.writer.declare(
    `var<workgroup> stage: array<array<vec4<f32>, ${across}>, ${columns * width / 4 / across}>;`,
  );
  return finishDraft(d, name, body);
}

// ---- copies --------------------------------------------------------------------------------------------------------

/** What is copied: an operand, times the scale where `scaled`. */
interface Copied {
  readonly scaled?: boolean;
}

/** Copies the rows that this workgroup keeps to `kept<index>`. */
export function fillKept(d: Draft<StreamTile>, index: number, o: Operand, options: Copied = {}): string {
  const { rows, high } = d.tile;
  const quads = d.pass.width / 4;
  const value = readQuad(d, o, `(r0 + r)`, "q", rows, options);
  return eachUnit(
    d,
    rows * quads,
    `let r = u / ${quads}u; let q = u % ${quads}u; ` +
      `kept${index}[r / ${high}u][r % ${high}u * ${quads}u + q] = ${value};`,
  );
}

/** Copies a tile of columns to `stage` as they lie: four neighbours of the head in a vector. */
export function fill(d: Draft<StreamTile>, o: Operand, options: Copied = {}): string {
  const { columns, across } = d.tile;
  const quads = d.pass.width / 4;
  const value = readQuad(d, o, `(c0 + u / ${quads}u)`, `(u % ${quads}u)`, columns, options);
  return eachUnit(d, columns * quads, `stage[u / ${across}u][u % ${across}u] = ${value};`);
}

/** Copies a tile of columns to `stage`, turned: four neighbouring columns in a vector. */
export function fillTurned(d: Draft<StreamTile>, o: Operand, options: Copied = {}): string {
  const { columns, across, scoreQuads } = d.tile;
  const quads = d.pass.width / 4;
  // Two threads beside each other read 32 bytes of a row, and the others neighbouring columns, which lie in different banks.
  const pair = quads % 2 === 0 ? 2 : 1;
  const reads = range(4).map((r) =>
    `let e${r} = ${readQuad(d, o, `(c0 + c * 4u + ${r}u)`, "q", columns, options)};`
  );
  const writes = component.map((c, e) =>
    `stage[(q * 4u + ${e}u) * ${scoreQuads}u + c / ${across}u][c % ${across}u] = ` +
    `vec4<f32>(e0.${c}, e1.${c}, e2.${c}, e3.${c});`
  );
  return eachUnit(
    d,
    columns / 4 * quads,
    `let c = (u / ${pair}u) % ${columns / 4}u; ` +
      `let q = u / ${pair * columns / 4}u * ${pair}u + u % ${pair}u; ${reads.join(" ")} ${writes.join(" ")}`,
  );
}

/** Four neighbours of a row, zeros beyond the last one, where tiles have `block` rows. */
function readQuad(
  d: Draft,
  o: Operand,
  row: string,
  quad: string,
  block: number,
  { scaled }: Copied,
): string {
  const read = (r: string) => {
    const at = `base_${o.name} + ${r} * ${o.strides[1]}u + ${quad} * ${4 * o.strides[2]}u`;
    return `load_${o.name}(${at})${scaled ? ` * ${float(d, d.problem.attrs.scale)}` : ""}`;
  };
  if (o.extent % block === 0) return read(row);
  return zeroUnless(`${row} < ${o.extent}u`, read(`min(${row}, ${o.extent - 1}u)`));
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

/** Adds the product of rows in workgroup memory and the staged columns, written out unless the compiler is a CPU's. */
export function product(
  d: Draft<StreamTile>,
  into: string,
  { rows, depth, quads }: { rows: string; depth: number; quads: number },
): string[] {
  const { high } = d.tile;
  const steps = depth / 4;
  const step = (a: (i: number) => string, b: (e: number, j: number) => string) => {
    const loads = range(high).map((i) => `let a${i} = ${rows}[y][${a(i)}];`);
    const sums = range(4).flatMap((e) => [
      ...range(quads).map((j) => `let b${e}_${j} = stage[${b(e, j)}][x];`),
      ...grid(high, quads, (i, j) => `${into}${i}_${j} += a${i}.${component[e]} * b${e}_${j};`),
    ]);
    return `  { ${[...loads, ...sums].join(" ")} }`;
  };
  if (d.lowering.software) {
    const body = step((i) => `${i * steps}u + k`, (e, j) => `k * ${4 * quads}u + ${e * quads + j}u`);
    return [`  for (var k = 0u; k < ${steps}u; k++) ${body}`];
  }
  return range(steps).map((k) => step((i) => `${i * steps + k}u`, (e, j) => `${(4 * k + e) * quads + j}u`));
}

/** Makes scores of the rows kept and the staged columns. */
export function scoreProduct(d: Draft<StreamTile>, into: string, index: number): string[] {
  return product(d, into, { rows: `kept${index}`, depth: d.pass.width, quads: d.tile.scoreQuads });
}

/** Adds to a result what the scores in workgroup memory give of the staged columns. */
export function resultProduct(d: Draft<StreamTile>, into: string): string[] {
  return product(d, into, { rows: "scores", depth: d.tile.columns, quads: d.tile.resultQuads });
}

// ---- scores and results --------------------------------------------------------------------------------------------

/** Adds the mask where there is one, and hides what must not count. */
export function finishScores(d: Draft<StreamTile>, mask: Mask | undefined): string[] {
  return range(d.tile.scoreQuads).flatMap((j) => [
    ...columnLines(d, j),
    ...(mask && !mask.byRow ? [`  let mask${j} = ${mask.at(0, j)};`] : []),
    ...range(d.tile.high).flatMap((i) => [
      ...(mask ? [`  s${i}_${j} += ${mask.byRow ? mask.at(i, j) : `mask${j}`};`] : []),
      ...hide(d, i, j).map((statement) => `  ${statement}`),
    ]),
  ]);
}

/** A probability, or zero beyond the last column. */
export function ofRealColumns({ pass, tile }: Draft, j: number, value: string): string {
  const whole = pass.columns % tile.columns === 0;
  return zeroUnless(whole ? undefined : `(${columnsAt(tile, j)}) < vec4<u32>(${pass.columns}u)`, value);
}

/** Puts a thread's scores where its team finds them. */
export function storeScores(
  { tile: { high, scoreQuads, columns, across } }: Draft<StreamTile>,
  name: string,
): string[] {
  return grid(
    high,
    scoreQuads,
    (i, j) => `  scores[y][${i * columns / 4 + j * across}u + x] = ${name}${i}_${j};`,
  );
}

/** Stores a thread's rows of a result, times a factor. */
export function storeResult(
  d: Draft<StreamTile>,
  name: string,
  out: Result,
  factor?: (i: number) => string,
): string[] {
  const { high, resultQuads, across } = d.tile;
  const rows = { first: "row", high, extent: d.pass.rows, whole: false };
  return storeRows(d, name, out, { ...rows, quad: "x", quads: resultQuads, quadPitch: across }, factor);
}
