/**
 * Training a WordPiece tokenizer.
 *
 * @module
 */
import { bertNormalize, type BertNormalizerOptions, bertWords } from "./bert_normalize.ts";
import { TokenizerError } from "./errors.ts";
import { learnMerges, type PieceWords } from "./merges.ts";
import { countWords } from "./word_counts.ts";

/** How `trainWordPiece` builds a vocabulary. */
export interface WordPieceTrainOptions {
  /**
   * tokens in the finished vocabulary, special tokens and single characters included; fewer where the corpus runs out of
   * pairs
   */
  readonly vocabSize: number;
  /** Lower-case (default true). */
  readonly lowercase?: boolean;
  /** Drop combining marks, so that "é" is "e" (default: as `lowercase` says). */
  readonly stripAccents?: boolean;
  /** Pairs seen less often than this are not merged (default 2). */
  readonly minFrequency?: number;
  /**
   * How many distinct characters may enter the vocabulary, the commonest first. A word with a character that is not among them
   * is unknown. Default: as many as take up half of the vocabulary, where each may take two tokens: as the first character of
   * a word, and with `##` as one that continues it; but at least 64. More where nothing is left to merge, as in Chinese, whose
   * every character is a word.
   */
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
  /** Distinct characters that have entered the vocabulary, and those that the texts hold. */
  readonly alphabet: { readonly kept: number; readonly found: number };
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
  const { vocabSize, lowercase = true, stripAccents = null, minFrequency = 2, modelMaxLength = 512 } =
    options;
  requireCount("vocabSize", vocabSize, SPECIAL_TOKENS.length + 1);
  requireCount("minFrequency", minFrequency, 0);
  if (options.limitAlphabet !== undefined) requireCount("limitAlphabet", options.limitAlphabet, 1);
  const normalizer = { clean_text: true, handle_chinese_chars: true, strip_accents: stripAccents, lowercase };

  const words = countWords(texts, { wordsOf: (text) => bertWords(bertNormalize(text, normalizer)) });
  for (const word of words.keys()) if (isTooLong(word)) words.delete(word);
  if (words.size === 0) {
    throw new TokenizerError("Cannot train a tokenizer: the texts hold no words; give at least one text");
  }
  const characters = charactersOf(words);
  const room = vocabSize - SPECIAL_TOKENS.length;
  let limit = options.limitAlphabet ?? Math.max(LEAST_ALPHABET, fitting(characters, room / 2));
  let pieces = learnPieces(words, characters.slice(0, limit), { vocabSize, minFrequency, limit });
  // What merges leave free is for further characters; with them come new pairs, so that the room is seldom used up at once.
  while (options.limitAlphabet === undefined && pieces.length < vocabSize && limit < characters.length) {
    const used = characters.slice(0, limit).reduce((sum, { cost }) => sum + cost, 0);
    const next = fitting(characters, used + vocabSize - pieces.length);
    if (next === limit) break;
    limit = next;
    pieces = learnPieces(words, characters.slice(0, limit), { vocabSize, minFrequency, limit });
  }
  return {
    tokenizer: tokenizerJson(pieces, normalizer),
    config: tokenizerConfig(normalizer, modelMaxLength),
    alphabet: { kept: Math.min(limit, characters.length), found: characters.length },
  };
}

const MAX_WORD_CHARACTERS = 100;
/** A vocabulary without room for the letters of most alphabets is refused. */
const LEAST_ALPHABET = 64;

function isTooLong(word: string): boolean {
  return word.length > MAX_WORD_CHARACTERS && [...word].length > MAX_WORD_CHARACTERS;
}

/** A character of the corpus. */
interface Character {
  readonly text: string;
  count: number;
  /** The tokens it takes: 2 if it continues a word somewhere. */
  cost: 1 | 2;
}

/** All characters, the commonest first, of equally common ones that of the smaller code point. */
function charactersOf(words: ReadonlyMap<string, number>): Character[] {
  const found = new Map<string, Character>();
  for (const [word, count] of words) {
    let cost: 1 | 2 = 1;
    for (const text of word) {
      const character = found.get(text);
      if (character === undefined) found.set(text, { text, count, cost });
      else {
        character.count += count;
        if (cost === 2) character.cost = 2;
      }
      cost = 2;
    }
  }
  return [...found.values()].sort((a, b) => b.count - a.count || byCodePoint(a, b));
}

function byCodePoint(a: Character, b: Character): number {
  return a.text.codePointAt(0)! - b.text.codePointAt(0)!;
}

/** How many of the characters take no more than so many tokens together. */
function fitting(characters: readonly Character[], tokens: number): number {
  let used = 0;
  const beyond = characters.findIndex(({ cost }) => (used += cost) > tokens);
  return beyond < 0 ? characters.length : beyond;
}

/** The vocabulary in the order of its ids: special tokens, characters, what is merged. */
function learnPieces(
  words: ReadonlyMap<string, number>,
  alphabet: readonly Character[],
  { vocabSize, minFrequency, limit }: { vocabSize: number; minFrequency: number; limit: number },
): string[] {
  const pieces: string[] = [...SPECIAL_TOKENS];
  const idOf = new Map<string, number>(pieces.map((piece, id) => [piece, id]));
  const add = (piece: string): number => {
    const known = idOf.get(piece);
    if (known !== undefined) return known;
    idOf.set(piece, pieces.length);
    return pieces.push(piece) - 1;
  };
  const sorted = alphabet.toSorted(byCodePoint);
  const initial = new Map(sorted.map(({ text }) => [text, add(text)]));
  // Continuing characters in the alphabet's order: Python adds them in the order its hash map yields words.
  const continuing = new Map<string, number>();
  for (const { text, cost } of sorted) if (cost === 2) continuing.set(text, add("##" + text));
  if (pieces.length > vocabSize) {
    throw new TokenizerError(
      `Cannot train a tokenizer of vocabSize ${vocabSize}: special tokens and single characters alone are ${pieces.length}; ` +
        `raise vocabSize or lower limitAlphabet (now ${limit})`,
    );
  }
  learnMerges(piecesOf(words, { initial, continuing }), {
    minFrequency: Math.max(1, minFrequency),
    join: (left, right) => add(pieces[left] + pieces[right].slice(2)),
    isFull: () => pieces.length >= vocabSize,
  });
  return pieces;
}

function piecesOf(
  words: ReadonlyMap<string, number>,
  { initial, continuing }: Readonly<Record<"initial" | "continuing", ReadonlyMap<string, number>>>,
): PieceWords {
  let most = 0;
  for (const word of words.keys()) most += word.length;
  const pieces = new Int32Array(most);
  const starts = new Int32Array(words.size + 1);
  let [at, index] = [0, 0];
  for (const word of words.keys()) {
    let ids = initial;
    for (const character of word) {
      // A character outside the alphabet is skipped, as in Python: its word is [UNK] at any rate.
      const id = ids.get(character);
      if (id !== undefined) pieces[at++] = id;
      ids = continuing;
    }
    starts[++index] = at;
  }
  return { pieces, starts, counts: Float64Array.from(words.values()) };
}

/** Refuses what is no whole number of at least so much. */
export function requireCount(name: string, value: number, least: number): void {
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

function tokenizerConfig(
  { lowercase, strip_accents }: BertNormalizerOptions,
  modelMaxLength: number,
): object {
  return {
    tokenizer_class: "BertTokenizer",
    do_lower_case: lowercase,
    strip_accents,
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
