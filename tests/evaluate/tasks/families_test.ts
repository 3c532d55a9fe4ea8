import assert from "node:assert/strict";
import { EvaluationError } from "../../../src/statistics/errors.ts";
import { families, type FamilyName } from "../../../src/evaluate/tasks/families.ts";
import { isPrimary } from "../../../src/evaluate/tasks/family.ts";
import { readOptions } from "../../../src/evaluate/tasks/options.ts";
import { pairsOf } from "../../../src/evaluate/tasks/pairs.ts";
import { measure } from "../../../src/evaluate/tasks/scored.ts";

const english = ["the cat sat on the mat", "a dog ran home", "rain falls on the roof", "we eat bread"];
const close = ["the cat sat on a mat", "a dog went home", "rain falls on roofs", "we eat bread"];
const scores = [{ a: 0.8, b: 0.2 }, { a: 0.3, b: 0.7 }, { a: 0.6, b: 0.4 }, { a: 0.4, b: 0.6 }];

/** Rows that each family reads: a prediction that is off somewhere, and what was wanted. */
const rows: Record<FamilyName, { predictions: unknown[]; references?: unknown[] }> = {
  rouge: { predictions: close, references: english },
  bleu: { predictions: close, references: english.map((text) => [text, `${text} now`]) },
  chrf: { predictions: close, references: english },
  ter: { predictions: close, references: english },
  meteor: { predictions: close, references: english },
  "question-answering": { predictions: close, references: english },
  "length-ratio": { predictions: close, references: english },
  novelty: { predictions: close.map((prediction, i) => ({ prediction, source: english[i] })) },
  distinct: { predictions: close },
  repetition: { predictions: close },
  "self-bleu": { predictions: close },
  length: { predictions: close },
  classification: {
    predictions: ["a", "b", "a", "b"].map((prediction, i) => ({ prediction, scores: scores[i] })),
    references: ["a", "b", "b", "a"],
  },
  "multi-label": { predictions: ["a", "a,b", "", "b"], references: [["a"], ["b"], [], ["b", "a"]] },
  tagging: {
    predictions: ["B-PER O", "O B-LOC", "O", "B-PER"],
    references: ["B-PER O", "B-LOC I-LOC", "O", "B-PER"],
  },
  kappa: { predictions: ["1", "2", "3", "1"], references: ["1", "2", "2", "1"] },
  regression: { predictions: [1, 2, 3.5, 5], references: [1, 2.5, 3, 4.5] },
  similarity: { predictions: [0.1, 0.4, 0.3, 0.9], references: [1, 2, 3, 5] },
  ranking: {
    predictions: [["x", "y"], ["z", "x"], ["y"], ["x"]],
    references: [["y"], { x: 2, z: 1 }, ["x"], ["x"]],
  },
  perplexity: { predictions: english.map((text) => ({ prediction: [-1, -2, -0.5], text })) },
};

for (const [name, family] of Object.entries(families)) {
  const { predictions, references } = rows[name as FamilyName];
  const score = () => family.score(pairsOf(predictions, references), {});

  Deno.test(`${name}: metrics with names for readers, and values inside their intervals`, () => {
    const measured = measure(score(), { resamples: 200 });
    assert.ok(
      measured.some((metric) => isPrimary(family, metric.name)),
      measured.map((m) => m.name).join(" "),
    );
    for (const { name, label, better, interval } of measured) {
      assert.ok(label.length > 0 && ["higher", "lower", "neither"].includes(better), name);
      if (!name.includes(".")) assert.equal(interval.n, predictions.length, name); // a class's n are rows of its own
      if (Number.isNaN(interval.value)) continue; // a correlation or variance of rows that do not vary
      assert.ok(interval.low <= interval.high, `${name} ${JSON.stringify(interval)}`);
      assert.ok(interval.low - 1e-12 <= interval.value && interval.value <= interval.high + 1e-12, name);
      assert.equal(typeof interval.method, "string", name);
    }
  });

  Deno.test(`${name}: an unknown option is refused with those there are`, () => {
    assert.throws(
      () => readOptions(name, family.options, { nonsense: "1" }),
      (error: Error) =>
        error instanceof EvaluationError &&
        error.message.startsWith(`${name} has no option "nonsense"; it has `),
    );
  });
}

Deno.test("settings are read by their kind, and errors list what is possible", () => {
  const { options } = families.bleu;
  assert.deepEqual(readOptions("bleu", options, { tokenizer: "intl", maxOrder: "2", lowercase: "" }), {
    tokenizer: "intl",
    maxOrder: 2,
    lowercase: true,
  });
  assert.throws(
    () => readOptions("bleu", options, { tokenizer: "moses" }),
    /tokenizer of bleu is "moses", wanted one of 13a/,
  );
  assert.throws(
    () => readOptions("bleu", options, { maxOrder: "two" }),
    /maxOrder of bleu is "two", wanted a number/,
  );
  assert.throws(() => readOptions("bleu", options, { lowercase: "maybe" }), /wanted true or false/);
});

Deno.test("signatures say what a figure depends on", () => {
  const of = (name: FamilyName, options = {}) =>
    families[name].score(pairsOf(rows[name].predictions, rows[name].references), options).signature;
  assert.equal(
    of("bleu", { tokenizer: "intl" }),
    "nrefs:2|case:mixed|eff:no|tok:intl|smooth:exp|version:weir",
  );
  assert.match(of("chrf", { wordOrder: 2 })!, /nw:2/);
  assert.match(of("rouge", { stemmer: true })!, /stemmer:yes/);
});

Deno.test("a classifier's accuracy has Wilson's interval, its area under the curve DeLong's", () => {
  const { predictions, references } = rows.classification;
  const measured = measure(families.classification.score(pairsOf(predictions, references), {}), {
    resamples: 100,
  });
  const method = (name: string) => measured.find((metric) => metric.name === name)!.interval.method;
  assert.equal(method("accuracy"), "wilson");
  assert.equal(method("macroF1"), "mover");
  assert.equal(method("f1.b"), "wilson");
  assert.equal(method("rocAuc"), "delong");
});

Deno.test("closed forms have the coverage that is asked for", () => {
  const { predictions, references } = rows.classification;
  const scored = families.classification.score(pairsOf(predictions, references), {});
  const width = (confidence: number) => {
    const { low, high } =
      measure(scored, { resamples: 100, confidence }).find(({ name }) => name === "accuracy")!.interval;
    return high - low;
  };
  assert.ok(width(0.99) > width(0.8) + 0.1);
});

Deno.test("a class without rows is reported as absent, and one class alone has no curve", () => {
  const one = families.classification.score(
    pairsOf([{ prediction: "a", scores: { a: 1, b: 0 } }, { prediction: "b", scores: { a: 0, b: 1 } }], [
      "a",
      "a",
    ]),
    {},
  );
  assert.match(one.notes!.join(" "), /No row is truly b.*All rows are truly of one class/s);
  assert.ok(!one.sections!.some(({ kind }) => kind === "curve"));
  assert.ok(!measure(one, { resamples: 50 }).some(({ name }) => name === "rocAuc"));
});
