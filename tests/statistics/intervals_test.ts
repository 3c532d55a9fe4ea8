import assert from "node:assert/strict";
import { EvaluationError } from "../../src/statistics/errors.ts";
import {
  correlationInterval,
  meanDifferenceInterval,
  meanInterval,
  poissonRateInterval,
  proportionDifferenceInterval,
  proportionInterval,
  type ProportionMethod,
  wilsonInterval,
} from "../../src/statistics/intervals.ts";
import { binomialPmf } from "../../src/statistics/distributions.ts";
import golden from "../golden/evaluate/intervals.json" with { type: "json" };
import { close, uniforms } from "./lcg.ts";

const methods: ProportionMethod[] = ["wilson", "clopper-pearson", "agresti-coull", "jeffreys"];

Deno.test("intervals of a proportion equal statsmodels'", () => {
  assert.ok(golden.proportion.length * methods.length >= 500);
  for (const [successes, n, confidence, ...ends] of golden.proportion) {
    methods.forEach((method, m) => {
      const interval = proportionInterval(successes, n, { method, confidence });
      close(interval.low, ends[2 * m], `${method} low of ${successes} in ${n}`);
      close(interval.high, ends[2 * m + 1], `${method} high of ${successes} in ${n}`);
      assert.equal(interval.value, successes / n);
      assert.deepEqual([interval.method, interval.n, interval.confidence], [method, n, confidence]);
    });
  }
});

Deno.test("Newcombe's interval equals statsmodels'", () => {
  for (const [a, first, b, second, confidence, low, high] of golden.newcombe) {
    const interval = proportionDifferenceInterval(
      { successes: a, n: first },
      { successes: b, n: second },
      { confidence },
    );
    close(interval.low, low, `low of ${a}/${first} - ${b}/${second}`);
    close(interval.high, high, `high of ${a}/${first} - ${b}/${second}`);
  }
});

Deno.test("intervals of means and of their differences equal scipy's", () => {
  for (const [seed, n, m, confidence, low, high, differenceLow, differenceHigh] of golden.mean) {
    const a = uniforms(seed, n).map((u) => u * 10), b = uniforms(seed + 1000, m).map((u) => u - 3);
    const one = meanInterval(a, { confidence }), two = meanDifferenceInterval(a, b, { confidence });
    close(one.low, low, `low of mean ${seed}`);
    close(one.high, high, `high of mean ${seed}`);
    close(two.low, differenceLow, `low of difference ${seed}`);
    close(two.high, differenceHigh, `high of difference ${seed}`);
    assert.deepEqual([one.n, two.n], [n, n + m]);
  }
});

Deno.test("intervals of correlations equal scipy's", () => {
  for (const [r, n, confidence, low, high] of golden.correlation) {
    const interval = correlationInterval(r, n, { confidence });
    close(interval.low, low, `low of r ${r}, n ${n}`);
    close(interval.high, high, `high of r ${r}, n ${n}`);
  }
  assert.deepEqual([correlationInterval(1, 10).low, correlationInterval(-1, 10).high], [1, -1]);
  assert.deepEqual([correlationInterval(1, 3).low, correlationInterval(1, 3).high], [-1, 1]);
});

Deno.test("intervals of Poisson rates equal statsmodels'", () => {
  for (const [events, exposure, confidence, low, high] of golden.poisson) {
    const interval = poissonRateInterval(events, exposure, { confidence });
    for (const [got, wanted] of [[interval.low, low], [interval.high, high]]) {
      const miss = Math.abs(got - wanted);
      assert.ok(miss <= 1e-9 * Math.max(1, wanted), `${events} in ${exposure}: ${got}, wanted ${wanted}`);
    }
  }
});

Deno.test("there are at least 500 cases beside the proportions'", () => {
  const { newcombe, mean, correlation, poisson } = golden;
  assert.ok([newcombe, mean, correlation, poisson].flat().length >= 500);
});

Deno.test("intervals of a proportion mirror each other, hold the value and widen with the confidence", () => {
  for (const method of methods) {
    for (const [successes, n] of [[0, 1], [1, 1], [3, 10], [50, 50], [999, 1000], [0, 100_000]]) {
      const one = proportionInterval(successes, n, { method });
      const other = proportionInterval(n - successes, n, { method });
      close(one.low, 1 - other.high, `${method} ${successes}/${n}`);
      assert.ok(one.low >= 0 && one.high <= 1);
      if (method !== "jeffreys") assert.ok(one.low <= one.value && one.value <= one.high);
      const wide = proportionInterval(successes, n, { method, confidence: 0.99 });
      assert.ok(wide.low <= one.low && wide.high >= one.high && wide.high - wide.low > one.high - one.low);
    }
  }
});

Deno.test("a 95% Clopper-Pearson interval never covers less, and Wilson's covers 95% on average", () => {
  const n = 40;
  const wilson = Array.from({ length: n + 1 }, (_, k) => wilsonInterval(k, n));
  const exact = Array.from(
    { length: n + 1 },
    (_, k) => proportionInterval(k, n, { method: "clopper-pearson" }),
  );
  let wilsonTotal = 0;
  for (let p = 0.005; p < 1; p += 0.01) {
    let byWilson = 0, byExact = 0;
    for (let k = 0; k <= n; k++) {
      if (wilson[k].low <= p && p <= wilson[k].high) byWilson += binomialPmf(k, n, p);
      if (exact[k].low <= p && p <= exact[k].high) byExact += binomialPmf(k, n, p);
    }
    assert.ok(byExact >= 0.95, `share ${p}: ${byExact}`);
    wilsonTotal += byWilson / 100;
  }
  assert.ok(Math.abs(wilsonTotal - 0.95) < 0.01, `${wilsonTotal}`);
});

Deno.test("a constant has an interval without width, and never NaN", () => {
  assert.deepEqual([meanInterval([2, 2, 2]).low, meanInterval([2, 2, 2]).high], [2, 2]);
  const { low, high } = meanDifferenceInterval([2, 2], [1, 1, 1]);
  assert.deepEqual([low, high], [1, 1]);
});

Deno.test("an interval refuses what makes no sense", () => {
  for (
    const [successes, n, confidence] of [[1, 0, .95], [3, 2, .95], [-1, 2, .95], [NaN, 2, .95], [1, 2, 1]]
  ) {
    assert.throws(() => wilsonInterval(successes, n, { confidence }), EvaluationError);
    assert.throws(
      () => proportionInterval(successes, n, { confidence, method: "jeffreys" }),
      EvaluationError,
    );
  }
  assert.throws(() => proportionInterval(1, 2, { method: "wald" as "wilson" }), /method must be/);
  assert.throws(() => meanInterval([1]), /at least two values, got 1/);
  assert.throws(() => meanInterval([1, NaN]), /value 1 of a mean is NaN/);
  assert.throws(() => meanDifferenceInterval([1, 2], [Infinity, 2]), /value 0 of a mean is Infinity/);
  assert.throws(() => correlationInterval(1.2, 9), EvaluationError);
  assert.throws(() => correlationInterval(NaN, 9), EvaluationError);
  assert.throws(() => correlationInterval(0.2, 1), EvaluationError);
  assert.throws(() => poissonRateInterval(-1, 2), EvaluationError);
  assert.throws(() => poissonRateInterval(1, 0), EvaluationError);
});
