import assert from "node:assert/strict";
import { coinSampler, createWordSource, multinomialSampler } from "../../src/statistics/resample.ts";
import { binomialPmf } from "../../src/statistics/distributions.ts";

// Few rows and many, cells of one row (drawn row by row) and large ones (drawn from tables), a cell without rows.
Deno.test.each([[[3, 4]], [[1, 1, 1, 1, 1, 1]], [[30, 0, 60, 10]], [[400, 90, 10]], [[9000, 990, 10]]])(
  "counts drawn from %j follow the binomial distribution in each cell and add up to the rows",
  (counts) => {
    const n = counts.reduce((sum: number, count) => sum + count, 0), draws = 60_000;
    const sample = multinomialSampler(counts),
      source = createWordSource(n),
      out = new Int32Array(counts.length);
    const seen = counts.map(() => new Map<number, number>());
    let products = 0;
    for (let r = 0; r < draws; r++) {
      sample(source, out);
      assert.equal(out.reduce((sum, count) => sum + count, 0), n);
      out.forEach((count, c) => seen[c].set(count, (seen[c].get(count) ?? 0) + 1));
      products += (out[0] - counts[0]) * (out[1] - counts[1]);
    }
    counts.forEach((count, c) => check(seen[c], draws, (k) => binomialPmf(k, n, count / n)));
    const covariance = -counts[0] * counts[1] / n;
    const noise = 5 * Math.sqrt((counts[0] * (counts[1] + 1) + covariance ** 2) / draws);
    assert.ok(
      Math.abs(products / draws - covariance) < noise,
      `covariance ${products / draws}, ${covariance}`,
    );
  },
);

Deno.test("coins show heads as the binomial distribution with 1/2 has it", () => {
  const counts = [1, 2, 17, 1000], draws = 60_000;
  const sample = coinSampler(counts), source = createWordSource(4), out = new Int32Array(counts.length);
  const seen = counts.map(() => new Map<number, number>());
  for (let r = 0; r < draws; r++) {
    sample(source, out);
    out.forEach((heads, c) => seen[c].set(heads, (seen[c].get(heads) ?? 0) + 1));
  }
  counts.forEach((count, c) => check(seen[c], draws, (k) => binomialPmf(k, count, 0.5)));
});

/** Pearson's chi-square over the values expected at least 5 times, within 5 standard deviations of its mean. */
function check(seen: Map<number, number>, draws: number, chance: (k: number) => number): void {
  let statistic = 0, cells = 0, counted = 0;
  for (const [k, times] of seen) {
    const expected = draws * chance(k);
    assert.ok(expected > 1e-4, `drew ${k}, which has chance ${chance(k)}`);
    if (expected < 5) continue;
    statistic += (times - expected) ** 2 / expected;
    cells++, counted += expected;
  }
  assert.ok(counted > 0.99 * draws, `values with ${counted} of ${draws} expected draws came up`);
  assert.ok(statistic < cells + 5 * Math.sqrt(2 * cells), `chi-square ${statistic} over ${cells} values`);
}
