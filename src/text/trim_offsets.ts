/**
 * Offsets without the spaces at a token's ends, as byte-level tokenizers have them.
 *
 * Source: `process_offsets` of huggingface/tokenizers' `pre_tokenizers/byte_level.rs`.
 *
 * @module
 */
import { BYTE_CHARACTERS } from "./bytes.ts";
import type { TokenList } from "./pipeline.ts";
import type { PostProcessor } from "./post_processors.ts";
import { sizeAt } from "./piece.ts";
import { properties, SPACE } from "./unicode.ts";

/** The tokens with trimmed offsets; an added token's text has the spaces that it took along. */
export function trimOffsets(
  { ids, offsets }: TokenList,
  text: string,
  tokenOf: (id: number, start: number, end: number) => string,
  { keepsPrefixSpace }: NonNullable<PostProcessor["trims"]>,
): TokenList {
  const trimmed = [...offsets];
  ids.forEach((id, i) => {
    const [start, end] = [offsets[2 * i], offsets[2 * i + 1]];
    const token = tokenOf(id, start, end);
    let leading = 0, trailing = 0;
    while (leading < token.length && isSpace(token, leading)) leading++;
    while (trailing < token.length && isSpace(token, token.length - 1 - trailing)) trailing++;
    const isFirst = i === 0 || start === 0;
    if (isFirst && keepsPrefixSpace && leading === 1) leading = 0;
    // A space may stand for the place of a character of two units.
    let begin = start, stop = end;
    for (; leading > 0 && begin < end; leading--) begin += sizeAt(text, begin);
    trimmed[2 * i] = begin;
    for (; trailing > 0 && stop > begin; trailing--) {
      stop -= stop >= 2 && sizeAt(text, stop - 2) === 2 ? 2 : 1;
    }
    trimmed[2 * i + 1] = stop;
  });
  return { ids, offsets: trimmed };
}

function isSpace(token: string, at: number): boolean {
  return token[at] === BYTE_CHARACTERS[32] || (properties()[token.charCodeAt(at)] & SPACE) !== 0;
}
