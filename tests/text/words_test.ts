import assert from "node:assert/strict";
import { createRandomStream } from "../../src/base/random.ts";
import { type EncodeOptions, loadTokenizer, type Tokenizer } from "../../src/text/tokenizer.ts";
import { tokenizerCases } from "./corpus.ts";

const GOLDEN = new URL("../golden/text/", import.meta.url);
const json = JSON.parse(Deno.readTextFileSync(new URL("tokenizer.json", GOLDEN)));
const withNormalizer = (changes: object) =>
  loadTokenizer({ ...json, normalizer: { ...json.normalizer, ...changes } });
const tokenizers: Record<string, Tokenizer> = {
  uncased: withNormalizer({}),
  cased: withNormalizer({ lowercase: false }),
  "cased without accents": withNormalizer({ lowercase: false, strip_accents: true }),
  "with control characters": withNormalizer({ clean_text: false }),
  "without ideographs": withNormalizer({ handle_chinese_chars: false }),
};

/** Characters at which normalisers and pre-tokenisers are taken in. */
const NASTY = [
  ..."aZé東𠀀.,'#@_=<>+~$€`´-–ßıİΣς0 \t\n\u0301\u0338\u0307\u200b\u200d\u00ad\ufeff\u0085\u00a0\u2028",
  ..."\u3000\u037e\u1fef≠≮\u226f\u2260\ufe0f👍\u{1f3fd}👨👩\u{e0067}\u{e007f}🇮",
  ..."\ud800\udfff\ufffd\u302e\u0903\uf900\u{2f800}",
  "[SEP]",
  "[MASK]",
  "[cls]",
  "https://a.b/c?d=é#f",
  "e\u0301",
  "word",
];

function nastyTexts(count: number): string[] {
  const random = createRandomStream(11);
  return Array.from(
    { length: count },
    () => Array.from({ length: random.integer(24) }, () => random.pick(NASTY)).join(""),
  );
}

const texts: readonly ({ readonly text: string } & EncodeOptions)[] = [
  ...tokenizerCases().filter(({ pair }) => pair === undefined),
  ...nastyTexts(1000).map((text) => ({ text })),
  { text: "x".repeat(300) + " " + "free money 東 ".repeat(3000), maxTokens: 32 },
  { text: "free money 東 ".repeat(3000), maxTokens: 32, truncationDirection: "left" as const },
];

Deno.test.each(Object.entries(tokenizers))(
  "word by word gives the ids of the whole text: $0",
  (_, tokenizer) => {
    for (const { text, ...options } of texts) {
      const { words: _, fullLength: __, isFullLengthExact: ___, ...ours } = tokenizer.encodeWords(
        text,
        options,
      );
      const { fullLength: ____, isFullLengthExact: _____, ...wanted } = tokenizer.encode(text, options);
      assert.deepEqual(ours, wanted, JSON.stringify({ text, ...options }));
    }
  },
);

Deno.test("each word's first token is where the encoding says, and the others are cut off", () => {
  for (const { text, ...options } of texts) {
    const { tokens, words, fullLength, isFullLengthExact } = tokenizers.uncased.encodeWords(text, options);
    const whole = tokenizers.uncased.encodeWords(text);
    assert.deepEqual(
      words.map(({ start, end }) => [start, end]),
      whole.words.map(({ start, end }) => [start, end]),
    );
    assert.ok(isFullLengthExact ? fullLength === whole.ids.length : fullLength < whole.ids.length);
    const kept = words.flatMap(({ token }) => token < 0 ? [] : [token]);
    assert.deepEqual(kept, kept.toSorted((a, b) => a - b));
    if (options.truncationDirection !== "left" && tokens.length > 2) assert.equal(kept[0], 1);
    for (const [k, { token, start, end }] of words.entries()) {
      if (token < 0) continue;
      const alone = tokenizers.uncased.encode(text.slice(start, end)).tokens.slice(1, -1);
      assert.ok(tokens[token] === alone[0], `${JSON.stringify(text)}, word ${k}`);
    }
  }
});

function wordsOf(text: string, tokenizer = tokenizers.uncased): string[] {
  return tokenizer.encodeWords(text).words.map(({ start, end }) => text.slice(start, end));
}

Deno.test("a word is the text as it was written: accents, combining marks, emoji, ideographs, dropped characters", () => {
  assert.deepEqual(wordsOf("José's Cafe\u0301, ok!\u0301"), [
    "José",
    "'",
    "s",
    "Cafe\u0301",
    ",",
    "ok",
    "!\u0301",
  ]);
  assert.deepEqual(wordsOf("I ❤️ 👨‍👩‍👧 👍🏽 🏴\u{e0067}\u{e0062}\u{e007f}."), [
    ...["I", "❤️", "👨‍👩‍👧", "👍🏽", "🏴\u{e0067}\u{e0062}\u{e007f}", "."],
  ]);
  assert.deepEqual(wordsOf("東京は𠀀x"), ["東", "京", "は", "𠀀", "x"]);
  assert.deepEqual(wordsOf("\u200bzero\u200bwidth\u200b \u200b soft\u00adhyphen"), [
    "zero\u200bwidth",
    "soft\u00adhyphen",
  ]);
  assert.deepEqual(wordsOf("a≠b"), ["a", "≠", "b"]);
  assert.deepEqual(wordsOf("a≠b", tokenizers.cased), ["a≠b"]);
  assert.deepEqual(wordsOf("a [MASK]b [mask]"), ["a", "[MASK]", "b", "[", "mask", "]"]);
});

Deno.test("a long text is not tokenized to its end", () => {
  for (const text of ["free money ".repeat(90_000), "x".repeat(1_000_000), "\u0301".repeat(1_000_000)]) {
    const started = performance.now();
    const { ids } = tokenizers.uncased.encodeWords(text, { maxTokens: 64 });
    assert.ok(ids.length <= 64);
    assert.ok(performance.now() - started < 2000);
  }
});

Deno.test("a byte-level tokenizer is given the space before a word", () => {
  const letters = [..."abĠ,", "Ġa", "Ġab", "ab"];
  const tokenizer = loadTokenizer({
    added_tokens: [],
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, use_regex: true, trim_offsets: true },
    model: {
      type: "BPE",
      vocab: Object.fromEntries(letters.map((letter, id) => [letter, id])),
      merges: ["Ġ a", "Ġa b", "a b"],
    },
  });
  const { tokens, words } = tokenizer.encodeWords("ab, ab  a");
  assert.deepEqual(tokens, ["ab", ",", "Ġab", "Ġa"]);
  assert.deepEqual(words, [
    { start: 0, end: 2, token: 0 },
    { start: 2, end: 3, token: 1 },
    { start: 4, end: 6, token: 2 },
    { start: 8, end: 9, token: 3 },
  ]);
  assert.throws(
    () => tokenizers.uncased.encodeWords("a", { maxTokens: 1 }),
    /the special tokens alone are 2/,
  );
});
