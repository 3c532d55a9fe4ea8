import assert from "node:assert/strict";
import * as distributions from "../../src/statistics/distributions.ts";
import * as functionsOfSpecial from "../../src/statistics/special.ts";
import golden from "../golden/evaluate/intervals.json" with { type: "json" };

const cases = golden.special as Record<string, number[][]>;
const special = { ...distributions, ...functionsOfSpecial };
const functions = special as unknown as Record<string, (...values: number[]) => number>;

Deno.test("the golden file has at least 500 points", () => {
  assert.ok(Object.values(cases).flat().length >= 500);
});

Deno.test.each(Object.keys(cases).map((name) => [name]))("%s equals scipy to 1e-12 of its value", (name) => {
  for (const row of cases[name]) {
    const wanted = row[row.length - 1], got = functions[name](...row.slice(0, -1));
    const error = wanted === 0 ? Math.abs(got) : Math.abs(got / wanted - 1);
    assert.ok(error <= 1e-12, `${name}(${row.slice(0, -1)}): ${got}, wanted ${wanted} (${error})`);
  }
});

Deno.test("far tails keep their digits", () => {
  // mpmath's ncdf(-38), scipy's t.cdf(-1e6, 3)
  assert.ok(Math.abs(special.normalCdf(-38) / 2.88542836006878e-316 - 1) < 1e-6); // a subnormal number
  assert.ok(Math.abs(special.studentTCdf(-1e6, 3) / 1.1026577908396144e-18 - 1) < 1e-12);
  assert.equal(special.normalCdf(-40), 0);
  assert.equal(special.normalCdf(40), 1);
});

Deno.test("the error function keeps its digits around 0 and where its two forms meet", () => {
  const wanted = [ // Python's math.erf
    [1e-300, 1.1283791670955126e-300],
    [1e-10, 1.1283791670955126e-10],
    [0.1, 0.1124629160182849],
    [0.5, 0.5204998778130465],
    [1.0, 0.8427007929497149],
    [1.7, 0.9837904585907745],
    [1.8, 0.9890905016357308],
    [2.0, 0.9953222650189527],
    [-3.0, -0.9999779095030014],
    [5.5, 0.9999999999999927],
    [10, 1.0],
  ];
  for (const [x, y] of wanted) {
    assert.ok(Math.abs(special.erf(x) / y - 1) < 1e-15, `${x}: ${special.erf(x)}`);
    assert.equal(special.erf(-x), -special.erf(x));
  }
  assert.deepEqual([0, Infinity, NaN].map(special.erf), [0, 1, NaN]);
});

Deno.test("quantiles undo their distribution functions", () => {
  for (const p of [1e-200, 1e-9, 0.025, 0.31, 0.5, 0.7, 0.975]) {
    assert.ok(Math.abs(special.normalCdf(special.normalQuantile(p)) / p - 1) < 1e-12);
    for (const freedom of [0.7, 1, 5, 200]) {
      const t = special.studentTQuantile(Math.max(p, 1e-40), freedom);
      assert.ok(Math.abs(special.studentTCdf(t, freedom) / Math.max(p, 1e-40) - 1) < 1e-12);
    }
  }
});

Deno.test("ends and arguments outside the range", () => {
  assert.equal(special.normalQuantile(0), -Infinity);
  assert.equal(special.normalQuantile(1), Infinity);
  assert.ok(Number.isNaN(special.normalQuantile(1.1)));
  assert.equal(special.studentTQuantile(0.5, 7), 0);
  assert.equal(special.studentTQuantile(0, 7), -Infinity);
  assert.equal(special.incompleteBeta(0, 2, 3), 0);
  assert.equal(special.incompleteBeta(1, 2, 3), 1);
  assert.ok(Number.isNaN(special.incompleteBeta(0.5, 0, 3)));
  assert.equal(special.betaQuantile(0, 2, 3), 0);
  assert.equal(special.betaQuantile(1, 2, 3), 1);
  assert.equal(special.binomialPmf(3, 2, 0.5), 0);
  assert.equal(special.binomialPmf(0, 2, 0), 1);
  assert.equal(special.binomialCdf(-1, 2, 0.5), 0);
  assert.equal(special.binomialCdf(2, 2, 0.5), 1);
  assert.equal(special.chiSquareCdf(-1, 2), 0);
  assert.equal(special.chiSquareSurvival(Infinity, 2), 0);
  assert.ok(Number.isNaN(special.logGamma(-1)));
});
