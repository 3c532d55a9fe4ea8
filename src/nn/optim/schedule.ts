/**
 * Learning rates as functions of the step, inside the graph.
 *
 * @module
 */
import type { Builder } from "../../graph/builder.ts";
import type { Node } from "../../graph/node.ts";
import type { OptimSettings } from "./optimiser.ts";

/** A learning rate for every step, as a value: it is made once and written into any number of graphs. */
export interface Schedule {
  /** Which one it is (`kind`), and what it was made with. */
  readonly settings: OptimSettings;
  /** The learning rate of the step whose number is the i32 scalar `step`: f32 scalar. */
  rate(b: Builder, step: Node): Node;
  /** The same as a number: what the graph computes at `step`. */
  at(step: number): number;
}

/** The name of the state that counts steps. */
export const STEP_STATE = "step";

/** The number of steps made before this one, i32. Appends the state and its update, so it is called once in a graph. */
export function stepCounter(b: Builder): Node {
  const step = b.state(STEP_STATE, "i32", [], { role: "counter" });
  b.update(step, b.add(step, 1));
  return step;
}

/**
 * The same learning rate at every step.
 *
 * @throws {RangeError} when it is not positive.
 */
export function constant(rate: number): Schedule {
  checkRate(rate);
  return { settings: { kind: "constant", rate }, rate: (b) => b.scalar(rate), at: () => rate };
}

/** A linear schedule's corners. */
export interface LinearOptions {
  /** The learning rate at the end of the warm-up. */
  readonly peak: number;
  /** Steps in which the learning rate rises. */
  readonly warmupSteps: number;
  /** The step at which it is 0. */
  readonly totalSteps: number;
}

/**
 * Rises linearly to `peak` over the warm-up, then falls linearly; the first step and the last one already and still move:
 * `peak * min((step + 1) / warmup, (total - step) / (total - warmup))`, never below 0.
 *
 * @example
 * ```ts
 * import { linear } from "./schedule.ts";
 * import assert from "node:assert/strict";
 * const { at } = linear({ peak: 2, warmupSteps: 2, totalSteps: 6 });
 * assert.deepEqual([0, 1, 2, 3, 4, 5, 6].map(at), [1, 2, 2, 1.5, 1, 0.5, 0]);
 * ```
 * @throws {RangeError} when the peak is not positive, or the warm-up does not fit in the steps.
 */
export function linear({ peak, warmupSteps, totalSteps }: LinearOptions): Schedule {
  checkRate(peak);
  if (!(warmupSteps >= 0 && totalSteps >= 1 && warmupSteps <= totalSteps)) {
    throw new RangeError(
      `Cannot build a schedule: ${warmupSteps} warm-up steps do not fit in ${totalSteps} steps`,
    );
  }
  const [rising, falling] = [Math.max(warmupSteps, 1), Math.max(totalSteps - warmupSteps, 1)];
  return {
    settings: { kind: "linear", peak, warmupSteps, totalSteps },
    rate(b, step) {
      const at = b.cast(step, "f32");
      const fall = b.maximum(b.mul(b.sub(totalSteps, at), 1 / falling), 0);
      const rise = b.mul(b.add(at, 1), 1 / rising);
      return b.mul(b.minimum(b.minimum(rise, fall), 1), peak);
    },
    at(step) {
      return peak * Math.min((step + 1) / rising, Math.max((totalSteps - step) / falling, 0), 1);
    },
  };
}

function checkRate(rate: number): void {
  if (!(rate > 0 && Number.isFinite(rate))) {
    throw new RangeError(`Cannot build a schedule: the learning rate must be positive, got ${rate}`);
  }
}
