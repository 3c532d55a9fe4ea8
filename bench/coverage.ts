/**
 * How often 95% intervals hold the truth, and how often tests find a difference where there is none, by simulation.
 *
 *     deno run -A bench/coverage.ts > bench/results/coverage.md
 *
 * `--sets 400` makes fewer data sets of each kind than the 2,000 behind the committed figures, `--only "macro F1"` runs the
 * lines that have this in their name; a line's figures do not depend on the others.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { type BootstrapMethod, type Interval, resampledInterval } from "../src/statistics/bootstrap.ts";
import { type Decomposed, means } from "../src/statistics/decomposed.ts";
import { f1Interval, macroF1Interval } from "../src/evaluate/classification/f1_interval.ts";
import { meanInterval, wilsonInterval } from "../src/statistics/intervals.ts";
import { correctnessTable, mcNemar, pairedT, wilcoxonSignedRank } from "../src/statistics/paired_tests.ts";
import { createRandom } from "../src/base/random.ts";
import { drawBinomial } from "../tests/draw_binomial.ts";
import { createWordSource } from "../src/statistics/resample.ts";
import { approximateRandomization, pairedBootstrap } from "../src/statistics/significance.ts";
import { normalQuantile } from "../src/statistics/distributions.ts";
import { designUnits, drawMetrics, groupUnits, jackknifeMetrics } from "../src/statistics/units.ts";

const { values: options } = parseArgs({
  options: { sets: { type: "string", default: "2000" }, only: { type: "string", default: "" } },
});
const SETS = Number(options.sets);
const RESAMPLES = 1000;
const SIZES = [100, 300, 1000];

interface Ends {
  low: number;
  high: number;
}
type Method = [name: string, interval: (set: number) => Ends];

/** Shares of the truth inside, below and above. */
class Tally {
  below = 0;
  above = 0;
  all = 0;
  add(truth: number, { low, high }: Ends): void {
    const slack = 1e-12;
    if (!(low <= high)) throw new Error(`Interval from ${low} to ${high}`);
    if (truth < low - slack) this.below++;
    else if (truth > high + slack) this.above++;
    this.all++;
  }
  toString(): string {
    const inside = 100 * (1 - (this.below + this.above) / this.all);
    const mark = inside < 93 || inside > 97 ? " !" : "";
    return `${inside.toFixed(1)}${mark}`;
  }
}

/** One line of a table: the coverage of each method at each size. */
function line(
  name: string,
  truth: number,
  make: (random: () => number, n: number) => Method[],
): void {
  if (!name.includes(options.only)) return;
  const names = make(createRandom(0), 100).map(([method]) => method);
  const cells = SIZES.map((n) => {
    const random = createRandom(seedOf(name) + n), tallies = names.map(() => new Tally());
    for (let set = 0; set < SETS; set++) {
      make(random, n).forEach(([, interval], m) => tallies[m].add(truth, interval(set)));
    }
    return tallies;
  });
  names.forEach((method, m) => {
    console.log(`| ${m === 0 ? name : ""} | ${method} | ${cells.map((tallies) => tallies[m]).join(" | ")} |`);
  });
}

/** Lines draw data of their own. */
function seedOf(name: string): number {
  let seed = 0;
  for (const letter of name) seed = (31 * seed + letter.charCodeAt(0)) % 2 ** 31;
  return seed;
}

function heading(title: string, text: string): void {
  console.log(`\n## ${title}\n\n${text}\n`);
  console.log(
    `| data | method | ${SIZES.map((n) => `n = ${n}`).join(" | ")} |\n| --- | --- |${
      " ---: |".repeat(SIZES.length)
    }`,
  );
}

function drawCells(random: () => number, n: number, shares: readonly number[]): number[] {
  let left = n, weight = 1;
  return shares.map((share, c) => {
    const last = c === shares.length - 1;
    const count = last ? left : drawBinomial(random, left, Math.min(1, share / weight));
    left -= count, weight -= share;
    return count;
  });
}

/** Both intervals from the same resamples, which are drawn once. */
function resampleCells(
  cells: readonly number[],
  metric: (cells: Float64Array) => number,
): (method: BootstrapMethod) => (seed: number) => Interval {
  const metrics: Decomposed = {
    names: ["metric"],
    n: cells.reduce((sum, count) => sum + count),
    width: cells.length,
    rows: new Float64Array(0),
    evaluate: (sums, _, out) => void (out[0] = metric(sums)),
  };
  const occupied = cells.map((_, cell) => cell).filter((cell) => cells[cell] > 0);
  const groups = {
    counts: Float64Array.from(occupied, (cell) => cells[cell]),
    start: Uint32Array.from({ length: occupied.length + 1 }, (_, at) => at),
    columns: Uint32Array.from(occupied),
    values: new Float64Array(occupied.length).fill(1),
    width: cells.length,
    stratumStart: Uint32Array.of(0, occupied.length),
  };
  let draws: Float64Array | undefined;
  return (method) => (seed) => {
    draws ??= drawMetrics(metrics, groups, { resamples: RESAMPLES, source: createWordSource(seed) })[0];
    const [jackknife] = jackknifeMetrics(metrics, groups);
    const value = metric(Float64Array.from(cells));
    return resampledInterval(value, draws, { n: metrics.n, confidence: 0.95, method, jackknife });
  };
}

function accuracy(share: number): void {
  line(`accuracy ${share}`, share, (random, n) => {
    const right = drawBinomial(random, n, share);
    const cells = resampleCells([right, n - right], (cells) => cells[0] / (cells[0] + cells[1]));
    return [
      ["Wilson (default)", () => wilsonInterval(right, n)],
      ["percentile", cells("percentile")],
      ["BCa", cells("bca")],
    ];
  });
}

/** Cells [true negatives, false positives, false negatives, true positives] of a class. */
function binaryShares(share: number, recall: number, precision: number): number[] {
  const found = share * recall, wrong = found / precision - found;
  return [1 - share - wrong, wrong, share - found, found];
}

function f1(cells: ArrayLike<number>, size: number, k: number): number {
  let total = 0;
  for (let j = 0; j < size; j++) total += cells[k * size + j] + cells[j * size + k];
  return total > 0 ? 2 * cells[k * size + k] / total : 0;
}

function macroF1(cells: ArrayLike<number>, size: number): number {
  let sum = 0;
  for (let k = 0; k < size; k++) sum += f1(cells, size, k);
  return sum / size;
}

function binary(share: number, recall: number, precision: number): void {
  const shares = binaryShares(share, recall, precision);
  const name = `F1, class of ${100 * share}%, recall ${recall}, precision ${precision}`;
  line(name, f1(shares, 2, 1), (random, n) => {
    const cells = drawCells(random, n, shares);
    const resampled = resampleCells(cells, (counts) => f1(counts, 2, 1));
    return [
      [
        "Wilson (default)",
        () => f1Interval({ truePositives: cells[3], falsePositives: cells[1], falseNegatives: cells[2] }),
      ],
      ["percentile", resampled("percentile")],
      ["BCa", resampled("bca")],
    ];
  });
}

function macro(name: string, shares: readonly number[]): void {
  const size = Math.sqrt(shares.length);
  line(`macro F1, ${name}`, macroF1(shares, size), (random, n) => {
    const cells = drawCells(random, n, shares);
    const confusion = Array.from({ length: size }, (_, k) => cells.slice(k * size, (k + 1) * size));
    const resampled = (method: BootstrapMethod) => (seed: number) =>
      macroF1Interval(confusion, { resamples: RESAMPLES, method, seed });
    const bca: Method[] = [[size > 2 ? "BCa (default)" : "BCa", resampled("bca")]];
    if (size === 2) bca.unshift(["closed form (default)", () => macroF1Interval(confusion)]);
    return [...bca, ["percentile", resampled("percentile")]];
  });
}

/** Cells of K classes: their shares fall off as 1, 1/2, 1/3 … or are even; errors go anywhere. */
function classes(size: number, right: number, falling: boolean): number[] {
  const weights = Array.from({ length: size }, (_, k) => falling ? 1 / (k + 1) : 1);
  const total = weights.reduce((sum, weight) => sum + weight);
  return weights.flatMap((weight, i) =>
    weights.map((_, j) => weight / total * (i === j ? right : (1 - right) / (size - 1)))
  );
}

function mean(name: string, truth: number, draw: (random: () => number) => number): void {
  line(`mean, ${name}`, truth, (random, n) => {
    const values = Float64Array.from({ length: n }, () => draw(random));
    const resampled = resampleMean(values);
    return [
      ["Student's t (default)", () => meanInterval(values)],
      ["percentile", (seed) => resampled(seed)("percentile")],
      ["BCa", (seed) => resampled(seed)("bca")],
    ];
  });
}

/** Both intervals from the same resamples, which are drawn once. */
function resampleMean(values: Float64Array): (seed: number) => (method: BootstrapMethod) => Interval {
  let draws: Float64Array | undefined;
  const metrics = means(["mean"], values), n = values.length;
  return (seed) => (method) => {
    const groups = groupUnits(metrics, designUnits(n, {}));
    draws ??= drawMetrics(metrics, groups, { resamples: RESAMPLES, source: createWordSource(seed) })[0];
    const value = values.reduce((sum, value) => sum + value, 0) / n;
    const [jackknife] = jackknifeMetrics(metrics, groups);
    return resampledInterval(value, draws, { n, confidence: 0.95, method, jackknife });
  };
}

/** One line of the tests' table: the share of pairs of equal systems in which each test finds a difference. */
function level(
  name: string,
  make: (random: () => number, n: number) => [test: string, pValue: (seed: number) => number][],
): void {
  if (!name.includes(options.only)) return;
  const sizes = [200, 1000], names = make(createRandom(0), 20).map(([test]) => test);
  const found = sizes.map((n) => {
    const random = createRandom(seedOf(name) + n), counts = names.map(() => 0);
    for (let set = 0; set < SETS; set++) {
      make(random, n).forEach(([, pValue], t) => counts[t] += +(pValue(set) <= 0.05));
    }
    return counts.map((count) => count / SETS);
  });
  names.forEach((test, t) => {
    const shown = found.map((shares) => `${shares[t].toFixed(3)}${shares[t] > 0.06 ? " !" : ""}`);
    console.log(`| ${t === 0 ? name : ""} | ${test} | ${shown.join(" | ")} |`);
  });
}

function resampledTests(
  a: Decomposed,
  b: Decomposed,
): [test: string, pValue: (seed: number) => number][] {
  const options = { resamples: 999, method: "percentile" } as const, [metric] = a.names;
  return [
    ["paired bootstrap", (seed) => pairedBootstrap(a, b, { ...options, seed })[metric].pValue],
    [
      "paired bootstrap, sacrebleu's p",
      (seed) => pairedBootstrap(a, b, { ...options, seed, formula: "sacrebleu" })[metric].pValue,
    ],
    [
      "approximate randomization",
      (seed) => approximateRandomization(a, b, { ...options, seed })[metric].pValue,
    ],
    [
      "approximate randomization, sacrebleu's p",
      (seed) => approximateRandomization(a, b, { ...options, seed, formula: "sacrebleu" })[metric].pValue,
    ],
  ];
}

/** Two classifiers that are right on `both` of the rows together and on `apart` each alone. */
function accuracyLevel(both: number, apart: number): void {
  level(`accuracy ${both + apart}, ${200 * apart}% apart`, (random, n) => {
    const a = new Float64Array(n), b = new Float64Array(n);
    for (let row = 0; row < n; row++) {
      const u = random();
      a[row] = +(u < both + apart), b[row] = +(u < both || (u >= both + apart && u < both + 2 * apart));
    }
    const table = correctnessTable(a, b);
    return [
      ["McNemar, exact", () => mcNemar(table).pValue],
      ["McNemar, chi-square", () => mcNemar(table, { method: "chi-square" }).pValue],
      ...resampledTests(means(["accuracy"], a), means(["accuracy"], b)),
    ];
  });
}

/** Two classifiers of a class of 30% that err alike, and not on the same rows. */
function f1Level(): void {
  level("F1 of a class of 30%", (random, n) => {
    const rows = [0, 1].map(() => new Float64Array(3 * n));
    for (let row = 0; row < n; row++) {
      const truth = +(random() < 0.3), hard = random() < 0.1;
      for (const system of rows) {
        const guess = random() < (hard ? 0.4 : 0.06) ? 1 - truth : truth;
        system.set([guess * truth, guess, truth], 3 * row);
      }
    }
    const [a, b] = rows.map((rows): Decomposed => ({
      names: ["F1"],
      n,
      width: 3,
      rows,
      evaluate: (sums, _, out) =>
        void (out[0] = sums[1] + sums[2] > 0 ? 2 * sums[0] / (sums[1] + sums[2]) : 0),
    }));
    return resampledTests(a, b);
  });
}

function scoreLevel(): void {
  level("mean of skewed scores", (random, n) => {
    const a = new Float64Array(n), b = new Float64Array(n);
    for (let row = 0; row < n; row++) {
      const item = random();
      a[row] = item + random() ** 3, b[row] = item + random() ** 3;
    }
    return [
      ["paired t", () => pairedT(a, b).pValue],
      ["Wilcoxon", () => wilcoxonSignedRank(a, b).pValue],
      ...resampledTests(means(["score"], a), means(["score"], b)),
    ];
  });
}

const normal = (random: () => number) => normalQuantile((Math.floor(random() * 2 ** 31) + 0.5) / 2 ** 31);

console.log(`# Intervals and tests, by simulation

    deno run -A bench/coverage.ts > bench/results/coverage.md

${SETS.toLocaleString("en")} data sets a figure, ${
  RESAMPLES.toLocaleString("en")
} resamples each. Figures have a standard error of
about 0.5 percentage points. "!" marks what lies outside 93 to 97%, or above .06. \`--only NAME\` runs the lines with that name.

What follows: closed forms for accuracy and the F1 of a class (Wilson) and for macro F1 of two classes; BCa for macro F1 of more
classes, where percentile intervals fall short; Student's t for means unless the tail is very long, when more rows help and no
method does. sacrebleu's p-value of the paired bootstrap finds a difference in about one of ten pairs of equal systems, and that
of approximate randomization does so, too, where scores are right or wrong and few rows differ; ours keep their level.`);

heading("Coverage of 95% intervals, in %", "Accuracy.");
for (const share of [0.5, 0.8, 0.9, 0.95]) accuracy(share);

heading("F1 of one class", "Rows of the class at n = 100: 50, 30, 20 and 13.");
binary(0.5, 0.9, 0.9);
binary(0.3, 0.8, 0.8);
binary(0.2, 0.9, 0.85);
binary(0.13, 0.85, 0.85);

heading("Macro F1", "Shares of the classes even, or falling as 1, 1/2, 1/3 …");
macro("2 classes, 20% positive, recall 0.9, precision 0.85", binaryShares(0.2, 0.9, 0.85));
macro("3 even classes, accuracy 0.8", classes(3, 0.8, false));
macro("3 falling classes, accuracy 0.9", classes(3, 0.9, true));
macro("5 even classes, accuracy 0.8", classes(5, 0.8, false));
macro("5 falling classes, accuracy 0.7", classes(5, 0.7, true));

heading("Mean", "Skewness 0, 1.6 and 2.");
mean("normal", 0, normal);
mean("chi-square of 3", 3, (random) => normal(random) ** 2 + normal(random) ** 2 + normal(random) ** 2);
mean("exponential", 1, (random) => -Math.log(1 - random()));

heading(
  "Harder data",
  `Few rows of a class, hardly an error, or a very long tail: here no method holds everywhere. At n = 100 the classes of 10
and 13% have 10 and 13 rows; with recall 0.95 and precision 0.97 a third of such sets has no error at all, where
resampling sees none either. The log-normal has skewness 6.`,
);
accuracy(0.99);
binary(0.1, 0.8, 0.8);
binary(0.13, 0.95, 0.97);
macro("2 classes, 10% positive, recall 0.8, precision 0.8", binaryShares(0.1, 0.8, 0.8));
macro("2 classes, 13% positive, recall 0.95, precision 0.97", binaryShares(0.13, 0.95, 0.97));
macro("10 even classes, accuracy 0.85", classes(10, 0.85, false));
mean("log-normal", Math.exp(0.5), (random) => Math.exp(normal(random)));

console.log(`
## Level of the tests

Share of pairs of equally good systems in which the test finds a difference at .05 (two-sided, 999 resamples or shuffles).

| systems | test | n = 200 | n = 1000 |
| --- | --- | ---: | ---: |`);
accuracyLevel(0.75, 0.1);
accuracyLevel(0.85, 0.03);
f1Level();
scoreLevel();
