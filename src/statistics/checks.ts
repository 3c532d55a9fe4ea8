/**
 * Checks of what callers hand in: each throws an `EvaluationError` that says what was found and what was wanted.
 *
 * @module
 */
import { formatCount } from "../base/format.ts";
import { show } from "../base/text.ts";
import { EvaluationError } from "./errors.ts";

/** Throws an `EvaluationError`: one line for the person who handed something in. */
export function fail(message: string): never {
  throw new EvaluationError(message);
}

/** Numbers in a list or a typed array. */
export type Numbers = ArrayLike<number>;

/** A whole number from `least` (default 1) to `most`. */
export function checkWhole(name: string, value: unknown, least = 1, most = Infinity): void {
  if (Number.isSafeInteger(value) && value as number >= least && value as number <= most) return;
  const range = most < Infinity ? `from ${least} to ${formatCount(most)}` : `of at least ${least}`;
  fail(`${name} must be a whole number ${range}, got ${shown(value)}`);
}

/** Where a number may lie. Without an upper limit it has to be finite. */
export interface Limits {
  readonly above?: number;
  readonly least?: number;
  readonly below?: number;
  readonly most?: number;
}

/** A number within the limits. */
export function checkNumber(name: string, value: unknown, limits: Limits): void {
  const { above = -Infinity, least = -Infinity, most = Infinity } = limits;
  const { below = most < Infinity ? Infinity : most } = limits, x = value as number;
  if (typeof value === "number" && x > above && x >= least && x < below && x <= most) return;
  const upTo = Object.keys(limits).length === 1 ? "of at most" : "at most";
  const words = { above: "above", least: "of at least", below: "below", most: upTo };
  const parts = Object.entries(limits).map(([key, limit]) => `${words[key as keyof Limits]} ${limit}`);
  const wanted = above > -Infinity && below < Infinity
    ? `lie between ${above} and ${below}`
    : `be a ${parts.length === 0 ? "finite number" : `number ${parts.join(" and ")}`}`;
  fail(`${name} must ${wanted}, got ${shown(value)}`);
}

/** One of a few words. */
export function checkOneOf(name: string, value: unknown, allowed: readonly string[]): void {
  if (allowed.includes(value as string)) return;
  const words = allowed.map((word) => JSON.stringify(word)), last = words.pop();
  fail(`${name} must be ${words.join(", ")} or ${last}, got ${shown(value)}`);
}

/** Names of which no two are equal. */
export function checkDistinct(what: string, names: readonly string[]): void {
  const seen = new Set<string>(), twice = names.find((name) => seen.size === seen.add(name).size);
  if (twice !== undefined) fail(`${what} ${show(twice)} is there twice`);
}

/** A coverage of intervals. */
export function checkConfidence(confidence: number): void {
  checkNumber("confidence", confidence, { above: 0, below: 1 });
}

/** As many predictions as references, or as the words for other columns say; at least one. Returns how many. */
export function checkLengths(
  references: number,
  predictions: number,
  [what = "predictions", others = "references"]: readonly string[] = [],
): number {
  if (references !== predictions) {
    fail(`Cannot compare ${predictions} ${what} with ${references} ${others}: every row needs both`);
  }
  if (references === 0) fail("Cannot evaluate: there are no rows");
  return references;
}

/** Throws for a value in the data: what it is, what was found there, what was wanted. */
export function refuse(what: string, found: unknown, wanted: string): never {
  fail(`Cannot evaluate: ${what} is ${shown(found)}, wanted ${wanted}`);
}

/** Numbers as they are: JSON has no NaN and no Infinity. */
function shown(value: unknown): string {
  return typeof value === "number" ? String(value) : show(value);
}
