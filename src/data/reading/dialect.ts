/**
 * Finding out how a delimited text is written, from its first lines.
 *
 * @module
 */
import { show } from "../../base/text.ts";
import {
  createRowSplitter,
  type CsvRow,
  type Dialect,
  MAX_ROW_LENGTH,
  type QuoteCounts,
} from "./csv_rows.ts";
import { fitsColumn, looksNamed } from "./columns.ts";
import type { ReadOptions } from "./options.ts";
import { emptyLines, findTitle, linesOff } from "./title.ts";

/** A dialect, and whether the first row names the columns. */
export interface FoundDialect extends Dialect {
  readonly header: boolean;
  /** Lines before the first row, such as Excel's `sep=;` and the title above an exported table. */
  readonly skip: number;
  /** What was guessed, each with its option, to be told in one line. */
  readonly guesses: readonly string[];
}

/** Which delimiters are looked for, where equal evidence speaks for several, in this order. */
const DELIMITERS = [",", "\t", ";", "|"];

/** Rows that are looked at. */
const ROWS = 200;

/**
 * The dialect of a text that begins with `sample`.
 *
 * @param options `usual`: the delimiter that the source's name promises; `isNamed`: whether the name says that it is delimited
 *   text at all; `isOther`: whether the name promises something else; `isWhole`: whether the sample is all of it
 */
export function guessDialect(
  sample: string,
  { usual, isNamed, isOther = false, isWhole, ...options }:
    & {
      readonly usual: string;
      readonly isNamed: boolean;
      readonly isOther?: boolean;
      readonly isWhole: boolean;
    }
    & Pick<ReadOptions, "delimiter" | "quote" | "header" | "columns" | "skipLines">,
): FoundDialect {
  const newline = sample.includes("\n") || !sample.includes("\r") ? "\n" : "\r";
  const said = /^"?sep=(.)"?\r?(?:\n|$)|^"?sep=(.)"?\r/i.exec(sample);
  const guesses: string[] = [];
  const base: Dialect = {
    delimiter: null,
    quote: options.quote === "none" ? null : options.quote ?? '"',
    escape: "double",
    newline,
    trim: false,
  };
  // The sep line is never a row, not even where no line is to be left out.
  let skip = Math.max(options.skipLines ?? 0, said ? 1 : 0);
  let text = linesOff(sample, skip, newline);
  /** Rows of empty cells are no rows, and none is a header. */
  const leaveEmpty = () => {
    const empty = emptyLines(text, newline, options.delimiter ?? "");
    skip += empty;
    text = linesOff(text, empty, newline);
  };
  leaveEmpty();
  if (options.skipLines === undefined && options.header !== false) {
    const delimiters = options.delimiter ?? said?.[1] ?? said?.[2];
    const title = findTitle(text, {
      rowsOf: (text, delimiter) =>
        sampleRows(text, { ...base, delimiter }, isWhole).rows.map(({ cells }) => cells),
      delimiters: delimiters === undefined ? [usual, ...DELIMITERS] : [delimiters],
      newline,
      columns: options.columns ?? [],
      isHeader: (rows) => isNamed && hasHeader(rows.map((cells, i) => ({ cells, line: i + 1 })), []),
    });
    if (title) {
      guesses.push(
        `${
          title.lines === 1 ? `line ${skip + 1}` : `lines ${skip + 1} to ${skip + title.lines}`
        } above the header left out, ` +
          `${show(title.text)} (--skip-lines ${skip} to read ${title.lines === 1 ? "it" : "them"})`,
      );
      skip += title.lines;
      text = linesOff(text, title.lines, newline);
      leaveEmpty();
    }
  }
  const delimiter = options.delimiter ?? said?.[1] ?? said?.[2] ??
    guessDelimiter(text, base, { usual, isNamed, isWhole, ...options });
  // A comma is what everybody expects where the name promises nothing, as that of standard input.
  if (options.delimiter === undefined && (delimiter !== usual || isOther || !isNamed && delimiter !== ",")) {
    guesses.push(
      delimiter === null ? "one cell a line (--delimiter)" : `delimiter ${nameOf(delimiter)} (--delimiter)`,
    );
  }
  const quoting = options.quote === undefined
    ? guessQuoting(text, { ...base, delimiter }, isWhole)
    : { quote: base.quote, escape: base.escape };
  if (quoting.quote !== base.quote) {
    guesses.push(
      quoting.quote === null
        ? "quotes as part of the text (--quote)"
        : "single quotes around cells (--quote)",
    );
  } else if (quoting.escape === "backslash") guesses.push("quotes within quotes after a backslash");
  const plain: Dialect = { ...base, ...quoting, delimiter };
  const rows = sampleRows(text, plain, isWhole).rows;
  const first = rows[0]?.cells ?? [];
  const header = options.header ?? hasHeader(rows, options.columns ?? []);
  if (options.header === undefined && !header && rows.length > 0) guesses.push("no header (--header)");
  const trim = header && first.slice(1).some((name) => name !== name.trim() && name.trim() !== "");
  if (trim) guesses.push("white space around cells left out, as around the names");
  return { ...plain, trim, header, skip, guesses };
}

function nameOf(delimiter: string): string {
  return delimiter === "\t" ? "tab" : JSON.stringify(delimiter);
}

/** Rows of a sample whose last row may be cut off, and what was seen of quotes; a quote that is not closed ends it. */
function sampleRows(
  text: string,
  dialect: Dialect,
  isWhole: boolean,
): { rows: CsvRow[]; quotes: QuoteCounts; isBroken: boolean } {
  const splitter = createRowSplitter(dialect, { name: "" });
  const rows: CsvRow[] = [];
  let isBroken = false;
  try {
    // In lines, so that the rows before a quote that is not closed are there.
    for (const piece of text.match(/[^\n\r]*[\n\r]*/g) ?? []) {
      if (piece !== "") rows.push(...splitter.push(piece));
      if (rows.length >= ROWS) break;
    }
    if (rows.length < ROWS && isWhole) rows.push(...splitter.push("", true));
  } catch {
    isBroken = true;
  }
  return { rows, quotes: splitter.quotes, isBroken: isBroken || text.length > MAX_ROW_LENGTH };
}

function guessDelimiter(
  text: string,
  base: Dialect,
  { usual, isNamed, isWhole, columns = [] }: {
    usual: string;
    isNamed: boolean;
    isWhole: boolean;
    columns?: readonly string[];
  },
): string | null {
  const candidates = [...new Set([usual, ...DELIMITERS, ...unusualDelimiters(text)])];
  let best: string | null = null, bestScore = 0;
  for (const [i, delimiter] of candidates.entries()) {
    const { rows } = sampleRows(text, { ...base, delimiter }, isWhole);
    const width = rows[0]?.cells.length ?? 0;
    if (width < 2) continue;
    const even = rows.filter(({ cells }) => isEven(cells, width)).length / rows.length;
    const named = rows[0].cells.filter((name) => looksNamed(name, columns)).length;
    // One that is not usual is believed where the header bears it out.
    if (i >= DELIMITERS.length && named < 2) continue;
    const score = 2 * Math.min(named, 2) + 2 * even + (even === 1 ? 0.5 : 0) - 0.01 * i;
    if (score > bestScore) [best, bestScore] = [delimiter, score];
  }
  // Texts with commas in them are no rows of a table: a line is one cell unless half of them agree.
  if (best !== null && bestScore >= 1) return best;
  const single = sampleRows(text, { ...base, delimiter: usual }, isWhole);
  return isNamed && single.rows.every(({ cells }) => cells.length === 1) ? usual : null;
}

/** Other characters that stand once or more in the first line, alone or repeated, such as `^` and `::`. */
function unusualDelimiters(text: string): string[] {
  const line = /^[^\r\n]{0,1000}/.exec(text)![0];
  return [...new Set(line.match(/([^\w\s"'.()\p{L}\p{M}-])\1{0,2}/gu) ?? [])].slice(0, 8);
}

/** Whether a row has as many cells as the first, but for empty ones at its end. */
function isEven(cells: readonly string[], width: number): boolean {
  return cells.length === width ||
    cells.length > width && cells.slice(width).every((cell) => cell.trim() === "");
}

function guessQuoting(text: string, dialect: Dialect, isWhole: boolean): Pick<Dialect, "quote" | "escape"> {
  const usual = { quote: '"', escape: "double" } as const;
  if (dialect.quote !== '"') return { quote: dialect.quote, escape: "double" };
  const { quotes, isBroken } = sampleRows(text, dialect, isWhole);
  if (quotes.literal > 0 || isBroken) {
    if (text.includes('\\"')) {
      const escaped = sampleRows(text, { ...dialect, escape: "backslash" }, isWhole);
      if (escaped.quotes.literal === 0 && !escaped.isBroken && escaped.quotes.quoted > 0) {
        return { quote: '"', escape: "backslash" };
      }
    }
    // Text between tabs often has quotes of its own; elsewhere one that is not closed is a mistake.
    const isText = dialect.delimiter === "\t" ? quotes.needed === 0 : !isBroken && quotes.quoted === 0;
    return isText ? { quote: null, escape: "double" } : usual;
  }
  if (quotes.quoted === 0 && text.includes("'")) {
    const single = sampleRows(text, { ...dialect, quote: "'" }, isWhole);
    const rows = single.rows.length;
    if (
      !single.isBroken && rows > 1 && single.quotes.literal === 0 && single.quotes.quoted >= 0.9 * (rows - 1)
    ) {
      return { quote: "'", escape: "double" };
    }
  }
  return usual;
}

/**
 * Whether the first row names the columns: one of its cells is a name that is wanted or usual; or else nothing about it is a
 * row of data: no cell is empty, long, a number, or the same as one below it.
 */
function hasHeader(rows: readonly CsvRow[], columns: readonly string[]): boolean {
  const [first, ...others] = rows.map(({ cells }) => cells);
  if (first === undefined) return true;
  const names = first.map((name) => name.trim());
  if (names.some((name) => columns.some((wanted) => fitsColumn(name, wanted)))) return true;
  if (names.some((name) => looksNamed(name, columns)) && names.every((name) => name.length < 40)) return true;
  if (names.slice(0, 2).some((name) => name === "")) return false;
  if (names.some((name) => name.length > 40 || name.split(/\s+/).length > 5)) return false;
  if (names.some((name) => name !== "" && Number.isFinite(Number(name)))) return false;
  return !names.some((name, i) => name !== "" && others.some((cells) => cells[i]?.trim() === name));
}
