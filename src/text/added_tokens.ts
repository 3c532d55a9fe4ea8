/**
 * Tokens that stand for themselves wherever a text has them, such as `[MASK]`: the `added_tokens` of `tokenizer.json`.
 *
 * Source: `tokenizer/added_vocabulary.rs` of huggingface/tokenizers. As there, the vocabulary has the last word on a token's id,
 * and tokens that it lacks are numbered behind it, whatever id the file gives.
 *
 * @module
 */
import { isObject } from "../base/json.ts";
import type { Normalizer } from "./normalizers.ts";
import { fail, own, show } from "./parts.ts";
import { type Piece, sizeAt, slicePiece, workFor } from "./piece.ts";
import { createTrie, type Trie } from "./trie.ts";
import { properties, SPACE, WORDLIKE } from "./unicode.ts";
import { checkSize, ID_WANTED, isId } from "./vocabulary.ts";

/** An added token. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** What it is searched as: its content, or what the normalizer makes of it. */
  readonly normal: string;
  /** Not within a word. */
  readonly isSingleWord: boolean;
  /** Takes the white space before it along. */
  readonly stripsLeft: boolean;
  /** Takes the white space behind it along. */
  readonly stripsRight: boolean;
  /** Searched in the normalised text, and not in the text as it was written. */
  readonly isNormalized: boolean;
  /** Left out of decoded text, if that is wanted. */
  readonly isSpecial: boolean;
}

const MAX_ADDED_TOKENS = 100_000;
const MAX_CONTENT = 1000;

/** Checks the tokens of a file. @throws {TokenizerError} where one is wrong */
export function readAddedTokens(
  list: unknown,
  vocabulary: ReadonlyMap<string, number>,
  normalizer: Normalizer | undefined,
): AddedToken[] {
  if (!Array.isArray(list)) fail(`added_tokens is ${show(list)}; a list was expected`);
  checkSize("added_tokens", list.length, MAX_ADDED_TOKENS);
  const tokens = new Map<string, AddedToken>();
  let nextId = vocabulary.size;
  list.forEach((given: unknown, i) => {
    const content = isObject(given) ? own(given, "content") : undefined;
    if (!isObject(given) || typeof content !== "string" || content === "") {
      return fail(`entry ${i} of added_tokens has no content`);
    }
    if (content.length > MAX_CONTENT || !content.isWellFormed()) {
      fail(`entry ${i} of added_tokens has a content that is too long or has a lone surrogate`);
    }
    const id = own(given, "id");
    if (!isId(id)) fail(`the id of added token ${show(content)} is ${show(id)}; ${ID_WANTED}`);
    const flag = (key: string) => {
      const value = own(given, key) ?? false;
      if (typeof value !== "boolean") {
        fail(`${key} of added token ${show(content)} is ${show(value)}; true or false was expected`);
      }
      return value;
    };
    const isSpecial = flag("special");
    const isNormalized = own(given, "normalized") === undefined ? !isSpecial : flag("normalized");
    tokens.set(content, {
      id: vocabulary.get(content) ?? tokens.get(content)?.id ?? nextId++,
      content,
      normal: isNormalized && normalizer
        ? normalizer({ text: content }, workFor(content.length)).text
        : content,
      isSingleWord: flag("single_word"),
      stripsLeft: flag("lstrip"),
      stripsRight: flag("rstrip"),
      isNormalized,
      isSpecial,
    });
  });
  return [...tokens.values()];
}

/** Cuts pieces at the added tokens in them. */
export interface AddedTokenFinder {
  /** In the text as it was written. */
  cutWritten(piece: Piece): Piece[];
  /** In the normalised text. */
  cutNormal(piece: Piece): Piece[];
}

/** A finder of tokens; of those that begin at one place the longest is taken. */
export function createAddedTokenFinder(tokens: readonly AddedToken[]): AddedTokenFinder {
  return {
    cutWritten: cutter(tokens.filter((token) => !token.isNormalized)),
    cutNormal: cutter(tokens.filter((token) => token.isNormalized)),
  };
}

function cutter(tokens: readonly AddedToken[]): (piece: Piece) => Piece[] {
  const searched = tokens.filter(({ normal }) => normal !== "");
  if (searched.length === 0) return (piece) => piece.text === "" ? [] : [piece];
  const trie = createTrie(searched.map(({ normal }, i): [string, number] => [normal, i]).reverse());
  const begins = new Uint8Array(0x10000);
  for (const { normal } of searched) begins[normal.charCodeAt(0)] = 1;
  return (piece) => {
    const { text } = piece;
    const pieces: Piece[] = [];
    let from = 0;
    for (let at = 0; at < text.length;) {
      if (begins[text.charCodeAt(at)] === 0) {
        at++;
        continue;
      }
      const found = longest(trie, text, at);
      if (found === undefined) {
        at++;
        continue;
      }
      const token = searched[found.token];
      let start = at, end = found.end;
      at = end;
      if (token.isSingleWord && (isWordBefore(text, start) || isWordAt(text, end))) continue;
      if (token.stripsLeft) start = Math.max(from, spaceBefore(text, start));
      if (token.stripsRight) end = spaceBehind(text, end);
      if (start > from) pieces.push(slicePiece(piece, from, start));
      pieces.push({ ...slicePiece(piece, start, end), added: token.id });
      from = end;
    }
    if (from < text.length) pieces.push(slicePiece(piece, from, text.length));
    return pieces;
  };
}

function longest(trie: Trie, text: string, at: number): { token: number; end: number } | undefined {
  let found: { token: number; end: number } | undefined;
  for (let node = 0; at < text.length;) {
    node = trie.step(node, text.charCodeAt(at++));
    if (node < 0) break;
    const token = trie.valueAt(node);
    if (token >= 0) found = { token, end: at };
  }
  return found;
}

function isWordAt(text: string, at: number): boolean {
  return at < text.length && (properties()[text.codePointAt(at)!] & WORDLIKE) !== 0;
}

function isWordBefore(text: string, at: number): boolean {
  if (at === 0) return false;
  return isWordAt(text, at >= 2 && sizeAt(text, at - 2) === 2 ? at - 2 : at - 1);
}

// No white space lies beyond the BMP.
function spaceBefore(text: string, at: number): number {
  while (at > 0 && properties()[text.charCodeAt(at - 1)] & SPACE) at--;
  return at;
}

function spaceBehind(text: string, at: number): number {
  while (at < text.length && properties()[text.charCodeAt(at)] & SPACE) at++;
  return at;
}
