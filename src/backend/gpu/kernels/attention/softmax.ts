/**
 * The online softmax of the forward pass: each row's largest score and the sum of e^(score - largest), in `top` and `sum`, four
 * rows in a vector. Threads fold their own columns first, then give what they have to the others of their rows through
 * workgroup memory.
 *
 * @module
 */
import { type Draft, rowAt } from "./draft.ts";
import type { Result } from "./pass.ts";
import { low, ofRow, range } from "./text.ts";

/** How something is folded over the columns. */
export type Fold = "max" | "sum";

/** Declares `top` and `sum` of so many rows: those of no columns. */
export function firstFolds(rows: number): string[] {
  return range(Math.ceil(rows / 4)).map((g) =>
    `  var top${g} = vec4<f32>(${low}); var sum${g} = vec4<f32>(0.0f);`
  );
}

/** A thread's scores of row i, folded to one vector. */
export function foldQuads(op: Fold, i: number, quads: number): string {
  return range(quads).map((j) => `s${i}_${j}`)
    .reduce((a, b) => op === "max" ? `max(${a}, ${b})` : `(${a} + ${b})`);
}

/** Folds into a variable what the threads of its rows gave. */
export function gather(into: string, op: Fold, places: readonly string[]): string[] {
  return places.map((place) =>
    op === "max" ? `  ${into} = max(${into}, ${place});` : `  ${into} += ${place};`
  );
}

/** Stores each row's largest score and, after those of all rows, each row's sum: `[2, B, h, S]`. */
export function storeStatistics(d: Draft, stats: Result): string[] {
  const { queries } = d.problem;
  const name = d.writer.bind(stats.storage, { lanes: 1, write: true });
  return [
    "  if (x == 0u) {",
    `  let at = number * ${queries}u + row;`,
    ...range(d.tile.high).map((i) => {
      const r = rowAt(d.tile, i);
      return `  if (row + ${r}u < ${queries}u) { ${name}[at + ${r}u] = ${ofRow("top", i)}; ` +
        `${name}[at + ${r}u + ${d.pass.heads * queries}u] = ${ofRow("total", i)}; }`;
    }),
    "  }",
  ];
}
