/**
 * Learning rates as functions of the step, inside the graph.
 *
 * @module
 */
import type { Builder } from "../../graph/builder.ts";
import type { Node } from "../../graph/node.ts";

/** The name of the state that counts steps. */
export const STEP_STATE = "step";

/** The number of steps made before this one, i32. Appends the state and its update, so it is called once in a graph. */
export function stepCounter(b: Builder): Node {
  const step = b.state(STEP_STATE, "i32", [], { role: "counter" });
  b.update(step, b.add(step, 1));
  return step;
}

/** A linear schedule's corners. */
export interface LinearSchedule {
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
 */
export function linearSchedule(b: Builder, step: Node, schedule: LinearSchedule): Node {
  checkSchedule(schedule);
  const { peak, warmupSteps, totalSteps } = schedule;
  const at = b.cast(step, "f32");
  const fall = b.max(b.mul(b.sub(totalSteps, at), 1 / Math.max(totalSteps - warmupSteps, 1)), 0);
  const rise = b.mul(b.add(at, 1), 1 / Math.max(warmupSteps, 1));
  return b.mul(b.min(b.min(rise, fall), 1), peak);
}

/** The same, as a number: what the graph computes at `step`. */
export function learningRateAt(step: number, schedule: LinearSchedule): number {
  const { peak, warmupSteps, totalSteps } = schedule;
  const fall = Math.max((totalSteps - step) / Math.max(totalSteps - warmupSteps, 1), 0);
  return peak * Math.min((step + 1) / Math.max(warmupSteps, 1), fall, 1);
}

function checkSchedule({ peak, warmupSteps, totalSteps }: LinearSchedule): void {
  if (!(peak > 0 && Number.isFinite(peak))) {
    throw new RangeError(`Cannot build a schedule: the learning rate must be positive, got ${peak}`);
  }
  if (!(warmupSteps >= 0 && totalSteps >= 1 && warmupSteps <= totalSteps)) {
    throw new RangeError(
      `Cannot build a schedule: ${warmupSteps} warm-up steps do not fit in ${totalSteps} steps`,
    );
  }
}
