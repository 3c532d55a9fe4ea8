import assert from "node:assert/strict";
import { loadTokenizer } from "../../src/text/tokenizer.ts";

const word = { type: "WordLevel", vocab: { a: 0, "[UNK]": 1 }, unk_token: "[UNK]" };
const sequence = (id: string) => ({ Sequence: { id, type_id: 0 } });
const template = (changes: object) => ({
  model: word,
  post_processor: {
    type: "TemplateProcessing",
    ...{ single: [sequence("A")], pair: [sequence("A"), sequence("B")], special_tokens: {} },
    ...changes,
  },
});
const replacing = (pattern: object, content = "aa") => ({ type: "Replace", pattern, content });
const nested = (depth: number): object =>
  depth === 0 ? { type: "NFC" } : { type: "Sequence", normalizers: [nested(depth - 1)] };
const unigram = (vocab: unknown, unk_id: unknown = 0) => ({ model: { type: "Unigram", vocab, unk_id } });
const bpe = (changes: object) => ({
  model: { type: "BPE", vocab: { a: 0, b: 1, ab: 2 }, merges: ["a b"], ...changes },
});
const split = (Regex: string) => ({
  model: word,
  pre_tokenizer: { type: "Split", pattern: { Regex }, behavior: "Isolated", invert: false },
});

/** Files that nobody should make, what is encoded with them, and what is said of it. */
const HOSTILE: readonly (readonly [name: string, file: object, text: string, message: RegExp])[] = [
  [
    "a template of 100,000 texts",
    template({ single: Array(100_000).fill(sequence("A")) }),
    "a",
    /100000 entries/,
  ],
  [
    "a template with a text twice",
    template({ single: [sequence("A"), sequence("A")] }),
    "a",
    /the text A 2 times/,
  ],
  ["a template without single", template({ single: undefined }), "a", /post_processor\.single is missing/],
  ["a second text where there is one", template({ single: [sequence("B")] }), "a", /names the text "B"/],
  [
    "a special token without ids",
    template({ single: [{ SpecialToken: { id: "constructor" } }] }),
    "a",
    /has no ids/,
  ],
  [
    "an id of 2^31",
    template({
      single: [{ SpecialToken: { id: "x", type_id: 0 } }],
      special_tokens: { x: { id: "x", ids: [2 ** 31], tokens: ["x"] } },
    }),
    "a",
    /has no ids/,
  ],
  [
    "special tokens twice",
    {
      model: word,
      post_processor: {
        type: "Sequence",
        processors: Array(2).fill({ type: "BertProcessing", sep: ["s", 0], cls: ["c", 1] }),
      },
    },
    "a",
    /a second time/,
  ],
  [
    "doubling 40 times",
    {
      model: word,
      normalizer: { type: "Sequence", normalizers: Array(40).fill(replacing({ String: "a" })) },
    },
    "a".repeat(100),
    /makes more than/,
  ],
  [
    "300 normalizers",
    {
      model: word,
      normalizer: { type: "Sequence", normalizers: Array(300).fill({ type: "NFC" }) },
    },
    "a",
    /more than 256 parts/,
  ],
  ["sequences 5,000 deep", { model: word, normalizer: nested(5000) }, "a", /sequences deep; at most 8/],
  [
    "(a+)+$",
    { model: word, normalizer: replacing({ Regex: "(a+)+$" }) },
    "a".repeat(40) + "b",
    /too many steps/,
  ],
  ["(a|a)*b", split("(a|a)*b"), "a".repeat(5000), /too many steps/],
  ["a+b on a long run", split("a+b"), "a".repeat(20_000), /too many steps/],
  ["a repetition of nothing", split("(a*)*"), "a", /can match nothing/],
  ["a pattern of a million places", split("(((a{1000}){1000}))"), "a", /is too large/],
  ["groups 10,000 deep", split("(".repeat(6000) + ")".repeat(6000)), "a", /groups 51 deep/],
  ["a pattern without its end", split("(a"), "a", /group without its end/],
  ["an unknown property", split("\\p{Klingon}"), "a", /property Klingon/],
  ["ß whatever its case", split("(?i)ß"), "a", /ignores the case of ß/],
  ["a reference back", split("(a)\\1"), "a", /uses \\1/],
  [
    "a pattern that is a number",
    { model: word, normalizer: replacing({ Regex: 3 } as object) },
    "a",
    /pattern is/,
  ],
  ["unk_id out of range", unigram([["a", 0]], 7), "b", /unk_id is 7; the vocabulary has 1 tokens/],
  ["a negative unk_id", unigram([["a", 0]], -1), "b", /unk_id is -1/],
  ["a score that is null", unigram([["a", null]]), "a", /entry 0 of model\.vocab/],
  ["a score beyond numbers", unigram([["a", 1e999]]), "a", /entry 0 of model\.vocab/],
  ["an empty Unigram", unigram([]), "a", /model\.vocab is empty/],
  ["no unknown token", unigram([["a", 0]], null), "b", /no unknown token/],
  [
    "tokens of senseless length",
    unigram([["a", -9], ["a".repeat(30_000) + "b", 0]]),
    "a".repeat(30_000),
    /senseless length/,
  ],
  ["merges of parts that are none", bpe({ merges: ["a c"] }), "a", /entry 0 of model\.merges needs "c"/],
  ["merges to what is none", bpe({ merges: ["b a"] }), "a", /needs "ba"/],
  ["merges of three", bpe({ merges: ["a b c"] }), "a", /"left right"/],
  ["an unknown token that is none", bpe({ unk_token: "?" }), "c", /"\?" is not in the vocabulary/],
  ["one id twice", bpe({ vocab: { a: 0, b: 0, ab: 1 } }), "a", /one id to two tokens/],
  ["a negative id", bpe({ vocab: { a: -1, b: 0, ab: 1 } }), "a", /is -1; a whole number/],
  ["an id of 2^31 in the vocabulary", bpe({ vocab: { a: 2 ** 31, b: 0, ab: 1 } }), "a", /is 2147483648/],
  ["a token of half a character", bpe({ vocab: { "\ud800": 3, a: 0, b: 1, ab: 2 } }), "a", /lone surrogate/],
  ["a type of Object's", { model: { ...word, type: "constructor" } }, "a", /model\.type is "constructor"/],
  [
    "a normalizer of Object's",
    { model: word, normalizer: { type: "__proto__" } },
    "a",
    /normalizer\.type is/,
  ],
  [
    "a charsmap that is not whole",
    { model: word, normalizer: { type: "Precompiled", precompiled_charsmap: "AAAA" } },
    "a",
    /not whole/,
  ],
  [
    "a charsmap that is not base64",
    { model: word, normalizer: { type: "Precompiled", precompiled_charsmap: "?" } },
    "a",
    /not base64/,
  ],
  [
    "words of length 0",
    { model: word, pre_tokenizer: { type: "FixedLength", length: 0 } },
    "a",
    /length is 0/,
  ],
];

Deno.test.each(HOSTILE)("a hostile file is refused in time, in one line: $0", (_, file, text, message) => {
  const started = performance.now();
  assert.throws(
    () => loadTokenizer({ added_tokens: [], ...file }).encode(text, { maxTokens: 128 }),
    (error: Error) => {
      assert.equal(error.name, "TokenizerError", String(error.stack));
      assert.match(error.message, message);
      assert.ok(!error.message.includes("\n") && error.message.length < 500);
      return true;
    },
  );
  assert.ok(performance.now() - started < 10_000, "it takes too long");
});

Deno.test("tokens may be called as an object's own members are, and ids may have gaps", () => {
  const json = `{"added_tokens": [{"id": 9, "content": "toString"}],
    "pre_tokenizer": {"type": "WhitespaceSplit"},
    "model": {"type": "WordLevel", "vocab": {"__proto__": 7, "constructor": 3, "[UNK]": 0}, "unk_token": "[UNK]"}}`;
  const tokenizer = loadTokenizer(json);
  assert.deepEqual(tokenizer.encode("__proto__ constructor valueOf").ids, [7, 3, 0]);
  assert.equal(tokenizer.vocabSize, 8);
});

Deno.test("regular expressions that nobody knows, and that do not backtrack far, are run", () => {
  const tokenizer = loadTokenizer({ added_tokens: [], ...split("(?<=a)b+(?=c|$)|\\s+$") });
  // "a", "bb", "c a a" and so on up to the last, which ends with a space.
  assert.equal(tokenizer.encode("abbc a ".repeat(2000)).ids.length, 4002);
});
