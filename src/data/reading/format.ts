/**
 * Finding out what a source holds, from its first bytes and how its name ends.
 *
 * @module
 */
import { DataError } from "../errors.ts";
import type { ByteSource } from "./bytes.ts";
import type { Format } from "./options.ts";

/** What was found, and a line where the content is not what the name promises. */
export interface FoundFormat {
  readonly format: Format;
  readonly guess?: string;
}

const byExtension: Readonly<Record<string, Format>> = {
  csv: "csv",
  tsv: "csv",
  tab: "csv",
  jsonl: "jsonl",
  ndjson: "jsonl",
  json: "json",
  parquet: "parquet",
  pq: "parquet",
  arrow: "arrow",
  feather: "arrow",
  ipc: "arrow",
  conll: "conll",
  conllu: "conll",
  bio: "conll",
};

/** The format that a name promises; endings of compressed files are looked through. */
export function formatOfName(name: string): Format | undefined {
  return byExtension[extensionOf(name)];
}

/** How a name ends, without `.gz` and the like. */
export function extensionOf(name: string): string {
  return /\.(\w+)$/.exec(name.replace(/\.(gz|gzip|zst|zstd|bz2)$/i, ""))?.[1].toLowerCase() ?? "";
}

/** Contents that people give by mistake, by their first bytes, and what to do. */
const others: readonly (readonly [string, string])[] = [
  ["PK\x03\x04", "is a zip archive, or a workbook such as .xlsx: unpack it, or save the sheet as CSV"],
  ["\xd0\xcf\x11\xe0", "is an old Office document, such as .xls: save the sheet as CSV"],
  ["SQLite format 3\0", "is a SQLite database: export the table as CSV"],
  ["%PDF-", "is a PDF: its text must be taken out first"],
  ["\x89HDF", "is HDF5: export the table as CSV or Parquet"],
  ["\xfd7zXZ", "is compressed by xz, which is not read: unpack it with unxz first"],
  ["7z\xbc\xaf", "is a 7-Zip archive: unpack it first"],
  ["Rar!", "is a RAR archive: unpack it first"],
  [
    "\x80\x04\x95",
    "is a Python pickle, which can run code and is not read: save it as JSON lines or Parquet",
  ],
  ["ORC", "is ORC: save it as Parquet"],
  ["FEA1", "is Feather of version 1: write it as Arrow's format, which is Feather of version 2"],
  ["Obj\x01", "is Avro: save it as Parquet"],
  ["version https://git-lfs", "is a Git LFS pointer, not the file itself: run git lfs pull"],
];

/**
 * What a source holds: by its first bytes where they decide, then by its name if its content agrees, then by its content.
 *
 * @throws {DataError} for an empty file, and for content of a kind that is not read.
 */
export function findFormat({ name, head }: ByteSource): FoundFormat {
  if (head.length === 0) throw new DataError(`${name}: no examples: it is empty`);
  const start = latin(head.subarray(0, 32));
  if (start.startsWith("PAR1")) return { format: "parquet" };
  if (start.startsWith("ARROW1") || start.startsWith("\xff\xff\xff\xff")) return { format: "arrow" };
  const named = formatOfName(name);
  const other = named === "csv" || named === "jsonl"
    ? undefined
    : others.find(([magic]) => start.startsWith(magic));
  const packed = others.find(([magic]) => /[^ -~]|^%|^version/.test(magic) && start.startsWith(magic));
  if (other ?? packed) throw new DataError(`${name}: ${(other ?? packed)![1]}`);
  if (named === "parquet" || named === "arrow") {
    throw new DataError(
      `${name}: does not begin as ${named === "parquet" ? "a Parquet" : "an Arrow"} file does; ` +
        "it is cut off or something else: name it by what it is, or give --format",
    );
  }
  const seen = seenIn(textOf(head), named);
  if (named === undefined) {
    // Of delimited text the reader says how it is read.
    return seen === undefined
      ? { format: "csv" }
      : { format: seen, guess: `${name}: read as ${titles[seen]} (--format)` };
  }
  // Tagged sentences have many looks; of a text that is no JSON, a file's name says best what it should be.
  if (named === "conll" || seen === named || seen === undefined && named === "csv") return { format: named };
  const format = seen ?? "csv";
  const why = seen === undefined ? "it holds no JSON" : "that is what it holds";
  return { format, guess: `${name}: read as ${titles[format]}, since ${why} (--format)` };
}

/** What people call a format. */
export const titles: Readonly<Record<Format, string>> = {
  csv: "delimited text",
  jsonl: "JSON lines",
  json: "JSON",
  parquet: "Parquet",
  arrow: "Arrow",
  conll: "tagged sentences, a token a line",
  fasttext: "fastText's lines, with __label__ before each label",
  lines: "a text a line",
};

/** JSON or fastText's lines by how they begin; undefined: anything else. */
function seenIn(text: string, named: Format | undefined): Format | undefined {
  const lines = text.split(/\r\n|\n|\r/).map((line) => line.trim()).filter((line) => line !== "");
  const [first = "", second = ""] = lines;
  if (/^__label__\S/.test(first)) return "fasttext";
  if (first.startsWith("[")) {
    const isOneALine = first.endsWith("]") && second.startsWith("[");
    if (isJsonStart(first)) return isOneALine ? "jsonl" : "json";
    return named === "json" || named === "jsonl" ? named : undefined;
  }
  if (!first.startsWith("{")) return undefined;
  // An object a line, or one object over many lines. An only object is a record, or holds a list: the name tells.
  if (lines.length === 1) {
    return named === "json" ? "json" : isObject(first) ? "jsonl" : named === "jsonl" ? named : undefined;
  }
  if (isObject(first) || /\}$/.test(first) && second.startsWith("{")) return "jsonl";
  if (/^\{\s*($|"|')/.test(first)) return named === "jsonl" && /\}$/.test(first) ? "jsonl" : "json";
  return named === "csv" ? undefined : named;
}

/** A list of JSON begins with a value, unlike a text in square brackets. */
function isJsonStart(first: string): boolean {
  return /^\[\s*($|\{\s*("|\}|$)|\[|"|\])/.test(first);
}

function isObject(line: string): boolean {
  try {
    const value = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function latin(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

/** The beginning as text, to look for ASCII in it: UTF-16 without its zero bytes. */
function textOf(head: Uint8Array): string {
  const text = new TextDecoder("latin1").decode(head);
  const plain = /^(\xff\xfe|\xfe\xff|\xef\xbb\xbf|\u00ff\u00fe|\u00fe\u00ff|\u00ef\u00bb\u00bf)/.test(text)
    ? text.replace(/^[\u0080-\uffff]+/, "")
    : text;
  return plain.slice(0, 4).includes("\0") ? plain.replaceAll("\0", "") : plain;
}
