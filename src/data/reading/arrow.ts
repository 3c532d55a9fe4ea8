/**
 * Reading Arrow files and streams (Feather V2, and what `datasets` keeps on disk), a batch of rows at a time.
 *
 * @module
 */
import { concatBytes } from "../../base/bytes.ts";
import { firstLine } from "../../base/text.ts";
import { DataError } from "../errors.ts";
import type { PlacedRecord } from "../example.ts";
import { BATCH, DICTIONARY, readMessageHeader, SCHEMA } from "./arrow_message.ts";
import type { ByteSource } from "./bytes.ts";
import { type ClassNames, classNamesInMetadata, withClassNames } from "./class_names.ts";
import { createDecoder } from "./decoder.ts";
import { createTaker } from "./taker.ts";

/** Limits of what a message may say of itself. */
const MAX_METADATA_BYTES = 64 * 2 ** 20;
const MAX_BODY_BYTES = 2 ** 30;

/**
 * The rows of an Arrow file or stream. A file is read as the stream that it holds; its footer is not needed. Batches are decoded
 * in a thread of their own.
 *
 * Source: Apache Arrow, "Serialization and Interprocess Communication (IPC)".
 *
 * @param options `onClasses`: gets the columns whose integers have names, and the names
 * @throws {DataError} when it is broken or cut off, or takes more time or memory than one of its size should.
 */
export async function* arrowRecords(
  { name, path, chunks }: ByteSource,
  { onClasses }: { readonly onClasses?: (classes: ClassNames) => void } = {},
): AsyncGenerator<PlacedRecord> {
  const size = path === null ? MAX_BODY_BYTES : Math.min(MAX_BODY_BYTES, (await Deno.stat(path)).size);
  const decoder = createDecoder({ name, format: "Arrow", size });
  let hasSchema = false;
  let classes: ClassNames = new Map();
  let row = 0;
  try {
    for await (const { kind, bytes } of messages(chunks, name)) {
      if (kind === SCHEMA) {
        if (hasSchema) throw broken(name, "it has two schemas");
        hasSchema = true;
        const { features } = await decoder.ask({ kind: "schema", bytes }, bytes.byteLength);
        classes = classNamesInMetadata(features);
        if (classes.size > 0) onClasses?.(classes);
      } else if (!hasSchema) throw broken(name, "no schema comes first");
      else if (kind === DICTIONARY) await decoder.ask({ kind: "dictionary", bytes }, bytes.byteLength);
      else if (kind === BATCH) {
        await decoder.ask({ kind: "batch", bytes }, bytes.byteLength);
        for await (const record of decoder.rows()) {
          yield { record: withClassNames(record, classes), where: `${name} row ${++row}` };
        }
      }
    }
  } finally {
    await decoder.close();
  }
}

interface Message {
  readonly kind: number;
  /** Prefix, metadata and body. */
  readonly bytes: ArrayBuffer;
}

/** The messages of a stream: four bytes of ones, the metadata's length, the metadata, and the body that it announces. */
async function* messages(chunks: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Message> {
  const stream = createTaker(chunks);
  let start = await stream.take(8);
  if (new TextDecoder("latin1").decode(start.subarray(0, 6)) === "ARROW1") start = await stream.take(8);
  for (; start.length > 0; start = await stream.take(8)) {
    if (start.length < 4) throw broken(name, "it is cut off");
    const isOld = view(start).getUint32(0, true) !== 0xffffffff; // before version 0.15 the ones were not there
    if (isOld) stream.putBack(start.slice(4));
    else if (start.length < 8) throw broken(name, "it is cut off");
    const length = view(start).getInt32(isOld ? 0 : 4, true);
    if (length === 0) return; // the stream's end
    if (length < 0 || length > MAX_METADATA_BYTES) {
      throw broken(name, `a message's description has ${length} bytes`);
    }
    const metadata = await stream.take(length);
    const { kind, bodyLength } = attempt(name, () => readMessageHeader(metadata));
    if (!(bodyLength >= 0 && bodyLength <= MAX_BODY_BYTES)) {
      throw broken(name, `a message has ${bodyLength} bytes, and the limit is ${MAX_BODY_BYTES}`);
    }
    const body = await stream.take(bodyLength);
    if (metadata.length < length || body.length < bodyLength) throw broken(name, "it is cut off");
    yield { kind, bytes: concatBytes([isOld ? start.subarray(0, 4) : start, metadata, body]).buffer };
  }
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function attempt<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof DataError ? error : broken(name, firstLine(error));
  }
}

function broken(name: string, problem: string): DataError {
  return new DataError(`${name}: cannot be read as Arrow: ${problem}; copy or write the file again`);
}
