/**
 * Reading fields of a `config.json`, with the limits that keep a hostile or broken one from asking for a huge model.
 *
 * @module
 */
import { ModelError } from "./errors.ts";

/** Reads checked fields of one configuration object. */
export interface ConfigReader {
  /** A whole number in [1, max]. */
  count(field: string, options: { fallback?: number; max: number }): number;
  /** A finite number in [min, max]. */
  number(field: string, options: { fallback?: number; min: number; max: number }): number;
  /** One of the texts in `among`. */
  choice<T extends string>(field: string, among: readonly T[], fallback?: T): T;
}

const MAX_LABELS = 100_000;

/**
 * A reader of one configuration.
 *
 * @throws {ModelError} when the configuration is not an object; its methods throw it naming the field.
 */
export function configReader(json: unknown, modelType: string): ConfigReader {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new ModelError(`Cannot read the ${modelType} configuration: it is not a JSON object`);
  }
  const fields = json as Record<string, unknown>;
  const fail = (field: string, wanted: string): never => {
    throw new ModelError(
      `Cannot read the ${modelType} configuration: "${field}" must be ${wanted}, got ${
        JSON.stringify(fields[field])
      }`,
    );
  };
  const number: ConfigReader["number"] = (field, { fallback, min, max }) => {
    const value = fields[field] ?? fallback;
    if (typeof value !== "number" || !(value >= min && value <= max)) {
      return fail(field, `a number from ${min} to ${max}`);
    }
    return value;
  };
  return {
    number,
    count(field, { fallback, max }) {
      const value = number(field, { fallback, min: 1, max });
      return Number.isInteger(value) ? value : fail(field, "a whole number");
    },
    choice(field, among, fallback) {
      const value = fields[field] ?? fallback;
      return among.find((name) => name === value) ?? fail(field, `one of ${among.join(", ")}`);
    },
  };
}

/**
 * The labels of a Hugging Face configuration in the order of their ids, from `id2label`.
 *
 * @throws {ModelError} when they are no map from 0, 1, ... to texts.
 */
export function labelsOfConfig(json: Readonly<Record<string, unknown>>): string[] {
  const { id2label, num_labels: count = 2 } = json;
  const fail = (field: string, wanted: string): never => {
    throw new ModelError(
      `Cannot read the configuration: "${field}" must be ${wanted}, got ${JSON.stringify(json[field])}`,
    );
  };
  if (id2label === undefined) {
    if (!Number.isInteger(count) || (count as number) < 1 || (count as number) > MAX_LABELS) {
      return fail("num_labels", "a whole number");
    }
    return Array.from({ length: count as number }, (_, i) => `LABEL_${i}`);
  }
  if (typeof id2label !== "object" || id2label === null) return fail("id2label", "an object");
  const labels = Object.entries(id2label);
  const sound = labels.length >= 1 && labels.length <= MAX_LABELS &&
    labels.every(([id, label]) => typeof label === "string" && Number(id) >= 0 && Number(id) < labels.length);
  if (!sound) return fail("id2label", "a map from 0, 1, ... to label texts");
  return labels.sort(([p], [q]) => Number(p) - Number(q)).map(([, label]) => label as string);
}

/** The two label maps of a Hugging Face configuration. */
export function labelMaps(labels: readonly string[]): {
  id2label: Record<string, string>;
  label2id: Record<string, number>;
} {
  return {
    id2label: Object.fromEntries(labels.map((label, i) => [String(i), label])),
    label2id: Object.fromEntries(labels.map((label, i) => [label, i])),
  };
}
