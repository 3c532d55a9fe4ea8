import assert from "node:assert/strict";
import { EvaluationError } from "../../../src/statistics/errors.ts";
import {
  labelPairs,
  labelSetPairs,
  labelsIn,
  numberPairs,
  type Pair,
  pairsOf,
  predictedTexts,
  probabilityRows,
  referenceTexts,
  tagPairs,
} from "../../../src/evaluate/tasks/pairs.ts";

const pair = (prediction: unknown, reference?: unknown, record = {}): Pair => ({
  prediction,
  reference,
  record,
});

Deno.test("plain values and objects stand beside each other, and other keys become columns", () => {
  assert.deepEqual(pairsOf(["a"], [["b", "c"]]), [pair("a", ["b", "c"])]);
  assert.deepEqual(pairsOf([{ prediction: "a", id: 1 }], [{ references: ["b"], lang: "en" }]), [
    pair("a", ["b"], { lang: "en", id: 1 }),
  ]);
  assert.deepEqual(pairsOf([{ prediction: 1, reference: 2, fold: "x" }], undefined), [
    pair(1, 2, { fold: "x" }),
  ]);
  assert.deepEqual(pairsOf(["a"], undefined), [pair("a", undefined)]);
  assert.deepEqual(pairsOf([{ label: "x" }], undefined), [pair({ label: "x" }, undefined)]);
});

Deno.test("rows that do not fit are refused by their number", () => {
  assert.throws(() => pairsOf(["a", "b"], ["c"]), /compare 2 predictions with 1 references/);
  assert.throws(() => pairsOf([], []), /there are no rows/);
  assert.throws(
    () => pairsOf([{ reference: "a" }], undefined),
    /Row 1 has no "prediction"; it has reference/,
  );
  assert.throws(() => pairsOf(["a"], [{ prediction: "x" }]), /Row 1 has no "reference"; it has prediction/);
});

const wrong: [string, () => unknown, RegExp][] = [
  ["a text", () => predictedTexts([pair(7)]), /Row 1: its prediction is 7, wanted a text/],
  [
    "one text or more",
    () => referenceTexts([pair("", [])]),
    /Row 1: its references is \[\], wanted one text/,
  ],
  ["a text in a list", () => referenceTexts([pair("", ["x", null])]), /its reference is null, wanted a text/],
  [
    "a label",
    () => labelPairs([pair("a", "b"), pair("", "b")]),
    /Row 2: its prediction is "", wanted a label/,
  ],
  ["no NaN as a label", () => labelPairs([pair(NaN, "b")]), /Row 1: its prediction is null, wanted a label/],
  ["a number", () => numberPairs([pair("x", 1)]), /Row 1: its prediction is "x", wanted a finite number/],
  [
    "a finite number",
    () => numberPairs([pair(1, Infinity)]),
    /its reference is null, wanted a finite number/,
  ],
  ["tags", () => tagPairs([pair(["B-PER", 1], "O")]), /its prediction is \["B-PER",1\], wanted tags/],
  [
    "known labels",
    () => probabilityRows([pair("a", "a", { scores: { z: 1 } })], ["a"]),
    /scores is {"z":1}, wanted one of the labels/,
  ],
  [
    "as many numbers as labels",
    () => probabilityRows([pair("a", "a", { scores: [1] })], ["a", "b"]),
    /numbers for 2 labels/,
  ],
  [
    "numbers",
    () => probabilityRows([pair("a", "a", { scores: { a: "much" } })], ["a"]),
    /score of "a" is "much"/,
  ],
];
for (const [what, read, message] of wrong) {
  Deno.test(`what is read has to be ${what}`, () => {
    assert.throws(read, (error: Error) => error instanceof EvaluationError && message.test(error.message));
  });
}

Deno.test("texts, labels, sets, tags and numbers are read from what files hold", () => {
  assert.deepEqual(referenceTexts([pair("", "a"), pair("", ["b", "c"])]), [["a"], ["b", "c"]]);
  assert.deepEqual(labelPairs([pair(1, true), pair(" spam ", "ham")]), {
    predictions: ["1", "spam"],
    references: ["true", "ham"],
  });
  assert.deepEqual(labelSetPairs([pair("a, b", ["c"]), pair("", [])]), {
    predictions: [["a", "b"], []],
    references: [["c"], []],
  });
  assert.deepEqual(tagPairs([pair("B-PER  O", ["O", "O"]), pair("", [])]), {
    predictions: [["B-PER", "O"], []],
    references: [["O", "O"], []],
  });
  assert.deepEqual([...numberPairs([pair("1.5", 2)]).predictions], [1.5]);
  assert.deepEqual(labelsIn(["b", "a", "b"]), ["a", "b"]);
});

Deno.test("probabilities may be an object, a list of labels and scores, or numbers in order", () => {
  const rows = [{ a: 0.25, b: 0.75 }, [{ label: "b", score: 0.1 }, { label: "a", score: 0.9 }], [0.5, 0.5]];
  const read = probabilityRows(rows.map((scores) => pair("a", "a", { scores })), ["a", "b"]);
  assert.deepEqual([...read!], [0.25, 0.75, 0.9, 0.1, 0.5, 0.5]);
  assert.equal(probabilityRows([pair("a", "a")], ["a"]), undefined);
});

Deno.test("white space around a label does not count, unless a label is known by it", () => {
  const pairs = pairsOf(["tech ", "tech"], ["tech", "tech "]);
  assert.deepEqual(labelPairs(pairs), { predictions: ["tech", "tech"], references: ["tech", "tech"] });
  assert.deepEqual(labelPairs(pairs, ["tech", "tech "]), {
    predictions: ["tech ", "tech"],
    references: ["tech", "tech "],
  });
});

Deno.test("a table without a column of predictions, and a row without a reference, are told what they lack", () => {
  assert.throws(
    () => labelPairs(pairsOf([{ text: "a", label: "b" }], undefined)),
    /Row 1: its prediction is \{"text":"a","label":"b"\}, wanted a label: give a column "prediction"/,
  );
  assert.throws(
    () => referenceTexts(pairsOf(["a"], undefined)),
    /Row 1: there is no reference, .* a column "reference"/,
  );
});
