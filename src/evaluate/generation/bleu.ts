/**
 * BLEU, equal to sacrebleu's.
 *
 * @module
 */
import { type Decomposed, oneMetric, sumRows } from "../../statistics/decomposed.ts";
import { BLEU_TOKENIZERS, type BleuTokenizer, tokenizeForBleu } from "./bleu_tokenizers.ts";
import { NgramTable } from "./ngram_table.ts";
import { referenceLists, type References } from "./references.ts";
import { DEFAULT_VERSION, fixed, referenceCount, signature, trimEnd } from "./sacrebleu.ts";
import { checkNumber, checkOneOf, checkWhole } from "../../statistics/checks.ts";
import { createNumbering } from "./ngrams.ts";

export type { BleuTokenizer } from "./bleu_tokenizers.ts";
export type { References } from "./references.ts";

/** What becomes of an n-gram order without a match: see {@link BleuOptions.smoothing}. */
export type BleuSmoothing = "exp" | "floor" | "add-k" | "none";

/** How BLEU is computed; the defaults are sacrebleu's. */
export interface BleuOptions {
  /** How texts are split into tokens; default "13a". */
  readonly tokenizer?: BleuTokenizer;
  /**
   * Chen and Cherry 2014, "A Systematic Comparison of Smoothing Techniques for Sentence-Level BLEU": "exp" (default) takes half
   * a match, then a quarter, for the orders that have none; "floor" takes `smoothingValue` matches; "add-k" adds
   * `smoothingValue` to matches and totals of every order but the first; "none" leaves the score at 0.
   */
  readonly smoothing?: BleuSmoothing;
  /** For "floor" (default 0.1) and "add-k" (default 1); at least 0. */
  readonly smoothingValue?: number;
  /** Longest n-grams that count, 1 to 100; default 4. */
  readonly maxOrder?: number;
  /** Leave out orders longer than the prediction; default false, in {@link sentenceBleu} true. */
  readonly effectiveOrder?: boolean;
  /** Compare in lower case; default false. */
  readonly lowercase?: boolean;
  /** Do not warn about texts that look tokenized; default false. */
  readonly force?: boolean;
  /** What the signature says after `version:`; default "weir". */
  readonly version?: string;
}

/** A BLEU score with all that it is made of. */
export interface BleuScore {
  /** Always "BLEU". */
  readonly name: "BLEU";
  /** The score, 0 to 100. */
  readonly score: number;
  /** Matched n-grams by order (with "add-k", after the addition). */
  readonly counts: number[];
  /** Predicted n-grams by order (with "add-k", after the addition). */
  readonly totals: number[];
  /** Precision by order, smoothed, in percent. */
  readonly precisions: number[];
  /** What too short predictions are multiplied by: exp(1 - reference length / hypothesis length), at most 1. */
  readonly brevityPenalty: number;
  /** Hypothesis length over reference length; 0 where the references are empty. */
  readonly ratio: number;
  /** Tokens of all predictions. */
  readonly hypothesisLength: number;
  /** Tokens of, for each row, the reference closest in length (of two equally close, the shorter). */
  readonly referenceLength: number;
  /** What must be equal for scores to be comparable, as sacrebleu writes it. */
  readonly signature: string;
  /** The score in one line, as sacrebleu writes it, without the signature. */
  readonly text: string;
  /** What a reader should know of the data; empty when all is well. */
  readonly warnings: string[];
}

/**
 * Corpus BLEU (Papineni et al. 2002), equal to sacrebleu 2.6.0: the geometric mean of n-gram precisions, counts summed over
 * rows first, times the brevity penalty. 0 to 100, higher is better.
 *
 * @param references One or more texts a row; null for one that is missing.
 * @throws {EvaluationError} When there are no rows, lengths differ, a row has no reference, or an option is out of range.
 * @example
 * ```ts
 * import { evaluateAll } from "../../statistics/decomposed.ts";
 * import { bleu, bleuRows, sentenceBleu } from "./bleu.ts";
 * import assert from "node:assert/strict";
 * const result = bleu(["The cat sat on a mat."], [["The cat sat on the mat.", "A cat sat."]]);
 * assert.match(result.text, /^BLEU = 48.89 85.7\/66.7\/40.0\/25.0 \(BP = 1.000 /);
 * assert.equal(result.signature, "nrefs:2|case:mixed|eff:no|tok:13a|smooth:exp|version:weir");
 * assert.equal(sentenceBleu("two words", "two words").score.toFixed(2), "100.00");
 * const predictions = ["the cat sat down here", "a dog"], references = ["the cat sat down there", "the dog"];
 * assert.equal(evaluateAll(bleuRows(predictions, references)).bleu, bleu(predictions, references).score);
 * ```
 */
export function bleu(
  predictions: readonly string[],
  references: References,
  options: BleuOptions = {},
): BleuScore {
  const settings = settingsOf(options);
  const lists = referenceLists(predictions, references);
  const rows = scoreRows(predictions, lists, settings);
  const result = combine(sumRows(rows), settings);
  const { name, score, precisions, brevityPenalty, ratio, hypothesisLength, referenceLength } = result;
  const { tokenizer, smoothing, smoothingValue } = settings;
  const valued = smoothing === "floor" || smoothing === "add-k";
  return {
    ...result,
    signature: signature({
      nrefs: referenceCount(lists),
      case: settings.lowercase ? "lc" : "mixed",
      eff: settings.effectiveOrder,
      tok: tokenizer,
      smooth: valued ? `${smoothing}[${fixed(smoothingValue, 2)}]` : smoothing,
      version: settings.version,
    }),
    text: `${name} = ${fixed(score, 2)} ${precisions.map((p) => fixed(p, 1)).join("/")} ` +
      `(BP = ${fixed(brevityPenalty, 3)} ratio = ${fixed(ratio, 3)} ` +
      `hyp_len = ${hypothesisLength} ref_len = ${referenceLength})`,
    warnings: settings.force ? [] : tokenizedWarning(predictions),
  };
}

/** BLEU of one text, with the effective order by default, as sacrebleu's `sentence_bleu`; see {@link bleu}. */
export function sentenceBleu(
  prediction: string,
  reference: string | readonly (string | null | undefined)[],
  options: BleuOptions = {},
): BleuScore {
  return bleu([prediction], [reference], { effectiveOrder: true, ...options });
}

/**
 * Corpus BLEU as a function of sums over rows: hypothesis length, reference length, matches by order, totals by order. One
 * metric, "bleu".
 *
 * @throws {EvaluationError} As {@link bleu}.
 */
export function bleuRows(
  predictions: readonly string[],
  references: References,
  options: BleuOptions = {},
): Decomposed {
  return scoreRows(predictions, referenceLists(predictions, references), settingsOf(options));
}

type Settings = Required<BleuOptions>;

const SMOOTHING_VALUES: Record<BleuSmoothing, number> = { exp: 0, floor: 0.1, "add-k": 1, none: 0 };
const LOG_OF_ZERO = -9999999999; // sacrebleu's

function settingsOf(options: BleuOptions): Settings {
  const { tokenizer = "13a", smoothing = "exp", maxOrder = 4 } = options;
  checkOneOf("tokenizer", tokenizer, BLEU_TOKENIZERS);
  checkOneOf("smoothing", smoothing, Object.keys(SMOOTHING_VALUES));
  const { smoothingValue = SMOOTHING_VALUES[smoothing] } = options;
  checkNumber("smoothingValue", smoothingValue, { least: 0 });
  checkWhole("maxOrder", maxOrder, 1, 100);
  const { effectiveOrder = false, lowercase = false, force = false, version = DEFAULT_VERSION } = options;
  return { tokenizer, smoothing, smoothingValue, maxOrder, effectiveOrder, lowercase, force, version };
}

function scoreRows(
  predictions: readonly string[],
  lists: readonly string[][],
  settings: Settings,
): Decomposed {
  const { maxOrder: order } = settings;
  const width = 2 + 2 * order;
  const rows = new Float64Array(predictions.length * width);
  const table = new NgramTable();
  const encode = createEncoder(settings);
  predictions.forEach((prediction, row) => {
    const at = row * width;
    const references = lists[row].map(encode), tokens = encode(prediction);
    table.clear(order * references.reduce((sum, reference) => sum + reference.length, 0));
    let closest = references[0].length;
    for (const reference of references) {
      table.add(reference, reference.length, order);
      const difference = Math.abs(tokens.length - reference.length) - Math.abs(tokens.length - closest);
      if (difference < 0 || (difference === 0 && reference.length < closest)) closest = reference.length;
    }
    rows[at] = tokens.length;
    rows[at + 1] = closest;
    table.match(tokens, tokens.length, order, rows, at + 2, 1);
    for (let n = 1; n <= order; n++) rows[at + 1 + order + n] = Math.max(0, tokens.length - n + 1);
  });
  return oneMetric("bleu", rows, width, (sums) => combine(sums, settings).score);
}

/** Texts as numbers of tokens, the same for the same token in all rows. */
function createEncoder({ tokenizer, lowercase }: Settings): (text: string) => Int32Array {
  const number = createNumbering();
  return (text) => number(tokenizeForBleu(trimEnd(lowercase ? text.toLowerCase() : text), tokenizer));
}

/** The score of summed statistics. */
function combine(sums: Float64Array, settings: Settings): Omit<BleuScore, "signature" | "text" | "warnings"> {
  const { maxOrder, smoothing, smoothingValue, effectiveOrder } = settings;
  const hypothesisLength = sums[0], referenceLength = sums[1];
  const counts = Array.from(sums.subarray(2, 2 + maxOrder)), totals = Array.from(sums.subarray(2 + maxOrder));
  const precisions = new Array<number>(maxOrder).fill(0);
  let brevityPenalty = 1;
  if (hypothesisLength < referenceLength) {
    brevityPenalty = hypothesisLength > 0 ? Math.exp(1 - referenceLength / hypothesisLength) : 0;
  }
  let score = 0;
  if (counts.some((count) => count > 0)) {
    let halved = 1, orders = maxOrder;
    for (let k = 0; k < maxOrder; k++) {
      if (smoothing === "add-k" && k > 0) {
        counts[k] += smoothingValue;
        totals[k] += smoothingValue;
      }
      if (totals[k] === 0) break;
      if (effectiveOrder) orders = k + 1;
      if (counts[k] > 0) precisions[k] = 100 * counts[k] / totals[k];
      else if (smoothing === "exp") precisions[k] = 100 / ((halved *= 2) * totals[k]);
      else if (smoothing === "floor") precisions[k] = 100 * smoothingValue / totals[k];
    }
    let logs = 0;
    for (let k = 0; k < orders; k++) logs += precisions[k] === 0 ? LOG_OF_ZERO : Math.log(precisions[k]);
    score = brevityPenalty * Math.exp(logs / orders);
  }
  const ratio = referenceLength > 0 ? hypothesisLength / referenceLength : 0;
  return {
    ...{ name: "BLEU", score, counts, totals, precisions },
    ...{ brevityPenalty, ratio, hypothesisLength, referenceLength },
  };
}

/** sacrebleu's test for texts that were handed in tokenized, which makes scores too high or too low. */
function tokenizedWarning(predictions: readonly string[]): string[] {
  const tokenized = predictions.reduce((sum, text) => sum + (text.endsWith(" .") ? 1 : 0), 0);
  if (tokenized < 100) return [];
  return [
    `${tokenized} predictions end in " .": they look tokenized, and BLEU expects plain text; ` +
    "detokenize them, or set force if they are as they should be",
  ];
}
