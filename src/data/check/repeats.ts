/**
 * Texts that come more than once, and rows that contradict each other.
 *
 * @module
 */
import { plural } from "../../base/format.ts";
import { show } from "../../base/text.ts";
import { duplicateKey } from "../dedupe.ts";
import type { Finding } from "./findings.ts";

/** Rows that repeat others. */
export interface Repeats {
  /** Rows whose text has come before. */
  readonly duplicates: number;
  /** Texts that come with several labels. */
  readonly conflicts: number;
  /** Groups of two rows and more that are nearly alike. */
  readonly nearGroups: number;
  /** Rows in such groups. */
  readonly nearRows: number;
  /** Rows of the largest such group. */
  readonly largestGroup: number;
  readonly findings: readonly Finding[];
}

/**
 * Counts repeated rows.
 *
 * @param rows each with its texts in one, and its label
 * @param groups of the distinct texts, as `rowGroups` numbers them
 *
 * @example
 * ```ts
 * import { repeatsOf } from "./repeats.ts";
 * import assert from "node:assert/strict";
 *
 * const rows = [{ text: "Win now!", label: "spam" }, { text: "win  now!", label: "ham" }, { text: "Lunch?", label: "ham" }];
 * const repeats = repeatsOf(rows, (texts) => Int32Array.from(texts, (_, i) => i));
 * assert.equal(repeats.duplicates, 1);
 * assert.equal(repeats.conflicts, 1);
 * ```
 */
export function repeatsOf(
  rows: readonly { readonly text: string; readonly label: string }[],
  groups: (distinct: readonly number[]) => ArrayLike<number>,
): Repeats {
  const byText = Map.groupBy(rows.keys(), (i) => duplicateKey(rows[i].text));
  const distinct = [...byText.values()].map(([first]) => first);
  const duplicates = rows.length - distinct.length;
  const conflicts = [...byText.values()].filter((of) => of.some((i) => rows[i].label !== rows[of[0]].label));
  const numbers = groups(distinct);
  const near = [...Map.groupBy(distinct.keys(), (at) => numbers[at]).values()].filter(({ length }) =>
    length > 1
  );
  near.sort((a, b) => b.length - a.length);
  const findings: Finding[] = [];
  if (duplicates > 0) {
    findings.push({
      severity: duplicates > rows.length / 2 ? "warning" : "note",
      kind: "duplicates",
      what: `${
        plural(duplicates, "row repeats", "rows repeat")
      } the text of another; training keeps one of each`,
    });
  }
  if (conflicts.length > 0) {
    const examples = conflicts.slice(0, 5).map((of) =>
      `${show(rows[of[0]].text)} is ${
        [...new Set(of.map((i) => show(rows[i].label)))].slice(0, 4).join(" and ")
      }`
    );
    findings.push({
      severity: "warning",
      kind: "conflicts",
      what: `${plural(conflicts.length, "text has", "texts have")} several labels: ${
        examples.slice(0, 3).join("; ")
      }`,
      mend: "decide which is right: no model can give both",
      examples,
    });
  }
  if (near.length > 0) {
    const [first, second] = near[0].map((at) => rows[distinct[at]].text);
    findings.push({
      severity: "note",
      kind: "near-duplicates",
      what: `${plural(near.flat().length, "row is", "rows are")} nearly alike in ${
        plural(near.length, "group")
      }, ${plural(near[0].length, "row")} in the largest: ${show(first)} and ${
        show(second)
      }; a group stays in one part of a split`,
    });
  }
  return {
    duplicates,
    conflicts: conflicts.length,
    nearGroups: near.length,
    nearRows: near.flat().length,
    largestGroup: near[0]?.length ?? 1,
    findings,
  };
}
