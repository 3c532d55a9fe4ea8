/**
 * What becomes of scores before their softmax: the mask is added, and a score that must not count is hidden.
 *
 * Where keys end is known here alone: by the number of keys, and, where attention is causal, by the query's own place.
 *
 * @module
 */
import { HIDDEN } from "../../../../graph/ops/attention.ts";
import { broadcastMap } from "../../rules/strides.ts";
import { bindView, columnAt, columnsAt, type Draft, rowAt } from "./draft.ts";
import { type Lines, low, vec4 } from "./text.ts";

/** A mask's texts. */
export interface Mask {
  /** Whether its values differ in a row. */
  readonly byColumn: boolean;
  /** Its values of a thread's row i and quad j, read there. */
  at(i: number, j: number): string;
  /** The line that reads those of quad j once, where all rows have the same, ... */
  readonly quadLine: (j: number) => Lines;
  /** ... and the values where that line came first. */
  readonly each: (i: number, j: number) => string;
}

/** Binds the mask, if there is one. */
export function maskOf(d: Draft): Mask | undefined {
  const { attrs, operands, batch, queries, keys } = d.problem;
  if (!operands.mask) return undefined;
  const { name, ...view } = bindView(d, operands.mask);
  const { strides, offset } = broadcastMap(view, [batch, attrs.heads, queries, keys]);
  const base = `batch * ${strides[0]}u + head * ${strides[1]}u + ${offset}u`;
  const [outer, inner] = d.pass.rowsAre === "queries" ? [strides[2], strides[3]] : [strides[3], strides[2]];
  const { rows, columns } = d.pass;
  const at = (i: number, j: number) => {
    const row = outer === 0 ? "" : ` + min(row + ${rowAt(d.tile, i)}u, ${rows - 1}u) * ${outer}u`;
    if (inner === 0) return `vec4<f32>(${name}[${base}${row}])`;
    const column = (e: number) => `min(${columnAt(d.tile, j)} + ${e}u, ${columns - 1}u)`;
    return vec4((e) => `${name}[${base}${row} + ${column(e)} * ${inner}u]`);
  };
  return {
    byColumn: inner !== 0,
    at,
    quadLine: (j) => outer === 0 && `  let mask${j} = ${at(0, j)};`,
    each: (i, j) => outer === 0 ? `mask${j}` : at(i, j),
  };
}

/** The line that `hide` needs before it, for a thread's quad j. */
export function columnLine(d: Draft, j: number): Lines {
  return (d.problem.attrs.causal || endsInTile(d)) && `  let column${j} = ${columnsAt(d.tile, j)};`;
}

/**
 * Statements that hide of a thread's scores what a causal query does not attend to and, from queries, what is beyond the last
 * key.
 */
export function hide(d: Draft, i: number, j: number): string[] {
  const { attrs: { causal }, queries, keys } = d.problem;
  const s = `s${i}_${j}`;
  const statements: string[] = [];
  if (causal) {
    const [row, column] = [`vec4<u32>(row + ${rowAt(d.tile, i)}u)`, `column${j}`];
    const [query, key] = d.pass.rowsAre === "queries" ? [row, column] : [column, row];
    const seen = `${key} <= ${query} + vec4<u32>(${keys - queries}u)`;
    statements.push(`${s} = select(vec4<f32>(${HIDDEN.toExponential()}f), ${s}, ${seen});`);
  }
  if (endsInTile(d)) {
    statements.push(`${s} = select(vec4<f32>(${low}), ${s}, column${j} < vec4<u32>(${keys}u));`);
  }
  return statements;
}

/** Whether keys are columns and end within a tile. Rows beyond the last are dropped when they are stored. */
function endsInTile(d: Draft): boolean {
  return d.pass.rowsAre === "queries" && d.problem.keys % d.tile.columns !== 0;
}

/** Where the columns of a tile of causal queries end. */
export function columnsEnd({ problem, pass, tile }: Draft): string {
  if (!problem.attrs.causal) return `${pass.columns}u`;
  return `min(${pass.columns}u, r0 + ${tile.rows + problem.keys - problem.queries}u)`;
}

/** Where the causal queries begin that attend to a tile of keys: at the tile of columns with the first of them. */
export function columnsStart({ problem, tile: { columns } }: Draft): string {
  if (!problem.attrs.causal) return "0u";
  const offset = `${problem.keys - problem.queries}u`;
  return `(max(r0, ${offset}) - ${offset}) / ${columns}u * ${columns}u`;
}
