/**
 * Loading a tokenizer and encoding texts with it, with Python's ids.
 *
 * @module
 */
import { Tokenizer as Library } from "@huggingface/tokenizers";
import { firstLine } from "../base/text.ts";
import { bertNormalize, limitMarks } from "./bert_normalize.ts";
import { TokenizerError } from "./errors.ts";
import { readTokenizerFiles, type TokenizerFiles } from "./tokenizer_files.ts";
import { wordPieceEncoder } from "./wordpiece_encode.ts";
import { createWordTokenizer, type Cut, enoughCharacters, type WordTokenizer } from "./word_tokens.ts";
import type { WordSpan } from "./words.ts";

/** One text (or pair of texts) as a model takes it, special tokens included. */
export interface Encoding {
  /** Token ids, special tokens included. */
  readonly ids: number[];
  /** 0 for the first text, 1 for the second */
  readonly typeIds: number[];
  /** The tokens as text, one for each id. */
  readonly tokens: string[];
  /** Tokens before truncation; where `isFullLengthExact` is false, only a lower bound of it. */
  readonly fullLength: number;
  /** false if the text was so long that its far end was not tokenized at all */
  readonly isFullLengthExact: boolean;
  /** Unknown tokens among `ids`. */
  readonly unknownCount: number;
}

/** How `Tokenizer.encode` treats a text. */
export interface EncodeOptions {
  /** A second text, encoded behind the first. */
  readonly pair?: string;
  /** The most tokens to return, special tokens included (default: no limit). */
  readonly maxTokens?: number;
  /** "right" (default) drops the end of what is too long, "left" its beginning */
  readonly truncationDirection?: "left" | "right";
}

/** A text as a model takes it, and where its words are. */
export interface WordEncoding extends Encoding {
  /** Every word of the text, in order. */
  readonly words: WordSpan[];
}

/** A loaded tokenizer. */
export interface Tokenizer {
  /** Turns a text into ids; see `loadTokenizer`. */
  encode(text: string, options?: EncodeOptions): Encoding;
  /**
   * Turns a text into ids word by word, so that it is known which tokens are whose. Words are those of BERT's pre-tokeniser (see
   * `wordFinder`), and added tokens such as "[MASK]". The ids of a BERT tokenizer are those of `encode`; one of another
   * kind, which would not cut a text there, may give others.
   */
  encodeWords(text: string, options?: Omit<EncodeOptions, "pair">): WordEncoding;
  /** The id to fill short rows with; 0 for a tokenizer without a padding token. */
  readonly padId: number;
  /** -1 for a tokenizer without an unknown token */
  readonly unkId: number;
  /** One more than the greatest id, added tokens included: the rows an embedding table needs. */
  readonly vocabSize: number;
}

/**
 * Loads a Hugging Face `tokenizer.json` (and `tokenizer_config.json`), given as text or as parsed JSON, through
 * `@huggingface/tokenizers`. Ids are those of Python's `tokenizers`, truncation included (pairs: longest first).
 *
 * The files may come from anywhere: sizes and types are checked first. `encode` takes any string: lone surrogates count as
 * U+FFFD, and a text far longer than `maxTokens` is cut before it is tokenized, so that the time depends on `maxTokens` and
 * not on the text.
 *
 * @throws {TokenizerError} if a file is not what it should be, or `maxTokens` leaves no room beside the special tokens.
 *
 * @example
 * ```ts
 * import { loadTokenizer } from "./tokenizer.ts";
 * import { trainWordPiece } from "./wordpiece_train.ts";
 * import assert from "node:assert/strict";
 *
 * const { tokenizer, config } = trainWordPiece(["good morning", "good night"], { vocabSize: 60, minFrequency: 1 });
 * const encoding = loadTokenizer(tokenizer, config).encode("Good morning, night!", { maxTokens: 4 });
 * assert.deepEqual(encoding.tokens, ["[CLS]", "good", "morning", "[SEP]"]);
 * assert.equal(encoding.ids.length, 4);
 * assert.equal(encoding.fullLength, 7); // "," and "!" are unknown here, and counted
 * ```
 */
export function loadTokenizer(tokenizerJson: string | object, tokenizerConfig?: string | object): Tokenizer {
  const files = readTokenizerFiles(tokenizerJson, tokenizerConfig);
  const library = build(files);
  const idOf = new Map<string, number>(files.vocabulary);
  for (const { content, id } of files.addedTokens) idOf.set(content, id);
  const unkId = files.unknownToken === undefined ? -1 : idOf.get(files.unknownToken) ?? -1;
  const padId = files.padToken === undefined ? 0 : idOf.get(files.padToken) ?? 0;
  let vocabSize = 0;
  for (const id of idOf.values()) vocabSize = Math.max(vocabSize, id + 1);

  const specials = (isPair: boolean) => postProcess(library, [], isPair ? [] : null).tokens.length;
  const room = [specials(false), specials(true)];
  const specialsBefore = postProcess(library, ["text"], null).tokens.indexOf("text");
  const budgetOf = (maxTokens: number, added: number): number => {
    if (maxTokens >= added) return Math.floor(maxTokens) - added;
    throw new TokenizerError(
      `Cannot encode with maxTokens ${maxTokens}: the special tokens alone are ${added}; raise maxTokens`,
    );
  };
  const cutOf = (budget: number, truncationDirection: "left" | "right"): Cut => ({
    budget,
    truncationDirection,
    margin: files.maxWordTokens,
    splitsAtSpaces: files.splitsAtSpaces,
  });
  const withIds = (
    first: string[],
    second: string[] | null,
  ): Pick<Encoding, "ids" | "typeIds" | "tokens" | "unknownCount"> => {
    const { tokens, typeIds } = postProcess(library, first, second);
    let unknownCount = 0;
    const ids = tokens.map((token) => {
      const id = idOf.get(token) ?? unkId;
      if (id === unkId) unknownCount++;
      return id;
    });
    // The library gives the second text type 1 whatever the post-processor is.
    return { ids, typeIds: files.tellsPairsApart ? typeIds : typeIds.fill(0), tokens, unknownCount };
  };
  let words: WordTokenizer | undefined;

  return {
    padId,
    unkId,
    vocabSize,
    encode(text, options = {}) {
      const { pair, maxTokens = Infinity, truncationDirection = "right" } = options;
      const added = room[pair === undefined ? 0 : 1];
      const budget = budgetOf(maxTokens, added);
      const cut = cutOf(budget, truncationDirection);
      const first = tokenizeUpTo(library, text, cut);
      const second = pair === undefined ? null : tokenizeUpTo(library, pair, cut);
      const [keepFirst, keepSecond] = shareBudget(first.tokens.length, second?.tokens.length ?? 0, budget);
      return {
        ...withIds(
          keep(first.tokens, keepFirst, truncationDirection),
          second && keep(second.tokens, keepSecond, truncationDirection),
        ),
        fullLength: first.tokens.length + (second?.tokens.length ?? 0) + added,
        isFullLengthExact: first.isWhole && (second?.isWhole ?? true),
      };
    },
    encodeWords(text, { maxTokens = Infinity, truncationDirection = "right" } = {}) {
      words ??= createWordTokenizer(files, (word, cut) => tokenizeUpTo(library, word, cut).tokens);
      const budget = budgetOf(maxTokens, room[0]);
      const { spans, places, tokens, isWhole } = words(text, cutOf(budget, truncationDirection));
      const kept = keep(tokens, budget, truncationDirection);
      const dropped = truncationDirection === "right" ? 0 : tokens.length - kept.length;
      return {
        ...withIds(kept, null),
        fullLength: tokens.length + room[0],
        isFullLengthExact: isWhole,
        words: spans.map((span, k) => {
          const place = places[k] - dropped;
          return { ...span, token: place >= 0 && place < kept.length ? specialsBefore + place : -1 };
        }),
      };
    },
  };
}

function build(files: TokenizerFiles): Library {
  let library: Library;
  try {
    library = new Library(files.tokenizer, files.config);
  } catch (error) {
    throw new TokenizerError(`tokenizer.json cannot be loaded: ${firstLine(error)}`);
  }
  const { bertNormalizer, wordPiece } = files;
  if (bertNormalizer) {
    // Called as a function only; why ours: see bertNormalize.
    library.normalizer = ((text: string) =>
      bertNormalize(text, bertNormalizer)) as unknown as Library["normalizer"];
  }
  if (wordPiece && library.model) {
    // The library's own search takes cubic time in a word's length, which a hostile text can make use of.
    library.model.encode = wordPieceEncoder(files.vocabulary, wordPiece);
  }
  return library;
}

/**
 * Tokenizes as much of a text as `budget` tokens need, from the end that truncation keeps.
 *
 * A piece cut anywhere tokenizes like the whole text except in the word that the cut went through, and that word gives at
 * most `margin` tokens at the far end. So a piece with `budget + margin` tokens has the right first `budget`; if the cut is
 * at a space, `budget` tokens will do. (Exact for BERT's words; a byte-pair or unigram model may have words longer than the
 * margin where a text has no spaces at all, and then differs in the last tokens kept.)
 */
function tokenizeUpTo(library: Library, text: string, cut: Cut): { tokens: string[]; isWhole: boolean } {
  const keepsStart = cut.truncationDirection === "right";
  for (
    let size = enoughCharacters(cut.budget);
    size < text.length;
    size *= 4
  ) {
    const at = keepsStart ? size : text.length - size;
    const space = cut.splitsAtSpaces ? findSpace(text, at, keepsStart ? -1 : 1) : -1;
    const margin = space < 0 ? cut.margin : 0;
    const from = space < 0 ? at : space;
    const tokens = tokenizeAll(library, keepsStart ? text.slice(0, from) : text.slice(from));
    if (tokens.length >= cut.budget + margin) {
      // Only whole words are counted, so that the count stays a lower bound.
      return { tokens: keep(tokens, tokens.length - margin, cut.truncationDirection), isWhole: false };
    }
  }
  return { tokens: tokenizeAll(library, text), isWhole: true };
}

function tokenizeAll(library: Library, text: string): string[] {
  return library.tokenize(limitMarks(text.toWellFormed()));
}

/** The nearest space or line end at or beyond `at` in a direction; -1 if there is none within a word's length. */
function findSpace(text: string, at: number, step: 1 | -1): number {
  for (let i = at; i > 0 && i < text.length && Math.abs(i - at) < 128; i += step) {
    const code = text.charCodeAt(i);
    if (code === 32 || code === 10) return i;
  }
  return -1;
}

function keep(tokens: string[], count: number, direction: "left" | "right"): string[] {
  if (count >= tokens.length) return tokens;
  return direction === "right" ? tokens.slice(0, count) : tokens.slice(tokens.length - count);
}

/** How many tokens of two texts are kept: the longer one gives way first. The rule of huggingface/tokenizers' `LongestFirst`. */
function shareBudget(first: number, second: number, budget: number): [number, number] {
  if (first + second <= budget) return [first, second];
  const shorter = Math.min(first, second);
  let less = shorter;
  let more = shorter > budget ? shorter : Math.max(shorter, budget - shorter);
  if (less + more > budget) {
    less = Math.floor(budget / 2);
    more = budget - less;
  }
  return first > second ? [more, less] : [less, more];
}

function postProcess(
  library: Library,
  first: string[],
  second: string[] | null,
): { tokens: string[]; typeIds: number[] } {
  const processed = library.post_processor?.(first, second, true) as
    | { tokens: string[]; token_type_ids?: number[]; tokens_pair?: string[] | null }
    | undefined;
  if (!processed) {
    return { tokens: first.concat(second ?? []), typeIds: pairTypes(first.length, second?.length ?? 0) };
  }
  if (processed.token_type_ids) return { tokens: processed.tokens, typeIds: processed.token_type_ids };
  // A byte-level post-processor adds nothing and hands the two parts back.
  const rest = processed.tokens_pair ?? [];
  return { tokens: processed.tokens.concat(rest), typeIds: pairTypes(processed.tokens.length, rest.length) };
}

function pairTypes(first: number, second: number): number[] {
  return new Array<number>(first + second).fill(0).fill(1, first);
}
