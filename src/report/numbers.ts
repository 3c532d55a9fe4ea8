/**
 * How a report writes its numbers: digits by the width of the interval.
 *
 * @module
 */
import type { Interval } from "../statistics/bootstrap.ts";

const MINUS = "\u2212";
const MAX_DECIMALS = 6;

type Ends = Pick<Interval, "low" | "high">;
type Estimate = Pick<Interval, "value" | "low" | "high">;

/** A value with as many digits as its interval can bear: the width has two of them. */
export function figure(interval: Estimate): string {
  return fixed(interval.value, decimalsOf(interval));
}

/** The ends of an interval: "0.967 to 0.994"; nothing where it has no width. */
export function range(interval: Estimate): string {
  if (!(interval.high > interval.low)) return "";
  const decimals = decimalsOf(interval);
  return `${fixed(interval.low, decimals)} to ${fixed(interval.high, decimals)}`;
}

/** A difference, with its sign. */
export function signed(interval: Estimate): string {
  const shown = figure(interval);
  return interval.value > 0 && /[1-9]/.test(shown) ? `+${shown}` : shown;
}

/** The ends of a difference's interval, with their signs. */
export function signedRange({ low, high }: Ends): string {
  if (!(high > low)) return "";
  const ends = [low, high].map((value) => signed({ value, low, high }));
  return `${ends[0]} to ${ends[1]}`;
}

/** "95%". */
export function percent(share: number): string {
  return `${Number((100 * share).toPrecision(4))}%`;
}

/** A share as a percentage of a part: 0.1234 is 12.3%; what is not quite none or all is not written so. */
export function partPercent(share: number): string {
  if (!Number.isFinite(share)) return "–";
  if (share === 0 || share === 1) return `${100 * share}%`;
  if (share < 0.001) return "<0.1%";
  return share > 0.999 ? ">99.9%" : `${(100 * share).toFixed(1)}%`;
}

/** A whole number with its thousands apart. */
export function count(n: number): string {
  return fixed(n, 0);
}

/** A number that has no interval, to a few significant digits. */
export function significant(value: number, digits = 4): string {
  if (value === 0) return "0";
  const decimals = clamp(digits - 1 - Math.floor(Math.log10(Math.abs(value))), 0, MAX_DECIMALS + 2);
  return fixed(value, Number.isFinite(decimals) ? decimals : 0);
}

/** A number that has no interval, without the zeros at its end: the edge of a bin. */
export function trimmed(value: number, digits = 3): string {
  return significant(value, digits).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
}

/** Two numbers with as many digits as tell them apart. */
export function sides(left: number, right: number): [string, string] {
  if (Number.isInteger(left) && Number.isInteger(right)) return [count(left), count(right)];
  const apart = Math.abs(left - right);
  if (!(apart > 0) || apart === Infinity) return [significant(left), significant(right)];
  const most = Math.max(Math.abs(left), Math.abs(right));
  const decimals = clamp(
    Math.max(1 - Math.floor(Math.log10(apart)), 2 - Math.floor(Math.log10(most))),
    0,
    MAX_DECIMALS + 2,
  );
  return [fixed(left, decimals), fixed(right, decimals)];
}

/** How many times `a` fits into `b`, where that has a meaning: "1.4×". */
export function times(a: number, b: number): string {
  return a > 0 && Number.isFinite(b / a) ? `${significant(b / a, 3)}×` : "–";
}

/** Milliseconds in the unit that reads best. */
export function milliseconds(ms: number): string {
  return ms >= 10_000 ? `${significant(ms / 1000, 3)} s` : `${significant(ms, 3)} ms`;
}

/** Bytes in the unit that reads best, in powers of 1,000. */
export function bytes(n: number): string {
  return n < 1000 ? `${count(n)} B` : scaled(n, ["", " kB", " MB", " GB", " TB"]);
}

/** A large count in short: 4.39 M. */
export function short(n: number): string {
  return n < 10_000 ? count(n) : scaled(n, ["", " k", " M", " G", " T"]);
}

function scaled(n: number, units: readonly string[]): string {
  const power = Math.min(units.length - 1, Math.floor(Math.log10(n) / 3));
  return `${significant(n / 1000 ** power, 3)}${units[power]}`;
}

/** "2026-03-02 14:05 UTC". */
export function time(iso: string): string {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(iso) ? `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC` : iso;
}

/** A number with this many decimals and its thousands apart; very large and very small ones with an exponent. */
export function fixed(value: number, decimals: number): string {
  if (Number.isNaN(value)) return "–";
  const size = Math.abs(value), sign = value < 0 ? MINUS : "";
  if (size === Infinity) return `${sign}∞`;
  if (size >= 1e12 || (size > 0 && size < 0.5 * 10 ** -MAX_DECIMALS && decimals >= MAX_DECIMALS)) {
    return sign + size.toExponential(2).replace("e+", "e").replace("e-", `e${MINUS}`);
  }
  const [whole, part] = size.toFixed(decimals).split(".");
  const digits = whole.replace(/\B(?=(\d{3})+$)/g, ",") + (part === undefined ? "" : `.${part}`);
  return /[1-9]/.test(digits) ? sign + digits : digits;
}

/** Decimals that leave an interval's width two significant digits. */
function decimalsOf({ value, low, high }: Estimate): number {
  const width = high - low;
  if (width > 0 && Number.isFinite(width)) return clamp(1 - Math.floor(Math.log10(width)), 0, MAX_DECIMALS);
  if (!Number.isFinite(value) || value === 0) return 3;
  return clamp(3 - Math.floor(Math.log10(Math.abs(value))), 0, Math.abs(value) < 1e-3 ? MAX_DECIMALS : 4);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
