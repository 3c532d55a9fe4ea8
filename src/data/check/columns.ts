/**
 * What the columns of a data set hold.
 *
 * @module
 */
import { show } from "../../base/text.ts";
import type { DataRecord } from "../example.ts";

/** What one column holds. */
export interface ColumnProfile {
  readonly name: string;
  /** Rows in which it is something: not missing, null or blank. */
  readonly filled: number;
  /** Different values; of many, no more than `isExact` says are counted. */
  readonly distinct: number;
  /** Whether `distinct` is all of them, and not where counting stopped. */
  readonly isExact: boolean;
  /** What its values are: `text`, `number`, `boolean`, `list`, `object`; a CSV file's numbers are texts that read as numbers. */
  readonly kinds: readonly string[];
  /** The first value that is something, cut short. */
  readonly example: string;
}

const MOST_DISTINCT = 100_000;
const MOST_COLUMNS = 1000;
const DIGITS = "digits"; // the kind of a text that reads as a number, until it is known whether the data have numbers

/** Collects what the columns of records hold, one record after the other. */
export interface ColumnCounter {
  add(record: DataRecord): void;
  /** The columns in order of appearance. */
  profiles(): ColumnProfile[];
}

/**
 * A counter of columns; it keeps the distinct values of a column up to 100,000 of them, and 1,000 columns.
 *
 * @example
 * ```ts
 * import { createColumnCounter } from "./columns.ts";
 * import assert from "node:assert/strict";
 *
 * const counter = createColumnCounter();
 * counter.add({ text: "hello", stars: "5" });
 * counter.add({ text: "", stars: "4" });
 * const [text, stars] = counter.profiles();
 * assert.equal(text.filled, 1);
 * assert.deepEqual(stars.kinds, ["number"]);
 * ```
 */
export function createColumnCounter(): ColumnCounter {
  const columns = new Map<
    string,
    { filled: number; values: Set<string>; kinds: Set<string>; example: string }
  >();
  return {
    add(record) {
      for (const [name, value] of Object.entries(record)) {
        let column = columns.get(name);
        if (!column) {
          if (columns.size === MOST_COLUMNS) continue;
          columns.set(name, column = { filled: 0, values: new Set(), kinds: new Set(), example: "" });
        }
        const kind = kindOf(value);
        if (kind === undefined) continue;
        if (column.filled++ === 0) column.example = show(value);
        column.kinds.add(kind);
        if (column.values.size < MOST_DISTINCT) {
          column.values.add(typeof value === "string" ? value : JSON.stringify(value));
        }
      }
    },
    profiles: () =>
      Array.from(columns, ([name, { filled, values, kinds, example }]) => ({
        name,
        filled,
        distinct: values.size,
        isExact: values.size < MOST_DISTINCT,
        kinds: namesOf(kinds),
        example,
      })),
  };
}

/** Texts of digits are numbers, as a CSV file has them; where the column has values of other types, they are texts. */
function namesOf(kinds: ReadonlySet<string>): string[] {
  const isTyped = [...kinds].some((kind) => kind !== DIGITS && kind !== "text");
  return [...new Set([...kinds].map((kind) => kind !== DIGITS ? kind : isTyped ? "text" : "number"))];
}

/** What a value is; `undefined` where it is nothing. */
function kindOf(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value === "string") {
    const text = value.trim();
    return text === "" ? undefined : Number.isFinite(Number(text)) ? DIGITS : "text";
  }
  if (typeof value === "bigint") return "number";
  return Array.isArray(value) ? "list" : typeof value;
}
