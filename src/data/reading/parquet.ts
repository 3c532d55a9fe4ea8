/**
 * Reading Parquet files, a group of rows at a time.
 *
 * @module
 */
import { type AsyncBuffer, type FileMetaData, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { concatBytes } from "../../base/bytes.ts";
import { firstLine } from "../../base/text.ts";
import { openForReading } from "../../base/files.ts";
import { DataError } from "../errors.ts";
import type { DataRecord, PlacedRecord } from "../example.ts";
import { type ByteSource, fileError } from "./bytes.ts";
import { type ClassNames, classNamesInMetadata, withClassNames } from "./class_names.ts";
import { plainValue } from "./values.ts";

/** What comes as a stream is kept in memory, since the file's description stands at its end. */
const MAX_STREAM_BYTES = 2 ** 30;
/** Limits of what a file may say of itself. */
const MAX_METADATA_BYTES = 64 * 2 ** 20;
const MAX_GROUP_ROWS = 10_000_000;
const MAX_GROUP_BYTES = 2 ** 31;
const MAX_PAGE_BYTES = 2 ** 29;

/** "PAR1", as the last four bytes have it. */
const PAR1 = 0x31524150;

/**
 * The rows of a Parquet file. Each group of rows is in memory while it is read.
 *
 * @param options `onClasses`: gets the columns whose integers have names, and the names
 * @throws {DataError} when the file is broken, or larger than what can be read in a row.
 */
export async function* parquetRecords(
  source: ByteSource,
  { onClasses }: { readonly onClasses?: (classes: ClassNames) => void } = {},
): AsyncGenerator<PlacedRecord> {
  const { name, path } = source;
  const opened = path === null ? await inMemory(source) : await onDisk(path);
  try {
    const metadata = await attempt(name, () => readMetadata(opened.file));
    const classes = classNamesInMetadata(
      metadata.key_value_metadata?.find(({ key }) => key === "huggingface")?.value ?? undefined,
    );
    if (classes.size > 0) onClasses?.(classes);
    let row = 0;
    for (const group of metadata.row_groups) {
      const count = Number(group.num_rows);
      const rows = await attempt(name, () =>
        parquetReadObjects({
          file: opened.file,
          metadata,
          rowStart: row,
          rowEnd: row + count,
          compressors: limited,
          geoparquet: false,
        }));
      if (rows.length !== count) {
        throw broken(name, `${count} rows were expected and ${rows.length} are there`);
      }
      for (const values of rows) {
        const record = Object.fromEntries(
          Object.entries(values).map(([key, value]) => [key, plainValue(value)]),
        );
        yield { record: withClassNames(record as DataRecord, classes), where: `${name} row ${++row}` };
      }
    }
  } finally {
    opened.close();
  }
}

/** The library's decompressors, with a limit on what a page may claim to be. */
const limited = Object.fromEntries(
  Object.entries(compressors).map(([codec, unpack]) => [codec, (bytes: Uint8Array, length: number) => {
    if (!(length >= 0 && length <= MAX_PAGE_BYTES)) throw new Error(`a page of ${length} bytes`);
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
    if (!(start >= 0 && end >= start && end <= size)) throw new Error(`bytes ${start} to ${end} of ${size}`);
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

async function inMemory({ name, chunks }: ByteSource): Promise<Opened> {
  const bytes = await bytesOf(chunks, name);
  const slice = (start: number, end?: number) => bytes.buffer.slice(start, end);
  return { file: { byteLength: bytes.length, slice }, close: () => {} };
}

/** All bytes of a stream, up to a limit. */
export async function bytesOf(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
): Promise<Uint8Array<ArrayBuffer>> {
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
  return concatBytes(parts);
}

async function attempt<T>(name: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw error instanceof DataError ? error : broken(name, firstLine(error));
  }
}

function broken(name: string, problem: string): DataError {
  return new DataError(`${name}: cannot be read as Parquet: ${problem}; copy or write the file again`);
}
