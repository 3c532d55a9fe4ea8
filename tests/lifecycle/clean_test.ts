import assert from "node:assert/strict";
import { cleanForTraining, type CleanForTrainingOptions } from "../../src/lifecycle/clean.ts";
import { fingerprintsFile, seenRows } from "../../src/lifecycle/fingerprints.ts";
import { decodeFingerprints } from "../../src/bundle/fingerprints.ts";
import { rowFingerprint } from "../../src/tasks/fingerprint.ts";
import type { Row } from "../../src/tasks/task.ts";

const lines: string[] = [];
const options = (
  cleaning: string[],
  more: Partial<CleanForTrainingOptions> = {},
): CleanForTrainingOptions => ({
  task: "text-classification",
  cleaning,
  source: "rows.csv",
  seed: 0,
  output: { progress: (line) => void lines.push(line) },
  ...more,
});
const row = (text: Row<unknown>["queries"][number], target: unknown): Row<unknown> => ({
  queries: [text],
  target,
});

Deno.test("each text of a pair is cleaned, and the pair stays one", () => {
  const { rows } = cleanForTraining(
    [row(["<b>A</b>", "B <i>c</i>"], "x"), row("<u>D</u>", "y")],
    options(["strip-html"]),
  );
  assert.deepEqual(rows.map(({ queries }) => queries[0]), [["A", "B c"], "D"]);
});

Deno.test("without steps the rows are those that were given", () => {
  const given = [row("<b>", "x")];
  assert.equal(cleanForTraining(given, options([])).rows, given);
});

Deno.test("rows in a file of their own get the training's texts and labels, and are not chosen by length", () => {
  const train = [
    row("one two three", "card"),
    row("four five six", "prepaid"),
    row("x", "card"),
    row("y", "wire"),
  ];
  const { heldOut, textSteps } = cleanForTraining(
    train,
    options(["lowercase", "min-words=2", "merge-labels=prepaid=card"]),
  );
  assert.deepEqual(textSteps, ["lowercase"]);
  assert.deepEqual(heldOut([row("SHORT", "prepaid"), row("Gone", "wire"), row("NEW", "never")]), [
    row("short", "card"),
  ]);
});

Deno.test("targets that are no labels are cleaned beside, and keep what they are", () => {
  const { rows, labels } = cleanForTraining(
    [row(" a  b", 1.5), row("", 2)],
    options(["collapse-space", "drop-empty"], { task: "text-regression" }),
  );
  assert.deepEqual(rows, [row("a b", 1.5)]);
  assert.deepEqual(labels, []);
});

Deno.test("texts that a cleaning leaves empty are said, with what leaves them out", () => {
  lines.length = 0;
  cleanForTraining([row("<br>", "x"), row("text", "y")], options(["strip-html"]));
  assert.ok(
    lines.some((line) => /warning: rows\.csv: 1 row with an empty text; --clean drop-empty/.test(line)),
    lines.join(),
  );
});

Deno.test("a base's steps come first, and once where they are given again", () => {
  const base = (cleaning: string[]) => ({
    name: "base",
    manifest: { cleaning } as unknown as NonNullable<CleanForTrainingOptions["pretrained"]>["manifest"],
  });
  const steps = (own: string[], given: string[]) =>
    cleanForTraining([row("A", "x")], options(given, { pretrained: base(own) })).textSteps;
  assert.deepEqual(steps(["strip-html"], ["lowercase"]), ["strip-html", "lowercase"]);
  assert.deepEqual(steps(["strip-html"], ["strip-html", "lowercase"]), ["strip-html", "lowercase"]);
  assert.deepEqual(steps(["strip-html", "cut=9"], []), ["strip-html", "cut=9"]);
  assert.throws(
    () =>
      cleanForTraining(
        [row("A", "x")],
        options([], { task: "token-classification", pretrained: base(["lowercase"]) }),
      ),
    /say where in the text a word stands, and lowercase would move it/,
  );
});

Deno.test("a row of a pair is seen as that pair alone, and what is held out is not seen", () => {
  const prepared = (one: Row<unknown>) => ({ row: one });
  const [seen, chose, held] = [row(["A  a", "b"], "x"), row("c", "x"), row("d", "x")];
  const [bytes] = Object.values(
    fingerprintsFile({
      train: [prepared(seen), prepared(seen)],
      validation: [prepared(chose)],
      test: [prepared(held)],
    }),
  );
  const fingerprints = decodeFingerprints(bytes, (problem) => new Error(problem));
  assert.deepEqual(fingerprints.parts.map(({ hashes }) => hashes.length), [1, 1]);
  const rows = [
    row(["a A", "B"], 0),
    row(["b", "a a"], 0),
    row("a a b", 0),
    row("a a", 0),
    row(" C ", 0),
    row("d", 0),
  ];
  assert.deepEqual(seenRows(rows, fingerprints), [
    "train",
    undefined,
    undefined,
    undefined,
    "validation",
    undefined,
  ]);
  assert.notEqual(rowFingerprint({ queries: ["a", "b"] }), rowFingerprint({ queries: ["b", "a"] }));
});
