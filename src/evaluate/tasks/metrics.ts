/**
 * How good predictions are, one function for each kind of prediction: what a trainer's validation, an evaluation and the
 * scoring of live traffic call, so that the three give the same figures.
 *
 * All have the form `(references, predictions, options) => { n, metrics }` and the names that `evaluateTask`, reports and gates
 * use. Intervals are made only where `resamples` is given: without it a call costs one pass over the rows (closed forms, such
 * as Wilson's of accuracy, are there in either case, as they cost nothing).
 *
 * @module
 */
import type { Interval } from "../../statistics/bootstrap.ts";
import { evaluateAll } from "../../statistics/decomposed.ts";
import type { RegressionOptions } from "../regression/regression.ts";
import { type RetrievalOptions, retrievalRows } from "../ranking/embeddings.ts";
import { similarities, type Similarity, type Vectors } from "../ranking/vectors.ts";
import type { TaggingOptions } from "../tagging/tagging.ts";
import type { Task } from "../report.ts";
import { type ClassifierRows, scoreClasses } from "./classes.ts";
import { scoreTask } from "./evaluate.ts";
import { scoreLabelSets, scoreTags } from "./label_families.ts";
import { rankingLabel, scoreNumbers, scoreSimilarities } from "./number_families.ts";
import { pairsOf } from "./pairs.ts";
import { type IntervalOptions, measure, type Scored, withoutIntervals } from "./scored.ts";
import type { References } from "../generation/references.ts";
import type { Numbers } from "../../statistics/checks.ts";

/** Metrics of predictions, by name. */
export interface TaskMetrics {
  /** Rows: texts, pairs, sentences or queries. */
  readonly n: number;
  /** Each metric; without an interval both ends are the value. NaN where it is undefined, as a correlation with a constant. */
  readonly metrics: Readonly<Record<string, Interval>>;
}

/** How intervals are made: none of them by resampling unless `resamples` is above its default, 0. */
export type MetricOptions = IntervalOptions;

/** Classes, and what else a classifier's rows have. */
export interface ClassMetricOptions extends MetricOptions, Pick<ClassifierRows, "labels" | "probabilities"> {
  /** The class that is looked for, of two; default the second. */
  readonly positive?: number;
}

/**
 * One label a row, of texts or of pairs of texts: accuracy, balancedAccuracy, matthewsCorrelation, macroF1 and its kind, and
 * `precision.LABEL`, `recall.LABEL` and `f1.LABEL` of at most 50 labels; with probabilities also logLoss, brier, rocAuc,
 * averagePrecision (of two classes) and expectedCalibrationError.
 *
 * @param references True class of each row, as an index into `labels`: [n].
 * @param predictions Predicted class of each row: [n].
 * @param options `labels`; `probabilities`, row-major [n, labels].
 * @throws {EvaluationError} When there are no rows, lengths differ, or a class is no index into `labels`.
 * @example
 * ```ts
 * import { classificationMetrics } from "./metrics.ts";
 * import assert from "node:assert/strict";
 * const { metrics } = classificationMetrics([0, 0, 1, 1], [0, 1, 1, 1], { labels: ["ham", "spam"] });
 * assert.equal(metrics.accuracy.value, 0.75);
 * assert.equal(metrics["f1.spam"].value, 0.8);
 * ```
 */
export function classificationMetrics(
  references: Numbers,
  predictions: Numbers,
  options: ClassMetricOptions,
): TaskMetrics {
  const { labels, probabilities, positive = 1 } = options;
  const rows = { labels, references, predictions, probabilities, ...(labels.length === 2 && { positive }) };
  return metricsOf(scoreClasses(rows), references.length, options);
}

/**
 * Any number of labels a row: microF1, macroF1, weightedF1, samplesF1 with their precisions and recalls, subsetAccuracy and
 * hammingLoss.
 *
 * @param references 1 where a row has a label, else 0, row-major: [n, labels].
 * @param predictions 1 where a row was given a label, else 0: [n, labels].
 * @throws {EvaluationError} When there are no rows, lengths differ, or a cell is neither 0 nor 1.
 * @example
 * ```ts
 * import { multilabelMetrics } from "./metrics.ts";
 * import assert from "node:assert/strict";
 * const { n, metrics } = multilabelMetrics([1, 1, 0, 1], [1, 0, 0, 1], { labels: ["a", "b"] });
 * assert.deepEqual([n, metrics.microF1.value, metrics.subsetAccuracy.value], [2, 0.8, 0.5]);
 * ```
 */
export function multilabelMetrics(
  references: Numbers,
  predictions: Numbers,
  options: MetricOptions & { readonly labels: readonly string[] },
): TaskMetrics {
  const { labels } = options;
  return metricsOf(
    scoreLabelSets(references, predictions, labels),
    references.length / labels.length,
    options,
  );
}

/**
 * A number a row: mae, mse, rmse, r2, explainedVariance, mape, smape, pinball, pearson, concordance, medianAbsoluteError and
 * spearman.
 *
 * @throws {EvaluationError} When there are no rows, lengths differ, a number is not finite; with resamples also when a metric
 *   is undefined, as a correlation with a constant is.
 * @example
 * ```ts
 * import { regressionMetrics } from "./metrics.ts";
 * import assert from "node:assert/strict";
 * assert.equal(regressionMetrics([3, -0.5, 2, 7], [2.5, 0, 2, 8]).metrics.mae.value, 0.5);
 * ```
 */
export function regressionMetrics(
  references: Numbers,
  predictions: Numbers,
  options: MetricOptions & RegressionOptions = {},
): TaskMetrics {
  return metricsOf(scoreNumbers(references, predictions, options), references.length, options);
}

/**
 * Tags of tokens, read as entities: precision, recall and f1 (micro), their macro and weighted averages, `f1.TYPE` and its
 * kind, and the accuracy of tokens.
 *
 * @param predictions Predicted tags, by sentence; as many as the references have.
 * @throws {EvaluationError} When lengths differ, there are no tokens, a tag is empty, or in strict mode outside the scheme.
 * @example
 * ```ts
 * import { entityMetrics } from "./metrics.ts";
 * import assert from "node:assert/strict";
 * const { metrics } = entityMetrics([["B-PER", "I-PER", "O"], ["B-LOC"]], [["B-PER", "I-PER", "O"], ["O"]]);
 * assert.deepEqual([metrics.precision.value, metrics.recall.value], [1, 0.5]);
 * ```
 */
export function entityMetrics(
  references: readonly (readonly string[])[],
  predictions: readonly (readonly string[])[],
  options: MetricOptions & TaggingOptions = {},
): TaskMetrics {
  return metricsOf(scoreTags(references, predictions, options), references.length, options);
}

/**
 * Vectors of pairs of texts, against people's ratings: spearman, pearson and kendall of the vectors' similarities.
 *
 * @param references Rating of each pair, in any unit: the higher, the more alike: [n].
 * @param predictions Vectors of the first and of the second texts, each [n, width].
 * @param options `similarity`; default "cosine".
 * @throws {EvaluationError} When shapes differ, a number is not finite, or a vector whose cosine is wanted is all zeros.
 * @example
 * ```ts
 * import { similarityMetrics } from "./metrics.ts";
 * import assert from "node:assert/strict";
 * const a = { data: Float32Array.of(1, 0, 1, 0, 1, 0), width: 2 }, b = { data: Float32Array.of(1, 0, 1, 1, 0, 1), width: 2 };
 * assert.equal(similarityMetrics([5, 3, 0], [a, b]).metrics.spearman.value, 1);
 * ```
 */
export function similarityMetrics(
  references: Numbers,
  predictions: readonly [Vectors, Vectors],
  options: MetricOptions & { readonly similarity?: Similarity } = {},
): TaskMetrics {
  const [a, b] = predictions;
  return metricsOf(scoreSimilarities(references, similarities(a, b, options)), references.length, options);
}

/**
 * Vectors of queries and of a corpus: mrr, map, ndcg, precision, recall and hitRate at each cutoff, as `retrieval`.
 *
 * @param references Rows of the corpus that are relevant to each query, or their relevances by row.
 * @param predictions Vectors of the queries [queries, width] and of the corpus [documents, width].
 * @throws {EvaluationError} As `retrieval`.
 * @example
 * ```ts
 * import { retrievalMetrics } from "./metrics.ts";
 * import assert from "node:assert/strict";
 * const corpus = { data: Float32Array.of(1, 0, 0, 1), width: 2 };
 * assert.equal(retrievalMetrics([[0], [1]], { queries: corpus, corpus }, { cutoffs: [1] }).metrics["mrr@1"].value, 1);
 * ```
 */
export function retrievalMetrics(
  references: readonly (Numbers | ReadonlyMap<number, number>)[],
  predictions: { readonly queries: Vectors; readonly corpus: Vectors },
  options: MetricOptions & RetrievalOptions = {},
): TaskMetrics {
  const rows = retrievalRows(predictions.queries, predictions.corpus, references, options);
  const info: Scored["info"] = (name) => ({ label: rankingLabel(name), better: "higher" });
  return metricsOf({ rows, info }, references.length, options);
}

/**
 * Generated text: the metrics of the task, such as chrf, bleu and ter of translations and rougeL.f1 of summaries.
 *
 * @param references One accepted text or more a row.
 * @throws {EvaluationError} When there are no rows, or lengths differ.
 * @example
 * ```ts
 * import { textMetrics } from "./metrics.ts";
 * import assert from "node:assert/strict";
 * const { metrics } = textMetrics(["the cat sat down"], ["the cat sat down"], { task: "translation" });
 * assert.equal(metrics.chrf.value, 100);
 * ```
 */
export function textMetrics(
  references: References,
  predictions: readonly string[],
  options: MetricOptions & {
    readonly task: Extract<Task, "question-answering" | "summarization" | "translation" | "text-generation">;
  },
): TaskMetrics {
  const pairs = pairsOf(predictions, references);
  const metrics = scoreTask(options.task, pairs).map(({ scored }) =>
    metricsOf(scored, pairs.length, options)
  );
  return { n: pairs.length, metrics: Object.assign({}, ...metrics.map(({ metrics }) => metrics)) };
}

function metricsOf(scored: Scored, n: number, options: MetricOptions): TaskMetrics {
  const { resamples = 0, confidence = 0.95, seed } = options;
  if (resamples > 0) {
    return {
      n,
      metrics: Object.fromEntries(measure(scored, options).map((one) => [one.name, one.interval])),
    };
  }
  const { rows, indexed, closed } = scored;
  const values = rows ? Object.entries(evaluateAll(rows)) : [];
  const all = indexed?.evaluate(Uint32Array.from({ length: indexed.n }, (_, row) => row)) ?? [];
  all.forEach((value, m) => values.push([indexed!.names[m], value]));
  const metrics = withoutIntervals(values, { n, confidence });
  return { n, metrics: { ...metrics, ...closed?.({ confidence, resamples, seed }) } };
}
