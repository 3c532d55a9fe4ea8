import assert from "node:assert/strict";
import { binLabels, binOf, countBins, lengthEdges, quantileEdges, realEdges } from "../../src/drift/bins.ts";
import { classSharesPValue } from "../../src/drift/class_shares.ts";
import { momentsOf, pearson3Survival } from "../../src/statistics/pearson3.ts";
import { createHashedRandom } from "../../src/base/random.ts";
import { chiSquareTest } from "../../src/statistics/chi_square.ts";
import { measureBagNoise, noiseAt } from "../../src/drift/bag_noise.ts";
import { mergeWindows, type WindowCounts } from "../../src/drift/window.ts";

Deno.test("quantile bins hold equal shares, and a value that repeats gets a bin of its own", () => {
  const even = Array.from({ length: 1000 }, (_, i) => i);
  assert.deepEqual(countBins(quantileEdges(even, 10), even), Array(10).fill(100));
  const mostlyZero = [...Array(80).fill(0), ...Array.from({ length: 20 }, (_, i) => 1 + i)];
  const edges = quantileEdges(mostlyZero, 10);
  assert.equal(edges[0], 0);
  assert.equal(countBins(edges, mostlyZero)[0], 80);
  assert.deepEqual(quantileEdges([7, 7, 7], 10), [7]); // leaves a bin for anything above
  assert.deepEqual([binOf([7], 7), binOf([7], 8)], [0, 1]);
});

Deno.test("lengths are drawn over round numbers that cover the reference and a step beyond", () => {
  const wide = Array.from({ length: 500 }, (_, i) => 20 + i * 10);
  const edges = lengthEdges(wide);
  assert.deepEqual(edges.slice(0, 3), [50, 70, 100]);
  assert.equal(edges.at(-1), 5000);
  const narrow = lengthEdges(Array.from({ length: 500 }, (_, i) => 40 + i % 30));
  assert.ok(narrow.length >= 5 && narrow.every((edge) => Number.isInteger(edge)), `${narrow}`);
  assert.deepEqual(lengthEdges([3, 3, 3]).length > 0, true);
  assert.ok(lengthEdges([0, 0, 0]).length > 0);
});

Deno.test("numbers of any size are drawn over round steps that cover the bulk of them", () => {
  const values = Array.from({ length: 500 }, (_, i) => -0.03 + i * 0.0002);
  assert.deepEqual(realEdges(values), [-0.03, -0.02, -0.01, 0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07]);
  assert.deepEqual(realEdges([2.5, 2.5, 2.5]), [2.5]);
  const nearlySame = Array.from({ length: 50 }, (_, i) => 1e6 + i * 1e-9);
  assert.ok(realEdges(nearlySame).length === 1);
  for (const scale of [1e-12, 1, 1e12]) {
    const edges = realEdges(values.map((value) => value * scale));
    assert.ok(edges.length >= 8 && edges.every((edge, i) => i === 0 || edge > edges[i - 1]), `${edges}`);
  }
});

Deno.test("bins are named for people", () => {
  assert.deepEqual(binLabels([20, 21, 1500], "count"), ["≤ 20", "21", "22–1,500", "> 1,500"]);
  assert.deepEqual(binLabels([0, 0.005, 0.1], "share"), ["0%", "0–0.5%", "0.5–10%", "> 10%"]);
  assert.deepEqual(binLabels([-1.5, 0, 2], "real"), ["≤ -1.5", "-1.5 to 0", "0 to 2", "> 2"]);
});

Deno.test("Pearson's type III survival function equals scipy's", () => {
  const golden: { pearson: [number, number, number][] } = JSON.parse(
    Deno.readTextFileSync(new URL("../golden/drift/statistics.json", import.meta.url)),
  );
  for (const [z, skewness, wanted] of golden.pearson) {
    const got = pearson3Survival(5 + 2 * z, { mean: 5, deviation: 2, skewness });
    assert.ok(
      Math.abs(got - wanted) <= 1e-9 * wanted + 1e-15,
      `z ${z}, skewness ${skewness}: ${got}, wanted ${wanted}`,
    );
  }
  assert.equal(pearson3Survival(2, { mean: 1, deviation: 0, skewness: 0 }), 0);
  assert.equal(pearson3Survival(1, { mean: 1, deviation: 0, skewness: 0 }), 1);
});

Deno.test("moments are those of the sample", () => {
  const { mean, deviation, skewness } = momentsOf([1, 1, 1, 5]);
  assert.deepEqual([mean, deviation], [2, Math.sqrt(3)]);
  assert.ok(Math.abs(skewness - 6 / Math.sqrt(27)) < 1e-12); // ((-1)³·3 + 3³) / 4 / √3³
});

Deno.test("texts that repeat themselves have more noise than their tokens would have alone", () => {
  const random = createHashedRandom(1);
  const bursty = Array.from({ length: 400 }, () => Array(50).fill(Math.floor(random() * 20)));
  const mixed = Array.from(
    { length: 400 },
    () => Array.from({ length: 50 }, () => Math.floor(random() * 20)),
  );
  const [ofBursty, ofMixed] = [bursty, mixed].map((texts) => measureBagNoise(texts, 20, 1));
  assert.deepEqual(ofBursty.map((noise) => noise.observations), [10, 25, 50, 100, 200]);
  // (bins - 1) / 8 · (1/n + 1/m): the mean for independent draws, of tokens here and of texts there
  const expected = (size: number) => 19 / 8 * (1 / size + 1 / (400 - size));
  assert.ok(Math.abs(ofMixed[3].mean / (expected(100) / 50) - 1) < 0.15);
  assert.ok(Math.abs(ofBursty[3].mean / expected(100) - 1) < 0.15);
});

Deno.test("noise between the measured sizes lies between theirs, and beyond the largest stays there", () => {
  const random = createHashedRandom(2);
  const texts = Array.from(
    { length: 300 },
    () => Array.from({ length: 20 }, () => Math.floor(random() * 30)),
  );
  const measured = measureBagNoise(texts, 30, 1);
  const means = [5, 25, 40, 50, 80, 100].map((size) => noiseAt(measured, size, 300 - size).mean);
  for (let i = 1; i < means.length; i++) assert.ok(means[i] < means[i - 1], `${means}`);
  assert.equal(noiseAt(measured, 50, 250).mean, measured[2].mean);
  assert.equal(noiseAt(measured, 5000, 1e6).mean, measured.at(-1)!.mean);
});

Deno.test("class shares with few texts per class are judged against their permutations", () => {
  const many = [700, 300], some = [60, 40];
  assert.equal(classSharesPValue(many, some), chiSquareTest(many, some).pValue);

  // 60 classes, 50 texts: no class is expected five times. Without drift p < .1 must stay as rare as that.
  const random = createHashedRandom(4);
  const draw = (size: number, skew = 1) => {
    const counts = Array(60).fill(0);
    for (let i = 0; i < size; i++) counts[Math.floor(60 * random() ** skew)]++;
    return counts;
  };
  const reference = draw(1000);
  let rare = 0;
  for (let i = 0; i < 100; i++) if (classSharesPValue(reference, draw(50)) < 0.1) rare++;
  assert.ok(rare >= 2 && rare <= 25, `${rare} of 100`);
  assert.ok(classSharesPValue(reference, draw(50, 3)) < 1e-3);
  // Two classes of which one is rare: the hypergeometric chance of 3 or more of the 8 among 100 of 2,105 is 0.004894896316;
  // the chi-square test says 9.1e-5.
  const rarely = classSharesPValue([2000, 5], [97, 3]);
  assert.ok(Math.abs(rarely - 0.004894896316) < 1e-10, `${rarely}`);
  assert.ok(chiSquareTest([2000, 5], [97, 3]).pValue < 1e-4);
});

Deno.test("merged windows keep exact counts, and drop values they cannot keep all of", () => {
  const window = (n: number, values: number[]): WindowCounts => ({
    n,
    startedAtMs: n,
    lastAtMs: 2 * n,
    invalid: 1,
    features: {
      tokens: { kind: "numeric", bins: [n, 0], display: [0, n], values, ranks: [n] },
      class: { kind: "categorical", bins: [n] },
      words: { kind: "bag", observations: n, bins: [1, n], having: [1] },
      embedding: { kind: "vector", bins: [0, n] },
    },
    arrivals: Object.fromEntries(
      ["tokens", "class", "words", "embedding"].map((name) => [
        name,
        { missing: n, invalid: 1, dependence: [] },
      ]),
    ),
  });
  const merged = mergeWindows(window(2, [4, 5]), window(3, [1, 2, 3]));
  assert.deepEqual(merged, {
    n: 5,
    startedAtMs: 2,
    lastAtMs: 6,
    invalid: 2,
    features: {
      tokens: { kind: "numeric", bins: [5, 0], display: [0, 5], values: [4, 5, 1, 2, 3], ranks: [5] },
      class: { kind: "categorical", bins: [5] },
      words: { kind: "bag", observations: 5, bins: [2, 5], having: [2] },
      embedding: { kind: "vector", bins: [0, 5] },
    },
    arrivals: Object.fromEntries(
      ["tokens", "class", "words", "embedding"].map((name) => [
        name,
        { missing: 5, invalid: 2, dependence: [] },
      ]),
    ),
  });
  const valuesOf = ({ features: { tokens } }: WindowCounts) =>
    tokens.kind === "numeric" ? tokens.values : undefined;
  assert.deepEqual(valuesOf(mergeWindows(window(2, [4, 5]), window(3, []))), []);
  const many = Array(6000).fill(1);
  assert.deepEqual(valuesOf(mergeWindows(window(6000, many), window(6000, many))), []);
  const { features } = window(1, [1]);
  const spoiled = (words: WindowCounts["features"]): WindowCounts => ({ ...window(1, [1]), features: words });
  const bins = { ...features, words: { kind: "bag" as const, observations: 1, bins: [1], having: [1] } };
  assert.throws(() => mergeWindows(window(1, [1]), spoiled(bins)), /words differ/);
  const { words: _, ...fewer } = features;
  assert.throws(() => mergeWindows(window(1, [1]), spoiled(fewer)), /only one of them counts words/);
});
