/**
 * The names of classes that a data set stores as integers, as Hugging Face's `datasets` describes them.
 *
 * @module
 */
import { isObject } from "../../base/json.ts";
import type { DataRecord } from "../example.ts";

/** The names of the classes of a column, by the integer that stands for each. */
export type ClassNames = ReadonlyMap<string, readonly string[]>;

/** No data set has more classes; a list that is longer is nobody's. */
const MAX_CLASSES = 100_000;

/**
 * The classes in a description of features (`{"label": {"names": [...], "_type": "ClassLabel"}}`), whatever else is in it; one
 * column's sequence of classes, too.
 */
export function classNamesOf(features: unknown): ClassNames {
  const found = new Map<string, readonly string[]>();
  if (!isObject(features)) return found;
  for (const [column, feature] of Object.entries(features)) {
    const inner = isObject(feature) && isObject(feature.feature) ? feature.feature : feature;
    if (!isObject(inner) || inner._type !== "ClassLabel") continue;
    const { names } = inner;
    const isList = Array.isArray(names) && names.length <= MAX_CLASSES;
    if (isList && names.every((name) => typeof name === "string" && name !== "")) found.set(column, names);
  }
  return found;
}

/** The description of features in the metadata of a Parquet or Arrow file, which is JSON under the key `huggingface`. */
export function classNamesInMetadata(json: string | undefined): ClassNames {
  if (json === undefined) return new Map();
  try {
    const value: unknown = JSON.parse(json);
    return classNamesOf(isObject(value) && isObject(value.info) ? value.info.features : undefined);
  } catch {
    return new Map(); // It only adds names; a file without it is read, too.
  }
}

/** A record with the names of its classes; -1, which stands for an unknown class, becomes null. */
export function withClassNames(record: DataRecord, classes: ClassNames): DataRecord {
  if (classes.size === 0) return record;
  const named: Record<string, unknown> = { ...record };
  for (const [column, names] of classes) {
    const value = named[column];
    if (Array.isArray(value)) named[column] = value.map((item) => nameOf(item, names));
    else if (value !== undefined) named[column] = nameOf(value, names);
  }
  return named;
}

function nameOf(value: unknown, names: readonly string[]): unknown {
  if (value === -1) return null;
  return typeof value === "number" && Number.isInteger(value) ? names[value] ?? value : value;
}
