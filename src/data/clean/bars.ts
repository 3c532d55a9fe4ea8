/**
 * The rows of each label before and after a cleaning, as bars for a terminal.
 *
 * @module
 */
import { formatCount, plural } from "../../base/format.ts";
import { shorten } from "../../base/text.ts";
import type { LabelChange } from "./clean.ts";

const MOST_LABELS = 30;
const MOST_NAME = 32; // characters
const WIDTH = 24; // of the longest bar, in characters

/**
 * A line for each label, the most frequent before first: its rows before and after, and a bar of each, all to one scale.
 *
 * @example
 * ```ts
 * import { labelBars } from "./bars.ts";
 * import assert from "node:assert/strict";
 *
 * const text = labelBars([{ label: "loan", before: 40, after: 20 }, { label: "other", before: 0, after: 10 }]);
 * assert.match(text, /^label +before +after\nloan +40 █{24} +20 █{12}\nother +0 +10 █{6}$/);
 * ```
 */
export function labelBars(changes: readonly LabelChange[]): string {
  const shown = changes.slice(0, changes.length > MOST_LABELS ? MOST_LABELS - 1 : MOST_LABELS);
  const rest = changes.slice(shown.length);
  const sum = (side: "before" | "after", of: readonly LabelChange[]) =>
    of.reduce((total, change) => total + change[side], 0);
  const most = Math.max(1, ...shown.flatMap(({ before, after }) => [before, after]));
  const names = shown.map(({ label }) => shorten(printable(label), MOST_NAME));
  const nameWidth = Math.max("label".length, ...names.map(({ length }) => length));
  const countWidth = Math.max(
    ...shown.flatMap(({ before, after }) => [before, after]).map((n) => formatCount(n).length),
  );
  const column = (n: number) => `${formatCount(n).padStart(countWidth)} ${bar(n / most)}`;
  return [
    `${"label".padEnd(nameWidth)}  ${"before".padEnd(countWidth + 1 + WIDTH)}  after`,
    ...shown.map(({ before, after }, i) =>
      `${names[i].padEnd(nameWidth)}  ${column(before).padEnd(countWidth + 1 + WIDTH)}  ${column(after)}`
        .trimEnd()
    ),
    ...(rest.length > 0
      ? [
        `and ${plural(rest.length, "label")} more: ${plural(sum("before", rest), "row")} before, ${
          formatCount(sum("after", rest))
        } after`,
      ]
      : []),
  ].join("\n");
}

/** A bar of eighths of a character; what is there at all is seen. */
function bar(share: number): string {
  const eighths = share === 0 ? 0 : Math.max(1, Math.round(share * WIDTH * 8));
  return "█".repeat(eighths >> 3) + ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths & 7];
}

/** No control characters reach the terminal. */
function printable(text: string): string {
  return text.replace(/\s+/g, " ").replace(/\p{C}/gu, "?");
}
