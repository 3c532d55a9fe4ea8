import assert from "node:assert/strict";

/** Reads a golden file of tests/golden/evaluate. */
export function readGolden<T>(name: string): T {
  return JSON.parse(
    Deno.readTextFileSync(new URL(`../golden/evaluate/${name}.json`, import.meta.url)),
  );
}

/** Equal to 1e-9; null stands for NaN. */
export function close(actual: number, expected: number | null, where: string): void {
  if (expected === null) return assert.ok(Number.isNaN(actual), `${where}: got ${actual}, wanted NaN`);
  const off = Math.abs(actual - expected);
  assert.ok(off <= 1e-9, `${where}: got ${actual}, wanted ${expected}`);
}

/** Ratings written one character each, "." where missing: category numbers. */
export function readRatings(text: string): (number | null)[] {
  return Array.from(text, (letter) => letter === "." ? null : letter.charCodeAt(0) - 97);
}
