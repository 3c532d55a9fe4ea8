import assert from "node:assert/strict";
import { cohenKappa, cohenKappaTable, type KappaWeights, landisKoch } from "../../src/statistics/kappa.ts";
import { createRandom } from "../../src/base/random.ts";
import { close, readGolden, readRatings } from "../people/golden.ts";

type Case = [number, string, string, KappaWeights, ...(number | null)[]];
const { cohen } = readGolden<{ cohen: Case[] }>("agreement");

Deno.test("Cohen's kappa equals scikit-learn and statsmodels with its errors, interval and largest value", () => {
  assert.ok(cohen.length >= 500);
  cohen.forEach(([size, first, second, weights, score, kappa, variance, nullError, max, low, high, p], i) => {
    const categories = Array.from({ length: size }, (_, k) => k);
    const found = cohenKappa(readRatings(first), readRatings(second), { categories, weights });
    const where = `case ${i}`;
    close(found.kappa.value, score, where);
    close(found.kappa.value, kappa, where);
    close(found.kappaMax, max, `${where} max`);
    if (kappa === null) return;
    // Where agreement is perfect the reference's variance is rounding, of either sign, and its root is meaningless.
    close(found.standardError ** 2, variance!, `${where} variance`);
    if (variance! > 1e-15) {
      close(found.standardError, Math.sqrt(variance!), `${where} error`);
      close(found.kappa.low, low, `${where} low`);
      close(found.kappa.high, high, `${where} high`);
    } else assert.ok(found.standardError < 1e-7, `${where} error`);
    if (nullError! > 1e-7) {
      close(found.standardErrorNull, nullError, `${where} null`);
      close(found.pValue, p, `${where} p`);
    }
  });
});

Deno.test("kappa is symmetric, does not see the order of rows, and is 1 where raters agree", () => {
  const random = createRandom(3);
  for (let round = 0; round < 200; round++) {
    const n = 2 + Math.floor(random() * 40);
    const draw = () => Array.from({ length: n }, () => Math.floor(random() * 4));
    const a = draw(), b = draw();
    const weights = (["none", "linear", "quadratic"] as const)[round % 3];
    const options = { weights, categories: [0, 1, 2, 3] };
    const { kappa, observed } = cohenKappa(a, b, options);
    if (Number.isNaN(kappa.value)) continue;
    assert.ok(kappa.value >= -1 - 1e-12 && kappa.value <= 1 && observed >= 0 && observed <= 1);
    close(cohenKappa(b, a, options).kappa.value, kappa.value, "swapped");
    const order = a.map((_, i) => i).sort(() => random() - 0.5);
    close(
      cohenKappa(order.map((i) => a[i]), order.map((i) => b[i]), options).kappa.value,
      kappa.value,
      "order",
    );
    if (new Set(a).size > 1) assert.equal(cohenKappa(a, a, options).kappa.value, 1);
  }
});

Deno.test("a matrix of weights gives what the named weights give, whatever its scale", () => {
  const table = [[10, 3, 1], [2, 8, 4], [0, 2, 9]];
  const custom = cohenKappaTable(table, { weights: [[0, 7, 28], [7, 0, 7], [28, 7, 0]] });
  const named = cohenKappaTable(table, { weights: "quadratic" });
  close(custom.kappa.value, named.kappa.value, "kappa");
  close(custom.standardError, named.standardError, "error");
});

Deno.test("the interval of kappa holds about as often as it says", () => {
  const random = createRandom(11);
  let held = 0;
  for (let round = 0; round < 2000; round++) {
    // Both raters see the truth with probability 0.7 and guess otherwise: kappa is 0.49 for even categories.
    const table = [[0, 0], [0, 0]];
    for (let i = 0; i < 200; i++) {
      const truth = random() < 0.5 ? 0 : 1;
      const rate = () => random() < 0.7 ? truth : random() < 0.5 ? 0 : 1;
      table[rate()][rate()]++;
    }
    const { kappa } = cohenKappaTable(table);
    if (kappa.low <= 0.49 && 0.49 <= kappa.high) held++;
  }
  assert.ok(held / 2000 > 0.93 && held / 2000 < 0.97, `${held / 2000}`);
});

Deno.test("kappa in words follows Landis and Koch", () => {
  const words = [-0.1, 0, 0.2, 0.21, 0.4, 0.41, 0.6, 0.8, 0.81, 1, NaN].map(landisKoch);
  assert.deepEqual(words, [
    "poor",
    "slight",
    "slight",
    "fair",
    "fair",
    "moderate",
    "moderate",
    "substantial",
    "almost perfect",
    "almost perfect",
    "undefined",
  ]);
});

Deno.test("bad ratings are named", () => {
  assert.throws(() => cohenKappa([1, 2], [1]), /same items, got 2 ratings by the first and 1/);
  assert.throws(() => cohenKappa([1, null], [null, 1]), /no item was rated by both/);
  assert.throws(
    () => cohenKappa(["a", "c"], ["a", "b"], { categories: ["a", "b"] }),
    /first rater's rating 2 is "c"/,
  );
  assert.throws(() => cohenKappaTable([[1, 2]]), /square/);
  assert.throws(() => cohenKappaTable([[1, -2], [0, 1]]), /row 1, column 2 must be .*, got -2/);
  assert.throws(
    () => cohenKappaTable([[1, 0], [0, 1]], { weights: [[1, 0], [0, 1]] }),
    /weight in row 1, column 1 must be .* at most 0, got 1/,
  );
  assert.throws(() => cohenKappaTable([[1, 0], [0, 1]], { confidence: 95 }), /confidence must lie/);
});
