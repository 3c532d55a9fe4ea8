/**
 * Labels of different JSON types that are read as one: the number 1 and the text "1", true and "true".
 *
 * @module
 */
import { plural } from "../../base/format.ts";
import { show } from "../../base/text.ts";

/** Collects the labels of rows, as they stand in the file. */
export interface LabelTypes {
  add(value: unknown): void;
  /** A sentence on the labels that are written as several types; undefined: there are none. */
  finding(): string | undefined;
}

const names: Readonly<Record<string, string>> = {
  number: "a number",
  boolean: "a boolean",
  string: "a text",
};
const MOST = 5; // labels that are named

/**
 * @example
 * ```ts
 * import { createLabelTypes } from "./label_types.ts";
 * import assert from "node:assert/strict";
 *
 * const types = createLabelTypes();
 * for (const label of [1, "1", 1, "two"]) types.add(label);
 * assert.match(types.finding()!, /"1" is a number in 2 rows and a text in 1 row/);
 * ```
 */
export function createLabelTypes(): LabelTypes {
  const counts = new Map<string, Map<string, number>>();
  return {
    add(value) {
      for (const label of Array.isArray(value) ? value : [value]) {
        const type = typeof label;
        if (!Object.hasOwn(names, type)) continue;
        const types = counts.get(String(label)) ?? new Map<string, number>();
        counts.set(String(label), types.set(type, (types.get(type) ?? 0) + 1));
      }
    },
    finding() {
      const mixed = [...counts].filter(([, types]) => types.size > 1);
      if (mixed.length === 0) return undefined;
      const shown = mixed.slice(0, MOST).map(([label, types]) =>
        `${show(label)} is ${
          [...types].map(([type, count]) => `${names[type]} in ${plural(count, "row")}`).join(" and ")
        }`
      );
      const more = mixed.length > MOST ? `; and ${mixed.length - MOST} more` : "";
      return `labels of different types are read as one class: ${shown.join("; ")}${more}`;
    },
  };
}
