/**
 * The length of texts as Python and the limits of a bundle count it.
 *
 * @module
 */

/**
 * The length of a text in code points.
 *
 * @example
 * ```ts
 * import { codePoints } from "./code_points.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal("\u{1f600}!".length, 3); // UTF-16 units
 * assert.equal(codePoints("\u{1f600}!"), 2);
 * ```
 */
export function codePoints(text: string): number {
  let count = text.length;
  // A pair of surrogates is one; only its second half is taken off.
  for (let i = 1; i < text.length; i++) {
    if ((text.charCodeAt(i) & 0xfc00) === 0xdc00 && (text.charCodeAt(i - 1) & 0xfc00) === 0xd800) count--;
  }
  return count;
}
