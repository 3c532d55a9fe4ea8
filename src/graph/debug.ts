/**
 * `WEIR_DEBUG`: 1 prints each graph that is compiled and has ids checked against their tables, 2 also what every pass made
 * of it, 3 the plan, 4 the kernels' text.
 *
 * @module
 */
import { readVariable } from "../base/environment.ts";

const level = Number(readVariable("WEIR_DEBUG") ?? 0) || 0;

/** Whether `WEIR_DEBUG` is set: then what costs time is checked too. */
export const isDebugging: boolean = level > 0;

/** Writes a titled text to standard error if `WEIR_DEBUG` is at least `from`; else `text` is not even made. */
export function debugPrint(from: 1 | 2 | 3 | 4, title: string, text: () => string): void {
  if (level < from) return;
  Deno.stderr.writeSync(new TextEncoder().encode(`---- ${title}\n${text().trimEnd()}\n`));
}
