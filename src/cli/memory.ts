/**
 * Whether a model can be trained in this machine's memory at all.
 *
 * @module
 */
import { CommandError } from "./output.ts";

/** A parameter and AdamW's two moments, each f32, before a single activation. */
const BYTES_PER_PARAMETER = 12;

/**
 * Refuses a model whose states alone do not fit: the operating system would end the process without a word.
 *
 * @param availableBytes what this machine has left unless told
 * @throws {CommandError} saying what it takes and what there is
 *
 * @example
 * ```ts
 * import { checkMemory } from "./memory.ts";
 * import assert from "node:assert/strict";
 * checkMemory(1e6, 1e9);
 * assert.throws(() => checkMemory(1e9, 8e9), /1000 M parameters .* at least 12.0 GB .* 8.0 GB/);
 * ```
 */
export function checkMemory(parameters: number, availableBytes: number = available()): void {
  const bytes = parameters * BYTES_PER_PARAMETER;
  if (bytes <= availableBytes) return;
  throw new CommandError(
    `a model of ${(parameters / 1e6).toFixed(0)} M parameters takes at least ${
      (bytes / 1e9).toFixed(1)
    } GB to ` +
      `train, and this machine has ${
        (availableBytes / 1e9).toFixed(1)
      } GB left: choose a smaller --hidden-size, ` +
      `--layers or --vocab-size`,
  );
}

function available(): number {
  try {
    return Deno.systemMemoryInfo().available;
  } catch (error) {
    // Without --allow-sys nobody knows.
    if (error instanceof Deno.errors.NotCapable) return Infinity;
    throw error;
  }
}
