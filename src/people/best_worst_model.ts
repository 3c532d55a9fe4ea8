/**
 * The likelihood of best-worst answers.
 *
 * @module
 */
import type { LogLikelihood } from "./concave.ts";

/** Log-likelihood of utilities given tuples of item numbers, best first and worst last, with a normal prior. */
export function bestWorstLikelihood(
  tuples: readonly Uint32Array[],
  size: number,
  model: "maxdiff" | "sequential",
  prior: number,
): LogLikelihood {
  return {
    size,
    free: prior > 0 ? 0 : size,
    evaluate: (x, gradient, information) => {
      let value = 0;
      for (const tuple of tuples) {
        if (model === "maxdiff") value += choosePair(tuple, x, gradient, information, size);
        else {
          value += chooseFirst(tuple, x, gradient, information, size, 1);
          value += chooseFirst(tuple.subarray(1).toReversed(), x, gradient, information, size, -1);
        }
      }
      for (let i = 0; i < size && prior > 0; i++) {
        value -= prior * x[i] * x[i] / 2;
        gradient[i] -= prior * x[i];
        information[i * size + i] += prior;
      }
      return value;
    },
  };
}

/** The first of the tuple is chosen with probability proportional to exp(sign * u). */
function chooseFirst(
  tuple: Uint32Array,
  x: Float64Array,
  gradient: Float64Array,
  information: Float64Array,
  size: number,
  sign: 1 | -1,
): number {
  let most = -Infinity, total = 0;
  for (const i of tuple) most = Math.max(most, sign * x[i]);
  const p = Float64Array.from(tuple, (i) => Math.exp(sign * x[i] - most));
  for (const weight of p) total += weight;
  for (let a = 0; a < p.length; a++) p[a] /= total;
  gradient[tuple[0]] += sign;
  for (let a = 0; a < p.length; a++) {
    gradient[tuple[a]] -= sign * p[a];
    information[tuple[a] * size + tuple[a]] += p[a];
    for (let b = 0; b < p.length; b++) information[tuple[a] * size + tuple[b]] -= p[a] * p[b];
  }
  return sign * x[tuple[0]] - most - Math.log(total);
}

/** The ordered pair (first, last) is chosen among all with probability proportional to exp(u_first - u_last). */
function choosePair(
  tuple: Uint32Array,
  x: Float64Array,
  gradient: Float64Array,
  information: Float64Array,
  size: number,
): number {
  const m = tuple.length, best = tuple[0], worst = tuple[m - 1];
  let most = -Infinity, least = Infinity;
  for (const i of tuple) {
    most = Math.max(most, x[i]);
    least = Math.min(least, x[i]);
  }
  const up = Float64Array.from(tuple, (i) => Math.exp(x[i] - most));
  const down = Float64Array.from(tuple, (i) => Math.exp(least - x[i]));
  let ups = 0, downs = 0, total = 0;
  for (let a = 0; a < m; a++) {
    ups += up[a];
    downs += down[a];
  }
  for (let a = 0; a < m; a++) total += up[a] * (downs - down[a]);
  gradient[best]++;
  gradient[worst]--;
  const net = new Float64Array(m);
  for (let a = 0; a < m; a++) {
    const asBest = up[a] * (downs - down[a]) / total, asWorst = down[a] * (ups - up[a]) / total;
    net[a] = asBest - asWorst;
    gradient[tuple[a]] -= net[a];
    information[tuple[a] * size + tuple[a]] += asBest + asWorst;
  }
  for (let a = 0; a < m; a++) {
    for (let b = 0; b < m; b++) {
      const either = a === b ? 0 : (up[a] * down[b] + up[b] * down[a]) / total;
      information[tuple[a] * size + tuple[b]] -= either + net[a] * net[b];
    }
  }
  return x[best] - x[worst] - (most - least) - Math.log(total);
}
