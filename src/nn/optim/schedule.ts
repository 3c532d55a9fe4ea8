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

/** The corners of a schedule with a warm-up. */
export interface ScheduleCorners {
  /** The learning rate at the end of the warm-up. */
  readonly peak: number;
  /** Steps in which the learning rate rises. */
  readonly warmupSteps: number;
  /** The step at which the run ends. */
  readonly totalSteps: number;
}

/** How the learning rate comes down after the warm-up: see {@linkcode scheduleOf}. */
export type ScheduleKind = "linear" | "cosine" | "inverse-sqrt" | "constant";

/** All of them. */
export const SCHEDULE_KINDS: readonly ScheduleKind[] = ["linear", "cosine", "inverse-sqrt", "constant"];

/**
 * Rises linearly to `peak` over the warm-up; the first step already moves. Then, with `p` from 0 at the end of the warm-up to 1
 * at the end of the run, the rate is `peak` times
 *
 * - linear: `1 - p`, as transformers' `get_linear_schedule_with_warmup`
 * - cosine: `(1 + cos(pi p)) / 2`, as its `get_cosine_schedule_with_warmup` (Loshchilov and Hutter 2017)
 * - inverse-sqrt: `sqrt(warmup / (step + 1))` (Vaswani et al. 2017)
 * - constant: 1
 *
 * @example
 * ```ts
 * import { scheduleOf } from "./schedule.ts";
 * import assert from "node:assert/strict";
 * const { at } = scheduleOf("cosine", { peak: 2, warmupSteps: 2, totalSteps: 6 });
 * assert.deepEqual([0, 1, 2, 4, 6].map((step) => Number(at(step).toFixed(6))), [1, 2, 2, 1, 0]);
 * ```
 * @throws {RangeError} when the peak is not positive, or the warm-up does not fit in the steps.
 */
export function scheduleOf(kind: ScheduleKind, corners: ScheduleCorners): Schedule {
  const { peak, warmupSteps, totalSteps } = corners;
  checkRate(peak);
  if (!(warmupSteps >= 0 && totalSteps >= 1 && warmupSteps <= totalSteps)) {
    throw new RangeError(
      `Cannot build a schedule: ${warmupSteps} warm-up steps do not fit in ${totalSteps} steps`,
    );
  }
  const rising = Math.max(warmupSteps, 1);
  const fall = falls[kind](corners);
  return {
    settings: { kind, peak, warmupSteps, totalSteps },
    rate(b, step) {
      const at = b.cast(step, "f32");
      const rise = b.mul(b.add(at, 1), 1 / rising);
      return b.mul(b.minimum(b.minimum(rise, fall.rate(b, at)), 1), peak);
    },
    at: (step) => peak * Math.min((step + 1) / rising, fall.at(step), 1),
  };
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
export function linear(corners: ScheduleCorners): Schedule {
  return scheduleOf("linear", corners);
}

/** A factor on the peak, in the graph of the step as f32, and as a number. */
interface Fall {
  rate(b: Builder, at: Node): Node;
  at(step: number): number;
}

const falls: { readonly [K in ScheduleKind]: (corners: ScheduleCorners) => Fall } = {
  linear: lineFall,
  cosine(corners) {
    // cos(pi p) is the sine of pi (1/2 - p) = pi (left - 1/2), where `left` falls from 1 to 0.
    const left = lineFall(corners);
    return {
      rate(b, at) {
        const angle = b.mul(b.sub(b.minimum(left.rate(b, at), 1), 0.5), Math.PI); // in [-pi/2, pi/2]
        return b.mul(b.add(sine(b, angle), 1), 0.5);
      },
      at: (step) => (1 + Math.sin(Math.PI * (Math.min(left.at(step), 1) - 0.5))) / 2,
    };
  },
  "inverse-sqrt"({ warmupSteps }) {
    const start = Math.max(warmupSteps, 1);
    return {
      rate: (b, at) => b.sqrt(b.div(start, b.maximum(b.add(at, 1), start))),
      at: (step) => Math.sqrt(start / Math.max(step + 1, start)),
    };
  },
  constant: () => ({ rate: (b) => b.scalar(1), at: () => 1 }),
};

function lineFall({ warmupSteps, totalSteps }: ScheduleCorners): Fall {
  const falling = Math.max(totalSteps - warmupSteps, 1);
  return {
    rate: (b, at) => b.maximum(b.mul(b.sub(totalSteps, at), 1 / falling), 0),
    at: (step) => Math.max((totalSteps - step) / falling, 0),
  };
}

/** The sine in [-pi/2, pi/2] by its Taylor series up to the 11th power, which is off by less than 6e-8 there. */
function sine(b: Builder, x: Node): Node {
  const square = b.square(x);
  // x (1 - x²/(2·3) (1 - x²/(4·5) (1 - ...)))
  let sum: Node = b.scalar(1);
  for (let n = 10; n >= 2; n -= 2) sum = b.sub(1, b.mul(b.mul(square, 1 / (n * (n + 1))), sum));
  return b.mul(x, sum);
}

function checkRate(rate: number): void {
  if (!(rate > 0 && Number.isFinite(rate))) {
    throw new RangeError(`Cannot build a schedule: the learning rate must be positive, got ${rate}`);
  }
}
