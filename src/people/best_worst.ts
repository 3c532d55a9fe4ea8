/**
 * Scores of items of which people chose the best and the worst.
 *
 * @module
 */
import { show } from "../base/text.ts";
import type { BootstrapOptions, Interval } from "../statistics/bootstrap.ts";
import { createRandom } from "../base/random.ts";
import { balancedBlocks } from "./blocks.ts";
import { describeParts, strongComponents } from "./comparison_graph.ts";
import { bestWorstLikelihood } from "./best_worst_model.ts";
import { maximise } from "./concave.ts";
import { normalInterval } from "../statistics/intervals.ts";
import { bootstrapUnits } from "./resample.ts";
import {
  checkConfidence,
  checkDistinct,
  checkNumber,
  checkOneOf,
  checkWhole,
  fail,
} from "../statistics/checks.ts";

/** Which of several items a person found best and which worst. */
export interface BestWorstAnswer {
  /** The items shown, two or more. */
  readonly items: readonly string[];
  /** The best of them. */
  readonly best: string;
  /** The worst of them. */
  readonly worst: string;
}

/** How often an item was chosen. */
export interface BestWorstScore {
  /** Its name. */
  readonly item: string;
  /** Answers in which it was shown. */
  readonly shown: number;
  /** Times chosen best. */
  readonly best: number;
  /** Times chosen worst. */
  readonly worst: number;
  /** (best - worst) / shown, in [-1, 1], with its bootstrap interval over answers. */
  readonly score: Interval;
}

/** An item's fitted worth. */
export interface BestWorstUtility {
  /** Its name. */
  readonly item: string;
  /** Log worth; all items' add up to 0. The interval is by the observed information. */
  readonly utility: Interval;
  /** Probability of being chosen best among all items: exp(utility) over the sum. */
  readonly share: number;
}

/** Worths that explain the answers. */
export interface BestWorstFit {
  /** Best first. */
  readonly items: BestWorstUtility[];
  /** Log-likelihood at the worths. */
  readonly logLikelihood: number;
  /** Answers. */
  readonly n: number;
}

/**
 * Counting scores of best-worst scaling, highest first: (times best - times worst) / times shown. Source: Louviere
 * and Woodworth (1991); Kiritchenko and Mohammad (2017), "Best-Worst Scaling More Reliable than Rating Scales".
 * Bootstrap resamples in which an item is never shown are left out of its interval.
 *
 * @throws {EvaluationError} When there are no answers, an item is shown twice in one, or best or worst was not shown.
 * @example
 * ```ts
 * import { bestWorstScores } from "./best_worst.ts";
 * import assert from "node:assert/strict";
 * const answers = [
 *   { items: ["a", "b", "c", "d"], best: "a", worst: "d" },
 *   { items: ["a", "b", "c", "d"], best: "b", worst: "d" },
 * ];
 * const scores = bestWorstScores(answers, { resamples: 100 });
 * assert.deepEqual(scores.map(({ score }) => score.value), [0.5, 0.5, 0, -1]);
 * ```
 */
export function bestWorstScores(
  answers: readonly BestWorstAnswer[],
  options: BootstrapOptions = {},
): BestWorstScore[] {
  const { names, tuples } = readAnswers(answers);
  const [shown, best, worst] = [0, 1, 2].map(() => new Float64Array(names.length));
  const count = (drawn: Uint32Array) => {
    for (const counts of [shown, best, worst]) counts.fill(0);
    for (const a of drawn) {
      const tuple = tuples[a];
      for (const item of tuple) shown[item]++;
      best[tuple[0]]++;
      worst[tuple[tuple.length - 1]]++;
    }
  };
  const scores = bootstrapUnits(answers.length, (drawn, out) => {
    count(drawn);
    for (let i = 0; i < out.length; i++) out[i] = (best[i] - worst[i]) / shown[i];
  }, { ...options, metrics: names.length });
  count(Uint32Array.from(answers, (_, a) => a));
  return names.map((item, i) => ({ item, shown: shown[i], best: best[i], worst: worst[i], score: scores[i] }))
    .sort((x, y) => y.score.value - x.score.value);
}

/**
 * Fits worths to best-worst answers by a multinomial logit, best first.
 *
 * "maxdiff" (Marley and Louviere 2005): the pair (best, worst) is chosen among all ordered pairs of the items shown, with
 * probability proportional to exp(u_best - u_worst). "sequential": best is chosen first with probability proportional to
 * exp(u), then worst among the rest with exp(-u). Both by Newton's method, to rounding.
 *
 * @throws {EvaluationError} When answers are bad (see `bestWorstScores`), or some items were always above the rest or never
 * compared with them, so that their worth is infinite or unknown; a `prior` above 0 helps.
 * @example
 * ```ts
 * import { bestWorstDesign, fitBestWorst } from "./best_worst.ts";
 * import assert from "node:assert/strict";
 * const { items } = fitBestWorst([
 *   { items: ["a", "b", "c"], best: "a", worst: "c" },
 *   { items: ["a", "b", "c"], best: "a", worst: "b" },
 *   { items: ["a", "b", "c"], best: "c", worst: "a" },
 * ]);
 * assert.equal(items[0].item, "a");
 * const tuples = bestWorstDesign(["a", "b", "c", "d", "e", "f", "g", "h"], { tupleSize: 4, perItem: 8 });
 * assert.equal(tuples.length, 16);
 * assert.equal(tuples.filter((tuple) => tuple.includes("c")).length, 8);
 * ```
 */
export function fitBestWorst(
  answers: readonly BestWorstAnswer[],
  options: {
    /** Default "maxdiff". */
    model?: "maxdiff" | "sequential";
    /** Coverage of the intervals; default 0.95. */
    confidence?: number;
    /** Strength of a pull of all utilities toward 0 (a normal prior's precision); default 0: none. */
    prior?: number;
  } = {},
): BestWorstFit {
  const { model = "maxdiff", confidence = 0.95, prior = 0 } = options;
  checkConfidence(confidence);
  checkOneOf("model", model, ["maxdiff", "sequential"]);
  checkNumber("prior", prior, { least: 0 });
  const { names, tuples } = readAnswers(answers);
  const size = names.length;
  if (prior === 0) {
    const above: [number, number][] = [];
    for (const tuple of tuples) {
      const last = tuple.length - 1;
      for (let a = 1; a <= last; a++) above.push([tuple[0], tuple[a]]);
      for (let a = 1; a < last; a++) above.push([tuple[a], tuple[last]]);
    }
    const parts = strongComponents(size, above);
    if (Math.max(...parts) > 0) {
      fail(
        `Cannot fit worths: of ${
          describeParts(names, parts)
        } one group was never below another, or never shown with it; ` +
          "add answers or set a prior above 0, such as 1",
      );
    }
  }
  const { x, value, covariance } = maximise(bestWorstLikelihood(tuples, size, model, prior));
  const most = Math.max(...x);
  const total = x.reduce((sum, u) => sum + Math.exp(u - most), 0);
  const n = answers.length, errorOf = (i: number) => Math.sqrt(Math.max(0, covariance[i * size + i]));
  const items = names.map((item, i) => ({
    item,
    utility: normalInterval(x[i], errorOf(i), confidence, n),
    share: Math.exp(x[i] - most) / total,
  }));
  return { items: items.sort((a, b) => b.utility.value - a.utility.value), logLikelihood: value, n };
}

/**
 * Tuples of items to show: every item occurs equally often within one, no item twice in a tuple, and pairs of items meet as
 * evenly as a greedy search with swaps finds. Seeded: the same options give the same tuples.
 *
 * @param items Names, all different.
 * @throws {EvaluationError} When there are fewer items than a tuple holds, or names repeat.
 */
export function bestWorstDesign(
  items: readonly string[],
  options: {
    /** Items shown at once; default 4. */
    tupleSize?: number;
    /** Times an item is shown at least; default 8 (two tuples an item at size 4, as Kiritchenko and Mohammad advise). */
    perItem?: number;
    /** Default 0. */
    seed?: number;
  } = {},
): string[][] {
  const { tupleSize = 4, perItem = 8, seed = 0 } = options;
  checkDistinct("Item", items);
  checkWhole("tupleSize", tupleSize, 2, items.length);
  checkWhole("perItem", perItem, 1, 10_000);
  const tuples = Math.ceil(items.length * perItem / tupleSize);
  const random = createRandom(seed);
  return balancedBlocks(items.length, new Array<number>(tuples).fill(tupleSize), random)
    .map((block) => Array.from(block, (item) => items[item]));
}

/** Answers as item numbers: best first, worst last. */
function readAnswers(answers: readonly BestWorstAnswer[]): { names: string[]; tuples: Uint32Array[] } {
  if (answers.length === 0) fail("Cannot score items: there are no answers");
  const names = [...new Set(answers.flatMap(({ items }) => items))].sort();
  const index = new Map(names.map((name, i) => [name, i]));
  const tuples = answers.map(({ items, best, worst }, a) => {
    const where = `Answer ${a + 1}`;
    if (items.length < 2) fail(`${where} shows ${items.length} items; it needs 2 or more`);
    if (new Set(items).size < items.length) fail(`${where} shows an item twice`);
    for (const [name, chosen] of [["best", best], ["worst", worst]]) {
      if (items.includes(chosen)) continue;
      fail(`${where} has ${show(chosen)} as ${name}, which it did not show`);
    }
    if (best === worst) fail(`${where} has ${show(best)} as best and worst`);
    const rest = items.filter((item) => item !== best && item !== worst);
    return Uint32Array.from([best, ...rest, worst], (item) => index.get(item)!);
  });
  return { names, tuples };
}
