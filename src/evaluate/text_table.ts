/**
 * Tables as plain text.
 *
 * @module
 */

/** Rows with their columns below each other: the first and those from `leftFrom` on stand left, the others, figures, right. */
export function textTable(rows: readonly (readonly string[])[], leftFrom = Infinity): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const cell = (text: string, column: number) =>
    column === 0 || column >= leftFrom ? text.padEnd(widths[column]) : text.padStart(widths[column]);
  return rows.map((row) => row.map(cell).join("  ").trimEnd()).join("\n");
}
