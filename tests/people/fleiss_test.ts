import assert from "node:assert/strict";
import { agreementRows, countRatings, fleissKappa, manyRaterAgreement } from "../../src/people/fleiss.ts";
import { createRandom } from "../../src/base/random.ts";
import { close, readGolden, readRatings } from "./golden.ts";

type Case = [number, string[], string[], ...(number | null)[]];
const { fleiss } = readGolden<{ fleiss: Case[] }>("agreement");

function counted(rows: string[], size: number): number[][] {
  const raters = rows.map(readRatings);
  const items = raters[0].map((_, i) => raters.map((row) => row[i]));
  return countRatings(items, { categories: Array.from({ length: size }, (_, k) => k) }).counts;
}

Deno.test("Fleiss' and Randolph's kappa equal statsmodels; Gwet's AC1 its formula, also with missing ratings", () => {
  assert.ok(fleiss.length >= 500);
  fleiss.forEach(
    ([size, full, missing, kappa, randolph, agreement, ac1, agreementMissing, ac1Missing], i) => {
      const found = manyRaterAgreement(counted(full, size), { resamples: 0 });
      close(found.fleissKappa.value, kappa, `case ${i} Fleiss`);
      close(found.randolphKappa.value, randolph, `case ${i} Randolph`);
      close(found.percentAgreement.value, agreement, `case ${i} percent`);
      close(found.gwetAc1.value, ac1, `case ${i} AC1`);
      if (agreementMissing === null) {
        assert.throws(() => agreementRows(counted(missing, size)), /no item has two ratings/);
        return;
      }
      const partial = manyRaterAgreement(counted(missing, size), { resamples: 0 });
      close(partial.percentAgreement.value, agreementMissing, `case ${i} percent, missing`);
      close(partial.gwetAc1.value, ac1Missing, `case ${i} AC1, missing`);
    },
  );
});

Deno.test("the kappas of categories average to Fleiss' kappa, weighted by p(1 - p)", () => {
  const counts = [[3, 1, 0], [0, 4, 0], [1, 1, 2], [0, 0, 4], [2, 2, 0]];
  const { perCategory, fleissKappa } = manyRaterAgreement(counts, { resamples: 0 });
  const weights = [0, 1, 2].map((k) => {
    const share = counts.reduce((sum, row) => sum + row[k], 0) / 20;
    return share * (1 - share);
  });
  const total = weights.reduce((sum, weight) => sum + weight);
  close(
    perCategory.reduce((sum, kappa, k) => sum + kappa * weights[k] / total, 0),
    fleissKappa.value,
    "average",
  );
});

Deno.test("perfect agreement is 1, order of items and categories does not matter, intervals hold the value", () => {
  const random = createRandom(5);
  for (let round = 0; round < 100; round++) {
    const counts = Array.from({ length: 12 }, () => {
      const row = [0, 0, 0];
      for (let r = 0; r < 4; r++) row[Math.floor(random() * random() * 3)]++;
      return row;
    });
    const value = fleissKappa(counts);
    if (Number.isNaN(value)) continue;
    assert.ok(value <= 1 && value >= -1 / 3 - 1e-12);
    close(fleissKappa(counts.toReversed().map((row) => row.toReversed())), value, "reversed");
    const { fleissKappa: interval } = manyRaterAgreement(counts, { resamples: 200, seed: round });
    assert.ok(interval.low <= value + 1e-12 && interval.high >= value - 0.2 && interval.low <= interval.high);
  }
  const perfect = manyRaterAgreement([[5, 0], [0, 5], [5, 0]], { resamples: 100 });
  for (
    const measure of [perfect.fleissKappa, perfect.randolphKappa, perfect.gwetAc1, perfect.percentAgreement]
  ) {
    assert.equal(measure.value, 1);
    assert.equal(measure.low, 1);
  }
});

Deno.test("one category only leaves kappa undefined and AC1 at 1", () => {
  const { fleissKappa, gwetAc1, verbal } = manyRaterAgreement([[3, 0], [3, 0]], { resamples: 10 });
  assert.ok(Number.isNaN(fleissKappa.value) && Number.isNaN(fleissKappa.low));
  assert.equal(gwetAc1.value, 1);
  assert.equal(verbal, "undefined");
});

Deno.test("bad counts are named", () => {
  assert.throws(() => fleissKappa([]), /no items/);
  assert.throws(() => fleissKappa([[1, 1], [2]]), /Item 2 has 1 counts, wanted 2/);
  assert.throws(() => fleissKappa([[1, 1.5]]), /item 1, category 2 must be .*, got 1.5/);
  assert.throws(() => fleissKappa([[1, 0], [0, 1]]), /no item has two ratings/);
  assert.throws(() => countRatings([["a"], ["z"]], { categories: ["a"] }), /Rating 1 of item 2 is "z"/);
});
