/**
 * How varied generated texts are: distinct n-grams, repetition, and n-grams that a source does not have.
 *
 * @module
 */
import { type Decomposed, evaluateAll } from "../../statistics/decomposed.ts";
import { NgramNumbers } from "./ngrams.ts";
import { type Tokenize, words } from "./words.ts";
import { checkLengths, checkWhole, fail, Numbers, refuse } from "../../statistics/checks.ts";
import { ratio } from "../classification/counts.ts";

/** How n-grams are counted. */
export interface NgramOptions {
  /** The longest n-grams, 1 to 16; default 4. */
  readonly order?: number;
  /** Default {@linkcode words}; case is kept. */
  readonly tokenize?: Tokenize;
}

/**
 * Distinct n-grams of a whole corpus divided by all its n-grams, for n = 1 to `order`, in (0, 1]: 1 where none
 * comes twice. Falls as a corpus grows, so compare corpora of one size. 0 for an order that no text is long enough
 * for. Source: Li et al., "A Diversity-Promoting Objective Function for Neural Conversation Models" (2016), who
 * divide by words instead of n-grams, a difference that no later implementation keeps.
 *
 * @param indices The texts to count, where not all are; one may be named more than once. (It is no function of sums over rows.)
 * @throws {EvaluationError} When there are no texts or an option is out of range.
 * @example
 * ```ts
 * import { distinct } from "./diversity.ts";
 * import assert from "node:assert/strict";
 * assert.deepEqual(distinct(["a b a b", "a b c"], { order: 2 }), { distinct1: 3 / 7, distinct2: 3 / 5 });
 * ```
 */
export function distinct(
  texts: readonly string[],
  options: NgramOptions & { indices?: Numbers } = {},
): Record<string, number> {
  const { order, levels } = readTexts(texts, options);
  const chosen = options.indices ? Array.from(options.indices) : levels.map((_, i) => i);
  return Object.fromEntries(Array.from({ length: order }, (_, n) => {
    const seen = new Set<number>();
    let total = 0;
    for (const i of chosen) {
      if (levels[i] === undefined) fail(`Cannot count text ${i}: there are ${levels.length}`);
      for (const gram of levels[i][n]) seen.add(gram);
      total += levels[i][n].length;
    }
    return [`distinct${n + 1}`, total === 0 ? 0 : seen.size / total];
  }));
}

/**
 * Repetition within texts: for n = 1 to `order` the metric `repN` is the mean over texts of 1 - distinct n-grams /
 * n-grams, in [0, 1), 0 where no n-gram comes twice. A text of fewer than n words has no n-grams and does not
 * count for that n; where none has any the metric is 0. This is seq-rep-n of Welleck et al., "Neural Text
 * Generation with Unlikelihood Training" (2019), equation 10; the mean of a text's own distinct-n is 1 - repN.
 *
 * @throws {EvaluationError} When there are no texts or an option is out of range.
 * @example
 * ```ts
 * import { evaluateAll } from "../../statistics/decomposed.ts";
 * import { novelNgramRows, repetition, tokenRepetitionRows } from "./diversity.ts";
 * import assert from "node:assert/strict";
 * assert.deepEqual(repetition(["no no no no", "one two three four"], { order: 2 }), { rep1: 3 / 8, rep2: (1 - 1 / 3) / 2 });
 * assert.equal(evaluateAll(novelNgramRows(["a cat slept"], ["a big cat slept"], { order: 2 })).novel2, 1 / 2);
 * const rows = tokenRepetitionRows([[7, 7, 7, 9]], [[7, 7, 8, 9]]);
 * assert.deepEqual(evaluateAll(rows), { rep: 0.5, wrongRep: 0.25 }); // the second and third, of which the third is wrong
 * ```
 */
export function repetition(texts: readonly string[], options: NgramOptions = {}): Record<string, number> {
  return evaluateAll(repetitionRows(texts, options));
}

/** The rows of {@linkcode repetition}. */
export function repetitionRows(texts: readonly string[], options: NgramOptions = {}): Decomposed {
  const { order, levels } = readTexts(texts, options);
  const shares = levels.map((text) =>
    text.map((grams) => grams.length === 0 ? undefined : 1 - new Set(grams).size / grams.length)
  );
  return meansOfSome(Array.from({ length: order }, (_, n) => `rep${n + 1}`), shares);
}

/**
 * Repetition of single predictions, before anything is sampled: the share of the most likely next tokens that are among
 * the `window` tokens before (`rep`), and of those among them that are wrong (`wrongRep`), in [0, 1]. rep/l and wrep/l
 * of Welleck et al. (2019), equations 8 and 9; they take l of 16, 32, 128 and 512.
 *
 * @param predicted For each text, the most likely token at each place given the tokens before it; the first place counts too.
 * @param targets For each text, the tokens that stand there.
 * @throws {EvaluationError} When lengths differ, there are no tokens, or `window` is not a positive whole number.
 */
export function tokenRepetitionRows(
  predicted: readonly Numbers[],
  targets: readonly Numbers[],
  options: { window?: number } = {},
): Decomposed {
  const { window = 128 } = options;
  checkWhole("window", window);
  checkLengths(targets.length, predicted.length, ["texts' predictions", "texts"]);
  const rows = new Float64Array(targets.length * 3); // repeated, repeated and wrong, tokens
  targets.forEach((tokens, row) => {
    const { length } = predicted[row];
    if (length !== tokens.length) {
      refuse(`the number of predictions of row ${row}`, length, `${tokens.length}`);
    }
    const last = new Map<number, number>(); // where a token stood last
    for (let t = 0; t < tokens.length; t++) {
      const before = last.get(predicted[row][t]);
      if (before !== undefined && before >= t - window) {
        rows[row * 3]++;
        if (predicted[row][t] !== tokens[t]) rows[row * 3 + 1]++;
      }
      last.set(tokens[t], t);
    }
    rows[row * 3 + 2] = tokens.length;
  });
  if (!rows.some((value, k) => k % 3 === 2 && value > 0)) {
    fail("Cannot compute repetition: there are no tokens");
  }
  const evaluate: Decomposed["evaluate"] = (sums, _n, out) => {
    out[0] = ratio(sums[0], sums[2]), out[1] = ratio(sums[1], sums[2]);
  };
  return { names: ["rep", "wrongRep"], n: targets.length, width: 3, rows, evaluate };
}

/**
 * N-grams that a text has and its source has not: for n = 1 to `order` the metric `novelN` is the mean over texts of
 * the share of their distinct n-grams, in [0, 1]: 0 for text that is copied. Texts of fewer than n words do not count
 * for that n. Source: See et al., "Get To The Point" (2017), figure 6; Narayan et al. (2018), table 1.
 *
 * @throws {EvaluationError} When lengths differ, there are no texts, or an option is out of range.
 */
export function novelNgramRows(
  texts: readonly string[],
  sources: readonly string[],
  options: NgramOptions = {},
): Decomposed {
  checkLengths(sources.length, texts.length, ["texts", "sources"]);
  const { order, tokenize, levels } = readTexts(texts, options);
  const shares = texts.map((text, row) => {
    // Numbers of this row alone: nothing is kept of long sources.
    const numbers = new NgramNumbers();
    const source = numbers.of(tokenize(sources[row]), order).map((grams) => new Set(grams));
    const own = levels[row][0].length === 0 ? [] : numbers.of(tokenize(text), order);
    return source.map((grams, n) => {
      const distinct = new Set(own[n]);
      return distinct.size === 0 ? undefined : distinct.difference(grams).size / distinct.size;
    });
  });
  return meansOfSome(Array.from({ length: order }, (_, n) => `novel${n + 1}`), shares);
}

/** Checked options, and [text][order - 1]: the numbers of its n-grams. */
export function readTexts(
  texts: readonly string[],
  options: NgramOptions,
): { order: number; tokenize: Tokenize; levels: Int32Array[][] } {
  const { order = 4, tokenize = words } = options;
  checkWhole("order", order, 1, 16);
  if (texts.length === 0) fail("Cannot count n-grams: there are no texts");
  const numbers = new NgramNumbers();
  return { order, tokenize, levels: texts.map((text) => numbers.of(tokenize(text), order)) };
}

/** Means over the rows that have a value; 0 where none has. Statistics of a row: the values, then 1 for each that is there. */
export function meansOfSome(names: readonly string[], values: readonly (number | undefined)[][]): Decomposed {
  const width = 2 * names.length;
  const rows = new Float64Array(values.length * width);
  values.forEach((row, i) =>
    row.forEach((value, k) => {
      if (value === undefined) return;
      rows[i * width + k] = value;
      rows[i * width + names.length + k] = 1;
    })
  );
  const evaluate: Decomposed["evaluate"] = (sums, _n, out) => {
    for (let k = 0; k < names.length; k++) out[k] = ratio(sums[k], sums[names.length + k]);
  };
  return { names, n: values.length, width, rows, evaluate };
}
