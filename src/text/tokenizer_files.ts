/**
 * Checks of `tokenizer.json` and `tokenizer_config.json`, which may come from anyone.
 *
 * @module
 */
import { isObject, parseJson } from "../base/json.ts";
import { show as shown } from "../base/text.ts";
import type { BertNormalizerOptions } from "./bert_normalize.ts";
import { TokenizerError } from "./errors.ts";
import type { WordPieceModel } from "./wordpiece_encode.ts";

/** A checked `tokenizer.json` with its `tokenizer_config.json`. */
export interface TokenizerFiles {
  readonly tokenizer: object;
  readonly config: object;
  readonly vocabulary: [token: string, id: number][];
  readonly addedTokens: { content: string; id: number }[];
  readonly unknownToken: string | undefined;
  readonly padToken: string | undefined;
  /** The most tokens one word can become; for models without such a limit, what words of real text stay under. */
  readonly maxWordTokens: number;
  /** Whether text on both sides of a space is tokenized independently, as BERT does. */
  readonly splitsAtSpaces: boolean;
  /** Whether the second text of a pair has type 1; RoBERTa's post-processor leaves all at 0. */
  readonly tellsPairsApart: boolean;
  /** Set if the normalizer is a BertNormalizer. */
  readonly bertNormalizer: BertNormalizerOptions | undefined;
  /** Set if the model is WordPiece. */
  readonly wordPiece: WordPieceModel | undefined;
}

/** Parses and checks the two files, which may come from anyone. Every rejection is a `TokenizerError` of one line. */
export function readTokenizerFiles(
  tokenizerJson: string | object,
  tokenizerConfig: string | object = {},
): TokenizerFiles {
  const parsed = parse("tokenizer.json", tokenizerJson);
  const config = parse("tokenizer_config.json", tokenizerConfig);
  const given = field(parsed, "model", isObject, "an object");
  // Files from before the model had a type are WordPiece if they have its prefix; the library guesses likewise.
  const type = given.type ??
    ("continuing_subword_prefix" in given && !("merges" in given) ? "WordPiece" : undefined);
  if (type !== "WordPiece" && type !== "BPE" && type !== "Unigram") {
    fail(`model.type is ${show(type)}; Weir loads WordPiece, BPE and Unigram`);
  }
  const model = { ...given, type };
  const vocabulary = type === "Unigram" ? unigramVocabulary(model) : mapVocabulary(model);
  if (type === "BPE") checkMerges(model);
  const addedTokens = checkAddedTokens(parsed.added_tokens ?? []);

  // Keys that the library insists on may be missing in a hand-made file.
  const tokenizer = {
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: null,
    ...parsed,
    model,
    added_tokens: parsed.added_tokens ?? [],
  };
  for (const key of ["normalizer", "pre_tokenizer", "post_processor", "decoder"] as const) {
    const part: unknown = tokenizer[key];
    if (part !== null && !(isObject(part) && typeof part.type === "string")) {
      fail(`${key} is not null or an object with a type`);
    }
  }

  const wordPiece = type === "WordPiece" ? wordPieceModel(model, vocabulary) : undefined;
  return {
    tokenizer,
    config,
    vocabulary,
    addedTokens,
    unknownToken: unknownToken(model, vocabulary),
    padToken: padToken(parsed, config, vocabulary, addedTokens),
    maxWordTokens: (wordPiece?.max_input_chars_per_word ?? 100) + 16,
    splitsAtSpaces: isObject(tokenizer.pre_tokenizer) &&
      (tokenizer.pre_tokenizer as { type?: unknown }).type === "BertPreTokenizer" &&
      addedTokens.every(({ content }) => !/\s/.test(content)),
    tellsPairsApart: !partsOf(tokenizer.post_processor).includes("RobertaProcessing"),
    bertNormalizer: bertNormalizer(tokenizer.normalizer),
    wordPiece,
  };
}

/** The types of a post-processor and of those that it is a sequence of. */
function partsOf(processor: unknown): unknown[] {
  if (!isObject(processor)) return [];
  const parts = Array.isArray(processor.processors) ? processor.processors : [];
  return [processor.type, ...parts.map((part: unknown) => isObject(part) ? part.type : undefined)];
}

const MAX_FILE_CHARACTERS = 128 * 1024 * 1024;
const MAX_VOCABULARY = 2_000_000;
const MAX_ADDED_TOKENS = 100_000;
const MAX_MERGES = 4_000_000;
const MAX_WORD_CHARACTERS = 10_000;

function parse(file: string, source: string | object): Record<string, unknown> {
  let value: unknown = source;
  if (typeof source === "string") {
    if (source.length > MAX_FILE_CHARACTERS) {
      throw new TokenizerError(
        `${file} has ${source.length} characters; at most ${MAX_FILE_CHARACTERS} are read`,
      );
    }
    value = parseJson(source, (problem) => new TokenizerError(`${file}: ${problem}`));
  }
  if (!isObject(value)) throw new TokenizerError(`${file} is ${show(value)}; an object was expected`);
  return value;
}

function mapVocabulary(model: Record<string, unknown>): [string, number][] {
  const vocab = field(model, "vocab", isObject, "an object of token to id", "model.vocab");
  const entries = Object.entries(vocab);
  checkSize("model.vocab", entries.length, MAX_VOCABULARY);
  if (entries.length === 0) fail("model.vocab is empty");
  for (const [token, id] of entries) {
    if (!isId(id)) fail(`the id of ${show(token)} in model.vocab is ${show(id)}; ${ID_WANTED}`);
  }
  if (new Set(entries.map(([, id]) => id)).size !== entries.length) {
    fail("model.vocab gives one id to two tokens");
  }
  return entries as [string, number][];
}

function unigramVocabulary(model: Record<string, unknown>): [string, number][] {
  const vocab = field(model, "vocab", Array.isArray, "a list of [token, score]", "model.vocab");
  checkSize("model.vocab", vocab.length, MAX_VOCABULARY);
  return vocab.map((entry: unknown, id) => {
    if (!Array.isArray(entry) || typeof entry[0] !== "string" || typeof entry[1] !== "number") {
      fail(`entry ${id} of model.vocab is ${show(entry)}; [token, score] was expected`);
    }
    return [entry[0], id];
  });
}

function checkMerges(model: Record<string, unknown>): void {
  const merges = field(model, "merges", Array.isArray, "a list", "model.merges");
  checkSize("model.merges", merges.length, MAX_MERGES);
  const isMerge = (merge: unknown) =>
    typeof merge === "string" ||
    (Array.isArray(merge) && merge.length === 2 && merge.every((part) => typeof part === "string"));
  const wrong = merges.findIndex((merge: unknown) => !isMerge(merge));
  if (wrong >= 0) {
    fail(
      `entry ${wrong} of model.merges is ${
        show(merges[wrong])
      }; "left right" or ["left", "right"] was expected`,
    );
  }
}

function checkAddedTokens(list: unknown): { content: string; id: number }[] {
  if (!Array.isArray(list)) fail(`added_tokens is ${show(list)}; a list was expected`);
  checkSize("added_tokens", list.length, MAX_ADDED_TOKENS);
  return list.map((token: unknown, i) => {
    if (!isObject(token) || typeof token.content !== "string" || token.content === "") {
      fail(`entry ${i} of added_tokens has no content`);
    }
    if (!isId(token.id)) {
      fail(`the id of added token ${show(token.content)} is ${show(token.id)}; ${ID_WANTED}`);
    }
    return { content: token.content, id: token.id };
  });
}

function wordPieceModel(model: Record<string, unknown>, vocabulary: [string, number][]): WordPieceModel {
  const { unk_token = "[UNK]", continuing_subword_prefix = "##", max_input_chars_per_word = 100 } = model;
  if (typeof unk_token !== "string" || !vocabulary.some(([token]) => token === unk_token)) {
    fail(`model.unk_token is ${show(unk_token)}, which is not in model.vocab`);
  }
  if (typeof continuing_subword_prefix !== "string") {
    fail(`model.continuing_subword_prefix is ${show(continuing_subword_prefix)}; a string was expected`);
  }
  const limit = max_input_chars_per_word;
  if (typeof limit !== "number" || !Number.isInteger(limit) || limit < 1 || limit > MAX_WORD_CHARACTERS) {
    fail(`model.max_input_chars_per_word is ${show(limit)}; 1 to ${MAX_WORD_CHARACTERS} was expected`);
  }
  return { unk_token, continuing_subword_prefix, max_input_chars_per_word: limit };
}

function unknownToken(model: Record<string, unknown>, vocabulary: [string, number][]): string | undefined {
  if (typeof model.unk_token === "string") return model.unk_token;
  if (typeof model.unk_id === "number") return vocabulary[model.unk_id]?.[0];
  return model.type === "WordPiece" ? "[UNK]" : undefined;
}

function padToken(
  tokenizer: Record<string, unknown>,
  config: Record<string, unknown>,
  vocabulary: [string, number][],
  addedTokens: { content: string }[],
): string | undefined {
  const inConfig = isObject(config.pad_token) ? config.pad_token.content : config.pad_token;
  const inPadding = isObject(tokenizer.padding) ? tokenizer.padding.pad_token : undefined;
  const known = new Set([
    ...vocabulary.map(([token]) => token),
    ...addedTokens.map(({ content }) => content),
  ]);
  for (const token of [inConfig, inPadding, "[PAD]", "<pad>"]) {
    if (typeof token === "string" && known.has(token)) return token;
  }
  return undefined;
}

function bertNormalizer(part: unknown): BertNormalizerOptions | undefined {
  if (!isObject(part) || part.type !== "BertNormalizer") return undefined;
  const flag = (key: string, otherwise: boolean) => {
    const value = part[key] ?? otherwise;
    if (typeof value !== "boolean") fail(`normalizer.${key} is ${show(value)}; true or false was expected`);
    return value;
  };
  return {
    clean_text: flag("clean_text", true),
    handle_chinese_chars: flag("handle_chinese_chars", true),
    strip_accents: part.strip_accents === null || part.strip_accents === undefined
      ? null
      : flag("strip_accents", true),
    lowercase: flag("lowercase", true),
  };
}

const ID_WANTED = `a whole number from 0 to ${MAX_VOCABULARY - 1} was expected`;

function isId(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value < MAX_VOCABULARY;
}

function field<T>(
  from: Record<string, unknown>,
  key: string,
  is: (value: unknown) => value is T,
  wanted: string,
  name = key,
): T {
  const value = from[key];
  if (!is(value)) fail(`${name} is ${show(value)}; ${wanted} was expected`);
  return value;
}

function checkSize(name: string, size: number, limit: number): void {
  if (size > limit) fail(`${name} has ${size} entries; at most ${limit} are loaded`);
}

function show(value: unknown): string {
  return value === undefined ? "missing" : shown(value, 40);
}

function fail(what: string): never {
  throw new TokenizerError(`tokenizer.json: ${what}`);
}
