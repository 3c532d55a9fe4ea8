import assert from "node:assert/strict";
import { EvaluationError } from "../../src/statistics/errors.ts";
import { type Adjustment, adjustPValues } from "../../src/statistics/corrections.ts";
import golden from "../golden/evaluate/significance.json" with { type: "json" };
import { close, uniforms } from "./lcg.ts";

const names: Record<string, Adjustment> = {
  "bonferroni": "bonferroni",
  "holm": "holm",
  "simes-hochberg": "hochberg",
  "fdr_bh": "benjamini-hochberg",
  "fdr_by": "benjamini-yekutieli",
};
const all = Object.values(names);

Deno.test("adjusted p-values equal statsmodels'", () => {
  assert.ok(golden.adjusted.length >= 500);
  for (const [seed, m, method, ...wanted] of golden.adjusted as [number, number, string, ...number[]][]) {
    const p = uniforms(seed + 11, m)
      .map((u) => seed % 3 === 0 ? Math.floor(u * 20) / 20 : u * u * u / (1 + seed % 7));
    adjustPValues(p, names[method]).forEach((got, i) => close(got, wanted[i], `${method} ${seed}`));
  }
});

Deno.test("adjusting never lowers a p-value, keeps the order and does not depend on it", () => {
  const p = Array.from(uniforms(3, 30), (u) => u * u);
  for (const method of all) {
    const adjusted = adjustPValues(p, method);
    const reversed = adjustPValues(p.toReversed(), method).reverse();
    for (let i = 0; i < p.length; i++) {
      assert.ok(adjusted[i] >= p[i] && adjusted[i] <= 1);
      assert.equal(reversed[i], adjusted[i]);
      for (let j = 0; j < p.length; j++) assert.ok(p[i] <= p[j] ? adjusted[i] <= adjusted[j] : true);
    }
  }
});

Deno.test("Holm is never weaker than Bonferroni, Hochberg never weaker than Holm", () => {
  for (let seed = 0; seed < 50; seed++) {
    const p = uniforms(seed, 8).map((u) => u ** 3);
    const [bonferroni, holm, hochberg] = all.slice(0, 3).map((method) => adjustPValues(p, method));
    p.forEach((_, i) => assert.ok(bonferroni[i] >= holm[i] && holm[i] >= hochberg[i]));
  }
});

Deno.test("none and one p-value, and what is none", () => {
  for (const method of all) {
    assert.deepEqual(adjustPValues([], method), []);
    assert.deepEqual(adjustPValues([0.3], method), [0.3]);
  }
  assert.deepEqual(adjustPValues([0.01, 0.04]), [0.02, 0.04]);
  assert.throws(() => adjustPValues([0.1, NaN]), /p-value 1 must be .*, got NaN/);
  assert.throws(() => adjustPValues([-0.1]), EvaluationError);
  assert.throws(() => adjustPValues([0.1], "sidak" as "holm"), /method must be "bonferroni", "holm"/);
});
