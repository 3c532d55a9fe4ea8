/**
 * Unpacking compressed streams, a piece at a time: what comes out is never held whole.
 *
 * @module
 */
import { createGunzip } from "node:zlib";
import { concatBytes } from "../../base/bytes.ts";
import { firstLine } from "../../base/text.ts";
import { DataError } from "../errors.ts";
import type { Compression } from "./options.ts";
import { piped } from "./piped.ts";
import { unzstd } from "./zstd.ts";

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
  // Node's, because a DecompressionStream refuses files of several members, as bgzip and `cat a.gz b.gz` make them.
  if (compression === "gzip") return saying(name, "gzip", piped(chunks, createGunzip()));
  if (compression === "zstd") return saying(name, "zstd", unzstd(chunks));
  throw new DataError(`${name}: is compressed by bzip2, which is not read; unpack it with bunzip2 first`);
}

/** Says which file is broken. */
async function* saying(
  name: string,
  kind: string,
  unpacked: AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* unpacked;
  } catch (error) {
    throw error instanceof DataError ? error : broken(name, kind, error);
  }
}

function broken(name: string, kind: string, error: unknown): DataError {
  return new DataError(
    `${name}: its ${kind} data are broken or cut off (${firstLine(error)}); copy or download the file again`,
  );
}
