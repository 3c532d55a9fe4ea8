/**
 * Rounding of values that features read: a reference is stored as text, and what is equal must stay equal on both sides.
 *
 * @module
 */

/** For values from 0 to 1. */
export function sixDecimals(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

/** For values of any size; what is not finite stays what it is. */
export function sixDigits(value: number): number {
  return Number(value.toPrecision(6));
}
