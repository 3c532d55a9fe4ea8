import assert from "node:assert/strict";
import { divergingBar, type Rating, ratingsReport, zScores } from "../../src/people/ratings.ts";
import { createRandom } from "../../src/base/random.ts";
import { close, readGolden } from "./golden.ts";

const { likert } = readGolden<{ likert: [number, string, ...(number | null)[]][] }>("agreement");
const ratings = (scores: readonly number[]): Rating[] =>
  scores.map((score, i) => ({ item: `${i}`, rater: "ann", score }));

Deno.test("mean, t interval, median, deviation and z-scores equal scipy's", () => {
  likert.forEach(([points, text, mean, low, high, median, deviation, z], i) => {
    const rows = ratings(Array.from(text, Number));
    const { overall } = ratingsReport(rows, { scale: { low: 1, high: points }, resamples: 0 });
    close(overall.mean.value, mean, `case ${i} mean`);
    close(overall.mean.low, low, `case ${i} low`);
    close(overall.mean.high, high, `case ${i} high`);
    close(overall.median.value, median, `case ${i} median`);
    close(overall.standardDeviation, deviation, `case ${i} deviation`);
    close(zScores(rows)[0], z, `case ${i} z`);
  });
});

Deno.test("summaries by system, item and rater add up, whatever the order of rows", () => {
  const random = createRandom(1);
  const rows: Rating[] = [];
  for (const system of ["b", "a"]) {
    for (let i = 0; i < 10; i++) {
      for (const rater of ["x", "y", "z"]) {
        rows.push({ item: `${i}`, rater, system, score: 1 + Math.floor(random() * 5) });
      }
    }
  }
  const options = { scale: { low: 1, high: 5 }, resamples: 100 };
  const report = ratingsReport(rows, options);
  const rounded = (value: unknown) =>
    JSON.stringify(value, (_, part) => typeof part === "number" ? +part.toPrecision(12) : part);
  assert.equal(rounded(report), rounded(ratingsReport(rows.toReversed(), options)));
  assert.deepEqual(report.perSystem.map(({ system, n }) => [system, n]), [["a", 30], ["b", 30]]);
  assert.equal(report.perItem.length, 10);
  assert.equal(report.overall.counts.reduce((sum, count) => sum + count), 60);
  assert.equal(report.overall.n, 60);
  for (const { mean, meanBootstrap, median, topBox, bottomBox } of [report.overall, ...report.perSystem]) {
    for (const interval of [mean, meanBootstrap, topBox, bottomBox]) {
      assert.ok(interval.low < interval.value && interval.value < interval.high, JSON.stringify(interval));
    }
    assert.ok(median.low <= median.value && median.value <= median.high);
  }
});

Deno.test("drawing whole items widens the interval where ratings of an item agree", () => {
  const rows: Rating[] = [];
  for (let i = 0; i < 20; i++) {
    for (let r = 0; r < 10; r++) rows.push({ item: `${i}`, rater: `${r}`, score: 1 + i % 5 });
  }
  const width = (unit: "rating" | "item" | "rater") => {
    const { meanBootstrap } = ratingsReport(rows, { scale: { low: 1, high: 5 }, unit }).overall;
    return meanBootstrap.high - meanBootstrap.low;
  };
  assert.ok(width("item") > 2.5 * width("rating"));
  assert.ok(width("rater") < 1e-9);
});

Deno.test("a rater's bias is the distance to the others on the same items", () => {
  const rows = ["p", "q", "r"].flatMap((item, i) =>
    [["ann", 2], ["bob", 2], ["cy", 4]].map(([rater, score]) => ({
      item,
      rater: rater as string,
      score: (score as number) + i % 2,
    }))
  );
  rows.push({ item: "alone", rater: "ann", score: 5 });
  const { perRater } = ratingsReport(rows, { scale: { low: 1, high: 5 }, resamples: 0 });
  assert.deepEqual(perRater.map(({ rater, n, bias }) => [rater, n, bias.n, bias.value]), [
    ["ann", 4, 3, -1],
    ["bob", 3, 3, -1],
    ["cy", 3, 3, 2],
  ]);
  const alone = ratingsReport(ratings([3, 4]), { scale: { low: 1, high: 5 } }).perRater[0];
  assert.ok(Number.isNaN(alone.bias.value));
});

Deno.test("a diverging bar is as long as all ratings and has its middle at 0", () => {
  for (const counts of [[1, 2, 3, 4], [5, 0, 2, 0, 1], [0, 3]]) {
    const bar = divergingBar(counts, { low: 1, high: counts.length });
    close(bar[bar.length - 1].to - bar[0].from, 1, "length");
    const middle = (counts.length - 1) / 2;
    if (Number.isInteger(middle)) close(bar[middle].from + bar[middle].to, 0, "middle");
    else close(bar[Math.floor(middle)].to, 0, "middle");
  }
  assert.throws(() => divergingBar([1, 2], { low: 1, high: 5 }), /needs 5 counts/);
});

Deno.test("bad ratings are named", () => {
  const scale = { low: 1, high: 5 };
  assert.throws(() => ratingsReport([], { scale }), /there are none/);
  assert.throws(
    () => ratingsReport(ratings([3, 6]), { scale }),
    /Rating 2 \(item "1", rater "ann"\), a point of the scale, must be .*, got 6/,
  );
  assert.throws(() => ratingsReport(ratings([NaN]), { scale }), /got NaN/);
  assert.throws(() => ratingsReport([...ratings([3]), ...ratings([3])], { scale }), /twice/);
  assert.throws(
    () => ratingsReport(ratings([3]), { scale: { low: 5, high: 1 } }),
    /highest point of a scale must be/,
  );
  assert.throws(() => ratingsReport(ratings([3]), { scale, topBox: 5 }), /topBox must/);
  assert.throws(() => ratingsReport(ratings([3]), { scale, resamples: -1 }), /resamples must/);
});
