/**
 * Self-BLEU: how alike generated texts are.
 *
 * @module
 */
import { type Decomposed, evaluateAll, means } from "../../statistics/decomposed.ts";
import { type NgramOptions, readTexts } from "./diversity.ts";
import { fail } from "../../statistics/checks.ts";

/**
 * Self-BLEU, in [0, 1]: the mean BLEU of each text against all others; 1 where all are alike, near 0 where they share little.
 *
 * Source: Zhu et al., "Texygen" (2018). A text's BLEU is nltk's `sentence_bleu` with equal weights and its smoothing method 1
 * (an n-gram precision of 0 counts as 0.1 matches), as in Texygen. Linear in the words of all texts: for each n-gram the two
 * texts that have it most are known, so that each text can be left out.
 *
 * @throws {EvaluationError} When there are fewer than two texts or an option is out of range.
 * @example
 * ```ts
 * import { selfBleu } from "./self_bleu.ts";
 * import assert from "node:assert/strict";
 * assert.equal(selfBleu(["the cat sat down", "the cat sat down"]), 1);
 * assert.ok(selfBleu(["the cat sat down", "a dog ran off"]) < 0.2);
 * ```
 */
export function selfBleu(texts: readonly string[], options: NgramOptions = {}): number {
  return evaluateAll(selfBleuRows(texts, options)).selfBleu;
}

/** The rows of {@linkcode selfBleu}; a resample of them keeps the texts that each was compared with. */
export function selfBleuRows(texts: readonly string[], options: NgramOptions = {}): Decomposed {
  const { order, levels } = readTexts(texts, options);
  if (levels.length < 2) fail("Cannot compute self-BLEU of one text: it needs two or more");
  const others = Array.from({ length: order }, (_, n) => highestCounts(levels.map((text) => text[n])));
  const lengths = new OtherLengths(levels.map((text) => text[0].length));
  const scores = levels.map((text, i) => {
    const length = text[0].length;
    let logs = 0;
    for (let n = 0; n < order; n++) {
      const { most, holder, second } = others[n];
      let matches = 0;
      for (const [gram, count] of countsOf(text[n])) {
        matches += Math.min(count, holder[gram] === i ? second[gram] : most[gram]);
      }
      if (n === 0 && matches === 0) return 0;
      logs += Math.log((matches || 0.1) / Math.max(text[n].length, 1));
    }
    const closest = lengths.closest(length);
    const brevity = length > closest ? 1 : Math.exp(1 - closest / length);
    return brevity * Math.exp(logs / order);
  });
  return means(["selfBleu"], scores);
}

function countsOf(grams: Int32Array): Map<number, number> {
  const counts = new Map<number, number>();
  for (const gram of grams) counts.set(gram, (counts.get(gram) ?? 0) + 1);
  return counts;
}

/** For each n-gram, how often the text has it that has it most, which text that is, and the most of any other text. */
function highestCounts(
  texts: readonly Int32Array[],
): { most: Int32Array; holder: Int32Array; second: Int32Array } {
  const size = texts.reduce((most, grams) => grams.reduce((m, gram) => Math.max(m, gram + 1), most), 0);
  const most = new Int32Array(size), holder = new Int32Array(size).fill(-1), second = new Int32Array(size);
  texts.forEach((grams, i) => {
    for (const [gram, count] of countsOf(grams)) {
      if (count > most[gram]) {
        second[gram] = most[gram];
        most[gram] = count;
        holder[gram] = i;
      } else if (count > second[gram]) second[gram] = count;
    }
  });
  return { most, holder, second };
}

/** Finds the length closest to a text's own among the other texts. */
class OtherLengths {
  readonly #counts = new Map<number, number>();
  readonly #sorted: number[];
  readonly #known = new Map<number, number>();

  constructor(lengths: readonly number[]) {
    for (const length of lengths) this.#counts.set(length, (this.#counts.get(length) ?? 0) + 1);
    this.#sorted = [...this.#counts.keys()].sort((p, q) => p - q);
  }

  /** The shorter of two that are as close. */
  closest(length: number): number {
    if (this.#counts.get(length)! > 1) return length;
    let found = this.#known.get(length);
    if (found === undefined) {
      found = this.#sorted.filter((other) => other !== length)
        .reduce((best, other) => Math.abs(other - length) < Math.abs(best - length) ? other : best, Infinity);
      this.#known.set(length, found);
    }
    return found;
  }
}
