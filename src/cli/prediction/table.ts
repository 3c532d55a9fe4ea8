/**
 * Rows with predictions as lines of a file: JSON lines, or CSV that a spreadsheet may open.
 *
 * @module
 */
import { listLabels } from "../../base/labels.ts";
import { show } from "../../base/text.ts";
import { InputError } from "../output.ts";

/** How rows are written. */
export const FORMATS = ["jsonl", "csv"] as const;

/** A format's name. */
export type Format = typeof FORMATS[number];

/** Makes the line of a row, with its end; the first line of a CSV file has the columns' names before it. */
export type LineOf = (row: Readonly<Record<string, unknown>>, where: string) => string;

/**
 * What makes lines of rows.
 *
 * A CSV file has the columns of its first row. A text that begins with `=`, `+`, `-`, `@`, a tab or a carriage return is what
 * spreadsheets compute or run: it gets an apostrophe before it, unless it is a number or `plainText` is asked for. Lists and
 * objects are written as JSON.
 *
 * Source: https://owasp.org/www-community/attacks/CSV_Injection and RFC 4180.
 *
 * @example
 * ```ts
 * import { lineMaker } from "./table.ts";
 * import assert from "node:assert/strict";
 * const line = lineMaker("csv");
 * assert.equal(line({ text: "=1+1", score: -0.5 }, "line 1"), "text,score\r\n'=1+1,-0.5\r\n");
 * assert.equal(line({ text: 'a "b"', score: 1 }, "line 2"), '"a ""b""",1\r\n');
 * ```
 */
export function lineMaker(
  format: Format,
  { plainText = false }: { readonly plainText?: boolean } = {},
): LineOf {
  if (format === "jsonl") return (row) => `${JSON.stringify(row)}\n`;
  let columns: string[] | undefined;
  const csvLine = (cells: readonly unknown[]) =>
    `${cells.map((cell) => csvCell(cell, plainText)).join(",")}\r\n`;
  return (row, where) => {
    const header = columns ? "" : csvLine(columns = Object.keys(row));
    const other = Object.keys(row).find((name) => !columns!.includes(name));
    if (other !== undefined) {
      throw new InputError(
        `${where}: column ${show(other)} is not among those of the first row, ${
          listLabels(columns!, { plain: true })
        }: rows that differ are written with --format jsonl`,
      );
    }
    return header + csvLine(columns!.map((name) => row[name]));
  };
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function csvCell(value: unknown, plainText: boolean): string {
  if (value === undefined || value === null) return "";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  const runs = typeof value === "string" && /^[=+\-@\t\r]/.test(text) && !NUMBER.test(text);
  const cell = runs && !plainText ? `'${text}` : text;
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
