/**
 * Tokenizing a text word by word, so that it is known which tokens are whose.
 *
 * @module
 */
import type { TokenizerFiles } from "./tokenizer_files.ts";
import { type TextSpan, wordFinder } from "./words.ts";

/** How much of a text is tokenized. */
export interface Cut {
  readonly budget: number;
  readonly truncationDirection: "left" | "right";
  /** The most tokens that one word can become. */
  readonly margin: number;
  /** Whether text on both sides of a space is tokenized independently. */
  readonly splitsAtSpaces: boolean;
}

/** Characters that give as many tokens as are wanted, in all but strange texts. */
export function enoughCharacters(tokens: number): number {
  return Math.max(512, tokens * 6);
}

/** The words of a text, and the tokens of as many of them as are needed, from the end that truncation keeps. */
export type WordTokenizer = (text: string, cut: Cut) => {
  readonly spans: readonly TextSpan[];
  /** The place of each word's first token among `tokens`; -1 where there is none. */
  readonly places: Int32Array;
  readonly tokens: string[];
  /** Whether all words were tokenized. */
  readonly isWhole: boolean;
};

/** A tokenizer of words, from one of texts. */
export function createWordTokenizer(
  files: TokenizerFiles,
  tokenize: (word: string, cut: Cut) => string[],
): WordTokenizer {
  const find = wordFinder(files.bertNormalizer);
  const spansOf = withAddedTokens(find, files.addedTokens.map(({ content }) => content));
  // Models other than WordPiece tell by a space before a word that it begins one.
  const space = files.wordPiece ? "" : " ";
  return (text, cut) => {
    const spans = spansOf(text);
    const keepsStart = cut.truncationDirection === "right";
    const enough = enoughCharacters(cut.budget);
    const pieces: string[][] = [];
    let count = 0;
    while (pieces.length < spans.length) {
      const { start, end } = spans[keepsStart ? pieces.length : spans.length - 1 - pieces.length];
      if (count > cut.budget && (keepsStart ? start : text.length - end) > enough) break;
      const word = (/\s/.test(text[start - 1] ?? "") ? space : "") + text.slice(start, end);
      const tokens = tokenize(word, cut);
      pieces.push(tokens);
      count += tokens.length;
    }
    if (!keepsStart) pieces.reverse();
    const places = new Int32Array(spans.length).fill(-1);
    const first = keepsStart ? 0 : spans.length - pieces.length;
    let at = 0;
    pieces.forEach((tokens, k) => {
      if (tokens.length > 0) places[first + k] = at;
      at += tokens.length;
    });
    return { spans, places, tokens: pieces.flat(), isWhole: pieces.length === spans.length };
  };
}

/** The words between added tokens, and these, which stand for themselves wherever they are. */
function withAddedTokens(
  find: (text: string) => TextSpan[],
  contents: readonly string[],
): (text: string) => TextSpan[] {
  if (contents.length === 0) return find;
  const longestFirst = contents.toSorted((a, b) => b.length - a.length);
  const added = new RegExp(
    longestFirst.map((content) => content.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")).join("|"),
    "g",
  );
  return (text) => {
    const spans: TextSpan[] = [];
    const findFrom = (from: number, to: number) => {
      for (const { start, end } of find(text.slice(from, to))) {
        spans.push({ start: from + start, end: from + end });
      }
    };
    let from = 0;
    for (const { index, 0: { length } } of text.matchAll(added)) {
      findFrom(from, index);
      spans.push({ start: index, end: from = index + length });
    }
    if (from === 0) return find(text);
    findFrom(from, text.length);
    return spans;
  };
}
