/**
 * Reading text files line by line, of any size.
 *
 * @module
 */
import { concatBytes } from "../base/bytes.ts";
import { UserError } from "../base/errors.ts";
import { openForReading } from "../base/files.ts";
import { DataError } from "./errors.ts";

/** A line of a text file, without its line end. */
export interface Line {
  /** Counts from 1. */
  readonly number: number;
  /** Without the line end. */
  readonly text: string;
}

/** No line of a data file may be longer: a file without line ends would otherwise be read into memory whole. */
export const MAX_LINE_BYTES = 64 * 1024 * 1024;

/**
 * Reads a UTF-8 text file line by line (LF or CRLF, a byte-order mark is dropped), in pieces, so the file may be larger
 * than memory.
 *
 * @throws {DataError} if the file cannot be read, or a line is too long or not UTF-8: with the file and the line.
 */
export async function* readLines(path: string): AsyncGenerator<Line> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let number = 0;
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  const decode = (last: Uint8Array): Line => {
    number++;
    let bytes = pending.length === 0 ? last : concatBytes([...pending, last]);
    pending = [];
    pendingBytes = 0;
    if (bytes.at(-1) === CR) bytes = bytes.subarray(0, -1);
    if (number === 1 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
      bytes = bytes.subarray(3);
    }
    try {
      return { number, text: decoder.decode(bytes) };
    } catch {
      throw new DataError(`${path} line ${number}: not valid UTF-8; save the file as UTF-8`);
    }
  };

  const file = await open(path);
  try {
    const buffer = new Uint8Array(256 * 1024);
    for (;;) {
      const count = await read(file, buffer, path);
      if (count === null) break;
      let start = 0;
      for (let end = buffer.indexOf(LF); end >= 0 && end < count; end = buffer.indexOf(LF, start)) {
        yield decode(buffer.subarray(start, end));
        start = end + 1;
      }
      if (start === count) continue;
      pending.push(buffer.slice(start, count));
      pendingBytes += count - start;
      if (pendingBytes > MAX_LINE_BYTES) {
        throw new DataError(
          `${path} line ${
            number + 1
          }: longer than ${MAX_LINE_BYTES} bytes; is this a file with one record per line?`,
        );
      }
    }
    if (pending.length > 0) yield decode(new Uint8Array());
  } finally {
    file.close();
  }
}

const LF = 10;
const CR = 13;

async function open(path: string): Promise<Deno.FsFile> {
  try {
    return await openForReading(path, { streams: true });
  } catch (error) {
    throw fileError(path, error);
  }
}

async function read(file: Deno.FsFile, buffer: Uint8Array, path: string): Promise<number | null> {
  try {
    return await file.read(buffer);
  } catch (error) {
    throw fileError(path, error);
  }
}

function fileError(path: string, error: unknown): DataError {
  if (error instanceof Deno.errors.NotFound) return new DataError(`${path}: no such file`);
  if (error instanceof UserError) return new DataError(error.message);
  return new DataError(`${path}: cannot be read: ${error instanceof Error ? error.message : error}`);
}
