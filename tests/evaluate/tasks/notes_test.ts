// What a reader is told where a reference implementation gives 0 or nothing without a word.
import assert from "node:assert/strict";
import { bertScoreNotes } from "../../../src/lifecycle/encoder.ts";
import { evaluateTask } from "../../../src/evaluate/tasks/evaluate.ts";
import { families } from "../../../src/evaluate/tasks/families.ts";
import { scoreFamily } from "../../../src/evaluate/tasks/family.ts";
import { readOptions } from "../../../src/evaluate/tasks/options.ts";
import { pairsOf } from "../../../src/evaluate/tasks/pairs.ts";
import { measure } from "../../../src/evaluate/tasks/scored.ts";
import { compareSystems } from "../../../src/evaluate/tasks/compare.ts";
import { htmlPage } from "../../../src/report/html.ts";
import { parseReport } from "../../../src/report/parse.ts";

const thai = "แมวนั่งบนเสื่อ", chinese = "今天天气很好";

/** A family, what it is given, the value of its first metric, and what the note must say. */
type Case = [
  family: string,
  prediction: unknown,
  reference: unknown,
  metric: string,
  value: number,
  note: RegExp,
  options?: Record<string, string>,
];

const cases: Case[] = [
  ["rouge", thai, thai, "rougeL.f1", 0, /100% of the letters .*rouge\.tokenizer=unicode/],
  ["rouge", "", "", "rougeL.f1", 0, /Empty predictions: 2 rows.*Empty references: 2 rows/s],
  ["rouge", "yes", "yes", "rouge2.f1", 0, /ROUGE-2 is 0 of texts of one word/],
  ["bleu", "good day", "good day", "bleu", 0, /No prediction has 4 tokens.*bleu\.maxOrder=2/],
  ["bleu", chinese, chinese, "bleu", 0, /scripts that write none .*bleu\.tokenizer=zh/],
  ["chrf", "  ", "  ", "chrf", 0, /Empty predictions/],
  [
    "ter",
    chinese,
    chinese + "了",
    "ter",
    100,
    /whole sentences are compared as one word.*ter\.asianSupport=true/,
  ],
  ["ter", "a", "", "ter", 100, /Empty references/],
  ["meteor", "yes", "yes", "meteor", 0.5, /equal texts of one word 0\.5/],
  ["meteor", "добрый день", "добрый день", "meteor", 0.9375, /stems and synonyms are English/],
  ["question-answering", "The", "the", "f1", 0, /nothing is left of 2 references.*version=2\.0/],
  ["question-answering", thai, thai + "x", "f1", 0, /F1 finds words at spaces/],
  ["repetition", "a b", undefined, "rep4", 0, /Predictions of fewer than 4 words: 2 of 2/],
  ["distinct", "", undefined, "distinct1", 0, /All predictions are empty/],
  ["classification", "a", "a", "matthewsCorrelation", 0, /Every prediction is a/],
  ["multi-label", ["x"], [], "microF1", 0, /No row truly has a label/],
  ["tagging", ["O"], ["O"], "f1", 0, /No row truly has an entity/],
  ["tagging", ["PER-B"], ["PER-B"], "f1", 1, /tagging\.suffix=true/],
  ["tagging", ["I-PER"], ["I-PER"], "f1", 0, /No tag begins with B-.*scheme=IOB1/, { mode: "strict" }],
  ["ranking", ["a"], [], "mrr", 0, /Rows with nothing relevant to find: 2 of 2/],
  ["regression", 1, 0, "mae", 1, /References that are 0: 2/],
];

for (const [name, prediction, reference, metric, value, note, options = {}] of cases) {
  Deno.test(`${name} of ${JSON.stringify(prediction)} beside ${JSON.stringify(reference)} says why it is ${value}`, () => {
    const pairs = [1, 2].map(() => ({ prediction, reference, record: {} }));
    const family = families[name];
    const scored = scoreFamily(family, pairs, readOptions(name, family.options, options));
    const measured = measure(scored, { resamples: 20 }).find((one) => one.name === metric);
    assert.equal(measured!.interval.value, value);
    assert.match(scored.notes!.join("\n"), note);
  });
}

Deno.test("texts that can be read have no notes", () => {
  const texts = ["the cat sat on the mat", "a dog ran home in the rain"];
  for (const name of ["rouge", "bleu", "chrf", "ter", "question-answering", "repetition"]) {
    assert.equal(scoreFamily(families[name], pairsOf(texts, texts), {}).notes, undefined, name);
  }
});

Deno.test("a model that predicts a constant is evaluated, compared and sliced: what is undefined is left out and named", () => {
  const references = Array.from({ length: 24 }, (_, i) => i % 7);
  const pairs = (predict: (y: number) => number) =>
    pairsOf(
      references.map((y, i) => ({ prediction: predict(y), half: i < 12 ? "a" : "b" })),
      references,
    );
  const constant = pairs(() => 3), good = pairs((y) => y + 0.1 * (y % 2));
  const { metrics, notes, sections } = evaluateTask("regression", constant, {
    resamples: 50,
    slices: ["half"],
  });
  assert.ok(metrics.some(({ name }) => name === "mae"));
  assert.ok(!metrics.some(({ name }) => name === "spearman"));
  assert.match(notes.join("\n"), /Not defined for these rows, and left out: .*Spearman correlation/);
  const { rows } = compareSystems("regression", constant, good, {
    resamples: 50,
    trials: 100,
    names: ["a", "b"],
  });
  assert.ok(rows.some(({ name }) => name === "mae") && !rows.some(({ name }) => name === "spearman"));
  const report = {
    ...{ format: "weir-report/1", title: "x", task: "regression", createdAt: "2026-03-02T14:05:00Z" },
    ...{ data: { source: "x.csv", n: 24 }, intervals: { confidence: 0.95, resamples: 50, seed: 0 } },
    ...{ metrics, notes, sections },
  };
  const page = htmlPage(parseReport(JSON.parse(JSON.stringify(report))));
  assert.match(page, /Not defined for these rows/);
});

Deno.test("a slice whose rows are all alike has no correlation, and does not stop the others", () => {
  const pairs = pairsOf(
    Array.from({ length: 40 }, (_, i) => ({ prediction: i, part: i < 20 ? "flat" : "rising" })),
    Array.from({ length: 40 }, (_, i) => i < 20 ? 5 : i),
  );
  const { sections } = evaluateTask("sentence-similarity", pairs, { resamples: 50, slices: ["part"] });
  const slices = sections.find(({ kind }) => kind === "slices");
  assert.ok(slices?.kind === "slices");
  assert.deepEqual(slices.rows.map(({ intervals }) => intervals[0].value), [NaN, 1]);
});

Deno.test("BERTScore says where idf weighs nothing, and that empty texts score 0", () => {
  const tokenize = (
    text: string,
  ) => [1, ...text.split(" ").filter(Boolean).map((word) => 10 + word.length), 2];
  const encoder = { tokenize, specialIds: [1, 2] };
  const same = ["a cat", "a cat"];
  assert.match(
    bertScoreNotes(same, same, { ...encoder, idf: true }).join(),
    /weigh nothing: 2.*leave --option idf out/,
  );
  assert.deepEqual(bertScoreNotes(same, same, encoder), []);
  assert.deepEqual(bertScoreNotes(["a", "bcd"], ["a", "bcd"], { ...encoder, idf: true }), []);
  assert.match(bertScoreNotes(["", "a"], ["a", "a"], encoder).join(), /BERTScore gives 0: 1/);
});
