/**
 * Tables of Markdown, beside the texts that stand in them.
 *
 * @module
 */
export { code, prose } from "../base/markdown.ts";

/** A column of a table: its heading, what a row has in it, and whether it holds figures. */
export type Column<R> = readonly [heading: string, cell: (row: R, i: number) => string, side?: "right"];

/** A table of rows. */
export function markdownTable<R>(rows: readonly R[], columns: readonly Column<R>[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    line(columns.map(([heading]) => heading)),
    line(columns.map(([, , side]) => side === "right" ? "--:" : "---")),
    ...rows.map((row, i) => line(columns.map(([, cell]) => cell(row, i)))),
  ].join("\n");
}
