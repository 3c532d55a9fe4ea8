/**
 * Inputs whose answers may never change: regression tests of a model.
 *
 * @module
 */
import type { CanariesSection } from "../report.ts";
import { checkLengths, checkNumber, fail, refuse } from "../../statistics/checks.ts";
import { isObject } from "../../base/json.ts";

/** An input whose answer is known and may never change: a regression test for a model. */
export interface Canary {
  /** For the reader; default `canary 1` ... */
  readonly name: string;
  /** What the model reads. */
  readonly input: string;
  /** The answer, one of several that are right, or for generated text what must and must not be in it. */
  readonly expected: Expected;
}

/** What an answer has to be. Texts are compared without regard to case and surrounding white space. */
export interface Expected {
  /** One of these. */
  readonly anyOf?: readonly string[];
  /** All of these are in it. */
  readonly contains?: readonly string[];
  /** None of these is in it. */
  readonly excludes?: readonly string[];
  /** The score of the answer is at least this, for classifiers. */
  readonly minScore?: number;
}

/** A model's answer. */
export interface Answer {
  /** As it stands. */
  readonly text: string;
  /** Probability of the label, for classifiers. */
  readonly score?: number;
}

const MAX_CANARIES = 10_000;
const MAX_CHARACTERS = 100_000;
const KEYS = ["name", "input", "expected", "contains", "excludes", "minScore"];

/**
 * Reads canaries: objects such as `{"input": "WIN CASH NOW", "expected": "spam", "minScore": 0.9}`, `{"name": "capital",
 * "input": "Capital of Italy?", "expected": ["Rome", "Roma"]}` or, for generated text, `{"input": "Summarise: ...", "contains":
 * ["Rome"], "excludes": ["Milan"]}`.
 *
 * @throws {EvaluationError} naming the canary and what is wrong with it.
 * @example
 * ```ts
 * import { checkCanaries, parseCanaries } from "./canaries.ts";
 * import assert from "node:assert/strict";
 * const [canary] = parseCanaries([{ input: "WIN CASH NOW", expected: "spam" }]);
 * assert.deepEqual(canary, { name: "canary 1", input: "WIN CASH NOW", expected: { anyOf: ["spam"] } });
 * const canaries = parseCanaries([{ input: "WIN CASH NOW", expected: "spam", minScore: 0.9 }]);
 * assert.equal(checkCanaries(canaries, [{ text: "spam", score: 0.97 }]).rows[0].passed, true);
 * assert.equal(checkCanaries(canaries, [{ text: "spam", score: 0.6 }]).rows[0].passed, false);
 * ```
 */
export function parseCanaries(records: readonly unknown[]): Canary[] {
  if (records.length === 0 || records.length > MAX_CANARIES) {
    fail(`Cannot read ${records.length} canaries: wanted 1 to ${MAX_CANARIES}`);
  }
  return records.map((record, i) => {
    const where = `canary ${i + 1}`;
    if (!isObject(record)) fail(`Cannot read ${where}: wanted {"input": "...", "expected": "..."}`);
    const { name = where, input, expected, contains, excludes, minScore } = record;
    const unknown = Object.keys(record).find((key) => !KEYS.includes(key));
    if (unknown !== undefined) refuse(`a key of ${where}`, unknown, `one of ${KEYS.join(", ")}`);
    if (typeof name !== "string") refuse(`the name of ${where}`, name, "a text");
    if (typeof input !== "string" || input.length > MAX_CHARACTERS) {
      refuse(`"input" of ${where}`, input, `a text of at most ${MAX_CHARACTERS} characters`);
    }
    if (minScore !== undefined) checkNumber(`"minScore" of ${where}`, minScore, { least: 0, most: 1 });
    const lists = Object.entries({ expected, contains, excludes }).flatMap(([key, list]) =>
      list === undefined ? [] : [[key === "expected" ? "anyOf" : key, texts(list, `"${key}" of ${where}`)]]
    );
    if (lists.length === 0) {
      fail(`Cannot read ${where}: it has neither "expected" nor "contains" nor "excludes"`);
    }
    const wanted: Expected = { ...Object.fromEntries(lists), ...(minScore !== undefined && { minScore }) };
    return { name, input, expected: wanted };
  });
}

/**
 * Which canaries live: one row each, in order.
 *
 * @throws {EvaluationError} When there is not one answer for each.
 */
export function checkCanaries(canaries: readonly Canary[], answers: readonly Answer[]): CanariesSection {
  checkLengths(canaries.length, answers.length, ["answers", "canaries"]);
  const rows = canaries.map(({ name, input, expected }, i) => {
    const { text, score } = answers[i];
    return {
      name,
      input,
      expected: describe(expected),
      got: score === undefined ? text : `${text} (${score.toFixed(3)})`,
      passed: lives(expected, answers[i]),
    };
  });
  return { kind: "canaries", title: "Canaries", rows };
}

function lives(
  { anyOf, contains = [], excludes = [], minScore }: Expected,
  { text, score }: Answer,
): boolean {
  const answer = plain(text);
  if (anyOf && !anyOf.some((wanted) => plain(wanted) === answer)) return false;
  if (!contains.every((part) => answer.includes(plain(part)))) return false;
  if (excludes.some((part) => answer.includes(plain(part)))) return false;
  return minScore === undefined || (score !== undefined && score >= minScore);
}

function describe({ anyOf, contains, excludes, minScore }: Expected): string {
  return [
    anyOf?.join(" or "),
    contains && `with ${contains.join(", ")}`,
    excludes && `without ${excludes.join(", ")}`,
    minScore !== undefined && `score at least ${minScore}`,
  ].filter((part) => part).join("; ");
}

function plain(text: string): string {
  return text.normalize("NFC").trim().toLowerCase();
}

function texts(value: unknown, what: string): string[] {
  const list = Array.isArray(value) ? value : [value];
  if (list.length === 0 || !list.every((text) => typeof text === "string" && text !== "")) {
    refuse(what, value, "a text, or a list of texts");
  }
  return list;
}
