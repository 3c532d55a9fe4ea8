/**
 * Pearson's type III distribution, fitted to the first three moments of a simulation.
 *
 * @module
 */
import { gammaTails } from "./special.ts";
import type { Numbers } from "./checks.ts";

/** The first moments of a statistic when nothing has drifted. */
export interface Moments {
  /** Mean. */
  readonly mean: number;
  /** Standard deviation. */
  readonly deviation: number;
  /** Third central moment over the cube of the standard deviation. */
  readonly skewness: number;
}

/** Moments of a sample. */
export function momentsOf(values: Numbers): Moments {
  const n = values.length;
  let mean = 0, second = 0, third = 0;
  for (let i = 0; i < n; i++) mean += values[i] / n;
  for (let i = 0; i < n; i++) {
    const away = values[i] - mean;
    second += away ** 2 / n;
    third += away ** 3 / n;
  }
  const deviation = Math.sqrt(second);
  return { mean, deviation, skewness: deviation > 0 ? third / deviation ** 3 : 0 };
}

/**
 * The chance of a value of at least x under a gamma distribution shifted and scaled to the given moments (Pearson's type III).
 * Divergences of counts are sums of squares of nearly normal deviations when nothing has drifted, which this family fits well,
 * so a few hundred simulated values give small p-values too.
 */
export function pearson3Survival(x: number, { mean, deviation, skewness }: Moments): number {
  if (!(deviation > 0)) return x > mean ? 0 : 1;
  const shape = 4 / Math.max(skewness, 0.05) ** 2;
  return gammaTails(shape + (x - mean) / deviation * Math.sqrt(shape), shape).upper;
}
