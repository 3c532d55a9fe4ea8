/**
 * What `WEIR_DEBUG` asks to see.
 *
 * @module
 */

/** `WEIR_DEBUG` as a number: 3 shows plans, 4 their WGSL too; 0 where it is not set or may not be read. */
export function debugLevel(): number {
  try {
    return Number(Deno.env.get("WEIR_DEBUG") ?? 0) || 0;
  } catch {
    return 0;
  }
}

/** Writes to standard error. */
export function debugPrint(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
}
