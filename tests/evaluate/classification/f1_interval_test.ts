import assert from "node:assert/strict";
import { EvaluationError } from "../../../src/statistics/errors.ts";
import { f1Interval, macroF1Interval } from "../../../src/evaluate/classification/f1_interval.ts";
import { createRandom } from "../../../src/base/random.ts";
import { drawBinomial } from "../../draw_binomial.ts";

Deno.test("the interval of F1 holds the value, stays in [0, 1] and narrows with the rows", () => {
  let before = 1;
  for (const times of [1, 4, 16, 64]) {
    const { value, low, high, n } = f1Interval({
      truePositives: 8 * times,
      falsePositives: times,
      falseNegatives: 2 * times,
    });
    assert.equal(value, 16 / 19);
    assert.equal(n, 11 * times);
    assert.ok(0 <= low && low < value && value < high && high <= 1);
    assert.ok(high - low < before);
    before = high - low;
  }
});

Deno.test("a 95% interval of F1 covers it in 93 to 97% of data sets, also where most have no error", () => {
  for (const [found, wrong, missed] of [[0.12, 0.004, 0.006], [0.16, 0.04, 0.04], [0.45, 0.05, 0.05]]) {
    const random = createRandom(5), sets = 4000, truth = 2 * found / (2 * found + wrong + missed);
    let covered = 0;
    for (let set = 0; set < sets; set++) {
      const n = drawBinomial(random, 300, found + wrong + missed);
      const truePositives = drawBinomial(random, n, found / (found + wrong + missed));
      const falsePositives = drawBinomial(random, n - truePositives, wrong / (wrong + missed));
      const falseNegatives = n - truePositives - falsePositives;
      const { low, high } = f1Interval({ truePositives, falsePositives, falseNegatives });
      if (low <= truth && truth <= high) covered++;
    }
    assert.ok(covered / sets > 0.93 && covered / sets < 0.97, `F1 ${truth}: ${covered / sets}`);
  }
});

Deno.test("a class that nothing is of or predicted as has F1 0 and any F1 is possible", () => {
  const { value, low, high } = f1Interval({ truePositives: 0, falsePositives: 0, falseNegatives: 0 });
  assert.deepEqual([value, low, high], [0, 0, 1]);
});

Deno.test("macro F1 is a bootstrap, and reaches below 1 where every row is right", () => {
  const some = macroF1Interval([[80, 5, 1], [4, 60, 2], [3, 1, 44]], { seed: 3 });
  assert.equal(some.method, "bca");
  assert.ok(some.low < some.value && some.value < some.high && some.high < 1);
  const f1s = [160 / 173, 120 / 132, 88 / 95];
  assert.ok(Math.abs(some.value - (f1s[0] + f1s[1] + f1s[2]) / 3) < 1e-12);
  const perfect = macroF1Interval([[80, 0, 0], [0, 60, 0], [0, 0, 5]]);
  assert.deepEqual([perfect.value, perfect.high, perfect.method], [1, 1, "wilson"]);
  assert.ok(perfect.low > 0.85 && perfect.low < 0.95);
  assert.equal(macroF1Interval([[7, 0, 0], [0, 3, 0], [0, 0, 1]], { resamples: 0 }).low, 1);
});

Deno.test("with two classes macro F1 needs no resampling, and agrees with the bootstrap over many rows", () => {
  const confusion = [[8200, 300], [500, 1000]];
  const closed = macroF1Interval(confusion),
    resampled = macroF1Interval(confusion, {
      method: "bca",
      resamples: 20_000,
    });
  assert.deepEqual([closed.method, resampled.method], ["mover", "bca"]);
  assert.equal(closed.value, resampled.value);
  assert.ok(Math.abs(closed.low - resampled.low) < 0.001 && Math.abs(closed.high - resampled.high) < 0.001);
  const turned = macroF1Interval([[1000, 500], [300, 8200]]);
  assert.ok(Math.abs(turned.low - closed.low) < 1e-12 && Math.abs(turned.high - closed.high) < 1e-12);
});

Deno.test("a 95% interval of macro F1 of two classes covers it in 93 to 97% of sets of 100 rows", () => {
  for (const [wrong, missed, found] of [[0.03, 0.02, 0.18], [0.02, 0.02, 0.08], [0.005, 0.005, 0.125]]) {
    const random = createRandom(6), sets = 3000, right = 1 - wrong - missed - found;
    const truth = (2 * found / (2 * found + wrong + missed) + 2 * right / (2 * right + wrong + missed)) / 2;
    let covered = 0;
    for (let set = 0; set < sets; set++) {
      const ofFound = drawBinomial(random, 100, found);
      const ofMissed = drawBinomial(random, 100 - ofFound, missed / (1 - found));
      const ofWrong = drawBinomial(random, 100 - ofFound - ofMissed, wrong / (1 - found - missed));
      const { low, high } = macroF1Interval([[100 - ofFound - ofMissed - ofWrong, ofWrong], [
        ofMissed,
        ofFound,
      ]]);
      if (low <= truth && truth <= high) covered++;
    }
    assert.ok(covered / sets > 0.93 && covered / sets < 0.97, `macro F1 ${truth}: ${covered / sets}`);
  }
});

Deno.test("a class without rows counts as 0, and no row right is no certainty either", () => {
  const absent = macroF1Interval([[10, 0], [0, 0]]);
  assert.equal(absent.value, 0.5);
  assert.ok(absent.low < 0.5 && absent.high === 0.5);
  const wrong = macroF1Interval([[0, 10], [10, 0]]);
  assert.equal(wrong.value, 0);
  assert.ok(wrong.low === 0 && wrong.high > 0.05 && wrong.high < 0.5);
});

Deno.test("counts that make no sense are refused", () => {
  assert.throws(
    () => f1Interval({ truePositives: -1, falsePositives: 0, falseNegatives: 0 }),
    EvaluationError,
  );
  assert.throws(
    () => f1Interval({ truePositives: 1, falsePositives: NaN, falseNegatives: 0 }),
    /falsePositives/,
  );
  assert.throws(() => macroF1Interval([[1, 0]]), /square/);
  assert.throws(() => macroF1Interval([[0, 0], [0, 0]]), /no rows/);
  assert.throws(() => macroF1Interval([[1, 0.5], [0, 0]]), EvaluationError);
});
