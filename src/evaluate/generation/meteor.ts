/**
 * METEOR: words matched exactly, by stem and by synonym, with a penalty for matches that are out of order.
 *
 * @module
 */
import { type Decomposed, evaluateAll, means } from "../../statistics/decomposed.ts";
import { porterStem } from "./porter.ts";
import { type Tokenize, words } from "./words.ts";
import { checkNumber, fail } from "../../statistics/checks.ts";
import { referenceLists, References } from "./references.ts";

/** How METEOR is computed; the defaults are nltk's. */
export interface MeteorOptions {
  /** Weight of recall beside precision, in [0, 1]; default 0.9. */
  readonly alpha?: number;
  /** Exponent of the fragmentation, at least 0; default 3. */
  readonly beta?: number;
  /** The greatest penalty, in [0, 1]; default 0.5. */
  readonly gamma?: number;
  /** Reduces a lowercase word to its stem; default nltk's extended Porter stemmer. `false` leaves the stage out. */
  readonly stem?: ((word: string) => string) | false;
  /**
   * The synonyms of a word, for example `readWordNet(files).synonyms`. There is no default: without it METEOR matches words
   * exactly and by stem alone, which scores lower than with it. Say which was used.
   */
  readonly synonyms?: (word: string) => Iterable<string>;
  /** Default {@linkcode words}. Words are lowercased afterwards. */
  readonly tokenize?: Tokenize;
}

/**
 * The mean METEOR of predictions, in [0, 1]. Not 1 for a perfect prediction: its m words are one chunk, which costs
 * `gamma / m ** beta`.
 *
 * Source: Lavie and Agarwal, "METEOR: An Automatic Metric for MT Evaluation with High Levels of Correlation with Human
 * Judgments" (2007); equal to `nltk.translate.meteor_score` 3.10, which gives the words of a text one by one to the latest word
 * of the reference that is free, stage by stage, and looks synonyms up by stem (`easili`), as is done here so that figures can
 * be compared.
 *
 * @param references One text a row, or several, of which the best counts.
 * @throws {EvaluationError} When lengths differ, there are no rows, a row has no reference, or an option is out of range.
 * @example
 * ```ts
 * import { meteor } from "./meteor.ts";
 * import assert from "node:assert/strict";
 * const score = meteor(["The dogs ran to the house"], ["A dog ran to the house."]);
 * assert.equal(score.toFixed(4), "0.7217");
 * ```
 */
export function meteor(
  predictions: readonly string[],
  references: References,
  options: MeteorOptions = {},
): number {
  return evaluateAll(meteorRows(predictions, references, options)).meteor;
}

/** The rows of {@linkcode meteor}: their mean is the metric `meteor`. */
export function meteorRows(
  predictions: readonly string[],
  references: References,
  options: MeteorOptions = {},
): Decomposed {
  const { tokenize = words } = options;
  const score = scorer(options), lists = referenceLists(predictions, references);
  return means(["meteor"], predictions.map((text, row) => score(tokenize(text), lists[row].map(tokenize))));
}

/**
 * METEOR of one text that is split into words already: as nltk's `meteor_score(references, hypothesis)`.
 *
 * @throws {EvaluationError} When there is no reference or an option is out of range.
 */
export function meteorOfWords(
  prediction: readonly string[],
  references: readonly (readonly string[])[],
  options: MeteorOptions = {},
): number {
  if (references.length === 0) fail("Cannot compute METEOR: there is no reference");
  return scorer(options)(prediction, references);
}

/** The best score over the references; stems are found once for each word. */
function scorer(
  options: MeteorOptions,
): (prediction: readonly string[], references: readonly (readonly string[])[]) => number {
  const { alpha = 0.9, beta = 3, gamma = 0.5, stem = porterStem, synonyms } = options;
  for (const [name, value] of Object.entries({ alpha, gamma })) {
    checkNumber(name, value, { least: 0, most: 1 });
  }
  checkNumber("beta", beta, { least: 0, most: 1000 });
  const stems = new Map<string, string>();
  const stemOf = (word: string): string => {
    if (stem === false) return word;
    let found = stems.get(word);
    if (found === undefined) stems.set(word, found = stem(word));
    return found;
  };
  return (prediction, references) => {
    const hypothesis = prediction.map((word) => word.toLowerCase());
    let best = 0;
    for (const reference of references) {
      const target = reference.map((word) => word.toLowerCase());
      const partner = align(hypothesis, target, stemOf, synonyms);
      const { matches, chunks } = summarize(partner);
      if (matches === 0) continue;
      const precision = matches / hypothesis.length, recall = matches / target.length;
      const mean = precision * recall / (alpha * precision + (1 - alpha) * recall);
      best = Math.max(best, (1 - gamma * (chunks / matches) ** beta) * mean);
    }
    return best;
  };
}

/** For each word of the hypothesis, its partner's place in the reference, or -1. */
function align(
  hypothesis: readonly string[],
  reference: readonly string[],
  stemOf: (word: string) => string,
  synonyms: MeteorOptions["synonyms"],
): Int32Array {
  const partner = new Int32Array(hypothesis.length).fill(-1);
  const taken = new Uint8Array(reference.length);
  const exact = matchStage(hypothesis, reference, partner, taken);
  if (exact === Math.min(hypothesis.length, reference.length)) return partner;
  const stemmed = hypothesis.map((word, i) => partner[i] < 0 ? stemOf(word) : "");
  const stemmedReference = reference.map((word, j) => taken[j] ? "" : stemOf(word));
  matchStage(stemmed, stemmedReference, partner, taken);
  if (synonyms) matchStage(stemmed, stemmedReference, partner, taken, synonyms);
  return partner;
}

/** From last to first, each word takes the last free word of the reference that equals it or a synonym. Counts them. */
function matchStage(
  hypothesis: readonly string[],
  reference: readonly string[],
  partner: Int32Array,
  taken: Uint8Array,
  synonyms?: (word: string) => Iterable<string>,
): number {
  const places = new Map<string, number[]>(); // ascending
  for (let j = 0; j < reference.length; j++) {
    if (taken[j]) continue;
    const list = places.get(reference[j]);
    if (list) list.push(j);
    else places.set(reference[j], [j]);
  }
  let matches = 0;
  for (let i = hypothesis.length - 1; i >= 0; i--) {
    if (partner[i] >= 0) continue;
    let best = places.get(hypothesis[i]);
    for (const word of synonyms?.(hypothesis[i]) ?? []) {
      const list = places.get(word);
      if ((list?.at(-1) ?? -1) > (best?.at(-1) ?? -1)) best = list;
    }
    const j = best?.pop();
    if (j === undefined) continue;
    partner[i] = j;
    taken[j] = 1;
    matches++;
  }
  return matches;
}

/** Matches, and the runs of matches that are neighbours in both texts. */
function summarize(partner: Int32Array): { matches: number; chunks: number } {
  let matches = 0, chunks = 0;
  for (let i = 0; i < partner.length; i++) {
    if (partner[i] < 0) continue;
    matches++;
    if (i === 0 || partner[i - 1] < 0 || partner[i] !== partner[i - 1] + 1) chunks++;
  }
  return { matches, chunks };
}
