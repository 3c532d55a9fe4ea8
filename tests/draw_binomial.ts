/**
 * One draw from the binomial distribution: how many of `trials` succeed with `probability` each. Constant time for large
 * counts.
 *
 * Small means use inversion; the rest the transformed rejection of Hörmann (1993), "The generation of binomial random
 * variates", algorithm BTRS.
 */
export function drawBinomial(random: () => number, trials: number, probability: number): number {
  if (trials <= 0 || probability <= 0) return 0;
  if (probability >= 1) return trials;
  if (probability > 0.5) return trials - drawBinomial(random, trials, 1 - probability);
  return trials * probability < 10
    ? invert(random, trials, probability)
    : reject(random, trials, probability);
}

/** Waiting times between successes are geometric: count how many fit into the trials. */
function invert(random: () => number, trials: number, probability: number): number {
  const perTrial = Math.log1p(-probability);
  for (let successes = 0, used = 0;; successes++) {
    used += Math.floor(Math.log(1 - random()) / perTrial) + 1;
    if (used > trials) return successes;
  }
}

function reject(random: () => number, trials: number, p: number): number {
  const spread = Math.sqrt(trials * p * (1 - p));
  const b = 1.15 + 2.53 * spread;
  const a = -0.0873 + 0.0248 * b + 0.01 * p;
  const center = trials * p + 0.5;
  const squeeze = 0.92 - 4.2 / b;
  const alpha = (2.83 + 5.1 / b) * spread;
  const logOdds = Math.log(p / (1 - p));
  const mode = Math.floor((trials + 1) * p);
  const atMode = logFactorial(mode) + logFactorial(trials - mode);
  for (;;) {
    const u = random() - 0.5;
    const v = 1 - random(); // in (0, 1]: its logarithm is taken
    const us = 0.5 - Math.abs(u);
    const k = Math.floor((2 * a / us + b) * u + center);
    if (k < 0 || k > trials) continue;
    if (us >= 0.07 && v <= squeeze) return k;
    const height = Math.log(v * alpha / (a / (us * us) + b));
    if (height <= atMode - logFactorial(k) - logFactorial(trials - k) + (k - mode) * logOdds) return k;
  }
}

/** ln k!, by Stirling's series from 10 on (error below 1e-12). */
function logFactorial(k: number): number {
  if (k < 10) return SMALL_LOG_FACTORIALS[k];
  const x = k + 1, inverse = 1 / x, square = inverse * inverse;
  const series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680)));
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series;
}

const SMALL_LOG_FACTORIALS = [1, 1, 2, 6, 24, 120, 720, 5040, 40320, 362880].map(Math.log);
