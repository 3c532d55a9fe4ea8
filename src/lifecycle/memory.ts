/**
 * Whether a model can be trained in this machine's memory at all, and what takes less of the device's.
 *
 * @module
 */
import type { Backend, Precision } from "../backend/interface.ts";
import { LifecycleError } from "./errors.ts";

/**
 * Refuses a model whose states alone do not fit: the operating system would end the process without a word.
 *
 * @param bytes what the parameters take, with their gradients' moments where they are trained: `stateBytes` of the graph
 * @param availableBytes what this machine has left unless told
 * @throws {LifecycleError} saying what it takes and what there is
 *
 * @example
 * ```ts
 * import { checkMemory } from "./memory.ts";
 * import assert from "node:assert/strict";
 * checkMemory(12e6, 1e9);
 * assert.throws(() => checkMemory(12e9, 8e9), /at least 12.0 GB .* 8.0 GB/);
 * ```
 */
export function checkMemory(bytes: number, availableBytes: number = available()): void {
  if (bytes <= availableBytes) return;
  throw new LifecycleError(
    `this model takes at least ${(bytes / 1e9).toFixed(1)} GB to train, and this machine has ` +
      `${(availableBytes / 1e9).toFixed(1)} GB left: choose a smaller --hidden-size, --layers or --vocab-size`,
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

/** What a training run that does not fit could do without. */
export interface MemoryChoices {
  readonly batchSize: number;
  readonly accumulate: number;
  readonly precision: Precision;
  readonly checkpointGradients: boolean;
}

/**
 * The options that make a step smaller, the cheapest first, as the end of a message; those that are taken already are left out.
 *
 * @example
 * ```ts
 * import { memoryAdvice } from "./memory.ts";
 * import assert from "node:assert/strict";
 * const run = { batchSize: 32, accumulate: 1, precision: "f32", checkpointGradients: false } as const;
 * assert.equal(
 *   memoryAdvice(run, { device: "webgpu", precisions: ["f32", "f16"] }),
 *   "Options for that: --batch-size 16 --accumulate 2 (the same steps), --precision f16, --checkpoint-gradients",
 * );
 * ```
 */
export function memoryAdvice(run: MemoryChoices, on: Pick<Backend, "device" | "precisions">): string {
  const half = Math.ceil(run.batchSize / 2);
  const options = [
    ...(run.batchSize > 1
      ? [`--batch-size ${half} --accumulate ${2 * run.accumulate} (the same steps)`]
      : []),
    ...(run.precision === "f32" && on.precisions.includes("f16") ? ["--precision f16"] : []),
    ...(run.checkpointGradients || on.device !== "webgpu" ? [] : ["--checkpoint-gradients"]),
  ];
  return `Options for that: ${(options.length > 0 ? options : ["--hidden-size", "--layers"]).join(", ")}`;
}
