/**
 * The distribution of the Kolmogorov-Smirnov statistic.
 *
 * @module
 */
import { logGamma } from "./special.ts";

/**
 * Survival function of the two-sided one-sample Kolmogorov-Smirnov statistic: the chance that the empirical
 * distribution of n values strays at least x from the truth. scipy's `kstwo.sf`. Exact formulas where they are
 * cheap and accurate, Pelz and Good's expansion elsewhere, chosen as in Simard and L'Ecuyer (2011), "Computing the
 * Two-Sided Kolmogorov-Smirnov Distribution", J. Stat. Soft. 39(11).
 *
 * @param n Sample size, a whole number of at least 1.
 */
export function kolmogorovSurvival(n: number, x: number): number {
  if (Number.isNaN(x)) return NaN;
  const t = n * x;
  if (t <= 0.5) return 1;
  if (x >= 1) return 0;
  if (t <= 1) return 1 - Math.exp(logGamma(n + 1) + n * (Math.log(2 * t - 1) - Math.log(n)));
  if (t >= n - 1) return 2 * (1 - x) ** n;
  const scaled = t * x;
  if (scaled >= 370) return 0;
  // The two one-sided events practically exclude each other out here (and exactly from x = 1/2 on).
  if (x >= 0.5 || scaled >= (n <= 140 ? 4 : 2.2)) return Math.min(1, 2 * oneSidedSurvival(n, x));
  if (n <= 140 || (n <= 100_000 && n * x ** 1.5 <= 1.4)) return Math.max(0, 1 - durbinMatrix(n, x));
  return Math.min(1, Math.max(0, 1 - pelzGood(n, x)));
}

/** Chance that the one-sided statistic reaches x (Smirnov 1944): a sum of positive terms, added in logarithms. */
function oneSidedSurvival(n: number, x: number): number {
  const last = Math.floor(n * (1 - x));
  const logFactorialN = logGamma(n + 1);
  let sum = 0;
  for (let j = 0; j <= last; j++) {
    const rest = 1 - x - j / n;
    if (rest <= 0) break;
    const logChoose = logFactorialN - logGamma(j + 1) - logGamma(n - j + 1);
    sum += Math.exp(logChoose + (j - 1) * Math.log(j / n + x) + (n - j) * Math.log(rest));
  }
  return x * sum;
}

/** Durbin's matrix power: P(D < x) = n!/nⁿ (Hⁿ)ₖₖ (Marsaglia, Tsang and Wang 2003, J. Stat. Soft. 8(18)). */
function durbinMatrix(n: number, x: number): number {
  const k = Math.ceil(n * x), size = 2 * k - 1, h = k - n * x;
  let base = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= Math.min(i + 1, size - 1); j++) base[i * size + j] = 1;
  }
  for (let i = 0; i < size; i++) {
    base[i * size] -= h ** (i + 1);
    base[(size - 1) * size + i] -= h ** (size - i);
  }
  base[(size - 1) * size] += Math.max(2 * h - 1, 0) ** size;
  for (let i = 0; i < size; i++) {
    for (let j = 0, factorial = 1; i - j + 1 > 0 && j < size; j++) {
      factorial = Math.exp(logGamma(i - j + 2));
      base[i * size + j] /= factorial;
    }
  }
  // Powers outgrow a double, so a scale of log 2 is kept beside each matrix.
  let power: Float64Array<ArrayBuffer> | undefined, powerScale = 0, baseScale = 0;
  for (let left = n; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) {
      power = power === undefined ? base.slice() : multiply(power, base, size);
      powerScale += baseScale;
      powerScale += rescale(power, (k - 1) * size + k - 1);
    }
    base = multiply(base, base, size);
    baseScale = 2 * baseScale + rescale(base, (k - 1) * size + k - 1);
  }
  const center = power![(k - 1) * size + k - 1];
  return Math.exp(Math.log(center) + powerScale * Math.LN2 + logGamma(n + 1) - n * Math.log(n));
}

function multiply(a: Float64Array, b: Float64Array, size: number): Float64Array<ArrayBuffer> {
  const out = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let l = 0; l < size; l++) {
      const factor = a[i * size + l];
      if (factor === 0) continue;
      for (let j = 0; j < size; j++) out[i * size + j] += factor * b[l * size + j];
    }
  }
  return out;
}

/** Divides the matrix by a power of two that brings the entry at `pivot` near 1; returns the exponent. */
function rescale(matrix: Float64Array, pivot: number): number {
  const exponent = matrix[pivot] > 0 ? Math.round(Math.log2(matrix[pivot])) : 0;
  if (exponent === 0) return 0;
  const factor = 2 ** -exponent;
  for (let i = 0; i < matrix.length; i++) matrix[i] *= factor;
  return exponent;
}

/** P(D < x) up to order n^(-3/2), in its form for small arguments (Pelz and Good 1976, JRSS B 38). */
function pelzGood(n: number, x: number): number {
  const z = Math.sqrt(n) * x, z2 = z * z, z4 = z2 * z2, z6 = z4 * z2, z8 = z4 * z4;
  const p2 = Math.PI ** 2, p4 = p2 * p2, p6 = p4 * p2;
  let k0 = 0, k1 = 0, k2 = 0, k3 = 0;
  const terms = Math.ceil(16 * z / Math.PI) + 1;
  for (let k = 0; k < terms; k++) {
    const m2 = (2 * k + 1) ** 2, m4 = m2 * m2, m6 = m4 * m2;
    const weight = Math.exp(-p2 * m2 / (8 * z2));
    k0 += weight;
    k1 += weight * (p2 * m2 / 4 - z2);
    k2 += weight * (6 * z6 + 2 * z4 + p2 * m2 / 4 * (2 * z4 - 5 * z2) + p4 * m4 / 16 * (1 - 2 * z2));
    k3 += weight * (p6 * m6 / 64 * (5 - 30 * z2) + p4 * m4 / 16 * (212 * z4 - 60 * z2) +
      p2 * m2 / 4 * (135 * z4 - 96 * z6) - 30 * z6 - 90 * z8);
  }
  let even2 = 0, even3 = 0;
  for (let k = 1; k <= terms; k++) {
    const q2 = p2 * k * k, weight = Math.exp(-q2 / (2 * z2));
    even2 += q2 * weight;
    even3 += q2 * (3 * z2 - q2) * weight;
  }
  const root = Math.sqrt(2 * Math.PI);
  k0 *= root / z;
  k1 *= root / (6 * z4);
  k2 = root * (k2 / (72 * z6 * z) - even2 / (36 * z2 * z));
  k3 = root * (k3 / (6480 * z8 * z2) + even3 / (216 * z6));
  return k0 + k1 / Math.sqrt(n) + k2 / n + k3 / n ** 1.5;
}
