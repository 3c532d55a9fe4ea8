/**
 * Numbers as a person reads them: counts, bytes, times and p-values.
 *
 * @module
 */

/** "1 row", "2,000 rows"; the plural is the noun with an s unless it is given. */
export function plural(n: number, noun: string, nouns = `${noun}s`): string {
  return `${formatCount(n)} ${n === 1 ? noun : nouns}`;
}

/** A whole number with its thousands apart: 1,179. */
export function formatCount(n: number): string {
  return Math.round(n).toString().replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Bytes in the unit that reads best, to three digits: 15.6 MB; with `binary`, in powers of 1,024: 2 GiB. */
export function formatBytes(bytes: number, options: { binary?: boolean } = {}): string {
  return options.binary
    ? scaled(bytes, 1024, ["B", "KiB", "MiB", "GiB", "TiB"])
    : scaled(bytes, 1000, ["B", "kB", "MB", "GB", "TB"]);
}

/** An amount with the unit's prefix that reads best, to three digits: 1.5 TFLOP/s. */
export function formatAmount(amount: number, unit: string): string {
  return scaled(amount, 1000, ["", "k", "M", "G", "T", "P"].map((prefix) => prefix + unit));
}

function scaled(amount: number, base: number, units: readonly string[]): string {
  let power = 0;
  for (let left = amount; left >= base && power < units.length - 1; left /= base) power++;
  const value = amount / base ** power;
  return `${Number(value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0))} ${units[power]}`;
}

/** A time as a clock shows it: 61,000 ms is 1:01. */
export function formatDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (n: number) => String(n).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** A p-value as papers write it. */
export function formatPValue(p: number): string {
  if (p < 1e-4) return "< 0.0001";
  return p >= 0.1 ? p.toFixed(2) : p.toPrecision(2);
}
