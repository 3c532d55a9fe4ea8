/**
 * Decoding Parquet; runs in the thread of `decoder_worker.ts` alone, which is ended when a file costs too much.
 *
 * @module
 */
import {
  type AsyncBuffer,
  type ColumnMetaData,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { parquetHeader } from "hyparquet/src/column.js";
import { zstdDecompressSync } from "node:zlib";
import { openForReading } from "../../base/files.ts";
import type { DataRecord } from "../example.ts";
import { fileError } from "./bytes.ts";
import { plainValue } from "./values.ts";

/** Limits of what a file may say of itself. */
const MAX_METADATA_BYTES = 64 * 2 ** 20;
const MAX_GROUP_ROWS = 10_000_000;
const MAX_GROUP_BYTES = 2 ** 31;
const MAX_PAGE_BYTES = 2 ** 29;
/** What a page of lists may hold, rows apart. */
const MAX_PAGE_VALUES = 20_000_000;
/** A page that is no larger may be packed as tightly as it likes, a larger one so many times. */
const [FREE_PAGE_BYTES, MAX_PAGE_RATIO] = [64 * 2 ** 20, 256];

/** "PAR1", as the last four bytes have it. */
const PAR1 = 0x31524150;

/** A file whose description was read. */
export interface OpenParquet {
  /** In bytes. */
  readonly size: number;
  /** What `datasets` says of its features, as JSON. */
  readonly features?: string;
  rows(): AsyncGenerator<DataRecord>;
  close(): void;
}

/** Opens a file by its path, or takes its bytes. Its rows are to be read once. */
export async function openParquet(source: string | ArrayBuffer): Promise<OpenParquet> {
  const { file, close } = typeof source === "string" ? await onDisk(source) : inMemory(source);
  try {
    const metadata = await readMetadata(file);
    const features = metadata.key_value_metadata?.find(({ key }) => key === "huggingface")?.value ??
      undefined;
    return { size: file.byteLength, features, rows: () => rowsOf(file, metadata), close };
  } catch (error) {
    close();
    throw error;
  }
}

async function* rowsOf(file: AsyncBuffer, metadata: FileMetaData): AsyncGenerator<DataRecord> {
  let row = 0;
  for (const group of metadata.row_groups) {
    const count = Number(group.num_rows);
    for (const { meta_data } of group.columns) if (meta_data) await checkPages(file, meta_data, count);
    const rows = await parquetReadObjects({
      file,
      metadata,
      rowStart: row,
      rowEnd: row + count,
      compressors: limited,
      geoparquet: false,
    });
    if (rows.length !== count) throw new Error(`${count} rows were expected and ${rows.length} are there`);
    row += count;
    for (const values of rows) {
      yield Object.fromEntries(
        Object.entries(values).map(([key, value]) => [key, plainValue(value)]),
      ) as DataRecord;
    }
  }
}

/** Compares what a column's pages say of themselves with what is there, since memory is taken for what they say. */
async function checkPages(file: AsyncBuffer, column: ColumnMetaData, rows: number): Promise<void> {
  const start = Number(column.dictionary_page_offset || column.data_page_offset);
  const view = new DataView(await file.slice(start, start + Number(column.total_compressed_size)));
  const most = column.path_in_schema.length > 1 ? Math.max(rows, MAX_PAGE_VALUES) : rows;
  for (const reader = { view, offset: 0 }; reader.offset < view.byteLength - 1;) {
    const header = parquetHeader(reader);
    const { compressed_page_size: packed, uncompressed_page_size: size } = header;
    checkNumbers(packed, size);
    if (!(packed >= 0 && packed <= view.byteLength - reader.offset)) {
      throw new Error(`a page of ${packed} bytes where ${view.byteLength - reader.offset} are left`);
    }
    checkPage(packed, size);
    const data = header.data_page_header ?? header.data_page_header_v2;
    const dictionary = header.dictionary_page_header;
    if (data !== undefined) checkCount(data.num_values, most);
    // A value of a dictionary takes a bit at least.
    if (dictionary !== undefined) checkCount(dictionary.num_values, 8 * size);
    reader.offset += packed;
  }
}

/** What a description lacks is undefined, and what is damaged may be of any type. */
function checkNumbers(...values: unknown[]): void {
  if (
    values.every((value) => typeof value === "bigint" || typeof value === "number" && !Number.isNaN(value))
  ) return;
  throw new TypeError("a number is missing");
}

function checkCount(count: number, most: number): void {
  checkNumbers(count);
  if (!(count >= 0 && count <= most)) throw new Error(`a page of ${count} values, and ${most} are the most`);
}

function checkPage(packed: number, size: number): void {
  const most = Math.min(MAX_PAGE_BYTES, Math.max(FREE_PAGE_BYTES, packed * MAX_PAGE_RATIO));
  if (!(size >= 0 && size <= most)) throw new Error(`a page of ${size} bytes out of ${packed}`);
}

/** Node's, many times as fast as the library's; it ends after one frame, which is what a page nearly always is. */
function unzstd(bytes: Uint8Array, length: number): Uint8Array {
  const page = zstdDecompressSync(bytes, { maxOutputLength: Math.max(1, length) });
  return page.length === length ? page : compressors.ZSTD!(bytes, length);
}

/** Decompressors, with a limit on what a page may claim to be. */
const limited = Object.fromEntries(
  Object.entries({ ...compressors, ZSTD: unzstd }).map((
    [codec, unpack],
  ) => [codec, (bytes: Uint8Array, length: number) => {
    checkPage(bytes.length, length);
    return unpack!(bytes, length);
  }]),
);

async function readMetadata(file: AsyncBuffer): Promise<FileMetaData> {
  const end = new DataView(await file.slice(Math.max(0, file.byteLength - 8), file.byteLength));
  if (end.byteLength < 8 || end.getUint32(4, true) !== PAR1) {
    throw new Error("it does not end as a Parquet file does: it is cut off or overwritten");
  }
  if (end.getUint32(0, true) > MAX_METADATA_BYTES) throw new Error("its description is too large");
  const metadata = await parquetMetadataAsync(file, { geoparquet: false });
  for (const { columns, num_rows } of metadata.row_groups) {
    checkNumbers(num_rows);
    const bytes = columns.reduce(
      (sum, { meta_data }) => sum + Number(meta_data?.total_uncompressed_size ?? 0),
      0,
    );
    if (!(num_rows >= 0 && num_rows <= MAX_GROUP_ROWS && bytes >= 0 && bytes <= MAX_GROUP_BYTES)) {
      throw new Error(
        `a row group of ${num_rows} rows and ${bytes} bytes; ${MAX_GROUP_ROWS} rows and ${MAX_GROUP_BYTES} bytes are the limit`,
      );
    }
  }
  return metadata;
}

interface Opened {
  readonly file: AsyncBuffer;
  close(): void;
}

async function onDisk(path: string): Promise<Opened> {
  let disk: Deno.FsFile;
  try {
    disk = await openForReading(path);
  } catch (error) {
    throw fileError(path, error);
  }
  const { size } = await disk.stat();
  const slice = (start: number, end: number = size): ArrayBuffer => {
    checkRange(start, end, size);
    const bytes = new Uint8Array(end - start);
    // In one go, so that columns that are read at the same time do not move each other's place.
    disk.seekSync(start, Deno.SeekMode.Start);
    for (let at = 0; at < bytes.length;) {
      const count = disk.readSync(bytes.subarray(at));
      if (count === null) throw new Error("the file ends too early");
      at += count;
    }
    return bytes.buffer;
  };
  return { file: { byteLength: size, slice }, close: () => disk.close() };
}

function inMemory(buffer: ArrayBuffer): Opened {
  const { byteLength } = buffer;
  const slice = (start: number, end: number = byteLength) => {
    checkRange(start, end, byteLength);
    return buffer.slice(start, end);
  };
  return { file: { byteLength, slice }, close: () => {} };
}

function checkRange(start: number, end: number, size: number): void {
  checkNumbers(start, end);
  if (!(start >= 0 && end >= start && end <= size)) throw new Error(`bytes ${start} to ${end} of ${size}`);
}
