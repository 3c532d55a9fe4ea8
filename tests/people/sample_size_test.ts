import assert from "node:assert/strict";
import { wilsonInterval } from "../../src/statistics/intervals.ts";
import { itemsForKappa, ratersForKappa } from "../../src/people/kappa_size.ts";
import { cohenKappaTable } from "../../src/statistics/kappa.ts";
import * as plan from "../../src/people/sample_size.ts";
import { createRandom } from "../../src/base/random.ts";
import { close, readGolden } from "./golden.ts";

const golden = readGolden<Record<string, number[][]>>("sample_size");
const sides = (value: number) => value as 1 | 2;

Deno.test("rows for a proportion's margin equal statsmodels (normal) and the root of Wilson's width", () => {
  golden.proportion.forEach(([proportion, margin, confidence, normal, wilson], i) => {
    const options = { proportion, margin, confidence };
    close(plan.sampleSizeForProportion({ ...options, method: "normal" }).exact, normal, `case ${i} normal`);
    const found = plan.sampleSizeForProportion(options);
    close(found.exact, wilson, `case ${i} wilson`);
    const { low, high } = wilsonInterval(proportion * found.n, found.n, { confidence });
    assert.ok((high - low) / 2 <= margin + 1e-9, `case ${i}`);
  });
});

Deno.test("ratings for a mean's margin equal scipy's root", () => {
  golden.mean.forEach(([standardDeviation, margin, confidence, n], i) =>
    close(plan.sampleSizeForMean({ standardDeviation, margin, confidence }).exact, n, `case ${i}`)
  );
});

Deno.test("two proportions: size and power equal statsmodels", () => {
  golden.twoProportions.forEach(([first, second, ratio, significance, power, side, n, size, found], i) => {
    const options = { first, second, ratio, significance, sides: sides(side) };
    close(plan.sampleSizeForTwoProportions({ ...options, power }).exact, size, `case ${i} size`);
    close(plan.powerOfTwoProportions({ ...options, n }), found, `case ${i} power`);
  });
});

Deno.test("paired systems (McNemar): size and power equal statsmodels' normal functions", () => {
  golden.paired.forEach(([firstOnly, secondOnly, significance, power, n, size, found], i) => {
    const options = { firstOnly, secondOnly, significance };
    close(plan.sampleSizeForPaired({ ...options, power }).exact, size, `case ${i} size`);
    close(plan.powerOfPaired({ ...options, n }), found, `case ${i} power`);
  });
});

Deno.test("mean difference: size and power equal statsmodels' t test power", () => {
  golden.difference.forEach(([effect, significance, power, side, n, size, found], i) => {
    const options = { effect, significance, sides: sides(side) };
    close(plan.powerOfMeanDifference({ ...options, n }), found, `case ${i} power`);
    close(plan.sampleSizeForMeanDifference({ ...options, power }).exact, size, `case ${i} size`);
  });
});

Deno.test("comparisons for a preference equal statsmodels, more with ties", () => {
  golden.preference.forEach(([share, significance, power, n], i) => {
    close(plan.sampleSizeForPreference({ share, significance, power }).exact, n, `case ${i}`);
    close(
      plan.sampleSizeForPreference({ share: 1 - share, significance, power, ties: 0.5 }).exact,
      2 * n,
      `case ${i} ties`,
    );
  });
});

Deno.test("the rows planned find the difference as often as asked", () => {
  const random = createRandom(1);
  const { n } = plan.sampleSizeForPreference({ share: 0.65, power: 0.8 });
  let found = 0;
  for (let round = 0; round < 2000; round++) {
    let wins = 0;
    for (let i = 0; i < n; i++) if (random() < 0.65) wins++;
    if (Math.abs(wins - n / 2) > 1.959963984540054 * Math.sqrt(n) / 2) found++;
  }
  assert.ok(Math.abs(found / 2000 - 0.8) < 0.04, `${found / 2000}`);
});

Deno.test("the items planned for a kappa give about the width asked for", () => {
  const random = createRandom(2);
  const { n } = itemsForKappa({ kappa: 0.6, halfWidth: 0.1, prevalence: 0.3 });
  let width = 0;
  for (let round = 0; round < 300; round++) {
    const table = [[0, 0], [0, 0]];
    for (let i = 0; i < n; i++) {
      // With probability 0.6 both have one draw in common, otherwise two independent ones: a correlation of 0.6.
      const draw = () => random() < 0.3 ? 1 : 0;
      const first = draw();
      table[first][random() < 0.6 ? first : draw()]++;
    }
    const { kappa } = cohenKappaTable(table);
    width += (kappa.high - kappa.low) / 2 / 300;
  }
  assert.ok(Math.abs(width - 0.1) < 0.01, `${width}`);
});

Deno.test("raters for a kappa are the fewest for which the items are enough", () => {
  for (const kappa of [0.2, 0.4, 0.6, 0.8]) {
    for (const items of [60, 150, 400]) {
      let raters: number;
      try {
        raters = ratersForKappa({ kappa, halfWidth: 0.1, items }).n;
      } catch (error) {
        assert.match((error as Error).message, /not even 100 raters .* collect at least \d+ items/);
        continue;
      }
      assert.ok(itemsForKappa({ kappa, halfWidth: 0.1, raters }).n <= items);
      if (raters > 2) assert.ok(itemsForKappa({ kappa, halfWidth: 0.1, raters: raters - 1 }).n > items);
    }
  }
});

Deno.test("what cannot be planned is named", () => {
  assert.throws(
    () => plan.sampleSizeForProportion({ margin: 0 }),
    /margin must lie between 0 and 0.5, got 0/,
  );
  assert.throws(() => plan.sampleSizeForProportion({ margin: 0.1, proportion: 1.2 }), /proportion must lie/);
  assert.throws(() => plan.sampleSizeForTwoProportions({ first: 0.5, second: 0.5 }), /does not differ/);
  assert.throws(
    () => plan.sampleSizeForPaired({ firstOnly: 0.7, secondOnly: 0.6 }),
    /firstOnly \+ secondOnly must be a number of at most 1/,
  );
  assert.throws(() => plan.sampleSizeForMeanDifference({ effect: 0 }), /other than 0/);
  assert.throws(() => plan.sampleSizeForMeanDifference({ effect: 1e-9 }), /10\^12/);
  assert.throws(
    () => plan.sampleSizeForPreference({ share: 0.6, power: 80 }),
    /power must lie between 0 and 1, got 80/,
  );
  assert.throws(() => plan.sampleSizeForPreference({ share: 0.6, sides: 3 as 2 }), /sides must be 1 or 2/);
  assert.throws(() => ratersForKappa({ kappa: 0.5, halfWidth: 0.01, items: 50 }), /collect at least/);
  assert.throws(() => itemsForKappa({ kappa: 1, halfWidth: 0.1 }), /kappa must be/);
});
