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
import { properties, SPACE } from "./unicode.ts";

/** The tokens with trimmed offsets. */
export function trimOffsets(
  { ids, offsets }: TokenList,
  tokenOf: readonly string[],
  { keepsPrefixSpace }: NonNullable<PostProcessor["trims"]>,
): TokenList {
  const trimmed = [...offsets];
  ids.forEach((id, i) => {
    const token = tokenOf[id] ?? "";
    let leading = 0, trailing = 0;
    while (leading < token.length && isSpace(token, leading)) leading++;
    while (trailing < token.length && isSpace(token, token.length - 1 - trailing)) trailing++;
    const [start, end] = [offsets[2 * i], offsets[2 * i + 1]];
    const isFirst = i === 0 || start === 0;
    if (isFirst && keepsPrefixSpace && leading === 1) leading = 0;
    const begin = Math.min(start + leading, end);
    trimmed[2 * i] = begin;
    if (trailing > 0 && end >= trailing) trimmed[2 * i + 1] = Math.max(end - trailing, begin);
  });
  return { ids, offsets: trimmed };
}

function isSpace(token: string, at: number): boolean {
  return token[at] === BYTE_CHARACTERS[32] || (properties()[token.charCodeAt(at)] & SPACE) !== 0;
}
