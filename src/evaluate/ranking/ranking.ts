/**
 * Metrics of ranked lists: MRR, MAP, nDCG, precision, recall.
 *
 * @module
 */
import { type Decomposed, evaluateAll, means } from "../../statistics/decomposed.ts";
import { descendingOrder } from "../../statistics/order.ts";
import { checkLengths, checkNumber, checkWhole, fail, Numbers, refuse } from "../../statistics/checks.ts";
import { ratio } from "../classification/counts.ts";

/** What a query's results are worth. */
export interface RankedList {
  /** Relevance of each result, best result first; 0 is irrelevant. */
  readonly relevance: Numbers;
  /** Relevance of everything judged for the query, found or not, in any order; default that of the results themselves. */
  readonly judged?: Numbers;
}

/** How rankings are scored. */
export interface RankingOptions {
  /** Depths k of the metrics "@k"; default 1, 3, 5, 10. */
  readonly cutoffs?: readonly number[];
  /** Least relevance that counts as relevant where metrics are binary; above 0, default 1. nDCG takes every one above 0. */
  readonly relevantFrom?: number;
  /** Gain of a relevance r: "linear" (default) is r, "exponential" 2^r − 1 (Burges et al. 2005). */
  readonly gain?: "linear" | "exponential";
  /**
   * What MAP@k divides by: "relevant" (default, trec_eval) is all relevant ones, "reachable" at most k of them, so that a
   * perfect ranking scores 1 at every depth (sentence-transformers).
   */
  readonly averagePrecision?: "relevant" | "reachable";
}

/**
 * Means over queries of the usual metrics of rankings.
 *
 * Over whole lists: `mrr` (1 / rank of the first relevant result), `map` (mean of the precisions at relevant results),
 * `rPrecision` (precision at as many results as are relevant), `ndcg` and `dcg` (gains over log2(1 + rank)). At each depth k:
 * `mrr@k`, `map@k`, `ndcg@k`, `dcg@k`, `precision@k`, `recall@k` and `hitRate@k` (anything relevant at all). All but DCG lie in
 * [0, 1]. A query with nothing relevant scores 0. Equal to trec_eval, and to ranx but for nDCG where `relevantFrom` is above 1:
 * ranx then leaves the relevances below it out of nDCG, too.
 *
 * @param lists One ranked list a query.
 * @throws {EvaluationError} When there are no queries, a relevance is negative or not finite, or an option is out of range.
 * @example
 * ```ts
 * import { ranking, rankingRows } from "./ranking.ts";
 * import assert from "node:assert/strict";
 * const metrics = ranking([{ relevance: [0, 1, 0] }, { relevance: [1, 0, 0], judged: [1, 1] }], { cutoffs: [1] });
 * assert.equal(metrics.mrr, 0.75);
 * assert.equal(metrics["recall@1"], 0.25);
 * const { names, rows } = rankingRows([{ relevance: [0, 1] }], { cutoffs: [] });
 * assert.deepEqual(names.slice(0, 2), ["mrr", "map"]);
 * assert.deepEqual([...rows.slice(0, 2)], [0.5, 0.5]);
 * ```
 */
export function ranking(lists: readonly RankedList[], options: RankingOptions = {}): Record<string, number> {
  return evaluateAll(rankingRows(lists, options));
}

/** The metrics of `ranking` by query, for intervals, paired tests, slices and the worst queries. */
export function rankingRows(lists: readonly RankedList[], options: RankingOptions = {}): Decomposed {
  const { cutoffs = [1, 3, 5, 10], relevantFrom = 1, averagePrecision = "relevant" } = options;
  checkCutoffs(cutoffs);
  checkNumber("relevantFrom", relevantFrom, { above: 0 });
  if (lists.length === 0) fail("Cannot evaluate: there are no queries");
  const gainOf = gainFunction(options.gain);
  const names = [...WHOLE, ...cutoffs.flatMap((k) => AT_DEPTH.map((name) => `${name}@${k}`))];
  const values = new Float64Array(lists.length * names.length);
  lists.forEach((list, query) => {
    const depths = measure(list, { query, relevantFrom, gainOf });
    const { relevant, hits, precisions, gains, ideal, firstRank, found } = depths;
    const out = values.subarray(query * names.length);
    const at = (sums: Float64Array, k: number) => sums[Math.min(k, sums.length - 1)];
    out[0] = firstRank > 0 ? 1 / firstRank : 0;
    out[1] = ratio(at(precisions, found), relevant);
    out[2] = ratio(at(hits, relevant), relevant);
    out[3] = ratio(at(gains, found), at(ideal, Infinity));
    out[4] = at(gains, found);
    cutoffs.forEach((k, c) => {
      out.set([
        firstRank > 0 && firstRank <= k ? 1 / firstRank : 0,
        ratio(at(precisions, k), averagePrecision === "reachable" ? Math.min(k, relevant) : relevant),
        ratio(at(gains, k), at(ideal, k)),
        at(gains, k),
        at(hits, k) / k,
        ratio(at(hits, k), relevant),
        at(hits, k) > 0 ? 1 : 0,
      ], WHOLE.length + c * AT_DEPTH.length);
    });
  });
  return means(names, values);
}

/**
 * DCG and nDCG by query where scores, not an order, are given: results with equal scores share their gains, as the mean over
 * their orders (McSherry and Najork 2008). Equal to scikit-learn's `dcg_score` and `ndcg_score`.
 *
 * @param relevance Relevance of each candidate, by query.
 * @param scores Predicted score of each candidate, by query.
 * @returns Means of dcg and ndcg, and of each "@k".
 * @throws {EvaluationError} When lengths differ, there are no queries, a relevance is negative, or a number not finite.
 * @example
 * ```ts
 * import { evaluateAll } from "../../statistics/decomposed.ts";
 * import { scoredRankingRows } from "./ranking.ts";
 * import assert from "node:assert/strict";
 * // the two best are tied: on average the first is worth (10 + 5) / 2
 * const rows = scoredRankingRows([[10, 0, 0, 1, 5]], [[1, 0, 0, 0, 1]], { cutoffs: [1] });
 * assert.equal(evaluateAll(rows)["dcg@1"], 7.5);
 * ```
 */
export function scoredRankingRows(
  relevance: readonly Numbers[],
  scores: readonly Numbers[],
  options: Pick<RankingOptions, "cutoffs" | "gain"> = {},
): Decomposed {
  const { cutoffs = [1, 3, 5, 10] } = options;
  checkCutoffs(cutoffs);
  checkLengths(relevance.length, scores.length, ["queries' scores", "queries"]);
  const gainOf = gainFunction(options.gain);
  const names = ["dcg", "ndcg", ...cutoffs.flatMap((k) => [`dcg@${k}`, `ndcg@${k}`])];
  const values = relevance.flatMap((candidates, query) => {
    checkLengths(candidates.length, scores[query].length, ["scores", `candidates of query ${query}`]);
    checkRelevance(candidates, query);
    checkScores(scores[query], query);
    const shared = sharedGains(candidates, scores[query], gainOf), gains = discounted(shared);
    const ideal = idealDcg(candidates, gainOf);
    return [Infinity, ...cutoffs].flatMap((k) => {
      const best = ideal[Math.min(k, ideal.length - 1)], got = gains[Math.min(k, gains.length - 1)];
      return [got, best > 0 ? got / best : 0];
    });
  });
  return means(names, values);
}

const WHOLE = ["mrr", "map", "rPrecision", "ndcg", "dcg"];
const AT_DEPTH = ["mrr", "map", "ndcg", "dcg", "precision", "recall", "hitRate"];

/** What the metrics of a list need; sums are by depth, [0, 1, ... results]. */
interface Depths {
  /** Results. */
  found: number;
  /** Relevant ones, found or not. */
  relevant: number;
  /** Rank of the first relevant result from 1; 0 for none. */
  firstRank: number;
  /** Relevant results up to each depth. */
  hits: Float64Array;
  /** Sum of the precisions at relevant results. */
  precisions: Float64Array;
  /** DCG. */
  gains: Float64Array;
  /** DCG of the best order of everything judged. */
  ideal: Float64Array;
}

function measure(
  list: RankedList,
  options: { query: number; relevantFrom: number; gainOf: (relevance: number) => number },
): Depths {
  const { query, relevantFrom, gainOf } = options;
  const { relevance, judged = relevance } = list;
  checkRelevance(relevance, query);
  if (judged !== relevance) checkRelevance(judged, query);
  const found = relevance.length;
  const hits = new Float64Array(found + 1), precisions = new Float64Array(found + 1);
  let firstRank = 0, relevant = 0;
  for (let rank = 1; rank <= found; rank++) {
    const hit = relevance[rank - 1] >= relevantFrom;
    if (hit && firstRank === 0) firstRank = rank;
    hits[rank] = hits[rank - 1] + (hit ? 1 : 0);
    precisions[rank] = precisions[rank - 1] + (hit ? hits[rank] / rank : 0);
  }
  for (let i = 0; i < judged.length; i++) if (judged[i] >= relevantFrom) relevant++;
  if (hits[found] > relevant) {
    refuse(`the number of relevant results of query ${query}`, hits[found], `at most the ${relevant} judged`);
  }
  const gains = discounted(gainsOf(relevance, gainOf)), ideal = idealDcg(judged, gainOf);
  return { found, relevant, firstRank, hits, precisions, gains, ideal };
}

/** DCG at each depth from 0 on. */
function discounted(gains: Float64Array): Float64Array {
  const sums = new Float64Array(gains.length + 1);
  for (let i = 0; i < gains.length; i++) sums[i + 1] = sums[i] + gains[i] / Math.log2(i + 2);
  return sums;
}

function gainsOf(relevance: Numbers, gainOf: (relevance: number) => number): Float64Array {
  const gains = new Float64Array(relevance.length);
  for (let i = 0; i < gains.length; i++) gains[i] = gainOf(relevance[i]);
  return gains;
}

/** DCG of the best order. */
function idealDcg(relevance: Numbers, gainOf: (relevance: number) => number): Float64Array {
  return discounted(gainsOf(relevance, gainOf).sort().reverse());
}

/** Gains in the order of the scores, those with one score replaced by their mean. */
function sharedGains(
  relevance: Numbers,
  scores: Numbers,
  gainOf: (relevance: number) => number,
): Float64Array {
  const order = descendingOrder(scores), gains = new Float64Array(order.length);
  for (let from = 0, to; from < order.length; from = to) {
    let sum = 0;
    for (to = from; to < order.length && scores[order[to]] === scores[order[from]]; to++) {
      sum += gainOf(relevance[order[to]]);
    }
    gains.fill(sum / (to - from), from, to);
  }
  return gains;
}

function gainFunction(gain: RankingOptions["gain"] = "linear"): (relevance: number) => number {
  return gain === "linear" ? (relevance) => relevance : (relevance) => 2 ** relevance - 1;
}

function checkCutoffs(cutoffs: readonly number[]): void {
  for (const k of cutoffs) checkWhole("a cutoff", k);
}

function checkRelevance(relevance: Numbers, query: number): void {
  for (let i = 0; i < relevance.length; i++) {
    if (!(relevance[i] >= 0 && relevance[i] < Infinity)) {
      refuse(`relevance ${i} of query ${query}`, relevance[i], "a finite number from 0 on");
    }
  }
}

function checkScores(scores: Numbers, query: number): void {
  for (let i = 0; i < scores.length; i++) {
    if (!Number.isFinite(scores[i])) {
      refuse(`the score of candidate ${i} of query ${query}`, scores[i], "a finite number");
    }
  }
}
