/**
 * Metrics of sentence vectors: similarity, retrieval and pairs.
 *
 * @module
 */
import { matthewsCorrelation } from "../classification/accuracy.ts";
import { checkColumns, pearson, spearman } from "../regression/correlation.ts";
import { averagePrecisionOf, countsAtThresholds } from "../classification/curves.ts";
import { type Decomposed, evaluateAll, means } from "../../statistics/decomposed.ts";
import { type RankedList, type RankingOptions, rankingRows } from "./ranking.ts";
import { checkVectors, nearest, similarities, type Similarity, type Vectors } from "./vectors.ts";
import { checkLengths, fail, Numbers, refuse } from "../../statistics/checks.ts";

/** Correlation of one similarity with the scores of people. */
export interface StsScores {
  /** Pearson's correlation; NaN where a column is constant. */
  readonly pearson: number;
  /** Spearman's, which is what is usually reported. */
  readonly spearman: number;
}

/** Semantic textual similarity: how well each similarity follows the scores of people. */
export interface StsReport extends Record<Similarity, StsScores> {
  /** Pairs. */
  readonly n: number;
}

/** How a corpus is searched and its results scored; see `RankingOptions`. */
export interface RetrievalOptions
  extends Pick<RankingOptions, "cutoffs" | "gain" | "averagePrecision" | "relevantFrom"> {
  /** Similarity by which the corpus is ranked; default "cosine". */
  readonly similarity?: Similarity;
}

/** How well a threshold on a similarity tells pairs that belong together. */
export interface PairReport {
  /** Pairs. */
  readonly n: number;
  /** Highest accuracy that a threshold reaches. */
  readonly accuracy: number;
  /** That threshold: similarities from it on are positive; with a distance, distances up to it. */
  readonly accuracyThreshold: number;
  /** Highest F1 that a threshold reaches. */
  readonly f1: number;
  /** That threshold. */
  readonly f1Threshold: number;
  /** Precision at the threshold of F1. */
  readonly precision: number;
  /** Recall there. */
  readonly recall: number;
  /** Matthews' correlation there. */
  readonly mcc: number;
  /** Average precision over all thresholds. */
  readonly averagePrecision: number;
}

const SIMILARITIES: readonly Similarity[] = ["cosine", "dot", "euclidean", "manhattan"];

/**
 * Semantic textual similarity: correlation of the vectors' similarities with the scores that people gave the
 * pairs. Equal to sentence-transformers' `EmbeddingSimilarityEvaluator`, in doubles; distances count negative. For
 * intervals, hand `correlationOfRows(similarities(a, b), scores, "spearman")` to a bootstrap over rows.
 *
 * @param scores Score of each pair, in any unit: the higher, the more alike.
 * @throws {EvaluationError} When shapes differ, there are fewer than two pairs, a number is not finite, or a vector is all zeros.
 * @example
 * ```ts
 * import { stsReport } from "./embeddings.ts";
 * import assert from "node:assert/strict";
 * const a = { data: Float32Array.of(1, 0, 1, 0, 1, 0), width: 2 };
 * const b = { data: Float32Array.of(1, 0, 1, 1, 0, 1), width: 2 };
 * assert.equal(stsReport(a, b, [5, 3, 0]).cosine.spearman, 1);
 * ```
 */
export function stsReport(a: Vectors, b: Vectors, scores: Numbers): StsReport {
  checkLengths(scores.length, similarities(a, b).length, ["pairs", "scores"]);
  checkColumns(scores, scores, { least: 2, names: ["score", "score"] });
  const report = SIMILARITIES.map((similarity): [Similarity, StsScores] => {
    const found = similarities(a, b, { similarity });
    return [similarity, { pearson: pearson(scores, found), spearman: spearman(scores, found) }];
  });
  return { n: scores.length, ...Object.fromEntries(report) as Record<Similarity, StsScores> };
}

/**
 * Retrieval: how well nearest neighbours of queries in a corpus are the relevant ones. Equal to
 * sentence-transformers' `InformationRetrievalEvaluator` in doubles, whose accuracy@k is `hitRate@k` here; of
 * documents as close, the earlier row comes first, and MAP@k divides by what is reachable at k.
 *
 * @param queries [queries, width].
 * @param corpus [documents, width].
 * @param relevant Rows of the corpus relevant to each query, or their relevances by row.
 * @returns Means over queries of mrr, map, ndcg, dcg, precision, recall and hitRate, each "@k" (default 1, 3, 5, 10, 100).
 * @throws {EvaluationError} When shapes do not fit, a query has nothing relevant, a row is not in the corpus, a number is not
 * finite, or a vector whose cosine is wanted is all zeros.
 * @example
 * ```ts
 * import { retrieval, retrievalRows } from "./embeddings.ts";
 * import assert from "node:assert/strict";
 * const corpus = { data: Float32Array.of(1, 0, 0, 1, -1, 0), width: 2 };
 * const queries = { data: Float32Array.of(2, 1, 1, 9), width: 2 };
 * const metrics = retrieval(queries, corpus, [[0], [0]], { cutoffs: [1, 2] });
 * assert.equal(metrics["recall@1"], 0.5);
 * assert.equal(metrics["mrr@2"], 0.75);
 * assert.equal(retrievalRows(queries, corpus, [[0], [0]], { cutoffs: [1] }).names[0], "mrr@1");
 * ```
 */
export function retrieval(
  queries: Vectors,
  corpus: Vectors,
  relevant: readonly (Numbers | ReadonlyMap<number, number>)[],
  options: RetrievalOptions = {},
): Record<string, number> {
  return evaluateAll(retrievalRows(queries, corpus, relevant, options));
}

/** The metrics of `retrieval` by query, for intervals, paired tests, slices and the worst queries. */
export function retrievalRows(
  queries: Vectors,
  corpus: Vectors,
  relevant: readonly (Numbers | ReadonlyMap<number, number>)[],
  options: RetrievalOptions = {},
): Decomposed {
  const { similarity = "cosine", cutoffs = [1, 3, 5, 10, 100], averagePrecision = "reachable" } = options;
  const n = checkVectors(queries, "queries", similarity), size = checkVectors(corpus, "corpus", similarity);
  checkLengths(n, relevant.length, ["lists of relevant documents", "queries"]);
  if (cutoffs.length === 0) fail("Cannot score retrieval without a cutoff");
  const judgements = relevant.map((rows, query) => judged(rows, { query, size }));
  const { k, indices } = nearest(queries, corpus, { k: Math.max(...cutoffs), similarity });
  const lists = judgements.map((relevances, query): RankedList => ({
    relevance: Array.from(indices.subarray(query * k, (query + 1) * k), (row) => relevances.get(row) ?? 0),
    judged: [...relevances.values()],
  }));
  // what lies beyond the deepest neighbour is not known: only metrics of a depth are kept
  const all = rankingRows(lists, { ...options, cutoffs, averagePrecision });
  const first = all.names.findIndex((name) => name.includes("@")), width = all.width - first;
  const rows = new Float64Array(n * width);
  for (let query = 0; query < n; query++) {
    rows.set(all.rows.subarray(query * all.width + first, (query + 1) * all.width), query * width);
  }
  return means(all.names.slice(first), rows);
}

/**
 * Pair classification: the thresholds on a similarity that tell best which pairs belong together, and the average
 * precision. Equal to sentence-transformers' `BinaryClassificationEvaluator`, in doubles. The thresholds are
 * chosen on these same pairs: accuracy and F1 are upper bounds, not what to expect of new ones.
 *
 * @param a Vectors of the first texts, [n, width]; `b` those of the second.
 * @param labels 1 for a pair that belongs together, else 0.
 * @throws {EvaluationError} When shapes differ, no pair is positive, a label is neither 0 nor 1, a number is not finite, or a
 * vector whose cosine is wanted is all zeros.
 * @example
 * ```ts
 * import { pairReport } from "./embeddings.ts";
 * import assert from "node:assert/strict";
 * const a = { data: Float32Array.of(1, 0, 1, 0), width: 2 }, b = { data: Float32Array.of(1, 0, 0, 1), width: 2 };
 * const { f1, f1Threshold } = pairReport(a, b, [1, 0]);
 * assert.deepEqual([f1, f1Threshold], [1, 0.5]);
 * ```
 */
export function pairReport(
  a: Vectors,
  b: Vectors,
  labels: Numbers,
  options: { similarity?: Similarity } = {},
): PairReport {
  const { similarity = "cosine" } = options;
  const scores = similarities(a, b, { similarity }), n = scores.length;
  checkLengths(labels.length, n, ["pairs", "labels"]);
  const counts = countsAtThresholds(labels, scores);
  const { truePositives, falsePositives, thresholds } = counts;
  const last = thresholds.length - 1, positives = truePositives[last], negatives = falsePositives[last];
  if (positives === 0) fail("Cannot choose a threshold: no pair has the label 1");

  // halfway to the next lower score, unless rounding would take that one in
  const threshold = (i: number) => {
    if (i === last) return thresholds[i];
    const middle = (thresholds[i] + thresholds[i + 1]) / 2;
    return middle === thresholds[i + 1] ? thresholds[i] : middle;
  };
  let accuracy = negatives / n, accuracyThreshold = nextUp(thresholds[0]); // nothing positive
  let f1 = 0, best = last;
  for (let i = 0; i <= last; i++) {
    const right = (truePositives[i] + negatives - falsePositives[i]) / n;
    if (right > accuracy) accuracy = right, accuracyThreshold = threshold(i);
    const precision = truePositives[i] / (truePositives[i] + falsePositives[i]);
    const recall = truePositives[i] / positives;
    const both = 2 * precision * recall / (precision + recall); // in this order: equal to the last bit, where two tie
    if (both > f1) f1 = both, best = i;
  }
  const f1Threshold = threshold(best);
  const predictions = Uint8Array.from(scores, (score) => score >= f1Threshold ? 1 : 0);
  const sign = similarity === "euclidean" || similarity === "manhattan" ? -1 : 1;
  return {
    n,
    accuracy,
    accuracyThreshold: sign * accuracyThreshold,
    f1,
    f1Threshold: sign * f1Threshold,
    precision: truePositives[best] / (truePositives[best] + falsePositives[best]),
    recall: truePositives[best] / positives,
    mcc: matthewsCorrelation(labels, predictions, { labels: ["0", "1"] }),
    averagePrecision: averagePrecisionOf(counts),
  };
}

function judged(
  rows: Numbers | ReadonlyMap<number, number>,
  at: { query: number; size: number },
): ReadonlyMap<number, number> {
  const relevances = rows instanceof Map
    ? rows as ReadonlyMap<number, number>
    : new Map(Array.from(rows as Numbers, (row) => [row, 1]));
  for (const row of relevances.keys()) {
    if (!(Number.isInteger(row) && row >= 0 && row < at.size)) {
      refuse(`a relevant document of query ${at.query}`, row, `a row of the corpus of ${at.size}`);
    }
  }
  if (![...relevances.values()].some((relevance) => relevance > 0)) {
    fail(`Cannot score query ${at.query}: it has no relevant document`);
  }
  return relevances;
}

/** The least double above a finite one. */
function nextUp(value: number): number {
  if (value === 0) return Number.MIN_VALUE;
  const bits = new BigInt64Array(Float64Array.of(value).buffer);
  bits[0] += value > 0 ? 1n : -1n;
  return new Float64Array(bits.buffer)[0];
}
