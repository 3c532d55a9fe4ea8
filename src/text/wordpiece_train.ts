/**
 * Training a WordPiece tokenizer.
 *
 * @module
 */
import { bertNormalize, type BertNormalizerOptions, bertWords } from "./bert_normalize.ts";
import { TokenizerError } from "./errors.ts";
import { learnMerges } from "./merges.ts";

/** How `trainWordPiece` builds a vocabulary. */
export interface WordPieceTrainOptions {
  /**
   * tokens in the finished vocabulary, special tokens and single characters included; fewer where the corpus runs out of
   * pairs
   */
  readonly vocabSize: number;
  /** Lower-case and strip accents (default true). */
  readonly lowercase?: boolean;
  /** Pairs seen less often than this are not merged (default 2). */
  readonly minFrequency?: number;
  /** How many distinct characters may enter the vocabulary, the commonest first (default 1,000). */
  readonly limitAlphabet?: number;
  /** What `tokenizer_config.json` says the model takes at most (default 512). */
  readonly modelMaxLength?: number;
}

/** The contents of a Hugging Face tokenizer directory, ready for `JSON.stringify`. */
export interface TrainedTokenizer {
  /** `tokenizer.json` */
  readonly tokenizer: object;
  /** `tokenizer_config.json` */
  readonly config: object;
}

/** The special tokens of a BERT vocabulary; a token's place in this list is its id. */
export const SPECIAL_TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] as const;

/**
 * Trains a WordPiece vocabulary and returns the two files that Python's `tokenizers` and `transformers`
 * (`BertTokenizerFast`) load with identical ids. Text is normalised and split as BERT does, then the commonest pair of
 * adjacent pieces is merged until the vocabulary is full: byte-pair encoding with `##` before continuing pieces, which is
 * what `WordPieceTrainer` of huggingface/tokenizers does. Of equally common pairs the one whose pieces entered the
 * vocabulary first is merged first, so the same corpus always gives the same files.
 *
 * Words longer than 100 characters are left out: the tokenizer maps them to `[UNK]` whatever the vocabulary.
 *
 * @throws {TokenizerError} if `vocabSize` cannot hold the special tokens and the alphabet, or there is no text.
 *
 * @example
 * ```ts
 * import { trainWordPiece } from "./wordpiece_train.ts";
 * import { loadTokenizer } from "./tokenizer.ts";
 * import assert from "node:assert/strict";
 *
 * const { tokenizer, config } = trainWordPiece(["low lower lowest", "new newer newest"], { vocabSize: 24 });
 * const loaded = loadTokenizer(tokenizer, config);
 * assert.deepEqual(loaded.encode("Low, lower").tokens, ["[CLS]", "lo", "##w", "[UNK]", "lo", "##wer", "[SEP]"]);
 * ```
 */
export function trainWordPiece(texts: Iterable<string>, options: WordPieceTrainOptions): TrainedTokenizer {
  const { vocabSize, lowercase = true, minFrequency = 2, limitAlphabet = 1000, modelMaxLength = 512 } =
    options;
  requireCount("vocabSize", vocabSize, SPECIAL_TOKENS.length + 1);
  requireCount("minFrequency", minFrequency, 0);
  requireCount("limitAlphabet", limitAlphabet, 1);
  const normalizer = { clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase };

  const words = countWords(texts, normalizer);
  if (words.size === 0) {
    throw new TokenizerError("Cannot train a tokenizer: the texts hold no words; give at least one text");
  }

  const alphabet = chooseAlphabet(words, limitAlphabet);
  const pieces: string[] = [...SPECIAL_TOKENS];
  const idOf = new Map<string, number>(pieces.map((piece, id) => [piece, id]));
  const add = (piece: string): number => {
    const known = idOf.get(piece);
    if (known !== undefined) return known;
    idOf.set(piece, pieces.length);
    return pieces.push(piece) - 1;
  };
  for (const character of alphabet) add(character);
  // Continuing characters that occur, in the alphabet's order: Python adds them in the order its hash map yields words.
  const continuing = new Set<string>();
  for (const word of words.keys()) {
    let first = true;
    for (const character of word) {
      if (!first) continuing.add(character);
      first = false;
    }
  }
  for (const character of alphabet) if (continuing.has(character)) add("##" + character);
  if (pieces.length > vocabSize) {
    throw new TokenizerError(
      `Cannot train a tokenizer of vocabSize ${vocabSize}: special tokens and single characters alone are ${pieces.length}; ` +
        `raise vocabSize or lower limitAlphabet (now ${limitAlphabet})`,
    );
  }

  const sequences: number[][] = [];
  const counts: number[] = [];
  for (const [word, count] of words) {
    const sequence: number[] = [];
    let first = true;
    for (const character of word) {
      // A character outside the alphabet is skipped, as in Python: its word is [UNK] at any rate.
      const id = idOf.get(first ? character : "##" + character);
      if (id !== undefined) sequence.push(id);
      first = false;
    }
    if (sequence.length < 2) continue;
    sequences.push(sequence);
    counts.push(count);
  }
  learnMerges(sequences, counts, {
    minFrequency: Math.max(1, minFrequency),
    join: (left, right) => add(pieces[left] + pieces[right].slice(2)),
    isFull: () => pieces.length >= vocabSize,
  });
  return { tokenizer: tokenizerJson(pieces, normalizer), config: tokenizerConfig(lowercase, modelMaxLength) };
}

const MAX_WORD_CHARACTERS = 100;

function countWords(texts: Iterable<string>, normalizer: BertNormalizerOptions): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const word of bertWords(bertNormalize(text, normalizer))) {
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  for (const word of counts.keys()) {
    if (word.length > MAX_WORD_CHARACTERS && [...word].length > MAX_WORD_CHARACTERS) counts.delete(word);
  }
  return counts;
}

function chooseAlphabet(words: Map<string, number>, limit: number): string[] {
  const counts = new Map<string, number>();
  for (const [word, count] of words) {
    for (const character of word) counts.set(character, (counts.get(character) ?? 0) + count);
  }
  const byCodePoint = (a: [string, number], b: [string, number]) =>
    a[0].codePointAt(0)! - b[0].codePointAt(0)!;
  return [...counts].sort((a, b) => b[1] - a[1] || byCodePoint(a, b)).slice(0, limit).sort(byCodePoint).map((
    [character],
  ) => character);
}

function requireCount(name: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new TokenizerError(
    `Cannot train a tokenizer: ${name} is ${value}; give a whole number of at least ${least}`,
  );
}

function tokenizerJson(pieces: string[], normalizer: BertNormalizerOptions): object {
  const special = (token: string) => {
    const id = pieces.indexOf(token);
    return { id: token, ids: [id], tokens: [token] };
  };
  const cls = { SpecialToken: { id: "[CLS]", type_id: 0 } };
  const sep = (type_id: number) => ({ SpecialToken: { id: "[SEP]", type_id } });
  const sequence = (id: "A" | "B", type_id: number) => ({ Sequence: { id, type_id } });
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: SPECIAL_TOKENS.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: { type: "BertNormalizer", ...normalizer },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: {
      type: "TemplateProcessing",
      single: [cls, sequence("A", 0), sep(0)],
      pair: [cls, sequence("A", 0), sep(0), sequence("B", 1), sep(1)],
      special_tokens: { "[CLS]": special("[CLS]"), "[SEP]": special("[SEP]") },
    },
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
    model: {
      type: "WordPiece",
      unk_token: "[UNK]",
      continuing_subword_prefix: "##",
      max_input_chars_per_word: MAX_WORD_CHARACTERS,
      // fromEntries defines own properties, so a word such as "constructor" is a key like any other.
      vocab: Object.fromEntries(pieces.map((piece, id) => [piece, id])),
    },
  };
}

function tokenizerConfig(lowercase: boolean, modelMaxLength: number): object {
  return {
    tokenizer_class: "BertTokenizer",
    do_lower_case: lowercase,
    strip_accents: null,
    tokenize_chinese_chars: true,
    clean_up_tokenization_spaces: true,
    model_max_length: modelMaxLength,
    pad_token: "[PAD]",
    unk_token: "[UNK]",
    cls_token: "[CLS]",
    sep_token: "[SEP]",
    mask_token: "[MASK]",
  };
}
