/**
 * Reading what stands after the `=` of a cleaning step.
 *
 * @module
 */
import { show } from "../../base/text.ts";
import { DataError } from "../errors.ts";

/** The longest text that a step puts in place of another, in UTF-16 units. */
export const MOST_PLACEHOLDER = 40;

/** A step that takes nothing. */
export function readNothing(value: string | undefined, name: string): void {
  if (value !== undefined) {
    throw new DataError(`the step ${name} takes no value, and ${show(value)} was given`);
  }
}

/** A text to put in place of another: a space unless one is given, nothing for `name=`. */
export function readPlaceholder(value: string | undefined, name: string): string {
  const text = value ?? " ";
  if (text.length <= MOST_PLACEHOLDER) return text;
  throw new DataError(
    `the step ${name} puts at most ${MOST_PLACEHOLDER} characters in place of others, and ${text.length} were given`,
  );
}

/** A whole number. */
export function readCount(value: string | undefined, name: string, { least }: { least: number }): number {
  const count = Number(value);
  if (value !== undefined && /^\d{1,15}$/.test(value) && count >= least) return count;
  throw new DataError(
    `the step ${name} takes a whole number of at least ${least}, such as ${name}=${Math.max(least, 10)}${
      value === undefined ? "" : `; ${show(value)} was given`
    }`,
  );
}

/** One of a record's members, by name. */
export function readOne<T>(value: string, choices: Readonly<Record<string, T>>, name: string): T {
  if (Object.hasOwn(choices, value)) return choices[value];
  throw new DataError(
    `the step ${name} takes ${Object.keys(choices).join(", ")}${
      value === "" ? "" : `; ${show(value)} was given`
    }`,
  );
}

/** What stands after the `=`, which must be there. */
export function readText(value: string | undefined, name: string, example: string): string {
  if (value !== undefined && value !== "") return value;
  throw new DataError(`the step ${name} takes a value: write ${name}=${example}`);
}
