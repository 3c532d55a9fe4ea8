import assert from "node:assert/strict";
import { evaluateAll, selectRows } from "../../../src/statistics/decomposed.ts";
import { EvaluationError } from "../../../src/statistics/errors.ts";
import {
  rouge,
  type RougeOptions,
  rougeRows,
  type RougeType,
} from "../../../src/evaluate/generation/rouge.ts";
import { createRandom } from "../../../src/base/random.ts";

interface Row {
  prediction: string;
  references: string[];
}
type Scores = number[][]; // for each case, an index into values for each type
type Cases = "plain" | "stemmed" | "inflected" | "best" | "average" | "lines" | "letters" | "words";
interface Golden extends Record<Cases, Scores> {
  stemWords: string;
  types: RougeType[];
  letterCases: [string, string][];
  values: [number, number, number][];
}

const read = async (name: string) =>
  JSON.parse(await Deno.readTextFile(new URL(`../../golden/evaluate/${name}.json`, import.meta.url)));
const golden: Golden = await read("rouge");
const texts: Row[] = await read("texts");
const { types } = golden;
const predictions = texts.map((row) => row.prediction);
const firsts = texts.map((row) => row.references[0]);
const joined = texts.map((row, i) => [...row.references, ...texts[(i + 1) % texts.length].references]);

function assertGolden(
  expected: Scores,
  texts: { predictions: string[]; references: (string | string[])[] },
  options: RougeOptions,
): void {
  assert.ok(expected.length >= 500 && expected.length === texts.predictions.length);
  const { rows, width } = rougeRows(texts.predictions, texts.references, { ...options, types });
  expected.forEach((indices, row) => {
    const wanted = indices.flatMap((index) => golden.values[index]);
    for (let k = 0; k < width; k++) {
      assert.ok(
        Math.abs(rows[row * width + k] - wanted[k]) <= 1e-9,
        `row ${row}, ${types[Math.floor(k / 3)]}: ${rows[row * width + k]}, wanted ${wanted[k]}`,
      );
    }
  });
  const all = rouge(texts.predictions, texts.references, { ...options, types });
  types.forEach((type, t) => {
    const mean = expected.reduce((sum, indices) => sum + golden.values[indices[t]][2], 0) / expected.length;
    assert.ok(Math.abs(all[type].f1 - mean) <= 1e-9);
  });
}

Deno.test("scores equal rouge-score's", () => {
  assertGolden(golden.plain, { predictions, references: firsts }, {});
});

Deno.test("scores equal rouge-score's with the stemmer", () => {
  assertGolden(golden.stemmed, { predictions, references: firsts }, { stemmer: true });
});

Deno.test("scores of inflected words equal rouge-score's with the stemmer", () => {
  const words = golden.stemWords.split(" ");
  const text = (i: number, shift: number) =>
    Array.from(
      { length: 4 + i % 9 },
      (_, k) => words[(11 * i + 37 * k + shift * ((i + k) % 4)) % words.length],
    )
      .join(" ");
  assertGolden(golden.inflected, {
    predictions: golden.inflected.map((_, i) => text(i, 0)),
    references: golden.inflected.map((_, i) => text(i, 1)),
  }, { stemmer: true });
});

Deno.test("of many references the best counts, as with rouge-score's score_multi", () => {
  assertGolden(golden.best, { predictions, references: joined }, { stemmer: true });
});

Deno.test("among references with the same F1 the first counts", () => {
  const [short, long] = ["a x", "a b u v w x y z"];
  for (const [references, precision] of [[[short, long], 0.25], [[long, short], 0.5]] as const) {
    const { rouge1 } = rouge(["a b c d"], [references], { types: ["rouge1"] });
    assert.deepEqual(rouge1, { precision, recall: 0.75 - precision, f1: 1 / 3 });
  }
});

Deno.test("of many references the mean counts when asked for", () => {
  assertGolden(golden.average, { predictions, references: joined }, {
    stemmer: true,
    manyReferences: "average",
  });
});

Deno.test("scores of texts with many lines equal rouge-score's", () => {
  const stretch = (i: number, start: number) =>
    Array.from({ length: (i % 4) + 2 }, (_, k) => texts[(start + k) % texts.length]);
  assertGolden(golden.lines, {
    predictions: texts.map((_, i) => stretch(i, i).map((row) => row.prediction).join("\n")),
    references: texts.map((_, i) => stretch(i, i + 1 - (i % 3)).map((row) => row.references[0]).join("\n")),
  }, {});
});

Deno.test("scores of texts full of ties, and of long lines, equal rouge-score's", () => {
  const spelled = (text: string) => text.split("/").map((line) => [...line].join(" ")).join("\n");
  assertGolden(golden.letters, {
    predictions: golden.letterCases.map(([prediction]) => spelled(prediction)),
    references: golden.letterCases.map(([, reference]) => spelled(reference)),
  }, {});
});

Deno.test("scores with a tokenizer of one's own equal rouge-score's with the same", () => {
  const tokenizer = (text: string) => text.split(/[ \n]/).filter((token) => token !== "");
  assertGolden(golden.words, { predictions, references: firsts }, { tokenizer });
});

Deno.test("a text against itself scores 1, and nothing in common 0", () => {
  for (const type of ["rouge1", "rouge2", "rouge3", "rougeL", "rougeLsum"] as const) {
    const text = "one two\nthree four\nfive";
    assert.deepEqual(rouge([text], [text], { types: [type] })[type], { precision: 1, recall: 1, f1: 1 });
    assert.deepEqual(rouge([text], ["six seven"], { types: [type] })[type], {
      precision: 0,
      recall: 0,
      f1: 0,
    });
    assert.deepEqual(rouge([""], [""], { types: [type] })[type], { precision: 0, recall: 0, f1: 0 });
  }
});

Deno.test("texts swapped swap precision and recall, but for rougeLsum, and all stay from 0 to 1", () => {
  const options: RougeOptions = { types: ["rouge1", "rouge2", "rouge7", "rougeL"], tokenizer: "unicode" };
  const there = rougeRows(predictions, firsts, options), back = rougeRows(firsts, predictions, options);
  for (let k = 0; k < there.rows.length; k += 3) {
    const [precision, recall, f1] = there.rows.subarray(k, k + 3);
    assert.deepEqual([recall, precision], [...back.rows.subarray(k, k + 2)]);
    assert.ok(Math.abs(f1 - back.rows[k + 2]) < 1e-12);
    assert.ok(Math.min(precision, recall) >= 0 && Math.max(precision, recall) <= 1);
    assert.ok(f1 >= Math.min(precision, recall) - 1e-12 && f1 <= Math.max(precision, recall) + 1e-12);
  }
});

Deno.test("n-grams of every size are counted as lists of tokens are", () => {
  const random = createRandom(5);
  const text = () => Array.from({ length: random() * 40 }, () => "abc"[Math.floor(random() * 3)]);
  for (let round = 0; round < 100; round++) {
    const a = text(), b = text(), sizes = [1, 2, 3, 4, 5, 6, 7, 9, 11];
    const scores = rouge([a.join(" ")], [b.join(" ")], { types: sizes.map((n) => `rouge${n}` as const) });
    for (const n of sizes) {
      const grams = (tokens: string[]) => tokens.slice(n - 1).map((_, i) => tokens.slice(i, i + n).join(" "));
      const left = grams(b);
      let shared = 0;
      for (const gram of grams(a)) {
        if (left.includes(gram)) left.splice(left.indexOf(gram), 1), shared++;
      }
      assert.equal(scores[`rouge${n}`].precision, shared / Math.max(1, a.length - n + 1));
    }
  }
});

Deno.test("rows in another order, and rows chosen, have the values they had", () => {
  const metrics = rougeRows(predictions, joined);
  const order = predictions.map((_, i) => (i * 7 + 3) % predictions.length);
  const shuffled = rougeRows(order.map((i) => predictions[i]), order.map((i) => joined[i]));
  assert.deepEqual(selectRows(metrics, order).rows, shuffled.rows);
  const all = evaluateAll(metrics), other = evaluateAll(shuffled);
  for (const name of metrics.names) assert.ok(Math.abs(all[name] - other[name]) < 1e-12);
});

Deno.test("the default tokenizer knows a-z and 0-9 only, the Unicode one every script", () => {
  const f1 = (prediction: string, reference: string, tokenizer: "default" | "unicode") =>
    rouge([prediction], [reference], { types: ["rouge1"], tokenizer }).rouge1.f1;
  for (
    const [prediction, reference, expected] of [
      ["我喜欢猫", "我喜欢狗", 0.75],
      ["東京タワー", "東京", 4 / 7],
      ["สวัสดี", "สวัสดี ครับ", 8 / 11], // a vowel or tone sign stays with its letter
      ["한국어 문장", "한국어 문장입니다", 0.5],
      ["नमस्ते दुनिया", "नमस्ते", 2 / 3],
      ["مرحبا بالعالم", "مرحبا", 2 / 3],
      ["CAFÉ", "cafe\u0301", 1],
      ["Straße 12", "straße 13", 0.5],
    ] as const
  ) {
    assert.ok(
      Math.abs(f1(prediction, reference, "unicode") - expected) < 1e-12,
      `${prediction} ${reference}`,
    );
  }
  assert.equal(f1("我喜欢猫", "我喜欢猫", "default"), 0);
  assert.equal(f1("\u212aelvin", "kelvin", "default"), 1); // the sign for kelvin has k as its lower case
  assert.equal(f1("\u0130x", "i x", "default"), 1);
});

Deno.test("the stemmer holds for every tokenizer, for English words", () => {
  const scores = (tokenizer: RougeOptions["tokenizer"]) =>
    rouge(["running études"], ["runs études"], { types: ["rouge1"], stemmer: true, tokenizer }).rouge1.f1;
  assert.equal(scores("unicode"), 1);
  assert.equal(scores((text) => text.split(" ")), 1);
});

Deno.test("a model that repeats a line without end is scored", () => {
  const again = "I am sorry.\n".repeat(100_000), other = "I am so sorry!\n".repeat(100_000);
  const { rougeLsum, rouge9 } = rouge([again], [other], { types: ["rougeLsum", "rouge9"] });
  assert.equal(rougeLsum.precision, 1);
  assert.ok(Math.abs(rougeLsum.recall - 0.75) < 1e-12);
  assert.equal(rouge9.f1, 0);
});

Deno.test("what cannot be scored is named in one line", () => {
  const says = (part: RegExp, ...args: Parameters<typeof rouge>) =>
    assert.throws(
      () => rouge(...args),
      (error) => error instanceof EvaluationError && part.test(error.message),
    );
  says(/2 predictions with 1 references/, ["a", "b"], ["a"]);
  says(/no rows/, [], []);
  says(/row 1 has no reference/, ["a", "b"], ["a", []]);
  says(/prediction of row 0 is undefined/, [undefined as unknown as string], ["a"]);
  says(/reference of row 0 is 3/, ["a"], [["a", 3 as unknown as string]]);
  says(/"rouge0"/, ["a"], ["a"], { types: ["rouge0"] });
  says(/"rougeX"/, ["a"], ["a"], { types: ["rougeX" as "rougeL"] });
  says(/rougeL is named twice/, ["a"], ["a"], { types: ["rougeL", "rougeL"] });
  says(/no types/, ["a"], ["a"], { types: [] });
  says(/"13a"/, ["a"], ["a"], { tokenizer: "13a" as "default" });
  says(/gave no list/, ["a"], ["a"], { tokenizer: () => "a" as unknown as string[] });
  says(/token of "a" is 1, wanted a string/, ["a"], ["a"], { tokenizer: () => [1 as unknown as string] });
  says(/"worst"/, ["a"], ["a"], { manyReferences: "worst" as "best" });
});
