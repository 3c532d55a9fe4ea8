import assert from "node:assert/strict";
import {
  bootstrap,
  bootstrapCells,
  bootstrapIndices,
  type BootstrapMethod,
  resampledInterval,
} from "../../src/statistics/bootstrap.ts";
import { type Decomposed, evaluateAll, means, selectRows } from "../../src/statistics/decomposed.ts";
import { EvaluationError } from "../../src/statistics/errors.ts";
import { createRandom } from "../../src/base/random.ts";
import { drawBinomial } from "../draw_binomial.ts";
import { designUnits, groupUnits, jackknifeMetrics } from "../../src/statistics/units.ts";
import golden from "../golden/evaluate/intervals.json" with { type: "json" };
import { close, uniforms } from "./lcg.ts";

const share = (n: number) => (cells: Float64Array, out: Float64Array) => void (out[0] = cells[0] / n);

Deno.test("an interval agrees with the binomial distribution that resampling rows would give", () => {
  // scipy.stats.binom.ppf([.025, .975], 200, .85) / 200 is .80 and .90; one step of the grid, .005, is left to chance
  const [interval] = bootstrapCells([170, 30], share(200), { metrics: 1, resamples: 20_000, seed: 5 });
  assert.equal(interval.value, 0.85);
  assert.ok(Math.abs(interval.low - 0.8) < 0.0051, `${interval.low}`);
  assert.ok(Math.abs(interval.high - 0.9) < 0.0051, `${interval.high}`);
});

Deno.test("a 90% interval covers the true share in about 90% of data sets", () => {
  const random = createRandom(11);
  let covered = 0;
  const sets = 400, n = 300, truth = 0.7;
  for (let set = 0; set < sets; set++) {
    const right = drawBinomial(random, n, truth);
    const [{ low, high }] = bootstrapCells([right, n - right], share(n), {
      metrics: 1,
      resamples: 300,
      confidence: 0.9,
      seed: set,
    });
    if (low <= truth && truth <= high) covered++;
  }
  assert.ok(covered / sets > 0.86 && covered / sets < 0.94, `covered ${covered} of ${sets}`);
});

Deno.test("a million rows cost no more than their cells", () => {
  const cells = [600_000, 100_000, 50_000, 250_000];
  const [interval] = bootstrapCells(cells, share(1e6), { metrics: 1, resamples: 1000, seed: 2 });
  // the width of the normal approximation: 2 * 1.96 * sqrt(.6 * .4 / 1e6)
  assert.ok(Math.abs(interval.high - interval.low - 0.00192) < 0.0002);
});

Deno.test.each([[5, 0.3], [40, 0.1], [1000, 0.004], [60, 0.5], [500, 0.93], [100_000, 0.27]])(
  "binomial draws of %i at %f have the right mean, spread and range",
  (trials, probability) => {
    const random = createRandom(trials);
    const draws = 40_000;
    let sum = 0, squares = 0;
    for (let i = 0; i < draws; i++) {
      const k = drawBinomial(random, trials, probability);
      assert.ok(Number.isInteger(k) && k >= 0 && k <= trials);
      sum += k, squares += k * k;
    }
    const mean = trials * probability, variance = mean * (1 - probability);
    assert.ok(
      Math.abs(sum / draws - mean) < 5 * Math.sqrt(variance / draws),
      `mean ${sum / draws}, wanted ${mean}`,
    );
    const spread = squares / draws - (sum / draws) ** 2;
    assert.ok(Math.abs(spread / variance - 1) < 0.05, `variance ${spread}, wanted ${variance}`);
  },
);

Deno.test("binomial draws follow the exact probabilities on both sides of the change of method", () => {
  for (const [trials, probability] of [[30, 0.2], [30, 0.45]]) { // means 6 (inversion) and 13.5 (rejection)
    const random = createRandom(9), draws = 200_000;
    const seen = new Array(trials + 1).fill(0);
    for (let i = 0; i < draws; i++) seen[drawBinomial(random, trials, probability)]++;
    let chance = (1 - probability) ** trials;
    for (let k = 0; k <= trials; k++) {
      const sigma = Math.sqrt(draws * chance * (1 - chance)) + 1;
      assert.ok(
        Math.abs(seen[k] - draws * chance) < 5 * sigma,
        `k ${k}: ${seen[k]}, wanted ${draws * chance}`,
      );
      chance *= (trials - k) / (k + 1) * probability / (1 - probability);
    }
  }
});

Deno.test("the cells that a metric sees add up to the rows, without one of them, too", () => {
  const seen = new Set<number>();
  bootstrapCells([30, 0, 15, 5], (cells, out) => {
    assert.ok(Math.abs(cells.reduce((sum, count) => sum + count) - 50) < 1e-9);
    seen.add(cells[1]);
    out[0] = cells[0];
  }, { metrics: 1, resamples: 100, method: "bca" });
  assert.deepEqual([...seen], [0]);
});

Deno.test("the generator gives the same words on every machine", () => {
  const random = createRandom(7);
  assert.deepEqual([random(), random(), random()].map((u) => u * 2 ** 32), [
    1953209201,
    274027627,
    1787915724,
  ]);
});

Deno.test("the generator is uniform and its seeds differ", () => {
  const tenths = new Array(10).fill(0);
  const random = createRandom(1);
  for (let i = 0; i < 100_000; i++) tenths[Math.floor(random() * 10)]++;
  for (const count of tenths) assert.ok(Math.abs(count - 10_000) < 500, `${tenths}`);
  const firsts = new Set(Array.from({ length: 1000 }, (_, seed) => createRandom(seed)()));
  assert.equal(firsts.size, 1000);
  assert.notEqual(createRandom(2 ** 32 + 1)(), createRandom(1)());
});

type GoldenCase = [string, number, number, number, number, number, number, number, number];

/** The golden script's rows: one statistic, two, three, or one in two strata. */
function rowsOf(kind: string, seed: number, n: number): Decomposed & { strata?: number[] } {
  const u = uniforms(2 * seed, 2 * n), coarse = seed % 8 < 4;
  const x = u.slice(0, n).map((v) => coarse ? Math.floor(v * 4) : v);
  const y = u.slice(n).map((v) => coarse ? Math.floor(v * 3) + 1 : v);
  const rows = (
    width: number,
    values: (row: number) => number[],
    metric: (sums: Float64Array, n: number) => number,
  ) => ({
    names: ["metric"],
    n,
    width,
    rows: Float64Array.from(Array.from({ length: n }, (_, row) => values(row)).flat()),
    evaluate: (sums: Float64Array, n: number, out: Float64Array) => void (out[0] = metric(sums, n)),
  });
  if (kind === "mean") return rows(1, (row) => [x[row]], ([sum], n) => sum / n);
  if (kind === "ratio") return rows(2, (row) => [x[row], y[row] + 1], ([above, below]) => above / below);
  if (kind === "f1") {
    const guessed = (row: number) => +(u[row] < 0.6), true_ = (row: number) => +(u[n + row] < 0.7);
    return rows(
      3,
      (row) => [guessed(row) * true_(row), guessed(row), true_(row)],
      ([right, guessed, true_]) => guessed + true_ > 0 ? 2 * right / (guessed + true_) : 0,
    );
  }
  const half = Math.floor(n / 2), first = (row: number) => +(row < half);
  return {
    ...rows(2, (row) => [x[row] * first(row), x[row] * (1 - first(row))], ([a, b]) => a - b),
    strata: Array.from({ length: n }, (_, row) => first(row)),
  };
}

Deno.test("percentile and BCa intervals equal scipy's on the same resamples, strata included", () => {
  assert.ok(golden.bootstrap.length >= 500);
  const ties = new Set<string>();
  for (const [kind, seed, n, resamples, confidence, ...wanted] of golden.bootstrap as GoldenCase[]) {
    const metrics = rowsOf(kind, seed, n), half = Math.floor(n / 2);
    const v = uniforms(2 * seed + 1, resamples * n);
    const draws = Float64Array.from({ length: resamples }, (_, r) =>
      evaluateAll(selectRows(
        metrics,
        Array.from(v.subarray(r * n, (r + 1) * n), (u, i) => {
          if (kind !== "gap") return Math.floor(u * n);
          return i < half ? Math.floor(u * half) : half + Math.floor(u * (n - half));
        }),
      )).metric);
    const { metric: value } = evaluateAll(metrics);
    const groups = groupUnits(metrics, designUnits(n, metrics));
    if (groups.counts.length < n) ties.add(kind);
    const [jackknife] = jackknifeMetrics(metrics, groups);
    (["percentile", "bca"] as BootstrapMethod[]).forEach((method, m) => {
      const interval = resampledInterval(value, draws, { n, confidence, method, jackknife });
      if (interval.low < interval.high) assert.equal(interval.method, method);
      close(interval.low, wanted[2 * m], `low of ${kind} ${seed} by ${method}`);
      close(interval.high, wanted[2 * m + 1], `high of ${kind} ${seed} by ${method}`);
    });
  }
  assert.equal(ties.size, 4, "each kind has cases in which rows repeat");
});

Deno.test("rows, cells and indices give the same interval, up to the chance of resampling", () => {
  const n = 150, random = createRandom(8);
  const guessed = Array.from({ length: n }, () => +(random() < 0.3));
  const truth = guessed.map((guess) => random() < 0.85 ? guess : 1 - guess);
  const cells = [0, 0, 0, 0];
  guessed.forEach((guess, row) => cells[2 * truth[row] + guess]++);
  const f1 = (right: number, guesses: number, trues: number) => 2 * right / (guesses + trues);
  const rows: Decomposed = {
    names: ["f1"],
    n,
    width: 3,
    rows: Float64Array.from(guessed.flatMap((guess, row) => [guess * truth[row], guess, truth[row]])),
    evaluate: (sums, _, out) => void (out[0] = f1(sums[0], sums[1], sums[2])),
  };
  for (const method of ["percentile", "bca"] as const) {
    const options = { resamples: 20_000, method, seed: 1 };
    const byRows = bootstrap(rows, options).f1;
    const [byCells] = bootstrapCells(cells, (c, out) => out[0] = f1(c[3], c[1] + c[3], c[2] + c[3]), {
      ...options,
      metrics: 1,
    });
    const byIndices = bootstrapIndices(n, (indices) => {
      let right = 0, guesses = 0, trues = 0;
      for (const row of indices) {
        right += guessed[row] * truth[row], guesses += guessed[row], trues += truth[row];
      }
      return f1(right, guesses, trues);
    }, options);
    for (const other of [byCells, byIndices]) {
      assert.equal(other.value, byRows.value);
      assert.ok(Math.abs(other.low - byRows.low) < 0.01 && Math.abs(other.high - byRows.high) < 0.005);
      assert.deepEqual([other.method, other.n, other.resamples], [method, n, 20_000]);
    }
  }
});

Deno.test("the seed alone decides, and the order of the rows only changes which are drawn", () => {
  const values = uniforms(4, 80), metrics = means(["mean"], values);
  assert.deepEqual(bootstrap(metrics, { seed: 2 }), bootstrap(metrics, { seed: 2 }));
  assert.notDeepEqual(bootstrap(metrics, { seed: 2 }), bootstrap(metrics, { seed: 3 }));
  const options = { resamples: 20_000 };
  const turned = bootstrap(means(["mean"], values.toReversed()), options).mean;
  const straight = bootstrap(metrics, options).mean;
  assert.ok(Math.abs(turned.low - straight.low) < 0.004 && Math.abs(turned.high - straight.high) < 0.004);
});

Deno.test("rows that come in clusters give wider intervals when clusters are drawn", () => {
  const random = createRandom(3);
  const documents = Array.from({ length: 400 }, (_, row) => `document ${Math.floor(row / 10)}`);
  const levels = Array.from({ length: 40 }, () => random());
  const metrics = means(["mean"], documents.map((_, row) => levels[Math.floor(row / 10)] + 0.2 * random()));
  const width = (options: object) => {
    const { low, high } = bootstrap(metrics, { resamples: 4000, ...options }).mean;
    return high - low;
  };
  const byRow = width({}), byDocument = width({ clusters: documents });
  assert.ok(byDocument > 2.5 * byRow && byDocument < 4 * byRow, `${byRow}, ${byDocument}`); // about the root of 10
  const indices = bootstrapIndices(
    400,
    (rows) => rows.reduce((sum, row) => sum + metrics.rows[row], 0) / rows.length,
    { resamples: 4000, clusters: documents },
  );
  assert.ok(Math.abs(indices.high - indices.low - byDocument) < 0.1 * byDocument);
});

Deno.test("clusters of several sizes count their rows", () => {
  const sizes: number[] = [];
  const counted: Decomposed = {
    ...means(["mean"], [1, 1, 1, 5]),
    evaluate: (sums, n, out) => {
      sizes.push(n);
      out[0] = sums[0] / n;
    },
  };
  bootstrap(counted, { clusters: ["a", "a", "a", "b"], resamples: 50 });
  assert.deepEqual([...new Set(sizes)].sort(), [1, 2, 3, 4, 6]); // 1, 3: jackknife; 2, 4, 6: two clusters
});

Deno.test("strata keep their rows, so a difference between them adds no width", () => {
  const strata = Array.from({ length: 200 }, (_, row) => row % 4 === 0 ? "web" : "books");
  const metrics = means(["mean"], strata.map((stratum, row) => (stratum === "web" ? 10 : 0) + row % 3));
  const plain = bootstrap(metrics).mean, stratified = bootstrap(metrics, { strata }).mean;
  assert.ok(stratified.high - stratified.low < (plain.high - plain.low) / 3);
  const seen = new Set<number>();
  bootstrapIndices(200, (rows) => {
    if (rows.length === 200) seen.add(rows.reduce((count, row) => count + +(strata[row] === "web"), 0));
    return rows[0];
  }, { strata, resamples: 20 });
  assert.deepEqual([...seen], [50]);
});

Deno.test("one row has intervals without the others that BCa would leave out", () => {
  const { value, low, high } = bootstrapIndices(1, (rows) => {
    if (rows.length === 0) throw new Error("there are no rows");
    return 0.5;
  }, { method: "bca", resamples: 50 });
  assert.deepEqual([value, low, high], [0.5, 0.5, 0.5]);
});

Deno.test("where all resamples agree or BCa is undefined the method says so, and nothing is NaN", () => {
  const constant = bootstrap(means(["mean"], [0.1, 0.1, 0.1])).mean;
  assert.deepEqual([constant.low, constant.high, constant.method], [
    constant.value,
    constant.value,
    "degenerate",
  ]);
  const [perfect] = bootstrapCells([50], (cells, out) => out[0] = cells[0] / 50, { metrics: 1 });
  assert.deepEqual([perfect.low, perfect.high, perfect.method], [1, 1, "degenerate"]);
  assert.equal(bootstrap(means(["mean"], [3])).mean.method, "degenerate");
  bootstrapCells([1], (cells, out) => assert.equal(out[0] = cells[0], 1), { metrics: 1 });
  assert.equal(bootstrap(means(["mean"], [3, 4]), { resamples: 0 }).mean.low, 3.5);
  // The largest value: no resample exceeds it, most of the smaller ones fall below.
  const values = uniforms(1, 30);
  const outside = resampledInterval(2, values, {
    n: 30,
    confidence: 0.9,
    method: "bca",
    jackknife: undefined,
  });
  assert.equal(outside.method, "percentile");
  const undefinedBias = resampledInterval(2, values, {
    n: 30,
    confidence: 0.9,
    method: "bca",
    jackknife: { values, counts: new Uint8Array(30).fill(1), stratumStart: [0, 30] },
  });
  assert.equal(undefinedBias.method, "percentile");
  assert.ok(undefinedBias.low < undefinedBias.high);
  // Half the resamples have no value at all.
  const sometimes = bootstrapIndices(6, (rows) => rows.includes(0) ? rows[0] : NaN, { resamples: 400 });
  assert.ok(Number.isFinite(sometimes.low) && Number.isFinite(sometimes.high));
  assert.ok(sometimes.resamples! > 200 && sometimes.resamples! < 320);
});

Deno.test("several statistics share their resamples", () => {
  const values = uniforms(6, 40);
  const mean = (rows: Uint32Array) => rows.reduce((sum, row) => sum + values[row], 0) / rows.length;
  const [one, double] = bootstrapIndices(40, (rows) => [mean(rows), 2 * mean(rows)], { seed: 9 });
  close(double.low, 2 * one.low, "low");
  close(double.high, 2 * one.high, "high");
});

Deno.test("beyond 1,000 rows the jackknife of an index statistic goes by parts and gives nearly the same ends", () => {
  const values = uniforms(2, 2500).map((u) => -Math.log(1 - u));
  const mean = (rows: Uint32Array) => rows.reduce((sum, row) => sum + values[row], 0) / rows.length;
  let calls = 0;
  const byIndices = bootstrapIndices(2500, (rows) => (calls++, mean(rows)), { resamples: 4000 });
  const byRows = bootstrap(means(["mean"], values), { resamples: 4000 }).mean;
  assert.equal(calls, 5001);
  assert.ok(Math.abs(byIndices.low - byRows.low) < 0.004 && Math.abs(byIndices.high - byRows.high) < 0.004);
});

Deno.test("a 95% BCa interval of macro F1 over 100 rows covers it in 93 to 97.5% of data sets", () => {
  const shares = [0.42, 0.04, 0.04, 0.03, 0.24, 0.03, 0.02, 0.02, 0.16], random = createRandom(21);
  const macro = (cells: ArrayLike<number>) => {
    let sum = 0;
    for (let k = 0; k < 3; k++) {
      let total = 0;
      for (let j = 0; j < 3; j++) total += cells[3 * k + j] + cells[3 * j + k];
      sum += total > 0 ? 2 * cells[4 * k] / total / 3 : 0;
    }
    return sum;
  };
  const truth = macro(shares), sets = 1000;
  let covered = 0;
  for (let set = 0; set < sets; set++) {
    let left = 100, weight = 1;
    const cells = shares.map((share) => {
      const count = drawBinomial(random, left, Math.min(1, share / weight));
      left -= count, weight -= share;
      return count;
    });
    cells[8] += left;
    const [{ low, high }] = bootstrapCells(cells, (c, out) => out[0] = macro(c), { metrics: 1, seed: set });
    if (low <= truth && truth <= high) covered++;
  }
  assert.ok(covered / sets > 0.93 && covered / sets < 0.975, `covered ${covered} of ${sets}`);
});

Deno.test("bad rows, designs and options are refused with what is wrong", () => {
  const two = means(["mean"], [1, 2]);
  assert.throws(() => bootstrap(means(["mean"], [])), /no rows/);
  assert.throws(() => bootstrap(means(["mean"], [1, NaN])), /row 1 is NaN/);
  assert.throws(() => bootstrap(two, { clusters: ["a"] }), /2 rows with 1 clusters/);
  assert.throws(() => bootstrap(two, { strata: [1, 2, 3] }), /2 rows with 3 strata/);
  assert.throws(() => bootstrap(two, { clusters: [1, 1], strata: ["x", "y"] }), /more than one stratum/);
  assert.throws(() => bootstrap(two, { resamples: 1.5 }), EvaluationError);
  assert.throws(() => bootstrap(two, { confidence: 95 }), EvaluationError);
  assert.throws(() => bootstrap(two, { seed: 0.5 }), EvaluationError);
  assert.throws(() => bootstrap(two, { method: "basic" as "bca" }), /method must be/);
  assert.throws(() => bootstrapIndices(2, () => NaN), /statistic 0: it is NaN/);
  assert.throws(() => bootstrapIndices(0, () => 1), /no rows/);
  const infinite: Decomposed = { ...two, evaluate: (_sums, _n, out) => void (out[0] = Infinity) };
  assert.throws(() => bootstrap(infinite), /mean: it is Infinity/);
  assert.throws(() => bootstrapCells([0, 0], () => {}, { metrics: 1 }), /no rows/);
  assert.throws(() => bootstrapCells([1.5], () => {}, { metrics: 1 }), /cell 0 has 1.5 rows/);
});
