/**
 * Counting rows by label.
 *
 * @module
 */

/** The rows of each label, the label with most first, equal ones by name. Rows without a label are not counted. */
export function countLabels(rows: Iterable<{ readonly label?: string }>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { label } of rows) {
    if (label !== undefined) counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return new Map([...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)));
}
