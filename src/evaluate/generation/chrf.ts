/**
 * chrF and chrF++, equal to sacrebleu's.
 *
 * @module
 */
import { type Decomposed, oneMetric, sumRows } from "../../statistics/decomposed.ts";
import { NgramTable } from "./ngram_table.ts";
import { referenceLists, type References } from "./references.ts";
import { DEFAULT_VERSION, fixed, isSpace, referenceCount, signature, splitWords } from "./sacrebleu.ts";
import { checkNumber, checkWhole, fail } from "../../statistics/checks.ts";
import { createNumbering } from "./ngrams.ts";

/** How chrF is computed; the defaults are sacrebleu's. */
export interface ChrfOptions {
  /** Longest character n-grams that count, 0 to 100; default 6. */
  readonly charOrder?: number;
  /** Longest word n-grams that count, 0 to 100; default 0, and 2 is chrF++. */
  readonly wordOrder?: number;
  /** How much more recall weighs than precision; default 2. */
  readonly beta?: number;
  /** Keep white space in character n-grams; default false. */
  readonly whitespace?: boolean;
  /** Compare in lower case; default false. */
  readonly lowercase?: boolean;
  /**
   * Average F over all orders, 1e-16 standing for a missing precision or recall, as chrF++.py, Moses and NLTK do. Default
   * false: precision and recall are averaged over the orders that both texts have, then F is taken.
   */
  readonly epsSmoothing?: boolean;
  /** What the signature says after `version:`; default "weir". */
  readonly version?: string;
}

/** A chrF score with all that it is made of. */
export interface ChrfScore {
  /** "chrF2", "chrF2++": beta, and a plus for each word order. */
  readonly name: string;
  /** The score, 0 to 100. */
  readonly score: number;
  /** N-grams of the predictions by order, characters first (0 where no reference has that order). */
  readonly predicted: number[];
  /** N-grams of the best references by order. */
  readonly expected: number[];
  /** N-grams in both by order. */
  readonly matched: number[];
  /** What must be equal for scores to be comparable, as sacrebleu writes it. */
  readonly signature: string;
  /** The score in one line, as sacrebleu writes it, without the signature. */
  readonly text: string;
}

/**
 * Corpus chrF (Popović 2015) and, with `wordOrder: 2`, chrF++ (Popović 2017), equal to sacrebleu 2.6.0: F-beta of character
 * (and word) n-grams, counts summed over rows first; of many references a row takes the one with the best F. 0 to 100, higher
 * is better. Characters are code points.
 *
 * @param references One or more texts a row; null for one that is missing.
 * @throws {EvaluationError} When there are no rows, lengths differ, a row has no reference, or an option is out of range.
 * @example
 * ```ts
 * import { evaluateAll } from "../../statistics/decomposed.ts";
 * import { chrf, chrfRows, sentenceChrf } from "./chrf.ts";
 * import assert from "node:assert/strict";
 * const result = chrf(["the cat sat"], ["the cat sat"], { wordOrder: 2 });
 * assert.equal(result.text, "chrF2++ = 100.00");
 * assert.equal(result.signature, "nrefs:1|case:mixed|eff:yes|nc:6|nw:2|space:no|version:weir");
 * assert.ok(sentenceChrf("walked", "walking").score > sentenceChrf("ran", "walking").score);
 * const predictions = ["the cat sat", "a dog"], references = ["the cat sits", "the dog"];
 * assert.equal(evaluateAll(chrfRows(predictions, references)).chrf, chrf(predictions, references).score);
 * ```
 */
export function chrf(
  predictions: readonly string[],
  references: References,
  options: ChrfOptions = {},
): ChrfScore {
  const settings = settingsOf(options);
  const lists = referenceLists(predictions, references);
  const sums = sumRows(scoreRows(predictions, lists, settings));
  const { charOrder, wordOrder, beta, lowercase, epsSmoothing, whitespace, version } = settings;
  const name = `chrF${beta}${"+".repeat(wordOrder)}`;
  const score = fScore(sums, settings);
  const every3rd = (from: number) => Array.from(sums).filter((_, k) => k % 3 === from);
  return {
    name,
    score,
    predicted: every3rd(0),
    expected: every3rd(1),
    matched: every3rd(2),
    signature: signature({
      nrefs: referenceCount(lists),
      case: lowercase ? "lc" : "mixed",
      eff: !epsSmoothing,
      nc: charOrder,
      nw: wordOrder,
      space: whitespace,
      version,
    }),
    text: `${name} = ${fixed(score, 2)}`,
  };
}

/** chrF of one text; see {@link chrf}. */
export function sentenceChrf(
  prediction: string,
  reference: string | readonly (string | null | undefined)[],
  options: ChrfOptions = {},
): ChrfScore {
  return chrf([prediction], [reference], options);
}

/**
 * Corpus chrF as a function of sums over rows: for each order n-grams predicted, expected and matched. One metric, "chrf".
 *
 * @throws {EvaluationError} As {@link chrf}.
 */
export function chrfRows(
  predictions: readonly string[],
  references: References,
  options: ChrfOptions = {},
): Decomposed {
  return scoreRows(predictions, referenceLists(predictions, references), settingsOf(options));
}

type Settings = Required<ChrfOptions>;

const EPSILON = 1e-16;

function settingsOf(options: ChrfOptions): Settings {
  const { charOrder = 6, wordOrder = 0, beta = 2 } = options;
  checkWhole("charOrder", charOrder, 0, 100);
  checkWhole("wordOrder", wordOrder, 0, 100);
  if (charOrder + wordOrder === 0) fail("chrF needs a charOrder or a wordOrder above 0");
  checkNumber("beta", beta, { least: 0 });
  const { whitespace = false, lowercase = false, epsSmoothing = false, version = DEFAULT_VERSION } = options;
  return { charOrder, wordOrder, beta, whitespace, lowercase, epsSmoothing, version };
}

/** A text as symbols: its characters, and the numbers of its words (none without word n-grams). */
interface Symbols {
  characters: Int32Array;
  length: number;
  words: Int32Array;
}

function scoreRows(
  predictions: readonly string[],
  lists: readonly string[][],
  settings: Settings,
): Decomposed {
  const { charOrder, wordOrder } = settings;
  const width = 3 * (charOrder + wordOrder), words = 3 * charOrder;
  const rows = new Float64Array(predictions.length * width);
  const candidate = new Float64Array(width);
  const table = new NgramTable();
  const encode = createEncoder(settings);
  predictions.forEach((prediction, row) => {
    const hypothesis = encode(prediction);
    let best = -1;
    for (const text of lists[row]) {
      const reference = encode(text);
      candidate.fill(0);
      countTotals(hypothesis.length, reference.length, charOrder, candidate, 0);
      table.clear(charOrder * reference.length);
      table.add(reference.characters, reference.length, charOrder);
      table.match(hypothesis.characters, hypothesis.length, charOrder, candidate, 2, 3);
      if (wordOrder > 0) {
        countTotals(hypothesis.words.length, reference.words.length, wordOrder, candidate, words);
        table.clear(wordOrder * reference.words.length);
        table.add(reference.words, reference.words.length, wordOrder);
        table.match(hypothesis.words, hypothesis.words.length, wordOrder, candidate, words + 2, 3);
      }
      const score = fScore(candidate, settings);
      if (score > best) {
        best = score;
        rows.set(candidate, row * width);
      }
    }
  });
  return oneMetric("chrf", rows, width, (sums) => fScore(sums, settings));
}

/** Writes how many n-grams both texts have; those of the prediction count only where the reference has any. */
function countTotals(
  hypothesis: number,
  reference: number,
  order: number,
  out: Float64Array,
  at: number,
): void {
  for (let n = 1; n <= order; n++, at += 3) {
    out[at + 1] = Math.max(0, reference - n + 1);
    out[at] = out[at + 1] > 0 ? Math.max(0, hypothesis - n + 1) : 0;
  }
}

function fScore(statistics: Float64Array, { charOrder, wordOrder, beta, epsSmoothing }: Settings): number {
  const orders = charOrder + wordOrder, factor = beta * beta;
  let precisions = 0, recalls = 0, effective = 0, smoothed = 0;
  for (let at = 0; at < 3 * orders; at += 3) {
    const predicted = statistics[at], expected = statistics[at + 1], matched = statistics[at + 2];
    const precision = predicted > 0 ? matched / predicted : EPSILON;
    const recall = expected > 0 ? matched / expected : EPSILON;
    const weighed = factor * precision + recall;
    smoothed += weighed > 0 ? (1 + factor) * precision * recall / weighed : EPSILON;
    if (predicted > 0 && expected > 0) {
      precisions += precision;
      recalls += recall;
      effective++;
    }
  }
  if (epsSmoothing) return 100 * smoothed / orders;
  if (precisions + recalls === 0) return 0;
  const precision = precisions / effective, recall = recalls / effective;
  return 100 * ((1 + factor) * precision * recall / (factor * precision + recall));
}

function createEncoder({ lowercase, whitespace, wordOrder }: Settings): (text: string) => Symbols {
  const number = createNumbering(), none = new Int32Array(0);
  return (given) => {
    const text = lowercase ? given.toLowerCase() : given;
    const characters = new Int32Array(text.length);
    let length = 0;
    for (let i = 0; i < text.length; i++) {
      const code = text.codePointAt(i)!;
      if (code > 0xffff) i++;
      else if (!whitespace && isSpace(code)) continue;
      characters[length++] = code;
    }
    if (wordOrder === 0) return { characters, length, words: none };
    return { characters, length, words: number(wordsOf(text)) };
  };
}

const PUNCTUATION = new Set("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~");

/** Words with one ASCII punctuation mark taken off: the last character, else the first. "(hi)" gives "(hi" and ")". */
function wordsOf(text: string): string[] {
  const words: string[] = [];
  for (const word of splitWords(text)) {
    if (word.length > 1 && PUNCTUATION.has(word[word.length - 1])) {
      words.push(word.slice(0, -1), word[word.length - 1]);
    } else if (word.length > 1 && PUNCTUATION.has(word[0])) words.push(word[0], word.slice(1));
    else words.push(word);
  }
  return words;
}
