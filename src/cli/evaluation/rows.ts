/**
 * Reading the rows of an evaluation: predictions, references, texts with labels and further columns.
 *
 * @module
 */
import { readLimited } from "../../base/files.ts";
import { hashFile } from "../../base/hash.ts";
import { isObject, parseJson } from "../../base/json.ts";
import { readCsvRecords } from "../../data/csv.ts";
import { readJsonLines } from "../../data/jsonl.ts";
import { readLines } from "../../data/lines.ts";
import { readSpam } from "../../data/spam.ts";
import { InputError } from "../output.ts";

const MAX_ROWS = 5_000_000;
const MAX_JSON_BYTES = 512 * 2 ** 20;

/**
 * The rows of a file, by how its name ends: `.jsonl` and `.ndjson` a JSON value a line, `.json` one list, `.csv` and `.tsv` an object
 * of columns a row, anything else a text a line.
 *
 * @throws {DataError} naming the file and line that cannot be read; {InputError} when there are no rows, or too many.
 */
export async function readRows(path: string): Promise<unknown[]> {
  return (await readPlaced(path)).map(({ value }) => value);
}

/** A row, and what errors call the place it stands at. */
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
  if (/\.(jsonl|ndjson)$/.test(lower)) yield* readJsonLines(path);
  else if (/\.(csv|tsv)$/.test(lower)) {
    for await (const { record, where } of readCsvRecords(path)) yield { value: record, where };
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

/** A JSON file's value. */
export async function readJson(path: string): Promise<unknown> {
  const bytes = await readLimited(path, MAX_JSON_BYTES);
  if (!bytes) throw new InputError(`no such file: ${path}`);
  return parseJson(bytes, (problem) => new InputError(`${path}: ${problem}`));
}

/** A text that a model is asked about, its true label, and the columns beside it. */
export interface LabelledRow {
  readonly text: string;
  readonly label: string;
  readonly record: Readonly<Record<string, unknown>>;
}

/** Where a file keeps text and label, and which labels there are. */
export interface LabelledColumns {
  readonly textColumn: string;
  readonly labelColumn: string;
  readonly labels: readonly string[];
}

/**
 * Reads labelled texts with all their columns: a file as {@linkcode readRows} reads it, or `spam`.
 *
 * @throws {InputError} naming the row that lacks a text or a label, or has an unknown one.
 */
export async function readLabelled(path: string, columns: LabelledColumns): Promise<LabelledRow[]> {
  const { textColumn, labelColumn, labels } = columns;
  const rows = path === "spam"
    ? readSpam().map((value, i) => ({ value: value as unknown, where: `spam mail ${i + 1}` }))
    : await readPlaced(path);
  return rows.map(({ value: record, where }) => {
    if (!isObject(record)) {
      throw new InputError(`${where}: wanted columns "${textColumn}" and "${labelColumn}"`);
    }
    const { [textColumn]: text, [labelColumn]: label } = record;
    if (typeof text !== "string") throw missing(where, textColumn, record);
    if (!["string", "number", "boolean"].includes(typeof label) || label === "") {
      throw missing(where, labelColumn, record);
    }
    if (!labels.includes(String(label))) {
      throw new InputError(
        `${where}: unknown label ${JSON.stringify(label)}; known are ${
          labels.slice(0, 20).map((known) => JSON.stringify(known)).join(", ")
        }`,
      );
    }
    return { text, label: String(label), record };
  });
}

function missing(where: string, column: string, record: Record<string, unknown>): InputError {
  const found = Object.keys(record).slice(0, 20).join(", ") || "none";
  return new InputError(`${where}: no column "${column}"; its columns are ${found}`);
}

/** `sha256:...` of a file. */
export async function hashOf(path: string): Promise<string> {
  return `sha256:${(await hashFile(path)).sha256}`;
}
