/**
 * Bootstrap intervals over whole units, such as raters.
 *
 * @module
 */
import { bootstrapIndices, type BootstrapOptions, type Interval } from "../statistics/bootstrap.ts";

/**
 * Bootstrap over units that are drawn whole (items with all their ratings, raters, answers), for metrics that may be
 * undefined: one that is NaN over all units has NaN ends, resamples in which one is NaN are left out of its interval.
 * `metrics` is handed the drawn unit numbers (with repeats) and writes its metrics into `out`.
 */
export function bootstrapUnits(
  units: number,
  metrics: (drawn: Uint32Array, out: Float64Array) => void,
  options: BootstrapOptions & { metrics: number },
): Interval[] {
  const out = new Float64Array(options.metrics);
  metrics(Uint32Array.from({ length: units }, (_, i) => i), out);
  const undefinedOnes = Array.from(out, Number.isNaN);
  const intervals = bootstrapIndices(units, (drawn) => {
    metrics(drawn, out);
    return Array.from(out, (value, m) => undefinedOnes[m] ? 0 : value);
  }, options);
  return intervals.map((interval, m) =>
    undefinedOnes[m] ? { ...interval, value: NaN, low: NaN, high: NaN, resamples: 0 } : interval
  );
}
