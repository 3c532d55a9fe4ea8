import assert from "node:assert/strict";
import { DataError } from "../../src/data/errors.ts";
import { LifecycleError } from "../../src/lifecycle/errors.ts";
import type { DivisionOptions } from "../../src/lifecycle/division.ts";
import { prepare } from "../../src/lifecycle/prepare.ts";
import type { LoadedRow } from "../../src/lifecycle/rows.ts";

const word = (n: number) => String(n).replace(/\d/g, (digit) => "abcdefghij"[Number(digit)]);
const textOf = (i: number) => Array.from({ length: 9 }, (_, k) => `w${word(9 * i + k)}`).join(" ");

/** Rows of two labels whose texts have nothing in common. */
function rows(count: number, from = 0): LoadedRow[] {
  return Array.from(
    { length: count },
    (_, i) => row(textOf(from + i), i % 2 ? "spam" : "ham", { author: `a${i % 10}` }),
  );
}

function row(text: string, target: string, record: Record<string, unknown> = {}): LoadedRow {
  return { queries: [text], target, record: { text, label: target, ...record } };
}

function divide(all: readonly LoadedRow[], division: DivisionOptions = {}) {
  const lines: string[] = [];
  const prepared = prepare(all, {
    task: "text-classification",
    source: "mails.csv",
    seed: 1,
    vocabSize: 300,
    maxTokens: 16,
    division,
    output: { progress: (line: string) => void lines.push(line), draw() {}, terminal: false },
  });
  const { train, validation, test } = prepared.parts;
  return { ...prepared, lines, sizes: [train.length, validation.length, test.length] };
}

Deno.test("three shares are those of the parts, and of two the first has a twentieth that chooses the epoch", () => {
  assert.deepEqual(divide(rows(200)).sizes, [152, 8, 40]);
  assert.deepEqual(divide(rows(200), { split: [0.5, 0.2, 0.3] }).sizes, [100, 40, 60]);
  assert.deepEqual(divide(rows(200), { split: [0.8, 0.2] }).sizes, [152, 8, 40]);
  assert.throws(() => divide(rows(200), { split: [0.8, 0.3] }), LifecycleError);
});

Deno.test("parts in files of their own are taken whole, and what comes again in them is not trained on", () => {
  const own = [...rows(20, 900), row(textOf(3).toUpperCase(), "spam"), row(`${textOf(5)} more`, "spam")];
  const { sizes, lines, parts, division } = divide(rows(200), {
    test: { source: "dir/test.csv", rows: own },
  });
  assert.deepEqual(sizes, [188, 10, 22]);
  assert.ok(
    lines.some((line) =>
      /mails\.csv: 2 rows that come again in test\.csv are not trained on \(1 the same, 1 nearly\)/.test(line)
    ),
    lines.join("\n"),
  );
  assert.match(
    lines.join("\n"),
    /198 examples \(0 duplicates dropped; 2 that come again in test\.csv left out\), .*; 188 to train, 10 to choose the epoch, 22 held out \(test\.csv, a file of its own\)/,
  );
  assert.equal(division.origin, "test.csv, a file of its own");
  assert.ok(![...parts.train, ...parts.validation].some(({ row }) => row.queries[0] === textOf(3)));
  const both = divide(rows(200), {
    test: { source: "test.csv", rows: rows(20, 900) },
    validation: { source: "validation.csv", rows: rows(22, 898) },
  });
  assert.deepEqual(both.sizes, [200, 2, 20]);
  assert.throws(
    () => divide(rows(50), { test: { source: "test.csv", rows: [row("x", "other")] } }),
    (error) => error instanceof DataError && /^test\.csv row 1: .*other/.test(error.message),
  );
});

Deno.test("rows with one value in a column stay in one part", () => {
  const { parts, lines } = divide(rows(200), { group: "author" });
  const authors = (part: typeof parts.train) =>
    new Set(part.map(({ row }) => (row as LoadedRow).record.author));
  const all = [authors(parts.train), authors(parts.validation), authors(parts.test)];
  assert.equal(all.reduce((sum, { size }) => sum + size, 0), 10);
  assert.ok(lines.some((line) => /10 groups by column "author", each in one part/.test(line)));
  assert.throws(
    () => divide(rows(50), { group: "patient" }),
    /no column "patient" to group by; its columns are "text", "label", "author"/,
  );
});

Deno.test("near-duplicates are said, with an example, and divided where that is asked for", () => {
  const again = Array.from(
    { length: 40 },
    (_, i) => row(`${textOf(i % 4)} ${textOf(i % 4 + 500)} more${word(i)}`, i % 2 ? "spam" : "ham"),
  );
  const kept = divide([...rows(300, 20), ...again]);
  assert.ok(
    kept.lines.some((line) =>
      /40 rows are near-duplicates, in 4 groups that each stay in one part; the largest has 10, such as ".* and ".*--near-duplicates ignore/
        .test(line)
    ),
    kept.lines.join("\n"),
  );
  const ignored = divide([...rows(300, 20), ...again], { nearDuplicates: "ignore" });
  assert.ok(!ignored.lines.some((line) => /near-duplicates, in/.test(line)));
  assert.notDeepEqual(kept.division.identity, ignored.division.identity);
});

Deno.test("duplicates are kept in one part where that is asked for", () => {
  const twice = [...rows(60), ...rows(60)];
  assert.equal(divide(twice).count, 60);
  const { count, parts } = divide(twice, { duplicates: "keep", nearDuplicates: "ignore" });
  assert.equal(count, 120);
  const train = new Set(parts.train.map(({ row }) => row.queries[0]));
  assert.ok(![...parts.validation, ...parts.test].some(({ row }) => train.has(row.queries[0])));
});

Deno.test("a text with several labels is said to be that, and the label of most is kept", () => {
  const { lines, count } = divide([
    ...rows(60),
    row(textOf(4), "spam"),
    row(textOf(4), "spam"),
    row(textOf(6), "spam"),
  ]);
  assert.equal(count, 59);
  assert.ok(
    lines.some((line) =>
      /warning: mails\.csv: 2 texts have several labels, such as .*"spam" 2, "ham" 1.*: the label that most rows of a text have is kept, and 1 text .* dropped/
        .test(line)
    ),
    lines.join("\n"),
  );
  const one = Array.from({ length: 20 }, (_, i) => row("same text", "ab"[i % 2]));
  assert.throws(
    () => divide(one),
    /the same text stands under several labels: "same text" \("a" 10, "b" 10\); without them, no row is left/,
  );
});

Deno.test("labels with too few rows are trained on first, and named together with what to do", () => {
  const rare = [row(textOf(800), "one"), row(textOf(801), "two"), row(textOf(802), "two")];
  const { lines, parts, head } = divide([...rows(60), ...rare]);
  const counts = [parts.train, parts.validation, parts.test].map((part) =>
    ["one", "two"].map((label) => part.filter(({ row: { target } }) => target === label).length)
  );
  assert.deepEqual(counts, [[1, 1], [0, 0], [0, 1]]);
  assert.deepEqual((head as { labels: string[] }).labels, ["ham", "one", "spam", "two"]);
  assert.match(
    lines.find((line) => line.includes("too few texts")) ?? "",
    /^warning: .*2 labels, "one" \(1\), "two" \(2\), have too few texts to be in each part.*--clean min-label-rows=3/,
  );
  assert.throws(() => divide(rare), /2 labels, .* have too few texts, .*at least 3 are needed/);
});
