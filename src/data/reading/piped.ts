/**
 * Node's streams as generators.
 *
 * @module
 */
import { type Duplex, Readable } from "node:stream";

/** What comes out of a stream of Node's that gets all bytes of `chunks`; both are ended when nobody takes more. */
export async function* piped(
  chunks: AsyncGenerator<Uint8Array>,
  through: Duplex,
): AsyncGenerator<Uint8Array> {
  const source = Readable.from(chunks);
  source.on("error", (error) => through.destroy(error));
  source.pipe(through);
  try {
    for await (const { buffer, byteOffset, byteLength } of through as AsyncIterable<Uint8Array>) {
      yield new Uint8Array(buffer, byteOffset, byteLength); // a Buffer's own methods are other ones, and slower
    }
  } finally {
    source.destroy();
    through.destroy();
  }
}
