import assert from "node:assert/strict";
import { evaluateAll, means, selectRows } from "../../../src/statistics/decomposed.ts";
import { createRandom } from "../../../src/base/random.ts";
import { sliceRows } from "../../../src/evaluate/tasks/slices.ts";

const accuracy = { name: "accuracy", label: "accuracy", better: "higher" } as const;

function rightOrWrong(n: number, probability: (row: number) => number, seed = 1) {
  const random = createRandom(seed);
  return means(["accuracy"], Array.from({ length: n }, (_, i) => random() < probability(i) ? 1 : 0));
}

Deno.test("each slice has its own rows' metrics, and intervals around them", () => {
  const metrics = rightOrWrong(300, (i) => i % 3 === 0 ? 0.6 : 0.9);
  const values = Array.from({ length: 300 }, (_, i) => ["x", "y", "z"][i % 3]);
  const section = sliceRows(metrics, values, { column: "letter", shown: [accuracy] });
  assert.deepEqual(section.rows.map((row) => [row.value, row.n]), [["x", 100], ["y", 100], ["z", 100]]);
  for (const row of section.rows) {
    const indices = values.flatMap((value, i) => value === row.value ? [i] : []);
    const [interval] = row.intervals;
    assert.equal(interval.value, evaluateAll(selectRows(metrics, indices)).accuracy);
    assert.ok(interval.low < interval.value && interval.value < interval.high);
    assert.equal(interval.n, 100);
  }
  assert.ok(section.rows[0].pValue! < 0.01, "the worse slice differs from the rest");
});

Deno.test("a slice like the rest is seldom found to differ", () => {
  let found = 0;
  const repeats = 200;
  for (let seed = 0; seed < repeats; seed++) {
    const metrics = rightOrWrong(120, () => 0.8, seed);
    const values = Array.from({ length: 120 }, (_, i) => ["a", "b", "c", "d"][i % 4]);
    const { rows } = sliceRows(metrics, values, {
      ...{ column: "letter", shown: [accuracy], seed, shuffles: 200, resamples: 0 },
    });
    if (rows.some((row) => row.pValue! <= 0.05)) found++;
  }
  assert.ok(found / repeats <= 0.09, `${found} of ${repeats} with any finding at .05`);
});

Deno.test("small slices are put together, large ones come first", () => {
  const metrics = rightOrWrong(60, () => 0.8);
  const values = Array.from({ length: 60 }, (_, i) => i < 20 ? "small" : i < 50 ? "large" : `rare ${i % 5}`);
  const of = (options: object) =>
    sliceRows(metrics, values, { column: "size", shown: [accuracy], ...options }).rows.map((
      row,
    ) => [row.value, row.n]);
  assert.deepEqual(of({}), [["large", 30], ["small", 20], ["other (5 values)", 10]]);
  assert.deepEqual(of({ minRows: 1, maxSlices: 1 }), [["large", 30], ["other (6 values)", 30]]);
  assert.deepEqual(of({ minRows: 1 }).length, 7);
});

Deno.test("shuffling rows and their slices together changes no value", () => {
  const metrics = rightOrWrong(80, () => 0.7);
  const values = Array.from({ length: 80 }, (_, i) => i % 2 === 0 ? "even" : "odd");
  const order = Array.from({ length: 80 }, (_, i) => (i * 37) % 80);
  const options = { column: "parity", shown: [accuracy] };
  const one = sliceRows(metrics, values, options);
  const two = sliceRows(selectRows(metrics, order), order.map((i) => values[i]), options);
  assert.deepEqual(
    one.rows.map((row) => [row.value, row.intervals[0].value]),
    two.rows.map((row) => [row.value, row.intervals[0].value]),
  );
});

Deno.test("one slice is not tested, and a column of another length is refused", () => {
  const metrics = rightOrWrong(20, () => 0.5);
  const { rows } = sliceRows(metrics, Array(20).fill("all"), { column: "c", shown: [accuracy] });
  assert.equal(rows.length, 1);
  assert.equal(rows[0].pValue, undefined);
  assert.throws(
    () => sliceRows(metrics, ["a"], { column: "c", shown: [accuracy] }),
    /1 values of "c" with 20 rows/,
  );
});
