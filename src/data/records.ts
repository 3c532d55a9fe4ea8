/**
 * Reading the records of a data set, by how its name ends.
 *
 * @module
 */
import { readLimited } from "../base/files.ts";
import { parseJson } from "../base/json.ts";
import { readConll } from "./conll.ts";
import { readCsvRecords } from "./csv.ts";
import { DataError } from "./errors.ts";
import type { DataRecord, PlacedRecord } from "./example.ts";
import { readJsonLines } from "./jsonl.ts";
import { readSpam } from "./spam.ts";

/**
 * The records of a `.jsonl` or `.ndjson` file (an object a line), a `.json` file (a list of objects), a `.csv` or `.tsv`
 * file (whose first row names the columns), a `.conll` or `.bio` file (tagged sentences, with columns `tokens` and `tags`),
 * or `spam`, the mails of SpamAssassin's corpus with columns `text` and `label`.
 *
 * @throws {DataError} naming the file and line that cannot be read, or is no record; also when there are no records.
 *
 * @example
 * ```ts
 * import { readRecords } from "./records.ts";
 * import assert from "node:assert/strict";
 *
 * const path = await Deno.makeTempFile({ suffix: ".jsonl" });
 * await Deno.writeTextFile(path, '{"subject": "win now", "label": "spam"}\n');
 * const [{ record, where }] = await Array.fromAsync(readRecords(path));
 * assert.deepEqual(record, { subject: "win now", label: "spam" });
 * assert.equal(where, `${path} line 1`);
 * await Deno.remove(path);
 * ```
 */
export async function* readRecords(source: string): AsyncGenerator<PlacedRecord> {
  let isEmpty = true;
  for await (const placed of recordsOf(source)) {
    isEmpty = false;
    yield placed;
  }
  if (isEmpty) throw new DataError(`${source}: no examples; ${expected(source)}`);
}

async function* recordsOf(source: string): AsyncGenerator<PlacedRecord> {
  if (source === "spam") {
    for (const [i, mail] of readSpam().entries()) yield { record: { ...mail }, where: `spam mail ${i + 1}` };
  } else if (isJsonLines(source)) {
    for await (const { value, where } of readJsonLines(source)) {
      yield { record: asRecord(value, where), where };
    }
  } else if (/\.(csv|tsv)$/i.test(source)) {
    yield* readCsvRecords(source);
  } else if (isConll(source)) {
    yield* readConll(source);
  } else if (/\.json$/i.test(source)) {
    for (const [i, value] of (await readList(source)).entries()) {
      const where = `${source} item ${i + 1}`;
      yield { record: asRecord(value, where), where };
    }
  } else {
    throw new DataError(unknownKind(source)!);
  }
}

/** Why a source cannot be read, by its name alone; `undefined` where it is of a known kind. */
export function unknownKind(source: string): string | undefined {
  if (source === "spam" || isJsonLines(source) || isConll(source) || /\.(csv|tsv|json)$/i.test(source)) {
    return;
  }
  return `"${source}" is of no known kind: name a .jsonl, .json, .csv, .tsv, .conll or .bio file, or spam`;
}

function asRecord(value: unknown, where: string): DataRecord {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as DataRecord;
  throw new DataError(`${where}: a JSON object was expected, such as {"text": "...", "label": "..."}`);
}

const MAX_JSON_BYTES = 512 * 2 ** 20;

async function readList(path: string): Promise<unknown[]> {
  const bytes = await readLimited(path, MAX_JSON_BYTES);
  if (!bytes) throw new DataError(`${path}: no such file`);
  const list = parseJson(bytes, (problem) => new DataError(`${path}: ${problem}`));
  if (Array.isArray(list)) return list;
  throw new DataError(`${path}: a list was expected; name a file with one value a line .jsonl`);
}

function isJsonLines(source: string): boolean {
  return /\.(jsonl|ndjson)$/i.test(source);
}

function isConll(source: string): boolean {
  return /\.(conll|bio)$/i.test(source);
}

function expected(source: string): string {
  return isJsonLines(source)
    ? "it holds no line of JSON"
    : isConll(source)
    ? "lines with a token and its tag were expected"
    : "a row with the columns' names and at least one more were expected";
}
