/**
 * Reading text files line by line, of any size.
 *
 * @module
 */
import { DataError } from "./errors.ts";
import { type ByteSource, openBytes } from "./reading/bytes.ts";
import { decodeText, type TextOptions } from "./reading/encoding.ts";

/** A line of a text file, without its line end. */
export interface Line {
  /** Counts from 1. */
  readonly number: number;
  /** Without the line end. */
  readonly text: string;
}

/** No line of a data file may be longer, in characters: a file without line ends would otherwise be read into memory whole. */
export const MAX_LINE_LENGTH = 64 * 1024 * 1024;

/**
 * Reads a text file line by line in pieces, so the file may be larger than memory. It may be packed by gzip or zstd, in UTF-8
 * or another encoding (see `decodeText`); lines end in LF or CRLF, or in CR where there is no LF.
 *
 * @param path `-` for standard input
 * @throws {DataError} if the file cannot be read or decoded, or a line is too long: with the file and the line.
 */
export async function* readLines(path: string, options: TextOptions = {}): AsyncGenerator<Line> {
  const source = await openBytes(path);
  try {
    yield* linesOf(source, decodeText(source, options));
  } finally {
    await source.close();
  }
}

/** The lines of a text that comes in pieces. */
export async function* linesOf(
  { name, head }: Pick<ByteSource, "name" | "head">,
  texts: AsyncIterable<string>,
): AsyncGenerator<Line> {
  const end = head.includes(LF) || !head.includes(CR) ? "\n" : "\r";
  let number = 0;
  let pending: string[] = [];
  let length = 0;
  const line = (last: string): Line => {
    let text = pending.length === 0 ? last : pending.join("") + last;
    pending = [];
    length = 0;
    if (text.endsWith("\r")) text = text.slice(0, -1);
    return { number: ++number, text };
  };
  for await (const text of texts) {
    let start = 0;
    for (let at = text.indexOf(end); at >= 0; at = text.indexOf(end, start)) {
      yield line(text.slice(start, at));
      start = at + 1;
    }
    if (start === text.length) continue;
    pending.push(text.slice(start));
    length += text.length - start;
    if (length > MAX_LINE_LENGTH) {
      throw new DataError(
        `${name} line ${number + 1}: longer than ${MAX_LINE_LENGTH} characters; ` +
          "is this a file with one record per line?",
      );
    }
  }
  if (length > 0) yield line("");
}

const LF = 10;
const CR = 13;
