import type { Interval } from "./bootstrap.ts";
import { EvaluationError } from "./errors.ts";
import { normalQuantile } from "./special.ts";

/** What an interval in closed form needs beside the data. */
export interface ConfidenceOptions {
  /** Coverage of the interval, in (0, 1); default 0.95. */
  confidence?: number;
}

/**
 * Wilson's score interval of a proportion, such as accuracy: the shares that a score test at this level would not reject.
 *
 * The default for proportions: its coverage stays near the nominal one even for small n and shares near 0 or 1, and it
 * never leaves [0, 1]. Wilson (1927), "Probable inference, the law of succession, and statistical inference"; equal to
 * statsmodels' `proportion_confint(method="wilson")`.
 *
 * @param successes Rows that have the property, from 0 to n.
 * @param n Rows, at least 1.
 * @throws {EvaluationError} When the counts or the confidence are out of range.
 * @example
 * ```ts
 * import { wilsonInterval } from "./intervals.ts";
 * import assert from "node:assert/strict";
 *
 * const { value, low, high } = wilsonInterval(45, 50);
 * assert.equal(value, 0.9);
 * assert.ok(low > 0.786 && high < 0.957);
 * ```
 */
export function wilsonInterval(successes: number, n: number, options: ConfidenceOptions = {}): Interval {
  checkCounts(successes, n);
  const { confidence, z } = critical(options);
  const share = successes / n, square = z * z;
  const centre = (successes + square / 2) / (n + square);
  const half = z / (n + square) * Math.sqrt(successes * (1 - share) + square / 4);
  return {
    value: share,
    low: successes === 0 ? 0 : Math.max(0, centre - half),
    high: successes === n ? 1 : Math.min(1, centre + half),
    confidence,
    n,
    method: "wilson",
  };
}

function critical({ confidence = 0.95 }: ConfidenceOptions): { confidence: number; z: number } {
  if (!(confidence > 0 && confidence < 1)) {
    throw new EvaluationError(`confidence must lie between 0 and 1, got ${confidence}`);
  }
  return { confidence, z: -normalQuantile((1 - confidence) / 2) };
}

function checkCounts(successes: number, n: number): void {
  if (!(Number.isFinite(n) && n > 0)) {
    throw new EvaluationError(`A proportion needs at least one row, got n = ${n}`);
  }
  if (!(successes >= 0 && successes <= n)) {
    throw new EvaluationError(`A proportion of ${n} rows needs a count from 0 to ${n}, got ${successes}`);
  }
}
