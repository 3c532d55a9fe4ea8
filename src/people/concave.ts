/**
 * Maximising concave log-likelihoods by Newton's method.
 *
 * @module
 */
import { fail, type Numbers } from "../statistics/checks.ts";

/** A concave log-likelihood of `size` parameters, of which the first `free` may all move by one number without a change. */
export interface LogLikelihood {
  /** Parameters. */
  readonly size: number;
  /** Leading parameters that are known up to a common shift; their sum is held at 0. */
  readonly free: number;
  /** Returns the value at x and adds the gradient and the information (minus the second derivatives, row-major) to zeros. */
  evaluate(x: Float64Array, gradient: Float64Array, information: Float64Array): number;
}

/** Where a log-likelihood is largest. */
export interface Maximum {
  /** The parameters. */
  readonly x: Float64Array;
  /** The log-likelihood there. */
  readonly value: number;
  /** Covariance of the parameters: the inverse of the observed information where the free ones add up to 0, row-major. */
  readonly covariance: Float64Array;
  /** Newton steps. */
  readonly iterations: number;
}

const MAX_ITERATIONS = 200;
const LARGEST_STEP = 4; // on the log scale: further than this a quadratic tells nothing

/**
 * Newton's method with step halving. The maximum must exist: callers look for parameters that run off to infinity first.
 *
 * @throws {EvaluationError} When it does not settle.
 */
export function maximise(problem: LogLikelihood, start?: Numbers): Maximum {
  const { size, free } = problem;
  let x = start ? Float64Array.from(start) : new Float64Array(size);
  let gradient = new Float64Array(size), information = new Float64Array(size * size);
  let value = problem.evaluate(x, gradient, information);
  for (let iteration = 1; iteration <= MAX_ITERATIONS; iteration++) {
    const factor = cholesky(pinned(information, size, free), size);
    const step = solve(factor, size, gradient);
    const longest = step.reduce((most, s) => Math.max(most, Math.abs(s)), 0);
    let scale = longest > LARGEST_STEP ? LARGEST_STEP / longest : 1;
    for (;; scale /= 2) {
      const next = x.map((at, i) => at + scale * step[i]);
      const nextGradient = new Float64Array(size), nextInformation = new Float64Array(size * size);
      const nextValue = problem.evaluate(next, nextGradient, nextInformation);
      // Near the top, rounding of the value hides what the step gains.
      if (nextValue >= value - 1e-12 * (1 + Math.abs(value)) || scale < 1e-10) {
        [x, gradient, information, value] = [next, nextGradient, nextInformation, nextValue];
        break;
      }
    }
    // Newton's error squares with each step: after one of 1e-8 what is left is rounding.
    if (scale === 1 && longest < 1e-8) {
      return { x, value, covariance: covariance(information, size, free), iterations: iteration };
    }
  }
  fail(`The fit did not settle in ${MAX_ITERATIONS} steps; a prior above 0 steadies it`);
}

/** The information is singular along the common shift; this adds curvature there, which changes neither steps nor covariance. */
function pinned(information: Float64Array, size: number, free: number): Float64Array {
  const out = Float64Array.from(information);
  const curvature = pinningCurvature(information, size, free);
  for (let i = 0; i < free; i++) for (let j = 0; j < free; j++) out[i * size + j] += curvature;
  return out;
}

function pinningCurvature(information: Float64Array, size: number, free: number): number {
  let trace = 0;
  for (let i = 0; i < free; i++) trace += information[i * size + i];
  return free > 0 ? trace / (free * free) : 0;
}

function covariance(information: Float64Array, size: number, free: number): Float64Array {
  const factor = cholesky(pinned(information, size, free), size);
  const out = new Float64Array(size * size);
  const unit = new Float64Array(size);
  const added = free > 0 ? 1 / (pinningCurvature(information, size, free) * free * free) : 0;
  for (let i = 0; i < size; i++) {
    unit.fill(0);
    unit[i] = 1;
    out.set(solve(factor, size, unit), i * size);
    if (i < free) { for (let j = 0; j < free; j++) out[i * size + j] -= added; }
  }
  return out;
}

/** Of the matrix, in its place. */
function cholesky(matrix: Float64Array, size: number): Float64Array {
  for (let j = 0; j < size; j++) {
    for (let i = j; i < size; i++) {
      let sum = matrix[i * size + j];
      for (let k = 0; k < j; k++) sum -= matrix[i * size + k] * matrix[j * size + k];
      if (i === j) {
        if (!(sum > 0)) fail("The fit has no single best answer: the data leave a direction open");
        matrix[j * size + j] = Math.sqrt(sum);
      } else matrix[i * size + j] = sum / matrix[j * size + j];
    }
  }
  return matrix;
}

function solve(factor: Float64Array, size: number, right: Numbers): Float64Array {
  const out = Float64Array.from(right);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) out[i] -= factor[i * size + k] * out[k];
    out[i] /= factor[i * size + i];
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) out[i] -= factor[k * size + i] * out[k];
    out[i] /= factor[i * size + i];
  }
  return out;
}
