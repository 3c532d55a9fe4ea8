import assert from "node:assert/strict";
import { EvaluationError } from "../../../src/statistics/errors.ts";
import { createDotBlocks } from "../../../src/evaluate/generation/dot_blocks.ts";

/** Whole numbers, so that single precision is exact. */
const matrix = (rows: number, size: number, seed: number) =>
  Array.from({ length: rows }, (_, i) => Array.from({ length: size }, (_, k) => (seed * i + 7 * k) % 13 - 6));

Deno.test("products are those of the definition, whatever the numbers of rows and their size", () => {
  for (const size of [1, 3, 4, 5, 8, 127, 768]) {
    const blocks = createDotBlocks(size);
    for (const [n, m] of [[7, 2], [1, 1], [3, 3], [4, 9], [2, 30]]) { // later ones find what earlier ones left
      const p = matrix(n, size, 5), r = matrix(m, size, 11);
      const { a, b } = blocks.reserve(n, m);
      p.forEach((row, i) => a.set(row, i * blocks.stride));
      r.forEach((row, j) => b.set(row, j * blocks.stride));
      const found = p.map(() => new Array<number>(m).fill(NaN));
      blocks.forEach((i, j, product) => found[i][j] = product);
      assert.deepEqual(found, p.map((x) => r.map((y) => x.reduce((sum, value, k) => sum + value * y[k], 0))));
    }
  }
});

Deno.test("more than 1 GiB is refused with one clear line", () => {
  assert.throws(
    () => createDotBlocks(1024).reserve(200_000, 100_000),
    (error: Error) =>
      error instanceof EvaluationError && /200000 with 100000 vectors of 1024/.test(error.message),
  );
});
