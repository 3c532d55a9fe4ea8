/**
 * Translation edit rate, equal to sacrebleu's.
 *
 * @module
 */
import { type Decomposed, oneMetric, sumRows } from "../../statistics/decomposed.ts";
import { referenceLists, type References } from "./references.ts";
import { DEFAULT_VERSION, fixed, referenceCount, signature } from "./sacrebleu.ts";
import { createEditCounter } from "./ter_edits.ts";
import { type TerTokenizerOptions, tokenizeForTer } from "./ter_tokenizer.ts";

export type { TerTokenizerOptions } from "./ter_tokenizer.ts";

/** How TER is computed; the defaults are sacrebleu's. */
export interface TerOptions extends TerTokenizerOptions {
  /** What the signature says after `version:`; default "weir". */
  readonly version?: string;
}

/** A TER score with all that it is made of. */
export interface TerScore {
  /** Always "TER". */
  readonly name: "TER";
  /** Edits for 100 words of reference, at least 0; may be above 100. */
  readonly score: number;
  /** Edits of all rows, of each row those to its nearest reference. */
  readonly edits: number;
  /** Words of reference of all rows, of each row the mean over its references. */
  readonly referenceLength: number;
  /** What must be equal for scores to be comparable, as sacrebleu writes it. */
  readonly signature: string;
  /** The score in one line, as sacrebleu writes it, without the signature. */
  readonly text: string;
}

/**
 * Corpus translation edit rate (Snover et al. 2006), equal to sacrebleu 2.6.0's version of Tercom: words inserted, deleted,
 * substituted and stretches of words shifted, in percent of the words of reference. Lower is better; 0 means equal. Shifts are
 * searched as Tercom does: greedily, at most 10 words over at most 50 places, 1,000 tries a pair of texts, the edit distance
 * within 25 words of the diagonal.
 *
 * @param references One or more texts a row; null for one that is missing.
 * @throws {EvaluationError} When there are no rows, lengths differ, or a row has no reference.
 * @example
 * ```ts
 * import { evaluateAll } from "../../statistics/decomposed.ts";
 * import { sentenceTer, ter, terRows } from "./ter.ts";
 * import assert from "node:assert/strict";
 * const result = ter(["on the mat sat the cat"], ["the cat sat on the mat"]); // two shifts
 * assert.equal(result.edits, 2);
 * assert.equal(result.text, "TER = 33.33");
 * assert.equal(result.signature, "nrefs:1|case:lc|tok:tercom|norm:no|punct:yes|asian:no|version:weir");
 * assert.equal(sentenceTer("the cat sat", ["the cat sat down", "a cat sat"]).edits, 1);
 * const predictions = ["the cat sat", "a dog"], references = ["the cat sits", "the dog"];
 * assert.equal(evaluateAll(terRows(predictions, references)).ter, ter(predictions, references).score);
 * ```
 */
export function ter(
  predictions: readonly string[],
  references: References,
  options: TerOptions = {},
): TerScore {
  const lists = referenceLists(predictions, references);
  const [edits, referenceLength] = sumRows(scoreRows(predictions, lists, options));
  const { normalized = false, noPunct = false, asianSupport = false, caseSensitive = false } = options;
  const score = rate(edits, referenceLength);
  return {
    name: "TER",
    score,
    edits,
    referenceLength,
    signature: signature({
      nrefs: referenceCount(lists),
      case: caseSensitive ? "mixed" : "lc",
      tok: "tercom",
      norm: normalized,
      punct: !noPunct,
      asian: asianSupport,
      version: options.version ?? DEFAULT_VERSION,
    }),
    text: `TER = ${fixed(score, 2)}`,
  };
}

/** TER of one text; see {@link ter}. */
export function sentenceTer(
  prediction: string,
  reference: string | readonly (string | null | undefined)[],
  options: TerOptions = {},
): TerScore {
  return ter([prediction], [reference], options);
}

/**
 * Corpus TER as a function of sums over rows: edits, words of reference. One metric, "ter"; lower is better.
 *
 * @throws {EvaluationError} As {@link ter}.
 */
export function terRows(
  predictions: readonly string[],
  references: References,
  options: TerOptions = {},
): Decomposed {
  return scoreRows(predictions, referenceLists(predictions, references), options);
}

function scoreRows(
  predictions: readonly string[],
  lists: readonly string[][],
  options: TerOptions,
): Decomposed {
  const rows = new Float64Array(predictions.length * 2);
  const countEdits = createEditCounter();
  predictions.forEach((prediction, row) => {
    const hypothesis = tokenizeForTer(prediction, options);
    let edits = Infinity, length = 0;
    for (const text of lists[row]) {
      // sacrebleu tokenizes references twice, which counts where the first time leaves a space for the second.
      const reference = tokenizeForTer(tokenizeForTer(text, options).join(" "), options);
      edits = Math.min(edits, countEdits(hypothesis, reference));
      length += reference.length;
    }
    rows[2 * row] = edits;
    rows[2 * row + 1] = length / lists[row].length;
  });
  return oneMetric("ter", rows, 2, (sums) => rate(sums[0], sums[1]));
}

function rate(edits: number, length: number): number {
  if (length > 0) return 100 * (edits / length);
  return edits > 0 ? 100 : 0;
}
