import assert from "node:assert/strict";
import { loadTokenizer } from "../../src/text/tokenizer.ts";

const GOLDEN = new URL("../golden/text/", import.meta.url);
const read = (name: string) => Deno.readTextFileSync(new URL(name, GOLDEN));
const tokenizer = loadTokenizer(read("tokenizer.json"), read("tokenizer_config.json"));

Deno.test("a loaded tokenizer says its padding id, unknown id and size", () => {
  assert.deepEqual([tokenizer.padId, tokenizer.unkId, tokenizer.vocabSize], [0, 1, 1500]);
});

Deno.test("the empty text is its special tokens", () => {
  assert.deepEqual(tokenizer.encode("").tokens, ["[CLS]", "[SEP]"]);
  assert.deepEqual(tokenizer.encode("", { pair: "" }).tokens, ["[CLS]", "[SEP]", "[SEP]"]);
});

Deno.test("unknown tokens are counted among the ids returned", () => {
  const text = "free ᚠ money ᚠ";
  assert.equal(tokenizer.encode(text).unknownCount, 2);
  assert.equal(tokenizer.encode(text, { maxTokens: 4 }).unknownCount, 1);
});

Deno.test("the full length is counted before truncation", () => {
  const whole = tokenizer.encode("one two three four five");
  const cut = tokenizer.encode("one two three four five", { maxTokens: 4 });
  assert.equal(cut.ids.length, 4);
  assert.equal(cut.fullLength, whole.ids.length);
  assert.equal(cut.isFullLengthExact, true);
});

Deno.test("a lone surrogate encodes as if it were not there, also beside emoji", () => {
  for (const text of ["hello\ud800 world", "hello\udfff world", "\udc00hello world\ud83d"]) {
    assert.deepEqual(tokenizer.encode(text).ids, tokenizer.encode("hello world").ids, JSON.stringify(text));
  }
  assert.deepEqual(tokenizer.encode("ok \ud83d😀 fine").tokens, tokenizer.encode("ok 😀 fine").tokens);
});

/** What truncation must give of the ids of a whole text. */
function cut(ids: readonly number[], maxTokens: number, direction: "left" | "right"): number[] {
  const inner = ids.slice(1, -1);
  const kept = direction === "right"
    ? inner.slice(0, maxTokens - 2)
    : inner.slice(Math.max(0, inner.length - (maxTokens - 2)));
  return [2, ...kept, 3];
}

const LONG_TEXTS = {
  words: "free money, call now 0800-123 ".repeat(9000),
  "one word": "a".repeat(200_000),
  "words of 100 characters": ("a".repeat(100) + " ").repeat(2000),
  spaces: " ".repeat(200_000) + "end",
  ideographs: "東京は日本の首都です".repeat(20_000),
  "beyond the BMP": "𠀀x".repeat(50_000),
  emoji: "😀 👍🏽 ".repeat(20_000),
  "combining marks": ("e" + "\u0301".repeat(50) + " ").repeat(4000),
  "right to left": "שלום עולם ".repeat(20_000),
  "special tokens": "[SEP][CLS]x".repeat(20_000),
  "control characters": "\u0001".repeat(100_000) + "end",
  surrogates: "\ud83d".repeat(100_000) + "\ude00 end",
};

Deno.test.each(Object.entries(LONG_TEXTS))(
  "a long text is cut as if all of it had been tokenized: $0",
  (_, text) => {
    const whole = tokenizer.encode(text).ids;
    for (const direction of ["left", "right"] as const) {
      for (const maxTokens of [3, 17, 128]) {
        const { ids, fullLength, isFullLengthExact } = tokenizer.encode(text, {
          maxTokens,
          truncationDirection: direction,
        });
        assert.deepEqual(ids, cut(whole, maxTokens, direction), `${direction} ${maxTokens}`);
        assert.ok(
          isFullLengthExact ? fullLength === whole.length : fullLength <= whole.length && fullLength > 2,
          `${fullLength} of ${whole.length}`,
        );
      }
    }
  },
);

Deno.test("a cut through a word does not show, wherever it falls", () => {
  const word =
    Object.keys(JSON.parse(read("tokenizer.json")).model.vocab).filter((token) => /^[a-z]+$/.test(token))
      .sort((a, b) => b.length - a.length)[0];
  const text = `${word},`.repeat(500);
  const whole = tokenizer.encode(text).ids;
  for (let maxTokens = 3; maxTokens < 300; maxTokens++) {
    for (const direction of ["left", "right"] as const) {
      const { ids } = tokenizer.encode(text, { maxTokens, truncationDirection: direction });
      assert.deepEqual(ids, cut(whole, maxTokens, direction), `${direction} ${maxTokens}`);
    }
  }
});

Deno.test("of a very long text only the beginning is tokenized", () => {
  const text = "lorem ipsum ".repeat(100_000);
  const { isFullLengthExact, fullLength } = tokenizer.encode(text, { maxTokens: 128 });
  assert.equal(isFullLengthExact, false);
  assert.ok(fullLength >= 128 && fullLength < 2000, String(fullLength));
});

Deno.test("a maximum that special tokens alone exceed is refused", () => {
  assert.throws(() => tokenizer.encode("x", { maxTokens: 1 }), /maxTokens 1: the special tokens alone are 2/);
  assert.throws(() => tokenizer.encode("x", { pair: "y", maxTokens: 2 }), /the special tokens alone are 3/);
  assert.throws(() => tokenizer.encode("x", { maxTokens: NaN }), /maxTokens NaN/);
});

Deno.test("runs of combining marks, which normalisation sorts in quadratic time, do not hold encoding up", () => {
  const marks = "\u0301\u0323".repeat(250_000); // hours, if all were sorted
  assert.deepEqual(tokenizer.encode(`a${marks} b`, { maxTokens: 128 }).ids, tokenizer.encode("a b").ids);
  assert.equal(
    tokenizer.encode(`a${"\u302e\u{1d165}".repeat(250_000)} b`, { maxTokens: 128 }).tokens.at(-2),
    "b",
  );
});

const good = () => JSON.parse(read("tokenizer.json"));
const BAD_FILES: [string, (file: ReturnType<typeof good>) => unknown, RegExp][] = [
  ["text that is not JSON", () => "{", /tokenizer\.json: it is not JSON/],
  ["a list", () => [], /tokenizer\.json is \[\]; an object was expected/],
  ["no model", (file) => ({ ...file, model: undefined }), /model is missing; an object/],
  ["an unknown model", (file) => (file.model.type = "Magic", file), /model\.type is "Magic"; Weir knows BPE/],
  [
    "a vocabulary that is a list",
    (file) => (file.model.vocab = [1], file),
    /model\.vocab is \[1\]; an object/,
  ],
  ["an empty vocabulary", (file) => (file.model.vocab = {}, file), /model\.vocab is empty/],
  [
    "an id that is text",
    (file) => (file.model.vocab.the = "7", file),
    /the id of "the" in model\.vocab is "7"/,
  ],
  ["a negative id", (file) => (file.model.vocab.the = -1, file), /is -1; a whole number/],
  ["a huge id", (file) => (file.model.vocab.the = 1e12, file), /is 1000000000000; a whole number/],
  ["one id twice", (file) => (file.model.vocab.the = 9, file), /gives one id to two tokens/],
  [
    "an unknown token not in the vocabulary",
    (file) => (file.model.unk_token = "?!", file),
    /unk_token is "\?!", which is not/,
  ],
  [
    "a huge word limit",
    (file) => (file.model.max_input_chars_per_word = 1e9, file),
    /max_input_chars_per_word is 1000000000/,
  ],
  [
    "an added token without content",
    (file) => (file.added_tokens[0] = {}, file),
    /entry 0 of added_tokens has no content/,
  ],
  [
    "an added token with a huge id",
    (file) => (file.added_tokens[0].id = 4e9, file),
    /added token "\[PAD\]" is 4000000000/,
  ],
  [
    "an unknown normalizer",
    (file) => (file.normalizer = { type: "Magic" }, file),
    /normalizer\.type is "Magic"; Weir knows Bert/,
  ],
  [
    "a normalizer that is a number",
    (file) => (file.normalizer = 3, file),
    /normalizer is not null or an object with a type/,
  ],
  [
    "a normalizer's switch that is text",
    (file) => (file.normalizer.lowercase = "yes", file),
    /normalizer\.lowercase is "yes"/,
  ],
];

Deno.test.each(BAD_FILES)("a bad tokenizer.json is refused in one line: $0", (_, change, message) => {
  const file = change(good());
  assert.throws(() => loadTokenizer(file as object), (error: Error & { userFacing?: boolean }) => {
    assert.equal(error.name, "TokenizerError");
    assert.equal(error.userFacing, true);
    assert.match(error.message, message);
    assert.ok(!error.message.includes("\n"));
    return true;
  });
});

Deno.test("byte-level BPE files load too, with the pair's type ids", () => {
  const vocab = Object.fromEntries(["h", "i", "Ġ", "hi", "Ġhi", "!"].map((token, id) => [token, id]));
  const loaded = loadTokenizer({
    version: "1.0",
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: { type: "ByteLevel", add_prefix_space: true, trim_offsets: false },
    decoder: { type: "ByteLevel" },
    model: { type: "BPE", vocab, merges: ["h i", "Ġ hi"] },
  });
  assert.deepEqual(loaded.encode("hi hi!").ids, [3, 4, 5]);
  const pair = loaded.encode("hi", { pair: "hi!" });
  assert.deepEqual([pair.ids, pair.typeIds], [[3, 3, 5], [0, 1, 1]]);
  assert.deepEqual([loaded.unkId, loaded.padId, loaded.vocabSize], [-1, 0, 6]);
});

Deno.test("a lone surrogate is U+FFFD to a model that keeps such characters", () => {
  const loaded = loadTokenizer({
    added_tokens: [],
    model: { type: "BPE", unk_token: "?", vocab: { "?": 0, a: 1, "\ufffd": 2 }, merges: [] },
  });
  assert.deepEqual(loaded.encode("a\ud800").ids, [1, 2]);
});

Deno.test("runs of combining marks do not hold up a model with another normalizer either", () => {
  const loaded = loadTokenizer({
    added_tokens: [],
    normalizer: { type: "NFD" },
    pre_tokenizer: { type: "WhitespaceSplit" },
    model: { type: "BPE", unk_token: "?", vocab: { "?": 0, a: 1 }, merges: [] },
  });
  const { ids } = loaded.encode(`a ${"\u0301\u0323".repeat(250_000)} a`);
  assert.deepEqual([ids.length, ids.at(-1)], [500_002, 1]);
});
