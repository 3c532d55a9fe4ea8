/**
 * Log loss and Brier score of predicted probabilities.
 *
 * @module
 */
import { show } from "../../base/text.ts";
import { checkClass, checkLabels, type RowOptions, weightedMean } from "./counts.ts";
import { type Decomposed, means } from "../../statistics/decomposed.ts";
import { checkNumber, fail, Numbers, refuse } from "../../statistics/checks.ts";

/** How far the probabilities of a row may be from adding up to 1: rounding to three places or half precision is no error. */
const SUM_TOLERANCE = 1e-3;

/** The classes, how much each row counts, and where probabilities are cut. */
export interface LogLossOptions extends RowOptions {
  /**
   * Probabilities are moved into [epsilon, 1 − epsilon], so that one surprise cannot make the loss infinite; default the grain
   * of the numbers, as in scikit-learn: 2^-23 for a Float32Array, else 2^-52.
   */
  readonly epsilon?: number;
}

/** The classes, how much each row counts, and the scale. */
export interface BrierOptions extends RowOptions {
  /** Halve the score, so that it lies in [0, 1] and not in [0, 2]; default for two labels and not for more. */
  readonly scaleByHalf?: boolean;
}

/**
 * Log loss (cross-entropy): the mean over rows of −ln of the probability given to the true class, in nats; 0 is
 * perfect, ln K is not knowing. Equal to scikit-learn's `log_loss(..., labels=range(K))`. Rows need not add up to
 * exactly 1, and are not rescaled.
 *
 * @param references True class per row, as an index into `labels`.
 * @param probabilities Probability of each class, row-major: [n, labels.length]; or with two labels, that of the second: [n].
 * @throws {EvaluationError} When there are no rows, lengths differ, a class is no index into `labels`, a probability is not in
 *   [0, 1], or those of a row are further than 0.001 from adding up to 1.
 * @example
 * ```ts
 * import { logLoss } from "./probabilities.ts";
 * import assert from "node:assert/strict";
 * const loss = logLoss([0, 1], [0.5, 0.5, 0.25, 0.75], { labels: ["ham", "spam"] });
 * assert.equal(loss, (Math.log(2) + Math.log(4 / 3)) / 2);
 * ```
 */
export function logLoss(references: Numbers, probabilities: Numbers, options: LogLossOptions): number {
  const { rows, n } = logLossRows(references, probabilities, options);
  return weightedMean(n, options.sampleWeights, (row) => rows[row]);
}

/** The log loss of each row, for intervals, paired tests, slices and worst rows; see `logLoss`. Weights are not taken here. */
export function logLossRows(
  references: Numbers,
  probabilities: Numbers,
  options: Omit<LogLossOptions, "sampleWeights">,
): Decomposed {
  const { epsilon = probabilities instanceof Float32Array ? 2 ** -23 : 2 ** -52 } = options;
  checkNumber("epsilon", epsilon, { least: 0, below: 0.5 });
  const { at } = checkProbabilities(references, probabilities, options);
  const cut = (p: number) => Math.min(Math.max(p, epsilon), 1 - epsilon);
  return means(["logLoss"], Array.from(references, (truth, row) => -Math.log(cut(at(row, truth)))));
}

/**
 * Brier score: the mean over rows of the squared distance between the probabilities and the truth; 0 is perfect. For
 * two labels it is (1 − p)², p being the true class's probability, and lies in [0, 1]; for more it is the sum over all
 * classes and lies in [0, 2]. Equal to scikit-learn's `brier_score_loss`; Brier (1950), "Verification of forecasts
 * expressed in terms of probability".
 *
 * @throws {EvaluationError} As `logLoss`.
 * @example
 * ```ts
 * import { brierScore } from "./probabilities.ts";
 * import assert from "node:assert/strict";
 * assert.equal(brierScore([0, 1], [0.5, 0.75], { labels: ["ham", "spam"] }), (0.25 + 0.0625) / 2);
 * ```
 */
export function brierScore(references: Numbers, probabilities: Numbers, options: BrierOptions): number {
  const { rows, n } = brierRows(references, probabilities, options);
  return weightedMean(n, options.sampleWeights, (row) => rows[row]);
}

/** The Brier score of each row, for intervals, paired tests, slices and worst rows; see `brierScore`. Weights are not taken. */
export function brierRows(
  references: Numbers,
  probabilities: Numbers,
  options: Omit<BrierOptions, "sampleWeights">,
): Decomposed {
  const { at, size } = checkProbabilities(references, probabilities, options);
  const scale = (options.scaleByHalf ?? size === 2) ? 0.5 : 1;
  const distances = Array.from(references, (truth, row) => {
    let sum = 0;
    for (let k = 0; k < size; k++) sum += (at(row, k) - (k === truth ? 1 : 0)) ** 2;
    return scale * sum;
  });
  return means(["brier"], distances);
}

/** Probabilities that were checked. */
export interface Probabilities {
  /** How many labels. */
  readonly size: number;
  /** The probability that a row gives a class. */
  at(row: number, k: number): number;
}

/** Rows of probabilities that add up to 1, and references that are among the labels. */
export function checkProbabilities(
  references: Numbers,
  probabilities: Numbers,
  { labels }: { labels: readonly string[] },
): Probabilities {
  const size = checkLabels(labels), n = references.length;
  if (size < 2) refuse("the number of labels", size, "at least two to judge probabilities");
  if (n === 0) fail("Cannot evaluate: there are no rows");
  const single = size === 2 && probabilities.length === n;
  if (!single && probabilities.length !== n * size) {
    const other = size === 2 ? `, or ${n} of ${show(labels[1])}` : "";
    fail(
      `Cannot compare ${probabilities.length} probabilities with ${n} references and ${size} labels: ` +
        `wanted ${n * size}${other}`,
    );
  }
  const width = single ? 1 : size;
  for (let row = 0; row < n; row++) {
    checkClass(references[row], { row, what: "reference", size });
    let sum = 0;
    for (let j = 0; j < width; j++) {
      const value = probabilities[row * width + j];
      if (!(value >= 0 && value <= 1)) {
        refuse(
          `the probability of row ${row} for ${show(labels[single ? 1 : j])}`,
          value,
          "0 to 1",
        );
      }
      sum += value;
    }
    if (!single && Math.abs(sum - 1) > SUM_TOLERANCE) {
      refuse(`the sum of the probabilities of row ${row}`, sum, "1 (are they scores or logits?)");
    }
  }
  const at = single
    ? (row: number, k: number) => k === 1 ? probabilities[row] : 1 - probabilities[row]
    : (row: number, k: number) => probabilities[row * size + k];
  return { size, at };
}
