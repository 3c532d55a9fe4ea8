/**
 * Unpacking compressed streams, a piece at a time: what comes out is never held whole.
 *
 * @module
 */
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { concatBytes } from "../../base/bytes.ts";
import { firstLine } from "../../base/text.ts";
import { DataError } from "../errors.ts";
import type { Compression } from "./options.ts";

/** How bytes are packed, by how they begin. */
export function compressionOf(chunks: readonly Uint8Array[]): Compression | null {
  const [a, b, c, d] = concatBytes(chunks.map((chunk) => chunk.subarray(0, 4)));
  if (a === 0x1f && b === 0x8b) return "gzip";
  if (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd) return "zstd";
  if (a === 0x42 && b === 0x5a && c === 0x68 && d >= 0x31 && d <= 0x39) return "bzip2";
  return null;
}

/**
 * The bytes that were packed.
 *
 * @throws {DataError} when they are broken or cut off.
 */
export function decompress(
  chunks: AsyncGenerator<Uint8Array>,
  compression: Compression,
  name: string,
): AsyncGenerator<Uint8Array> {
  if (compression === "gzip") return gunzip(chunks, name);
  if (compression === "zstd") return unzstd(chunks, name);
  throw new DataError(`${name}: is compressed by bzip2, which is not read; unpack it with bunzip2 first`);
}

/** Node's, because a DecompressionStream refuses files of several members, as bgzip and `cat a.gz b.gz` make them. */
async function* gunzip(chunks: AsyncGenerator<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  const source = Readable.from(chunks);
  const unpacked = createGunzip();
  source.on("error", (error) => unpacked.destroy(error));
  source.pipe(unpacked);
  try {
    for await (const bytes of unpacked) yield bytes as Uint8Array;
  } catch (error) {
    throw error instanceof DataError ? error : broken(name, "gzip", error);
  } finally {
    source.destroy();
    unpacked.destroy();
  }
}

/** Packed bytes that are unpacked at once: a block of 4 bytes may stand for 128 KiB, so this many stay under 32 MiB. */
const ZSTD_STEP = 1024;

/** fzstd's, because Deno's node:zlib ends after the first frame and takes a file that was cut off for whole. */
async function* unzstd(chunks: AsyncGenerator<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  const { Decompress } = await import("fzstd");
  let out: Uint8Array[] = [];
  const decoder = new Decompress((bytes) => {
    if (bytes.length > 0) out.push(bytes);
  });
  const push = (bytes: Uint8Array, isLast: boolean) => {
    try {
      decoder.push(bytes, isLast);
    } catch (error) {
      throw broken(name, "zstd", error);
    }
    const ready = out;
    out = [];
    return ready;
  };
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += ZSTD_STEP) {
      yield* push(chunk.subarray(at, at + ZSTD_STEP), false);
    }
  }
  yield* push(new Uint8Array(), true);
}

function broken(name: string, kind: string, error: unknown): DataError {
  return new DataError(
    `${name}: its ${kind} data are broken or cut off (${firstLine(error)}); copy or download the file again`,
  );
}
