/**
 * The check of data sets: what is found, and what is not.
 *
 * @module
 */
import assert from "node:assert/strict";
import { checkRows } from "../../src/data/check/check.ts";
import { createColumnCounter } from "../../src/data/check/columns.ts";
import { countClasses, labelFindings } from "../../src/data/check/labels.ts";
import { leakFindings, leaksOf } from "../../src/data/check/leaks.ts";
import { lengthsOf } from "../../src/data/check/lengths.ts";
import { languagesOf, scriptsOf } from "../../src/data/check/scripts.ts";

const apart = (rows: readonly number[]) => rows;
const rowsOf = (pairs: readonly (readonly [string, string])[]) =>
  pairs.map(([text, label]) => ({ texts: [text], classes: [label], key: label }));
const kindsOf = (labels: readonly string[]) =>
  labelFindings(countClasses(labels.map((label) => [label])), labels.length).map(({ kind }) => kind);
const times = (label: string, n: number) => Array.from({ length: n }, () => label);

Deno.test("labels that differ in case, spaces, invisible characters, width or as numbers are named together", () => {
  for (
    const [one, other] of [["tech", "Tech"], ["tech", "tech "], ["1", "1.0"], ["a b", "a_b"], ["ａ", "a"], [
      "a\u0000",
      "a",
    ]]
  ) {
    assert.ok(
      kindsOf([...times(one, 30), ...times(other, 30)]).includes("labels-alike"),
      JSON.stringify([one, other]),
    );
  }
  for (const [one, other] of [["tech", "text"], ["1", "10"], ["a", "b"]]) {
    assert.deepEqual(kindsOf([...times(one, 30), ...times(other, 30)]), []);
  }
});

Deno.test("labels that say that there is none, and such with hidden characters, are named", () => {
  assert.ok(kindsOf([...times("NaN", 30), ...times("good", 30)]).includes("labels-unsaid"));
  assert.ok(kindsOf([...times("n/a", 30), ...times("good", 30)]).includes("labels-unsaid"));
  assert.ok(
    kindsOf([...times("a\u001b[31m", 30), ...times("good", 30)]).includes("labels-hidden-characters"),
  );
});

Deno.test("rare, few, uneven, single and too many classes are named for what they are", () => {
  assert.deepEqual(kindsOf([...times("a", 50), ...times("b", 2)]), ["labels-rare"]);
  assert.deepEqual(kindsOf([...times("a", 50), ...times("b", 10)]), ["labels-few"]);
  assert.deepEqual(kindsOf([...times("a", 500), ...times("b", 30)]), ["labels-uneven"]);
  assert.deepEqual(kindsOf(times("a", 50)), ["one-label"]);
  assert.deepEqual(kindsOf(Array.from({ length: 50 }, (_, i) => `ticket ${i}`)), ["labels-distinct"]);
});

Deno.test("a word that stands beside one label alone is a candidate, an ordinary one is not", () => {
  const texts = Array.from(
    { length: 200 },
    (_, i) => `${i % 2 ? "INV77" : "hello"} please help with thing${i % 7} today`,
  );
  const labels = texts.map((_, i) => i % 2 ? "billing" : i % 4 ? "tech" : "sales");
  const leaks = leaksOf(texts, labels);
  assert.deepEqual(leaks.map(({ word, label, coverage }) => [word, label, coverage]), [[
    "inv77",
    "billing",
    1,
  ]]);
  assert.match(leakFindings(leaks)[0].what, /"inv77" is in 100% of "billing"/);
  // All rows but a few have one label: every word stands beside it.
  assert.deepEqual(leaksOf(texts, texts.map((_, i) => i < 5 ? "b" : "a")), []);
});

Deno.test("repeated texts and those with several labels are counted", async () => {
  const { repeats, findings } = await checkRows(
    rowsOf([["Win now", "spam"], ["win  NOW", "ham"], ["lunch?", "ham"], ["lunch?", "ham"], [
      "other",
      "spam",
    ]]),
    { groups: apart },
  );
  assert.equal(repeats.duplicates, 2);
  assert.equal(repeats.conflicts, 1);
  assert.match(findings.find(({ kind }) => kind === "conflicts")!.what, /"Win now" is "spam" and "ham"/);
});

Deno.test("texts of next to nothing, HTML and a wrong encoding are seen", async () => {
  const { findings } = await checkRows(
    rowsOf([["", "a"], ["ok", "b"], ["<p>good</p>", "a"], ["cafÃ© au lait", "b"], ["an ordinary text", "a"]]),
    { groups: apart },
  );
  const kinds = findings.map(({ kind }) => kind);
  for (const kind of ["texts-short", "texts-html", "texts-encoding"]) assert.ok(kinds.includes(kind), kind);
});

Deno.test("findings come with what matters most first", async () => {
  const { findings } = await checkRows(rowsOf([["good text", "a"], ["good text", "a"], ["fine text", "a"]]), {
    groups: apart,
  });
  assert.deepEqual(findings.map(({ severity }) => severity), ["error", "warning", "note"]);
});

Deno.test("columns: what is filled, how many values, and what they hold", () => {
  const counter = createColumnCounter();
  for (const record of [{ a: "1", b: null, c: [1] }, { a: "2.5", b: "x", c: [2] }, { a: " ", b: true }]) {
    counter.add(record);
  }
  assert.deepEqual(
    counter.profiles().map(({ name, filled, distinct, kinds }) => [name, filled, distinct, kinds]),
    [
      ["a", 2, 2, ["number"]],
      ["b", 2, 2, ["text", "boolean"]],
      ["c", 2, 2, ["list"]],
    ],
  );
});

Deno.test("lengths are quantiles by nearest rank", () => {
  const { least, median, p90, p99, most, mean } = lengthsOf(Array.from({ length: 100 }, (_, i) => i + 1));
  assert.deepEqual([least, median, p90, p99, most, mean], [1, 50, 90, 99, 100, 50.5]);
  assert.equal(lengthsOf([]).most, 0);
});

Deno.test("scripts and languages of texts", async () => {
  assert.deepEqual(scriptsOf(["Привет", "мир"]).map(({ name }) => name), ["Cyrillic"]);
  assert.deepEqual(scriptsOf(["123 !?"]), []);
  const texts = [
    "The quick brown fox jumps over the lazy dog again and again",
    "Der schnelle braune Fuchs springt über den faulen Hund hinweg",
    "Le vif renard brun saute par-dessus le chien paresseux du voisin",
  ];
  assert.deepEqual((await languagesOf(texts)).map(({ name }) => name).sort(), ["de", "en", "fr"]);
});
