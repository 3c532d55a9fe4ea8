import assert from "node:assert/strict";
import { intraclassCorrelation } from "../../src/people/intraclass.ts";
import { createRandom } from "../../src/base/random.ts";
import { normalQuantile } from "../../src/statistics/distributions.ts";
import { close, readGolden } from "./golden.ts";

const { intraclass } = readGolden<{ intraclass: [number[][], ...number[]][] }>("agreement");

Deno.test("the six intraclass correlations equal those from statsmodels' table of variance, with F intervals", () => {
  intraclass.forEach(([scores, ...expected], i) => {
    const found = intraclassCorrelation(scores);
    const { oneWay, agreement, consistency, oneWayMean, agreementMean, consistencyMean } = found;
    const values = [oneWay, agreement, consistency, oneWayMean, agreementMean, consistencyMean].map((
      { value },
    ) => value);
    [...values, oneWay.low, oneWay.high, consistency.low, consistency.high].forEach((value, k) =>
      close(value, expected[k], `case ${i}, number ${k}`)
    );
  });
});

Deno.test("the interval of agreement holds about as often as it says", () => {
  const random = createRandom(2);
  const normal = () => normalQuantile(random() + 2 ** -33);
  let held = 0;
  for (let round = 0; round < 1000; round++) {
    const raters = Array.from({ length: 6 }, () => normal() * Math.sqrt(0.2));
    const scores = Array.from({ length: 25 }, () => {
      const item = normal();
      return raters.map((level) => item + level + normal() * Math.sqrt(0.8));
    });
    const { agreement } = intraclassCorrelation(scores);
    if (agreement.low <= 0.5 && 0.5 <= agreement.high) held++;
  }
  assert.ok(held > 925 && held < 975, `${held}`);
});

Deno.test("perfect agreement is 1; a shift of one rater lowers agreement but not consistency", () => {
  const { agreement, consistency, oneWay } = intraclassCorrelation([[1, 1], [2, 2], [4, 4]]);
  assert.deepEqual([agreement.value, consistency.value, oneWay.value], [1, 1, 1]);
  const shifted = intraclassCorrelation([[1, 3], [2, 4], [4, 6]]);
  close(shifted.consistency.value, 1, "consistency");
  assert.ok(shifted.agreement.value < 0.7);
});

Deno.test("bad scores are named", () => {
  assert.throws(() => intraclassCorrelation([[1, 2]]), /needs 2 items and 2 raters, got 1 and 2/);
  assert.throws(() => intraclassCorrelation([[1, 2], [1]]), /Item 2 has 1 scores, wanted 2/);
  assert.throws(() => intraclassCorrelation([[1, NaN], [1, 2]]), /item 1, rater 2 is NaN/);
});
