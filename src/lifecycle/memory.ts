/**
 * Whether a model can be trained in this machine's memory at all, and what takes less of the device's.
 *
 * @module
 */
import type { Backend, Precision } from "../backend/interface.ts";
import { formatBytes } from "../base/format.ts";
import { type Graph, stateBytes, statesOf } from "../graph/graph.ts";
import { numeric, sizeOf } from "../graph/shape.ts";
import { LifecycleError } from "./errors.ts";

/**
 * Refuses a model whose states alone do not fit, with the two moments that AdamW keeps for each that it trains and before a
 * single activation: the operating system would kill the process without a message.
 *
 * @param availableBytes what this machine has left by default
 * @throws {LifecycleError} saying what it takes and what there is
 *
 * @example
 * ```ts
 * import { checkMemory } from "./memory.ts";
 * import { createBuilder } from "../graph/graph.ts";
 * import assert from "node:assert/strict";
 * const b = createBuilder();
 * b.parameter("w", [1e9], { kind: "normal", std: 0.02 });
 * checkMemory(b.graph(), 16e9);
 * assert.throws(() => checkMemory(b.graph(), 8e9), /1000 M parameters .* at least 12 GB .* 8 GB/);
 * ```
 */
export function checkMemory(model: Graph, availableBytes: number = available()): void {
  const bytes = stateBytes(model, { moments: 2 });
  if (bytes <= availableBytes) return;
  const parameters = statesOf(model, "parameter").reduce((sum, p) => sum + sizeOf(numeric(p.shape)), 0);
  throw new LifecycleError(
    `a model of ${(parameters / 1e6).toFixed(0)} M parameters takes at least ${
      formatBytes(bytes)
    } to train, and this ` +
      `machine has ${
        formatBytes(availableBytes)
      } left: choose a smaller --hidden-size, --layers or --vocab-size`,
  );
}

function available(): number {
  try {
    return Deno.systemMemoryInfo().available;
  } catch (error) {
    // Unknown without --allow-sys.
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
