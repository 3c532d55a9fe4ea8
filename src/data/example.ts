import { sha256 } from "../base/hash.ts";
import { show } from "../base/text.ts";
import { DataError } from "./errors.ts";

/** One example of text classification. */
export interface TextExample {
  /** what a model reads */
  text: string;
  /** its class */
  label: string;
  /** names the example in reports */
  id?: string;
}

/** Where a record keeps an example's parts, and which labels are known. */
export interface ExampleColumns {
  /** default "text" */
  textColumn?: string;
  /** default "label"; null: no label is read, and every example's is "" */
  labelColumn?: string | null;
  /** default: no id is read */
  idColumn?: string;
  /** if given, any other label is an error */
  labels?: readonly string[];
}

/**
 * Makes an example of a record, such as a parsed JSON line or CSV row. Labels and ids may be strings, numbers or booleans; they become strings.
 *
 * @param where names the record in errors, such as `mails.jsonl line 17`
 * @throws {DataError} if a column is missing, has another type, or holds an unknown label.
 */
export function toExample(
  record: Record<string, unknown>,
  where: string,
  columns: ExampleColumns = {},
): TextExample {
  const { textColumn = "text", labelColumn = "label", idColumn, labels } = columns;
  const text = record[textColumn];
  if (typeof text !== "string") throw wrongColumn(record, textColumn, where, "a string");
  const label = labelColumn === null ? "" : toLabel(record, where, labelColumn, labels);
  if (idColumn === undefined) return { text, label };
  const id = scalar(record[idColumn]);
  if (id === undefined) throw wrongColumn(record, idColumn, where, "an id");
  return { text, label, id };
}

/**
 * The distinct labels of a data set, sorted: their places are the class indices.
 *
 * @param name names the data set in errors
 * @throws {DataError} if there is no example, or only one label.
 *
 * @example
 * ```ts
 * import { labelsOf } from "./example.ts";
 * import assert from "node:assert/strict";
 *
 * const examples = [{ text: "win now", label: "spam" }, { text: "lunch?", label: "ham" }];
 * assert.deepEqual(labelsOf(examples, "mails.jsonl"), ["ham", "spam"]);
 * assert.throws(() => labelsOf([], "mails.jsonl"), /mails.jsonl: no examples/);
 * ```
 */
export function labelsOf(examples: Iterable<TextExample>, name: string): string[] {
  const labels = new Set<string>();
  for (const { label } of examples) labels.add(label);
  if (labels.size === 0) {
    throw new DataError(`${name}: no examples; a classifier needs at least two of each label`);
  }
  if (labels.size === 1) {
    throw new DataError(
      `${name}: every example has the label ${show([...labels][0])}; a classifier needs at least two labels`,
    );
  }
  return [...labels].sort();
}

/**
 * Names a data set by its content, for a model's lineage: `sha256:` and the digest of each example's text and label, in order. Order counts,
 * because training with the same seed visits another order otherwise; ids do not, because no model sees them.
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
  // As JSON, so that no two data sets can run together into the same bytes.
  const lines = Iterator.from(examples).map(({ text, label }) => JSON.stringify([text, label]) + "\n");
  return `sha256:${sha256(lines)}`;
}

function toLabel(
  record: Record<string, unknown>,
  where: string,
  column: string,
  labels?: readonly string[],
): string {
  const label = scalar(record[column]);
  if (label === undefined || label === "") throw wrongColumn(record, column, where, "a label");
  if (labels && !labels.includes(label)) {
    throw new DataError(
      `${where}: unknown label ${show(label)}; known are ${labels.map((known) => show(known)).join(", ")}`,
    );
  }
  return label;
}

function scalar(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}

function wrongColumn(
  record: Record<string, unknown>,
  column: string,
  where: string,
  wanted: string,
): DataError {
  if (Object.hasOwn(record, column)) {
    return new DataError(
      `${where}: column ${show(column)} is ${show(record[column])}; ${wanted} was expected`,
    );
  }
  const found = Object.keys(record).slice(0, 20).map((name) => show(name)).join(", ") || "none";
  return new DataError(`${where}: no column ${show(column)}; found ${found}`);
}
