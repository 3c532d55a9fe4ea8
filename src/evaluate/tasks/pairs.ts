/**
 * Predictions beside references, as files hold them, and their reading as texts, labels, tags, numbers or rankings.
 *
 * @module
 */
import { isObject } from "../../base/json.ts";
import { EvaluationError } from "../../statistics/errors.ts";
import { checkLengths, checkWhole, fail } from "../../statistics/checks.ts";
import { listLabels, sortLabels } from "../../base/labels.ts";
import { show } from "../../base/text.ts";

/** A row of a data set: what was predicted, what was wanted, and the columns beside them. */
export interface Pair {
  /** What was predicted. */
  readonly prediction: unknown;
  /** What was wanted; several are a list. */
  readonly reference: unknown;
  /** Other columns, by name. */
  readonly record: Readonly<Record<string, unknown>>;
}

const MAX_ROWS = 5_000_000;

/**
 * Puts predictions and references together, row by row. A prediction's record may be a plain value or an object
 * with `prediction`; a reference's a plain value or an object with `reference` or `references`. Other keys of
 * either are kept as columns.
 *
 * @throws {EvaluationError} When the numbers of rows differ, or a record lacks its value.
 * @example
 * ```ts
 * import { pairsOf } from "./pairs.ts";
 * import assert from "node:assert/strict";
 * const [pair] = pairsOf([{ prediction: "ham", scores: { ham: 0.9 } }], [{ reference: "spam", lang: "en" }]);
 * assert.deepEqual(pair, { prediction: "ham", reference: "spam", record: { scores: { ham: 0.9 }, lang: "en" } });
 * ```
 */
export function pairsOf(predictions: readonly unknown[], references: readonly unknown[] | undefined): Pair[] {
  if (references) checkLengths(references.length, predictions.length);
  if (predictions.length === 0) fail("Cannot evaluate: there are no rows");
  checkWhole("The number of rows", predictions.length, 1, MAX_ROWS);
  return predictions.map((value, i) => {
    const own = isRecord(value) ? value : { prediction: value };
    // One file may hold both sides.
    const other = references
      ? (isRecord(references[i]) ? references[i] as Columns : { reference: references[i] })
      : own;
    const { prediction, ...left } = own;
    const { reference: single, references: many, ...right } = other;
    if (prediction === undefined) throw lacks(i, "prediction", own);
    const reference = many ?? single;
    if (references && reference === undefined) throw lacks(i, "reference", other);
    const { reference: _r, references: _rs, prediction: _p, ...record } = { ...right, ...left };
    return { prediction, reference, record };
  });
}

type Columns = Record<string, unknown>;

function isRecord(value: unknown): value is Columns {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    ["prediction", "reference", "references"].some((key) => Object.hasOwn(value, key));
}

function lacks(row: number, key: string, record: Columns): EvaluationError {
  const found = Object.keys(record).slice(0, 12).join(", ");
  return new EvaluationError(`Row ${row + 1} has no "${key}"; it has ${found || "nothing"}`);
}

/** Predicted texts. */
export function predictedTexts(pairs: readonly Pair[]): string[] {
  return pairs.map(({ prediction }, i) => text(prediction, i, "prediction"));
}

/** Reference texts, one or more a row. */
export function referenceTexts(pairs: readonly Pair[]): string[][] {
  return pairs.map(({ reference }, i) => {
    const list = Array.isArray(reference) ? reference : [reference];
    if (list.length === 0) throw wrong(i, "references", reference, "one text or more");
    return list.map((value) => text(value, i, "reference"));
  });
}

/**
 * A label as text: strings, numbers and booleans are labels. White space around one does not count, unless it is of a label that
 * is known.
 */
export function labelText(
  value: unknown,
  row: number,
  what: string,
  known?: ReadonlySet<string>,
): string {
  if (typeof value === "string" && known?.has(value)) return value;
  if (typeof value === "string" && value.trim() !== "") return value.trim();
  if (typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value))) {
    return String(value);
  }
  throw wrong(row, what, value, "a label");
}

/** Both columns, each value read by itself. */
function bothOf<T>(
  pairs: readonly Pair[],
  read: (value: unknown, row: number, what: string) => T,
): { predictions: T[]; references: T[] } {
  return {
    predictions: pairs.map(({ prediction }, i) => read(prediction, i, "prediction")),
    references: pairs.map(({ reference }, i) => read(reference, i, "reference")),
  };
}

/** Predicted and true labels. */
export function labelPairs(
  pairs: readonly Pair[],
  labels?: readonly string[],
): { predictions: string[]; references: string[] } {
  const known = labels && new Set(labels);
  return bothOf(pairs, (value, row, what) => labelText(value, row, what, known));
}

/** Predicted and true sets of labels; a text is split at commas. */
export function labelSetPairs(
  pairs: readonly Pair[],
  labels?: readonly string[],
): { predictions: string[][]; references: string[][] } {
  const known = labels && new Set(labels);
  return bothOf(pairs, (value, row, what) => {
    if (value === "" || (Array.isArray(value) && value.length === 0)) return [];
    const list = Array.isArray(value) ? value : typeof value === "string" ? value.split(",") : [value];
    return [...new Set(list.map((label) => labelText(label, row, what, known)))];
  });
}

/** Predicted and true tags of each sentence; a text is split at white space. */
export function tagPairs(pairs: readonly Pair[]): { predictions: string[][]; references: string[][] } {
  return bothOf(pairs, (value, row, what) => {
    if (typeof value === "string") return value.trim() === "" ? [] : value.trim().split(/\s+/);
    if (Array.isArray(value) && value.every((tag) => typeof tag === "string")) return value;
    throw wrong(row, what, value, "tags, as a list or with spaces between");
  });
}

/** Predicted and true numbers. */
export function numberPairs(pairs: readonly Pair[]): { predictions: Float64Array; references: Float64Array } {
  const { predictions, references } = bothOf(pairs, finite);
  return { predictions: Float64Array.from(predictions), references: Float64Array.from(references) };
}

/** A number, or a text that is one. */
function finite(value: unknown, row: number, what: string): number {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number === "number" && Number.isFinite(number)) return number;
  throw wrong(row, what, value, "a finite number");
}

/**
 * Probabilities of each label, row-major [n, labels], from a column `scores`: an object of label to number, a list of `{label,
 * score}`, or a list in the labels' order. undefined where no row has the column.
 */
export function probabilityRows(pairs: readonly Pair[], labels: readonly string[]): Float64Array | undefined {
  if (pairs.every(({ record }) => record.scores === undefined)) return undefined;
  const out = new Float64Array(pairs.length * labels.length);
  const places = new Map(labels.map((label, k) => [label, k]));
  pairs.forEach(({ record: { scores } }, i) => {
    const put = (label: string, value: unknown) => {
      const k = places.get(label);
      if (k === undefined) {
        throw wrong(i, "scores", { [label]: value }, `one of the labels ${listLabels(labels)}`);
      }
      out[i * labels.length + k] = finite(value, i, `score of ${show(label)}`);
    };
    if (
      Array.isArray(scores) && scores.every((s) => typeof s === "number") && scores.length === labels.length
    ) {
      scores.forEach((value, k) => put(labels[k], value));
    } else if (Array.isArray(scores) && scores.every((s) => typeof s?.label === "string")) {
      for (const { label, score } of scores) put(label, score);
    } else if (typeof scores === "object" && scores !== null && !Array.isArray(scores)) {
      for (const [label, value] of Object.entries(scores)) put(label, value);
    } else throw wrong(i, "scores", scores, `numbers for ${labels.length} labels`);
  });
  return out;
}

/** Labels in the order of classes: those given, else all that occur, sorted, numbers by their value. */
export function labelsIn(lists: Iterable<string>, given?: readonly string[]): string[] {
  return given ? [...given] : sortLabels(lists);
}

function text(value: unknown, row: number, what: string): string {
  if (typeof value === "string") return value;
  throw wrong(row, what, value, "a text");
}

/** What is wrong with a row, and what was wanted of it. */
export function wrong(row: number, what: string, value: unknown, wanted: string): EvaluationError {
  const found = value === undefined ? `there is no ${what}` : `its ${what} is ${show(value)}`;
  // A row of a table without the column is taken for the value itself.
  const advice = value === undefined || isObject(value)
    ? `: give a column "${what}", or a file of its own`
    : "";
  return new EvaluationError(`Row ${row + 1}: ${found}, wanted ${wanted}${advice}`);
}
