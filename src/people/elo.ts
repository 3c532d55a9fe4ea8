/**
 * Elo ratings of systems that were compared in pairs.
 *
 * @module
 */
import {
  type BootstrapOptions,
  checkOptions,
  type Interval,
  resampledInterval,
} from "../statistics/bootstrap.ts";
import { createRandom } from "../base/random.ts";
import { shuffleInPlace } from "./blocks.ts";
import { type Comparison, tallyComparisons } from "./pairwise.ts";
import { checkNumber, checkWhole, fail } from "../statistics/checks.ts";

/** How Elo ratings are computed. */
export interface EloOptions extends Omit<BootstrapOptions, "method"> {
  /** Points at stake in each comparison; default 32. Small numbers move slowly and settle better. */
  readonly k?: number;
  /** Base of the odds; default 10. */
  readonly base?: number;
  /** Points for which the odds grow by the base; default 400. */
  readonly scale?: number;
  /** Rating before the first comparison; default 1500. */
  readonly initial?: number;
  /** Random orders to average over; default 100. */
  readonly permutations?: number;
}

/** A system's rating. */
export interface EloRating {
  /** Its name. */
  readonly system: string;
  /** Points, averaged over orders, with its percentile bootstrap interval over comparisons (200 resamples by default). */
  readonly rating: Interval;
  /** Standard deviation of the rating between orders: what chance in the order alone does. */
  readonly orderDeviation: number;
}

/** Orders that each bootstrap resample is averaged over. */
const ORDERS_OF_A_RESAMPLE = 10;

/**
 * Elo ratings, averaged over seeded random orders of the comparisons, highest first; a tie is half a win.
 *
 * An Elo rating depends on the order in which comparisons are played, which averaging takes out. `bradleyTerry` fits the same
 * odds without an order and should be preferred; Elo is here because people ask for its scale. Elo (1978), "The Rating of
 * Chessplayers"; averaging after Boubdir et al. (2023), "Elo Uncovered".
 *
 * @throws {EvaluationError} When comparisons are bad (see `winRates`) or an option is out of range.
 * @example
 * ```ts
 * import { eloInOrder, eloRatings } from "./elo.ts";
 * import assert from "node:assert/strict";
 * const [first, second] = eloRatings([
 *   { a: "new", b: "old", winner: "a", count: 9 },
 *   { a: "new", b: "old", winner: "b", count: 3 },
 * ], { resamples: 100 });
 * assert.equal(first.system, "new");
 * assert.ok(Math.abs(first.rating.value + second.rating.value - 3000) < 1e-9);
 * const ratings = eloInOrder([{ a: "new", b: "old", winner: "a" }], { k: 32, initial: 1500 });
 * assert.deepEqual(ratings, { new: 1516, old: 1484 });
 * ```
 */
export function eloRatings(comparisons: readonly Comparison[], options: EloOptions = {}): EloRating[] {
  const { permutations = 100 } = options;
  const { resamples, confidence, seed } = checkOptions({ ...options, resamples: options.resamples ?? 200 });
  checkWhole("permutations", permutations, 1, 1_000_000);
  const game = prepare(comparisons, options);
  const { systems, n } = game;
  const random = createRandom(seed);
  const order = Uint32Array.from({ length: n }, (_, i) => i);

  const ratings = new Float64Array(systems.length);
  const sums = new Float64Array(systems.length), squares = new Float64Array(systems.length);
  for (let p = 0; p < permutations; p++) {
    shuffleInPlace(order, random);
    game.play(order, ratings);
    ratings.forEach((rating, s) => {
      sums[s] += rating;
      squares[s] += (rating - game.initial) ** 2;
    });
  }
  const draws = systems.map(() => new Float64Array(resamples));
  const rounds = Math.min(permutations, ORDERS_OF_A_RESAMPLE);
  for (let r = 0; r < resamples; r++) {
    for (let i = 0; i < n; i++) order[i] = random() * n;
    for (let p = 0; p < rounds; p++) {
      if (p > 0) shuffleInPlace(order, random);
      game.play(order, ratings);
      for (let s = 0; s < systems.length; s++) draws[s][r] += ratings[s] / rounds;
    }
  }
  return systems.map((system, s) => {
    const mean = sums[s] / permutations;
    const variance = squares[s] / permutations - (mean - game.initial) ** 2;
    return {
      system,
      rating: resampledInterval(mean, draws[s], { n, confidence, method: "percentile" }),
      orderDeviation: Math.sqrt(Math.max(0, variance)),
    };
  }).sort((x, y) => y.rating.value - x.rating.value);
}

/**
 * Elo ratings after the comparisons in the order given, by name: for comparisons whose order in time means something.
 *
 * @throws {EvaluationError} As `eloRatings`.
 */
export function eloInOrder(
  comparisons: readonly Comparison[],
  options: Pick<EloOptions, "k" | "base" | "scale" | "initial"> = {},
): Record<string, number> {
  const game = prepare(comparisons, options);
  const ratings = new Float64Array(game.systems.length);
  game.play(Uint32Array.from({ length: game.n }, (_, i) => i), ratings);
  return Object.fromEntries(game.systems.map((system, s) => [system, ratings[s]]));
}

/** Comparisons as columns, and a function that plays them in an order and writes the ratings. */
function prepare(comparisons: readonly Comparison[], options: EloOptions) {
  const { k = 32, base = 10, scale = 400, initial = 1500 } = options;
  for (const [name, value, above] of [["k", k, 0], ["base", base, 1], ["scale", scale, 0]] as const) {
    checkNumber(name, value, { above });
  }
  if (!Number.isFinite(initial)) fail(`initial must be a finite number, got ${initial}`);
  const { systems, n } = tallyComparisons(comparisons);
  if (n > 10_000_000) fail(`Elo ratings take at most 10,000,000 comparisons, got ${n}`);
  const index = new Map(systems.map((system, i) => [system, i]));
  const first = new Uint32Array(n), second = new Uint32Array(n), score = new Float64Array(n);
  let at = 0;
  for (const { a, b, winner, count = 1 } of comparisons) {
    for (let c = 0; c < count; c++, at++) {
      first[at] = index.get(a)!;
      second[at] = index.get(b)!;
      score[at] = winner === "a" ? 1 : winner === "b" ? 0 : 0.5;
    }
  }
  const rate = Math.log(base) / scale;
  const play = (order: Uint32Array, ratings: Float64Array) => {
    ratings.fill(initial);
    for (const c of order) {
      const expected = 1 / (1 + Math.exp(rate * (ratings[second[c]] - ratings[first[c]])));
      const gain = k * (score[c] - expected);
      ratings[first[c]] += gain;
      ratings[second[c]] -= gain;
    }
  };
  return { systems, n, initial, play };
}
