/**
 * Decoding Arrow; runs in the thread of `decoder_worker.ts` alone, which is ended when a file costs too much.
 *
 * @module
 */
import { CompressionType, setCompressionCodec, tableFromIPC } from "@uwdata/flechette";
import { decompress as lz4 } from "lz4js";
import { zstdDecompressSync } from "node:zlib";
import type { DataRecord } from "../example.ts";
import { checkColumn } from "./arrow_check.ts";
import { plainValue } from "./values.ts";

const MAX_BUFFER_BYTES = 2 ** 30;
const MAX_BATCH_ROWS = 10_000_000;

/** Decodes the batches of a stream, after its schema: whole messages, each with its prefix and body. */
export function createArrowDecoder(schema: Uint8Array): {
  /** What `datasets` says of the features, as JSON. */
  readonly features?: string;
  /** A dictionary, or more of one, that later batches refer to. */
  addDictionary(message: Uint8Array): void;
  rowsOf(message: Uint8Array): Generator<DataRecord>;
} {
  const dictionaries: Uint8Array[] = [];
  return {
    features: tableFromIPC([schema]).schema.metadata?.get("huggingface"),
    addDictionary: (message) => void dictionaries.push(message),
    rowsOf: (message) => rowsOf([schema, ...dictionaries, message]),
  };
}

function* rowsOf(parts: Uint8Array[]): Generator<DataRecord> {
  const table = tableFromIPC(parts, { useBigInt: true, useDate: true });
  if (Number.isNaN(table.numRows)) throw new TypeError("the number of rows is missing");
  if (!(table.numRows >= 0 && table.numRows <= MAX_BATCH_ROWS)) {
    throw new Error(`a batch of ${table.numRows} rows`);
  }
  const columns = table.schema.fields.map(({ name }, i) => ({ name, values: table.getChildAt(i) }));
  for (const { values } of columns) checkColumn(values, table.numRows);
  for (let row = 0; row < table.numRows; row++) {
    yield Object.fromEntries(
      columns.map(({ name, values }) => [name, plainValue(values.at(row))]),
    ) as DataRecord;
  }
}

/** The sizes of buffers that are compressed are checked before memory is taken for them. */
function checkSize(size: number): number {
  if (size >= 0 && size <= MAX_BUFFER_BYTES) return size;
  throw new Error(`a column of ${size} bytes, and the limit is ${MAX_BUFFER_BYTES}`);
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
    const buffer = zstdDecompressSync(bytes, { maxOutputLength: Math.max(1, checkSize(size)) });
    if (buffer.length !== size) throw new Error("a column is shorter than it says");
    return buffer;
  },
});
