import assert from "node:assert/strict";
import { evaluateAll, selectRows } from "../../../src/statistics/decomposed.ts";
import { EvaluationError } from "../../../src/statistics/errors.ts";
import { chrf, type ChrfOptions, chrfRows, sentenceChrf } from "../../../src/evaluate/generation/chrf.ts";

interface Golden {
  slices: [number, number][];
  configs: {
    options: ChrfOptions;
    sentences: number[];
    corpora: { score: number; statistics: number[]; text: string; signature: string }[];
  }[];
}

const read = (name: string) =>
  JSON.parse(Deno.readTextFileSync(new URL(`../../golden/evaluate/${name}`, import.meta.url)));
const golden: Golden = read("chrf.json");
const texts: { prediction: string; references: string[] }[] = read("texts.json");
const predictions = texts.map((row) => row.prediction), references = texts.map((row) => row.references);

function near(actual: number, wanted: number, what: string): void {
  assert.ok(Math.abs(actual - wanted) <= 1e-9, `${what}: got ${actual}, wanted ${wanted}`);
}

Deno.test("chrF and chrF++ of every sentence equal sacrebleu's, for each option", () => {
  for (const { options, sentences } of golden.configs) {
    assert.ok(sentences.length >= 500);
    sentences.forEach((wanted, row) => {
      const { score } = sentenceChrf(predictions[row], references[row], options);
      near(score, wanted, `${JSON.stringify(options)}, row ${row}`);
    });
  }
});

Deno.test("corpus chrF, its statistics, its line and its signature equal sacrebleu's", () => {
  for (const { options, corpora } of golden.configs) {
    const all = chrfRows(predictions, references, options);
    corpora.forEach((wanted, k) => {
      const [start, end] = golden.slices[k];
      const what = `${JSON.stringify(options)}, rows ${start} to ${end}`;
      const version = "2.6.0";
      const result = chrf(predictions.slice(start, end), references.slice(start, end), {
        ...options,
        version,
      });
      near(result.score, wanted.score, what);
      assert.equal(result.text, wanted.text, what);
      assert.equal(result.signature, wanted.signature, what);
      const statistics = result.predicted.flatMap((
        n,
        order,
      ) => [n, result.expected[order], result.matched[order]]);
      assert.deepEqual(statistics, wanted.statistics, what);
      const rows = selectRows(all, Array.from({ length: end - start }, (_, i) => start + i));
      near(evaluateAll(rows).chrf, result.score, "from the rows' statistics");
    });
  }
});

Deno.test("the order of rows does not matter", () => {
  const order = predictions.map((_, row) => (row * 7 + 1) % predictions.length);
  const shuffled = chrf(order.map((row) => predictions[row]), order.map((row) => references[row]));
  assert.deepEqual(shuffled, chrf(predictions, references));
});

Deno.test("scores lie between 0 and 100, equal texts have 100, and one reference more never lowers a sentence", () => {
  for (const [row, prediction] of predictions.entries()) {
    for (const wordOrder of [0, 2]) {
      const { score, predicted } = sentenceChrf(prediction, references[row], { wordOrder });
      assert.ok(score >= 0 && score <= 100 + 1e-9, `row ${row}: ${score}`);
      const perfect = sentenceChrf(prediction, prediction, { wordOrder });
      if (perfect.predicted[0] > 0) near(perfect.score, 100, `row ${row}`);
      const more = sentenceChrf(prediction, [...references[row], "something else"], { wordOrder });
      assert.ok(more.score >= score, `row ${row}: ${predicted}`);
    }
  }
});

Deno.test("with beta 1 the score of a sentence is symmetric", () => {
  for (const [row, prediction] of predictions.entries()) {
    const there = sentenceChrf(prediction, references[row][0], { beta: 1 });
    const back = sentenceChrf(references[row][0], prediction, { beta: 1 });
    near(there.score, back.score, `row ${row}`);
  }
});

Deno.test("long and repetitive texts are scored in time linear in their length", () => {
  near(sentenceChrf("x".repeat(300_000), "x".repeat(300_000)).score, 100, "one character");
  near(sentenceChrf("the ".repeat(50_000), "the ".repeat(50_000), { wordOrder: 2 }).score, 100, "one word");
  const counted = Array.from({ length: 50_000 }, (_, k) => k).join(" ");
  near(sentenceChrf(counted, counted).score, 100, "many n-grams");
});

Deno.test("bad input is refused in one line that names it", () => {
  const refuses = (run: () => unknown, message: RegExp) =>
    assert.throws(run, (error) => {
      assert.ok(error instanceof EvaluationError);
      assert.match(error.message, message);
      return true;
    });
  refuses(() => chrf(["a", "b"], ["a"]), /2 predictions with 1 references/);
  refuses(() => chrf([], []), /there are no rows/);
  refuses(() => chrf(["a"], [[]]), /row 0 has no reference/);
  refuses(
    () => chrf(["a"], ["a"], { charOrder: 1.5 }),
    /charOrder must be a whole number from 0 to 100, got 1.5/,
  );
  refuses(() => chrf(["a"], ["a"], { charOrder: 0 }), /charOrder or a wordOrder above 0/);
  refuses(() => chrf(["a"], ["a"], { beta: -1 }), /beta must be a number of at least 0, got -1/);
});
