import { normalCdf } from "./special.ts";

/** Enough for every test that one would plan. */
const MAX_POINTS = 100_000;

/**
 * P(T > t) of the noncentral t distribution: T = (Z + shift) / √(χ²/freedom). To about 1e-12.
 *
 * Given the root S of χ²/freedom, T > t where Z > t S - shift; the mean of that over S is taken by the trapezoid rule in ln S,
 * whose error vanishes faster than any power of the step for so smooth a function. Weights are normalised, so no constant of
 * the density is needed.
 */
export function noncentralTSurvival(t: number, freedom: number, shift: number): number {
  // ln density of x = ln S, up to a constant: freedom (x - e^(2x) / 2 + 1/2), highest at 0. e^-40 is nothing beside it.
  const right = Math.sqrt(40 / freedom);
  const left = freedom > 2000 ? -1.5 * right : -40 / freedom - 0.5;
  // Above t whatever S is: certain.
  if (shift - t * Math.exp(right) > 9) return 1;
  const fine = 0.25 * Math.min(1 / Math.sqrt(2 * freedom), 1 / (1 + Math.abs(shift)));
  const points = Math.min(MAX_POINTS, Math.ceil((right - left) / fine));
  const step = (right - left) / points;
  let total = 0, above = 0;
  for (let p = 0; p <= points; p++) {
    const x = left + p * step;
    const weight = Math.exp(freedom * (x - Math.expm1(2 * x) / 2));
    total += weight;
    above += weight * normalCdf(shift - t * Math.exp(x));
  }
  return above / total;
}
