/**
 * Reading delimited text: CSV and its relatives.
 *
 * @module
 */
import { plural } from "../base/format.ts";
import { show } from "../base/text.ts";
import { DataError } from "./errors.ts";
import { type ByteSource, openBytes, peek } from "./reading/bytes.ts";
import { fitsColumn } from "./reading/columns.ts";
import { createRowSplitter, type CsvRow } from "./reading/csv_rows.ts";
import { type FoundDialect, guessDialect } from "./reading/dialect.ts";
import { decodeText } from "./reading/encoding.ts";
import { extensionOf, formatOfName } from "./reading/format.ts";
import type { ReadOptions } from "./reading/options.ts";
import { orangeColumns } from "./reading/orange.ts";

/** A row of a CSV file by its columns' names, and what errors call it. */
export interface CsvRecord {
  /** Every field is text. */
  readonly record: Record<string, string>;
  /** Such as `mails.csv line 17`. */
  readonly where: string;
}

/**
 * Reads the rows of a CSV file (RFC 4180: quoted fields may hold delimiters, quotes and line ends). What the options leave open
 * is guessed from the first lines, and told to `onGuess` where it is not what the name promises.
 *
 * @throws {DataError} for a header that names two wanted columns alike, and for the first row that cannot be decoded, or has
 *   another number of fields than the header: with the file and the line. Also if the file cannot be read.
 */
export async function* readCsvRecords(path: string, options: ReadOptions = {}): AsyncGenerator<CsvRecord> {
  const source = await openBytes(path);
  try {
    yield* csvRecordsOf(source, options);
  } finally {
    await source.close();
  }
}

/** What is found out about a CSV file before its first record. */
export interface CsvFacts {
  readonly encoding: string;
  readonly dialect: FoundDialect;
}

/** How much text the dialect is guessed from, in characters. */
const SAMPLE_LENGTH = 64 * 1024;

/** The records of a source that is open. */
export async function* csvRecordsOf(
  source: ByteSource,
  { onFacts, ...options }: ReadOptions & { readonly onFacts?: (facts: CsvFacts) => void } = {},
): AsyncGenerator<CsvRecord> {
  const { name } = source;
  let encoding = options.encoding ?? "utf-8";
  const text = peek(decodeText(source, {
    encoding: options.encoding,
    onEncoding(found, line) {
      encoding = found;
      options.onGuess?.(line);
    },
  }));
  try {
    const pieces = await text.head(SAMPLE_LENGTH);
    const sample = pieces.join("");
    const dialect = guessDialect(sample.slice(0, SAMPLE_LENGTH), {
      ...options,
      usual: ["tsv", "tab", "txt"].includes(extensionOf(name)) ? "\t" : ",",
      isNamed: formatOfName(name) === "csv",
      isOther: !["csv", undefined].includes(formatOfName(name)),
      isWhole: sample.length < SAMPLE_LENGTH,
    });
    if (dialect.guesses.length > 0) options.onGuess?.(`${name}: read with ${dialect.guesses.join(", ")}`);
    onFacts?.({ encoding, dialect });
    yield* recordsOf(rowsOf(text.chunks, dialect, name), { ...options, dialect, name });
  } finally {
    await text.close();
  }
}

async function* rowsOf(
  texts: AsyncIterable<string>,
  dialect: FoundDialect,
  name: string,
): AsyncGenerator<CsvRow> {
  const splitter = createRowSplitter(dialect, { name, firstLine: dialect.skip + 1 });
  for await (const text of withoutLines(texts, dialect)) yield* splitter.push(text);
  yield* splitter.push("", true);
}

/** What comes after the lines that are no rows: quotes in them close nothing. */
async function* withoutLines(
  texts: AsyncIterable<string>,
  { skip, newline }: FoundDialect,
): AsyncGenerator<string> {
  let left = skip;
  for await (const text of texts) {
    let from = 0;
    while (left > 0 && from < text.length) {
      const end = text.indexOf(newline, from);
      if (end >= 0) left--;
      from = end < 0 ? text.length : end + 1;
    }
    if (from < text.length) yield text.slice(from);
  }
}

async function* recordsOf(
  rows: AsyncIterable<CsvRow>,
  { dialect, name, columns, onGuess }: ReadOptions & { dialect: FoundDialect; name: string },
): AsyncGenerator<CsvRecord> {
  let names: readonly string[] | undefined;
  let empty = 0, blank = 0;
  let orange: ReturnType<typeof orangeColumns> | undefined;
  const head: CsvRow[] = [];
  const recordOf = ({ cells, line }: CsvRow): CsvRecord => {
    const where = `${name} line ${line}`;
    if (cells.length !== names!.length && !differsByEmptyCells(cells, names!)) {
      throw new DataError(`${where}: ${wrongCount(cells, names!, dialect)}`);
    }
    return { record: recordFrom(names!, cells), where };
  };
  for await (const row of rows) {
    const { cells, line } = row;
    // Of one column, an empty cell in quotes is a row: an empty line is none.
    const isRow = names?.length === 1 && cells.length === 1 && cells[0] === "";
    if (!isRow && cells.every((cell) => cell.trim() === "")) {
      if (cells.length === 1 && dialect.delimiter === null) blank++;
      else empty++;
      continue;
    }
    if (names === undefined) {
      names = dialect.header ? namesOf(cells, { where: `${name} line ${line}`, columns }) : numbers(cells);
      if (dialect.header) continue;
    }
    // The two rows below the names may say what the columns are, as in Orange's files.
    if (dialect.header && orange === undefined) {
      head.push(row);
      if (head.length < 2) continue;
      orange = orangeColumns(names, head.map(({ cells }) => cells));
      if (orange) {
        names = orange.names;
        onGuess?.(`${name}: read as Orange's table, with three rows of header`);
      } else for (const row of head) yield recordOf(row);
      orange ??= null;
      continue;
    }
    yield recordOf(row);
  }
  if (orange === undefined) { for (const row of head) yield recordOf(row); }
  if (empty > 0) onGuess?.(`${name}: ${plural(empty, "row")} of empty cells left out`);
  if (blank > 0) onGuess?.(`${name}: ${plural(blank, "blank line")} left out`);
}

/** Whether a row has empty cells behind the last column, or lacks cells of columns without a name. */
function differsByEmptyCells(cells: readonly string[], names: readonly string[]): boolean {
  return cells.length > names.length
    ? cells.slice(names.length).every((cell) => cell.trim() === "")
    : names.slice(cells.length).every((name, i) => name === String(cells.length + i + 1));
}

function wrongCount(
  cells: readonly string[],
  names: readonly string[],
  { delimiter, header }: FoundDialect,
): string {
  const found = `${plural(cells.length, "cell")}, and ${
    header ? "the header" : "the first row"
  } has ${names.length}`;
  if (cells.some((cell) => cell.includes("\r"))) {
    return `${found}; a carriage return (CR) without a line feed stands within this line: if a row ends there, write LF ` +
      "or CR LF as elsewhere in the file; if it belongs to a text, put the text between double quotes";
  }
  const between = delimiter === "\t" ? "a tab" : show(delimiter);
  return cells.length > names.length
    ? `${found}; put a text that has ${between} in it between double quotes, or name another --delimiter`
    : `${found}; a cell is missing, or a line end stands in a text without double quotes around it`;
}

/** The columns' names; a column without one is called by its number. */
function namesOf(
  cells: readonly string[],
  { where, columns }: { readonly where: string; readonly columns?: readonly string[] },
): string[] {
  let last = cells.length;
  while (last > 1 && cells[last - 1].trim() === "") last--;
  const names = cells.slice(0, last).map((cell, i) => cell.trim() || String(i + 1));
  const counts = new Map<string, number>();
  return names.map((name) => {
    const count = counts.get(name) ?? 0;
    counts.set(name, count + 1);
    if (count === 0) return name;
    // Of two columns with one name nobody can tell which is meant.
    if (columns === undefined || columns.some((wanted) => fitsColumn(name, wanted))) {
      throw new DataError(`${where}: two columns are called ${show(name)}; name each otherwise`);
    }
    return `${name}.${count}`;
  });
}

/** The names of columns without a header; a row that is one cell is a text. */
function numbers(cells: readonly string[]): string[] {
  return cells.length === 1 ? ["text"] : cells.map((_, i) => String(i + 1));
}

function recordFrom(names: readonly string[], cells: readonly string[]): Record<string, string> {
  const record: Record<string, string> = {};
  for (let i = 0; i < names.length; i++) {
    const value = cells[i] ?? "";
    if (names[i] === "__proto__") Object.defineProperty(record, "__proto__", { value, enumerable: true });
    else record[names[i]] = value;
  }
  return record;
}
