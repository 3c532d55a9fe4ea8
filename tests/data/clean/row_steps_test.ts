import assert from "node:assert/strict";
import { cleanRows } from "../../../src/data/clean/clean.ts";
import { type CleanRow, type RowStepName, rowSteps } from "../../../src/data/clean/row_steps.ts";
import { dividedSteps, parseSteps } from "../../../src/data/clean/steps.ts";

/** Rows of the labels a, b, c, ... with so many rows each. */
function rowsOf(...counts: number[]): CleanRow[] {
  return counts.flatMap((count, l) => new Array(count).fill("abcdefghij"[l])).map((label, index) => ({
    texts: [`${label} row ${index}`],
    label,
    index,
  }));
}

const labelsAfter = (rows: readonly CleanRow[], ...steps: string[]) =>
  Object.fromEntries(
    cleanRows(rows, steps, { seed: 1 }).labels.filter(({ after }) => after > 0).map((
      { label, after },
    ) => [label, after]),
  );
const textsAfter = (texts: readonly (string | readonly string[])[], ...steps: string[]) =>
  cleanRows(texts.map((text, index) => ({ texts: [text].flat(), index })), steps, { seed: 1 })
    .rows.map(({ texts }) => texts.join("|"));

Deno.test("every step of rows reads its own example and needs labels where it says so", () => {
  for (const [name, { example, needsLabels }] of Object.entries(rowSteps)) {
    const [step] = parseSteps([example]);
    assert.equal(step.kind, "rows");
    if (!needsLabels) continue;
    assert.throws(
      () => cleanRows([{ texts: ["x"], index: 0 }], [example], { seed: 0 }),
      new RegExp(`"${name}.*needs rows with one label each`),
    );
  }
});

const cases: Record<RowStepName, () => void> = {
  "drop-empty": () => assert.deepEqual(textsAfter(["a", " \n", "", ["x", ""]], "drop-empty"), ["a"]),
  "min-words": () =>
    assert.deepEqual(textsAfter(["one two", "one two three", "我爱北京"], "min-words=3"), [
      "one two three",
      "我爱北京",
    ]),
  "max-words": () => assert.deepEqual(textsAfter(["one two", "one two three"], "max-words=2"), ["one two"]),
  "min-characters": () => assert.deepEqual(textsAfter(["👍👍", "abc"], "min-characters=3"), ["abc"]),
  "max-characters": () =>
    assert.deepEqual(textsAfter(["👍👍", "abc", ["ab", "abc"]], "max-characters=2"), ["👍👍"]),
  "keep-labels": () => assert.deepEqual(labelsAfter(rowsOf(1, 5, 3), "keep-labels=2"), { b: 5, c: 3 }),
  "min-label-rows": () => assert.deepEqual(labelsAfter(rowsOf(1, 5, 3), "min-label-rows=3"), { b: 5, c: 3 }),
  "drop-label": () => {
    assert.deepEqual(labelsAfter(rowsOf(1, 5), "drop-label=a"), { b: 5 });
    assert.throws(
      () => labelsAfter(rowsOf(1, 5), "drop-label=A"),
      /no row has the label "A"; there are "b", "a"/,
    );
  },
  "merge-labels": () => {
    assert.deepEqual(labelsAfter(rowsOf(1, 5, 3), "merge-labels=a|c=rare"), { b: 5, rare: 4 });
    assert.deepEqual(labelsAfter(rowsOf(1, 5), "merge-labels=a=b"), { b: 6 });
    assert.throws(() => labelsAfter(rowsOf(1, 5), "merge-labels=x=b"), /no row has the label "x"/);
    assert.throws(() => labelsAfter(rowsOf(1, 5), "merge-labels=a"), /takes OLD=NEW/);
  },
  "merge-rest": () => {
    assert.deepEqual(labelsAfter(rowsOf(1, 5, 3), "merge-rest=1"), { b: 5, other: 4 });
    assert.deepEqual(labelsAfter(rowsOf(1, 5, 3), "merge-rest=1=small"), { b: 5, small: 4 });
  },
  "sample": () => {
    assert.deepEqual(labelsAfter(rowsOf(100, 800, 100), "sample=10%"), { b: 80, a: 10, c: 10 });
    assert.deepEqual(labelsAfter(rowsOf(2, 800, 1), "sample=10"), { b: 8, a: 1, c: 1 });
    assert.deepEqual(labelsAfter(rowsOf(3, 3), "sample=100"), { a: 3, b: 3 });
    assert.deepEqual(labelsAfter(rowsOf(30, 30), "sample=0.5"), { a: 15, b: 15 });
    for (const value of ["0", "-1", "1.5", "120%", "x", ""]) {
      assert.throws(
        () => labelsAfter(rowsOf(3), `sample=${value}`),
        /sample takes a number of rows, or a share/,
        value,
      );
    }
  },
};
for (const [name, check] of Object.entries(cases)) Deno.test(`${name} keeps the rows that it says`, check);

Deno.test("a sample is the same for the same seed, another for another, and in the rows' order", () => {
  const sampled = (seed: number) =>
    cleanRows(rowsOf(50, 50), ["sample=20"], { seed }).rows.map(({ index }) => index);
  assert.deepEqual(sampled(1), sampled(1));
  assert.notDeepEqual(sampled(1), sampled(2));
  assert.deepEqual(sampled(1), sampled(1).toSorted((a, b) => a - b));
});

Deno.test("every size of a sample is met exactly, whatever the labels' sizes", () => {
  for (const counts of [[1, 1, 1, 97], [3, 2, 1], [10, 10, 10], [1], [50, 1, 1, 1, 1, 1, 1]]) {
    const rows = rowsOf(...counts);
    for (let size = 1; size <= rows.length; size++) {
      assert.equal(
        cleanRows(rows, [`sample=${size}`], { seed: 3 }).rows.length,
        size,
        `${size} of ${counts}`,
      );
    }
  }
});

Deno.test("steps of texts and of rows are applied in one order", () => {
  assert.deepEqual(textsAfter(["<b>x</b>", "<i></i>"], "strip-html", "drop-empty"), ["x"]);
  assert.deepEqual(textsAfter(["<b>x</b>", "<i></i>"], "drop-empty", "strip-html"), ["x", ""]);
});

Deno.test("what each step did is recorded, and labels are counted before and after", () => {
  const { trace, labels } = cleanRows(rowsOf(1, 5, 3), [
    "lowercase",
    "replace=row=>r",
    "merge-rest=1",
    "sample=3",
  ], { seed: 0 });
  assert.deepEqual(
    trace.map(({ step, rowsBefore, rowsAfter, changed }) => [step, rowsBefore, rowsAfter, changed]),
    [
      ["lowercase", 9, 9, 0],
      ["replace=row=>r", 9, 9, 9],
      ["merge-rest=1", 9, 9, 4],
      ["sample=3", 9, 3, 0],
    ],
  );
  assert.deepEqual(labels, [
    { label: "b", before: 5, after: 2 },
    { label: "c", before: 3, after: 0 },
    { label: "a", before: 1, after: 0 },
    { label: "other", before: 0, after: 1 },
  ]);
});

Deno.test("steps that leave nothing say which one did", () => {
  assert.throws(
    () => cleanRows(rowsOf(2, 2), ["lowercase", "min-words=50"], { seed: 0 }),
    /"min-words=50" leaves none of 4 rows/,
  );
});

Deno.test("commas divide steps where a step follows, and belong to the value elsewhere", () => {
  assert.deepEqual(dividedSteps("strip-html,min-words=3,lowercase"), [
    "strip-html",
    "min-words=3",
    "lowercase",
  ]);
  assert.deepEqual(dividedSteps("drop-label=cards, prepaid,sample=10%"), [
    "drop-label=cards, prepaid",
    "sample=10%",
  ]);
  assert.deepEqual(dividedSteps("lowercase,lowercas"), ["lowercase", "lowercas"]);
});
