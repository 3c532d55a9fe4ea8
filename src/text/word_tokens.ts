/**
 * Tokenizing a text word by word, so that it is known which tokens are whose.
 *
 * @module
 */
import type { Pipeline } from "./pipeline.ts";
import type { TokenizerFiles } from "./tokenizer_files.ts";
import { type Cut, enoughCharacters } from "./truncation.ts";
import { type TextSpan, wordFinder } from "./words.ts";

/** The words of a text, and the tokens of as many of them as are needed, from the end that truncation keeps. */
export type WordTokenizer = (text: string, cut: Cut) => {
  readonly spans: readonly TextSpan[];
  /** The place of each word's first token among the ids; -1 where there is none. */
  readonly places: Int32Array;
  readonly ids: number[];
  /** Whether all words were tokenized. */
  readonly isWhole: boolean;
};

/** A word, or an added token, which has its id already. */
interface FoundWord extends TextSpan {
  readonly id?: number;
}

/** A tokenizer of words, from one of texts without added tokens. */
export function createWordTokenizer(
  files: TokenizerFiles,
  pipeline: Pipeline,
  tokenize: (word: string, cut: Cut) => readonly number[],
): WordTokenizer {
  const find = wordFinder(files.bertNormalizer);
  const wordsOf = (text: string): FoundWord[] => {
    const words: FoundWord[] = [];
    let from = 0;
    const findUpTo = (to: number) => {
      for (const { start, end } of find(text.slice(from, to))) {
        words.push({ start: from + start, end: from + end });
      }
    };
    for (const { start, end, id } of pipeline.addedTokens(text)) {
      findUpTo(start);
      const content = text.slice(start, end);
      words.push({ start: end - content.trimStart().length, end: start + content.trimEnd().length, id });
      from = end;
    }
    findUpTo(text.length);
    return words;
  };
  // Models other than WordPiece tell by a space before a word that it begins one.
  const space = files.isWordPiece ? "" : " ";
  return (text, cut) => {
    const spans = wordsOf(text);
    const keepsStart = cut.truncationDirection === "right";
    const enough = enoughCharacters(cut.budget);
    const pieces: (readonly number[])[] = [];
    let count = 0;
    while (pieces.length < spans.length) {
      const { start, end, id } = spans[keepsStart ? pieces.length : spans.length - 1 - pieces.length];
      if (count > cut.budget && (keepsStart ? start : text.length - end) > enough) break;
      const ids = id !== undefined
        ? [id]
        : tokenize((/\s/.test(text[start - 1] ?? "") ? space : "") + text.slice(start, end), cut);
      pieces.push(ids);
      count += ids.length;
    }
    if (!keepsStart) pieces.reverse();
    const places = new Int32Array(spans.length).fill(-1);
    const first = keepsStart ? 0 : spans.length - pieces.length;
    let at = 0;
    pieces.forEach((ids, k) => {
      if (ids.length > 0) places[first + k] = at;
      at += ids.length;
    });
    return { spans, places, ids: pieces.flat(), isWhole: pieces.length === spans.length };
  };
}
