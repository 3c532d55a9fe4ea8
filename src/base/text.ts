/**
 * Texts as messages and tables need them: counted and compared by code points, cut short, on one line.
 *
 * @module
 */

/** The length of a text in code points, as Python counts it. A lone surrogate is one. */
export function countCodePoints(text: string): number {
  let count = text.length;
  // A pair of surrogates is one; only its second half is taken off.
  for (let i = 1; i < text.length; i++) {
    if ((text.charCodeAt(i) & 0xfc00) === 0xdc00 && (text.charCodeAt(i - 1) & 0xfc00) === 0xd800) count--;
  }
  return count;
}

/**
 * The index in code points, as Python counts them, of each index in UTF-16 units. Of the two units of a character the second
 * has the index of the first.
 */
export function codePointIndices(text: string): (unit: number) => number {
  if (countCodePoints(text) === text.length) return (unit) => unit;
  const points = new Uint32Array(text.length + 1);
  for (let unit = 0, index = 0; unit < text.length; index++) {
    const next = unit + (text.codePointAt(unit)! > 0xffff ? 2 : 1);
    points.fill(index, unit, next);
    points[next] = index + 1;
    unit = next;
  }
  return (unit) => points[unit];
}

/**
 * Order of two strings by code points, which is also that of their UTF-8 bytes: how Python's `sorted` and C's `strcmp`
 * order them. JavaScript's own order is by UTF-16 units and puts emoji before some rarer letters.
 */
export function compareCodePoints(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const x = a.charCodeAt(i), y = b.charCodeAt(i);
    // a surrogate stands for a code point above every other unit
    if (x !== y) return (isSurrogate(x) ? x + 0x10000 : x) - (isSurrogate(y) ? y + 0x10000 : y);
  }
  return a.length - b.length;
}

/** At most `most` UTF-16 units, with an ellipsis where something was cut; no character is cut in half. */
export function shorten(text: string, most: number): string {
  if (text.length <= most) return text;
  const end = most - 1, before = text.charCodeAt(end - 1);
  return text.slice(0, before >= 0xd800 && before <= 0xdbff ? end - 1 : end) + "…";
}

/** A value as a message shows it: as JSON, cut short, in characters that are seen. */
export function show(value: unknown, most = 60): string {
  return visible(shorten(jsonOf(value), most));
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return "a value that JSON cannot hold";
  }
}

/**
 * A text that hides nothing and sends a terminal no command: control characters as their pictures (U+2400...), overrides and
 * isolates of the writing direction and Unicode's own line ends by their numbers, halves of characters as U+FFFD. Tabs and
 * line ends stay.
 *
 * @example
 * ```ts
 * import { visible } from "./text.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(visible("a\u001b[31mred\u0000"), "a␛[31mred␀");
 * ```
 */
export function visible(text: string): string {
  return text.toWellFormed().replaceAll("\r\n", "\n").replace(HIDDEN, (character) => {
    const code = character.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    if (code === 0x7f) return "\u2421";
    return `[U+${code.toString(16).toUpperCase().padStart(4, "0")}]`;
  });
}

// deno-lint-ignore no-control-regex
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/**
 * A value as one line of JSON in characters that are seen: JSON's own text leaves some that are commands to a terminal, and that
 * YAML does not take.
 */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value)?.replace(
    HIDDEN,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The text with its line ends turned into spaces. */
export function oneLine(text: string): string {
  return text.split("\n").map((line) => line.trim()).filter((line) => line !== "").join(" ");
}

/** The first line of what was thrown. */
export function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split("\n", 1)[0];
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}
