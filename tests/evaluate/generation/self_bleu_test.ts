import assert from "node:assert/strict";
import { EvaluationError } from "../../../src/statistics/errors.ts";
import { selfBleu, selfBleuRows } from "../../../src/evaluate/generation/self_bleu.ts";

const read = (name: string) =>
  JSON.parse(Deno.readTextFileSync(new URL(`../../golden/evaluate/${name}`, import.meta.url)));
const predictions: string[] = read("texts.json").map((row: { prediction: string }) => row.prediction);
const golden: {
  corpora: { begin: number; end: number; order: number; selfBleu: number[] | null }[];
  selfBleuOfAll: number;
} = read("diversity.json");

const near = (actual: number, expected: number, what: string) =>
  assert.ok(Math.abs(actual - expected) <= 1e-9, `${what}: got ${actual}, wanted ${expected}`);

Deno.test("every text's BLEU against the others equals nltk's", () => {
  let compared = 0;
  for (const { begin, end, order, selfBleu: wanted } of golden.corpora) {
    if (!wanted) continue;
    const { rows } = selfBleuRows(predictions.slice(begin, end), { order });
    wanted.forEach((value, i) => near(rows[i], value, `text ${i} of ${begin} to ${end}, order ${order}`));
    compared += wanted.length;
  }
  assert.ok(compared >= 500, `${compared} texts were compared`);
  near(selfBleu(predictions), golden.selfBleuOfAll, "all texts");
});

Deno.test("texts that are all alike have 1, and the order of texts does not matter", () => {
  near(selfBleu(["one two three four five", "one two three four five"]), 1, "alike");
  near(selfBleu(predictions.toReversed()), golden.selfBleuOfAll, "reversed");
});

Deno.test("it is linear in the number of texts", () => {
  const many = Array.from({ length: 20_000 }, (_, i) => `the ${i % 97} cat ${i % 89} sat on ${i % 83}`);
  const score = selfBleu(many);
  assert.ok(score > 0.5 && score <= 1);
});

Deno.test("one text or a bad order is refused with one clear line", () => {
  const refuses = (run: () => unknown, message: RegExp) =>
    assert.throws(run, (error) => error instanceof EvaluationError && message.test(error.message));
  refuses(() => selfBleu(["a"]), /one text: it needs two or more/);
  refuses(() => selfBleu([]), /there are no texts/);
  refuses(() => selfBleu(["a", "b"], { order: 2.5 }), /order must be a whole number from 1 to 16, got 2.5/);
});
