import assert from "node:assert/strict";
import { evaluateAll, selectRows } from "../../../src/statistics/decomposed.ts";
import { EvaluationError } from "../../../src/statistics/errors.ts";
import { bleu, type BleuOptions, bleuRows, sentenceBleu } from "../../../src/evaluate/generation/bleu.ts";

interface Golden {
  slices: [number, number][];
  configs: {
    options: BleuOptions;
    sentences: number[];
    corpora: Record<string, number | number[] | string>[];
  }[];
}

const read = (name: string) =>
  JSON.parse(Deno.readTextFileSync(new URL(`../../golden/evaluate/${name}`, import.meta.url)));
const golden: Golden = read("bleu.json");
const texts: { prediction: string; references: string[] }[] = read("texts.json");
const predictions = texts.map((row) => row.prediction), references = texts.map((row) => row.references);

function near(actual: number, wanted: number, what: string): void {
  assert.ok(Math.abs(actual - wanted) <= 1e-9, `${what}: got ${actual}, wanted ${wanted}`);
}

Deno.test("BLEU of every sentence equals sacrebleu's, for each tokenizer, smoothing and option", () => {
  for (const { options, sentences } of golden.configs) {
    assert.ok(sentences.length >= 500);
    sentences.forEach((wanted, row) => {
      const { score } = sentenceBleu(predictions[row], references[row], {
        effectiveOrder: false,
        ...options,
      });
      near(score, wanted, `${JSON.stringify(options)}, row ${row}`);
    });
  }
});

Deno.test("corpus BLEU, all it is made of, its line and its signature equal sacrebleu's", () => {
  for (const { options, corpora } of golden.configs) {
    const all = bleuRows(predictions, references, options);
    corpora.forEach((wanted, k) => {
      const [start, end] = golden.slices[k];
      const version = "2.6.0";
      const result = bleu(predictions.slice(start, end), references.slice(start, end), {
        ...options,
        version,
      });
      for (const [name, value] of Object.entries(wanted)) {
        const what = `${JSON.stringify(options)}, rows ${start} to ${end}, ${name}`;
        const got = result[name as keyof typeof result];
        if (typeof value === "string") assert.equal(got, value, what);
        else if (typeof value === "number") near(got as number, value, what);
        else value.forEach((number, order) => near((got as number[])[order], number, `${what} ${order + 1}`));
      }
      const rows = selectRows(all, Array.from({ length: end - start }, (_, i) => start + i));
      near(evaluateAll(rows).bleu, result.score, "from the rows' statistics");
    });
  }
});

Deno.test("the order of rows and of references does not matter", () => {
  const order = predictions.map((_, row) => (row * 7 + 1) % predictions.length);
  const shuffled = bleu(
    order.map((row) => predictions[row]),
    order.map((row) => references[row].toReversed()),
  );
  assert.equal(shuffled.text, bleu(predictions, references).text);
});

Deno.test("scores lie between 0 and 100, and equal texts have 100", () => {
  for (const [row, prediction] of predictions.entries()) {
    const { score, totals } = sentenceBleu(prediction, references[row]);
    assert.ok(score >= 0 && score <= 100 + 1e-9, `row ${row}: ${score}`);
    if (totals[0] > 0) near(sentenceBleu(prediction, prediction).score, 100, `row ${row}`);
  }
});

Deno.test("a missing reference is left out, an empty one is not, and the signature says that numbers vary", () => {
  const prediction = "the cat sat on the mat", reference = "the cat sat on a mat";
  const missing = bleu([prediction], [[reference, null, undefined]]);
  assert.equal(missing.text, bleu([prediction], [reference]).text);
  assert.match(missing.signature, /^nrefs:1\|/);
  assert.match(bleu([prediction], [[reference, ""]]).signature, /^nrefs:2\|/);
  assert.match(bleu(["a", "b"], [["a", null], ["b", "c"]]).signature, /^nrefs:var\|/);
});

Deno.test("texts that look tokenized are warned about, unless force is set", () => {
  const tokenized = Array<string>(100).fill("It is so .");
  assert.equal(bleu(tokenized, tokenized).warnings.length, 1);
  assert.deepEqual(bleu(tokenized, tokenized, { force: true }).warnings, []);
  assert.deepEqual(bleu(tokenized.slice(1), tokenized.slice(1)).warnings, []);
});

Deno.test("a tie in the last decimal goes to the even digit, as in sacrebleu", () => {
  // 1 of 16 tokens: 6.25%
  const words = Array.from({ length: 16 }, (_, k) => `w${k}`);
  const other = ["w0", ...words.slice(1).map((word) => `other${word}`)];
  assert.match(bleu([words.join(" ")], [other.join(" ")]).text, /^BLEU = \d+\.\d\d 6\.2\//);
});

Deno.test("a token of 100,000 characters and 100,000 equal words are scored in time linear in their length", () => {
  const token = "x".repeat(100_000), repeated = "the ".repeat(100_000);
  near(sentenceBleu(token, token).score, 100, "one token");
  near(sentenceBleu(repeated, repeated).score, 100, "repeated words");
  near(sentenceBleu(token, token, { tokenizer: "char" }).score, 100, "repeated characters");
  near(sentenceBleu(".".repeat(100_000), ".,".repeat(50_000)).precisions[0], 50, "points");
});

Deno.test("bad input is refused in one line that names it", () => {
  const refuses = (run: () => unknown, message: RegExp) =>
    assert.throws(run, (error) => {
      assert.ok(error instanceof EvaluationError);
      assert.match(error.message, message);
      return true;
    });
  refuses(() => bleu(["a", "b"], ["a"]), /2 predictions with 1 references/);
  refuses(() => bleu([], []), /there are no rows/);
  refuses(() => bleu(["a", "b"], [["a"], [null]]), /row 1 has no reference/);
  refuses(
    () => bleu(["a", 7 as unknown as string], ["a", "b"]),
    /the prediction of row 1 is 7, wanted a text/,
  );
  refuses(() => bleu(["a"], [["a", {} as string]]), /a reference of row 0 is {}, wanted a text/);
  refuses(() => bleu(["a"], [7 as unknown as string]), /a reference of row 0 is 7, wanted a text/);
  refuses(
    () => bleu(["a"], ["a"], { tokenizer: "ja-mecab" as "13a" }),
    /tokenizer must be "13a", .*, got "ja-mecab"/,
  );
  refuses(
    () => bleu(["a"], ["a"], { smoothing: "chen" as "exp" }),
    /smoothing must be "exp", "floor", "add-k" or "none"/,
  );
  refuses(() => bleu(["a"], ["a"], { smoothing: "floor", smoothingValue: NaN }), /smoothingValue .* got NaN/);
  refuses(() => bleu(["a"], ["a"], { maxOrder: 0 }), /maxOrder must be a whole number from 1 to 100, got 0/);
});
