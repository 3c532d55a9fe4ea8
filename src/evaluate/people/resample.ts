import { type BootstrapOptions, type Interval, quantileOfSorted } from "../bootstrap.ts";
import { EvaluationError } from "../errors.ts";
import { createRandom } from "../prng.ts";
import { normalQuantile } from "../special.ts";

/**
 * Percentile bootstrap over units that are drawn whole: items with all their ratings, raters, answers.
 *
 * `metrics` is handed the drawn unit numbers (with repeats) and writes its metrics into `out`. A resample in which a metric
 * is undefined (NaN) is left out of that metric's interval; where none is left both ends are NaN.
 */
export function bootstrapUnits(
  units: number,
  metrics: (drawn: Uint32Array, out: Float64Array) => void,
  options: BootstrapOptions & { metrics: number },
): Interval[] {
  const { resamples = 1000, confidence = 0.95, seed = 0 } = options;
  checkResampling(resamples, confidence);
  const drawn = Uint32Array.from({ length: units }, (_, i) => i);
  const out = new Float64Array(options.metrics);
  metrics(drawn, out);
  const values = Float64Array.from(out);
  const draws = Array.from(values, () => new Float64Array(resamples));
  const random = createRandom(seed);
  for (let r = 0; r < resamples; r++) {
    for (let i = 0; i < units; i++) drawn[i] = random() * units;
    metrics(drawn, out);
    for (let m = 0; m < out.length; m++) draws[m][r] = out[m];
  }
  return draws.map((sample, m) => percentileInterval(values[m], sample, confidence, units));
}

/** The interval that the draws of a metric span; NaN draws are left out, no draws at all give an interval without width. */
export function percentileInterval(
  value: number,
  draws: Float64Array,
  confidence: number,
  n: number,
): Interval {
  const common = { value, confidence, n, method: "percentile" };
  if (draws.length === 0) return { ...common, low: value, high: value, resamples: 0 };
  const defined = draws.filter((draw) => !Number.isNaN(draw)).sort();
  const at = (q: number) => defined.length === 0 ? NaN : quantileOfSorted(defined, q);
  return {
    ...common,
    low: at((1 - confidence) / 2),
    high: at((1 + confidence) / 2),
    resamples: defined.length,
  };
}

/** value ± z standard errors. */
export function normalInterval(
  value: number,
  standardError: number,
  confidence: number,
  n: number,
): Interval {
  const reach = normalQuantile((1 + confidence) / 2) * standardError;
  return { value, low: value - reach, high: value + reach, confidence, n, method: "normal" };
}

/** Throws when the options of a resampling are out of range. */
export function checkResampling(resamples: number, confidence: number): void {
  if (!Number.isInteger(resamples) || resamples < 0 || resamples > 1_000_000) {
    throw new EvaluationError(`resamples must be a whole number from 0 to 1,000,000, got ${resamples}`);
  }
  checkConfidence(confidence);
}

/** Throws unless the confidence lies between 0 and 1. */
export function checkConfidence(confidence: number): void {
  if (!(confidence > 0 && confidence < 1)) {
    throw new EvaluationError(`confidence must lie between 0 and 1, got ${confidence}`);
  }
}
