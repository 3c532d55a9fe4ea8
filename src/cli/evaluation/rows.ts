/**
 * Reading the rows of an evaluation: predictions, references, texts with labels and further columns.
 *
 * @module
 */
import { readLimited } from "../../base/files.ts";
import { hashFile } from "../../base/hash.ts";
import { parseJson } from "../../base/json.ts";
import { readJsonLines } from "../../data/jsonl.ts";
import { readLines } from "../../data/lines.ts";
import { formatOfName } from "../../data/reading/format.ts";
import { readRecords } from "../../data/records.ts";
import { InputError } from "../output.ts";

const MAX_ROWS = 5_000_000;
const MAX_JSON_BYTES = 512 * 2 ** 20;

/**
 * The rows of a file, by how its name ends: `.jsonl` and `.ndjson` a JSON value a line, `.json` one list; an object of columns
 * a row where data of that kind have records (`.csv`, `.tsv`, `.parquet`, `.arrow`, packed or not); else a text a line.
 *
 * @throws {DataError} naming the file and line that cannot be read; {InputError} when there are no rows, or too many.
 */
export async function readRows(path: string): Promise<unknown[]> {
  return (await readPlaced(path)).map(({ value }) => value);
}

/** A row, and what errors call the place it is from. */
interface Placed {
  readonly value: unknown;
  readonly where: string;
}

async function readPlaced(path: string): Promise<Placed[]> {
  const rows: Placed[] = [];
  for await (const row of rowsOf(path)) {
    rows.push(row);
    if (rows.length > MAX_ROWS) throw new InputError(`${path}: more than ${MAX_ROWS} rows`);
  }
  if (rows.length === 0) throw new InputError(`${path}: there are no rows`);
  return rows;
}

async function* rowsOf(path: string): AsyncGenerator<Placed> {
  const lower = path.toLowerCase();
  if (formatOfName(path) === "jsonl") yield* readJsonLines(path);
  else if (hasRecords(path)) {
    for await (const { record, where } of readRecords(path)) yield { value: record, where };
  } else if (lower.endsWith(".json")) {
    const list = await readJson(path);
    if (!Array.isArray(list)) {
      throw new InputError(`${path}: a list was expected; name one value a line .jsonl`);
    }
    for (const [i, value] of list.entries()) yield { value, where: `${path} item ${i + 1}` };
  } else {
    for await (const { text, number } of readLines(path)) {
      yield { value: text, where: `${path} line ${number}` };
    }
  }
}

/** Whether a name promises rows with columns. */
function hasRecords(path: string): boolean {
  return ["csv", "parquet", "arrow"].includes(formatOfName(path) ?? "");
}

/** A JSON file's value. */
export async function readJson(path: string): Promise<unknown> {
  const bytes = await readLimited(path, MAX_JSON_BYTES);
  if (!bytes) throw new InputError(`no such file: ${path}`);
  return parseJson(bytes, (problem) => new InputError(`${path}: ${problem}`));
}

/** `sha256:...` of a file; undefined for a folder, standard input and the data that come with Weir. */
export async function hashOf(path: string): Promise<string | undefined> {
  const isFile = path !== "spam" && path !== "-" && (await Deno.stat(path)).isFile;
  return isFile ? `sha256:${(await hashFile(path)).sha256}` : undefined;
}
