/**
 * Reading CSV files.
 *
 * @module
 */
import { CsvError, parse } from "csv-parse";
import { Readable } from "node:stream";
import { firstLine } from "../base/text.ts";
import { DataError } from "./errors.ts";
import { MAX_LINE_BYTES, readLines } from "./lines.ts";

/** A row of a CSV file by its columns' names, and what errors call it. */
export interface CsvRecord {
  /** Every field is text. */
  readonly record: Record<string, string>;
  /** Such as `mails.csv line 17`. */
  readonly where: string;
}

/**
 * Reads the rows of a CSV file (RFC 4180: quoted fields may hold delimiters, quotes and line ends) whose first row names
 * the columns.
 *
 * @param options `delimiter`: what stands between two fields; a tab if the path ends in `.tsv`, else a comma, unless given
 * @throws {DataError} for a header that names two columns alike, and for the first row that is not UTF-8, not CSV or has another
 *   number of fields than the header: with the file and the line. Also if the file cannot be read.
 */
export async function* readCsvRecords(
  path: string,
  options: { readonly delimiter?: string } = {},
): AsyncGenerator<CsvRecord> {
  const { delimiter = path.toLowerCase().endsWith(".tsv") ? "\t" : "," } = options;
  const parser = parse({
    delimiter,
    columns: (header: string[]) => distinctNames(header, path),
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
    throw new DataError(`${path} line ${at}: not CSV: ${firstLine(error)}`);
  } finally {
    source.destroy();
    parser.destroy();
  }
}

/** Column names as they are; of two columns with one name nobody can tell which is meant. */
function distinctNames(header: string[], path: string): string[] {
  const twice = header.find((name, i) => header.indexOf(name) < i);
  if (twice === undefined) return header;
  throw new DataError(`${path} line 1: two columns are called ${JSON.stringify(twice)}; name each otherwise`);
}

async function* lineTexts(path: string): AsyncGenerator<string> {
  for await (const { text } of readLines(path)) yield text + "\n";
}
