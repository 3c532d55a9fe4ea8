import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { trainByteLevelBpe } from "../../src/text/bpe_train.ts";
import { loadTokenizer } from "../../src/text/tokenizer.ts";
import { type TrainedTokenizer, trainWordPiece } from "../../src/text/wordpiece_train.ts";
import { tieCorpora, tokenizerCases, tokenizerCorpus, trainings } from "./corpus.ts";

/** Made by `tests/golden/text/make_trained.py`. */
interface Golden {
  trained: Record<
    keyof typeof trainings,
    { vocab: string[]; merges?: string[]; special: number[]; idHashes: string[] }
  >;
  ties: string[][];
}

interface Model {
  vocab: Record<string, number>;
  merges: [string, string][];
}

const golden: Golden = JSON.parse(
  Deno.readTextFileSync(new URL("../golden/text/trained.json", import.meta.url)),
);
const corpus = tokenizerCorpus();
const cases = tokenizerCases();
const modelOf = ({ tokenizer }: TrainedTokenizer) => (tokenizer as { model: Model }).model;
const vocabularyOf = (trained: TrainedTokenizer) =>
  Object.entries(modelOf(trained).vocab).sort((a, b) => a[1] - b[1]).map(([token]) => token);
const mergesOf = (trained: TrainedTokenizer) => modelOf(trained).merges.map((merge) => merge.join(" "));
const train = (texts: Iterable<string>, { kind, options }: typeof trainings[keyof typeof trainings]) =>
  kind === "bpe" ? trainByteLevelBpe(texts, options) : trainWordPiece(texts, options);

for (const [name, training] of Object.entries(trainings)) {
  const wanted = golden.trained[name as keyof typeof trainings];
  Deno.test(`${name}: vocabulary and merges are those of Python's trainer, ids those of Python's tokenizer`, () => {
    const trained = train(corpus, training);
    assert.deepEqual(vocabularyOf(trained), wanted.vocab);
    if (wanted.merges) assert.deepEqual(mergesOf(trained), wanted.merges);

    const tokenizer = loadTokenizer(trained.tokenizer, trained.config);
    const [pad, unk, cls, sep] = wanted.special;
    assert.deepEqual(tokenizer.encode("").ids, [cls, sep]);
    assert.deepEqual([tokenizer.padId, tokenizer.unkId], [pad, training.kind === "bpe" ? -1 : unk]);
    assert.equal(cases.length, wanted.idHashes.length, "make the golden file again");
    for (const [i, { text, pair }] of cases.entries()) {
      // Python's json.dumps puts a space behind commas.
      const ids = JSON.stringify(tokenizer.encode(text, { pair }).ids).replaceAll(",", ", ");
      const hash = createHash("sha256").update(ids).digest("hex").slice(0, 8);
      assert.equal(hash, wanted.idHashes[i], `${JSON.stringify(text)} ${JSON.stringify(pair)} ${ids}`);
    }
  });
}

Deno.test("where pairs tie or overlap, merges are Python's one for one", () => {
  const corpora = tieCorpora();
  assert.equal(corpora.length, golden.ties.length, "make the golden file again");
  corpora.forEach((text, i) => {
    assert.deepEqual(
      mergesOf(trainByteLevelBpe([text], { vocabSize: 330, minFrequency: 1 })),
      golden.ties[i],
      text,
    );
  });
});

Deno.test("a byte-level vocabulary knows every text, whatever it was trained on", () => {
  const { tokenizer, config } = trainByteLevelBpe(["low lower lowest"], { vocabSize: 265 });
  const loaded = loadTokenizer(tokenizer, config);
  for (const text of ["日本 😀", "สวัสดี", "\u0000\u0085\ufeff", "e\u0301", "<s> x <mask>"]) {
    assert.equal(loaded.encode(text).unknownCount, 0, text);
  }
});

Deno.test("half a surrogate pair is trained on as the replacement character that it is encoded as", () => {
  const trained = trainByteLevelBpe(["\ud800\ud800 \ud800\ud800"], { vocabSize: 270 });
  assert.ok(vocabularyOf(trained).includes("ï¿½"), "U+FFFD is EF BF BD");
});

Deno.test("byte-level training refuses what has no room for the bytes, and empty texts", () => {
  assert.throws(() => trainByteLevelBpe(["a"], { vocabSize: 200 }), /the 256 bytes alone are 261/);
  assert.throws(() => trainByteLevelBpe(["a"], { vocabSize: 300.5 }), /vocabSize is 300.5/);
  assert.throws(() => trainByteLevelBpe([""], { vocabSize: 300 }), /the texts are empty/);
});

Deno.test("a word without end, such as an attachment's, costs no more than its length", () => {
  const text = "x".repeat(100) + Array.from({ length: 40_000 }, (_, i) => "abcdefgh"[(i * i) % 7]).join("");
  const trained = trainByteLevelBpe([text, text], { vocabSize: 600 });
  assert.ok(vocabularyOf(trained).every((token) => token.length <= 1024));
});
