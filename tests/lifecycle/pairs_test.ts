import assert from "node:assert/strict";
import { prepare, type PrepareOptions } from "../../src/lifecycle/prepare.ts";
import { observeText } from "../../src/tasks/observe.ts";
import type { Row } from "../../src/tasks/task.ts";

const lines: string[] = [];
const options: PrepareOptions = {
  task: "text-classification",
  source: "pairs.jsonl",
  seed: 1,
  vocabSize: 200,
  maxTokens: 16,
  output: { progress: (line: string) => void lines.push(line), draw() {}, terminal: false },
};

/** A word for a number, in one of two languages: `ab` and `zy` are 1. */
const word = (n: number, from: string) =>
  from + String(n).replace(/\d/g, (digit) => "abcdefghij"[Number(digit)]);
const sentence = (i: number, from: string) =>
  Array.from({ length: 4 + i % 3 }, (_, k) => word(7 * i + k, from)).join(" ");

/** Pairs that belong together, and the same texts with those of a neighbour. */
function pairs(count: number): Row<unknown>[] {
  return Array.from({ length: count }, (_, i) =>
    [i, i ^ 1].map((j): Row<unknown> => ({
      queries: [[sentence(i, "a"), sentence(j, "z")]],
      target: i === j ? "yes" : "no",
    }))).flat();
}

Deno.test("a pair is one sequence with both token types, cut to the most tokens at its longer text", () => {
  const long: Row<unknown> = { queries: [["aa ".repeat(30), "zb zc"]], target: "yes" };
  const { parts, tokenizer } = prepare([...pairs(80), long], options);
  const rows = [...parts.train, ...parts.validation, ...parts.test];
  for (const { encodings: [{ ids, typeIds, tokens }], row: { queries: [query] } } of rows) {
    const ends = tokens.flatMap((token, i) => token === "[SEP]" ? [i] : []);
    assert.deepEqual([tokens[0], ends.length, ends[1]], ["[CLS]", 2, ids.length - 1]);
    assert.deepEqual(typeIds, ids.map((_, i) => i <= ends[0] ? 0 : 1));
    if (query === long.queries[0]) {
      assert.equal(ids.length, 16);
      assert.ok(ids.length - ends[0] >= 4, "the short text is whole");
    }
  }
  const { characters, tokens } = observeText(["ab", "cde"], tokenizer.encode("ab", { pair: "cde" }));
  assert.equal(characters, 5);
  assert.ok(tokens! > tokenizer.encode("ab").ids.length);
});

Deno.test("no text of a held-out pair is in a training pair, and both labels are in each part", () => {
  const { parts, count } = prepare(pairs(120), options);
  assert.equal(count, 240);
  const textsOf = (part: typeof parts.train) =>
    new Set(part.flatMap(({ row: { queries: [query] } }) => query));
  const [train, test] = [textsOf(parts.train), textsOf(parts.test)];
  assert.ok(train.size > 0 && test.size > 0);
  assert.deepEqual([...test].filter((text) => train.has(text)), []);
  for (const part of [parts.train, parts.validation, parts.test]) {
    assert.equal(new Set(part.map(({ row }) => row.target)).size, 2);
  }
  assert.ok(!lines.some((line) => /warning/.test(line)));
});

Deno.test("pairs are duplicates if both texts are; where one text ends matters", () => {
  const more: Row<unknown>[] = [["new york", "city"], ["new", "york city"], ["New", "york  city"]].map((
    [a, b],
  ) => ({
    queries: [[a, b]],
    target: "yes",
  }));
  assert.equal(prepare([...pairs(80), ...more], options).count, 162);
});

Deno.test("pairs out of a few words are divided with a warning", () => {
  const few = Array.from({ length: 90 }, (_, i): Row<unknown> => ({
    queries: [[word(i % 10, "a"), word(Math.floor(i / 10), "z")]],
    target: i % 2 ? "yes" : "no",
  }));
  prepare(few, options);
  assert.ok(lines.some((line) => /^warning: pairs\.jsonl: most rows share a text with others/.test(line)));
});

Deno.test("groups that leave no way to the asked sizes are divided with a warning", () => {
  // Two questions with 70 answers each, of 150 rows: one of them must be held out, or next to nothing is.
  const rows = Array.from({ length: 150 }, (_, i): Row<unknown> => ({
    queries: [[
      sentence(i < 70 ? 1000 : i < 140 ? 2000 : 3000 + 50 * i, "a"),
      sentence(10_000 + 50 * i, "z"),
    ]],
    target: i % 2 ? "yes" : "no",
  }));
  prepare(rows, options);
  const warning = lines.findLast((line) => line.startsWith("warning"));
  assert.match(
    warning!,
    /^warning: pairs\.jsonl: the parts have \d+, \d+, \d+ rows instead of 114, 6, 30, since rows that share texts or a group stay together, 70 in the largest group$/,
  );
});
