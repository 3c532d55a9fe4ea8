import assert from "node:assert/strict";
import { evaluateAll, selectRows } from "../../../src/statistics/decomposed.ts";
import { EvaluationError } from "../../../src/statistics/errors.ts";
import {
  compressionRatio,
  lengthRatioRows,
  lengthStatistics,
  type LengthSummary,
} from "../../../src/evaluate/generation/lengths.ts";

const read = (name: string) =>
  JSON.parse(Deno.readTextFileSync(new URL(`../../golden/evaluate/${name}`, import.meta.url)));
const texts: { prediction: string; references: string[] }[] = read("texts.json");
const predictions = texts.map((row) => row.prediction);
const golden: {
  corpora: { begin: number; end: number; lengthRatio: number | null }[];
  words: number[];
  characters: number[];
  gzipRatio: number;
} = read("diversity.json");

const near = (actual: number, expected: number, what: string) =>
  assert.ok(Math.abs(actual - expected) <= 1e-9, `${what}: got ${actual}, wanted ${expected}`);

Deno.test("length statistics equal numpy's", () => {
  const found = lengthStatistics(predictions);
  const check = (summary: LengthSummary, wanted: number[], what: string) => {
    const { mean, standardDeviation, min, median, p95, max } = summary;
    [mean, standardDeviation, min, median, p95, max].forEach((value, i) =>
      near(value, wanted[i], `${what} ${i}`)
    );
  };
  check(found.words, golden.words, "words");
  check(found.characters, golden.characters, "characters");
});

Deno.test("the length ratio of 500 corpora equals its definition's: the closest reference counts", () => {
  const rows = lengthRatioRows(predictions, texts.map((row) => row.references));
  assert.ok(golden.corpora.length >= 500);
  for (const { begin, end, lengthRatio } of golden.corpora) {
    if (lengthRatio === null) continue;
    const some = selectRows(rows, Array.from({ length: end - begin }, (_, i) => begin + i));
    near(evaluateAll(some).lengthRatio, lengthRatio, `texts ${begin} to ${end}`);
  }
  const tie = lengthRatioRows(["a a"], [["a a a", "a"]]);
  assert.deepEqual(evaluateAll(tie), { lengthRatio: 2 });
  assert.deepEqual(evaluateAll(lengthRatioRows([""], [""])), { lengthRatio: 1 });
});

Deno.test("redundant texts compress better, about as well as with Python's gzip", async () => {
  const ratio = await compressionRatio(predictions);
  assert.ok(Math.abs(ratio / golden.gzipRatio - 1) < 0.03, `${ratio} and ${golden.gzipRatio}`);
  assert.ok(await compressionRatio([...predictions, ...predictions]) > ratio);
});

Deno.test("no texts, differing lengths and rows without a reference are refused with one clear line", async () => {
  const refuses = (run: () => unknown, message: RegExp) =>
    assert.throws(run, (error) => error instanceof EvaluationError && message.test(error.message));
  refuses(() => lengthStatistics([]), /there are no texts/);
  refuses(() => lengthRatioRows([], []), /there are no rows/);
  refuses(() => lengthRatioRows(["a"], []), /1 predictions with 0 references/);
  refuses(() => lengthRatioRows(["a"], [[]]), /row 0 has no reference/);
  await assert.rejects(compressionRatio([]), /there are no texts/);
});
