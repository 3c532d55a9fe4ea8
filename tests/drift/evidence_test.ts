import assert from "node:assert/strict";
import { createHashedRandom } from "../../src/base/random.ts";
import {
  addDependence,
  BlockComparison,
  type Dependence,
  designEffect,
  earlyCaution,
  noDependence,
} from "../../src/drift/evidence/dependence.ts";
import { type CellCounts, prepareReference, weighEvidence } from "../../src/drift/evidence/evidence.ts";
import { addToHistory, type Stretch } from "../../src/drift/evidence/history.ts";
import { oddsLikelihood } from "../../src/drift/evidence/odds.ts";
import { neededEvidence } from "../../src/drift/evidence/watcher.ts";
import { alertPolicy } from "../../src/drift/policy.ts";

Deno.test("the likelihood of an odds ratio is that of Fisher's noncentral hypergeometric distribution", () => {
  const logBinomial = (n: number, k: number) => {
    let sum = 0;
    for (let i = 1; i <= k; i++) sum += Math.log((n - k + i) / i);
    return sum;
  };
  const exact = (a: number, m: number, b: number, n: number, logRatio: number) => {
    let sum = -Infinity;
    for (let x = Math.max(0, a + b - m); x <= Math.min(a + b, n); x++) {
      const term = logBinomial(m, a + b - x) + logBinomial(n, x) + x * logRatio;
      sum = Math.max(sum, term) + Math.log1p(Math.exp(-Math.abs(sum - term)));
    }
    return b * logRatio - sum;
  };
  for (
    const [a, m, b, n] of [
      [300, 1000, 400, 1000],
      [0, 1000, 1, 200],
      [1, 1000, 1, 200],
      [2, 1000, 6, 200],
      [
        0,
        1200,
        60,
        200,
      ],
      [1200, 1200, 190, 200],
      [0, 30, 30, 30],
    ]
  ) {
    const likelihood = oddsLikelihood({ hits: a, n: m }, { hits: b, n });
    for (const logRatio of [-2, -0.25, 0.1, 0.5, 1, 2, 4]) {
      const got = likelihood(logRatio) - likelihood(0);
      const wanted = exact(a, m, b, n, logRatio) - exact(a, m, b, n, 0);
      assert.ok(Math.abs(got - wanted) < 0.02, `${a}/${m}, ${b}/${n}, ${logRatio}: ${got}, wanted ${wanted}`);
    }
  }
  assert.equal(oddsLikelihood({ hits: 0, n: 10 }, { hits: 0, n: 10 })(3), 0);
});

Deno.test("a history keeps recent windows apart, older ones together, and forgets none", () => {
  let history: Stretch<number>[] = [];
  for (let index = 0; index < 1000; index++) {
    history = addToHistory(history, { first: index, startedAtMs: 10 * index, counts: 1 }, (a, b) => a + b);
    assert.equal(history.reduce((sum, { counts }) => sum + counts, 0), index + 1);
  }
  assert.ok(history.length <= 20, `${history.length} stretches`);
  for (const [i, { windows, first, startedAtMs, counts }] of history.entries()) {
    assert.equal(counts, windows);
    assert.equal(startedAtMs, 10 * first);
    if (i > 0) assert.equal(first, history[i - 1].first + history[i - 1].windows);
  }
  const ages = history.map(({ first }) => 1000 - first).reverse();
  for (let i = 2; i < ages.length; i++) assert.ok(ages[i] <= 2 * ages[i - 1], `${ages}`);
});

/** A standard normal series in which each value depends on the one before. */
function series(seed: number, rho: number): () => number {
  const random = createHashedRandom(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  let x = normal();
  return () => x = rho * x + Math.sqrt(1 - rho * rho) * normal();
}

/** Quarters of the standard normal distribution. */
const quarter = (x: number) => x < -0.6745 ? 0 : x < 0 ? 1 : x < 0.6745 ? 2 : 3;

Deno.test("the design effect of independent values is 1, of dependent ones as theory says, whatever a lasting change", () => {
  const weights = Float64Array.of(0, 1, 2, 3);
  const measure = (next: () => number, n: number) => {
    const blocks = new BlockComparison(4, [{ weights }]);
    for (let i = 0; i < n; i++) {
      blocks.hit(quarter(next()));
      blocks.next();
    }
    return designEffect(blocks.take()[0]);
  };
  for (let seed = 0; seed < 10; seed++) assert.equal(measure(series(seed, 0), 20_000), 1);
  // (1 + ρ) / (1 - ρ) is 19 of the values themselves; ranks of quarters depend a little less.
  for (let seed = 0; seed < 5; seed++) {
    const effect = measure(series(seed, 0.9), 40_000);
    assert.ok(effect > 12 && effect < 30, `${effect}`);
  }
  const next = series(3, 0);
  let i = 0;
  assert.equal(measure(() => next() + (i++ < 7777 ? 0 : 1), 20_000), 1);
});

Deno.test("what replicas measured of dependence adds up, and what is old loses weight", () => {
  const of = (found: number, pairs: number): Dependence => {
    const dependence = noDependence();
    dependence.found[0] = found;
    dependence.expected[0] = pairs;
    dependence.pairs[0] = pairs;
    return dependence;
  };
  const sum = addDependence(of(30, 10), of(10, 10));
  assert.deepEqual([sum.found[0], sum.expected[0], sum.pairs[0]], [40, 20, 20]);
  // So early little is known of how observations depend.
  assert.deepEqual([earlyCaution(of(0, 0)), earlyCaution(of(32, 32)), earlyCaution(of(500, 500))], [3, 2, 1]);
  const long = addDependence(of(1024, 1024), of(0, 0));
  assert.deepEqual([long.found[0], long.pairs[0]], [512, 512]);
});

/** The most evidence of `windows` windows of 200, against a reference of 2,000. */
function mostEvidence(seed: number, rho: number, windows: number): number {
  const next = series(seed, rho), reference = new Float64Array(4), independent = series(1000 + seed, 0);
  for (let i = 0; i < 2000; i++) reference[quarter(independent())]++;
  const prepared = prepareReference({ counts: reference, n: 2000, missing: 0, ordered: true });
  const blocks = new BlockComparison(4, [{}, ...prepared.directions.filter(({ weights }) => weights)]);
  let dependence: Dependence[] = [], history: Stretch<CellCounts>[] = [], most = -Infinity;
  for (let w = 0; w < windows; w++) {
    const cells = [0, 0, 0, 0];
    for (let i = 0; i < 200; i++) {
      const cell = quarter(next());
      cells[cell]++;
      blocks.hit(cell);
      blocks.next();
    }
    const found = blocks.take();
    dependence = dependence.length === 0 ? found : dependence.map((d, i) => addDependence(d, found[i]));
    const counts = { cells, n: 200, missing: 0, invalid: 0 };
    history = addToHistory(history, { first: w, startedAtMs: w, counts }, (a, b) => ({
      ...a,
      cells: Array.from(a.cells, (count, c) => count + b.cells[c]),
      n: a.n + b.n,
    }));
    const { log } = weighEvidence(prepared, history.map(({ counts }) => counts).reverse(), {
      effect: Math.max(...dependence.map(designEffect)) * earlyCaution(dependence[0]),
      smallestEffect: 0.02,
      minObservations: 30,
    });
    most = Math.max(most, log);
  }
  return most;
}

Deno.test("without a change evidence stays below what an alarm needs, for independent and dependent values", () => {
  // An alarm of one feature needs ln 100,000 = 11.5; the chance to reach e^6 within 200 windows is at most 200 / e^6 = 0.5.
  for (const rho of [0, 0.9]) {
    const most = Array.from({ length: 10 }, (_, seed) => mostEvidence(seed, rho, 200));
    assert.ok(most.every((log) => log < 9), `${rho}: ${most}`);
    assert.ok(most.filter((log) => log > 6).length <= 2, `${rho}: ${most}`);
  }
});

Deno.test("the more features have evidence, the less each needs, and one alone needs it for all", () => {
  const policy = alertPolicy({ windowsPerFalseAlarm: 1000 });
  const all = Math.log(4000);
  assert.equal(neededEvidence([all + 0.1, 0, 0, 0], policy), all);
  assert.equal(neededEvidence([all - 0.1, 0, 0, 0], policy), Infinity);
  assert.equal(neededEvidence([all - 0.1, all - 0.5, 0, 0], policy), all - Math.log(2));
});
