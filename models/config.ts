/**
 * Reading fields of a `config.json`, with the limits that keep a hostile or broken one from asking for a huge model.
 *
 * @module
 */
import { type Check, checkJson, indexed, isObject, number, oneOf, text } from "../src/base/json.ts";
import { ModelError } from "./errors.ts";

/** Reads checked fields of one configuration object. */
export interface ConfigReader {
  /** A whole number in [1, max]. */
  count(field: string, options: { fallback?: number; max: number }): number;
  /** A finite number in [min, max]. */
  number(field: string, options: { fallback?: number; min: number; max: number }): number;
  /** The id of the padding token: a row of a table of `vocabSize` rows. */
  padTokenId(vocabSize: number, fallback: number): number;
  /** One of those in `among`. */
  choice<T extends string | boolean>(field: string, among: readonly T[], fallback?: T): T;
}

/**
 * Checks that every head gets the same share of the hidden size.
 *
 * @throws {ModelError} naming both fields.
 */
export function checkHeads(
  config: { readonly heads: number; readonly hiddenSize: number },
  names: { readonly modelType: string; readonly heads: string; readonly size: string },
): void {
  if (config.hiddenSize % config.heads === 0) return;
  throw new ModelError(
    `Cannot read the ${names.modelType} configuration: "${names.heads}" (${config.heads}) must divide ` +
      `"${names.size}" (${config.hiddenSize})`,
  );
}

const MAX_LABELS = 100_000;
const MAX_LABEL_CHARACTERS = 1_000_000;

/**
 * A reader of one configuration.
 *
 * @throws {ModelError} when the configuration is not an object; its methods throw it naming the field.
 */
export function configReader(json: unknown, modelType: string): ConfigReader {
  const refuse = (problem: string) =>
    new ModelError(`Cannot read the ${modelType} configuration: ${problem}`);
  if (!isObject(json)) throw refuse("it is not a JSON object");
  const read = <T>(field: string, check: Check<T>, fallback?: T): T => {
    const value = (Object.hasOwn(json, field) ? json[field] : undefined) ?? fallback;
    return checkJson(check, value, refuse, field);
  };
  return {
    number: (field, { fallback, min, max }) => read(field, number({ least: min, most: max }), fallback),
    padTokenId: (vocabSize, fallback) =>
      read("pad_token_id", number({ least: 0, most: vocabSize - 1, whole: true }), fallback),
    count: (field, { fallback, max }) => read(field, number({ least: 1, most: max, whole: true }), fallback),
    choice: (field, among, fallback) => read(field, oneOf(...among), fallback),
  };
}

/**
 * The labels of a Hugging Face configuration in the order of their ids, from `id2label`.
 *
 * @throws {ModelError} when they are no map from 0, 1, ... to texts.
 */
export function labelsOfConfig(json: Readonly<Record<string, unknown>>): string[] {
  const refuse = (problem: string) => new ModelError(`Cannot read the configuration: ${problem}`);
  if (json.id2label !== undefined) {
    const labels = indexed(text(MAX_LABEL_CHARACTERS), { least: 1, most: MAX_LABELS });
    return checkJson(labels, json.id2label, refuse, "id2label");
  }
  const count = checkJson(
    number({ least: 1, most: MAX_LABELS, whole: true }),
    json.num_labels ?? 2,
    refuse,
    "num_labels",
  );
  return Array.from({ length: count }, (_, i) => `LABEL_${i}`);
}

/**
 * Whether a configuration is of a class that ends so, such as `ForTokenClassification`; one that names no class may be of
 * any.
 */
export function isOfClass(json: Readonly<Record<string, unknown>>, ending: string): boolean {
  const { architectures } = json;
  if (!Array.isArray(architectures)) return true;
  return architectures.some((name) => typeof name === "string" && name.endsWith(ending));
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
