/**
 * The characters that stand for bytes in byte-level tokenizers.
 *
 * Source: `bytes_to_unicode` of openai/gpt-2's `src/encoder.py`.
 *
 * @module
 */
import { mapCharacters, type Piece, type Work } from "./piece.ts";

/** The character of each byte. */
export const BYTE_CHARACTERS: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const isPlain = (value: number) =>
    (value >= 33 && value <= 126) || (value >= 161 && value <= 172) || value >= 174;
  if (isPlain(byte)) return String.fromCharCode(byte);
  let odd = 0;
  for (let other = 0; other < byte; other++) if (!isPlain(other)) odd++;
  return String.fromCharCode(256 + odd);
});

/** The byte of each character that stands for one. */
export const CHARACTER_BYTES: ReadonlyMap<string, number> = new Map(
  BYTE_CHARACTERS.map((character, byte) => [character, byte]),
);

/** A piece with every byte of its UTF-8 as a character. */
export function asBytes(piece: Piece, work: Work): Piece {
  const { text } = piece;
  if (PLAIN.test(text)) return piece;
  if (!piece.at && WORD.test(text)) return { text: BYTE_CHARACTERS[32] + text.slice(1) };
  return mapCharacters(piece, work, (code) => {
    if (code < 0x80) return code > 32 && code < 127 ? undefined : BYTE_CHARACTERS[code];
    if (code < 0x800) return BYTE_CHARACTERS[0xc0 | code >> 6] + BYTE_CHARACTERS[0x80 | code & 63];
    if (code < 0x10000) {
      return BYTE_CHARACTERS[0xe0 | code >> 12] + BYTE_CHARACTERS[0x80 | code >> 6 & 63] +
        BYTE_CHARACTERS[0x80 | code & 63];
    }
    return BYTE_CHARACTERS[0xf0 | code >> 18] + BYTE_CHARACTERS[0x80 | code >> 12 & 63] +
      BYTE_CHARACTERS[0x80 | code >> 6 & 63] + BYTE_CHARACTERS[0x80 | code & 63];
  });
}

const PLAIN = /^[!-~]*$/;
const WORD = /^ [!-~]*$/;
