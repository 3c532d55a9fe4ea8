/**
 * Rows as 8-bit levels: what a level is, which one a value takes, and how four lie in a word. Symmetric, from -127 to 127, so
 * that no zero point has to be carried along.
 *
 * Every step is a product of two f32 values or a comparison, each of which is rounded in one way only. A quotient is not:
 * WebGPU lets a division be off by 2.5 units in the last place. So the level of a value is the number of thresholds
 * `(level - 0.5) * scale`, rounded to f32, that it reaches; every device that multiplies and compares finds the same one.
 *
 * @module
 */

/** The largest level. */
export const maxLevel = 127;

/** `1 / 127` in f32, which a row's largest value is multiplied by. */
export const perLevel = Math.fround(1 / maxLevel);

/** A row whose values are all smaller is one of zeros: thresholds that are no normal numbers in f32 are flushed on some GPUs. */
export const leastRow = 2 ** -110;

/** How many levels an inner dimension has at most, so that no sum of products leaves an i32. */
export const maxInner = Math.floor((2 ** 31 - 1) / maxLevel ** 2 / 4) * 4;

/** What one level of a row is worth: 0 for a row of zeros, NaN for one that is not finite. */
export function scaleOf(row: ArrayLike<number>, begin = 0, end = row.length): number {
  let largest = 0;
  for (let i = begin; i < end; i++) {
    if (!Number.isFinite(row[i])) return NaN;
    largest = Math.max(largest, Math.abs(row[i]));
  }
  return largest < leastRow ? 0 : Math.fround(largest * perLevel);
}

/** The level of an f32 value in a row of this scale. */
export function levelOf(value: number, scale: number): number {
  if (!(scale > 0)) return 0;
  const size = Math.abs(value);
  const reached = (level: number) => Math.fround((level - 0.5) * scale) <= size;
  let level = Math.floor(size / scale + 0.5);
  if (!reached(level)) level--;
  else if (reached(level + 1)) level++;
  return value < 0 && level > 0 ? -level : level;
}

/** Four levels as a word, the first in its lowest byte, as `dot4I8Packed` and a little-endian `Int8Array` have them. */
export function wordOf(a: number, b: number, c: number, d: number): number {
  return (a & 255 | (b & 255) << 8 | (c & 255) << 16 | d << 24) >>> 0;
}

/** Level `i` of a word. */
export function levelIn(word: number, i: number): number {
  return word << 24 - 8 * i >> 24;
}
