import assert from "node:assert/strict";
import { nearDuplicateClusters } from "../../src/data/dedupe.ts";
import { rowGroups } from "../../src/data/groups.ts";

const sentences = Array.from(
  { length: 12 },
  (_, i) => `sentence ${"abcdefghijkl"[i]} has words of its own ${"mnopqrstuvwx"[i]}`,
);

Deno.test("rows of one text are grouped as their texts are", () => {
  const texts = [...sentences, sentences[3].toUpperCase()];
  const { groups, byEveryText } = rowGroups(texts.map((text) => [text]));
  assert.deepEqual([...groups], [...nearDuplicateClusters(texts)]);
  assert.equal(byEveryText, true);
});

Deno.test("pairs that have either text in common, or nearly, are one group, also over others and the other way around", () => {
  const [a, b, c, d, e, f, g, h, i, j] = sentences;
  const rows = [[a, b], [c, d], [e, b], [`${f}!`, e], [g, h], [d, i], [j, j]];
  const { groups, byEveryText } = rowGroups(rows);
  assert.deepEqual([...groups], [0, 1, 0, 0, 2, 1, 3]);
  assert.equal(byEveryText, true);
});

Deno.test("where one text of two links most rows, rows are together if they are alike in both", () => {
  const rows = sentences.map((text) => ["Is this one of them?", text]);
  const { groups, byEveryText } = rowGroups([...rows, ["is this one of them", sentences[0]]]);
  assert.equal(byEveryText, false);
  assert.deepEqual([groups[12], new Set(groups).size], [groups[0], 12]);
});
