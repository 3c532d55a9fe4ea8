import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { evaluateAll, selectRows } from "../../../src/statistics/decomposed.ts";
import { EvaluationError } from "../../../src/statistics/errors.ts";
import { sentenceTer, ter, type TerOptions, terRows } from "../../../src/evaluate/generation/ter.ts";
import { createEditCounter } from "../../../src/evaluate/generation/ter_edits.ts";
import { tokenizeForTer } from "../../../src/evaluate/generation/ter_tokenizer.ts";

interface Golden {
  slices: [number, number][];
  configs: {
    options: TerOptions;
    sentences: number[];
    corpora: { score: number; edits: number; referenceLength: number; text: string; signature: string }[];
  }[];
  shifts: [string, ...number[]][];
  tokenizer: { made: string[]; configs: { options: TerOptions; checksums: string }[] };
}

const read = (name: string) =>
  JSON.parse(Deno.readTextFileSync(new URL(`../../golden/evaluate/${name}`, import.meta.url)));
const golden: Golden = read("ter.json");
const texts: { prediction: string; references: string[] }[] = read("texts.json");
const predictions = texts.map((row) => row.prediction), references = texts.map((row) => row.references);

function near(actual: number, wanted: number, what: string): void {
  assert.ok(Math.abs(actual - wanted) <= 1e-9, `${what}: got ${actual}, wanted ${wanted}`);
}

Deno.test("TER of every sentence equals sacrebleu's, for each option", () => {
  for (const { options, sentences } of golden.configs) {
    assert.ok(sentences.length >= 500);
    sentences.forEach((wanted, row) => {
      const { score } = sentenceTer(predictions[row], references[row], options);
      near(score, wanted, `${JSON.stringify(options)}, row ${row}`);
    });
  }
});

Deno.test("corpus TER, its parts, its line and its signature equal sacrebleu's", () => {
  for (const { options, corpora } of golden.configs) {
    const all = terRows(predictions, references, options);
    corpora.forEach((wanted, k) => {
      const [start, end] = golden.slices[k];
      const what = `${JSON.stringify(options)}, rows ${start} to ${end}`;
      const version = "2.6.0";
      const result = ter(predictions.slice(start, end), references.slice(start, end), {
        ...options,
        version,
      });
      near(result.score, wanted.score, what);
      near(result.edits, wanted.edits, what);
      near(result.referenceLength, wanted.referenceLength, what);
      assert.equal(result.text, wanted.text, what);
      assert.equal(result.signature, wanted.signature, what);
      const rows = selectRows(all, Array.from({ length: end - start }, (_, i) => start + i));
      near(evaluateAll(rows).ter, result.score, "from the rows' statistics");
    });
  }
});

Deno.test("words are made as sacrebleu's Tercom tokenizer makes them", () => {
  const all = [...predictions, ...golden.tokenizer.made];
  for (const { options, checksums } of golden.tokenizer.configs) {
    const wanted = checksums.split(" ");
    assert.ok(wanted.length >= 1000 && wanted.length === all.length);
    all.forEach((text, k) => {
      const words = tokenizeForTer(text, options);
      const checksum = crc32(new TextEncoder().encode(words.join(" "))).toString(16).padStart(8, "0");
      assert.equal(
        checksum,
        wanted[k],
        `${JSON.stringify(options)}, ${JSON.stringify(text)} gave ${JSON.stringify(words)}`,
      );
    });
  }
});

Deno.test("shifts, the beam and the limit of tries give sacrebleu's edits on long, shuffled and repetitive words", () => {
  assert.ok(golden.shifts.length >= 500);
  const countEdits = createEditCounter();
  for (const [kind, ...numbers] of golden.shifts) {
    const wanted = numbers.pop();
    const [words, reference] = kind === "shuffled" ? shuffled(numbers) : unrelated(numbers);
    assert.equal(countEdits(words.map(String), reference.map(String)), wanted, `${kind} ${numbers}`);
  }
});

Deno.test("equal texts need no edit, and edits lie between the difference in length and the longer text", () => {
  for (const [row, prediction] of predictions.entries()) {
    assert.equal(sentenceTer(prediction, prediction).edits, 0);
    const reference = references[row][0];
    const { edits } = sentenceTer(prediction, reference);
    const lengths = [tokenizeForTer(prediction).length, tokenizeForTer(reference).length];
    assert.ok(
      edits >= Math.abs(lengths[0] - lengths[1]) && edits <= Math.max(...lengths),
      `row ${row}: ${edits}`,
    );
  }
});

Deno.test("the order of rows and of references does not matter", () => {
  const order = predictions.map((_, row) => (row * 7 + 1) % predictions.length);
  const shuffled = ter(
    order.map((row) => predictions[row]),
    order.map((row) => references[row].toReversed()),
  );
  const straight = ter(predictions, references);
  assert.equal(shuffled.edits, straight.edits);
  near(shuffled.score, straight.score, "score");
});

Deno.test("long and repetitive texts stay within the limits", () => {
  const token = "x".repeat(100_000), repeated = "the ".repeat(20_000);
  assert.equal(sentenceTer(token, token).edits, 0);
  assert.equal(sentenceTer(repeated, "the ".repeat(19_990)).edits, 10);
  assert.equal(sentenceTer("a ".repeat(5_000), "b ".repeat(5_000)).edits, 5_000);
  assert.ok(sentenceTer("a b c ".repeat(5_000), "c b a b ".repeat(4_000)).edits < 16_000);
  assert.equal(sentenceTer("a", repeated).edits, 20_000);
  assert.equal(sentenceTer(repeated, "a").edits, 20_000);
  const [words, reference] = shuffled([3, 20_000, 60_000, 7, 500]);
  assert.ok(sentenceTer(words.join(" "), reference.join(" ")).edits > 0);
});

Deno.test("bad input is refused in one line that names it", () => {
  const refuses = (run: () => unknown, message: RegExp) =>
    assert.throws(run, (error) => {
      assert.ok(error instanceof EvaluationError);
      assert.match(error.message, message);
      return true;
    });
  refuses(() => ter(["a", "b"], ["a"]), /2 predictions with 1 references/);
  refuses(() => ter([], []), /there are no rows/);
  refuses(() => ter(["a", "b"], ["a", [null]]), /row 1 has no reference/);
});

/** The script's numbers below 65537. */
function sequence(seed: number): () => number {
  let x = seed % 65537;
  return () => x = (75 * x + 74) % 65537;
}

/** Words, and the same with blocks in another order and some words replaced, as in the script. */
function shuffled([seed, length, vocabulary, block, edits]: number[]): [number[], number[]] {
  const draw = sequence(seed);
  const reference = Array.from({ length }, () => draw() % vocabulary);
  const keys = Array.from({ length: Math.ceil(length / block) }, draw);
  const order = [...keys.keys()].sort((a, b) => keys[a] - keys[b] || a - b);
  const words = order.flatMap((k) => reference.slice(k * block, (k + 1) * block));
  for (let k = 0; k < edits; k++) {
    const at = draw(), kind = draw() % 3;
    if (kind === 0 && words.length > 0) words[at % words.length] = draw() % vocabulary;
    else if (kind === 1 && words.length > 0) words.splice(at % words.length, 1);
    else words.splice(at % (words.length + 1), 0, draw() % vocabulary);
  }
  return [words, reference];
}

function unrelated([seed, length, other, vocabulary]: number[]): [number[], number[]] {
  const draw = sequence(seed);
  const words = Array.from({ length }, () => draw() % vocabulary);
  return [words, Array.from({ length: other }, () => draw() % vocabulary)];
}

Deno.test("references are tokenized twice, as sacrebleu does: tabs behind an apostrophe count", async () => {
  const golden = new URL("../../golden/evaluate/ter_tabs.json", import.meta.url);
  const { rows } = JSON.parse(await Deno.readTextFile(golden));
  for (const [prediction, reference, [normalized, noPunct, asianSupport, caseSensitive], score] of rows) {
    const options = {
      ...{ normalized: normalized === 1, noPunct: noPunct === 1 },
      ...{ asianSupport: asianSupport === 1, caseSensitive: caseSensitive === 1 },
    };
    const own = sentenceTer(prediction, reference, options).score;
    assert.ok(Math.abs(own - score) < 1e-9, JSON.stringify([prediction, reference, options, own, score]));
  }
});
