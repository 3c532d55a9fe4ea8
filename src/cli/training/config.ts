/**
 * Options of a command from a JSON or YAML file.
 *
 * @module
 */
import { type Command, InvalidArgumentError, type Option } from "commander";
import { extname } from "node:path";
import { type Document, isScalar, parseDocument, visit } from "yaml";
import { readLimitedSync } from "../../base/files.ts";
import { jsonProblem } from "../../base/json_scan.ts";
import { firstLine, shorten, show, visible } from "../../base/text.ts";
import { UsageError } from "../output.ts";

/** A file of options is small, and is read as a whole. */
const MOST_BYTES = 100_000;

/**
 * Sets the options of a command that a file has and the command line has not, each read as on the command line. A flag is true
 * or false, an option of several values a list, `head` an object.
 *
 * @throws {UsageError} when the file cannot be read, or an option of it is not known or not what it should be.
 */
export function applyConfig(command: Command, path: string): void {
  let values: Record<string, unknown>;
  try {
    values = readStructured(path, { isFile: true });
  } catch (error) {
    throw new UsageError(`--config ${path}: ${firstLine(error)}`);
  }
  for (const [key, value] of Object.entries(values)) {
    const option = optionOf(command, key, path);
    const attribute = option.attributeName();
    if (command.getOptionValueSource(attribute) === "cli") continue;
    command.setOptionValueWithSource(attribute, valueOf(option, value, `${path}: ${key}`), path);
    fromConfig.set(command, (fromConfig.get(command) ?? new Set()).add(attribute));
  }
}

const fromConfig = new WeakMap<Command, Set<string>>();

/** Whether an option has its value from a file of options. */
export function isFromConfig(command: Command, option: Option): boolean {
  const attribute = option.attributeName();
  return (fromConfig.get(command)?.has(attribute) ?? false) &&
    command.getOptionValueSource(attribute) !== "cli";
}

/**
 * Reads an object of JSON or YAML, from a file or as it is given. A YAML file is read by YAML 1.2's core schema, with few
 * aliases, since those can stand for more than memory holds.
 *
 * @throws {InvalidArgumentError} when it cannot be read, or is no object.
 */
export function readStructured(
  source: string,
  { isFile }: { readonly isFile: boolean },
): Record<string, unknown> {
  const text = isFile ? readSmall(source) : source;
  const isJson = !isFile || extname(source).toLowerCase() === ".json";
  let value: unknown;
  try {
    if (isJson) {
      const problem = jsonProblem(text, { distinctKeys: true });
      if (problem !== undefined) throw new Error(`it ${problem}`);
      value = JSON.parse(text);
    } else {
      // Its own check of keys compares each with each, and it looks for the line of every error.
      const document = parseDocument(text, { prettyErrors: false, uniqueKeys: false });
      const [error] = document.errors;
      if (error) {
        const line = text.slice(0, error.pos[0]).split("\n").length;
        throw new Error(`${firstLine(error).replace(/\.$/, "")}, in line ${line}`);
      }
      checkKeys(document);
      value = document.toJS({ maxAliasCount: 100 });
    }
  } catch (error) {
    throw new InvalidArgumentError(
      `It is no ${isJson ? "JSON" : "YAML"}: ${visible(shorten(firstLine(error), 200)).replace(/\.$/, "")}.`,
    );
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InvalidArgumentError(`It must be an object of names and values, found ${show(value)}.`);
  }
  return value as Record<string, unknown>;
}

/** Throws for a key that a map has twice: one reader takes the first, and another the last. */
function checkKeys(document: Document): void {
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        const value = isScalar(key) ? key.value : key;
        if (seen.has(value)) throw new Error(`Map keys must be unique, and ${show(value)} is there twice`);
        seen.add(value);
      }
    },
  });
}

function readSmall(path: string): string {
  const bytes = readLimitedSync(path, MOST_BYTES);
  if (!bytes) throw new InvalidArgumentError("There is no such file.");
  return new TextDecoder().decode(bytes);
}

/** The option of a key, which is its name: `batch-size`, also as `batchSize` or `batch_size`. */
function optionOf(command: Command, key: string, path: string): Option {
  const name = key.replace(/_/g, "-").replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const options = command.options.filter((option) => !["config", "help", "json"].includes(option.name()));
  const found = options.find((option) => option.name() === name);
  if (found) return found;
  const nearest = options.map((option) => ({ name: option.name(), edits: editDistance(name, option.name()) }))
    .sort((a, b) => a.edits - b.edits)[0];
  throw new UsageError(
    `--config ${path}: there is no option ${show(key)}; ${
      nearest.edits <= Math.max(2, name.length / 2)
        ? `did you mean ${nearest.name}?`
        : "its keys are option names, such as epochs"
    }`,
  );
}

function valueOf(option: Option, value: unknown, where: string): unknown {
  if (option.isBoolean()) {
    if (typeof value === "boolean") return value;
    throw new UsageError(`${where} is ${show(value)}; true or false was expected`);
  }
  if (option.optional && value === true) return true;
  try {
    if (option.name() === "head" && typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value;
    }
    if (option.variadic) {
      const texts = (Array.isArray(value) ? value : [value]).map(textOf);
      return option.parseArg
        ? texts.reduce<unknown>((before, text) => option.parseArg!(text, before), undefined)
        : texts;
    }
    const text = option.name() === "class-weights" && typeof value === "object"
      ? JSON.stringify(value)
      : Array.isArray(value) // such as the shares of `split`, the steps of `clean`
      ? value.map(textOf).join(",")
      : textOf(value);
    return option.parseArg ? option.parseArg(text, option.defaultValue) : text;
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new UsageError(`${where} is ${show(value)}. ${firstLine(error).replace(/\.$/, "")}`);
  }
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw new InvalidArgumentError("It must be a text or a number.");
}

/** Letters to insert, remove or replace (Levenshtein 1966). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length];
}
