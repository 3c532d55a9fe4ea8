/**
 * Taking so many bytes of a stream at a time.
 *
 * @module
 */
import { concatBytes } from "../../base/bytes.ts";

/** A stream of bytes that is read by whoever knows how many come next. */
export interface Taker {
  /** The next bytes, fewer at the stream's end. */
  take(size: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Bytes that come before the next ones. */
  putBack(bytes: Uint8Array): void;
}

/** Takes bytes of chunks of any sizes. */
export function createTaker(chunks: AsyncIterable<Uint8Array>): Taker {
  const pending: Uint8Array[] = [];
  const rest = chunks[Symbol.asyncIterator]();
  return {
    async take(size) {
      const parts: Uint8Array[] = [];
      let missing = size;
      while (missing > 0) {
        const next = pending.shift() ?? (await rest.next()).value as Uint8Array | undefined;
        if (next === undefined) break;
        parts.push(next.subarray(0, missing));
        if (next.length > missing) pending.unshift(next.subarray(missing));
        missing -= Math.min(missing, next.length);
      }
      return concatBytes(parts);
    },
    putBack: (bytes) => void pending.unshift(bytes),
  };
}
