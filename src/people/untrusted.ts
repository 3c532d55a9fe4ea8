/**
 * Checks of data that people send.
 *
 * @module
 */
import { show } from "../base/text.ts";
import { fail } from "../statistics/checks.ts";

/** A value as it may stand in a message: short, on one line. */
export function clip(value: unknown): string {
  if (typeof value === "string") return show(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  return value === undefined ? "nothing" : String(value);
}

/** A plain object; with `fields`, one that has no others. */
export function object(value: unknown, where: string, fields?: readonly string[]): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    fail(`${where} must be an object, got ${clip(value)}`);
  }
  // Own fields only, and none that an object has from its prototype.
  const own = Object.assign(Object.create(null), value) as Record<string, unknown>;
  const unknown = fields && Object.keys(own).find((name) => !fields.includes(name));
  if (unknown !== undefined) {
    fail(`${where} has an unknown field ${clip(unknown)}; it may have ${fields!.join(", ")}`);
  }
  return own;
}

/** A list within limits of length. */
export function array(value: unknown, where: string, limits: { least?: number; most: number }): unknown[] {
  const { least = 0, most } = limits;
  if (!Array.isArray(value)) fail(`${where} must be a list, got ${clip(value)}`);
  if (value.length < least || value.length > most) {
    fail(`${where} must have ${least} to ${most} entries, got ${value.length}`);
  }
  return value;
}

/** A text within limits of UTF-16 units, without a lone surrogate. */
export function text(value: unknown, where: string, limits: { least?: number; most: number }): string {
  const { least = 0, most } = limits;
  if (typeof value !== "string") fail(`${where} must be a text, got ${clip(value)}`);
  if (value.length < least || value.length > most) {
    fail(`${where} must have ${least} to ${most} characters, got ${value.length}`);
  }
  if (!value.isWellFormed()) fail(`${where} holds half a character (a lone surrogate)`);
  return value;
}

/** A whole number from low to high. */
export function integer(value: unknown, where: string, low: number, high: number): number {
  if (!(Number.isSafeInteger(value) && (value as number) >= low && (value as number) <= high)) {
    fail(`${where} must be a whole number from ${low} to ${high}, got ${clip(value)}`);
  }
  return value as number;
}
