import { EvaluationError } from "../statistics/errors.ts";

/**
 * Reads untrusted JSON as a T: gives a clean copy with nothing in it that was not asked for, or throws one line that names the
 * path of what is wrong.
 */
export type Check<T> = (value: unknown, path: string) => T;

/** A check for every field, so that a field without one does not compile. */
export type Fields<T> = { readonly [K in keyof T]-?: Check<T[K]> };

/** An object; keys that are not known are left out. */
export function object<T extends object>(fields: Fields<T>): Check<T> {
  const entries = Object.entries(fields) as [string, Check<unknown>][];
  return (value, path) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) fail(path, value, "an object");
    const given = value as Record<string, unknown>;
    const read: Record<string, unknown> = {};
    for (const [key, check] of entries) {
      const field = check(
        Object.hasOwn(given, key) ? given[key] : undefined,
        path === "" ? key : `${path}.${key}`,
      );
      if (field !== undefined) read[key] = field;
    }
    return read as T;
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

/** What may be missing. */
export function optional<T>(check: Check<T>): Check<T | undefined> {
  return (value, path) => value === undefined ? undefined : check(value, path);
}

/** A text of at most `most` UTF-16 units. */
export function text(most: number): Check<string> {
  return (value, path) => {
    if (typeof value !== "string") return fail(path, value, "a text");
    if (value.length > most) failWith(path, `has ${value.length} characters, wanted at most ${most}`);
    return value;
  };
}

/** One of a few texts. */
export function oneOf<T extends string>(...allowed: readonly T[]): Check<T> {
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

/** A value that passes a check and something else besides. */
export function and<T>(check: Check<T>, further: (value: T, path: string) => void): Check<T> {
  return (value, path) => {
    const read = check(value, path);
    further(read, path);
    return read;
  };
}

/** Throws "PATH is FOUND, wanted WANTED". */
export function fail(path: string, found: unknown, wanted: string): never {
  return failWith(path, `${found === undefined ? "is missing" : `is ${describe(found)}`}, wanted ${wanted}`);
}

/** Throws "PATH WHAT". */
export function failWith(path: string, what: string): never {
  throw new EvaluationError(`Cannot read the report: ${path === "" ? "it" : path} ${what}`);
}

/** What was found, short and harmless on a terminal. */
function describe(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value !== "string") return String(value);
  const cut = value.length > 40 ? value.slice(0, 39) + "…" : value;
  return JSON.stringify(cut.replace(/\p{C}/gu, "?"));
}
