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

/** A moment in UTC, as 2026-12-01 09:30 UTC. */
export function moment(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** A name in code as words: "macroF1" is macro F1, "f1.spam" F1 of spam, "hitRate@1" hit rate@1. */
export function spaced(name: string): string {
  return name.replace(/^f1(\.|$)/, (_, dot) => dot ? "F1 of " : "F1")
    .replace(/([a-z])([A-Z])(?=[a-z])/g, (_, before, letter) => `${before} ${letter.toLowerCase()}`)
    .replace(/([a-z])([A-Z])/g, "$1 $2").replaceAll("_", " ");
}

/** Milliseconds in the unit that reads best. */
export function milliseconds(ms: number | undefined): string {
  if (ms === undefined) return "–";
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 1_000 ? `${ms.toFixed(0)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
