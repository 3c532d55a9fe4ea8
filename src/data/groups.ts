/**
 * Which rows stay together when data are divided, where a row may have several texts.
 *
 * @module
 */
import { nearDuplicateClusters } from "./dedupe.ts";
import { createLinks } from "./links.ts";

/** Rows that belong together. */
export interface RowGroups {
  /** The number of each row's group, counted from 0 in order of appearance. */
  readonly groups: Int32Array;
  /** Whether rows that share one text of several are together. False: so many do that nothing could be held out. */
  readonly byEveryText: boolean;
}

/** A group of a greater share of the rows than this leaves too little to hold out. */
const MOST = 0.5;

/**
 * Groups rows that share a text, or have near-duplicates among their texts: a question that was seen beside one answer in
 * training does not come back beside another to test what was learnt.
 *
 * Where that links more than half of the rows, as pairs out of a few words do, rows are alike only if all their texts
 * together are.
 *
 * @param options `labels`: what each row was given, as {@linkcode nearDuplicateClusters} takes it
 *
 * @example
 * ```ts
 * import { rowGroups } from "./groups.ts";
 * import assert from "node:assert/strict";
 *
 * const { groups } = rowGroups([["good morning", "buongiorno"], ["good night", "buona notte"], ["good morning",
 * "buona notte"], [
 *   "where is the station",
 *   "dov'è la stazione",
 * ], ["see you", "ciao"], ["thank you", "grazie"]]);
 * assert.deepEqual([...groups], [0, 0, 0, 1, 2, 3]);
 * ```
 */
export function rowGroups(
  rows: readonly (readonly string[])[],
  { labels }: { readonly labels?: readonly string[] } = {},
): RowGroups {
  if (rows.every(({ length }) => length === 1)) {
    return { groups: nearDuplicateClusters(rows.map(([text]) => text), { labels }), byEveryText: true };
  }
  const groups = linked(rows);
  if (largest(groups) <= MOST * rows.length) return { groups, byEveryText: true };
  const together = nearDuplicateClusters(rows.map((texts) => texts.join("\n")), { labels });
  return { groups: together, byEveryText: false };
}

/** Groups of rows that are in one group of any of several groupings, directly or over others. */
export function joinGroups(groupings: readonly ArrayLike<number>[]): Int32Array {
  const links = createLinks(groupings[0].length);
  for (const groups of groupings) {
    const firstOf = new Map<number, number>();
    for (let row = 0; row < groups.length; row++) {
      const first = firstOf.get(groups[row]);
      if (first === undefined) firstOf.set(groups[row], row);
      else links.link(first, row);
    }
  }
  return links.groups();
}

/** Rows with the same value as groups; those without a value are alone. */
export function groupsByValue(values: readonly (string | undefined)[]): Int32Array {
  const firstWith = new Map<string, number>();
  return Int32Array.from(values, (value, row) => {
    if (value === undefined) return row;
    if (!firstWith.has(value)) firstWith.set(value, row);
    return firstWith.get(value)!;
  });
}

/** Rows with texts of one cluster, and rows that are linked by a chain of such. */
function linked(rows: readonly (readonly string[])[]): Int32Array {
  const clusters = nearDuplicateClusters(rows.flat());
  const links = createLinks(rows.length);
  const firstWith = new Map<number, number>();
  let at = 0;
  rows.forEach((texts, row) =>
    texts.forEach(() => {
      const cluster = clusters[at++];
      const first = firstWith.get(cluster);
      if (first === undefined) firstWith.set(cluster, row);
      else links.link(first, row);
    })
  );
  return links.groups();
}

function largest(groups: Int32Array): number {
  const counts = new Map<number, number>();
  for (const group of groups) counts.set(group, (counts.get(group) ?? 0) + 1);
  return Math.max(0, ...counts.values());
}
