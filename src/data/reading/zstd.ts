/**
 * Unpacking zstd, a piece at a time.
 *
 * Node's decoder does it, which Deno ends after a stream's first frame and lets take one that was cut off for whole. So frames
 * are told apart here, by the sizes that they and their blocks say of themselves, and each has a decoder of its own.
 *
 * Source: RFC 8878.
 *
 * @module
 */
import { createZstdDecompress } from "node:zlib";
import { concatBytes } from "../../base/bytes.ts";
import { piped } from "./piped.ts";
import { createTaker, type Taker } from "./taker.ts";

const MAGIC = 0xfd2fb528;
/** Of frames that hold something else: the last four bits may be anything. */
const SKIPPABLE = 0x184d2a50;
const MAX_BLOCK_BYTES = 128 * 1024;

/**
 * The bytes of all frames.
 *
 * @throws an error that says what is wrong; Node's own for blocks that are broken, and for windows of over 128 MiB.
 */
export async function* unzstd(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const stream = createTaker(chunks);
  for (;;) {
    const start = await stream.take(4);
    if (start.length === 0) return;
    const magic = start.length < 4 ? 0 : numberOf(start);
    if ((magic & ~15) >>> 0 === SKIPPABLE) {
      await skip(stream, numberOf(await whole(stream, 4)));
      continue;
    }
    if (magic !== MAGIC) throw new Error("a frame begins otherwise than frames do");
    yield* piped(frameOf(start, stream), createZstdDecompress());
  }
}

/** The pieces of a frame: its header, its blocks one after the other, and its checksum. */
async function* frameOf(start: Uint8Array, stream: Taker): AsyncGenerator<Uint8Array> {
  const descriptor = await whole(stream, 1);
  const isSingle = (descriptor[0] & 0x20) !== 0;
  const ofDictionary = [0, 1, 2, 4][descriptor[0] & 3];
  const ofContent = [isSingle ? 1 : 0, 2, 4, 8][descriptor[0] >> 6];
  yield concatBytes([start, descriptor, await whole(stream, (isSingle ? 0 : 1) + ofDictionary + ofContent)]);
  for (let isLast = false; !isLast;) {
    const header = await whole(stream, 3);
    const bits = numberOf(header);
    const [kind, size] = [(bits >> 1) & 3, bits >> 3];
    if (kind === 3 || size > MAX_BLOCK_BYTES) throw new Error(`a block of kind ${kind} and ${size} bytes`);
    isLast = (bits & 1) === 1;
    // Of one that repeats a byte, that byte.
    yield concatBytes([header, await whole(stream, kind === 1 ? 1 : size)]);
  }
  if ((descriptor[0] & 4) !== 0) yield await whole(stream, 4);
}

async function whole(stream: Taker, size: number): Promise<Uint8Array> {
  const bytes = await stream.take(size);
  if (bytes.length < size) throw new Error("it ends within a frame");
  return bytes;
}

async function skip(stream: Taker, size: number): Promise<void> {
  for (let left = size; left > 0;) left -= (await whole(stream, Math.min(left, MAX_BLOCK_BYTES))).length;
}

/** Little-endian, of up to four bytes. */
function numberOf(bytes: Uint8Array): number {
  return bytes.reduceRight((sum, byte) => sum * 256 + byte, 0);
}
