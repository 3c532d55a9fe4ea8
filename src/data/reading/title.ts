/**
 * Lines above the header of a table, as spreadsheets export them: a title, a date, an empty line.
 *
 * @module
 */
import { looksNamed } from "./columns.ts";

/** The lines above a header. */
export interface Title {
  readonly lines: number;
  /** The first of them that says something. */
  readonly text: string;
}

/** A header is looked for so far down. */
const MOST_LINES = 20;

/**
 * Finds the lines above a header. A line is a header below a title where one of its cells is a name that is wanted or usual,
 * or an empty line stands above it and nothing in it looks like data; the rows below are as wide, and the lines above have
 * fewer cells with something in them. Undefined: the text begins with its first row.
 *
 * @param options `rowsOf`: splits a text; `isHeader`: whether the first of some rows may name the columns though no name of it
 *   is known
 */
export function findTitle(
  text: string,
  { rowsOf, delimiters, newline, columns, isHeader }: {
    readonly rowsOf: (text: string, delimiter: string) => string[][];
    readonly delimiters: readonly string[];
    readonly newline: "\n" | "\r";
    readonly columns: readonly string[];
    readonly isHeader: (rows: string[][]) => boolean;
  },
): Title | undefined {
  for (const delimiter of new Set(delimiters)) {
    let rest = text, title = "", widest = 0, isBelowGap = false;
    for (let lines = 0; lines < MOST_LINES && rest !== ""; lines++) {
      const end = rest.indexOf(newline);
      const line = end < 0 ? rest : rest.slice(0, end);
      const filled = line.split(delimiter).filter((cell) =>
        cell.trim() !== "" && cell.trim() !== '""'
      ).length;
      const [head = [], ...rows] = filled > 1 ? rowsOf(rest, delimiter) : [];
      const names = head.filter((cell) => cell.trim() !== "");
      const known = names.filter((name) => looksNamed(name, columns)).length;
      if (known > 0 && lines === 0) return undefined;
      const isTable = names.length > 1 && rows.length > 0 && names.every((name) => name.length < 40) &&
        rows.filter((cells) => cells.length === head.length).length >= 0.9 * rows.length;
      const isNarrow = widest < names.length || isBelowGap && known > 1;
      if (
        isTable && title !== "" && isNarrow &&
        (known > 0 || isBelowGap && widest === 1 && isHeader([head, ...rows]))
      ) {
        return { lines, text: title };
      }
      if (filled > 0 && title === "") {
        title = line.replace(/\r$/, "").split(delimiter).filter(Boolean).join(delimiter);
      }
      widest = Math.max(widest, filled);
      isBelowGap = filled === 0;
      rest = end < 0 ? "" : rest.slice(end + 1);
    }
  }
  return undefined;
}

/** How many lines a text begins with that have no cell with something in it, whatever is between cells. */
export function emptyLines(text: string, newline: "\n" | "\r", delimiter: string): number {
  let lines = 0;
  for (let from = 0; from < text.length; lines++) {
    const end = text.indexOf(newline, from);
    const line = text.slice(from, end < 0 ? text.length : end).replaceAll(delimiter || ",", ",");
    // An empty cell in quotes is a row where there is but one column.
    if (line.trim() !== "" && !/^[\s",;|]*[,;|\t][\s",;|]*$/.test(line)) break;
    if (end < 0) return 0;
    from = end + 1;
  }
  return lines;
}

/** A text without its first lines. */
export function linesOff(text: string, lines: number, newline: "\n" | "\r"): string {
  let from = 0;
  for (let line = 0; line < lines; line++) {
    const end = text.indexOf(newline, from);
    if (end < 0) return "";
    from = end + 1;
  }
  return text.slice(from);
}
