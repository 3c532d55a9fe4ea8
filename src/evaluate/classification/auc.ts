/**
 * Areas under the ROC and the precision-recall curve.
 *
 * @module
 */
import { show } from "../../base/text.ts";
import { checkClass, checkLabels, checkWeights, type RowOptions } from "./counts.ts";
import {
  averagePrecision,
  byRows,
  checkBothClasses,
  countsAtThresholds,
  type ScoreOptions,
  type ThresholdCounts,
} from "./curves.ts";
import { EvaluationError } from "../../statistics/errors.ts";
import { checkProbabilities } from "./probabilities.ts";
import { checkLengths, checkNumber, fail, Numbers } from "../../statistics/checks.ts";

/** How the area is taken. */
export interface RocAucOptions extends ScoreOptions {
  /**
   * Take the curve only up to this false positive rate, in (0, 1], and rescale the area so that 0.5 is no better than chance
   * and 1 perfect (McClish 1989, "Analyzing a portion of the ROC curve"); default 1.
   */
  readonly maxFpr?: number;
}

/** How many classes become one number. */
export interface MulticlassAucOptions extends ScoreOptions {
  /** Names of the classes: class k is `labels[k]`. */
  readonly labels: readonly string[];
  /**
   * "ovr" (default): each class against all others. "ovo": each pair of classes that references have, both ways (Hand and Till
   * 2001, "A simple generalisation of the area under the ROC curve for multiple class classification problems").
   */
  readonly multiClass?: "ovr" | "ovo";
  /** "macro" (default): plain mean. "weighted": by how frequent the class or the pair is. "micro" (ovr only): cells pooled. */
  readonly average?: "macro" | "weighted" | "micro";
}

/**
 * Area under the ROC curve: the chance that a positive row has a higher score than a negative one, equal scores counting half;
 * 0.5 is chance, 1 perfect.
 *
 * Equal to scikit-learn's `roc_auc_score`. Without weights it is counted in whole numbers.
 *
 * @param references 1 for a positive row, 0 for a negative one.
 * @param scores The higher, the more positive.
 * @throws {EvaluationError} As `countsAtThresholds`; when no row is positive or none is negative, or `maxFpr` is out of range.
 * @example
 * ```ts
 * import { multiclassAveragePrecision, multiclassRocAuc, rocAuc, rocAucByRows } from "./auc.ts";
 * import assert from "node:assert/strict";
 * assert.equal(rocAuc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 0.75);
 * const metric = rocAucByRows([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]);
 * assert.equal(metric(Uint32Array.of(0, 1, 2, 3)), 0.75);
 * assert.equal(metric(Uint32Array.of(0, 0, 2, 3)), 1);
 * const probabilities = [0.7, 0.2, 0.1, 0.2, 0.5, 0.3, 0.3, 0.4, 0.3, 0.5, 0.1, 0.4];
 * assert.equal(multiclassRocAuc([0, 1, 2, 2], probabilities, { labels: ["a", "b", "c"] }), 0.9583333333333334);
 * const scores = [0.7, 0.2, 0.1, 0.2, 0.5, 0.3, 0.3, 0.3, 0.4];
 * assert.equal(multiclassAveragePrecision([0, 1, 2], scores, { labels: ["a", "b", "c"] }), 1);
 * ```
 */
export function rocAuc(references: Numbers, scores: Numbers, options: RocAucOptions = {}): number {
  const { maxFpr = 1 } = options;
  checkNumber("maxFpr", maxFpr, { above: 0, most: 1 });
  const counts = countsAtThresholds(references, scores, options);
  const { positives, negatives } = checkBothClasses(counts, "ROC-AUC");
  return maxFpr === 1 ? areaOf(counts) : partialArea(counts, { positives, negatives, maxFpr });
}

/**
 * Area under the ROC curve as a function of rows, for resampling: the scores are sorted once, and a call takes linear time. A
 * row may be drawn more than once. NaN when no positive or no negative row is drawn.
 *
 * @throws {EvaluationError} As `rocAuc`.
 */
export function rocAucByRows(references: Numbers, scores: Numbers): (indices: Uint32Array) => number {
  checkBothClasses(countsAtThresholds(references, scores), "ROC-AUC");
  return byRows(references, scores, areaOf);
}

/**
 * Area under the ROC curve for more than two classes. Equal to scikit-learn's `roc_auc_score(..., multi_class=...,
 * average=..., labels=range(K))`. "weighted" passes over classes that no reference has.
 *
 * @param references True class per row, as an index into `labels`.
 * @param probabilities Probability of each class, row-major: [n, labels.length]; rows add up to 1.
 * @throws {EvaluationError} When there are no rows, lengths differ, a class is no index into `labels`, a row holds no
 *   probabilities, a class that is needed is never or always true, or weights are given for "ovo".
 */
export function multiclassRocAuc(
  references: Numbers,
  probabilities: Numbers,
  options: MulticlassAucOptions,
): number {
  const { labels, multiClass = "ovr", average = "macro" } = options;
  const size = checkLabels(labels), n = references.length;
  checkLengths(n * size, probabilities.length, [`probabilities of ${size} labels`]);
  checkProbabilities(references, probabilities, options);
  if (multiClass === "ovo") {
    if (average === "micro" || options.sampleWeights) {
      const what = average === "micro" ? 'as "micro"' : "with weights of rows";
      fail(`Cannot average pairs of classes ${what}: use "ovr"`);
    }
    return oneVersusOne(references, probabilities, { size, n, average });
  }
  const areas = { labels, average, sampleWeights: options.sampleWeights, what: "ROC-AUC" };
  return averageOfColumns(oneHot(references, size), probabilities, { ...areas, metric: rocAuc });
}

/**
 * Average precision for more than two classes: each class against all others. Equal to scikit-learn's
 * `average_precision_score` where every class has rows; where one has none that counts it as 0, and this refuses,
 * but for "weighted" and "micro", which need no score of it.
 *
 * @param references True class per row, as an index into `labels`.
 * @param scores Score of each class, row-major: [n, labels.length].
 * @throws {EvaluationError} When there are no rows, lengths differ, a class is no index into `labels`, a score is not finite,
 *   or a class that is needed is never true.
 */
export function multiclassAveragePrecision(
  references: Numbers,
  scores: Numbers,
  options: Omit<MulticlassAucOptions, "multiClass">,
): number {
  const { labels, average = "macro", sampleWeights } = options;
  const size = checkLabels(labels);
  checkLengths(references.length * size, scores.length, [`scores of ${size} labels`]);
  for (let row = 0; row < references.length; row++) {
    checkClass(references[row], { row, what: "reference", size });
  }
  const columns = { labels, average, sampleWeights, what: "average precision" };
  return averageOfColumns(oneHot(references, size), scores, { ...columns, metric: averagePrecision });
}

/** What a score of a matrix's columns or rows is. */
export interface ColumnScoring extends RowOptions {
  /** How the scores become one. */
  readonly average: "macro" | "weighted" | "micro" | "samples";
  /** The metric's name, for errors. */
  readonly what: string;
  /** The metric of one column. */
  metric(references: Numbers, scores: Numbers, options: ScoreOptions): number;
}

/** A score of 0/1 references and scores, [n, K] both, averaged over columns ("samples": over rows). */
export function averageOfColumns(
  truth: Numbers,
  scores: Numbers,
  { labels, average, sampleWeights, what, metric }: ColumnScoring,
): number {
  const size = labels.length, n = truth.length / size;
  const weights = checkWeights(sampleWeights, n);
  if (average === "micro") {
    const each = weights && Float64Array.from({ length: n * size }, (_, i) => weights[Math.floor(i / size)]);
    return metric(truth, scores, { sampleWeights: each });
  }
  const samples = average === "samples";
  let sum = 0, total = 0;
  for (let part = 0; part < (samples ? n : size); part++) {
    const pick = (values: Numbers) =>
      samples
        ? Float64Array.from({ length: size }, (_, k) => values[part * size + k])
        : Float64Array.from({ length: n }, (_, row) => values[row * size + part]);
    const wanted = pick(truth);
    let weight = samples ? weights?.[part] ?? 1 : 1;
    if (average === "weighted") {
      weight = wanted.reduce((all, one, row) => all + one * (weights?.[row] ?? 1), 0);
    }
    if (weight === 0) continue; // it has no say, so it need not have a score
    const of = samples ? `of row ${part}` : `of label ${show(labels[part])}`;
    sum += weight *
      named(`${what} ${of}`, () => metric(wanted, pick(scores), samples ? {} : { sampleWeights }));
    total += weight;
  }
  if (total > 0) return sum / total;
  fail(`Cannot compute ${what}: no row has any of the labels`);
}

/** A class per row as 0/1 columns: [n, size]. */
function oneHot(references: Numbers, size: number): Uint8Array {
  const cells = new Uint8Array(references.length * size);
  for (let row = 0; row < references.length; row++) cells[row * size + references[row]] = 1;
  return cells;
}

function oneVersusOne(
  references: Numbers,
  scores: Numbers,
  { size, n, average }: { size: number; n: number; average: "macro" | "weighted" },
): number {
  const rowsOf = Array.from({ length: size }, (): number[] => []);
  for (let row = 0; row < n; row++) rowsOf[references[row]].push(row);
  const present = Array.from(rowsOf.keys()).filter((k) => rowsOf[k].length > 0);
  if (present.length < 2) fail("Cannot compare pairs of classes: all references are of one class");
  let sum = 0, total = 0;
  for (const a of present) {
    for (const b of present) {
      if (b <= a) continue;
      const rows = [...rowsOf[a], ...rowsOf[b]];
      const area = (k: number) =>
        rocAuc(rows.map((row) => references[row] === k ? 1 : 0), rows.map((row) => scores[row * size + k]));
      const weight = average === "weighted" ? rows.length : 1;
      sum += weight * (area(a) + area(b)) / 2;
      total += weight;
    }
  }
  return sum / total;
}

/** Says of which part a metric could not be computed. */
function named(part: string, compute: () => number): number {
  try {
    return compute();
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error;
    const reason = error.message.replace(/^Cannot (compute|evaluate)[^:]*: /, "");
    throw new EvaluationError(`Cannot compute ${part}: ${reason}`, { cause: error });
  }
}

/** The trapezoids under the curve, with products of counts; NaN where a class has no rows. */
function areaOf({ falsePositives: fps, truePositives: tps }: ThresholdCounts): number {
  let doubled = 0, fp = 0, tp = 0;
  for (let i = 0; i < fps.length; i++) {
    doubled += (fps[i] - fp) * (tps[i] + tp);
    fp = fps[i], tp = tps[i];
  }
  return doubled / 2 / (fp * tp);
}

/** The area up to a false positive rate, where the curve is cut by linear interpolation, rescaled. */
function partialArea(
  { falsePositives: fps, truePositives: tps }: ThresholdCounts,
  { positives, negatives, maxFpr }: { positives: number; negatives: number; maxFpr: number },
): number {
  let area = 0, x = 0, y = 0;
  for (let i = 0; i < fps.length; i++) {
    const nextX = fps[i] / negatives, nextY = tps[i] / positives;
    if (nextX > maxFpr) {
      const cut = y + (nextY - y) * (maxFpr - x) / (nextX - x);
      area += (maxFpr - x) * (y + cut) / 2;
      break;
    }
    area += (nextX - x) * (y + nextY) / 2;
    x = nextX, y = nextY;
  }
  const least = maxFpr * maxFpr / 2;
  return 0.5 * (1 + (area - least) / (maxFpr - least));
}
