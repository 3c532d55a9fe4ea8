/**
 * Attention's results by blocks: rows are queries, columns keys.
 *
 * For each block of keys: scores; their largest of each row, exchanged through workgroup memory, with the largest so far; exp of what
 * is left of each score; the sums and results so far, shrunk by how much the largest grew, and those of the block on top. Each thread
 * keeps the sum of its own columns, and they are added up at the end. Where one block has all keys nothing is ever shrunk.
 *
 * @module
 */
import { resultProduct, scoreProduct } from "./block_products.ts";
import { BlockText } from "./block_kernel.ts";
import { unit } from "./block_tiles.ts";
import { accumulators, component, grid, low, range, type Result, type Results } from "./scores.ts";

/** How something is folded over the columns. */
type Fold = "max" | "sum";

/** Writes a kernel of attention's results and statistics. */
export class BlockForward extends BlockText {
  protected override body(made: Results): string[] {
    const { high, columns, scoreQuads, resultQuads } = this.layout;
    const [query, key, value] = this.operands("query", "key", "value");
    const groups = range(high / 4);
    const once = this.pass.columns <= columns;
    const scores = scoreProduct(this.layout, ["p", "s"], query, key);
    const results = resultProduct(this.layout, ["v", "o"], value);
    const [largest, sums] = [this.#folded("max"), this.#folded("sum")];
    const mask = this.columnMask();
    const draws = this.draws("query");
    const barrier = "  workgroupBarrier();";
    const lines = [
      ...this.base(query, key, value),
      this.seed(),
      ...groups.map((g) => `  var top${g} = vec4<f32>(${low}); var sum${g} = vec4<f32>(0.0f);`),
      ...accumulators("o", high, resultQuads),
      once ? "  { let c0 = 0u;" : `  for (var c0 = 0u; c0 < ${this.columnsEnd()}; c0 += ${columns}u) {`,
      ...scores.start,
      ...mask,
      ...accumulators("s", high, scoreQuads),
      ...scores.loop,
      ...results.start,
      ...this.finishScores("query"),
      ...largest.map((f) => f.setup),
      ...this.#give(largest.map((f) => f.value)),
      barrier,
      ...groups.flatMap((g) => [
        `  var new_top${g} = top${g};`,
        ...this.#gather(`new_top${g}`, g, "max"),
        once ? "" : `  let shrink${g} = exp(top${g} - new_top${g});`,
        `  top${g} = new_top${g};`,
      ]),
      barrier,
      ...this.eachScore((i, j) => `  s${i}_${j} = exp(s${i}_${j} - vec4<f32>(${ofRow("top", i)}));`),
      ...sums.map((f) => f.setup),
      ...sums.map((f, g) =>
        once ? `  sum${g} = ${f.value};` : `  sum${g} = sum${g} * shrink${g} + ${f.value};`
      ),
      ...(draws ? [draws.setup] : []),
      ...(draws
        ? this.eachScore((i, j) => `  s${i}_${j} = select(vec4<f32>(0.0f), s${i}_${j}, ${draws.kept(i, j)});`)
        : []),
      ...(once ? [] : grid(high, resultQuads, (i, j) => `  o${i}_${j} *= ${ofRow("shrink", i)};`)),
      ...this.byPieces("s", results.loop),
      "  }",
      ...this.#give(groups.map((g) => `sum${g}`)),
      barrier,
      ...groups.flatMap((g) => [
        `  var total${g} = vec4<f32>(0.0f);`,
        ...this.#gather(`total${g}`, g, "sum"),
      ]),
    ];
    const out = made.get("attention");
    if (out) {
      const factor = this.float(this.keepFactor);
      lines.push(...this.combined(), ...this.combine("o", high));
      lines.push(...this.storeResult("o", out, (i) => `${factor} / ${ofRow("total", i)}`));
    }
    const stats = made.get("attention_stats");
    if (stats) lines.push(...this.#storeStatistics(stats));
    return lines;
  }

  /** A thread's own largest scores, or sums of scores, of its rows: four rows in a vector. */
  #folded(op: Fold): { setup: string; value: string }[] {
    const { high, scoreQuads } = this.layout;
    return range(high / 4).map((g) => {
      const rows = range(4).map((e) => {
        const quads = range(scoreQuads).map((j) => `s${4 * g + e}_${j}`);
        const one = quads.reduce((a, b) => op === "max" ? `max(${a}, ${b})` : `(${a} + ${b})`);
        return { one, name: `${op}_f${g}_${e}` };
      });
      const across = (v: string) =>
        op === "max"
          ? `max(max(${v}.x, ${v}.y), max(${v}.z, ${v}.w))`
          : `((${v}.x + ${v}.y) + (${v}.z + ${v}.w))`;
      return {
        setup: `  ${rows.map(({ one, name }) => `let ${name} = ${one};`).join(" ")}`,
        value: `vec4<f32>(${rows.map(({ name }) => across(name)).join(", ")})`,
      };
    });
  }

  /** Puts a thread's own vectors where the others of its rows find them. */
  #give(values: readonly string[]): string[] {
    const { down, heldDepth } = this.layout;
    const parts = heldDepth / unit;
    return values.map((v, g) =>
      `  held[x & 3u][(x >> 2u) % ${parts}u][(x >> 2u) / ${parts}u][y + ${g * down}u] = ${v};`
    );
  }

  /** Folds what all threads of the rows gave. */
  #gather(into: string, g: number, op: Fold): string[] {
    const { across, down, heldDepth } = this.layout;
    const parts = heldDepth / unit;
    return range(across).map((i) => {
      const [part, quad] = [(i >> 2) % parts, Math.floor((i >> 2) / parts)];
      const one = `held[${i & 3}][${part}][${quad}][y + ${g * down}u]`;
      return op === "max" ? `  ${into} = max(${into}, ${one});` : `  ${into} += ${one};`;
    });
  }

  #storeStatistics(stats: Result): string[] {
    const name = this.writer.bind(stats.storage, { lanes: 1, write: true });
    const second = `${this.pass.heads * this.queries}u`;
    return [
      "  if (x == 0u) {",
      `  let at = number * ${this.queries}u + row;`,
      ...range(this.layout.high).map((i) => {
        const r = this.rowAt(i);
        return `  if (row + ${r}u < ${this.queries}u) { ${name}[at + ${r}u] = ${ofRow("top", i)}; ` +
          `${name}[at + ${r}u + ${second}] = ${ofRow("total", i)}; }`;
      }),
      "  }",
    ];
  }
}

/** A row's element of vectors of four rows. */
function ofRow(name: string, i: number): string {
  return `${name}${i >> 2}.${component[i & 3]}`;
}
