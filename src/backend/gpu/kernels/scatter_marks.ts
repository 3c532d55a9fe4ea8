/**
 * Scatter-add of few tokens in one kernel: each workgroup marks in bitmaps which tokens are of its rows (setting bits
 * commutes, so their order does not matter) and sums each row's in the order of the bits.
 *
 * @module
 */
import type { Group } from "../plan/group.ts";
import { type Lowering, widest } from "./fused.ts";
import { beginOfRows, layout, type Problem, rowLoops } from "./scatter_rows.ts";
import { computeTypes, vectorType } from "./wgsl.ts";
import { type Kernel, workgroupsFor } from "./writer.ts";

/** The kernel of at most `maxMarked` tokens. */
export function markedSums(group: Group, lowering: Lowering, p: Problem): Kernel {
  const words = Math.ceil(p.tokens / 32);
  return widest(group, lowering, p.width % 4 === 0, (w, lanes) => {
    const { columns, across, deep, blocks, rowsEach } = layout(p, lanes, lowering.parallelism);
    const size = across * deep;
    const type = vectorType(computeTypes[p.anchor.dtype], lanes);
    w.declareLoad("row_of", p.anchor.inputs[0], 1);
    w.declareLoad("load", p.anchor.inputs[1], lanes);
    w.declareFinish(lanes);
    w.writer.declare(`var<workgroup> marks: array<atomic<u32>, ${rowsEach * words}>;`);
    // Which words have marks at all, so that the others need not be looked at.
    const tops = Math.ceil(words / 32);
    w.writer.declare(`var<workgroup> marked: array<atomic<u32>, ${rowsEach * tops}>;`);
    w.writer.declare(`var<workgroup> counts: array<atomic<u32>, ${rowsEach}>;`);
    w.writer.declare(`fn mark(token: u32, first: u32) {
  let row = u32(row_of(token)) - first;
  if (row < ${rowsEach}u) {
    let word = token >> 5u;
    atomicAdd(&counts[row], 1u);
    atomicOr(&marks[row * ${words}u + word], 1u << (token & 31u));
    atomicOr(&marked[row * ${tops}u + (word >> 5u)], 1u << (word & 31u));
  }
}`);
    const clear = (name: string, length: number) =>
      `  for (var i = t; i < ${length}u; i += ${size}u) { atomicStore(&${name}[i], 0u); }`;
    const many = [0, 1, 2, 3, 4, 5, 6, 7];
    // Each of the `deep` threads takes every deep-th word, and of those the marked ones.
    const every = Array.from({ length: 32 }, (_, i) => i).filter((i) => i % Math.min(deep, 32) === 0)
      .reduce((mask, i) => mask + 2 ** i, 0);
    const take = (k: number) =>
      `let at${k} = word * 32u + firstTrailingBit(bits); bits &= bits - 1u; let e${k} = load(at${k} * ${p.width}u + base);`;
    const skipped = deep > 32 ? ` if (top % ${deep / 32}u != y / 32u) { left = 0u; }` : "";
    const walk = (r: string, share: string, skip = "") => `
    for (var top = 0u; top < ${tops}u; top++) {
      var left = atomicLoad(&marked[${r} * ${tops}u + top]) & ${share};${skip}
      while (left != 0u) {
        let word = top * 32u + firstTrailingBit(left);
        left &= left - 1u;
        var bits = atomicLoad(&marks[min(${r} * ${words}u + word, ${rowsEach * words - 1}u)]);
        while (countOneBits(bits) >= 4u) {
          ${[0, 1, 2, 3].map(take).join("\n          ")}
          sum += (e0 + e1) + (e2 + e3);
        }
        while (bits != 0u) {
          ${take(0)}
          sum += e0;
        }
      }
    }`;
    const main = `${beginOfRows({ columns, across, deep, blocks, rowsEach }, lanes)}
${clear("marks", rowsEach * words)}
${clear("marked", rowsEach * tops)}
${clear("counts", rowsEach)}
  workgroupBarrier();
  var token = t;
  for (; token + ${7 * size}u < ${p.tokens}u; token += ${8 * size}u) {
${many.map((k) => `    mark(token + ${k * size}u, first);`).join("\n")}
  }
  for (; token < ${p.tokens}u; token += ${size}u) { mark(token, first); }
  workgroupBarrier();
${
      rowLoops(w, p, { rowsEach, across, deep, columns, type }, {
        many: (r) => `atomicLoad(&counts[${r}])`,
        alone: (r) => walk(r, "4294967295u"),
        together: (r) => walk(r, `(${every}u << (y & 31u))`, skipped),
      })
    }
}`;
    return w.writer.kernel(p.name, main, workgroupsFor(Math.ceil(p.rows / rowsEach) * blocks));
  });
}
