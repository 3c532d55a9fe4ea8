/**
 * Bradley-Terry strengths of systems that were compared in pairs.
 *
 * @module
 */
import {
  bootstrapCells,
  type BootstrapOptions,
  checkOptions,
  type Interval,
} from "../statistics/bootstrap.ts";
import { normalCdf } from "../statistics/distributions.ts";
import { components, describeParts, strongComponents } from "./comparison_graph.ts";
import { type LogLikelihood, maximise, type Maximum } from "./concave.ts";
import { type Comparison, type PairTally, tallyComparisons } from "./pairwise.ts";
import { normalInterval } from "../statistics/intervals.ts";
import { checkNumber, checkOneOf, fail } from "../statistics/checks.ts";
import { show } from "../base/text.ts";

/** How strengths are fitted. */
export interface BradleyTerryOptions extends BootstrapOptions {
  /** What a tie is: half a win for either (default), an outcome of its own (Davidson 1970), or left out. */
  readonly ties?: "half" | "davidson" | "drop";
  /** Wins added to both sides of every pair that was compared; default 0. Above 0 every strength is finite. */
  readonly prior?: number;
}

/** A system's strength. */
export interface SystemStrength {
  /** Its name. */
  readonly system: string;
  /** 1 for the strongest; equal strengths share a rank. */
  readonly rank: number;
  /** Natural logarithm of the strength; all systems' add up to 0. The interval is by the observed information. */
  readonly logStrength: Interval;
  /** The same with its bootstrap interval over judgements. */
  readonly bootstrap: Interval;
  /** exp(logStrength). */
  readonly strength: number;
}

/** Strengths that explain who beat whom. */
export interface BradleyTerry {
  /** Strongest first. */
  readonly systems: SystemStrength[];
  /** Names in the order of the matrices below: that of `systems`. */
  readonly order: string[];
  /** win[i][j]: probability that i is preferred to j, 0.5 on the diagonal (less half the ties under Davidson's model). */
  readonly win: number[][];
  /** tie[i][j]: probability of a tie; all 0 unless ties are "davidson". */
  readonly tie: number[][];
  /** Covariance of the log strengths. */
  readonly covariance: number[][];
  /** Davidson's ν: how common ties are between equals; 0 where there are none. */
  readonly tieParameter: number;
  /** Log-likelihood at the strengths. */
  readonly logLikelihood: number;
  /** Judgements fitted. */
  readonly n: number;
  /** Newton steps. */
  readonly iterations: number;
  /** Resamples in which someone won everything; they were fitted with a prior of 0.01. */
  readonly unboundedResamples: number;
}

/**
 * Bradley-Terry strengths: P(i beats j) = s_i / (s_i + s_j), fitted by maximum likelihood (Newton's method, to rounding).
 *
 * With `ties: "davidson"` a tie has the probability ν √(s_i s_j) / (s_i + s_j + ν √(s_i s_j)). Finite strengths exist only
 * where the comparisons tie all systems together and nobody (and no group) won everything against the rest (Ford 1957): both
 * are named; a `prior` above 0 helps against the second. Time grows with the cube of the number of systems, times resamples.
 *
 * Bradley and Terry (1952); Davidson (1970), "On extending the Bradley-Terry model to accommodate ties"; Hunter (2004). Equal
 * to a logistic regression without intercept (statsmodels), whose errors are those of the information here.
 *
 * @throws {EvaluationError} When comparisons are bad (see `winRates`), systems are not connected or a strength is infinite.
 * @example
 * ```ts
 * import { bradleyTerry } from "./bradley_terry.ts";
 * import assert from "node:assert/strict";
 * const { systems, win } = bradleyTerry([
 *   { a: "new", b: "old", winner: "a", count: 60 },
 *   { a: "new", b: "old", winner: "b", count: 20 },
 * ]);
 * assert.equal(systems[0].system, "new");
 * assert.ok(Math.abs(win[0][1] - 0.75) < 1e-12);
 * ```
 */
export function bradleyTerry(
  comparisons: readonly Comparison[],
  options: BradleyTerryOptions = {},
): BradleyTerry {
  const { ties = "half", prior = 0 } = options;
  const { confidence, resamples } = checkOptions(options);
  checkOneOf("ties", ties, ["half", "davidson", "drop"]);
  checkNumber("prior", prior, { least: 0 });
  const tally = tallyComparisons(comparisons);
  const pairs = ties === "drop" ? tally.pairs.filter(({ wins, losses }) => wins + losses > 0) : tally.pairs;
  const size = tally.systems.length;
  const n = pairs.reduce((sum, pair) => sum + pair.wins + pair.losses + (ties === "drop" ? 0 : pair.ties), 0);
  const parts = components(size, pairs.map(({ i, j }) => [i, j] as const));
  if (Math.max(...parts) > 0) {
    const apart = describeParts(tally.systems, parts);
    fail(`Cannot rank: ${apart} were never compared; compare one of each or rank them apart`);
  }
  const fit = (with_: readonly PairTally[], extra: number, start?: Maximum) => {
    const problem = likelihood(with_, size, ties, extra);
    const fits = start?.x.length === problem.size;
    return maximise(problem, fits ? start.x : undefined);
  };
  const obstacle = infinite(pairs, size, ties, prior, tally.systems);
  if (obstacle !== undefined) fail(obstacle);
  const best = fit(pairs, prior);

  let calls = 0, unboundedResamples = 0; // the first call is with the data as they are, those after the resamples a jackknife's
  const cells = pairs.flatMap(({ wins, losses, ties: even }) => [wins, losses, ties === "drop" ? 0 : even]);
  const drawnPairs = pairs.map((pair) => ({ ...pair }));
  const intervals = bootstrapCells(cells, (drawn, out) => {
    if (calls++ === 0) {
      out.set(best.x.subarray(0, size));
      return;
    }
    drawnPairs.forEach((pair, p) => [pair.wins, pair.losses, pair.ties] = drawn.subarray(3 * p));
    const unbounded = infinite(drawnPairs, size, ties, prior, tally.systems) !== undefined;
    if (unbounded && calls <= resamples + 1) unboundedResamples++;
    const { x } = unbounded ? fit(drawnPairs, Math.max(prior, 0.01)) : fit(drawnPairs, prior, best);
    out.set(x.subarray(0, size));
  }, { ...options, metrics: size });

  const order = tally.systems.map((_, i) => i).sort((i, j) => best.x[j] - best.x[i]);
  const width = best.x.length;
  const tieParameter = width > size ? Math.exp(best.x[size]) : 0;
  const outcome = (i: number, j: number) => {
    const half = (best.x[i] - best.x[j]) / 2;
    const top = Math.exp(half - Math.abs(half)), bottom = Math.exp(-half - Math.abs(half));
    const even = tieParameter * Math.exp(-Math.abs(half));
    const total = top + bottom + even;
    return { win: top / total, tie: even / total };
  };
  const matrix = (of: (i: number, j: number) => number) => order.map((i) => order.map((j) => of(i, j)));
  const errorOf = (i: number) => Math.sqrt(Math.max(0, best.covariance[i * width + i]));
  return {
    systems: order.map((i) => ({
      system: tally.systems[i],
      rank: 1 + order.filter((j) => best.x[j] > best.x[i] + 1e-9).length,
      logStrength: normalInterval(best.x[i], errorOf(i), confidence, n),
      bootstrap: intervals[i],
      strength: Math.exp(best.x[i]),
    })),
    order: order.map((i) => tally.systems[i]),
    win: matrix((i, j) => outcome(i, j).win),
    tie: matrix((i, j) => outcome(i, j).tie),
    covariance: matrix((i, j) => best.covariance[i * width + j]),
    tieParameter,
    logLikelihood: best.value,
    n,
    iterations: best.iterations,
    unboundedResamples,
  };
}

/**
 * How much stronger one system is than another: difference of log strengths (the log odds of being preferred, ties aside), its
 * interval by the observed information and the two-sided p-value of no difference.
 *
 * @throws {EvaluationError} When a system was not fitted.
 */
export function strengthDifference(
  model: BradleyTerry,
  first: string,
  second: string,
): { difference: Interval; pValue: number } {
  const place = (system: string) => {
    const at = model.order.indexOf(system);
    if (at < 0) fail(`No system ${show(system)} was fitted, only ${model.order.join(", ")}`);
    return at;
  };
  const i = place(first), j = place(second);
  const { covariance: v, systems } = model;
  const error = Math.sqrt(Math.max(0, v[i][i] + v[j][j] - 2 * v[i][j]));
  const value = systems[i].logStrength.value - systems[j].logStrength.value;
  const difference = normalInterval(value, error, systems[i].logStrength.confidence, model.n);
  return { difference, pValue: i === j ? 1 : 2 * normalCdf(-Math.abs(value) / error) };
}

/** Why strengths would be infinite, if they would be. */
function infinite(
  pairs: readonly PairTally[],
  size: number,
  ties: "half" | "davidson" | "drop",
  prior: number,
  names: readonly string[],
): string | undefined {
  const even = ties === "drop" ? 0 : pairs.reduce((total, pair) => total + pair.ties, 0);
  const won = prior > 0 || pairs.some(({ wins, losses }) => wins + losses > 0);
  if (ties === "davidson" && even > 0 && !won) {
    return "Cannot fit Davidson's model: every comparison is a tie";
  }
  if (prior > 0) return undefined;
  const edges: [number, number][] = [];
  for (const pair of pairs) {
    const tied = ties !== "drop" && pair.ties > 0;
    if (pair.wins > 0 || tied) edges.push([pair.i, pair.j]);
    if (pair.losses > 0 || tied) edges.push([pair.j, pair.i]);
  }
  const parts = strongComponents(size, edges);
  if (Math.max(...parts) > 0) {
    return `Cannot fit strengths: among ${
      describeParts(names, parts)
    } one group won every comparison with another, so the ` +
      "strengths are infinitely far apart; add comparisons or set a prior above 0, such as 0.5";
  }
  if (ties === "davidson" && even > 0 && tiesExplainAll(pairs, size)) {
    return "Cannot fit Davidson's model: strengths far apart and ever more ties explain the comparisons ever better; set " +
      "ties to half or a prior above 0, such as 0.5";
  }
  return undefined;
}

/**
 * True where some placement of the systems has every winner at least 1 above its loser and every tied pair at most 1 apart:
 * then strengths and ν can grow together for ever. Bellman and Ford's test for a negative cycle.
 */
function tiesExplainAll(pairs: readonly PairTally[], size: number): boolean {
  const limits: [number, number, number][] = [];
  for (const { i, j, wins, losses, ties } of pairs) {
    if (wins > 0) limits.push([i, j, -1]);
    if (losses > 0) limits.push([j, i, -1]);
    if (ties > 0) limits.push([i, j, 1], [j, i, 1]);
  }
  const reach = new Float64Array(size);
  for (let round = 0; round <= size; round++) {
    let changed = false;
    for (const [from, to, length] of limits) {
      if (reach[from] + length < reach[to]) {
        reach[to] = reach[from] + length;
        changed = true;
      }
    }
    if (!changed) return true;
  }
  return false;
}

/** Parameters are the log strengths and, under Davidson's model with ties, ln ν. */
function likelihood(
  pairs: readonly PairTally[],
  size: number,
  ties: "half" | "davidson" | "drop",
  prior: number,
): LogLikelihood {
  const even = ties === "davidson" && pairs.some((pair) => pair.ties > 0);
  const width = even ? size + 1 : size;
  return {
    size: width,
    free: size,
    evaluate: (x, gradient, information) => {
      let value = 0;
      const tieLog = even ? x[size] : -Infinity;
      for (const pair of pairs) {
        const { i, j } = pair;
        const halves = ties === "half" ? pair.ties / 2 : 0;
        const wins = pair.wins + halves + prior, losses = pair.losses + halves + prior;
        const draws = even ? pair.ties : 0;
        const n = wins + losses + draws;
        const half = (x[i] - x[j]) / 2;
        const most = Math.max(Math.abs(half), tieLog);
        const top = Math.exp(half - most), bottom = Math.exp(-half - most), middle = Math.exp(tieLog - most);
        const total = top + bottom + middle;
        const log = most + Math.log(total);
        value += wins * (half - log) + losses * (-half - log) + (draws > 0 ? draws * (tieLog - log) : 0);
        // Score of an outcome along (x_i - x_j) / 2: 1 for a win, -1 for a loss, 0 for a tie.
        const pWin = top / total, pLoss = bottom / total, pTie = middle / total;
        const derivative = (wins - losses - n * (pWin - pLoss)) / 2;
        gradient[i] += derivative, gradient[j] -= derivative;
        const bend = n * (pWin * (1 - pWin) + pLoss * (1 - pLoss) + 2 * pWin * pLoss) / 4;
        information[i * width + i] += bend, information[j * width + j] += bend;
        information[i * width + j] -= bend, information[j * width + i] -= bend;
        if (!even) continue;
        gradient[size] += draws - n * pTie;
        information[size * width + size] += n * pTie * (1 - pTie);
        const cross = -n * pTie * (pWin - pLoss) / 2;
        information[i * width + size] += cross, information[size * width + i] += cross;
        information[j * width + size] -= cross, information[size * width + j] -= cross;
      }
      return value;
    },
  };
}
