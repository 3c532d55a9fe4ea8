/**
 * SHA-256 of texts, bytes and files.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { UserError } from "./errors.ts";
import { openForReading } from "./files.ts";

/**
 * The SHA-256 of a text (as UTF-8), of bytes, or of several one after the other, as 64 hexadecimal digits.
 *
 * @example
 * ```ts
 * import { sha256 } from "./hash.ts";
 * import assert from "node:assert/strict";
 *
 * assert.match(sha256("abc"), /^ba7816bf/);
 * assert.equal(sha256(["a", "bc"]), sha256("abc"));
 * ```
 */
export function sha256(data: string | Uint8Array | Iterable<string | Uint8Array>): string {
  const hash = createHash("sha256");
  for (const part of typeof data === "string" || data instanceof Uint8Array ? [data] : data) {
    hash.update(part);
  }
  return hash.digest("hex");
}

/** A file's length and content. */
export interface FileDigest {
  readonly sizeBytes: number;
  /** 64 lower-case hexadecimal digits. */
  readonly sha256: string;
}

/**
 * Reads a file in pieces, so that one of any size takes a mebibyte; `onChunk` is given each piece before the next is read.
 *
 * @throws {UserError} when it is no regular file, or larger than `maxBytes`.
 */
export async function hashFile(
  path: string,
  onChunk?: (chunk: Uint8Array) => Promise<void>,
  { maxBytes = Infinity }: { readonly maxBytes?: number } = {},
): Promise<FileDigest> {
  const hash = createHash("sha256");
  const buffer = new Uint8Array(2 ** 20);
  let sizeBytes = 0;
  using file = await openForReading(path, { maxBytes });
  for (let n: number | null; (n = await file.read(buffer)) !== null;) {
    const chunk = buffer.subarray(0, n);
    hash.update(chunk);
    sizeBytes += n;
    if (sizeBytes > maxBytes) throw new UserError(`${path} has over ${maxBytes} bytes, which is the limit`);
    await onChunk?.(chunk);
  }
  return { sizeBytes, sha256: hash.digest("hex") };
}
