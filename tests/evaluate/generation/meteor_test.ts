import assert from "node:assert/strict";
import { openWordNet } from "../../../src/cli/wordnet.ts";
import { evaluateAll } from "../../../src/statistics/decomposed.ts";
import { EvaluationError } from "../../../src/statistics/errors.ts";
import {
  meteor,
  meteorOfWords,
  type MeteorOptions,
  meteorRows,
} from "../../../src/evaluate/generation/meteor.ts";

const read = (name: string) =>
  JSON.parse(Deno.readTextFileSync(new URL(`../../golden/evaluate/${name}`, import.meta.url)));
const texts: { prediction: string; references: string[] }[] = read("texts.json");
const golden: {
  parameters: [number, number, number][];
  shared: number[][];
  sentences: [string, string[], number][];
} = read("meteor.json");
const wordNet = await openWordNet(new URL("../../golden/evaluate/wordnet/", import.meta.url).pathname);

const near = (actual: number, expected: number, what: string) =>
  assert.ok(Math.abs(actual - expected) <= 1e-9, `${what}: got ${actual}, wanted ${expected}`);

Deno.test("without synonyms the score of every text equals nltk's, whatever alpha, beta and gamma", () => {
  golden.parameters.forEach(([alpha, beta, gamma], p) => {
    assert.ok(golden.shared[p].length >= 500);
    const { rows } = meteorRows(
      texts.map((row) => row.prediction),
      texts.map((row) => row.references),
      { alpha, beta, gamma },
    );
    assert.equal(rows.length, golden.shared[p].length);
    golden.shared[p].forEach((value, row) => near(rows[row], value, `parameters ${p}, row ${row}`));
  });
});

Deno.test("with WordNet the score of every sentence equals nltk's", () => {
  assert.ok(golden.sentences.length >= 500);
  let changed = 0;
  golden.sentences.forEach(([prediction, references, value], row) => {
    const synonyms = wordNet.synonyms;
    near(meteor([prediction], [references], { synonyms }), value, `row ${row}`);
    if (Math.abs(meteor([prediction], [references]) - value) > 1e-9) changed++;
  });
  assert.ok(changed > 200, `synonyms mattered in ${changed} rows`);
});

Deno.test("the metric is the mean of the rows, and does not depend on their order", () => {
  const predictions = texts.map((row) => row.prediction), references = texts.map((row) => row.references);
  const rows = meteorRows(predictions, references);
  const mean = rows.rows.reduce((sum, score) => sum + score, 0) / rows.n;
  near(meteor(predictions, references), mean, "mean");
  near(evaluateAll(meteorRows(predictions.toReversed(), references.toReversed())).meteor, mean, "reversed");
  assert.ok(rows.rows.every((score) => score >= 0 && score < 1));
});

Deno.test("a perfect prediction of m words costs gamma / m ** beta, and case costs nothing", () => {
  near(meteor(["One two three four"], ["one TWO three four"]), 1 - 0.5 / 4 ** 3, "four words");
  near(meteor(["One two three four"], ["one TWO three four"], { gamma: 0 }), 1, "no penalty");
});

Deno.test("a stage adds matches: exact, then stems, then synonyms", () => {
  const score = (options: MeteorOptions) => meteor(["fast car runs"], ["rapid cars run"], options);
  const exact = score({ stem: false });
  assert.equal(exact, 0);
  assert.ok(score({}) > exact);
  const synonyms = (word: string) => word === "fast" ? ["rapid"] : [];
  assert.ok(score({ synonyms }) > score({}));
});

Deno.test("the best reference counts", () => {
  const alone = meteorOfWords(["a", "b"], [["a", "b"]]);
  assert.equal(meteorOfWords(["a", "b"], [["c"], ["a", "b"], []]), alone);
});

Deno.test("long texts of one word take linear time", () => {
  const long = "the ".repeat(200_000);
  assert.ok(meteor([long], [long]) > 0.999);
});

Deno.test.each([
  ["differing lengths", () => meteor(["a"], []), /1 predictions with 0 references/],
  ["no rows", () => meteor([], []), /there are no rows/],
  ["a row without references", () => meteor(["a", "b"], ["a", []]), /row 1 has no reference/],
  ["no reference", () => meteorOfWords(["a"], []), /there is no reference/],
  [
    "alpha out of range",
    () => meteor(["a"], ["a"], { alpha: 1.5 }),
    /alpha must be .* at most 1, got 1.5/,
  ],
  ["beta NaN", () => meteor(["a"], ["a"], { beta: NaN }), /beta must be .* at most 1000, got NaN/],
  ["gamma below 0", () => meteor(["a"], ["a"], { gamma: -1 }), /gamma must be .* at least 0 .*, got -1/],
] as [string, () => unknown, RegExp][])("$0 is refused with one clear line", (_, run, message) => {
  assert.throws(run, (error) => error instanceof EvaluationError && message.test(error.message));
});
