/**
 * Dropout of probabilities: the same draws as the `random` op makes of the whole matrix of scores, so that forward and backward
 * passes, and the definition of attention, drop the same.
 *
 * @module
 */
import { keepBelow } from "../../../../graph/ops/random.ts";
import { bindView, columnAt, type Draft, float, rowAt } from "./draft.ts";
import { eachQuad, range, zeroUnless } from "./text.ts";

/** The texts of a kernel's dropout. */
export interface Dropout {
  /** The line that makes the run's seed. */
  readonly seed: string;
  /** The line before the draws of a tile of scores. */
  readonly begin: string;
  /** Whether each of a thread's row i and quad j is kept: a `vec4<bool>`. */
  kept(i: number, j: number): string;
}

/** What the probabilities that are kept are multiplied by. */
export function keepFactor(d: Draft): string {
  const { operands, attrs } = d.problem;
  return float(d, operands.rng ? 1 / (1 - attrs.rate) : 1);
}

/** Binds what dropout draws with, if there is dropout. */
export function dropoutOf(d: Draft): Dropout | undefined {
  const { attrs, operands, queries, keys } = d.problem;
  if (!operands.rng) return undefined;
  d.writer.needs.add("mix");
  d.writer.declare(mixFour);
  const key = bindView(d, operands.rng);
  // The stream comes from memory, so that the layers of a model, which differ in it, share one pipeline.
  const words = [Math.imul(attrs.stream, 0x9e3779b9) >>> 0];
  const step = d.writer.bind(d.lowering.table("stream", words), { lanes: 1 });
  // An element's number times a constant: most of it is the same for all of a thread's elements.
  const factor = 0x85ebca6b;
  const [query, column] = ["row", columnAt(d.tile, 0)];
  const ofQueries = d.pass.rowsAre === "queries";
  const [down, right] = ofQueries ? [keys, 1] : [1, keys];
  const first = ofQueries
    ? `(number * ${queries}u + ${query}) * ${keys}u + ${column}`
    : `(number * ${queries}u + ${column}) * ${keys}u + ${query}`;
  return {
    seed: `  let seed = mix_bits(${key.name}[${key.offset}u] + ${step}[0]);`,
    begin: `  let drawn = (${first}) * ${factor}u + seed;`,
    kept(i, j) {
      const words = range(4).map((e) => {
        const at = rowAt(d.tile, i) * down + (4 * j * d.tile.across + e) * right;
        return `${Math.imul(at, factor) >>> 0}u`;
      });
      const bits = `mix_four(vec4<u32>(drawn) + vec4<u32>(${words.join(", ")}))`;
      return `${bits} < vec4<u32>(${keepBelow(attrs.rate)}u)`;
    },
  };
}

const mixFour = `fn mix_four(word: vec4<u32>) -> vec4<u32> {
  var v = word;
  v ^= v >> vec4<u32>(16u);
  v *= vec4<u32>(0x7feb352du);
  v ^= v >> vec4<u32>(15u);
  v *= vec4<u32>(0x846ca68bu);
  v ^= v >> vec4<u32>(16u);
  return v;
}`;

/** What a thread's scores are multiplied by, 0 or the factor, in variables `keep<row>_<quad>`; for kernels that use it twice. */
export function keepLines(d: Draft, dropout: Dropout | undefined): string[] {
  if (!dropout) return [];
  const factor = `vec4<f32>(${keepFactor(d)})`;
  const keep = (i: number, j: number) => `  let keep${i}_${j} = ${zeroUnless(dropout.kept(i, j), factor)};`;
  return [dropout.begin, ...eachQuad(d.tile.high, d.tile.scoreQuads, keep)];
}

/** Multiplies a thread's values by what `keepLines` declared. */
export function applyKeep(d: Draft, dropout: Dropout | undefined, name: string): string[] {
  if (!dropout) return [];
  return eachQuad(d.tile.high, d.tile.scoreQuads, (i, j) => `  ${name}${i}_${j} *= keep${i}_${j};`);
}
