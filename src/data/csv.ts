import { CsvError, parse } from "csv-parse";
import { Readable } from "node:stream";
import { DataError } from "./errors.ts";
import { type ExampleColumns, type TextExample, toExample } from "./example.ts";
import { MAX_LINE_BYTES, readLines } from "./lines.ts";

/** How `readCsv` reads a file. */
export interface CsvOptions extends ExampleColumns {
  /** what stands between two fields (default: a tab if the path ends in `.tsv`, else a comma) */
  delimiter?: string;
}

/**
 * Reads examples from a CSV file (RFC 4180: quoted fields may hold delimiters, quotes and line ends) whose first row names the columns.
 *
 * @throws {DataError} for the first row that is not UTF-8, not CSV, has another number of fields than the header, or has not the columns wanted:
 * with the file and the line. Also if the file cannot be read, or holds no examples.
 *
 * @example
 * ```ts
 * import { readCsv } from "./csv.ts";
 * import assert from "node:assert/strict";
 *
 * const path = await Deno.makeTempFile({ suffix: ".csv" });
 * await Deno.writeTextFile(path, 'text,label\n"win, now",spam\n');
 * assert.deepEqual(await Array.fromAsync(readCsv(path)), [{ text: "win, now", label: "spam" }]);
 * await Deno.remove(path);
 * ```
 */
export async function* readCsv(path: string, options: CsvOptions = {}): AsyncGenerator<TextExample> {
  const { delimiter, ...columns } = options;
  let isEmpty = true;
  for await (const { record, where } of readCsvRecords(path, { delimiter })) {
    isEmpty = false;
    yield toExample(record, where, columns);
  }
  if (isEmpty) {
    throw new DataError(
      `${path}: no examples; a row with the columns' names and at least one more were expected`,
    );
  }
}

/** A row of a CSV file by its columns' names, and what errors call it. */
export interface CsvRecord {
  /** every field is text */
  record: Record<string, string>;
  /** such as `mails.csv line 17` */
  where: string;
}

/**
 * Reads the rows of a CSV file whose first row names the columns.
 *
 * @throws {DataError} for the first row that is not UTF-8, not CSV or has another number of fields than the header: with the file and the line.
 * Also if the file cannot be read.
 */
export async function* readCsvRecords(
  path: string,
  options: Pick<CsvOptions, "delimiter"> = {},
): AsyncGenerator<CsvRecord> {
  const { delimiter = path.toLowerCase().endsWith(".tsv") ? "\t" : "," } = options;
  const parser = parse({
    delimiter,
    columns: true,
    info: true,
    skip_empty_lines: true,
    max_record_size: MAX_LINE_BYTES,
    record_delimiter: ["\n", "\r\n"],
  });
  const source = Readable.from(lineTexts(path));
  source.on("error", (error) => parser.destroy(error));
  source.pipe(parser);

  let line = 1;
  try {
    for await (
      const { record, info } of parser as AsyncIterable<
        { record: Record<string, string>; info: { lines: number } }
      >
    ) {
      yield { record, where: `${path} line ${info.lines}` };
      line = info.lines;
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const at = typeof error.lines === "number" ? error.lines : line;
    throw new DataError(`${path} line ${at}: not CSV: ${error.message.split("\n", 1)[0]}`);
  } finally {
    source.destroy();
    parser.destroy();
  }
}

async function* lineTexts(path: string): AsyncGenerator<string> {
  for await (const { text } of readLines(path)) yield text + "\n";
}
