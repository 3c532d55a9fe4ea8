/**
 * Reading Parquet files, a group of rows at a time.
 *
 * @module
 */
import { concatBytes } from "../../base/bytes.ts";
import { DataError } from "../errors.ts";
import type { PlacedRecord } from "../example.ts";
import { type ByteSource, fileError } from "./bytes.ts";
import { type ClassNames, classNamesInMetadata, withClassNames } from "./class_names.ts";
import { createDecoder } from "./decoder.ts";

/** What comes as a stream is kept in memory, since the file's description stands at its end. */
const MAX_STREAM_BYTES = 2 ** 30;

/**
 * The rows of a Parquet file. They are decoded in a thread of their own, each group of rows in its memory at a time.
 *
 * @param options `onClasses`: gets the columns whose integers have names, and the names
 * @throws {DataError} when the file is broken, or takes more time or memory than one of its size should.
 */
export async function* parquetRecords(
  { name, path, chunks }: ByteSource,
  { onClasses }: { readonly onClasses?: (classes: ClassNames) => void } = {},
): AsyncGenerator<PlacedRecord> {
  const file = path ?? await bytesOf(chunks, name);
  const size = typeof file === "string" ? await sizeOf(file) : file.byteLength;
  const decoder = createDecoder({ name, format: "Parquet", size });
  try {
    const { features } = await decoder.ask({ kind: "parquet", file }, size);
    const classes = classNamesInMetadata(features);
    if (classes.size > 0) onClasses?.(classes);
    let row = 0;
    for await (const record of decoder.rows()) {
      yield { record: withClassNames(record, classes), where: `${name} row ${++row}` };
    }
  } finally {
    await decoder.close();
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await Deno.stat(path)).size;
  } catch (error) {
    throw fileError(path, error);
  }
}

/** All bytes of a stream, up to a limit. */
async function bytesOf(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
): Promise<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    parts.push(chunk);
    length += chunk.length;
    if (length > MAX_STREAM_BYTES) {
      throw new DataError(
        `${name}: more than ${MAX_STREAM_BYTES} bytes in a stream: save them as a file that is not packed`,
      );
    }
  }
  return concatBytes(parts).buffer;
}
