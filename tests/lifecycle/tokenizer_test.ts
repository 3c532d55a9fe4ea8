import assert from "node:assert/strict";
import { createRandomStream } from "../../src/base/random.ts";
import { configOf } from "../../src/lifecycle/options.ts";
import { prepare, type PrepareOptions } from "../../src/lifecycle/prepare.ts";
import type { Pretrained } from "../../src/lifecycle/pretrained.ts";
import { tokenizerIdentity, tokenizerSettings } from "../../src/lifecycle/tokenizer.ts";
import type { Row } from "../../src/tasks/task.ts";
import { loadTokenizer } from "../../src/text/tokenizer.ts";
import { trainWordPiece } from "../../src/text/wordpiece_train.ts";

const sizes = { layers: 1, hiddenSize: 8, heads: 1, dropout: 0 };

/** Rows made ready, and what was said meanwhile. */
function prepared(texts: readonly string[], options: Partial<PrepareOptions>) {
  const lines: string[] = [];
  const rows = texts.map((text, i): Row<unknown> => ({ queries: [text], target: i % 2 ? "a" : "b" }));
  const output = { progress: (line: string) => void lines.push(line), draw() {}, terminal: false };
  const source = { task: "text-classification", source: "x.csv", seed: 1, maxTokens: 32 } as const;
  const data = prepare(rows, { ...source, vocabSize: 400, output, ...options });
  const rowsOf = [...data.parts.train, ...data.parts.validation, ...data.parts.test];
  return { data, said: lines.join("\n"), encodings: rowsOf.flatMap(({ encodings }) => encodings) };
}

/** Texts of 8 ideographs, drawn from so many. */
function ideographs(distinct: number, count = 200): string[] {
  const random = createRandomStream(7);
  const ideograph = () => String.fromCodePoint(0x4e00 + random.integer(distinct));
  return Array.from({ length: count }, () => Array.from({ length: 8 }, ideograph).join(""));
}

function pretrainedOn(texts: string[]): Pretrained {
  const { alphabet: _, ...files } = trainWordPiece(texts, { vocabSize: 120 });
  const tokenizer = loadTokenizer(files.tokenizer, files.config);
  return {
    name: "english",
    tokenizer,
    tokenizerFiles: files,
    config: { maxPositions: 32 },
  } as unknown as Pretrained;
}

const english = ["the cat sat", "the dog ran", "a bird sang", "the fish swam"];

Deno.test("a corpus of more than 1,000 characters has them all where the vocabulary has room", () => {
  const { data, said } = prepared(ideographs(1300, 2000), { vocabSize: 1400 });
  assert.ok(data.tokenizer.vocabSize > 1290);
  assert.match(said, /unknown tokens: 0% to train on, 0(\.\d+)?% to choose the epoch, 0(\.\d+)?% held out/);
  assert.ok(!/does not know/.test(said));
});

Deno.test("characters without room are counted, the commonest named, and what takes them in", () => {
  const { data, said } = prepared(ideographs(150), { vocabSize: 100 });
  const { train, test } = data.unknownTokens;
  assert.ok(train > 0.2 && train < 0.6 && test > 0.2);
  assert.match(
    said,
    /tokenizer: WordPiece, lower-cased, 100 tokens, .*; the 95 commonest of its 150 characters/,
  );
  assert.match(
    said,
    /warning: the tokenizer does not know \d+% of the tokens .*characters that it lacks: \p{Script=Han} .*--vocab-size.*--tokenizer bpe/u,
  );
});

Deno.test("--limit-alphabet is kept to", () => {
  const { said } = prepared(ideographs(90), { vocabSize: 200, limitAlphabet: 30 });
  assert.match(said, /the 30 commonest of its 90 characters/);
});

Deno.test("a checkpoint's tokenizer that does not know the texts is warned about, with the checkpoint's name", () => {
  const thai = Array.from({ length: 60 }, (_, i) => `สวัสดี ${"กขคงจฉ"[i % 6]}${"ชซญฎ"[i % 4]} ${i}`);
  const { data, said } = prepared(thai, { pretrained: pretrainedOn(english) });
  assert.ok(data.unknownTokens.train > 0.9);
  assert.match(said, /warning: .* The tokenizer of english was not made for such texts/);
  assert.match(said, /characters that it lacks: .*ส/);
});

Deno.test("the words that are too long are named where no character is lacking", () => {
  const texts = Array.from({ length: 60 }, (_, i) => `x${"y".repeat(120 + i)} xy yx ${i}`);
  const { said } = prepared(texts, {});
  assert.match(said, /warning: .*; such as "xyyy/);
});

Deno.test("byte-level BPE has no unknown tokens; ids are RoBERTa's, and padding is where its positions begin", () => {
  const { data, said, encodings } = prepared(ideographs(90), { modelType: "roberta" });
  assert.match(said, /tokenizer: byte-level BPE, \d+ tokens/);
  assert.match(said, /unknown tokens: none, the tokenizer knows every text/);
  for (const { ids } of encodings) assert.deepEqual([ids[0], ids.at(-1)], [0, 2]);
  const roberta = configOf({ ...sizes, modelType: "roberta", maxTokens: 32 }, data);
  assert.equal(roberta.padTokenId, 1);
  const bert = configOf({ ...sizes, modelType: "bert", maxTokens: 32 }, data);
  assert.equal(bert.padTokenId, 1);
});

Deno.test("capitals and accents stay or go as the options say, and as the task needs by default", () => {
  const texts = english.flatMap((text) => Array.from({ length: 15 }, (_, i) => `É${text} CAFÉ café ${i}`));
  const tokensWith = (options: Partial<PrepareOptions>) =>
    new Set(prepared(texts, options).encodings.flatMap(({ tokens }) => tokens));
  assert.ok(tokensWith({}).has("cafe"));
  assert.ok(tokensWith({ stripAccents: false }).has("café"));
  const cased = tokensWith({ cased: true });
  assert.ok(cased.has("CAFÉ") && cased.has("café"));
  const stripped = tokensWith({ cased: true, stripAccents: true });
  assert.ok(stripped.has("CAFE") && stripped.has("cafe"));
  const settings = (options: object) =>
    tokenizerSettings({ task: "token-classification", vocabSize: 400, ...options });
  assert.deepEqual(settings({}), { tokenizer: "wordpiece", cased: true, stripAccents: false });
  assert.deepEqual(settings({ cased: false }), { tokenizer: "wordpiece", cased: false, stripAccents: true });
});

Deno.test("entities are learnt from byte-level tokens: each word has its first one", () => {
  const text = "Ann met Bob in Rome";
  const words = text.split(" ").map((word) => ({
    start: text.indexOf(word),
    end: text.indexOf(word) + word.length,
  }));
  const rows = Array.from({ length: 40 }, (_, i): Row<unknown> => ({
    queries: [
      `${text} ${["tea", "rain", "song", "wood"][i % 4]}${"abcdefghij"[i % 10]} ${i} ${i * i} ${i % 7}`,
    ],
    target: { tokens: words, tags: ["B-PER", "O", "B-PER", "O", "B-LOC"] },
  }));
  const output = { progress() {}, draw() {}, terminal: false };
  const source = { task: "token-classification", source: "x.conll", seed: 1, maxTokens: 64 } as const;
  const { parts } = prepare(rows, { ...source, vocabSize: 300, tokenizer: "bpe", output });
  for (const { target, encodings: [{ words = [] }] } of parts.train) {
    const labels = target as Int32Array;
    const named = words.slice(0, 5).map(({ token }) => labels[token]);
    assert.equal(named[0], named[2]);
    assert.deepEqual(named.map((label) => label > 0), [true, false, true, false, true]);
    assert.equal(labels.filter((label) => label >= 0).length, 5);
  }
});

Deno.test("options that do not go together are refused with the reason", () => {
  const settings = (options: object) => () =>
    tokenizerSettings({ task: "text-classification", vocabSize: 400, ...options });
  assert.throws(settings({ tokenizer: "bpe", cased: false }), /--no-cased cannot be: .* keeps capitals/);
  assert.throws(
    settings({ modelType: "roberta", stripAccents: true }),
    /the default of --model-type roberta/,
  );
  assert.throws(settings({ tokenizer: "bpe", limitAlphabet: 50 }), /knows every text/);
  assert.throws(settings({ tokenizer: "bpe", vocabSize: 100 }), /the 256 bytes alone are 261/);
  const pretrained = pretrainedOn(english);
  for (
    const [option, flag] of [[{ cased: true }, "--cased"], [{ stripAccents: false }, "--no-strip-accents"], [{
      tokenizer: "bpe",
    }, "--tokenizer"]] as const
  ) {
    assert.throws(
      settings({ pretrained, ...option }),
      new RegExp(`${flag} does not go with --from: .*of english`),
    );
  }
});

Deno.test("a checkpoint goes on with the same tokenizer alone: another of the same size has another identity", () => {
  const source = { task: "text-classification", vocabSize: 100 } as const;
  const identityOn = (texts: string[], options: object) =>
    tokenizerIdentity(trainWordPiece(texts, { vocabSize: 100 }).tokenizer, { ...source, ...options });
  assert.deepEqual(identityOn(english, {}), identityOn(english, {}));
  assert.notDeepEqual(identityOn(english, {}), identityOn(english, { cased: true }));
  assert.notEqual(identityOn(english, {}).sha256, identityOn([...english, "the the cat cat"], {}).sha256);
});
