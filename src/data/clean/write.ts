/**
 * Writing records as a data file, so that they read again as they are.
 *
 * @module
 */
import { extname } from "node:path";
import type { DataRecord } from "../example.ts";

/** How the names of files end that can be written. */
export const writtenKinds: readonly string[] = [".jsonl", ".csv", ".tsv"];

/**
 * The bytes of a file with these records, in pieces: JSON lines, or CSV by RFC 4180 with every column that a record has. In CSV
 * a value that is no text becomes JSON, and a missing one nothing.
 *
 * @param path Its end says which kind.
 *
 * @example
 * ```ts
 * import { writeRecords } from "./write.ts";
 * import assert from "node:assert/strict";
 *
 * const records = [{ text: 'He said "no"', stars: 1 }, { text: "two\nlines", label: "a,b" }];
 * const csv = [...writeRecords("rows.csv", records)].map((bytes) => new TextDecoder().decode(bytes)).join("");
 * assert.equal(csv, 'text,stars,label\n"He said ""no""",1,\n"two\nlines",,"a,b"\n');
 * ```
 */
export function* writeRecords(path: string, records: readonly DataRecord[]): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  const kind = extname(path).toLowerCase();
  if (kind === ".jsonl") {
    for (const record of records) yield encoder.encode(`${JSON.stringify(record)}\n`);
    return;
  }
  const delimiter = kind === ".tsv" ? "\t" : ",";
  const columns = new Set<string>();
  for (const record of records) for (const name of Object.keys(record)) columns.add(name);
  const line = (fields: readonly string[]) =>
    encoder.encode(`${fields.map((text) => quoted(text, delimiter, fields.length === 1)).join(delimiter)}\n`);
  yield line([...columns]);
  for (const record of records) {
    yield line(
      Array.from(columns, (name) => fieldOf(Object.hasOwn(record, name) ? record[name] : undefined)),
    );
  }
}

function fieldOf(value: unknown): string {
  if (typeof value === "string") return value;
  return value === undefined || value === null ? "" : JSON.stringify(value);
}

/** A line of one empty field would read as no line at all. */
function quoted(text: string, delimiter: string, isAlone: boolean): string {
  const isPlain = !text.includes(delimiter) && !/["\r\n]/.test(text) && text.trim() === text;
  return isPlain && !(isAlone && text === "") ? text : `"${text.replaceAll('"', '""')}"`;
}
