import assert from "node:assert/strict";
import { createRandomStream } from "../../src/base/random.ts";
import { EvaluationError } from "../../src/statistics/errors.ts";
import { adjustPValues } from "../../src/statistics/corrections.ts";
import { chiSquareTest } from "../../src/statistics/chi_square.ts";
import {
  jensenShannonDistance,
  klDivergence,
  populationStabilityIndex,
} from "../../src/statistics/divergences.ts";
import { ksBinned, ksTwoSample } from "../../src/statistics/ks.ts";
import { chiSquareSurvival } from "../../src/statistics/distributions.ts";
import { kolmogorovSurvival } from "../../src/statistics/kolmogorov.ts";
import { gammaTails } from "../../src/statistics/special.ts";

type Rule = [n: number, start: number, step: number, modulus: number, shift: number];
interface CountCase {
  reference: number[];
  current: number[];
  js: number;
  klNone: number | "Infinity";
  klFill: number;
  klHalf: number;
  psiFill: number;
  psiHalf: number;
  chi: [number, number, number, number];
  ksBinned: number;
}
const golden: {
  ks: { a: Rule; b: Rule; statistic: number; pValue: number }[];
  counts: CountCase[];
  kolmogorov: [number, number, number][];
  gamma: [number, number, number][];
  fdr: { p: number[]; adjusted: number[] }[];
} = JSON.parse(Deno.readTextFileSync(new URL("../golden/drift/statistics.json", import.meta.url)));

const sample = ([n, start, step, modulus, shift]: Rule) =>
  Array.from({ length: n }, (_, i) => (start + i * step) % modulus + shift);

function near(actual: number, expected: number, what: string): void {
  assert.ok(Math.abs(actual - expected) <= 1e-9, `${what}: got ${actual}, wanted ${expected}`);
}
function nearRelative(actual: number, expected: number, what: string, tolerance = 1e-7): void {
  const error = Math.abs(actual - expected);
  assert.ok(error <= tolerance * expected + 1e-300, `${what}: got ${actual}, wanted ${expected}`);
}

Deno.test("the two-sample KS test equals scipy's ks_2samp, exact and asymptotic, with and without ties", () => {
  const methods = new Set<string>();
  for (const { a, b, statistic, pValue } of golden.ks) {
    const result = ksTwoSample(sample(a), sample(b));
    const what = `KS of ${a} and ${b}`;
    near(result.statistic, statistic, what);
    nearRelative(result.pValue, pValue, `${what}, p-value`);
    methods.add(result.method);
    assert.equal(result.method, Math.max(a[0], b[0]) <= 10_000 ? "exact" : "asymptotic");
  }
  assert.equal(methods.size, 2);
});

/** The share of lattice paths to (n, m) that come `statistic` from the diagonal, in whole numbers. */
function countedPValue(statistic: number, n: number, m: number): number {
  const far = (i: number, j: number) => Math.abs(i * m - j * n) >= Math.round(statistic * n * m);
  const count = (mayLeave: boolean) => {
    const row: bigint[] = [];
    for (let i = 0; i <= n; i++) {
      for (let j = 0; j <= m; j++) {
        const paths = i + j === 0 ? 1n : (i > 0 ? row[j] : 0n) + (j > 0 ? row[j - 1] : 0n);
        row[j] = mayLeave || !far(i, j) ? paths : 0n;
      }
    }
    return row[m];
  };
  const all = count(true);
  return Number((all - count(false)) * 10n ** 300n / all) / 1e300;
}

Deno.test("exact KS p-values are shares of whole numbers of orders, to 12 digits", () => {
  const random = createRandomStream(6);
  for (let round = 0; round < 150; round++) {
    const most = round % 15 === 0 ? 120 : 25;
    const [n, m] = [1 + random.integer(most), 1 + random.integer(most)];
    const [a, b] = [n, m].map((count) =>
      Array.from({ length: count }, () => random.next() ** (1 + random.next()))
    );
    if (round % 3 === 0) b.forEach((_, i) => b[i] += 0.7);
    const { statistic, pValue } = ksTwoSample(a, b);
    nearRelative(pValue, countedPValue(statistic, n, m), `${n} and ${m} values, ${statistic}`, 1e-12);
  }
});

Deno.test("exact KS p-values of thousands of values that drifted equal the closed form of equal samples, to 12 digits", () => {
  const n = 9_999;
  for (const h of [1, 40, 200, 500, 1_000, 2_000, 2_600]) {
    // As scipy sums it: Gnedenko and Korolyuk's 2 * (C(2n, n - h) - C(2n, n - 2h) + ...) / C(2n, n).
    let share = 0;
    for (let k = Math.floor(n / h); k >= 0; k--) {
      let term = 1;
      for (let j = 0; j < h; j++) term *= (n - k * h - j) / (n + k * h + j + 1);
      share = term * (1 - share);
    }
    const { pValue } = ksBinned([n - 2_600, 2_600], [n - 2_600 + h, 2_600 - h]);
    nearRelative(pValue, Math.min(1, 2 * share), `shifted by ${h}`, 1e-12);
  }
});

Deno.test("KS does not care which sample comes first, nor how the values are ordered", () => {
  const a = [5, 1, 3, 3, 9], b = [2, 3, 8];
  assert.deepEqual(ksTwoSample(a, b), ksTwoSample(b.toReversed(), a.toSorted()));
  assert.equal(ksTwoSample(a, a).pValue, 1);
  assert.deepEqual(a, [5, 1, 3, 3, 9]);
});

Deno.test("Jensen-Shannon, KL, PSI, chi-square and binned KS equal scipy's", () => {
  for (const [i, wanted] of golden.counts.entries()) {
    const { reference, current } = wanted;
    const what = (name: string) => `${name} of ${reference} and ${current}`;
    near(jensenShannonDistance(reference, current), wanted.js, what("JS"));
    const none = klDivergence(reference, current, { zeros: "none" });
    if (wanted.klNone === "Infinity") assert.equal(none, Infinity);
    else near(none, wanted.klNone, what("KL"));
    near(klDivergence(reference, current), wanted.klFill, what("filled KL"));
    near(klDivergence(reference, current, { zeros: "half" }), wanted.klHalf, what("smoothed KL"));
    near(populationStabilityIndex(reference, current), wanted.psiFill, what("filled PSI"));
    near(
      populationStabilityIndex(reference, current, { zeros: "half" }),
      wanted.psiHalf,
      what("smoothed PSI"),
    );
    const chi = chiSquareTest(reference, current);
    nearRelative(chi.statistic, wanted.chi[0], what("chi-square"), 1e-11);
    assert.equal(chi.degreesOfFreedom, wanted.chi[1]);
    nearRelative(chi.pValue, wanted.chi[2], what("chi-square p-value"));
    near(chi.smallestExpected, wanted.chi[3], what("smallest expected count"));
    if (i % 8 === 0) near(ksBinned(reference, current).statistic, wanted.ksBinned, what("binned KS"));
  }
});

Deno.test("the Kolmogorov survival function equals scipy's kstwo.sf from tiny to large samples", () => {
  for (const [n, x, wanted] of golden.kolmogorov) {
    nearRelative(kolmogorovSurvival(n, x), wanted, `sf(${x}) at n ${n}`);
  }
});

Deno.test("the incomplete gamma function equals scipy's gammaincc, tails included", () => {
  for (const [a, x, wanted] of golden.gamma) {
    nearRelative(gammaTails(x, a).upper, wanted, `Q(${a}, ${x})`, 1e-10);
  }
  near(chiSquareSurvival(3.841458820694124, 1), 0.05, "the .95 quantile of chi-square");
});

Deno.test("Benjamini-Hochberg equals scipy's false_discovery_control", () => {
  for (const { p, adjusted } of golden.fdr) {
    adjustPValues(p, "benjamini-hochberg").forEach((value, i) => near(value, adjusted[i], `adjusted ${p}`));
  }
  assert.deepEqual(adjustPValues([], "benjamini-hochberg"), []);
});

Deno.test("binned KS is at most the KS of the values behind the counts", () => {
  const a = sample([500, 3, 7919, 1_000_003, 0]), b = sample([300, 9, 7907, 1_000_003, 90_000]);
  const bin = (values: number[]) => {
    const counts = new Array(20).fill(0);
    for (const value of values) counts[Math.min(19, Math.floor(value / 60_000))]++;
    return counts;
  };
  const fine = ksTwoSample(a, b), coarse = ksBinned(bin(a), bin(b));
  assert.ok(coarse.statistic <= fine.statistic && coarse.statistic > fine.statistic - 1 / 20 - 0.1);
  assert.ok(coarse.pValue >= fine.pValue);
});

Deno.test("unusable data is refused with one clear line", () => {
  assert.throws(() => ksTwoSample([], [1]), EvaluationError);
  assert.throws(() => ksTwoSample([1, NaN], [1]), /a sample holds NaN/);
  assert.throws(() => ksBinned([1, 2], [1]), /Cannot compare 2 bins with 1/);
  assert.throws(() => klDivergence([1, 2], [1]), /2 reference bins with 1 current ones/);
  assert.throws(() => klDivergence([0, 0], [1, 2]), /the reference has no counts/);
  assert.throws(() => jensenShannonDistance([1, 2], [1, -2]), /current count of bin 1 is -2/);
  assert.throws(() => chiSquareTest([1, NaN], [1, 2]), /reference count of bin 1 is NaN/);
});

Deno.test("KL of filled bins is never negative: shares are divided by their sum, as scipy does it", () => {
  // Without that it would be -0.000085 here.
  const divergence = klDivergence([10_000, 10_000, 1], [100, 100, 0]);
  assert.ok(divergence >= 0 && divergence < 1e-4, `${divergence}`);
  const plain = klDivergence([500, 500], [500, 500]);
  assert.equal(plain, 0);
});
