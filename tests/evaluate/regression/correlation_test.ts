import assert from "node:assert/strict";
import {
  concordance,
  correlationOfRows,
  correlationTest,
  kendall,
  pearson,
  spearman,
} from "../../../src/evaluate/regression/correlation.ts";
import { averageRanks } from "../../../src/statistics/order.ts";
import { EvaluationError } from "../../../src/statistics/errors.ts";
import { createRandom } from "../../../src/base/random.ts";

Deno.test("ties share the average of their ranks, -0 and 0 too", () => {
  assert.deepEqual([...averageRanks([3, 1, 3, 0, -0, 9])], [4.5, 3, 4.5, 1.5, 1.5, 6]);
});

Deno.test("tau-b equals a count of all pairs, ties included", () => {
  const random = createRandom(9);
  for (let round = 0; round < 200; round++) {
    const n = 2 + Math.floor(random() * 30), values = 1 + Math.floor(random() * n);
    const draw = () => Array.from({ length: n }, () => Math.floor(random() * values));
    const x = draw(), y = draw();
    let net = 0, apartX = 0, apartY = 0;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < i; j++) {
        const dx = Math.sign(x[i] - x[j]), dy = Math.sign(y[i] - y[j]);
        net += dx * dy, apartX += dx * dx, apartY += dy * dy;
      }
    }
    const wanted = net / Math.sqrt(apartX * apartY);
    const actual = kendall(x, y);
    assert.ok(Number.isNaN(wanted) ? Number.isNaN(actual) : Math.abs(actual - wanted) < 1e-12);
  }
});

Deno.test("correlations are symmetric, within [-1, 1], and blind to the order of rows", () => {
  const random = createRandom(10);
  for (let round = 0; round < 100; round++) {
    const x = Array.from({ length: 15 }, () => Math.round(random() * 20));
    const y = x.map((value) => value * (round % 3 - 1) + Math.round(random() * 9));
    const backwards = Uint32Array.from(x, (_, i) => x.length - 1 - i);
    for (
      const [method, correlate] of [["pearson", pearson], ["spearman", spearman], [
        "kendall",
        kendall,
      ]] as const
    ) {
      const value = correlate(x, y);
      assert.ok(value >= -1 && value <= 1);
      assert.ok(Math.abs(value - correlate(y, x)) < 1e-12);
      assert.ok(Math.abs(value - correlationOfRows(x, y, method)(backwards)) < 1e-12);
      assert.ok(Math.abs(value + correlate(x, y.map((v) => -v))) < 1e-12);
    }
    assert.ok(Math.abs(concordance(x, y)) <= Math.abs(pearson(x, y)) + 1e-12);
  }
});

Deno.test("huge values do not overflow", () => {
  assert.equal(pearson([1e300, 2e300, 3e300], [1, 2, 3]), 1);
});

Deno.test("Kendall of 100,000 rows is counted in n log n", () => {
  const random = createRandom(11);
  const x = Float64Array.from({ length: 100_000 }, random), y = x.map((value) => value + random());
  assert.ok(Math.abs(kendall(x, y) - 0.5) < 0.05);
});

Deno.test("a constant column has no correlation, and one row is refused", () => {
  for (const method of ["pearson", "spearman", "kendall"] as const) {
    const test = correlationTest([0.1, 0.1, 0.1], [1, 2, 3], { method });
    assert.ok(Number.isNaN(test.value) && Number.isNaN(test.pValue));
    assert.throws(
      () => correlationTest([1], [1], { method }),
      (error: unknown) =>
        error instanceof EvaluationError && error.message === "Cannot correlate 1 row: at least 2 are needed",
    );
  }
});
