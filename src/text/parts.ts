/**
 * Reading the parts of a `tokenizer.json`, which may come from anyone: each value is checked where it is read.
 *
 * @module
 */
import { isObject } from "../base/json.ts";
import { show as shown } from "../base/text.ts";
import { TokenizerError } from "./errors.ts";

/** A part of a tokenizer: an object with a type. */
export interface Part {
  readonly type: string;
  /** Where it stands in the file. */
  readonly path: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly depth: number;
  /** How many more parts the section may have. */
  readonly budget: { parts: number };
}

const MAX_PARTS = 256;
const MAX_DEPTH = 8;
const MAX_TEXT = 65_536;

/** Reads a section of the file, such as its normalizer; `undefined` where it is null or missing. */
export function readSection(value: unknown, path: string): Part | undefined {
  return value === null || value === undefined ? undefined : readPart(value, path, 0, { parts: MAX_PARTS });
}

function readPart(value: unknown, path: string, depth: number, budget: { parts: number }): Part {
  if (!isObject(value) || typeof own(value, "type") !== "string") {
    fail(`${path} is not null or an object with a type`);
  }
  if (depth > MAX_DEPTH) fail(`${path} lies ${depth} sequences deep; at most ${MAX_DEPTH} are read`);
  if (--budget.parts < 0) fail(`${path.replace(/[.[].*/, "")} has more than ${MAX_PARTS} parts`);
  return { type: value.type as string, path, fields: value, depth, budget };
}

/** The parts that a sequence is made of. */
export function partsOf(part: Part, key: string): Part[] {
  const list = fieldOf(part, key);
  if (!Array.isArray(list)) fail(`${part.path}.${key} is ${show(list)}; a list was expected`);
  return list.map((item: unknown, i) =>
    readPart(item, `${part.path}.${key}[${i}]`, part.depth + 1, part.budget)
  );
}

/** Calls what the record has for the part's type; a type without an entry is refused by its name. */
export function build<T>(part: Part, kinds: Readonly<Record<string, (part: Part) => T>>): T {
  if (!Object.hasOwn(kinds, part.type)) {
    fail(`${part.path}.type is ${show(part.type)}; Weir knows ${Object.keys(kinds).join(", ")}`);
  }
  return kinds[part.type](part);
}

/** A field of a part. */
export function fieldOf(part: Part, key: string): unknown {
  return own(part.fields, key);
}

/** A switch; required where there is no value for a missing one. */
export function flagOf(part: Part, key: string, otherwise?: boolean): boolean {
  const value = fieldOf(part, key) ?? otherwise;
  if (typeof value !== "boolean") wrong(part, key, value, "true or false");
  return value;
}

/** A text. */
export function textOf(part: Part, key: string, otherwise?: string): string {
  const value = fieldOf(part, key) ?? otherwise;
  if (typeof value !== "string") wrong(part, key, value, "a text");
  if (value.length > MAX_TEXT) {
    fail(`${part.path}.${key} has ${value.length} characters; at most ${MAX_TEXT} are read`);
  }
  if (!value.isWellFormed()) wrong(part, key, value, "a text without lone surrogates");
  return value;
}

/** A text of exactly one character. */
export function characterOf(part: Part, key: string, otherwise?: string): string {
  const value = textOf(part, key, otherwise);
  if (value.length === 0 || value.length !== String.fromCodePoint(value.codePointAt(0)!).length) {
    wrong(part, key, value, "one character");
  }
  return value;
}

/** A whole number. */
export function countOf(
  part: Part,
  key: string,
  { least, most, otherwise }: { readonly least: number; readonly most: number; readonly otherwise?: number },
): number {
  const value = fieldOf(part, key) ?? otherwise;
  if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > most) {
    wrong(part, key, value, `a whole number from ${least} to ${most}`);
  }
  return value;
}

/** One of some words. */
export function choiceOf<T extends string>(part: Part, key: string, choices: readonly T[], otherwise?: T): T {
  const value = fieldOf(part, key) ?? otherwise;
  if (!(choices as readonly unknown[]).includes(value)) {
    wrong(part, key, value, choices.map((choice) => `"${choice}"`).join(", "));
  }
  return value as T;
}

/** A property of an object itself: a file's keys may be called `constructor`. */
export function own(object: object, key: string): unknown {
  return Object.hasOwn(object, key) ? (object as Record<string, unknown>)[key] : undefined;
}

/** Throws that a field is not what it should be. */
export function wrong(part: Part, key: string, value: unknown, wanted: string): never {
  fail(`${part.path}.${key} is ${show(value)}; ${wanted} was expected`);
}

/** A value as messages show it. */
export function show(value: unknown): string {
  return value === undefined ? "missing" : shown(value, 40);
}

/** Throws the error of a tokenizer.json. */
export function fail(what: string): never {
  throw new TokenizerError(`tokenizer.json: ${what}`);
}
