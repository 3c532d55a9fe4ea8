/**
 * Settings of metrics, as a command line or a JSON file gives them.
 *
 * @module
 */
import { didYouMean } from "../../base/nearest.ts";
import { show } from "../../base/text.ts";
import { EvaluationError } from "../../statistics/errors.ts";

/** A setting of a metric, as a command line or a JSON file gives it. */
export interface OptionRule {
  /** One line for the reader. */
  readonly about: string;
  /** What its text is read as: a flag is `true`, `false` or empty, a list has commas between or is JSON. */
  readonly kind: "flag" | "number" | "text" | "list";
  /** The values that are possible; absent: any of its kind. */
  readonly choices?: readonly string[];
}

/** Settings of a metric, read. */
export type OptionValues = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/**
 * Reads settings by their rules: `{ stemmer: "true" }` becomes `{ stemmer: true }`.
 *
 * @throws {EvaluationError} naming the metric, the setting and what is possible.
 * @example
 * ```ts
 * import { readOptions } from "./options.ts";
 * import assert from "node:assert/strict";
 * const rules = { stemmer: { about: "words by their stems", kind: "flag" } } as const;
 * assert.deepEqual(readOptions("rouge", rules, { stemmer: "true" }), { stemmer: true });
 * assert.throws(() => readOptions("rouge", rules, { stem: "yes" }), /rouge has no option "stem"; it has stemmer/);
 * ```
 */
export function readOptions(
  metric: string,
  rules: Readonly<Record<string, OptionRule>>,
  given: Readonly<Record<string, string>>,
): OptionValues {
  const values: Record<string, string | number | boolean | readonly string[]> = {};
  for (const [name, text] of Object.entries(given)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (!rule) {
      const known = Object.keys(rules);
      throw new EvaluationError(
        `${metric} has no option ${show(name)}; it has ${known.join(", ") || "none"}${
          didYouMean(name, known)
        }`,
      );
    }
    values[name] = readValue(`${name} of ${metric}`, rule, text);
  }
  return values;
}

function readValue(
  what: string,
  { kind, choices }: OptionRule,
  text: string,
): string | number | boolean | string[] {
  const fail = (wanted: string): never => {
    throw new EvaluationError(`${what} is ${show(text)}, wanted ${wanted}`);
  };
  if (choices && !choices.includes(text)) {
    return fail(`one of ${choices.join(", ")}${didYouMean(text, choices)}`);
  }
  if (kind === "flag") {
    return text === "true" || text === "" ? true : text === "false" ? false : fail("true or false");
  }
  if (kind === "list") return readList(text);
  if (kind === "text") return text;
  const number = Number(text);
  return text.trim() !== "" && Number.isFinite(number) ? number : fail("a number");
}

/** Commas between, or a JSON list where a part may hold a comma itself. */
export function readList(text: string): string[] {
  if (text.startsWith("[")) {
    try {
      const list: unknown = JSON.parse(text);
      if (Array.isArray(list) && list.every((part) => typeof part === "string")) return list;
    } catch {
      // A list with commas between may begin with a bracket.
    }
  }
  return text.split(",").map((part) => part.trim()).filter((part) => part !== "");
}
