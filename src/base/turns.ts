/**
 * Turns for others in a thread that computes all the time.
 *
 * @module
 */
import { setImmediate } from "node:timers/promises";

/** So many milliseconds a thread may go on for before timers, signals and messages have a turn. */
const TURN_MS = 10;

/** When others had their last turn. */
export interface Turns {
  /** Whether it is 10 ms since. */
  readonly isDue: boolean;
  /** Lets timers, signals and messages in. It takes some microseconds, where `setTimeout` would sleep 1 to 2 ms. */
  give(): Promise<void>;
}

/**
 * Counts from now.
 *
 * @example
 * ```ts
 * import { createTurns } from "./turns.ts";
 * import assert from "node:assert/strict";
 *
 * const turns = createTurns();
 * let ticks = 0;
 * const timer = setInterval(() => ticks++, 1);
 * for (const start = performance.now(); performance.now() - start < 100;) {
 *   if (turns.isDue) await turns.give();
 * }
 * clearInterval(timer);
 * assert.ok(ticks > 0);
 * ```
 */
export function createTurns(): Turns {
  let last = performance.now();
  return {
    get isDue() {
      return performance.now() - last >= TURN_MS;
    },
    async give() {
      await setImmediate();
      last = performance.now();
    },
  };
}
