/**
 * Finding the columns that a task wants in data that call them otherwise.
 *
 * @module
 */
import { show } from "../../base/text.ts";
import type { DataRecord } from "../example.ts";

/** Names under which people keep a task's columns, where they do not use the task's own. */
const usualNames: Readonly<Record<string, readonly string[]>> = {
  text: [
    "text",
    "texts",
    "sentence",
    "review",
    "content",
    "body",
    "message",
    "tweet",
    "comment",
    "document",
    "utterance",
  ],
  label: ["label", "labels", "category", "class", "target", "sentiment", "intent"],
  labels: ["labels", "label", "categories", "classes"],
};

/** What a column is for. */
export type Role = "text" | "pair" | "label";

/** The option that names a role's column. */
export const optionOf: Readonly<Record<Role, string>> = {
  text: "--text-column",
  pair: "--pair-column",
  label: "--label-column",
};

/** Whether a name is another's but for case and the white space around it. */
export function fitsColumn(name: string, wanted: string): boolean {
  return canonical(name) === canonical(wanted);
}

/** Whether a cell is a name that is wanted, or usual for a text or a label. */
export function looksNamed(cell: string, wanted: readonly string[]): boolean {
  const name = canonical(cell);
  return wanted.some((other) => canonical(other) === name) ||
    Object.values(usualNames).some((names) => names.includes(name));
}

function canonical(name: string): string {
  return name.trim().toLowerCase();
}

/** The columns as records have them, and a line that says which were guessed. */
export interface MatchedColumns {
  readonly columns: Readonly<Partial<Record<Role, string>>>;
  readonly guesses: readonly string[];
}

/**
 * Finds the columns that are wanted in the first records of a source. One that is not there by its name is the only one of its
 * name but for case and white space; or, unless somebody named it, the only one with a usual name. Records without names,
 * whose columns are `1`, `2`, ..., have the longest texts in one and the fewest values in another.
 *
 * @param wanted names by role
 * @param named the roles whose names a person gave
 *
 * @example
 * ```ts
 * import { matchColumns } from "./columns.ts";
 * import assert from "node:assert/strict";
 *
 * const { columns, guesses } = matchColumns([{ Review: "fine", stars: 5, label: "good" }], { text: "text", label: "label" });
 * assert.deepEqual(columns, { text: "Review", label: "label" });
 * assert.deepEqual(guesses, ['column "Review" is read as the text (--text-column)']);
 * ```
 */
export function matchColumns(
  sample: readonly DataRecord[],
  wanted: Readonly<Partial<Record<Role, string>>>,
  named: readonly Role[] = [],
): MatchedColumns {
  const names = [...new Set(sample.flatMap((record) => Object.keys(record)))];
  const columns: Partial<Record<Role, string>> = { ...wanted };
  const found: string[] = [], options: string[] = [];
  const roles = (Object.keys(wanted) as Role[]).filter((role) => wanted[role] !== undefined);
  const missing = roles.filter((role) => !names.includes(wanted[role]!));
  const isTaken = (name: string) => Object.values(columns).includes(name);
  const take = (role: Role, name: string | undefined) => {
    if (name === undefined) return;
    columns[role] = name;
    found.push(`column ${show(name)} is read as the ${role === "pair" ? "second text" : role}`);
    options.push(optionOf[role]);
  };
  const matched = (): MatchedColumns => ({
    columns,
    guesses: found.length === 0 ? [] : [`${found.join(", ")} (${options.join(", ")})`],
  });
  if (names.length > 1 && names.every((name, i) => name === String(i + 1))) {
    const open = missing.filter((role) => !named.includes(role) && role !== "pair");
    const free = names.filter((name) => !isTaken(name));
    // The text first: it is the longest; of the rest, the label is what repeats itself most.
    if (open.includes("text")) take("text", most(free, (name) => averageLength(sample, name)));
    if (open.includes("label")) {
      take("label", most(free.filter((name) => !isTaken(name)), (name) => -distinct(sample, name)));
    }
    return matched();
  }
  for (const role of missing) {
    const alike = names.filter((name) => !isTaken(name) && fitsColumn(name, wanted[role]!));
    const usual = named.includes(role) ? [] : usualNames[wanted[role]!] ?? [];
    const fitting = alike.length > 0
      ? alike
      : names.filter((name) => !isTaken(name) && usual.includes(canonical(name)));
    if (fitting.length === 1) take(role, fitting[0]);
  }
  return matched();
}

function most(names: readonly string[], value: (name: string) => number): string | undefined {
  const values = names.map(value);
  return names[values.indexOf(Math.max(...values))];
}

function averageLength(sample: readonly DataRecord[], name: string): number {
  return sample.reduce((sum, record) => sum + String(record[name] ?? "").length, 0) / sample.length;
}

/** Distinct values; a column of empty cells comes last. */
function distinct(sample: readonly DataRecord[], name: string): number {
  const values = new Set(sample.map((record) => record[name]));
  return values.size === 1 && values.has("") ? Infinity : values.size;
}
