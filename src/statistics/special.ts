/**
 * The gamma and beta functions, complete and incomplete, in doubles. Relative error is about 1e-13, far tails included: each
 * tail is computed as itself, never as one minus the other where that would cancel.
 *
 * @module
 */

/** √(2π). */
export const SQRT_2PI = Math.sqrt(2 * Math.PI);

/** Both tails of a distribution at a point: the chance of a value up to it, and of one above it. */
export interface Tails {
  /** P(X <= x). */
  readonly lower: number;
  /** P(X > x). */
  readonly upper: number;
}

/** ln Γ(x) for x > 0; NaN otherwise. Right to the last digits around its zeros at 1 and 2, too. */
export function logGamma(x: number): number {
  if (!(x > 0)) return NaN;
  if (x < 0.5) return logGamma(x + 1) - Math.log(x);
  if (x < 1.5) return logGammaNearTwo(x - 1) - Math.log1p(x - 1);
  if (x < 2.5) return logGammaNearTwo(x - 2);
  if (x >= 15) return (x - 0.5) * Math.log(x) - x + Math.log(SQRT_2PI) + stirlingSeries(x);
  let product = 1, y = x;
  for (; y < 15; y++) product *= y;
  return logGamma(y) - Math.log(product);
}

/** ln Γ(2 + z) for |z| <= 1/2: (1 − γ) z + Σ (−1)^k (ζ(k) − 1) z^k / k (Abramowitz and Stegun 6.1.33). */
function logGammaNearTwo(z: number): number {
  let sum = 0;
  for (let k = ZETA_LESS_ONE.length - 1; k >= 2; k--) sum = -z * (sum + ZETA_LESS_ONE[k] / k);
  return z * (1 - 0.5772156649015329 - sum);
}

/** ζ(k) − 1 for k from 2 to 30: the first terms added up, the rest by Euler and Maclaurin. */
const ZETA_LESS_ONE = Array.from({ length: 31 }, (_, k) => {
  if (k < 2) return NaN;
  const from = 20;
  let sum = from ** (1 - k) / (k - 1) + from ** -k / 2 + k * from ** (-k - 1) / 12 -
    k * (k + 1) * (k + 2) * from ** (-k - 3) / 720 +
    k * (k + 1) * (k + 2) * (k + 3) * (k + 4) * from ** (-k - 5) / 30240;
  for (let m = from - 1; m >= 2; m--) sum += m ** -k;
  return sum;
});

/** What Stirling's formula lacks of ln Γ(x), for x of 15 or more (Abramowitz and Stegun 6.1.40). */
function stirlingSeries(x: number): number {
  const inverse = 1 / x, square = inverse * inverse;
  let series = 0;
  for (const coefficient of [-691 / 360360, 1 / 1188, -1 / 1680, 1 / 1260, -1 / 360, 1 / 12]) {
    series = series * square + coefficient;
  }
  return series * inverse;
}

/** ln Γ(x + 1) − ((x + 1/2) ln x − x + ln √2π), x > 0. */
export function stirlingError(x: number): number {
  if (x >= 15) return stirlingSeries(x);
  return logGamma(x + 1) - (x + 0.5) * Math.log(x) + x - Math.log(SQRT_2PI);
}

/**
 * x ln(x / mean) + mean − x, without cancellation where x is near the mean: the deviance of Loader (2000), "Fast and accurate
 * computation of binomial probabilities".
 */
export function deviance(x: number, mean: number): number {
  if (Math.abs(x - mean) >= 0.1 * (x + mean)) return x * Math.log(x / mean) + mean - x;
  const v = (x - mean) / (x + mean);
  let term = 2 * x * v, sum = (x - mean) * v;
  for (let k = 3;; k += 2) {
    term *= v * v;
    const next = sum + term / k;
    if (next === sum) return sum;
    sum = next;
  }
}

/** x^a y^b / B(a, b) with y = 1 − x, without the cancellation that three gamma functions would bring. */
function betaPower(x: number, y: number, a: number, b: number): number {
  const n = a + b;
  const exponent = stirlingError(n) - stirlingError(a) - stirlingError(b) - deviance(a, n * x) -
    deviance(b, n * y);
  return Math.exp(exponent) * Math.sqrt(a / n * b) / SQRT_2PI;
}

/**
 * Both tails of the beta distribution at x, with y = 1 − x handed in so that neither end loses digits. Continued
 * fraction of Didonato and Morris (1992), "Algorithm 708", eq. 9, by Lentz's method, on the side where it
 * converges fast.
 */
export function betaTails(x: number, y: number, a: number, b: number): Tails {
  if (!(a > 0 && b > 0) || Number.isNaN(x)) return { lower: NaN, upper: NaN };
  if (x <= 0) return { lower: 0, upper: 1 };
  if (y <= 0) return { lower: 1, upper: 0 };
  const power = betaPower(x, y, a, b);
  if (b * x <= a * y) {
    const lower = Math.min(1, power / betaFraction(x, y, a, b));
    // The other side's fraction also converges here, if slowly: worth it where 1 − lower would cancel.
    return { lower, upper: lower > 0.9 ? power / betaFraction(y, x, b, a) : 1 - lower };
  }
  const upper = Math.min(1, power / betaFraction(y, x, b, a));
  return { lower: upper > 0.9 ? power / betaFraction(x, y, a, b) : 1 - upper, upper };
}

/** b₀ + a₁/(b₁ + a₂/(b₂ + …)): I_x(a, b) is `betaPower` over it. No term cancels, however large a and b are. */
function betaFraction(x: number, y: number, a: number, b: number): number {
  const tiny = 1e-300, excess = a * y - b * x + 1;
  let h = a * excess / (a + 1);
  h = Math.abs(h) < tiny ? tiny : h;
  let c = h, d = 0;
  for (let m = 1; m < 200_000; m++) {
    const at = a + 2 * m - 1, middle = m * (b - m) * x / at;
    const numerator = (a + m - 1) * (a + b + m - 1) / at * middle * x;
    const denominator = m + middle + (a + m) * (excess + m * (1 + y)) / (at + 2);
    d = denominator + numerator * d, c = denominator + numerator / c;
    d = 1 / (Math.abs(d) < tiny ? tiny : d), c = Math.abs(c) < tiny ? tiny : c;
    const factor = d * c;
    h *= factor;
    if (Math.abs(factor - 1) < 3e-16) break;
  }
  return h;
}

/** Regularised incomplete beta function I_x(a, b): P(X <= x) of a beta variate. a, b > 0, x in [0, 1]. */
export function incompleteBeta(x: number, a: number, b: number): number {
  return betaTails(x, 1 - x, a, b).lower;
}

/** The x in [0, 1] with I_x(a, b) = p: the inverse of `incompleteBeta`. NaN for p outside [0, 1]. */
export function betaQuantile(p: number, a: number, b: number): number {
  return betaQuantiles(p, 1 - p, a, b)[0];
}

/** [x, 1 − x] with lower tail p and upper tail q = 1 − p; the smaller of the two keeps all its digits. */
export function betaQuantiles(p: number, q: number, a: number, b: number): [number, number] {
  if (!(p >= 0 && q >= 0 && a > 0 && b > 0)) return [NaN, NaN];
  if (p === 0) return [0, 1];
  if (q === 0) return [1, 0];
  const half = betaTails(0.5, 0.5, a, b);
  if (p < q ? half.lower < p : half.upper > q) {
    const [y, x] = betaQuantiles(q, p, b, a);
    return [x, y];
  }
  const x = solve(p, q, {
    tails: (x) => betaTails(x, 1 - x, a, b),
    logDerivative: (x) => betaPower(x, 1 - x, a, b) / (1 - x),
    start: Math.min(0.5, a / (a + b)),
    most: 0.5,
  });
  return [x, 1 - x];
}

/** Both tails of the gamma distribution with shape a and scale 1: P(a, x) and Q(a, x). */
export function gammaTails(x: number, a: number): Tails {
  if (Number.isNaN(x) || !(a > 0)) return { lower: NaN, upper: NaN };
  if (x <= 0) return { lower: 0, upper: 1 };
  if (x === Infinity) return { lower: 1, upper: 0 };
  const power = gammaPower(x, a);
  if (x < a + 1) {
    let term = 1 / a, sum = term;
    for (let k = a + 1; term > sum * 1e-17; k++) sum += term *= x / k;
    const lower = Math.min(1, power * sum);
    return { lower, upper: lower > 0.9 ? smallShapeUpper(x, a) : 1 - lower };
  }
  const upper = Math.min(1, power * gammaFraction(x, a));
  return { lower: 1 - upper, upper };
}

/**
 * Q(a, x) where x < a + 1 and P is near 1, so a is below 1: one minus the series of P in powers of −x, with its leading term
 * subtracted as `expm1`. The continued fraction converges too slowly at small x.
 */
function smallShapeUpper(x: number, a: number): number {
  const exponent = a * Math.log(x) - logGamma(a + 1);
  let power = 1, sum = 0, term = 1;
  for (let k = 1; Math.abs(term) > 1e-18 * Math.abs(sum); k++) {
    power *= -x / k;
    sum += term = power / (a + k);
  }
  return -Math.expm1(exponent) - Math.exp(exponent) * a * sum;
}

/** x^a e^−x / Γ(a). */
function gammaPower(x: number, a: number): number {
  return Math.exp(-stirlingError(a) - deviance(a, x)) * Math.sqrt(a) / SQRT_2PI;
}

/** Legendre's continued fraction of Γ(a, x) / (x^a e^−x), by Lentz's method. */
function gammaFraction(x: number, a: number): number {
  const tiny = 1e-300;
  let b = x + 1 - a, c = 1 / tiny, d = 1 / (Math.abs(b) < tiny ? tiny : b), h = d;
  for (let i = 1; i < 200_000; i++) {
    const numerator = -i * (i - a);
    b += 2;
    d = numerator * d + b;
    d = 1 / (Math.abs(d) < tiny ? tiny : d);
    c = b + numerator / c;
    if (Math.abs(c) < tiny) c = tiny;
    const factor = d * c;
    h *= factor;
    if (Math.abs(factor - 1) < 3e-16) break;
  }
  return h;
}

/** The x with P(a, x) = p for the gamma distribution with shape a and scale 1. NaN for p outside [0, 1]. */
export function gammaQuantile(p: number, a: number): number {
  if (!(p >= 0 && p <= 1) || !(a > 0)) return NaN;
  if (p === 0) return 0;
  if (p === 1) return Infinity;
  return solve(p, 1 - p, {
    tails: (x) => gammaTails(x, a),
    logDerivative: (x) => gammaPower(x, a),
    start: a,
    most: Infinity,
  });
}

interface Solvable {
  tails: (x: number) => Tails;
  /** Density times x: the derivative of the lower tail with respect to ln x. */
  logDerivative: (x: number) => number;
  start: number;
  most: number;
}

/**
 * The x > 0 where the lower tail is p and the upper one q: Newton's steps over ln x on the logarithm of the smaller tail, kept
 * inside a bracket that every step narrows.
 */
function solve(p: number, q: number, { tails, logDerivative, start, most }: Solvable): number {
  let least = 0, x = start;
  for (let i = 0; i < 300; i++) {
    const { lower, upper } = tails(x);
    const miss = p <= q ? Math.log(lower / p) : -Math.log(upper / q);
    if (miss === 0) return x;
    if (miss < 0) least = x;
    else most = x;
    const step = -miss * (p <= q ? lower : upper) / logDerivative(x);
    let next = x * Math.exp(step);
    if (Math.abs(step) < 1e-15) return next;
    if (!(next > least && next < most)) {
      if (most === Infinity) next = 2 * x;
      else next = least === 0 ? x * 1e-3 : Math.sqrt(least) * Math.sqrt(most);
    }
    if (next === x || next === 0) return next;
    x = next;
  }
  return x;
}
