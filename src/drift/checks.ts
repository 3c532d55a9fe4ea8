/**
 * Checks of what was read from a baseline file. Each returns the value with its type, or throws naming the field, what was
 * found and what was wanted.
 *
 * @module
 */
import { DriftError } from "./errors.ts";

/** The error for a field that is not what it should be. */
export function wrong(where: string, found: unknown, wanted: string): DriftError {
  const shown = JSON.stringify(found)?.slice(0, 60) ?? "missing";
  return new DriftError(`Drift baseline: ${where} is ${shown}, wanted ${wanted}; build the baseline again`);
}

/** An object. */
export function record(json: unknown, where: string): Record<string, unknown> {
  if (typeof json === "object" && json !== null && !Array.isArray(json)) {
    return json as Record<string, unknown>;
  }
  throw wrong(where, json, "an object");
}

/** A list of `least` (default 1) to `most` entries. */
export function array(json: unknown, where: string, limits: { most: number; least?: number }): unknown[] {
  const least = limits.least ?? 1;
  if (!Array.isArray(json)) throw wrong(where, json, "a list");
  if (json.length >= least && json.length <= limits.most) return json;
  throw wrong(where, `${json.length} long`, `from ${least} to ${limits.most} entries`);
}

/** A finite number in a range. */
export function number(
  json: unknown,
  where: string,
  limits: { least?: number; below?: number } = {},
): number {
  const { least = -Infinity, below = Infinity } = limits;
  if (typeof json === "number" && Number.isFinite(json) && json >= least && json < below) return json;
  const from = least > -Infinity ? ` from ${least}` : "", to = below < Infinity ? ` below ${below}` : "";
  throw wrong(where, json, `a number${from}${to}`);
}

/** A whole number in a range. */
export function whole(json: unknown, where: string, limits: { least: number; most?: number }): number {
  const below = (limits.most ?? Number.MAX_SAFE_INTEGER) + 1;
  const value = number(json, where, { least: limits.least, below });
  if (Number.isInteger(value)) return value;
  throw wrong(where, json, "a whole number");
}

/** A list of counts or ids. */
export function wholes(
  json: unknown,
  where: string,
  limits: { most: number; below?: number; least?: number },
): number[] {
  const most = (limits.below ?? Number.MAX_SAFE_INTEGER) - 1;
  return array(json, where, limits).map((entry, i) => whole(entry, `${where}[${i}]`, { least: 0, most }));
}

/** A list of counts, one for each of `length` bins. */
export function countsOf(json: unknown, where: string, limits: { length: number; of: string }): number[] {
  const { length, of } = limits;
  const counts = wholes(json, where, { most: Math.max(10_000, length), least: 0 });
  if (counts.length !== length) throw wrong(where, `${counts.length} long`, `${length}, one per ${of}`);
  return counts;
}

/** A list of finite numbers, each more than the one before it (`strictly`) or at least as much. */
export function ascending(
  json: unknown,
  where: string,
  limits: { most: number; strictly: boolean },
): number[] {
  const values = array(json, where, limits).map((entry, i) => number(entry, `${where}[${i}]`));
  for (let i = 1; i < values.length; i++) {
    if (values[i] > values[i - 1] || (values[i] === values[i - 1] && !limits.strictly)) continue;
    throw wrong(`${where}[${i}]`, values[i], `more than ${values[i - 1]} before it`);
  }
  return values;
}

const MAX_TEXT = 1000;

/** A string of at most 1,000 characters. */
export function string(json: unknown, where: string): string {
  if (typeof json === "string" && json.length <= MAX_TEXT) return json;
  throw wrong(where, json, `a string of at most ${MAX_TEXT} characters`);
}
