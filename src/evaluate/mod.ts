/**
 * Metrics equal to their reference implementations, with intervals, tests and reports. Pure functions: nothing here reads a
 * file, a clock or the network.
 *
 * A newcomer starts with `tasks/metrics.ts`, one function for each kind of prediction (`classificationMetrics`,
 * `multilabelMetrics`, `regressionMetrics`, `entityMetrics`, `similarityMetrics`, `retrievalMetrics`, `textMetrics`); with
 * `evaluateTask`, which measures rows of a file by the metrics that suit their task; and with `htmlPage`, which shows what it
 * found. Below that, each family has a function that gives its figures (`bleu`, `classificationReport`) and most have one that
 * gives their rows (`bleuRows`), which `bootstrap`, `pairedBootstrap` and `approximateRandomization` take.
 *
 * | exports of | are |
 * |---|---|
 * | `statistics/` | intervals, the bootstrap, paired tests, corrections for many comparisons |
 * | `classification/`, `tagging/` | labels, sets of labels, probabilities; entities |
 * | `regression/`, `ranking/` | numbers and correlations; ranked lists, embeddings |
 * | `generation/` | ROUGE, BLEU, chrF, TER, METEOR, BERTScore, perplexity, answers, diversity |
 * | `robustness/` | probes, canaries, safety filters |
 * | `people/` | agreement of raters, ratings, preferences, sample sizes, annotation |
 * | `tasks/`, `report/` | the metrics of a task, slices, comparisons; pages, gates, parsing |
 *
 * @example How good a summary is, how sure that is, and whether another system is better.
 * ```ts
 * import { approximateRandomization, bootstrap, rougeRows } from "./mod.ts";
 * import assert from "node:assert/strict";
 * const references = ["the cat sat on the mat", "a dog ran home", "rain falls on the roof", "we eat bread"];
 * const ours = ["the cat sat on a mat", "a dog ran home", "rain falls on roofs", "we eat some bread"];
 * const theirs = ["a cat", "dogs run", "it rains", "we eat"];
 * const [a, b] = [ours, theirs].map((texts) => rougeRows(texts, references, { types: ["rougeL"] }));
 * const f1 = bootstrap(a)["rougeL.f1"];
 * assert.ok(f1.low < f1.value && f1.value < f1.high);
 * assert.ok(approximateRandomization(a, b)["rougeL.f1"].difference.value > 0);
 * ```
 *
 * @module
 */
export { UserError } from "../base/errors.ts";
// Statistics: metrics as sums over rows, intervals and tests.
export * from "../statistics/errors.ts";
export * from "../statistics/paired_tests.ts";
export * from "../statistics/corrections.ts";
export { evaluateAll, means, selectRows, together, valuesByRow } from "../statistics/decomposed.ts";
export type { Decomposed } from "../statistics/decomposed.ts";
export type { Numbers } from "../statistics/checks.ts";
export { bootstrap, bootstrapCells, bootstrapIndices } from "../statistics/bootstrap.ts";
export type { BootstrapMethod, BootstrapOptions, Interval } from "../statistics/bootstrap.ts";
export type { RowBootstrapOptions } from "../statistics/bootstrap.ts";
export type { ResamplingDesign } from "../statistics/units.ts";
export { correlationInterval, meanDifferenceInterval, meanInterval } from "../statistics/intervals.ts";
export { poissonRateInterval, proportionDifferenceInterval } from "../statistics/intervals.ts";
export { proportionInterval, wilsonInterval } from "../statistics/intervals.ts";
export type { ConfidenceOptions, ProportionMethod } from "../statistics/intervals.ts";
export { approximateRandomization, pairedBootstrap } from "../statistics/significance.ts";
export type { PairedComparison, PairedOptions } from "../statistics/significance.ts";

// Classification: labels, sets of labels, probabilities.
export * from "./classification/classification.ts";
export * from "./classification/f1_interval.ts";
export * from "./classification/averages.ts";
export * from "./classification/calibration.ts";
export * from "./classification/thresholds.ts";
export * from "./classification/delong.ts";
export * from "./classification/label_ranking.ts";
export * from "./classification/format.ts";
export { accuracy, balancedAccuracy, matthewsCorrelation, topKAccuracy } from "./classification/accuracy.ts";
export { zeroOneLoss } from "./classification/accuracy.ts";
export { classIndices } from "./classification/counts.ts";
export type { LabelSubset, RowOptions } from "./classification/counts.ts";
export { classificationRows } from "./classification/class_rows.ts";
export type { ClassRowsOptions } from "./classification/class_rows.ts";
export { brierRows, brierScore, logLoss, logLossRows } from "./classification/probabilities.ts";
export type { BrierOptions, LogLossOptions } from "./classification/probabilities.ts";
export { averagePrecision, averagePrecisionByRows, countsAtThresholds } from "./classification/curves.ts";
export { precisionRecallCurve, rocCurve } from "./classification/curves.ts";
export type { PrecisionRecallCurve, RocCurve, ScoreOptions } from "./classification/curves.ts";
export type { ThresholdCounts } from "./classification/curves.ts";
export { multiclassAveragePrecision, multiclassRocAuc, rocAuc, rocAucByRows } from "./classification/auc.ts";
export type { MulticlassAucOptions, RocAucOptions } from "./classification/auc.ts";
export { hammingLoss, labelCells, multilabelF, multilabelFPerLabel } from "./classification/multilabel.ts";
export { multilabelJaccard, multilabelJaccardPerLabel } from "./classification/multilabel.ts";
export { multilabelRows, subsetAccuracy } from "./classification/multilabel.ts";
export type { MultilabelAverage, MultilabelAverageOptions } from "./classification/multilabel.ts";
export type { MultilabelOptions } from "./classification/multilabel.ts";

// Tagging: entities from tags of tokens.
export * from "./tagging/tagging.ts";
export { convertTags, detectScheme, spansToTags, tagsToSpans } from "./tagging/tagging_schemes.ts";
export type { Span, TaggingScheme, TagOptions } from "./tagging/tagging_schemes.ts";

// Numbers, rankings and embeddings.
export * from "./regression/regression.ts";
export * from "./ranking/ranking.ts";
export * from "./ranking/ranking_trec.ts";
export * from "./ranking/embeddings.ts";
export { averageRanks } from "../statistics/order.ts";
export { concordance, correlationOfRows, correlationTest } from "./regression/correlation.ts";
export { kendall, pearson, spearman } from "./regression/correlation.ts";
export type { CorrelationMethod, CorrelationTest } from "./regression/correlation.ts";
export { alignment, nearest, similarities, uniformity } from "./ranking/vectors.ts";
export type { Neighbours, Similarity, Vectors } from "./ranking/vectors.ts";

// Generated text.
export * from "./generation/rouge.ts";
export * from "./generation/bleu.ts";
export * from "./generation/bleu_tokenizers.ts";
export * from "./generation/chrf.ts";
export * from "./generation/ter.ts";
export * from "./generation/ter_tokenizer.ts";
export * from "./generation/meteor.ts";
export * from "./generation/bert_score.ts";
export * from "./generation/perplexity.ts";
export * from "./generation/question_answering.ts";
export * from "./generation/self_bleu.ts";
export * from "./generation/lengths.ts";
export * from "./generation/words.ts";
export * from "./generation/porter.ts";
export { readWordNet, WORDNET_FILES } from "./generation/wordnet.ts";
export type { WordNet } from "./generation/wordnet.ts";
export { distinct, novelNgramRows, repetition, repetitionRows } from "./generation/diversity.ts";
export { tokenRepetitionRows } from "./generation/diversity.ts";
export type { NgramOptions } from "./generation/diversity.ts";

// Robustness.
export * from "./robustness/probes.ts";
export * from "./robustness/canaries.ts";
export * from "./robustness/safety.ts";

// People: agreement, ratings, preferences, designs and annotation.
export * from "../statistics/kappa.ts";
export * from "../people/fleiss.ts";
export * from "../people/krippendorff.ts";
export * from "../people/intraclass.ts";
export * from "../people/ratings.ts";
export * from "../people/pairwise.ts";
export * from "../people/bradley_terry.ts";
export * from "../people/elo.ts";
export * from "../people/best_worst.ts";
export * from "../people/sample_size.ts";
export * from "../people/kappa_size.ts";
export * from "../people/assignment.ts";
export * from "../people/annotation.ts";
export * from "../people/queue.ts";
export * from "../people/adjudication.ts";
export * from "../people/export.ts";
export type { Category, MaybeRating } from "../statistics/categories.ts";

// Tasks and reports.
export * from "./tasks/metrics.ts";
export type { ClassifierRows } from "./tasks/classes.ts";
export { families, familyOf } from "./tasks/families.ts";
export * from "./tasks/strategy.ts";
export * from "./tasks/slices.ts";
export * from "./tasks/compare.ts";
export * from "./tasks/probing.ts";
export * from "./report.ts";
export * from "../report/gate.ts";
export * from "../report/figures.ts";
export * from "../report/html.ts";
export * from "../report/markdown.ts";
export * from "../report/terminal.ts";
export * from "../report/parse.ts";
export { pairsOf } from "./tasks/pairs.ts";
export type { Pair } from "./tasks/pairs.ts";
export type { Family } from "./tasks/family.ts";
export { measure } from "./tasks/scored.ts";
export type { ClosedOptions, Indexed, IntervalOptions, MetricInfo, Scored } from "./tasks/scored.ts";
export { evaluateTask } from "./tasks/evaluate.ts";
export type { Evaluated, TaskOptions } from "./tasks/evaluate.ts";
export type { OptionRule, OptionValues } from "./tasks/options.ts";
