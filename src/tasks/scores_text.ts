/**
 * Metrics with their intervals as a table for a terminal.
 *
 * @module
 */
import { textTable } from "../evaluate/text_table.ts";
import type { Interval } from "../statistics/bootstrap.ts";

/** A line a metric: its name, its value and its confidence interval. */
export function metricsTable(metrics: Readonly<Record<string, Interval>>): string {
  const [{ confidence }] = Object.values(metrics);
  return textTable([
    ["", "value", `${+(100 * confidence).toPrecision(4)}% interval`],
    ...Object.entries(metrics).map(([name, { value, low, high }]) => [
      name,
      value.toFixed(4),
      `${low.toFixed(4)} to ${high.toFixed(4)}`,
    ]),
  ]);
}
