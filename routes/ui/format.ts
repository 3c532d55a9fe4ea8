/**
 * How the dashboard writes its numbers.
 *
 * @module
 */

/** A share as a percentage of two or three digits: 0.1234 is 12.3%. */
export function percent(share: number): string {
  const value = share * 100;
  return `${value >= 99.95 || value === 0 ? value.toFixed(0) : value < 0.1 ? "<0.1" : value.toFixed(1)}%`;
}

/** A statistic to three decimals; a very small one says so. */
export function statistic(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(3);
}

/** Milliseconds in the unit that reads best. */
export function milliseconds(ms: number | undefined): string {
  if (ms === undefined) return "–";
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 1_000 ? `${ms.toFixed(0)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
