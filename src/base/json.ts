/**
 * Reading JSON that may come from anywhere: a check is a function that gives a clean copy of a value, with nothing in it
 * that was not asked for, or throws one line with the path of the first thing that is wrong, what was found and what was
 * wanted.
 *
 * Files are read with these and not with zod, which the HTTP bodies use: the line names what was found, and a command does
 * not wait the tenth of a second that zod takes to load.
 *
 * @module
 */
import { UserError } from "./errors.ts";
import { jsonProblem } from "./json_scan.ts";
import { firstLine, shorten } from "./text.ts";

/** Reads an untrusted value as a T; `path` is where it stands, such as `metrics[2].value`, and empty for the document. */
export type Check<T> = (value: unknown, path: string) => T;

/** A check for every field, so that a field without one does not compile. */
export type Fields<T> = { readonly [K in keyof T]-?: Check<T[K]> };

/** What a check found wrong: `PATH is FOUND, wanted WANTED`. {@linkcode checkJson} makes the caller's own error of it. */
export class JsonError extends UserError {}

/**
 * Checks a document, or a part of one.
 *
 * @param error makes the error of what is wrong, such as `metrics[2].value is null, wanted a finite number`.
 * @param path where the value stands, if it is not the whole document.
 * @example
 * ```ts
 * import { checkJson, list, number, object, text } from "./json.ts";
 * import { UserError } from "./errors.ts";
 * import assert from "node:assert/strict";
 *
 * const check = object({ name: text(80), metrics: list(object({ value: number() }), { most: 10 }) });
 * const read = (json: unknown) => checkJson(check, json, (problem) => new UserError(`weir.json: ${problem}`));
 * assert.deepEqual(read({ name: "spam", metrics: [], more: 1 }), { name: "spam", metrics: [] });
 * assert.throws(
 *   () => read({ name: "spam", metrics: [{ value: null }] }),
 *   { message: "weir.json: metrics[0].value is null, wanted a finite number" },
 * );
 * ```
 */
export function checkJson<T>(
  check: Check<T>,
  value: unknown,
  error: (problem: string) => Error,
  path = "",
): T {
  try {
    return check(value, path);
  } catch (problem) {
    throw problem instanceof JsonError ? error(problem.message) : problem;
  }
}

/**
 * Parses a text, or bytes that should be UTF-8, with or without a byte-order mark. Whoever reads a file limits its size
 * ({@linkcode readLimited} in files.ts); its nesting is limited here.
 *
 * @param error makes the error of what is wrong, such as `it is not JSON: Unexpected token ...`.
 * @param options `distinctKeys`: whether an object may not have a key twice, for files that others read too
 */
export function parseJson(
  data: string | Uint8Array,
  error: (problem: string) => Error,
  options: { readonly distinctKeys?: boolean } = {},
): unknown {
  let json: string;
  try {
    json = typeof data === "string" ? data : new TextDecoder("utf-8", { fatal: true }).decode(data);
  } catch {
    throw error("it is not valid UTF-8");
  }
  const problem = jsonProblem(json, options);
  if (problem !== undefined) throw error(`it ${problem}`);
  try {
    return JSON.parse(json);
  } catch (problem) {
    throw error(`it is not JSON: ${firstLine(problem)}`);
  }
}

/** Whether a value is a JSON object: neither null nor a list. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An object; keys that are not known are left out. */
export function object<T extends object>(fields: Fields<T>): Check<T> {
  const entries = Object.entries(fields) as [string, Check<unknown>][];
  return (value, path) => {
    if (!isObject(value)) return fail(path, value, "an object");
    const read: Record<string, unknown> = {};
    for (const [key, check] of entries) {
      const field = check(Object.hasOwn(value, key) ? value[key] : undefined, join(path, key));
      if (field !== undefined) read[key] = field;
    }
    return read as T;
  };
}

/** An object with keys of any name, at most `most` of them, such as metrics by name. */
export function record<T>(
  item: Check<T>,
  { most, key }: { most: number; key?: Check<string> },
): Check<Record<string, T>> {
  return (value, path) => {
    if (!isObject(value)) return fail(path, value, "an object");
    const entries = Object.entries(value);
    if (entries.length > most) failWith(path, `has ${entries.length} entries, wanted at most ${most}`);
    // As entries, because a plain assignment to a key "__proto__" would set the prototype.
    return Object.fromEntries(entries.map(([name, entry]) => {
      const at = join(path, harmless(name));
      return [key ? key(name, at) : name, item(entry, at)];
    }));
  };
}

/** A list of at most `most` items. */
export function list<T>(item: Check<T>, { least = 0, most }: { least?: number; most: number }): Check<T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) return fail(path, value, "a list");
    if (value.length < least || value.length > most) {
      failWith(
        path,
        `has ${value.length} items, wanted ${least > 0 ? `${least} to ${most}` : `at most ${most}`}`,
      );
    }
    return value.map((element, i) => item(element, `${path}[${i}]`));
  };
}

/** A list that is written as an object of its indices, `{ "0": ..., "1": ... }`, in whatever order. */
export function indexed<T>(
  item: Check<T>,
  { least = 0, most }: { least?: number; most: number },
): Check<T[]> {
  const items = list(item, { least, most });
  return (value, path) => {
    if (!isObject(value)) return fail(path, value, "an object");
    const size = Object.keys(value).length;
    // Each index once and none else: as many keys as there are, all of them the indices'.
    const gap = Array.from({ length: Math.min(size, most) }, (_, i) => i).find((i) =>
      !Object.hasOwn(value, i)
    );
    if (gap !== undefined) failWith(path, `has ${size} entries and none is ${gap}, wanted 0, 1, 2, ...`);
    return items(Array.from({ length: size }, (_, i) => value[i]), path);
  };
}

/** What may be missing. */
export function optional<T>(check: Check<T>): Check<T | undefined> {
  return (value, path) => value === undefined ? undefined : check(value, path);
}

/** What may be null. */
export function nullable<T>(check: Check<T>): Check<T | null> {
  return (value, path) => value === null ? null : check(value, path);
}

/** A text of at most `most` UTF-16 units. */
export function text(most: number): Check<string> {
  return (value, path) => {
    if (typeof value !== "string") return fail(path, value, "a text");
    if (value.length > most) failWith(path, `has ${value.length} characters, wanted at most ${most}`);
    return value;
  };
}

/** One of a few texts, or truth values. */
export function oneOf<T extends string | boolean>(...allowed: readonly T[]): Check<T> {
  return (value, path) => {
    if (!allowed.includes(value as T)) fail(path, value, `one of ${allowed.join(", ")}`);
    return value as T;
  };
}

/** True or false. */
export function flag(value: unknown, path: string): boolean {
  return typeof value === "boolean" ? value : fail(path, value, "true or false");
}

/** A finite number, within limits where they are given. */
export function number({ least = -Infinity, most = Infinity, whole = false }: {
  least?: number;
  most?: number;
  whole?: boolean;
} = {}): Check<number> {
  const range = least > -Infinity && most < Infinity
    ? ` from ${least} to ${most}`
    : least > -Infinity
    ? ` of at least ${least}`
    : "";
  const wanted = `a ${whole ? "whole" : "finite"} number${range}`;
  return (value, path) => {
    if (typeof value !== "number" || !Number.isFinite(value)) return fail(path, value, wanted);
    if (value < least || value > most || (whole && !Number.isSafeInteger(value))) fail(path, value, wanted);
    return value;
  };
}

/** A value that JSON can hold. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** Any JSON, nested at most `depth` deep: who walks it may recurse. */
export function anyJson({ depth }: { depth: number }): Check<Json> {
  const check = (value: unknown, path: string, left: number): Json => {
    if (typeof value !== "object" || value === null) {
      return value === undefined ? fail(path, value, "a value") : value as Json;
    }
    if (left === 0) failWith(path, `is nested deeper than ${depth}`);
    if (Array.isArray(value)) return value.map((item, i) => check(item, `${path}[${i}]`, left - 1));
    const entries = Object.entries(value);
    return Object.fromEntries(
      entries.map(([key, item]) => [key, check(item, join(path, harmless(key)), left - 1)]),
    );
  };
  return (value, path) => check(value, path, depth);
}

/** A value that passes a check and something else besides. */
export function and<T>(check: Check<T>, further: (value: T, path: string) => void): Check<T> {
  return (value, path) => {
    const read = check(value, path);
    further(read, path);
    return read;
  };
}

/** Throws `PATH is FOUND, wanted WANTED`. */
export function fail(path: string, found: unknown, wanted: string): never {
  return failWith(path, `${found === undefined ? "is missing" : `is ${describe(found)}`}, wanted ${wanted}`);
}

/** Throws `PATH WHAT`. */
export function failWith(path: string, what: string): never {
  throw new JsonError(`${path === "" ? "it" : path} ${what}`);
}

/** What was found, short and harmless on a terminal. */
function describe(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "an object";
  return typeof value === "string" ? JSON.stringify(harmless(value)) : String(value);
}

function harmless(text: string): string {
  return shorten(text, 40).replace(/\p{C}/gu, "?");
}

function join(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}
