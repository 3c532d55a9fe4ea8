import assert from "node:assert/strict";
import type { Annotation } from "../../src/people/annotation.ts";
import {
  annotatorQuality,
  exportRows,
  toBestWorst,
  toComparisons,
  toLabels,
  toRatings,
  toTable,
} from "../../src/people/export.ts";
import { krippendorffAlpha } from "../../src/people/krippendorff.ts";

const annotation = (part: Partial<Annotation>): Annotation => ({
  item: "1",
  annotator: "ann",
  reason: "item",
  swapped: false,
  value: null,
  comment: "",
  seconds: null,
  atMs: 0,
  ...part,
});
const score = (item: string, annotator: string, score: number, rest: Partial<Annotation> = {}) =>
  annotation({ item, annotator, value: { kind: "likert", score }, ...rest });

Deno.test("rows have the same columns for every answer, in order", () => {
  const rows = exportRows([
    score("2", "ann", 3),
    annotation({ item: "1" }),
    score("1", "bob", 5, { seconds: 4 }),
  ]);
  assert.deepEqual(
    rows.map((row) => Object.keys(row).join()),
    new Array(3).fill("item,annotator,reason,at,seconds,skipped,score,comment"),
  );
  assert.deepEqual(rows.map((row) => [row.item, row.annotator, row.score, row.skipped]), [
    ["1", "ann", null, true],
    ["1", "bob", 5, false],
    ["2", "ann", 3, false],
  ]);
  assert.throws(
    () => exportRows([score("1", "ann", 1), annotation({ value: { kind: "text", text: "x" } })]),
    /two tasks at once: found likert and text/,
  );
});

Deno.test("the latest answer counts, gold and repeats do not", () => {
  const annotations = [
    score("1", "ann", 2, { atMs: 1 }),
    score("1", "ann", 4, { atMs: 9 }),
    score("g", "ann", 5, { reason: "gold" }),
    score("1", "ann", 1, { reason: "repeat", atMs: 20 }),
    annotation({ item: "2" }),
  ];
  assert.deepEqual(toRatings(annotations, { systemOf: () => "new" }), [{
    item: "1",
    rater: "ann",
    system: "new",
    score: 4,
  }]);
});

Deno.test("comparisons name the candidate shown first as a, whoever won", () => {
  const items = new Map([["1", { id: "1", candidates: ["new", "old"] }]]);
  const of = (winner: "a" | "b" | "tie", swapped: boolean) =>
    toComparisons([annotation({ swapped, value: { kind: "pairwise", winner } })], items)[0];
  assert.deepEqual(of("a", false), { a: "new", b: "old", winner: "a" });
  assert.deepEqual(of("a", true), { a: "old", b: "new", winner: "b" });
  assert.deepEqual(of("b", true), { a: "old", b: "new", winner: "a" });
  assert.deepEqual(of("tie", true), { a: "old", b: "new", winner: "tie" });
  assert.throws(
    () => toComparisons([annotation({ item: "9", value: { kind: "pairwise", winner: "a" } })], items),
    /"9" names 0/,
  );
});

Deno.test("answers go on to best-worst scaling, labels and agreement", () => {
  const items = new Map([["1", { id: "1", candidates: ["x", "y", "z"] }]]);
  const chosen = annotation({ value: { kind: "best-worst", best: "x", worst: "z" } });
  assert.deepEqual(toBestWorst([chosen], items), [{ items: ["x", "y", "z"], best: "x", worst: "z" }]);
  const labels = toLabels([
    score("1", "ann", 1),
    score("1", "bob", 1),
    score("2", "bob", 3),
    score("2", "cy", 3),
  ]);
  const { table, annotators } = toTable(labels);
  assert.deepEqual(annotators, ["ann", "bob", "cy"]);
  assert.deepEqual(table, [[1, null], [1, 3], [null, 3]]);
  assert.equal(krippendorffAlpha(table, { level: "ordinal", resamples: 0 }).alpha.value, 1);
});

Deno.test("an annotator's care: gold, repeats, time and skips", () => {
  const [ann, bob] = annotatorQuality([
    score("g1", "ann", 1, { reason: "gold", seconds: 3 }),
    score("g2", "ann", 2, { reason: "gold", seconds: 5 }),
    score("1", "ann", 4, { seconds: 9 }),
    score("1", "ann", 4, { reason: "repeat" }),
    annotation({ item: "2" }),
    score("1", "bob", 2),
  ], new Map([["g1", 1], ["g2", 5]]));
  assert.deepEqual([ann.gold?.value, ann.consistency?.value, ann.medianSeconds, ann.skipped], [0.5, 1, 5, 1]);
  assert.deepEqual([bob.gold, bob.consistency, bob.medianSeconds, bob.skipped], [
    undefined,
    undefined,
    null,
    0,
  ]);
});
