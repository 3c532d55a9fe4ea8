/**
 * What kernels of attention read: query, key, value and the result's gradient where they lie, and the statistics of each query.
 *
 * @module
 */
import { numeric } from "../../../../graph/shape.ts";
import { bindView, columnAt, type Draft, rowAt, storedView } from "./draft.ts";
import { range, vec4 } from "./text.ts";

/** An operand `[B, *, H]` where it lies: `load_<name>(at)` reads four neighbours. */
export interface Operand {
  readonly name: "query" | "key" | "value" | "gradient";
  readonly strides: readonly number[];
  /** How many queries, or keys, it has. */
  readonly extent: number;
  /** The line that declares `base_<name>`: where this batch and head begin. */
  readonly base: string;
}

/** Binds operands and declares how they are read; a kernel may not bind what it does not read. */
export function operandsOf(d: Draft, ...names: readonly Operand["name"][]): Operand[] {
  return names.map((name) => {
    const { operands } = d.problem;
    const node = name === "gradient" ? operands.rest[2] : operands[name];
    const { storage, strides, offset } = storedView(d, node);
    const aligned = [strides[0], strides[1], offset, storage.elements].every((s) => s % 4 === 0);
    const wide = aligned && strides[2] === 1;
    const bound = d.writer.bind(storage, { lanes: wide ? 4 : 1 });
    const half = storage.dtype === "f16";
    const [quad, element] = [`${bound}[at >> 2u]`, (e: number) => `${bound}[at + ${e * strides[2]}u]`];
    const whole = half ? `vec4<f32>(${quad})` : quad;
    const value = wide ? whole : vec4((e) => half ? `f32(${element(e)})` : element(e));
    d.writer.declare(`fn load_${name}(at: u32) -> vec4<f32> { return ${value}; }`);
    const start = `batch * ${strides[0]}u + head * ${d.pass.width * strides[2]}u + ${offset}u`;
    return { name, strides, extent: numeric(node.shape)[1], base: `  let base_${name} = ${start};` };
  });
}

/** Texts of a query's statistics: its largest score, the sum of e^(score - largest), and the sum of result times gradient. */
export interface Statistics {
  top(query: string): string;
  sum(query: string): string;
  delta(query: string): string;
}

/** The statistics that gradients read; `delta` may only be asked for where it is bound. */
export function statisticsOf(d: Draft, bind: { delta: boolean }): Statistics {
  const [stats, delta] = d.problem.operands.rest;
  const { name, strides: [both, ofBatch, ofHead, ofQuery], offset } = bindView(d, stats);
  const first = (query: string, start: number) =>
    `${name}[batch * ${ofBatch}u + head * ${ofHead}u + ${query} * ${ofQuery}u + ${start}u]`;
  const deltas = bind.delta ? bindView(d, delta) : undefined;
  return {
    top: (query) => first(query, offset),
    sum: (query) => first(query, offset + both),
    delta(query) {
      const { name, strides: [ofBatch, ofQuery, ofHead], offset } = deltas!;
      return `${name}[batch * ${ofBatch}u + ${query} * ${ofQuery}u + head * ${ofHead}u + ${offset}u]`;
    },
  };
}

/** The statistics of a thread's rows, where rows are queries: the sum as its reciprocal, under a name. */
export function rowStatistics(d: Draft, statistics: Statistics, reciprocal: string): string[] {
  return range(d.tile.high).flatMap((i) => {
    const query = `min(row + ${rowAt(d.tile, i)}u, ${d.problem.queries - 1}u)`;
    return [
      `  let top${i} = ${statistics.top(query)};`,
      `  let ${reciprocal}${i} = 1.0f / ${statistics.sum(query)};`,
      `  let delta${i} = ${statistics.delta(query)};`,
    ];
  });
}

/** A statistic of the four columns of a thread's quad j, where columns are queries. */
export function columnStatistic(d: Draft, statistic: (query: string) => string, j: number): string {
  const last = d.problem.queries - 1;
  return vec4((e) => statistic(`min(${columnAt(d.tile, j)} + ${e}u, ${last}u)`));
}
