import assert from "node:assert/strict";
import { evaluateAll, selectRows } from "../../../src/statistics/decomposed.ts";
import { EvaluationError } from "../../../src/statistics/errors.ts";
import { createRandom } from "../../../src/base/random.ts";
import {
  taggedEntities,
  type TaggingOptions,
  taggingReport,
  taggingRows,
} from "../../../src/evaluate/tagging/tagging.ts";
import { formatTagging } from "../../../src/evaluate/tagging/tagging.ts";
import type { TaggingScheme } from "../../../src/evaluate/tagging/tagging_schemes.ts";

interface GoldenCase {
  mode: "lenient" | "strict";
  scheme: TaggingScheme | null;
  suffix: number;
  zero: 0 | 1;
  references: string;
  predictions: string;
  scores: (number | null)[];
  types: [string, number, number, number, number][];
  entities?: (string | number)[][];
  digits?: number;
  text?: string;
}

const golden: { cases: GoldenCase[] } = JSON.parse(
  Deno.readTextFileSync(new URL("../../golden/evaluate/tagging.json", import.meta.url)),
);
const sentencesOf = (text: string) => text.split("|").map((tags) => tags === "" ? [] : tags.split(" "));
const optionsOf = (wanted: GoldenCase): TaggingOptions => ({
  mode: wanted.mode,
  scheme: wanted.scheme ?? undefined,
  suffix: wanted.suffix === 1,
  zeroDivision: wanted.zero,
});
const near = (actual: number, expected: number, what: string) =>
  assert.ok(Math.abs(actual - expected) <= 1e-9, `${what}: got ${actual}, wanted ${expected}`);

Deno.test("scores equal seqeval's in every scheme and mode, malformed tags included", () => {
  const counts: Record<string, number> = {};
  golden.cases.forEach((wanted, number) => {
    counts[`${wanted.mode} ${wanted.scheme}`] = (counts[`${wanted.mode} ${wanted.scheme}`] ?? 0) + 1;
    const what = (name: string) => `case ${number} (${wanted.mode} ${wanted.scheme}), ${name}`;
    const report = taggingReport(
      sentencesOf(wanted.references),
      sentencesOf(wanted.predictions),
      optionsOf(wanted),
    );
    const averages = [report.micro, report.macro, report.weighted];
    [...averages.flatMap(({ precision, recall, f1 }) => [precision, recall, f1]), report.accuracy].forEach(
      (value, k) => near(value, wanted.scores[k] ?? wanted.zero, what(`score ${k}`)),
    );
    assert.deepEqual(
      report.perType.map(({ type }) => type),
      wanted.types.map(([type]) => type),
      what("types"),
    );
    report.perType.forEach((type, t) => {
      const [, precision, recall, f1, support] = wanted.types[t];
      near(type.precision, precision, what(`precision of ${type.type}`));
      near(type.recall, recall, what(`recall of ${type.type}`));
      near(type.f1, f1, what(`F1 of ${type.type}`));
      assert.equal(type.support, support);
    });
  });
  assert.ok(golden.cases.length >= 800, `${golden.cases.length} cases`);
  assert.equal(Object.keys(counts).length, 13);
  assert.ok(Object.values(counts).every((count) => count >= 50), JSON.stringify(counts));
});

Deno.test("entities are those that seqeval reads", () => {
  let compared = 0;
  golden.cases.forEach((wanted, number) => {
    if (!wanted.entities) return;
    const sentences = sentencesOf(wanted.references);
    const found = taggedEntities(sentences, optionsOf(wanted)).map(({ row, type, start, end }) => {
      if (wanted.mode === "strict") return [row, type, start, end];
      const before = sentences.slice(0, row).reduce((sum, tags) => sum + tags.length + 1, 0);
      return [type, before + start, before + end];
    });
    assert.deepEqual(found, wanted.entities, `case ${number}`);
    compared++;
  });
  assert.ok(compared > 200);
});

Deno.test("the text of a report equals seqeval's, character by character", () => {
  const texts = golden.cases.filter((wanted) => wanted.text !== undefined);
  assert.ok(texts.length > 80);
  for (const wanted of texts) {
    const report = taggingReport(
      sentencesOf(wanted.references),
      sentencesOf(wanted.predictions),
      optionsOf(wanted),
    );
    assert.equal(formatTagging(report, { digits: wanted.digits }), wanted.text);
  }
});

Deno.test("ties are rounded to the even digit, as Python writes them", () => {
  const references = Array.from({ length: 8 }, () => ["B-X"]);
  const found = (right: number) => references.map((tags, row) => row < right ? tags : ["O"]);
  const recall = (right: number) =>
    formatTagging(taggingReport(references, found(right)), { digits: 2 }).split("\n")[2].split(/ +/)[3];
  assert.deepEqual([1, 3, 5, 7].map(recall), ["0.12", "0.38", "0.62", "0.88"]);
});

Deno.test("metrics of some of the sentences equal a report on these sentences", () => {
  const random = createRandom(3);
  for (const wanted of golden.cases.slice(0, 200)) {
    const references = sentencesOf(wanted.references), predictions = sentencesOf(wanted.predictions);
    const options = optionsOf(wanted);
    if (wanted.mode === "lenient" && /[^-a-z|BIESO ]/.test(wanted.references)) continue; // carries over
    const rows = taggingRows(references, predictions, options);
    const indices = references.map(() => Math.floor(random() * references.length));
    if (indices.every((row) => references[row].length === 0)) continue;
    const some = evaluateAll(selectRows(rows, indices));
    const direct = taggingReport(
      indices.map((i) => references[i]),
      indices.map((i) => predictions[i]),
      options,
    );
    near(some.f1, direct.micro.f1, "micro F1");
    near(some.macroF1, direct.macro.f1, "macro F1");
    near(some.weightedPrecision, direct.weighted.precision, "weighted precision");
    near(some.accuracy, direct.accuracy, "accuracy");
    for (const { type, f1 } of direct.perType) near(some[`f1.${type}`], f1, `F1 of ${type}`);
  }
});

Deno.test("perfect tags score 1, and scores do not depend on the order of sentences", () => {
  for (const wanted of golden.cases.filter(({ mode }) => mode === "strict").slice(0, 100)) {
    const references = sentencesOf(wanted.references), predictions = sentencesOf(wanted.predictions);
    const perfect = taggingReport(references, references, optionsOf(wanted));
    assert.equal(perfect.accuracy, 1);
    if (perfect.perType.length > 0) {
      assert.deepEqual([perfect.micro.f1, perfect.macro.f1, perfect.weighted.f1], [1, 1, 1]);
    }
    const report = taggingReport(references, predictions, optionsOf(wanted));
    const turned = taggingReport(references.toReversed(), predictions.toReversed(), optionsOf(wanted));
    near(turned.macro.f1, report.macro.f1, "macro F1");
    for (const { precision, recall, f1 } of [report.micro, report.macro, report.weighted]) {
      for (const value of [precision, recall, f1]) assert.ok(value >= 0 && value <= 1 + 1e-12);
    }
  }
});

Deno.test("strict mode tells the scheme from the references where none is named", () => {
  const references = [["B-PER", "E-PER", "S-LOC", "O"]];
  assert.equal(taggingReport(references, references, { mode: "strict" }).micro.f1, 1);
  assert.equal(
    taggingReport([["U-PER", "B-X", "L-X"]], [["O", "B-X", "L-X"]], { mode: "strict" }).micro.recall,
    0.5,
  );
  assert.throws(
    () => taggingReport([["B-PER", "S-LOC"]], [["O", "O"]], { mode: "strict" }),
    refusal("Cannot tell the scheme from the prefixes B, S: name it with `scheme`"),
  );
});

const refusal = (message: string) => (error: unknown) => {
  assert.ok(error instanceof EvaluationError);
  assert.equal(error.message, message);
  return true;
};

Deno.test("a tag outside the scheme is named with its row, its place and the scheme's prefixes", () => {
  assert.throws(
    () => taggingReport([["O"], ["B-PER", "O"]], [["O"], ["O", "S-PER"]], { mode: "strict", scheme: "IOB2" }),
    refusal(
      'Cannot read the tag of row 1, token 1 of the predictions: the tag "S-PER" is outside IOB2, whose prefixes are I, O, B',
    ),
  );
  assert.throws(
    () => taggingReport([["NORG"]], [["O"]], { mode: "strict", scheme: "BILOU" }),
    refusal(
      'Cannot read the tag of row 0, token 0 of the references: the tag "NORG" is outside BILOU, whose prefixes are B, ' +
        "I, L, O, U",
    ),
  );
});

Deno.test("bad input is refused with one line", () => {
  const cases: [string[][], string[][], TaggingOptions, string][] = [
    [[["O"]], [], {}, "Cannot compare 0 predictions with 1 references: every row needs both"],
    [
      [["O"], ["O", "O"]],
      [["O"], ["O"]],
      {},
      "Cannot evaluate: the number of predicted tags of row 1 is 1, wanted 2, one a token",
    ],
    [[], [], {}, "Cannot evaluate: there are no rows"],
    [[[]], [[]], {}, "Cannot evaluate: there are no tokens"],
    [[["O"]], [[""]], {}, "Cannot read the tag of row 0, token 0 of the predictions: it is empty"],
    [
      [["O"]],
      [["O"]],
      { mode: "strict", scheme: "IOB" as TaggingScheme },
      'scheme must be "IOB1", "IOB2", "IOE1", "IOE2", "IOBES" or "BILOU", got "IOB"',
    ],
  ];
  for (const [references, predictions, options, message] of cases) {
    assert.throws(() => taggingReport(references, predictions, options), refusal(message));
  }
});
