import assert from "node:assert/strict";
import { bootstrapCells } from "../../src/evaluate/bootstrap.ts";
import { createRandom, drawBinomial } from "../../src/evaluate/prng.ts";

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

Deno.test("the generator is uniform and its seeds differ", () => {
  const tenths = new Array(10).fill(0);
  const random = createRandom(1);
  for (let i = 0; i < 100_000; i++) tenths[Math.floor(random() * 10)]++;
  for (const count of tenths) assert.ok(Math.abs(count - 10_000) < 500, `${tenths}`);
  const firsts = new Set(Array.from({ length: 1000 }, (_, seed) => createRandom(seed)()));
  assert.equal(firsts.size, 1000);
  assert.notEqual(createRandom(2 ** 32 + 1)(), createRandom(1)());
});
