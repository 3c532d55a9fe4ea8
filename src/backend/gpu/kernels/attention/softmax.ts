/**
 * The online softmax of the forward pass: each row's largest score and the sum of e^(score - largest), in `top` and `sum`, four
 * rows in a vector. Threads fold their own columns first, then share them with the others of their rows.
 *
 * @module
 */
import { type Draft, rowAt } from "./draft.ts";
import type { Result } from "./pass.ts";
import { barrier, type Lines, low, ofRow, range } from "./text.ts";

/** How something is folded over the columns. */
export type Fold = "max" | "sum";

/** Slots in workgroup memory where threads share vectors of group g of their rows: this thread's, and all that a row has. */
export interface Shared {
  mine(g: number): string;
  all(g: number): readonly string[];
}

/** The texts of a kernel's softmax. */
export interface Softmax {
  /** Declares `top` and `sum`: those of no columns. */
  readonly begin: Lines;
  /** Shares a thread's own vectors with the others of its rows. */
  share(vectors: readonly string[]): Lines;
  /** Declares `new_top`: the largest so far and of what was shared. */
  raise(g: number): Lines;
  /** Shares the sums and adds them up in `total`. */
  readonly end: Lines;
}

/** The softmax of threads with so many rows. */
export function softmaxOf(high: number, { mine, all }: Shared): Softmax {
  const groups = range(Math.ceil(high / 4));
  const share = (vectors: readonly string[]) => vectors.map((v, g) => `  ${mine(g)} = ${v};`);
  const total = (g: number): Lines => [
    `  var total${g} = vec4<f32>(0.0f);`,
    all(g).map((one) => `  total${g} += ${one};`),
  ];
  return {
    begin: groups.map((g) => `  var top${g} = vec4<f32>(${low}); var sum${g} = vec4<f32>(0.0f);`),
    share,
    raise: (g) => [
      `  var new_top${g} = top${g};`,
      all(g).map((one) => `  new_top${g} = max(new_top${g}, ${one});`),
    ],
    end: [share(groups.map((g) => `sum${g}`)), barrier, groups.map(total)],
  };
}

/** A thread's scores of row i, folded to one vector. */
export function foldQuads(op: Fold, i: number, quads: number): string {
  return range(quads).map((j) => `s${i}_${j}`).reduce((a, b) =>
    op === "max" ? `max(${a}, ${b})` : `(${a} + ${b})`
  );
}

/** Stores each row's largest score and, after those of all rows, each row's sum: `[2, B, h, S]`. */
export function storeStatistics(d: Draft, stats: Result): Lines {
  const { queries } = d.problem;
  const name = d.writer.bind(stats.storage, { lanes: 1, write: true });
  const stores = range(d.tile.high).map((i) => {
    const r = rowAt(d.tile, i);
    return `  if (row + ${r}u < ${queries}u) { ${name}[at + ${r}u] = ${ofRow("top", i)}; ` +
      `${name}[at + ${r}u + ${d.pass.heads * queries}u] = ${ofRow("total", i)}; }`;
  });
  return ["  if (x == 0u) {", `  let at = number * ${queries}u + row;`, stores, "  }"];
}
