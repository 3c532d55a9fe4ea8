import assert from "node:assert/strict";
import { type Decomposed, evaluateAll, selectRows } from "../../../src/statistics/decomposed.ts";
import { EvaluationError } from "../../../src/statistics/errors.ts";
import {
  distinct,
  novelNgramRows,
  repetition,
  repetitionRows,
  tokenRepetitionRows,
} from "../../../src/evaluate/generation/diversity.ts";

const read = (name: string) =>
  JSON.parse(Deno.readTextFileSync(new URL(`../../golden/evaluate/${name}`, import.meta.url)));
const texts: { prediction: string; references: string[] }[] = read("texts.json");
const predictions = texts.map((row) => row.prediction);
const golden: {
  repetition: (number | null)[][];
  novel: (number | null)[][];
  corpora: { begin: number; end: number; order: number; distinct: number[] }[];
  tokenRepetition: [number[], number[], number, number, number][];
} = read("diversity.json");

const near = (actual: number, expected: number, what: string) =>
  assert.ok(Math.abs(actual - expected) <= 1e-9, `${what}: got ${actual}, wanted ${expected}`);

/** Each row alone has the wanted values (0 for none), and all together have the mean of those that are there. */
function checkRows(rows: Decomposed, wanted: (number | null)[][]): void {
  assert.ok(wanted.length >= 500);
  assert.equal(rows.n, wanted.length);
  wanted.forEach((values, i) => {
    const alone = Object.values(evaluateAll(selectRows(rows, [i])));
    values.forEach((value, n) => near(alone[n], value ?? 0, `row ${i}, ${n + 1}-grams`));
  });
  Object.values(evaluateAll(rows)).forEach((value, n) => {
    const there = wanted.map((row) => row[n]).filter((x) => x !== null);
    assert.ok(there.length > 300);
    near(value, there.reduce((sum, x) => sum + x, 0) / there.length, `mean of ${n + 1}-grams`);
  });
}

Deno.test("the repetition of every text equals its definition's", () => {
  checkRows(repetitionRows(predictions), golden.repetition);
});

Deno.test("the novel n-grams of every text equal their definition's", () => {
  checkRows(novelNgramRows(predictions, texts.map((row) => row.references[0])), golden.novel);
});

Deno.test("distinct n-grams of 500 corpora equal their definition's, also when named by index", () => {
  assert.ok(golden.corpora.length >= 500);
  for (const { begin, end, order, distinct: wanted } of golden.corpora) {
    const found = distinct(predictions.slice(begin, end), { order });
    wanted.forEach((value, n) =>
      near(found[`distinct${n + 1}`], value, `texts ${begin} to ${end}, ${n + 1}-grams`)
    );
  }
  const indices = [3, 30, 30, 500];
  assert.deepEqual(distinct(predictions, { indices }), distinct(indices.map((i) => predictions[i])));
});

Deno.test("rep/l and wrep/l of 500 sequences equal their definition's", () => {
  assert.ok(golden.tokenRepetition.length >= 500);
  for (const [targets, predicted, window, repeated, wrong] of golden.tokenRepetition) {
    if (targets.length === 0) continue;
    const { rep, wrongRep } = evaluateAll(tokenRepetitionRows([predicted], [targets], { window }));
    near(rep, repeated / targets.length, `rep of ${targets}`);
    near(wrongRep, wrong / targets.length, `wrongRep of ${targets}`);
  }
  const both = tokenRepetitionRows([[1, 1, 1], []], [[1, 2, 3], []]);
  assert.deepEqual(evaluateAll(both), { rep: 2 / 3, wrongRep: 2 / 3 });
});

Deno.test("measures do not depend on the order of texts and stay in [0, 1]", () => {
  const reversed = predictions.toReversed();
  assert.deepEqual(distinct(reversed), distinct(predictions));
  const [a, b] = [repetition(reversed), repetition(predictions)];
  for (const name of Object.keys(a)) near(a[name], b[name], name);
  for (const value of [...Object.values(distinct(predictions)), ...Object.values(b)]) {
    assert.ok(value >= 0 && value <= 1);
  }
});

Deno.test("texts too short for an order do not count for it", () => {
  assert.deepEqual(repetition(["a", "a a a"], { order: 2 }), { rep1: (0 + (1 - 1 / 3)) / 2, rep2: 1 / 2 });
  assert.deepEqual(repetition(["", ""], { order: 1 }), { rep1: 0 });
  assert.deepEqual(distinct(["", "a"], { order: 2 }), { distinct1: 1, distinct2: 0 });
});

Deno.test("a text of 300,000 words takes linear time", () => {
  const long = Array.from({ length: 300_000 }, (_, i) => `w${i % 70_000}`).join(" ");
  near(repetition([long]).rep4, 1 - 70_000 / 299_997, "rep4");
});

Deno.test.each([
  ["no texts", () => distinct([]), /there are no texts/],
  ["order 0", () => repetition(["a"], { order: 0 }), /order must be a whole number from 1 to 16, got 0/],
  ["a text that is not there", () => distinct(["a"], { indices: [1] }), /Cannot count text 1: there are 1/],
  ["differing lengths", () => novelNgramRows(["a"], []), /Cannot compare 1 texts with 0 sources/],
  ["differing rows", () => tokenRepetitionRows([[1]], []), /1 texts' predictions with 0 texts/],
  ["differing tokens", () => tokenRepetitionRows([[1]], [[1, 2]]), /predictions of row 0 is 1, wanted 2/],
  ["no tokens", () => tokenRepetitionRows([[]], [[]]), /there are no tokens/],
  [
    "window 0",
    () => tokenRepetitionRows([[1]], [[1]], { window: 0 }),
    /window must be a whole number of at least 1/,
  ],
] as [string, () => unknown, RegExp][])("$0 is refused with one clear line", (_, run, message) => {
  assert.throws(run, (error) => error instanceof EvaluationError && message.test(error.message));
});
