/**
 * Loading a tokenizer and encoding texts with it, with Python's ids.
 *
 * @module
 */
import type { AddedToken } from "./added_tokens.ts";
import { TokenizerError } from "./errors.ts";
import { createPipeline, type PipelineOptions, type TokenList } from "./pipeline.ts";
import { workFor } from "./piece.ts";
import type { TemplateItem } from "./post_processors.ts";
import { readTokenizerFiles } from "./tokenizer_files.ts";
import { type Cut, pieceToTokenize, shareBudget } from "./truncation.ts";
import { trimOffsets } from "./trim_offsets.ts";
import { createWordTokenizer, type WordTokenizer } from "./word_tokens.ts";
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
  /**
   * Where each token comes from: its begin and its end, exclusive, in UTF-16 units of its text as it was written; `[0, 0]` for
   * special tokens. Set by the option `withOffsets`.
   */
  readonly offsets?: (readonly [start: number, end: number])[];
}

/** How `Tokenizer.encode` treats a text. */
export interface EncodeOptions {
  /** A second text, encoded behind the first. */
  readonly pair?: string;
  /** The most tokens to return, special tokens included (default: no limit). */
  readonly maxTokens?: number;
  /** "right" (default) drops the end of what is too long, "left" its beginning */
  readonly truncationDirection?: "left" | "right";
  /** Say where each token comes from, at a third of the speed (default false). */
  readonly withOffsets?: boolean;
}

/** How `Tokenizer.decode` treats ids. */
export interface DecodeOptions {
  /** Leave special tokens such as "[CLS]" out (default false). */
  readonly skipSpecialTokens?: boolean;
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
  encodeWords(text: string, options?: Omit<EncodeOptions, "pair" | "withOffsets">): WordEncoding;
  /** The text that ids stand for, by the decoder of the file. Ids that the tokenizer does not have are left out. */
  decode(ids: readonly number[], options?: DecodeOptions): string;
  /** The id to fill short rows with; 0 for a tokenizer without a padding token. */
  readonly padId: number;
  /** -1 for a tokenizer without an unknown token */
  readonly unkId: number;
  /** One more than the greatest id, added tokens included: the rows an embedding table needs. */
  readonly vocabSize: number;
}

/**
 * Loads a Hugging Face `tokenizer.json` (and `tokenizer_config.json`), given as text or as parsed JSON. Ids are those of
 * Python's `tokenizers` 0.23, truncation included (pairs: longest first), with the Unicode that it has.
 *
 * The files may come from anywhere: sizes and types are checked first, regular expressions run under a limit, and nothing grows
 * without one. `encode` takes any string: lone surrogates count as U+FFFD, and a text far longer than `maxTokens` is cut before
 * it is tokenized where that changes nothing, so that the time depends on `maxTokens` and not on the text.
 *
 * @throws {TokenizerError} if a file is not what it should be; when encoding, if `maxTokens` leaves no room beside the special
 *   tokens, or if the file cannot be used on a text within those limits
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
  const pipeline = createPipeline(files);
  const { single, pair: both, trims } = files.postProcessor;
  const tokenOf: string[] = [];
  const addedIds = new Set(files.addedTokens.map(({ id }) => id));
  const idOf = new Map(files.model.vocabulary);
  for (const { content, id } of files.addedTokens) idOf.set(content, id);
  for (const [token, id] of idOf) tokenOf[id] = token;
  const unkId = files.model.unknownToken === undefined ? -1 : idOf.get(files.model.unknownToken) ?? -1;
  const padId = files.padToken === undefined ? 0 : idOf.get(files.padToken) ?? 0;

  const addedBy = (items: readonly TemplateItem[]) =>
    items.reduce((count, item) => count + ("ids" in item ? item.ids.length : 0), 0);
  const room = [addedBy(single), addedBy(both)];
  const firstText = single.findIndex((item) => "text" in item);
  const specialsBefore = firstText < 0 ? 0 : addedBy(single.slice(0, firstText));
  const budgetOf = (maxTokens: number, added: number): number => {
    if (maxTokens >= added) return Math.floor(maxTokens) - added;
    throw new TokenizerError(
      `Cannot encode with maxTokens ${maxTokens}: the special tokens alone are ${added}; raise maxTokens`,
    );
  };

  /** Tokenizes as much of a text as a cut keeps; `count` are the tokens that were seen. */
  const tokenizeUpTo = (
    text: string,
    cut: Cut,
    options?: PipelineOptions,
  ): TokenList & { isWhole: boolean } => {
    for (let attempt = 0;; attempt++) {
      const part = pieceToTokenize(text, cut, files.cuts, attempt);
      if (part === undefined) return { ...pipeline.tokenize(text.toWellFormed(), options), isWhole: true };
      const { piece, margin } = part;
      const tokens = pipeline.tokenize(piece.toWellFormed(), options);
      if (tokens.ids.length < cut.budget + margin) continue;
      // Only whole words are counted, so that the count stays a lower bound.
      const kept = keep(tokens, tokens.ids.length - margin, cut.truncationDirection);
      const shift = cut.truncationDirection === "right" ? 0 : text.length - piece.length;
      return {
        ids: kept.ids,
        offsets: shift === 0 ? kept.offsets : kept.offsets.map((at) => at + shift),
        isWhole: false,
      };
    }
  };
  const assemble = (
    items: readonly TemplateItem[],
    texts: readonly TokenList[],
    withOffsets: boolean,
  ): Pick<Encoding, "ids" | "typeIds" | "tokens" | "unknownCount" | "offsets"> => {
    const ids: number[] = [];
    const typeIds: number[] = [];
    const offsets: (readonly [number, number])[] = [];
    let unknownCount = 0;
    for (const item of items) {
      const source = "text" in item ? texts[item.text] : undefined;
      const added = "text" in item ? texts[item.text].ids : item.ids;
      added.forEach((id, i) => {
        ids.push(id);
        typeIds.push(item.typeId);
        if (id === unkId) unknownCount++;
        if (withOffsets) offsets.push(source ? [source.offsets[2 * i], source.offsets[2 * i + 1]] : [0, 0]);
      });
    }
    const tokens = ids.map((id) => tokenOf[id] ?? "");
    return { ids, typeIds, tokens, unknownCount, ...(withOffsets ? { offsets } : {}) };
  };
  let words: WordTokenizer | undefined;
  let texts: DecodedTokens | undefined;

  return {
    padId,
    unkId,
    vocabSize: tokenOf.length,
    encode(text, options = {}) {
      const { pair, maxTokens = Infinity, truncationDirection = "right", withOffsets = false } = options;
      const added = room[pair === undefined ? 0 : 1];
      const budget = budgetOf(maxTokens, added);
      const found = [text, ...(pair === undefined ? [] : [pair])].map((one) =>
        tokenizeUpTo(one, { budget, truncationDirection }, { withOffsets })
      );
      const counts = shareBudget(found[0].ids.length, found[1]?.ids.length ?? 0, budget);
      const kept = found.map((one, i) => {
        const list = keep(one, counts[i], truncationDirection);
        if (!withOffsets || !trims) return list;
        const written = i === 0 ? text : pair!;
        return trimOffsets(
          list,
          written,
          (id, start, end) => addedIds.has(id) ? written.slice(start, end) : tokenOf[id] ?? "",
          trims,
        );
      });
      return {
        ...assemble(pair === undefined ? single : both, kept, withOffsets),
        fullLength: found.reduce((sum, { ids }) => sum + ids.length, added),
        isFullLengthExact: found.every(({ isWhole }) => isWhole),
      };
    },
    encodeWords(text, { maxTokens = Infinity, truncationDirection = "right" } = {}) {
      words ??= createWordTokenizer(
        files,
        pipeline,
        (word, cut) => tokenizeUpTo(word, cut, { findsAdded: false }).ids,
      );
      const budget = budgetOf(maxTokens, room[0]);
      const { spans, places, ids, isWhole } = words(text.toWellFormed(), { budget, truncationDirection });
      const kept = keep({ ids, offsets: [] }, budget, truncationDirection);
      const dropped = truncationDirection === "right" ? 0 : ids.length - kept.ids.length;
      return {
        ...assemble(single, [kept], false),
        fullLength: ids.length + room[0],
        isFullLengthExact: isWhole,
        words: spans.map(({ start, end }, k) => {
          const place = places[k] - dropped;
          const isKept = places[k] >= 0 && place >= 0 && place < kept.ids.length;
          return { start, end, token: isKept ? specialsBefore + place : -1 };
        }),
      };
    },
    decode(ids, { skipSpecialTokens = false } = {}) {
      texts ??= decodedTokens(files.addedTokens, tokenOf);
      const { textOf, specials } = texts;
      const tokens = ids.map((id) => textOf.get(id) ?? tokenOf[id]).filter((token): token is string =>
        token !== undefined && !(skipSpecialTokens && specials.has(token))
      );
      const length = tokens.reduce((sum, token) => sum + token.length, 0);
      return files.decoder ? files.decoder(tokens, workFor(length)).join("") : tokens.join(" ");
    },
  };
}

interface DecodedTokens {
  /** The texts of added tokens: those that are searched in normalised text are decoded as such. */
  readonly textOf: ReadonlyMap<number, string>;
  readonly specials: ReadonlySet<string>;
}

function decodedTokens(added: readonly AddedToken[], tokenOf: readonly string[]): DecodedTokens {
  return {
    textOf: new Map(added.map(({ id, normal }) => [id, normal || tokenOf[id]])),
    specials: new Set(added.filter(({ isSpecial }) => isSpecial).map(({ content }) => content)),
  };
}

function keep(tokens: TokenList, count: number, direction: "left" | "right"): TokenList {
  const { ids, offsets } = tokens;
  if (count >= ids.length) return tokens;
  const from = direction === "right" ? 0 : ids.length - count;
  return { ids: ids.slice(from, from + count), offsets: offsets.slice(2 * from, 2 * (from + count)) };
}
