/**
 * Reading the records of a data set, by how its name ends.
 *
 * @module
 */
import { readCsvRecords } from "./csv.ts";
import { DataError } from "./errors.ts";
import type { DataRecord, PlacedRecord } from "./example.ts";
import { readJsonLines } from "./jsonl.ts";
import { readSpam } from "./spam.ts";

/**
 * The records of a `.jsonl` or `.ndjson` file (an object a line), a `.csv` or `.tsv` file (whose first row names the columns), or
 * `spam`, the mails of SpamAssassin's corpus with columns `text` and `label`.
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
      if (typeof value !== "object" || value === null || Array.isArray(value)) {
        throw new DataError(`${where}: a JSON object was expected, such as {"text": "...", "label": "..."}`);
      }
      yield { record: value as DataRecord, where };
    }
  } else if (/\.(csv|tsv)$/i.test(source)) {
    yield* readCsvRecords(source);
  } else {
    throw new DataError(`cannot tell what "${source}" is: name a .jsonl, .csv or .tsv file, or spam`);
  }
}

function isJsonLines(source: string): boolean {
  return /\.(jsonl|ndjson)$/i.test(source);
}

function expected(source: string): string {
  return isJsonLines(source)
    ? "it holds no line of JSON"
    : "a row with the columns' names and at least one more were expected";
}
