import assert from "node:assert/strict";
import { EvaluationError } from "../../src/statistics/errors.ts";
import { correctnessTable, mcNemar, pairedT, wilcoxonSignedRank } from "../../src/statistics/paired_tests.ts";
import golden from "../golden/evaluate/significance.json" with { type: "json" };
import { close, uniforms } from "./lcg.ts";

Deno.test("McNemar's test equals statsmodels', exact and with continuity correction", () => {
  assert.ok(golden.mcnemar.length >= 500);
  for (const [both, onlyA, onlyB, neither, ...wanted] of golden.mcnemar) {
    const table = [[both, onlyA], [onlyB, neither]] as const;
    const exact = mcNemar(table), square = mcNemar(table, { method: "chi-square" });
    [exact.statistic, exact.pValue, square.statistic, square.pValue].forEach((got, i) =>
      close(got, wanted[i], `${table} ${i}`)
    );
    assert.equal(exact.n, both + onlyA + onlyB + neither);
  }
});

Deno.test("paired t and Wilcoxon's signed-rank test equal scipy's", () => {
  assert.ok(golden.scores.length >= 480);
  for (const [seed, n, t, tP, w, wP] of golden.scores) {
    const u = uniforms(seed + 7, 2 * n), grain = [8, 2 ** 20, 2][seed % 3];
    const coarse = u.map((v) => Math.floor(v * grain) / grain);
    const a = coarse.subarray(0, n), b = coarse.subarray(n).map((v) => v + [0, 0.25, -0.125][seed % 5 % 3]);
    const student = pairedT(a, b), signed = wilcoxonSignedRank(a, b);
    close(student.statistic, t, `t of ${seed}`);
    close(student.pValue, tP, `p of t of ${seed}`);
    close(signed.statistic, w, `rank sum of ${seed}`);
    close(signed.pValue, wP, `p of the rank sum of ${seed}`);
  }
});

Deno.test("the systems' order changes signs and nothing else", () => {
  const a = uniforms(1, 40), b = uniforms(2, 40);
  const one = pairedT(a, b), other = pairedT(b, a);
  assert.equal(one.pValue, other.pValue);
  assert.equal(one.effect, -other.effect);
  assert.equal(wilcoxonSignedRank(a, b).pValue, wilcoxonSignedRank(b, a).pValue);
  assert.equal(wilcoxonSignedRank(a, b).effect, -wilcoxonSignedRank(b, a).effect);
  assert.equal(mcNemar([[1, 9], [4, 2]]).pValue, mcNemar([[1, 4], [9, 2]]).pValue);
  assert.equal(mcNemar([[1, 9], [4, 2]]).effect, -mcNemar([[1, 4], [9, 2]]).effect);
});

Deno.test("without any difference p is 1, with a constant one the t test has no doubt", () => {
  assert.equal(pairedT([1, 2, 3], [1, 2, 3]).pValue, 1);
  assert.equal(pairedT([2, 3, 4], [1, 2, 3]).pValue, 0);
  assert.equal(wilcoxonSignedRank([1, 2, 3], [1, 2, 3]).pValue, 1);
  assert.equal(wilcoxonSignedRank([2, 3, 4], [1, 2, 3]).effect, 1);
  for (const method of ["exact", "chi-square"] as const) {
    assert.equal(mcNemar([[3, 0], [0, 1]], { method }).pValue, 1);
  }
});

Deno.test("what does not pair is refused, naming row and value", () => {
  assert.throws(() => pairedT([1, 2], [1]), /2 rows with 1 rows/);
  assert.throws(() => pairedT([1], [1]), /at least two values/);
  assert.throws(() => pairedT([1, 2], [1, NaN]), /row 1: its scores are 2 and NaN/);
  assert.throws(() => wilcoxonSignedRank([], []), /no rows/);
  assert.throws(() => wilcoxonSignedRank([Infinity], [1]), EvaluationError);
  assert.throws(() => correctnessTable([1, 2], [1, 1]), /row 1 is 2/);
  assert.throws(() => correctnessTable([], []), /no rows/);
  assert.throws(() => mcNemar([[1, 2.5], [0, 0]]), /whole counts, got 2.5/);
  assert.throws(() => mcNemar([[0, 0], [0, 0]]), /no rows/);
  assert.throws(() => mcNemar([[1, 0], [0, 0]], { method: "mid-p" as "exact" }), /method must be/);
});
