/**
 * The way of a text through a tokenizer: added tokens, normalizer, pre-tokenizers, model.
 *
 * @module
 */
import { createAddedTokenFinder } from "./added_tokens.ts";
import { type Alignment, originOf, type Piece, pieceOf, type Work, workFor } from "./piece.ts";
import type { TokenizerFiles } from "./tokenizer_files.ts";
import type { TextSpan } from "./words.ts";

/** The tokens of a text. */
export interface TokenList {
  readonly ids: number[];
  /** Where each token comes from in the text, in UTF-16 units, two numbers a token; empty unless asked for. */
  readonly offsets: number[];
}

/** The steps of a tokenizer up to its model. */
export interface Pipeline {
  /** Tokenizes a text without lone surrogates. */
  tokenize(text: string, options?: PipelineOptions): TokenList;
  /** Where a text has added tokens, and their ids. */
  addedTokens(text: string): (TextSpan & { readonly id: number })[];
}

/** How a text is tokenized. */
export interface PipelineOptions {
  /** Say where tokens come from (default false). */
  readonly withOffsets?: boolean;
  /** Look for added tokens (default true). */
  readonly findsAdded?: boolean;
}

/** The pipeline of a tokenizer. */
export function createPipeline(files: TokenizerFiles): Pipeline {
  const { normalizer, preTokenizers, model, needsAlignment } = files;
  const finder = createAddedTokenFinder(files.addedTokens);

  const normalised = (text: string, work: Work, isAligned: boolean, findsAdded: boolean): Piece[] => {
    const whole = pieceOf(text, isAligned);
    const written = !findsAdded ? [whole] : finder.cutWritten(whole);
    return written.flatMap((piece) => {
      if (piece.added !== undefined) return [piece];
      const normal = normalizer ? normalizer(piece, work) : piece;
      return findsAdded ? finder.cutNormal(normal) : [normal];
    });
  };

  const cut = (piece: Piece, work: Work, isBegin: boolean): Piece[] => {
    let pieces = [piece];
    for (const preTokenizer of preTokenizers) {
      const next: Piece[] = [];
      pieces.forEach((one, i) => {
        const isFirst = one.at ? one.at.starts[0] === 0 : isBegin && i === 0;
        for (const part of preTokenizer(one, work, isFirst)) if (part.text !== "") next.push(part);
      });
      pieces = next;
    }
    return pieces;
  };

  return {
    tokenize(text, { withOffsets = false, findsAdded = true } = {}) {
      const work = workFor(text.length);
      const ids: number[] = [];
      const offsets: number[] = [];
      const add = (at: Alignment | undefined, id: number, start: number, end: number) => {
        ids.push(id);
        if (withOffsets && at) offsets.push(...originOf(at, start, end));
      };
      normalised(text, work, withOffsets || needsAlignment, findsAdded).forEach((piece, k) => {
        if (piece.added !== undefined) return add(piece.at, piece.added, 0, piece.text.length);
        if (piece.text === "") return;
        for (const word of cut(piece, work, k === 0)) {
          const tokens = model.tokenize(word.text, work);
          for (let i = 0; i < tokens.ids.length; i++) {
            add(word.at, tokens.ids[i], tokens.spans[2 * i], tokens.spans[2 * i + 1]);
          }
        }
      });
      return { ids, offsets };
    },
    addedTokens(text) {
      if (!files.addedTokens.some(({ isNormalized }) => isNormalized)) {
        let end = 0;
        return finder.cutWritten({ text }).flatMap(({ text: content, added }) => {
          const start = end;
          end += content.length;
          return added === undefined ? [] : [{ id: added, start, end }];
        });
      }
      return normalised(text, workFor(text.length), true, true).flatMap(({ text: content, at, added }) => {
        if (added === undefined) return [];
        const [start, end] = originOf(at!, 0, content.length);
        return [{ id: added, start, end }];
      });
    },
  };
}
