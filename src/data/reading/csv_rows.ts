/**
 * Splitting delimited text into rows, as it comes.
 *
 * The rules are those of RFC 4180 and of what spreadsheets and databases write besides. No library is taken because none that
 * streams tells where a quote that is never closed opened, keeps quotes that are part of a text, and reads the dialects below.
 *
 * @module
 */
import { DataError } from "../errors.ts";

/** How a delimited text is written. */
export interface Dialect {
  /** Between two cells; null: a line is one cell. */
  readonly delimiter: string | null;
  /** Around a cell; null: quotes are part of the text. */
  readonly quote: '"' | "'" | null;
  /** How a quote within quotes is written: twice, or with a backslash before it. */
  readonly escape: "double" | "backslash";
  /** What ends a row; a CR before an LF belongs to it. */
  readonly newline: "\n" | "\r";
  /** Whether white space around cells is none of theirs. */
  readonly trim: boolean;
}

/** A row, and the line on which it begins. */
export interface CsvRow {
  readonly cells: string[];
  /** Counts from 1. */
  readonly line: number;
}

/** What was seen of quotes. */
export interface QuoteCounts {
  /** Cells within quotes. */
  quoted: number;
  /** Of those, the cells that needed them. */
  needed: number;
  /** Cells that begin with a quote, and go on after the one that should close them. */
  literal: number;
}

/** Takes text and gives the rows that are whole. */
export interface RowSplitter {
  /** The rows that end in the text given so far. With `isLast` the rest is a row, too. */
  push(text: string, isLast?: boolean): CsvRow[];
  readonly quotes: Readonly<QuoteCounts>;
}

/** A row may have no more characters, quoted line ends included. */
export const MAX_ROW_LENGTH = 16 * 1024 * 1024;
/** A row may have no more cells. */
export const MAX_CELLS = 16_384;

/**
 * Splits a text that comes in pieces into rows; empty lines are none.
 *
 * A cell that begins with a quote ends at the next one that is followed by a delimiter or a line end. Where other text follows
 * it on the same line, the quotes are part of the text, as in `"no" he said`; on a later line it shows that the quote was
 * never closed.
 *
 * @throws {DataError} for a quote that is not closed, with the line on which it opens; for a row that is too long.
 *
 * @example
 * ```ts
 * import { createRowSplitter } from "./csv_rows.ts";
 * import assert from "node:assert/strict";
 *
 * const dialect = { delimiter: ",", quote: '"', escape: "double", newline: "\n", trim: false } as const;
 * const { push } = createRowSplitter(dialect, { name: "mails.csv" });
 * assert.deepEqual(push('text,label\n"one, t'), [{ cells: ["text", "label"], line: 1 }]);
 * assert.deepEqual(push('wo",a', true), [{ cells: ["one, two", "a"], line: 2 }]);
 * ```
 */
export function createRowSplitter(
  dialect: Dialect,
  { name, firstLine = 1 }: { readonly name: string; readonly firstLine?: number },
): RowSplitter {
  const { delimiter, quote, escape, newline, trim } = dialect;
  const quotes: QuoteCounts = { quoted: 0, needed: 0, literal: 0 };
  let text = "";
  let at = 0;
  let line = firstLine;
  let retryAt = 0; // a row that is not whole is looked at again when the text has grown to this
  let nextDelimiter = -1; // the first one at or behind where it was looked for last

  const delimiterFrom = (from: number): number => {
    if (delimiter === null) return Infinity;
    if (nextDelimiter < from) {
      nextDelimiter = text.indexOf(delimiter, from);
      if (nextDelimiter < 0) nextDelimiter = Infinity;
    }
    return nextDelimiter;
  };
  const lineEndFrom = (from: number, isLast: boolean): number => {
    const end = text.indexOf(newline, from);
    return end >= 0 ? end : isLast ? text.length : -1;
  };
  const withoutCr = (from: number, end: number) =>
    newline === "\n" && end > from && text.charCodeAt(end - 1) === 13 ? end - 1 : end;

  /** Where a quoted cell closes, or -1 if that is not in the text yet. */
  const closing = (from: number, isLast: boolean): number => {
    for (let i = from; i < text.length; i++) {
      i = text.indexOf(quote!, i);
      if (i < 0) return -1;
      if (escape === "backslash" && isEscaped(text, from, i)) continue;
      if (text[i + 1] === quote) {
        i++;
        continue;
      }
      return i + 1 < text.length || isLast ? i : -1;
    }
    return -1;
  };

  const readRow = (isLast: boolean): CsvRow | undefined => {
    const start = at, startLine = line;
    const cells: string[] = [];
    let from = at, lines = 0;
    let end = lineEndFrom(from, isLast);
    for (;;) {
      if (cells.length === MAX_CELLS) {
        throw new DataError(`${name} line ${startLine}: has more than ${MAX_CELLS} cells`);
      }
      let open = from, behind = from;
      if (trim && quote !== null) { while (text[open] === " ") open++; }
      if (quote !== null && text[open] === quote) {
        const close = closing(open + 1, isLast);
        if (close < 0) {
          if (!isLast) return undefined;
          throw notClosed(startLine + lines);
        }
        let after = close + 1;
        while (text[after] === " " && !(delimiter !== null && text.startsWith(delimiter, after))) after++;
        if (after === text.length && !isLast) return undefined;
        const inner = countOf(text, newline, open + 1, close);
        if (inner > 0) end = lineEndFrom(close, isLast);
        if (end < 0) return undefined;
        const isCell = delimiter !== null && text.startsWith(delimiter, after);
        if (isCell || after >= withoutCr(after, end)) {
          const raw = text.slice(open + 1, close);
          quotes.quoted++;
          if (inner > 0 || raw.includes(quote) || delimiter !== null && raw.includes(delimiter)) {
            quotes.needed++;
          }
          cells.push(unescape(raw, quote, escape));
          lines += inner;
          if (isCell) {
            from = after + delimiter!.length;
            continue;
          }
          return done(cells, end, startLine, lines);
        }
        if (inner > 0) throw notClosed(startLine + lines);
        quotes.literal++;
        behind = after;
      }
      if (end < 0) return undefined;
      const next = delimiterFrom(behind);
      if (next < end) {
        cells.push(cellOf(from, next));
        from = next + delimiter!.length;
        continue;
      }
      cells.push(cellOf(from, withoutCr(from, end)));
      if (end - start > MAX_ROW_LENGTH) throw tooLong(startLine);
      return done(cells, end, startLine, lines);
    }
  };
  const cellOf = (from: number, end: number) => {
    const cell = text.slice(from, end);
    return trim ? cell.trim() : cell;
  };
  const done = (cells: string[], end: number, startLine: number, lines: number): CsvRow => {
    at = Math.min(end + 1, text.length);
    line = startLine + lines + 1;
    return { cells, line: startLine };
  };
  const tooLong = (row: number) =>
    new DataError(
      `${name} line ${row}: a row of more than ${MAX_ROW_LENGTH} characters; if a quote is not closed there and quotes are ` +
        "part of the text, give --quote none",
    );
  const notClosed = (row: number) =>
    new DataError(
      `${name} line ${row}: a quote opens here and is never closed: close it, or give --quote none if quotes are part of ` +
        "the text",
    );

  return {
    quotes,
    push(more, isLast = false) {
      text = text.slice(at) + more;
      at = 0;
      nextDelimiter = -1;
      const rows: CsvRow[] = [];
      if (!isLast && text.length < retryAt) return rows;
      const lineEnd = newline.charCodeAt(0);
      while (at < text.length) {
        // An empty line; files of nothing else would take a call for each.
        if (text.charCodeAt(at) === lineEnd) {
          at++;
          line++;
          continue;
        }
        const from = at;
        const row = readRow(isLast);
        if (row === undefined) break;
        // A line that holds a CR at most; an empty cell in quotes is more.
        if (row.cells.length > 1 || row.cells[0] !== "" || text[from] === quote) rows.push(row);
      }
      const left = text.length - at;
      if (left > MAX_ROW_LENGTH) throw tooLong(line);
      // Twice the text: a row of any length is looked at a few times, not once for each piece.
      retryAt = rows.length > 0 ? 0 : 2 * left;
      return rows;
    },
  };
}

/** Whether an odd number of backslashes stands before a place. */
function isEscaped(text: string, from: number, at: number): boolean {
  let start = at;
  while (start > from && text[start - 1] === "\\") start--;
  return (at - start) % 2 === 1;
}

function unescape(raw: string, quote: string, escape: Dialect["escape"]): string {
  if (escape === "backslash") {
    return raw.replace(/\\([\\"'])|""/g, (both, escaped) => escaped ?? (quote === '"' ? '"' : both));
  }
  return raw.includes(quote) ? raw.replaceAll(quote + quote, quote) : raw;
}

function countOf(text: string, part: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf(part, from); at >= 0 && at < to; at = text.indexOf(part, at + 1)) count++;
  return count;
}
