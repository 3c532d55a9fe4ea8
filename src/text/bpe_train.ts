/**
 * Training a tokenizer of byte-level byte-pair encoding, GPT-2's and RoBERTa's kind.
 *
 * @module
 */
import { TokenizerError } from "./errors.ts";
import { learnMerges, type PieceWords } from "./merges.ts";
import { countWords } from "./word_counts.ts";
import { requireCount, type TrainedTokenizer } from "./wordpiece_train.ts";

/** How `trainByteLevelBpe` builds a vocabulary. */
export interface BpeTrainOptions {
  /**
   * tokens in the finished vocabulary, the 5 special tokens and the 256 bytes included; fewer where the corpus runs out of
   * pairs
   */
  readonly vocabSize: number;
  /** Pairs seen less often than this are not merged (default 2). */
  readonly minFrequency?: number;
  /** What `tokenizer_config.json` says the model takes at most (default 512). */
  readonly modelMaxLength?: number;
}

/** The special tokens of a RoBERTa vocabulary; a token's place in this list is its id. */
export const BPE_SPECIAL_TOKENS = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"] as const;

/** The smallest vocabulary: special tokens and the 256 bytes. */
export const leastBpeVocabulary: number = BPE_SPECIAL_TOKENS.length + 256;

/**
 * Trains a byte-level BPE vocabulary and returns the two files that Python's `tokenizers` and `transformers`
 * (`RobertaTokenizer`) load with identical ids. Texts are kept as they are, capitals and accents included, and cut as GPT-2
 * does: letters, digits and other characters apart, each run with the space before it. A word's pieces are at first the bytes
 * of its UTF-8, so that no text has an unknown token. Merges are those of huggingface/tokenizers' `BpeTrainer`, one for one.
 *
 * Words of over 1,024 UTF-16 units, such as encoded attachments, are trained on in parts of that length.
 *
 * Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners", section 2.2.
 *
 * @throws {TokenizerError} if `vocabSize` cannot hold the special tokens and the bytes, or there is no text.
 *
 * @example
 * ```ts
 * import { trainByteLevelBpe } from "./bpe_train.ts";
 * import { loadTokenizer } from "./tokenizer.ts";
 * import assert from "node:assert/strict";
 *
 * const { tokenizer, config } = trainByteLevelBpe(["low lower", "a lower low"], { vocabSize: 264 });
 * const loaded = loadTokenizer(tokenizer, config);
 * assert.deepEqual(loaded.encode("low é").tokens, ["<s>", "low", "Ġ", "Ã", "©", "</s>"]);
 * ```
 */
export function trainByteLevelBpe(texts: Iterable<string>, options: BpeTrainOptions): TrainedTokenizer {
  const { vocabSize, minFrequency = 2, modelMaxLength = 512 } = options;
  if (Number.isInteger(vocabSize) && vocabSize > 0 && vocabSize < leastBpeVocabulary) {
    throw new TokenizerError(
      `Cannot train a tokenizer of vocabSize ${vocabSize}: special tokens and the 256 bytes alone are ` +
        `${leastBpeVocabulary}; raise vocabSize`,
    );
  }
  requireCount("vocabSize", vocabSize, leastBpeVocabulary);
  requireCount("minFrequency", minFrequency, 0);

  const words = countWords(texts, { wordsOf: byteLevelWords });
  if (words.size === 0) {
    throw new TokenizerError("Cannot train a tokenizer: the texts are empty; give at least one text");
  }
  const pieces: string[] = [...BPE_SPECIAL_TOKENS];
  const idOf = new Map<string, number>();
  for (const character of BYTE_CHARACTERS.toSorted()) idOf.set(character, pieces.push(character) - 1);
  const merges = new Map<string, [left: string, right: string]>();
  learnMerges(piecesOf(words, BYTE_CHARACTERS.map((character) => idOf.get(character)!)), {
    minFrequency: Math.max(1, minFrequency),
    join(left, right) {
      const piece = pieces[left] + pieces[right];
      let id = idOf.get(piece);
      if (id === undefined) idOf.set(piece, id = pieces.push(piece) - 1);
      // As in Python, a pair that is merged a second time has the rank of that.
      const key = `${left} ${right}`;
      merges.delete(key);
      merges.set(key, [pieces[left], pieces[right]]);
      return id;
    },
    isFull: () => pieces.length >= vocabSize,
  });
  return {
    tokenizer: tokenizerJson(pieces, [...merges.values()]),
    config: tokenizerConfig(modelMaxLength),
    alphabet: { kept: 256, found: 256 },
  };
}

const LONGEST_WORD = 1024;

/**
 * Cuts a text as GPT-2's pre-tokeniser does. White space is Unicode's, which has U+0085 and lacks U+FEFF, other than
 * JavaScript's `\s`.
 */
function* byteLevelWords(text: string): Iterable<string> {
  for (const [word] of text.toWellFormed().matchAll(WORD)) {
    for (let from = 0; from < word.length;) {
      let to = Math.min(word.length, from + LONGEST_WORD);
      if (isHighSurrogate(word.charCodeAt(to - 1))) to++;
      yield word.slice(from, to);
      from = to;
    }
  }
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code < 0xdc00;
}

const WORD = new RegExp(
  String.raw`'(?:s|t|re|ve|m|ll|d)| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+` +
    String.raw`|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+`,
  "gu",
);

/** The character that stands for each byte: itself where it can be seen, otherwise one from U+0100 on. */
const BYTE_CHARACTERS: readonly string[] = byteCharacters();

function byteCharacters(): string[] {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const isSeen = byte > 0x20 && byte < 0x7f || byte > 0xa0 && byte !== 0xad;
    return String.fromCodePoint(isSeen ? byte : next++);
  });
}

function piecesOf(words: ReadonlyMap<string, number>, idOfByte: readonly number[]): PieceWords {
  let units = 0;
  for (const word of words.keys()) units += word.length;
  let pieces = new Int32Array(Math.ceil(1.25 * units));
  const starts = new Int32Array(words.size + 1);
  const encoder = new TextEncoder();
  const bytes = new Uint8Array(3 * (LONGEST_WORD + 1)); // at most 3 bytes a UTF-16 unit
  let [at, index] = [0, 0];
  for (const word of words.keys()) {
    const { written } = encoder.encodeInto(word, bytes);
    if (at + written > pieces.length) pieces = enlarged(pieces, at + written);
    for (let i = 0; i < written; i++) pieces[at++] = idOfByte[bytes[i]];
    starts[++index] = at;
  }
  return { pieces, starts, counts: Float64Array.from(words.values()) };
}

function enlarged(from: Int32Array<ArrayBuffer>, atLeast: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(Math.max(atLeast, Math.ceil(1.5 * from.length)));
  larger.set(from);
  return larger;
}

function tokenizerJson(pieces: readonly string[], merges: readonly [string, string][]): object {
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: BPE_SPECIAL_TOKENS.map((content, id) => ({
      id,
      content,
      single_word: false,
      // The mask takes the space before it, so that what stands for a word is predicted with its space.
      lstrip: content === "<mask>",
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: {
      type: "RobertaProcessing",
      sep: ["</s>", 2],
      cls: ["<s>", 0],
      trim_offsets: true,
      add_prefix_space: false,
    },
    decoder: byteLevel,
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(pieces.map((piece, id) => [piece, id])),
      merges,
    },
  };
}

function tokenizerConfig(modelMaxLength: number): object {
  return {
    tokenizer_class: "RobertaTokenizer",
    add_prefix_space: false,
    trim_offsets: true,
    errors: "replace",
    clean_up_tokenization_spaces: false,
    model_max_length: modelMaxLength,
    bos_token: "<s>",
    eos_token: "</s>",
    sep_token: "</s>",
    cls_token: "<s>",
    unk_token: "<unk>",
    pad_token: "<pad>",
    mask_token: {
      __type: "AddedToken",
      content: "<mask>",
      single_word: false,
      lstrip: true,
      rstrip: false,
      normalized: false,
      special: true,
    },
  };
}
