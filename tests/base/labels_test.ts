// The order of labels, and how many of them a message names.
import assert from "node:assert/strict";
import { listLabels, sortLabels } from "../../src/base/labels.ts";
import { labelsOf } from "../../src/data/example.ts";
import { labelsIn } from "../../src/evaluate/tasks/pairs.ts";
import { categoriesIn } from "../../src/statistics/categories.ts";
import { trainMultiLabelClassification } from "../../src/tasks/multi_label_classification/train.ts";
import { trainTextClassification } from "../../src/tasks/text_classification/train.ts";
import { trainTokenClassification } from "../../src/tasks/token_classification/train.ts";

const numbers = Array.from({ length: 12 }, (_, i) => String(i));

Deno.test("labels 0 to n - 1 are the indices themselves, wherever labels are put in order", () => {
  const shuffled = [...numbers].reverse();
  assert.deepEqual(labelsOf(shuffled, "x"), numbers);
  assert.deepEqual(labelsIn(shuffled), numbers);
  assert.deepEqual(categoriesIn(shuffled), numbers);
  const rows = <T>(targets: readonly T[]) => targets.map((target) => ({ queries: ["a"], target }));
  assert.deepEqual(trainTextClassification.headOf(rows(shuffled), "x").labels, numbers);
  assert.deepEqual(trainMultiLabelClassification.headOf(rows(shuffled.map((l) => [l])), "x").labels, numbers);
  const tagged = { text: "a", tokens: [{ start: 0, end: 1 }] };
  const tags = trainTokenClassification.headOf(
    rows(shuffled.map((label) => ({ ...tagged, tags: [`B-${label}`] }))),
    "x",
  ).labels;
  assert.deepEqual(tags.filter((tag) => tag.startsWith("B-")), numbers.map((label) => `B-${label}`));
});

Deno.test("numbers of all forms are in the order of their values, other labels in that of their letters", () => {
  assert.deepEqual(sortLabels(["0.5", "10", "-1", "2.5"]), ["-1", "0.5", "2.5", "10"]);
  assert.deepEqual(sortLabels(["10", "9", "x"]), ["10", "9", "x"]);
  assert.deepEqual(sortLabels(["1", "01", "1.0"]), ["01", "1", "1.0"]);
});

Deno.test("a checkpoint with the same labels keeps its order, one with others does not decide", () => {
  const rows = ["neg", "pos", "neu"].map((target) => ({ queries: ["a"], target }));
  const { headOf } = trainTextClassification;
  assert.deepEqual(headOf(rows, "x", { labels: ["pos", "neg", "neu"] }).labels, ["pos", "neg", "neu"]);
  assert.deepEqual(headOf(rows, "x", { labels: ["LABEL_0", "LABEL_1", "LABEL_2"] }).labels, [
    "neg",
    "neu",
    "pos",
  ]);
});

Deno.test("a message names twenty labels of three hundred, without what a terminal would obey", () => {
  const labels = Array.from({ length: 300 }, (_, i) => `\x1b[31m${i}`);
  const line = listLabels(labels);
  assert.match(line, / and 280 more$/);
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(line, /\x1b/);
  assert.ok(trainTextClassification.describeHead({ labels }).length < 600);
});
