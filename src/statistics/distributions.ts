/**
 * Distribution functions and quantiles that intervals and tests need: normal, Student's t (also noncentral), chi-square,
 * binomial. Relative error is about 1e-13, far tails included.
 *
 * @module
 */
import {
  betaQuantiles,
  betaTails,
  deviance,
  gammaQuantile,
  gammaTails,
  logGamma,
  SQRT_2PI,
  stirlingError,
  type Tails,
} from "./special.ts";

/** P(Z <= x) for a standard normal Z. `normalCdf(-x)` is the upper tail. */
export function normalCdf(x: number): number {
  if (Number.isNaN(x)) return NaN;
  if (x > 0) return x < 2.5 ? 0.5 + normalCentre(x) : 1 - normalCdf(-x);
  if (x > -2.5) return 0.5 + normalCentre(x);
  if (x < -39) return 0;
  // Laplace's continued fraction of Mills' ratio, from the far end; it converges faster the further out.
  const t = -x, terms = Math.ceil(20 + 800 / (t * t));
  let fraction = t;
  for (let k = terms; k >= 1; k--) fraction = t + k / fraction;
  return Math.exp(-t * t / 2) / (SQRT_2PI * fraction);
}

/** The error function, `2/sqrt(pi) * integral of e^(-t^2) from 0 to x`. */
export function erf(x: number): number {
  const z = x * Math.SQRT2;
  return Math.abs(z) < 2.5 ? 2 * normalCentre(z) : Math.sign(x) * (1 - 2 * normalCdf(-Math.abs(z)));
}

/** Φ(x) − 1/2 = φ(x) (x + x³/3 + x⁵/(3·5) + …): no cancellation, right to the last digits around 0. */
function normalCentre(x: number): number {
  let term = x, sum = x;
  for (let k = 3; Math.abs(term) > 1e-18 * Math.abs(sum); k += 2) sum += term *= x * x / k;
  return sum * Math.exp(-x * x / 2) / SQRT_2PI;
}

/** The x with P(Z <= x) = p for a standard normal Z; infinite at p = 0 and 1. NaN outside [0, 1]. */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) return NaN;
  if (p > 0.5) return -normalQuantile(1 - p);
  if (p === 0) return -Infinity;
  if (p > 0.3) {
    const target = p - 0.5;
    let x = target * SQRT_2PI;
    for (let i = 0; i < 6; i++) x -= (normalCentre(x) - target) * SQRT_2PI * Math.exp(x * x / 2);
    return x;
  }
  // ln Φ is concave and the start lies left of the root, so Newton's steps approach it from one side.
  const target = Math.log(p);
  let x = -Math.sqrt(-2 * target);
  for (let i = 0; i < 40; i++) {
    const value = normalCdf(x);
    if (value === 0) {
      x += 0.5;
      continue;
    }
    const step = (target - Math.log(value)) * value * SQRT_2PI * Math.exp(x * x / 2);
    x += step;
    if (Math.abs(step) < 1e-15 * Math.abs(x)) break;
  }
  return x;
}

/** P(T <= t) for Student's t with `freedom` degrees of freedom (> 0; Infinity is the normal). */
export function studentTCdf(t: number, freedom: number): number {
  if (Number.isNaN(t) || !(freedom > 0)) return NaN;
  if (freedom === Infinity || Math.abs(t) === Infinity) return normalCdf(t);
  const total = freedom + t * t;
  if (total === Infinity) return t < 0 ? 0 : 1;
  const beyond = betaTails(freedom / total, t * t / total, freedom / 2, 0.5).lower / 2;
  return t < 0 ? beyond : 1 - beyond;
}

/** The t with P(T <= t) = p for Student's t with `freedom` degrees of freedom. */
export function studentTQuantile(p: number, freedom: number): number {
  if (!(p >= 0 && p <= 1) || !(freedom > 0)) return NaN;
  if (p > 0.5) return -studentTQuantile(1 - p, freedom);
  if (freedom === Infinity) return normalQuantile(p);
  const [x, y] = betaQuantiles(2 * p, 1 - 2 * p, freedom / 2, 0.5);
  if (p === 0 || x > 1e-30) return p === 0.5 ? 0 : -Math.sqrt(freedom * (y / x));
  // So far out (x may underflow) the tail is its first term: p = x^a / (2 a B(a, 1/2)) with a = freedom / 2.
  const a = freedom / 2;
  const logBeta = logGamma(a) + logGamma(0.5) - logGamma(a + 0.5);
  return -Math.sqrt(freedom) * Math.exp(-(Math.log(2 * a * p) + logBeta) / freedom);
}

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

/** Points of the trapezoid rule: enough for every test that one would plan. */
const MAX_POINTS = 100_000;

/** P(X <= x) for chi-square with `freedom` degrees of freedom. */
export function chiSquareCdf(x: number, freedom: number): number {
  return gammaTails(x / 2, freedom / 2).lower;
}

/** P(X > x) for chi-square with `freedom` degrees of freedom. */
export function chiSquareSurvival(x: number, freedom: number): number {
  return gammaTails(x / 2, freedom / 2).upper;
}

/** The x with P(X <= x) = p for chi-square with `freedom` degrees of freedom. */
export function chiSquareQuantile(p: number, freedom: number): number {
  return 2 * gammaQuantile(p, freedom / 2);
}

/** P(K = k) for K successes in n trials with probability p each (Loader 2000). */
export function binomialPmf(k: number, n: number, p: number): number {
  if (!(p >= 0 && p <= 1)) return NaN;
  if (!Number.isInteger(k) || k < 0 || k > n) return 0;
  if (p === 0) return k === 0 ? 1 : 0;
  if (p === 1) return k === n ? 1 : 0;
  if (k === 0) return Math.exp(n * Math.log1p(-p));
  if (k === n) return Math.exp(n * Math.log(p));
  const exponent = stirlingError(n) - stirlingError(k) - stirlingError(n - k) - deviance(k, n * p) -
    deviance(n - k, n * (1 - p));
  return Math.exp(exponent) * Math.sqrt(n / k / (n - k)) / SQRT_2PI;
}

/** P(K <= k) and P(K > k) for K successes in n trials with probability p each. */
export function binomialTails(k: number, n: number, p: number): Tails {
  if (!(p >= 0 && p <= 1)) return { lower: NaN, upper: NaN };
  const whole = Math.floor(k);
  if (whole < 0) return { lower: 0, upper: 1 };
  if (whole >= n) return { lower: 1, upper: 0 };
  return betaTails(1 - p, p, n - whole, whole + 1);
}

/** P(K <= k) for K successes in n trials with probability p each. */
export function binomialCdf(k: number, n: number, p: number): number {
  return binomialTails(k, n, p).lower;
}
