import assert from "node:assert/strict";
import { type Decomposed, evaluateAll, means, selectRows } from "../../src/statistics/decomposed.ts";
import { createRandom } from "../../src/base/random.ts";
import {
  approximateRandomization,
  bootstrapPValue,
  pairedBootstrap,
  randomizationPValue,
} from "../../src/statistics/significance.ts";
import golden from "../golden/evaluate/significance.json" with { type: "json" };
import { close, uniforms } from "./lcg.ts";

function ratioRows(matches: ArrayLike<number>, totals: ArrayLike<number>): Decomposed {
  const n = matches.length;
  return {
    names: ["ratio"],
    n,
    width: 2,
    rows: Float64Array.from({ length: 2 * n }, (_, i) => (i % 2 ? totals : matches)[i >> 1]),
    evaluate: (sums, _, out) => void (out[0] = 100 * sums[0] / sums[1]),
  };
}

/** The golden script's pair of systems. */
function pairOf(seed: number, n: number): [Decomposed, Decomposed] {
  const u = uniforms(3 * seed, 3 * n), shift = [0, 0.05, 0.1, 0.2][seed % 4];
  const total = u.slice(0, n).map((v) => Math.floor(v * 20) + 5);
  const matches = (from: number, shift: number) =>
    total.map((rows, i) => Math.floor(rows * (0.2 + shift + 0.6 * u[from + i])));
  return [ratioRows(matches(n, 0), total), ratioRows(matches(2 * n, shift), total)];
}

Deno.test("p-values of both paired tests equal sacrebleu's on the same resamples", () => {
  assert.ok(golden.sacrebleu.length >= 500);
  for (const [seed, n, trials, bootstrapP, randomizationP] of golden.sacrebleu) {
    const [rowsA, rowsB] = pairOf(seed, n);
    const a = evaluateAll(rowsA).ratio, b = evaluateAll(rowsB).ratio;
    const u = uniforms(3 * seed + 1, trials * n), formula = "sacrebleu" as const;
    const resampled = new Float64Array(trials), shuffled = new Float64Array(trials);
    for (let t = 0; t < trials; t++) {
      const own = u.subarray(t * n, (t + 1) * n);
      const drawn = Array.from(own, (v) => Math.floor(v * n));
      resampled[t] = evaluateAll(selectRows(rowsA, drawn)).ratio -
        evaluateAll(selectRows(rowsB, drawn)).ratio;
      const sums = [0, 0, 0, 0];
      own.forEach((v, row) => {
        for (let k = 0; k < 2; k++) {
          const inA = rowsA.rows[2 * row + k], inB = rowsB.rows[2 * row + k], swapped = v >= 0.5;
          sums[k] += swapped ? inA : inB, sums[2 + k] += swapped ? inB : inA;
        }
      });
      shuffled[t] = 100 * sums[0] / sums[1] - 100 * sums[2] / sums[3];
    }
    close(bootstrapPValue(resampled, { a, b, formula }), bootstrapP, `paired bootstrap ${seed}`);
    close(randomizationPValue(shuffled, { a, b, formula }), randomizationP, `randomization ${seed}`);
  }
});

Deno.test("systems that differ much are found to differ, those that differ little are not", () => {
  const random = createRandom(6), n = 300;
  const b = Array.from({ length: n }, () => random());
  const far = means(["score"], b.map((score) => score + 0.1 * random())),
    near = means(
      ["score"],
      b.map((score) => score + 0.1 * (random() - 0.5)),
    );
  for (const test of [pairedBootstrap, approximateRandomization]) {
    const clear = test(far, means(["score"], b)).score, unclear = test(near, means(["score"], b)).score;
    assert.equal(clear.pValue, 1 / (clear.trials + 1));
    assert.ok(clear.difference.low > 0 && clear.effect > 1);
    assert.ok(unclear.pValue > 0.05);
    assert.ok(unclear.difference.low < 0 && unclear.difference.high > 0);
    assert.equal(clear.difference.value, clear.a - clear.b);
    assert.equal(clear.difference.n, n);
  }
});

Deno.test("randomization counts the sign patterns of the rows that differ", () => {
  // 12 rows differ, 10 one way: the chance of 10 or more, or 2 or fewer, of 12 is 158 / 4096
  const a = Array.from({ length: 40 }, (_, row) => +(row < 30)), b = a.slice();
  for (let i = 0; i < 10; i++) b[i] = 0;
  for (let i = 30; i < 32; i++) b[i] = 1;
  const options = { resamples: 200_000, seed: 2 };
  const { accuracy } = approximateRandomization(means(["accuracy"], a), means(["accuracy"], b), options);
  assert.ok(Math.abs(accuracy.pValue - 158 / 4096) < 0.002, `${accuracy.pValue}`);
  const sacrebleu = approximateRandomization(means(["accuracy"], a), means(["accuracy"], b), {
    ...options,
    formula: "sacrebleu",
  }).accuracy;
  assert.ok(Math.abs(sacrebleu.pValue - 26 / 4096) < 0.002, `${sacrebleu.pValue}`); // 11 or more alone
});

Deno.test("a system differs from itself by nothing", () => {
  const rows = ratioRows([3, 4, 5, 2], [7, 8, 9, 4]);
  for (const test of [pairedBootstrap, approximateRandomization]) {
    const { ratio } = test(rows, rows);
    assert.deepEqual([ratio.difference.value, ratio.difference.low, ratio.difference.high], [0, 0, 0]);
    assert.deepEqual([ratio.pValue, ratio.effect], [1, 0]);
  }
});

Deno.test("the order of the systems changes the sign alone", () => {
  const [a, b] = pairOf(2, 30);
  for (const test of [pairedBootstrap, approximateRandomization]) {
    const one = test(a, b, { method: "percentile" }).ratio,
      other = test(b, a, { method: "percentile" }).ratio;
    assert.equal(one.difference.value, -other.difference.value);
    assert.ok(Math.abs(one.pValue - other.pValue) < 0.05);
    close(one.effect, -other.effect, "effect");
  }
});

Deno.test("the effect of a mean is Cohen's d of the differences", () => {
  const a = uniforms(1, 50), b = uniforms(2, 50), differences = a.map((value, i) => value - b[i]);
  const mean = differences.reduce((sum, value) => sum + value) / 50;
  const deviation = Math.sqrt(differences.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 49);
  close(pairedBootstrap(means(["x"], a), means(["x"], b)).x.effect, mean / deviation, "d");
});

Deno.test("rows in clusters are weaker evidence", () => {
  const random = createRandom(12), documents = Array.from({ length: 200 }, (_, row) => Math.floor(row / 20));
  const levels = Array.from({ length: 10 }, () => random() - 0.3);
  const a = means(["x"], documents.map((document) => levels[document] + 0.1 * random()));
  const b = means(["x"], documents.map(() => 0.1 * random()));
  for (const test of [pairedBootstrap, approximateRandomization]) {
    assert.ok(test(a, b, { clusters: documents }).x.pValue > 10 * test(a, b).x.pValue);
  }
});

Deno.test("both tests keep their level under the null", () => {
  const random = createRandom(77), sets = 1000, n = 200;
  let bootstrapped = 0, shuffled = 0, sacrebleu = 0;
  for (let set = 0; set < sets; set++) {
    const a = new Float64Array(n), b = new Float64Array(n);
    for (let row = 0; row < n; row++) {
      const u = random();
      a[row] = +(u < 0.85), b[row] = +(u < 0.75 || (u >= 0.85 && u < 0.95));
    }
    const [rowsA, rowsB] = [means(["accuracy"], a), means(["accuracy"], b)];
    const options = { resamples: 299, seed: set, method: "percentile" as const };
    if (pairedBootstrap(rowsA, rowsB, options).accuracy.pValue <= 0.05) bootstrapped++;
    if (pairedBootstrap(rowsA, rowsB, { ...options, formula: "sacrebleu" }).accuracy.pValue <= 0.05) {
      sacrebleu++;
    }
    if (approximateRandomization(rowsA, rowsB, options).accuracy.pValue <= 0.05) shuffled++;
  }
  assert.ok(bootstrapped / sets <= 0.06, `paired bootstrap ${bootstrapped / sets}`);
  assert.ok(shuffled / sets <= 0.06, `approximate randomization ${shuffled / sets}`);
  assert.ok(sacrebleu / sets > 0.08, `sacrebleu's formula does not: ${sacrebleu / sets}`);
});

Deno.test("systems that do not pair are refused", () => {
  const two = means(["x"], [1, 2]);
  assert.throws(() => pairedBootstrap(two, means(["x"], [1])), /2 rows with x of 1 rows/);
  assert.throws(() => pairedBootstrap(two, means(["y"], [1, 2])), /x of 2 rows with y/);
  assert.throws(() => approximateRandomization(two, { ...two, width: 2 }), /both systems need the same/);
  assert.throws(() => pairedBootstrap(means(["x"], []), means(["x"], [])), /no rows/);
  assert.throws(() => pairedBootstrap(two, means(["x"], [1, NaN])), /row 1/);
  assert.throws(() => pairedBootstrap(two, two, { formula: "koehn" as "sacrebleu" }), /formula must be/);
  assert.throws(() => pairedBootstrap(two, two, { resamples: -1 }), /resamples/);
});
