/**
 * Metrics equal to their reference implementations, with intervals, tests and reports. Pure functions: nothing here reads a file,
 * a clock or the network.
 *
 * @example How good a summary is, how sure that is, and whether another system is better.
 * ```ts
 * import { approximateRandomization, bootstrap, rougeRows } from "./mod.ts";
 * import assert from "node:assert/strict";
 *
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
export {
  type Decomposed,
  evaluateAll,
  means,
  selectRows,
  together,
  valuesByRow,
} from "../statistics/decomposed.ts";
export { EvaluationError } from "../statistics/errors.ts";

// Intervals and tests.
export {
  bootstrap,
  bootstrapCells,
  bootstrapIndices,
  type BootstrapMethod,
  type BootstrapOptions,
  type Interval,
  type RowBootstrapOptions,
} from "../statistics/bootstrap.ts";
export { type ResamplingDesign } from "../statistics/units.ts";
export {
  type ConfidenceOptions,
  correlationInterval,
  meanDifferenceInterval,
  meanInterval,
  poissonRateInterval,
  proportionDifferenceInterval,
  proportionInterval,
  type ProportionMethod,
  wilsonInterval,
} from "../statistics/intervals.ts";
export {
  approximateRandomization,
  pairedBootstrap,
  type PairedComparison,
  type PairedOptions,
} from "../statistics/significance.ts";
export {
  type CorrectnessTable,
  correctnessTable,
  mcNemar,
  pairedT,
  type PairedTest,
  wilcoxonSignedRank,
} from "../statistics/paired_tests.ts";
export { type Adjustment, adjustPValues } from "../statistics/corrections.ts";

// Classification.
export {
  type ClassificationOptions,
  type ClassificationReport,
  classificationReport,
  type ClassScores,
  confusionMatrix,
  type ConfusionOptions,
  type FBetaScores,
} from "./classification/classification.ts";
export {
  type ClassIntervals,
  type ConfusionIntervals,
  confusionIntervals,
} from "./classification/class_intervals.ts";
export { type F1Counts, f1Interval, macroF1Interval } from "./classification/f1_interval.ts";
export { type FScores, type LabelFScores, type ZeroDivision } from "./classification/count_scores.ts";
export {
  type Average,
  type AverageOptions,
  type ClassScoreOptions,
  jaccard,
  jaccardPerClass,
  precisionRecallF,
  precisionRecallFPerClass,
} from "./classification/averages.ts";
export {
  accuracy,
  balancedAccuracy,
  matthewsCorrelation,
  topKAccuracy,
  zeroOneLoss,
} from "./classification/accuracy.ts";
export { classIndices, type LabelSubset, type RowOptions } from "./classification/counts.ts";
export { classificationRows, type ClassRowsOptions } from "./classification/class_rows.ts";
export {
  type BrierOptions,
  brierRows,
  brierScore,
  logLoss,
  type LogLossOptions,
  logLossRows,
} from "./classification/probabilities.ts";
export {
  calibration,
  type CalibrationBin,
  type CalibrationOptions,
  type CalibrationReport,
} from "./classification/calibration.ts";
export {
  averagePrecision,
  averagePrecisionByRows,
  countsAtThresholds,
  type PrecisionRecallCurve,
  precisionRecallCurve,
  type RocCurve,
  rocCurve,
  type ScoreOptions,
  type ThresholdCounts,
} from "./classification/curves.ts";
export {
  chooseThreshold,
  type ThresholdChoice,
  type ThresholdCurve,
  thresholdCurve,
  type ThresholdOptions,
} from "./classification/thresholds.ts";
export {
  type MulticlassAucOptions,
  multiclassAveragePrecision,
  multiclassRocAuc,
  rocAuc,
  rocAucByRows,
  type RocAucOptions,
} from "./classification/auc.ts";
export {
  type AucComparison,
  compareRocAuc,
  type DeLongOptions,
  rocAucInterval,
} from "./classification/delong.ts";
export {
  hammingLoss,
  labelCells,
  type MultilabelAverage,
  type MultilabelAverageOptions,
  multilabelF,
  multilabelFPerLabel,
  multilabelJaccard,
  multilabelJaccardPerLabel,
  type MultilabelOptions,
  subsetAccuracy,
} from "./classification/multilabel.ts";
export { multilabelRows } from "./classification/multilabel_rows.ts";
export {
  coverageError,
  labelRankingAveragePrecision,
  labelRankingLoss,
  type MultilabelAreaOptions,
  multilabelAveragePrecision,
  multilabelRocAuc,
} from "./classification/label_ranking.ts";
export { formatReport } from "./classification/format.ts";

// Tagging.
export {
  type EntityScores,
  taggedEntities,
  type TaggedEntity,
  type TaggingOptions,
  type TaggingReport,
  taggingReport,
  taggingRows,
  type TypeScores,
} from "./tagging/tagging.ts";
export { formatTagging } from "./tagging/tagging_format.ts";
export {
  convertTags,
  detectScheme,
  type Span,
  spansToTags,
  type TaggingScheme,
  type TagOptions,
  tagsToSpans,
} from "./tagging/tagging_schemes.ts";

// Numbers, rankings, embeddings.
export {
  type RankMetric,
  regressionOfRows,
  type RegressionOptions,
  type RegressionReport,
  regressionReport,
  regressionRows,
} from "./regression/regression.ts";
export {
  averageRanks,
  concordance,
  type CorrelationMethod,
  correlationOfRows,
  type CorrelationTest,
  correlationTest,
  kendall,
  pearson,
  spearman,
} from "./regression/correlation.ts";
export {
  type RankedList,
  ranking,
  type RankingOptions,
  rankingRows,
  scoredRankingRows,
} from "./ranking/ranking.ts";
export {
  listsOfRun,
  parseQrels,
  parseRun,
  type RunLists,
  type TrecRow,
  type TrecTable,
} from "./ranking/ranking_trec.ts";
export {
  type PairReport,
  pairReport,
  retrieval,
  type RetrievalOptions,
  retrievalRows,
  type StsReport,
  stsReport,
  type StsScores,
} from "./ranking/embeddings.ts";
export {
  alignment,
  nearest,
  type Neighbours,
  similarities,
  type Similarity,
  uniformity,
  type Vectors,
} from "./ranking/vectors.ts";

// Generation.
export { type RougeTokenizer } from "./generation/rouge_tokens.ts";
export { rouge, type RougeOptions, rougeRows, type RougeScore, type RougeType } from "./generation/rouge.ts";
export { type References } from "./generation/sacrebleu.ts";
export {
  bleu,
  type BleuOptions,
  bleuRows,
  type BleuScore,
  type BleuSmoothing,
  sentenceBleu,
} from "./generation/bleu.ts";
export { BLEU_TOKENIZERS, type BleuTokenizer, tokenizeForBleu } from "./generation/bleu_tokenizers.ts";
export { chrf, type ChrfOptions, chrfRows, type ChrfScore, sentenceChrf } from "./generation/chrf.ts";
export { sentenceTer, ter, type TerOptions, terRows, type TerScore } from "./generation/ter.ts";
export { type TerTokenizerOptions, tokenizeForTer } from "./generation/ter_tokenizer.ts";
export { meteor, meteorOfWords, type MeteorOptions, meteorRows } from "./generation/meteor.ts";
export { readWordNet, type WordNet, WORDNET_FILES } from "./generation/wordnet.ts";
export {
  type BertScore,
  bertScore,
  type BertScoreBaseline,
  type BertScoreOptions,
  bertScoreRows,
  type EncodedText,
  type IdfWeights,
  idfWeights,
  parseBaselines,
} from "./generation/bert_score.ts";
export {
  type Perplexity,
  perplexity,
  perplexityRows,
  type ScoredText,
  slidingWindows,
  tokenLogLikelihoods,
  utf8Length,
  type Window,
} from "./generation/perplexity.ts";
export {
  bestNoAnswerThreshold,
  type BestThreshold,
  normalizeAnswer,
  questionAnswering,
  type QuestionAnsweringOptions,
  questionAnsweringRows,
} from "./generation/question_answering.ts";
export {
  distinct,
  type NgramOptions,
  novelNgramRows,
  repetition,
  repetitionRows,
  tokenRepetitionRows,
} from "./generation/diversity.ts";
export { selfBleu, selfBleuRows } from "./generation/self_bleu.ts";
export {
  compressionRatio,
  lengthRatioRows,
  lengthStatistics,
  type LengthSummary,
} from "./generation/lengths.ts";
export { type Tokenize, words } from "./generation/words.ts";
export { porterStem } from "./generation/porter.ts";

// People.
export {
  type CohenKappa,
  cohenKappa,
  cohenKappaTable,
  type KappaOptions,
  type KappaWeights,
  landisKoch,
} from "../statistics/kappa.ts";
export {
  agreementRows,
  countRatings,
  fleissKappa,
  type ManyRaterAgreement,
  manyRaterAgreement,
} from "../people/fleiss.ts";
export {
  type KrippendorffAlpha,
  krippendorffAlpha,
  type KrippendorffOptions,
  type MeasurementLevel,
} from "../people/krippendorff.ts";
export { type IntraclassCorrelation, intraclassCorrelation } from "../people/intraclass.ts";
export {
  divergingBar,
  type DivergingSegment,
  type RaterSummary,
  type Rating,
  type RatingsOptions,
  type RatingsReport,
  ratingsReport,
  type RatingSummary,
  type Scale,
  zScores,
} from "../people/ratings.ts";
export {
  type Comparison,
  type PairTally,
  type Tally,
  tallyComparisons,
  type WinRate,
  type WinRates,
  winRates,
} from "../people/pairwise.ts";
export {
  type BradleyTerry,
  bradleyTerry,
  type BradleyTerryOptions,
  strengthDifference,
  type SystemStrength,
} from "../people/bradley_terry.ts";
export { eloInOrder, type EloOptions, type EloRating, eloRatings } from "../people/elo.ts";
export {
  type BestWorstAnswer,
  bestWorstDesign,
  type BestWorstFit,
  type BestWorstScore,
  bestWorstScores,
  type BestWorstUtility,
  fitBestWorst,
} from "../people/best_worst.ts";
export {
  inside,
  powerOfMeanDifference,
  powerOfPaired,
  powerOfTwoProportions,
  rounded,
  type SampleSize,
  sampleSizeForMean,
  sampleSizeForMeanDifference,
  sampleSizeForPaired,
  sampleSizeForPreference,
  sampleSizeForProportion,
  sampleSizeForTwoProportions,
  type TestOptions,
} from "../people/sample_size.ts";
export { itemsForKappa, type KappaPlan, ratersForKappa } from "../people/kappa_size.ts";
export {
  addAnnotators,
  type AnnotatorPlan,
  type AssignedTask,
  assignItems,
  type Assignment,
  type AssignmentOptions,
  overlaps,
  type TaskKind,
} from "../people/assignment.ts";
export {
  type AnnotatedSpan,
  type Annotation,
  type AnnotationItem,
  type AnnotationTask,
  type AnnotationValue,
  parseTask,
  readAnnotation,
} from "../people/annotation.ts";
export {
  type Lease,
  type NextItem,
  nextItem,
  nextTask,
  type Progress,
  progress,
  type QueueState,
  settle,
  type Settled,
} from "../people/queue.ts";
export {
  type DawidSkene,
  dawidSkene,
  type Label,
  type Majority,
  majorityVote,
} from "../people/adjudication.ts";
export {
  type AnnotatorQuality,
  annotatorQuality,
  type ExportRow,
  exportRows,
  toBestWorst,
  toComparisons,
  toLabels,
  toRatings,
  toTable,
} from "../people/export.ts";
export { type Category, type MaybeRating } from "../statistics/categories.ts";

// Robustness.
export { perturb, type Probe, type ProbeRule, probes } from "./robustness/probes.ts";
export {
  type Answer,
  type Canary,
  checkCanaries,
  type Expected,
  parseCanaries,
} from "./robustness/canaries.ts";
export {
  type Checked,
  checkSafety,
  type Finding,
  personalData,
  type SafetyFilter,
  termsFilter,
} from "./robustness/safety.ts";

// Tasks and reports.
export { type Pair, pairsOf } from "./tasks/pairs.ts";
export { type Family } from "./tasks/family.ts";
export { families, type FamilyName, familyOf } from "./tasks/families.ts";
export {
  type ClosedOptions,
  type Indexed,
  type IntervalOptions,
  measure,
  type MetricInfo,
  type Scored,
} from "./tasks/scored.ts";
export { type Choice, type Chosen, strategies, type Strategy, tasks } from "./tasks/strategy.ts";
export { type Evaluated, evaluateTask, type TaskOptions } from "./tasks/evaluate.ts";
export { type SliceOptions, sliceRows } from "./tasks/slices.ts";
export { type CompareOptions, compareSystems } from "./tasks/compare.ts";
export { type ProbeOptions, type ProbeRow, probeRow } from "./tasks/probing.ts";
export { type OptionRule, type OptionValues } from "./tasks/options.ts";
export {
  type Better,
  type CanariesSection,
  type ClassesSection,
  type ComparisonSection,
  type ConfusionSection,
  type CurveSection,
  type GateSection,
  type HistogramSection,
  type LatencySection,
  type Measured,
  type ProbesSection,
  type ReliabilitySection,
  type Report,
  type ReportedData,
  type ReportedModel,
  type SafetySection,
  type Section,
  type SlicesSection,
  type Task,
  type WorstSection,
} from "./report.ts";
export { decideGate, type Gate, parseGate } from "../report/gate.ts";
export { figures } from "../report/figures.ts";
export { htmlPage } from "../report/html.ts";
export { markdownPage } from "../report/markdown.ts";
export { terminalPage } from "../report/terminal.ts";
export { parseReport } from "../report/parse.ts";
