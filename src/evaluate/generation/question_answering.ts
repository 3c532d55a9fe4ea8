/**
 * Exact match and F1 of answers, equal to the SQuAD scripts'.
 *
 * @module
 */
import { type Decomposed, evaluateAll, means } from "../../statistics/decomposed.ts";
import { checkNumber, checkOneOf, fail, Numbers, refuse } from "../../statistics/checks.ts";
import { referenceLists, References } from "./references.ts";
import { splitWords } from "./sacrebleu.ts";
import { ratio } from "../classification/counts.ts";

/** Which rules hold. */
export interface QuestionAnsweringOptions {
  /**
   * Rules of the SQuAD script of this version. `"1.1"` (default): every row has an answer. `"2.0"`: a row whose references are
   * an empty list, or only empty texts, has none, and the empty prediction is right there.
   */
  readonly version?: "1.1" | "2.0";
  /**
   * What is compared: answers are equal when these are, and their tokens are what whitespace separates. Default:
   * `normalizeAnswer`, for English and ASCII punctuation alone; for Chinese or Thai, take one that puts spaces between
   * characters.
   */
  readonly normalize?: (text: string) => string;
  /** Version 2.0: how likely each question has no answer; above the threshold (default 1) the prediction counts as empty. */
  readonly noAnswer?: { probabilities: Numbers; threshold?: number };
}

/** The threshold that gives the highest value. */
export interface BestThreshold {
  /** Highest value, from 0 to 1. */
  readonly value: number;
  /** A question counts as having no answer when its probability is above this. */
  readonly threshold: number;
}

/**
 * Exact match and token F1 of answers, as SQuAD scores them: shares from 0 to 1 (the scripts print 100 times
 * that). Of many references the best counts, for each metric on its own. With version 2.0 and rows of both kinds
 * there are also `hasAnswer.exactMatch`, `hasAnswer.f1`, `noAnswer.exactMatch` and `noAnswer.f1`, over the rows
 * that have an answer or have none. Source: P. Rajpurkar et al., "SQuAD: 100,000+ questions for machine
 * comprehension of text", 2016, and "Know what you don't know", 2018, with their evaluation scripts of versions
 * 1.1 and 2.0.
 *
 * @throws {EvaluationError} When there are no rows, the lengths differ, something is no text, a row has no reference under
 * version 1.1, or a probability is not from 0 to 1.
 * @example
 * ```ts
 * import { bestNoAnswerThreshold, questionAnswering, questionAnsweringRows } from "./question_answering.ts";
 * import assert from "node:assert/strict";
 * const scores = questionAnswering(["The Eiffel Tower!", "in Paris"], [["Eiffel tower", "the tower"], "Paris"]);
 * assert.deepEqual(scores, { exactMatch: 0.5, f1: (1 + 2 / 3) / 2 });
 *
 * const { names, rows } = questionAnsweringRows(["the cat"], [["a dog", "cat"]]);
 * assert.deepEqual([names, [...rows]], [["exactMatch", "f1"], [1, 1]]);
 * const best = bestNoAnswerThreshold(["cat", "dog"], ["cat", []], [0.2, 0.7]);
 * assert.deepEqual(best.exactMatch, { value: 1, threshold: 0.2 });
 * ```
 */
export function questionAnswering(
  predictions: readonly string[],
  references: References,
  options: QuestionAnsweringOptions = {},
): Record<string, number> {
  return evaluateAll(questionAnsweringRows(predictions, references, options));
}

/**
 * The same as sums over rows. Without the metrics of rows with and without an answer, a row's statistics are its `exactMatch`
 * and `f1`. A share of no rows, as a resample may have, counts as 0.
 *
 * @throws {EvaluationError} As `questionAnswering`.
 */
export function questionAnsweringRows(
  predictions: readonly string[],
  references: References,
  options: QuestionAnsweringOptions = {},
): Decomposed {
  const { noAnswer } = options, n = predictions.length;
  const { values, answered } = scoreRows(predictions, references, options);
  if (noAnswer !== undefined) {
    const { probabilities, threshold = 1 } = noAnswer;
    if (options.version !== "2.0") {
      fail(`Only version "2.0" has rows without an answer, and so probabilities of that`);
    }
    checkProbabilities(probabilities, n);
    checkNumber("threshold of no answer", threshold, { least: 0, most: 1 });
    for (let row = 0; row < n; row++) {
      if (probabilities[row] > threshold) values.fill(answered[row] ? 0 : 1, 2 * row, 2 * row + 2);
    }
  }
  const withAnswer = answered.filter(Boolean).length;
  return withAnswer === 0 || withAnswer === n
    ? means(["exactMatch", "f1"], values)
    : byKind(values, answered);
}

/**
 * The thresholds on the probability of no answer that give the highest exact match and F1 on these rows, by the
 * rules of version 2.0. Choose them on rows other than those you report: they are fitted. Going through the rows
 * by rising probability, the value changes as one more row's prediction stands; the first highest value counts,
 * and where none is above that of answering nothing the threshold is 0 (as in the script).
 *
 * @param probabilities How likely each question has no answer, from 0 to 1.
 * @throws {EvaluationError} As `questionAnswering`.
 */
export function bestNoAnswerThreshold(
  predictions: readonly string[],
  references: References,
  probabilities: Numbers,
  options: Pick<QuestionAnsweringOptions, "normalize"> = {},
): { exactMatch: BestThreshold; f1: BestThreshold } {
  const n = predictions.length;
  const { values, answered } = scoreRows(predictions, references, { ...options, version: "2.0" });
  checkProbabilities(probabilities, n);
  const order = Array.from(predictions.keys()).sort((a, b) => probabilities[a] - probabilities[b]);
  const unanswerable = answered.filter((has) => !has).length;
  const best = (metric: number): BestThreshold => {
    let sum = unanswerable, highest = sum, threshold = 0;
    for (const row of order) {
      if (answered[row]) sum += values[2 * row + metric];
      else if (predictions[row] !== "") sum--;
      if (sum > highest) highest = sum, threshold = probabilities[row];
    }
    return { value: highest / n, threshold };
  };
  return { exactMatch: best(0), f1: best(1) };
}

/**
 * An answer as SQuAD compares it: lower case, without ASCII punctuation, without the words a, an and the, and with one space
 * between words. Words end where a letter or number meets another character, as in Python's regular expressions.
 *
 * @example
 * ```ts
 * import { normalizeAnswer } from "./question_answering.ts";
 * import assert from "node:assert/strict";
 * assert.equal(normalizeAnswer(" The  U.S.A., an ally"), "usa ally");
 * ```
 */
export function normalizeAnswer(text: string): string {
  const words = text.toLowerCase().replace(PUNCTUATION, "").replace(ARTICLES, " ");
  return splitWords(words).join(" ");
}

const PUNCTUATION = /[!-/:-@[-`{-~]/g;
const ARTICLES = /(?<![\p{L}\p{N}])(?:a|an|the)(?![\p{L}\p{N}])/gu; // the underscore is punctuation, so it is gone by then

interface RowScores {
  /** Exact match and F1 of each row. */
  values: Float64Array;
  /** Whether the row has an answer. */
  answered: boolean[];
}

function scoreRows(
  predictions: readonly string[],
  references: References,
  options: QuestionAnsweringOptions,
): RowScores {
  const { version = "1.1", normalize = normalizeAnswer } = options;
  checkOneOf("version", version, ["1.1", "2.0"]);
  const lists = referenceLists(predictions, references, { least: version === "1.1" ? 1 : 0 });
  const values = new Float64Array(2 * predictions.length), answered: boolean[] = [];
  for (let row = 0; row < predictions.length; row++) {
    const texts = lists[row];
    answered.push(version === "1.1" || texts.some((text) => text !== ""));
    const prediction = normalize(predictions[row]), tokens = splitWords(prediction);
    let accepted = texts.map(normalize);
    if (version === "2.0") {
      accepted = accepted.filter((text) => text !== ""); // "the" alone is nothing, too
      if (accepted.length === 0) accepted = [""];
    }
    for (const text of accepted) {
      if (text === prediction) values[2 * row] = 1;
      values[2 * row + 1] = Math.max(values[2 * row + 1], tokenF1(tokens, splitWords(text), version));
    }
  }
  return { values, answered };
}

function tokenF1(
  prediction: readonly string[],
  reference: readonly string[],
  version: "1.1" | "2.0",
): number {
  if (prediction.length === 0 && reference.length === 0) return version === "2.0" ? 1 : 0;
  const left = new Map<string, number>();
  for (const token of reference) left.set(token, (left.get(token) ?? 0) + 1);
  let shared = 0;
  for (const token of prediction) {
    const count = left.get(token) ?? 0;
    if (count === 0) continue;
    left.set(token, count - 1);
    shared++;
  }
  if (shared === 0) return 0;
  const precision = shared / prediction.length, recall = shared / reference.length;
  return (2 * precision * recall) / (precision + recall);
}

/** A row: whether it has an answer, then both metrics if it has one, then both if it has none. */
function byKind(values: Float64Array, answered: readonly boolean[]): Decomposed {
  const rows = new Float64Array(5 * answered.length);
  answered.forEach((has, row) => {
    rows[5 * row] = has ? 1 : 0;
    rows.set(values.subarray(2 * row, 2 * row + 2), 5 * row + (has ? 1 : 3));
  });
  const kinds = ["", "hasAnswer.", "noAnswer."];
  return {
    names: kinds.flatMap((kind) => [`${kind}exactMatch`, `${kind}f1`]),
    n: answered.length,
    width: 5,
    rows,
    evaluate: ([has, exactWith, f1With, exactWithout, f1Without], n, out) => {
      out[0] = (exactWith + exactWithout) / n, out[1] = (f1With + f1Without) / n;
      out[2] = ratio(exactWith, has), out[3] = ratio(f1With, has);
      out[4] = ratio(exactWithout, n - has), out[5] = ratio(f1Without, n - has);
    },
  };
}

function checkProbabilities(probabilities: Numbers, n: number): void {
  if (probabilities.length !== n) {
    fail(`Cannot use ${probabilities.length} probabilities of no answer for ${n} rows`);
  }
  for (let row = 0; row < n; row++) {
    if (!(probabilities[row] >= 0 && probabilities[row] <= 1)) {
      refuse(`the probability of no answer of row ${row}`, probabilities[row], "a number from 0 to 1");
    }
  }
}
