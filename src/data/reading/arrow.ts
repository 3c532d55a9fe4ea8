/**
 * Reading Arrow files and streams (Feather V2, and what `datasets` keeps on disk), a batch of rows at a time.
 *
 * @module
 */
import { CompressionType, setCompressionCodec, tableFromIPC } from "@uwdata/flechette";
import { Decompress } from "fzstd";
import { decompress as lz4 } from "lz4js";
import { concatBytes } from "../../base/bytes.ts";
import { firstLine } from "../../base/text.ts";
import { DataError } from "../errors.ts";
import type { PlacedRecord } from "../example.ts";
import type { ByteSource } from "./bytes.ts";
import { type ClassNames, classNamesInMetadata, withClassNames } from "./class_names.ts";
import { plainValue } from "./values.ts";

/** Limits of what a message may say of itself. */
const MAX_METADATA_BYTES = 64 * 2 ** 20;
const MAX_BODY_BYTES = 2 ** 30;
const MAX_BATCH_ROWS = 10_000_000;

/**
 * The rows of an Arrow file or stream. A file is read as the stream that it holds; its footer is not needed.
 *
 * Source: Apache Arrow, "Serialization and Interprocess Communication (IPC)".
 *
 * @param options `onClasses`: gets the columns whose integers have names, and the names
 * @throws {DataError} when it is broken or cut off, or has a batch that is larger than what can be read at once.
 */
export async function* arrowRecords(
  { name, chunks }: ByteSource,
  { onClasses }: { readonly onClasses?: (classes: ClassNames) => void } = {},
): AsyncGenerator<PlacedRecord> {
  let schema: Uint8Array | undefined;
  let classes: ClassNames = new Map();
  const dictionaries: Uint8Array[] = [];
  let row = 0;
  for await (const { kind, bytes } of messages(chunks, name)) {
    if (kind === SCHEMA) {
      schema = bytes;
      const metadata = attempt(name, () => tableFromIPC([bytes]).schema.metadata);
      classes = classNamesInMetadata(metadata?.get("huggingface"));
      if (classes.size > 0) onClasses?.(classes);
    } else if (schema === undefined) throw broken(name, "no schema comes first");
    else if (kind === DICTIONARY) dictionaries.push(bytes);
    else if (kind === BATCH) {
      for (const record of attempt(name, () => rowsOf([schema!, ...dictionaries, bytes]))) {
        yield { record: withClassNames(record, classes), where: `${name} row ${++row}` };
      }
    }
  }
}

const [SCHEMA, DICTIONARY, BATCH] = [1, 2, 3];

function rowsOf(parts: Uint8Array[]): Record<string, unknown>[] {
  const table = tableFromIPC(parts, { useBigInt: true, useDate: true });
  if (!(table.numRows >= 0 && table.numRows <= MAX_BATCH_ROWS)) {
    throw new Error(`a batch of ${table.numRows} rows`);
  }
  const columns = table.schema.fields.map(({ name }, i) => ({ name, values: table.getChildAt(i) }));
  return Array.from(
    { length: table.numRows },
    (_, row) => Object.fromEntries(columns.map(({ name, values }) => [name, plainValue(values.get(row))])),
  );
}

interface Message {
  readonly kind: number;
  /** Prefix, metadata and body. */
  readonly bytes: Uint8Array;
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
    const { kind, bodyLength } = attempt(name, () => headerOf(metadata));
    if (!(bodyLength >= 0 && bodyLength <= MAX_BODY_BYTES)) {
      throw broken(name, `a message has ${bodyLength} bytes, and the limit is ${MAX_BODY_BYTES}`);
    }
    const body = await stream.take(bodyLength);
    if (metadata.length < length || body.length < bodyLength) throw broken(name, "it is cut off");
    yield { kind, bytes: concatBytes([isOld ? start.subarray(0, 4) : start, metadata, body]) };
  }
}

/** The kind of a message and its body's length, from the flatbuffer `Message` of Arrow's `Message.fbs`. */
function headerOf(metadata: Uint8Array): { kind: number; bodyLength: number } {
  const data = view(metadata);
  const table = data.getInt32(0, true);
  const fields = table - data.getInt32(table, true);
  const fieldAt = (slot: number) =>
    slot < data.getUint16(fields, true) ? data.getUint16(fields + slot, true) : 0;
  const [kind, body] = [fieldAt(6), fieldAt(10)];
  return {
    kind: kind === 0 ? 0 : data.getUint8(table + kind),
    bodyLength: body === 0 ? 0 : Number(data.getBigInt64(table + body, true)),
  };
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Takes so many bytes of a stream at a time, fewer at its end. */
function createTaker(chunks: AsyncIterable<Uint8Array>): {
  take(size: number): Promise<Uint8Array>;
  putBack(bytes: Uint8Array): void;
} {
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

/** The sizes of buffers that are compressed are checked before memory is taken for them. */
function checkSize(size: number): number {
  if (size >= 0 && size <= MAX_BODY_BYTES) return size;
  throw new Error(`a column of ${size} bytes, and the limit is ${MAX_BODY_BYTES}`);
}

function unusedEncoder(): never {
  throw new Error("only reading is done here");
}

setCompressionCodec(CompressionType.LZ4_FRAME, {
  encode: unusedEncoder,
  decode: (bytes: Uint8Array, size: number) => lz4(bytes, checkSize(size)),
});
setCompressionCodec(CompressionType.ZSTD, {
  encode: unusedEncoder,
  decode(bytes: Uint8Array, size: number) {
    checkSize(size);
    const parts: Uint8Array[] = [];
    let length = 0;
    const decoder = new Decompress((part) => {
      parts.push(part);
      length += part.length;
      if (length > size) throw new Error("a column is longer than it says");
    });
    decoder.push(bytes, true);
    return concatBytes(parts);
  },
});

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
