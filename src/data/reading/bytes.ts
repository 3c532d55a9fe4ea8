/**
 * The bytes of a source, unpacked, as a stream whose beginning can be looked at first.
 *
 * @module
 */
import { concatBytes } from "../../base/bytes.ts";
import { openForReading } from "../../base/files.ts";
import { DataError } from "../errors.ts";
import { compressionOf, decompress } from "./decompress.ts";
import type { Compression } from "./options.ts";

/** A source that is open. Whoever opens it closes it. */
export interface ByteSource {
  /** As messages call it. */
  readonly name: string;
  /** The path of a file whose bytes are not packed, which may be read at any place; null: there is only the stream. */
  readonly path: string | null;
  readonly compression: Compression | null;
  /** The first bytes, at most {@linkcode HEAD_BYTES}. */
  readonly head: Uint8Array;
  /** All bytes from the beginning, in pieces. To be read once. */
  readonly chunks: AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/** How much of a source is looked at to find out what it is. */
export const HEAD_BYTES = 256 * 1024;

/**
 * Opens a file, or standard input for `-`.
 *
 * @throws {DataError} when there is no such file, when it is a folder, or neither a file nor a pipe that the shell made.
 */
export async function openBytes(source: string): Promise<ByteSource> {
  const isInput = source === "-";
  const name = isInput ? "standard input" : source;
  const raw = peek(isInput ? inputChunks() : fileChunks(await openFile(source), name));
  try {
    const compression = compressionOf(await raw.head(HEAD_BYTES));
    const unpacked = compression === null ? raw : peek(decompress(raw.chunks, compression, name));
    const head = concatBytes(await unpacked.head(HEAD_BYTES)).subarray(0, HEAD_BYTES);
    return {
      name,
      path: isInput || compression !== null ? null : source,
      compression,
      head,
      chunks: unpacked.chunks,
      close: async () => {
        await unpacked.close();
        await raw.close();
      },
    };
  } catch (error) {
    await raw.close();
    throw error;
  }
}

/** What comes of an iterator, with its beginning kept for looking at. */
export interface Peeked<T> {
  /** The first items, until they are `size` long together, or all. */
  head(size: number): Promise<T[]>;
  /** All items. */
  readonly chunks: AsyncGenerator<T>;
  /** Ends the iterator, whether anything was read or not. */
  close(): Promise<void>;
}

/** Lets the beginning of a stream of bytes or text be read twice. */
export function peek<T extends { readonly length: number }>(items: AsyncGenerator<T>): Peeked<T> {
  const kept: T[] = [];
  let length = 0;
  return {
    async head(size) {
      while (length < size) {
        const { value, done } = await items.next();
        if (done) break;
        kept.push(value);
        length += value.length;
      }
      return [...kept];
    },
    chunks: (async function* () {
      while (kept.length > 0) yield kept.shift()!;
      yield* items;
    })(),
    async close() {
      await items.return(undefined);
    },
  };
}

/**
 * A regular file, or what a shell's `<(...)` gives. A pipe with a name or a device would let a reader wait for ever, or never
 * end.
 */
async function openFile(path: string): Promise<Deno.FsFile> {
  const isOfShell = /^\/(?:dev|proc\/self)\/fd\/\d+$/.test(path);
  let info: Deno.FileInfo;
  try {
    info = await Deno.stat(path);
  } catch (error) {
    throw fileError(path, error);
  }
  if (info.isDirectory) throw new DataError(`${path}: is a directory; give a file`);
  if (!info.isFile && !isOfShell) {
    throw new DataError(`${path}: is neither a file nor a folder; pipe it in and give - for standard input`);
  }
  try {
    return await openForReading(path, { streams: isOfShell });
  } catch (error) {
    throw fileError(path, error);
  }
}

async function* fileChunks(file: Deno.FsFile, name: string): AsyncGenerator<Uint8Array> {
  try {
    for (;;) {
      const buffer = new Uint8Array(HEAD_BYTES);
      let count: number | null;
      try {
        count = await file.read(buffer);
      } catch (error) {
        throw fileError(name, error);
      }
      if (count === null) return;
      yield buffer.subarray(0, count);
    }
  } finally {
    file.close();
  }
}

let inputIsTaken = false;

async function* inputChunks(): AsyncGenerator<Uint8Array> {
  if (inputIsTaken) {
    throw new DataError(
      "standard input was read already and comes once only: save it as a file and name that",
    );
  }
  inputIsTaken = true;
  for (;;) {
    const buffer = new Uint8Array(HEAD_BYTES);
    const count = await Deno.stdin.read(buffer);
    if (count === null) return;
    yield buffer.subarray(0, count);
  }
}

/** What is wrong with a file that cannot be opened or read. */
export function fileError(path: string, error: unknown): DataError {
  if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
    return new DataError(`${path}: no such file`);
  }
  if (error instanceof Deno.errors.IsADirectory) return new DataError(`${path}: is a directory; give a file`);
  if (error instanceof Deno.errors.PermissionDenied) {
    return new DataError(`${path}: may not be read by this user; change its permissions`);
  }
  return new DataError(`${path}: cannot be read: ${error instanceof Error ? error.message : error}`);
}
