import assert from "node:assert/strict";
import { evaluateAll, selectRows } from "../../../src/statistics/decomposed.ts";
import { EvaluationError } from "../../../src/statistics/errors.ts";
import {
  bestNoAnswerThreshold,
  normalizeAnswer,
  questionAnswering,
  questionAnsweringRows,
} from "../../../src/evaluate/generation/question_answering.ts";

interface Golden {
  answers: [string, string[]][];
  v1: [number, number][];
  v2: [number, number][];
  v1All: Record<string, number>;
  v2All: Record<string, number>;
  v2Threshold: Record<string, number>;
  normalized: string[];
}

const read = async (name: string) =>
  JSON.parse(await Deno.readTextFile(new URL(`../../golden/evaluate/${name}.json`, import.meta.url)));
const golden: Golden = await read("question_answering");
const texts: { prediction: string; references: string[] }[] = await read("texts");
const predictions = [
  ...texts.map((row) => row.prediction),
  ...golden.answers.map(([prediction]) => prediction),
];
const references = [
  ...texts.map((row) => row.references),
  ...golden.answers.map(([, references]) => references),
];
const answers = references.map((row, i) => (i % 3 === 0 ? [] : row.filter((text) => text !== "")));
const probabilities = answers.map((row, i) => ((i * 37) % 101) / 100 * (row.length > 0 ? 0.6 : 1));

const near = (actual: number, expected: number, what: string) =>
  assert.ok(Math.abs(actual - expected) <= 1e-9, `${what}: ${actual}, wanted ${expected}`);

Deno.test("answers are normalised as by SQuAD's script", () => {
  assert.ok(golden.normalized.length >= 500);
  assert.deepEqual(golden.answers.map(([prediction]) => normalizeAnswer(prediction)), golden.normalized);
});

Deno.test("exact match and F1 equal those of SQuAD's script of version 1.1", () => {
  assert.ok(golden.v1.length >= 1000 && golden.v1.length === predictions.length);
  const { rows } = questionAnsweringRows(predictions, references);
  golden.v1.forEach(([exact, f1], row) => {
    near(rows[2 * row], exact, `exact match of row ${row}`);
    near(rows[2 * row + 1], f1, `F1 of row ${row}`);
  });
  const all = questionAnswering(predictions, references);
  near(100 * all.exactMatch, golden.v1All.exact_match, "exact match");
  near(100 * all.f1, golden.v1All.f1, "F1");
});

Deno.test("exact match and F1 equal those of SQuAD's script of version 2.0, with questions that have no answer", () => {
  const metrics = questionAnsweringRows(predictions, answers, { version: "2.0" });
  golden.v2.forEach(([exact, f1], row) => {
    const one = evaluateAll(selectRows(metrics, [row]));
    near(one.exactMatch, exact, `exact match of row ${row}`);
    near(one.f1, f1, `F1 of row ${row}`);
  });
  assertV2(evaluateAll(metrics), golden.v2All);
});

Deno.test("probabilities of no answer count as in SQuAD's script", () => {
  assertV2(
    questionAnswering(predictions, answers, { version: "2.0", noAnswer: { probabilities, threshold: 0.6 } }),
    golden.v2Threshold,
  );
  assertV2(
    questionAnswering(predictions, answers, { version: "2.0", noAnswer: { probabilities } }),
    golden.v2All,
  );
});

function assertV2(actual: Record<string, number>, expected: Record<string, number>): void {
  near(100 * actual.exactMatch, expected.exact, "exact match");
  near(100 * actual.f1, expected.f1, "F1");
  near(100 * actual["hasAnswer.exactMatch"], expected.HasAns_exact, "exact match with an answer");
  near(100 * actual["hasAnswer.f1"], expected.HasAns_f1, "F1 with an answer");
  near(100 * actual["noAnswer.exactMatch"], expected.NoAns_exact, "exact match without an answer");
  near(100 * actual["noAnswer.f1"], expected.NoAns_f1, "F1 without an answer");
}

Deno.test("the best thresholds are those of SQuAD's script", () => {
  const best = bestNoAnswerThreshold(predictions, answers, probabilities);
  near(100 * best.exactMatch.value, golden.v2All.best_exact, "best exact match");
  near(best.exactMatch.threshold, golden.v2All.best_exact_thresh, "its threshold");
  near(100 * best.f1.value, golden.v2All.best_f1, "best F1");
  near(best.f1.threshold, golden.v2All.best_f1_thresh, "its threshold");
  assert.ok(best.f1.threshold > 0);
});

Deno.test("an answer scores 1 against itself and not less with more references, and F1 is symmetric", () => {
  const worded = predictions.filter((text) => normalizeAnswer(text) !== "");
  assert.deepEqual(questionAnswering(worded, worded), { exactMatch: 1, f1: 1 });
  const one = questionAnsweringRows(predictions, references.map((row) => row[0])).rows;
  const swapped = questionAnsweringRows(references.map((row) => row[0]), predictions).rows;
  const many = questionAnsweringRows(predictions, references).rows;
  for (let k = 0; k < one.length; k++) {
    assert.ok(one[k] >= 0 && one[k] <= many[k] && many[k] <= 1);
    near(one[k], swapped[k], "swapped");
  }
});

Deno.test("empty answers to questions without answer are right under version 2.0 alone", () => {
  assert.deepEqual(questionAnswering(["", "the"], [[], ""], { version: "2.0" }), { exactMatch: 1, f1: 1 });
  assert.deepEqual(questionAnswering([""], [""]), { exactMatch: 1, f1: 0 });
});

Deno.test("another language brings its own normalisation", () => {
  const normalize = (text: string) => [...text.toLowerCase()].join(" ");
  assert.deepEqual(questionAnswering(["我喜欢猫"], ["我喜欢狗"], { normalize }), { exactMatch: 0, f1: 0.75 });
});

Deno.test("what cannot be scored is named in one line", () => {
  const says = (part: RegExp, ...args: Parameters<typeof questionAnswering>) =>
    assert.throws(
      () => questionAnswering(...args),
      (error) => error instanceof EvaluationError && part.test(error.message),
    );
  says(/1 predictions with 2 references/, ["a"], ["a", "b"]);
  says(/no rows/, [], []);
  says(/row 0 has no reference/, ["a"], [[]]);
  says(/prediction of row 1 is null/, ["a", null as unknown as string], ["a", "b"]);
  says(/reference of row 0 is 7/, ["a"], [7 as unknown as string]);
  says(/"3"/, ["a"], ["a"], { version: "3" as "2.0" });
  says(/Only version "2.0"/, ["a"], ["a"], { noAnswer: { probabilities: [0] } });
  says(/2 probabilities of no answer for 1 rows/, ["a"], ["a"], {
    version: "2.0",
    noAnswer: { probabilities: [0, 1] },
  });
  says(/row 0 is NaN/, ["a"], ["a"], { version: "2.0", noAnswer: { probabilities: [NaN] } });
  says(/threshold of no answer must be .*, got 2/, ["a"], ["a"], {
    version: "2.0",
    noAnswer: { probabilities: [0], threshold: 2 },
  });
});
