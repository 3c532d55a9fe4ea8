/**
 * What is watched of the rows of a table: each column by what it holds.
 *
 * @module
 */
import { lengths, reals } from "../bins.ts";
import type { Feature, Reading } from "../feature.ts";
import { sixDigits } from "./values.ts";

/** A row: values by column. */
export type ObservedRow = { readonly [column: string]: unknown };

/** How a column is watched: as numbers, as categories, or, where nearly every value is another, as texts by their length. */
export type ColumnKind = "number" | "category" | "text";

/** A column and how it is watched. */
export interface WatchedColumn {
  readonly name: string;
  readonly kind: ColumnKind;
}

/** Numbers of fewer different values are categories: months, grades, codes. */
const FEWEST_NUMBERS = 11;
/** Texts of more different values are watched by their length: names, sentences, ids. */
const MOST_CATEGORIES = 100;

/**
 * How the columns of a table are to be watched, by a sample of its rows. A column that is empty in all of them is left out.
 *
 * @example
 * ```ts
 * import { columnKinds } from "./table.ts";
 * import assert from "node:assert/strict";
 *
 * const rows = Array.from({ length: 40 }, (_, i) => ({ age: String(20 + i), city: i % 2 ? "Rome" : "Bonn" }));
 * assert.deepEqual(columnKinds(rows), [{ name: "age", kind: "number" }, { name: "city", kind: "category" }]);
 * ```
 */
export function columnKinds(rows: readonly ObservedRow[]): WatchedColumn[] {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return names.flatMap((name): WatchedColumn[] => {
    const values = rows.map((row) => row[name]).filter((value) => !isEmpty(value));
    if (values.length === 0) return [];
    const distinct = new Set(values.map(String)).size;
    if (distinct >= FEWEST_NUMBERS && values.every((value) => numberOf(value) !== null)) {
      return [{ name, kind: "number" }];
    }
    return [{ name, kind: distinct > MOST_CATEGORIES ? "text" : "category" }];
  });
}

/** The features of a table's columns, each called as its column. */
export function tableFeatures(columns: readonly WatchedColumn[]): readonly Feature<ObservedRow>[] {
  return columns.map(({ name, kind }): Feature<ObservedRow> => {
    const present = <V>(read: (value: unknown) => Reading<V>) => (row: ObservedRow) =>
      isEmpty(row[name]) ? undefined : read(row[name]);
    if (kind === "number") {
      return {
        name,
        kind: "numeric",
        title: name,
        unit: "",
        meaning: "The numbers come from another population, or are written in another unit.",
        scale: reals,
        read: present((value) => {
          const number = numberOf(value);
          return number === null ? null : sixDigits(number);
        }),
      };
    }
    if (kind === "category") {
      return {
        name,
        kind: "categorical",
        title: name,
        unit: "rows",
        meaning: "Categories have become more or less frequent, or new ones have come.",
        read: present((value) => textOf(value).slice(0, 1000)),
      };
    }
    return {
      name,
      kind: "numeric",
      title: `${name}, length in characters`,
      unit: "characters",
      meaning: "The texts come from another source, or are cut or joined differently.",
      scale: lengths,
      read: present((value) => textOf(value).length),
    };
  });
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || typeof value === "string" && value.trim() === "";
}

function numberOf(value: unknown): number | null {
  if (typeof value === "boolean" || typeof value === "object") return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value) ?? "";
}
