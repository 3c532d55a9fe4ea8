/**
 * What a record of a data file holds: columns of text and of labels, checked with messages that name the place.
 *
 * @module
 */
import { sha256 } from "../base/hash.ts";
import { sortLabels } from "../base/labels.ts";
import { show } from "../base/text.ts";
import { DataError } from "./errors.ts";

/** A text and its class, or whatever else decides whether two rows of the same text agree. */
export interface TextExample {
  /** As it stands in the data. */
  readonly text: string;
  /** What it was given. */
  readonly label: string;
  /** Names the example in reports. */
  readonly id?: string;
}

/** A record of a data file: a parsed JSON line or a CSV row. */
export type DataRecord = Readonly<Record<string, unknown>>;

/** A record, and what errors call the place it is from. */
export interface PlacedRecord {
  /** The columns, by name. */
  readonly record: DataRecord;
  /** Such as `mails.jsonl line 17`. */
  readonly where: string;
}

/**
 * A column that must hold a text.
 *
 * @throws {DataError} if it is missing or has another type.
 */
export function readText(record: DataRecord, where: string, column: string): string {
  const text = record[column];
  if (typeof text === "string") return text;
  throw wrongColumn(record, where, column, "a string");
}

/**
 * A column that must hold a label: a string, number or boolean, which become strings.
 *
 * @throws {DataError} if it is missing or empty, has control characters in it, or has another type.
 *
 * @example
 * ```ts
 * import { readLabel } from "./example.ts";
 * import assert from "node:assert/strict";
 * assert.equal(readLabel({ stars: 5 }, "films.jsonl line 1", "stars"), "5");
 * assert.throws(
 *   () => readLabel({ stars: null }, "films.jsonl line 2", "stars"),
 *   /line 2: column "stars" is null; a label was expected/,
 * );
 * ```
 */
export function readLabel(record: DataRecord, where: string, column: string): string {
  const value = record[column];
  const label = typeof value === "number" || typeof value === "boolean" ? String(value) : value;
  if (typeof label !== "string" || label.trim() === "") throw wrongColumn(record, where, column, "a label");
  checkLabel(label, where, column);
  return label;
}

/**
 * Refuses a label that holds control characters: line ends, tabs, NUL, codes of terminals. They are an accident of how the file
 * was made, nobody sees them, and two labels that look alike would be two classes.
 *
 * @throws {DataError} with the label, its control characters written as escapes.
 */
export function checkLabel(label: string, where: string, column: string): void {
  if (!/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u.test(label)) return;
  throw new DataError(
    `${where}: column ${show(column)} holds the label ${
      show(label)
    }, which has control characters; remove them from the file`,
  );
}

/**
 * A column that must hold a number; a CSV file's are text.
 *
 * @throws {DataError} if it is missing or holds something else.
 */
export function readNumber(record: DataRecord, where: string, column: string): number {
  const value = record[column];
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number === "number" && Number.isFinite(number)) return number;
  throw wrongColumn(record, where, column, "a number");
}

/** The error for a column that is missing, or holds something other than what was expected. */
export function wrongColumn(record: DataRecord, where: string, column: string, expected: string): DataError {
  if (Object.hasOwn(record, column)) {
    const value = record[column];
    const isBlank = value === null || (typeof value === "string" && value.trim() === "");
    const found = value === "" ? "empty" : isBlank && value !== null ? "blank" : show(value);
    return new DataError(
      `${where}: column ${show(column)} is ${found}; ${expected} was expected${
        adviceOn(value, column, expected)
      }`,
      isBlank ? { blankColumn: column } : {},
    );
  }
  const found = namesIn(record).slice(0, MOST_NAMES).map((name) => show(name)).join(", ") || "none";
  return new DataError(`${where}: no column ${show(column)}; found ${found}${delimiterIn(record, column)}`, {
    missingColumn: column,
  });
}

/** Names that a message lists. */
const MOST_NAMES = 20;

/** The columns of a record; of an object in it the names inside, as they are written to name a column. */
function namesIn(record: DataRecord, prefix = "", depth = 0): string[] {
  return Object.entries(record).slice(0, MOST_NAMES).flatMap(([name, value]) => {
    const isInner = typeof value === "object" && value !== null && !Array.isArray(value) && depth < 3;
    const inner = isInner ? namesIn(value as DataRecord, `${prefix}${name}.`, depth + 1) : [];
    return inner.length > 0 ? inner : [`${prefix}${name}`];
  });
}

/** A hint where all columns are one, whose name has the wanted one between delimiters. */
function delimiterIn(record: DataRecord, column: string): string {
  const names = Object.keys(record);
  const delimiter = names.length !== 1
    ? undefined
    : [",", ";", "\t", "|"].find((delimiter) =>
      names[0].split(delimiter).some((name) => name.trim().replace(/^"(.*)"$/, "$1") === column)
    );
  return delimiter === undefined
    ? ""
    : `: that is one column, is ${show(delimiter)} the delimiter (--delimiter)?`;
}

/**
 * What `read` gives; or `undefined`, with `onBlank` told, where the record's text or label holds nothing.
 *
 * @param onBlank absent: such a record is an error like others
 *
 * @example
 * ```ts
 * import { readText, unlessBlank } from "./example.ts";
 * import assert from "node:assert/strict";
 *
 * const left: string[] = [];
 * const read = (text: string | null) =>
 *   unlessBlank(() => readText({ text }, "line 2", "text"), ({ message }) => left.push(message));
 * assert.deepEqual([read("hello"), read(null)], ["hello", undefined]);
 * assert.match(left[0], /line 2: column "text" is null/);
 * ```
 */
export function unlessBlank<T>(read: () => T, onBlank?: (error: DataError) => void): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(onBlank && error instanceof DataError && error.blankColumn !== undefined)) throw error;
    onBlank(error);
    return undefined;
  }
}

/** What to do about a value that is a mistake people make often. */
function adviceOn(value: unknown, column: string, expected: string): string {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    const fields = Object.keys(value).slice(0, 5);
    const option = expected === "a string" ? "--text-column" : "--label-column";
    return fields.length === 0
      ? ""
      : `. It is an object with the fields ${
        fields.map((name) => show(name)).join(", ")
      }: name the one that is meant by its path, such as ${option} ${show(`${column}.${fields[0]}`)}`;
  }
  if (expected === "a label" && Array.isArray(value)) {
    return ". A list of labels is read with --task multi-label-classification";
  }
  if (expected === "a number" && typeof value === "string" && /^\s*[+-]?\d[\d.]*,\d+\s*$/.test(value)) {
    const number = value.trim();
    const point = /\.|,\d{3}$/.test(number) ? "" : `, such as ${number.replace(",", ".")}`;
    return `. Write numbers with a point before the decimals${point}, and nothing between thousands`;
  }
  return "";
}

/**
 * The distinct labels of a data set, sorted, numbers by their value: their positions are the class indices.
 *
 * @param name names the data set in errors
 * @throws {DataError} if there is no label, or only one.
 *
 * @example
 * ```ts
 * import { labelsOf } from "./example.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(labelsOf(["spam", "ham", "spam"], "mails.jsonl"), ["ham", "spam"]);
 * assert.deepEqual(labelsOf(["10", "9", "2"], "stars.csv"), ["2", "9", "10"]);
 * assert.throws(() => labelsOf([], "mails.jsonl"), /mails.jsonl: no examples/);
 * ```
 */
export function labelsOf(labels: Iterable<string>, name: string): string[] {
  const distinct = sortLabels(labels);
  if (distinct.length === 0) {
    throw new DataError(`${name}: no examples; a classifier needs at least two of each label`);
  }
  if (distinct.length === 1) {
    throw new DataError(
      `${name}: every example has the label ${show(distinct[0])}; a classifier needs at least two labels`,
    );
  }
  return distinct;
}

/**
 * Names a data set by its content, for a model's lineage: `sha256:` and the digest of each example's text and label, in
 * order. Order counts, because training with the same seed visits another order otherwise; ids do not, because no model
 * sees them.
 *
 * @example
 * ```ts
 * import { dataHash } from "./example.ts";
 * import assert from "node:assert/strict";
 *
 * const hash = dataHash([{ text: "hello", label: "ham", id: "1" }]);
 * assert.match(hash, /^sha256:[0-9a-f]{64}$/);
 * assert.equal(dataHash([{ text: "hello", label: "ham" }]), hash);
 * assert.notEqual(dataHash([{ text: "hello", label: "spam" }]), hash);
 * ```
 */
export function dataHash(examples: Iterable<TextExample>): string {
  return `sha256:${sha256(contentOf(examples))}`;
}

/** As JSON, so that no two data sets can run together into the same bytes. */
function* contentOf(examples: Iterable<TextExample>): Generator<string> {
  for (const { text, label } of examples) yield JSON.stringify([text, label]) + "\n";
}
