/**
 * ROUGE, equal to Google's rouge-score.
 *
 * @module
 */
import { show } from "../../base/text.ts";
import { type Decomposed, evaluateAll, means } from "../../statistics/decomposed.ts";
import { Lcs, type Span, SummaryLcs } from "./lcs.ts";
import { NgramOverlap } from "./rouge_ngrams.ts";
import { createTokens, type RougeTokenizer, TokenReader, type Tokens } from "./rouge_tokens.ts";
import { checkOneOf, fail } from "../../statistics/checks.ts";
import { referenceLists, References } from "./references.ts";

export type { RougeTokenizer } from "./rouge_tokens.ts";

/**
 * `rouge1`, `rouge2` and so on: n-grams in common. `rougeL`: longest common subsequence of the whole texts. `rougeLsum`: of
 * their lines, a line of the reference being matched with the union of its subsequences with all lines of the prediction.
 */
export type RougeType = `rouge${number}` | "rougeL" | "rougeLsum";

/** One ROUGE, from 0 to 1. */
export interface RougeScore {
  /** Share of the prediction's n-grams or tokens that are in the reference. */
  readonly precision: number;
  /** Share of the reference's n-grams or tokens that are in the prediction. */
  readonly recall: number;
  /** Harmonic mean of precision and recall. */
  readonly f1: number;
}

/** What to compute. */
export interface RougeOptions {
  /** Default: rouge1, rouge2, rougeL and rougeLsum. */
  readonly types?: readonly RougeType[];
  /** Compares the stems of English words of more than three characters (`porterStem`). Default: false. */
  readonly stemmer?: boolean;
  /** How texts are split. Default: `"default"`, which leaves out all but a-z and 0-9: use `"unicode"` for other scripts. */
  readonly tokenizer?: RougeTokenizer;
  /**
   * What counts of a row with many references. `"best"` (default): for each type the one with the highest F1, the first among
   * equals, as rouge-score's `score_multi`; `"average"`: the mean over them.
   */
  readonly manyReferences?: "best" | "average";
}

/**
 * ROUGE of predictions against references: precision, recall and F1 of each type, the mean over rows. `rougeRows` has each
 * row's values.
 *
 * Equal to rouge-score 0.1.2 (whose values most papers report) with its defaults: no weighting towards recall, and
 * rougeLsum splits at newlines, so put each sentence on a line of its own. Unlike there, n may be above 9, and
 * `stemmer` holds for other tokenizers too. Time is linear in the texts' lengths but for rougeL and rougeLsum: the
 * product of the lengths over 31. Source: C.-Y. Lin, "ROUGE: a package for automatic evaluation of summaries", 2004.
 *
 * @param predictions One text a row.
 * @param references One text a row, or a list of one or more.
 * @throws {EvaluationError} When there are no rows, the lengths differ, something is no text, a row has no reference, or a type
 * is unknown or named twice.
 * @example
 * ```ts
 * import { rouge, rougeRows } from "./rouge.ts";
 * import assert from "node:assert/strict";
 * const scores = rouge(["The cat sat on the mat."], ["the cat is on the mat"]);
 * assert.equal(scores.rouge2.precision, 0.6);
 * assert.equal(scores.rougeL.f1, 5 / 6);
 * const { names, rows } = rougeRows(["a b", "c"], ["a b", "d"], { types: ["rougeL"] });
 * assert.deepEqual(names, ["rougeL.precision", "rougeL.recall", "rougeL.f1"]);
 * assert.deepEqual([...rows], [1, 1, 1, 0, 0, 0]);
 * ```
 */
export function rouge(
  predictions: readonly string[],
  references: References,
  options: RougeOptions = {},
): Record<string, RougeScore> {
  const { types = DEFAULT_TYPES } = options;
  const values = evaluateAll(rougeRows(predictions, references, options));
  return Object.fromEntries(types.map((type) => {
    const [precision, recall, f1] = PARTS.map((part) => values[`${type}.${part}`]);
    return [type, { precision, recall, f1 }];
  }));
}

/**
 * The same, row by row: `rouge1.precision`, `rouge1.recall`, `rouge1.f1` and so on for each type, whose means over rows are
 * what `rouge` returns. Row i's values are `rows[i * width]` and those after it, in the order of `names`.
 *
 * @throws {EvaluationError} As `rouge`.
 */
export function rougeRows(
  predictions: readonly string[],
  references: References,
  options: RougeOptions = {},
): Decomposed {
  const { types = DEFAULT_TYPES, stemmer = false, tokenizer = "default", manyReferences = "best" } = options;
  const kinds = types.map(parseType);
  checkOptions({ types, tokenizer, manyReferences });
  const lists = referenceLists(predictions, references);

  const reader = new TokenReader({ tokenizer, stemmer });
  const score = createScorer(reader, kinds);
  const width = 3 * kinds.length, one = new Float64Array(width);
  const values = new Float64Array(predictions.length * width);
  for (let row = 0; row < predictions.length; row++) {
    const texts = lists[row];
    const out = values.subarray(row * width, (row + 1) * width);
    score.setPrediction(predictions[row]);
    if (texts.length === 1) {
      score.compare(texts[0], out);
      continue;
    }
    for (let t = 0; t < texts.length; t++) {
      score.compare(texts[t], one);
      if (manyReferences === "average") {
        for (let k = 0; k < width; k++) out[k] += one[k] / texts.length;
      } else {
        for (let k = 0; k < width; k += 3) {
          if (t === 0 || one[k + 2] > out[k + 2]) out.set(one.subarray(k, k + 3), k);
        }
      }
    }
  }
  return means(types.flatMap((type) => PARTS.map((part) => `${type}.${part}`)), values);
}

const DEFAULT_TYPES: readonly RougeType[] = ["rouge1", "rouge2", "rougeL", "rougeLsum"];
const PARTS = ["precision", "recall", "f1"] as const;

/** N of n-grams, or the kind of subsequence. */
type Kind = number | "L" | "Lsum";

function parseType(type: RougeType): Kind {
  const [, kind] = /^rouge(L|Lsum|[1-9][0-9]{0,8})$/.exec(String(type)) ?? [];
  if (kind === "L" || kind === "Lsum") return kind;
  if (kind !== undefined) return Number(kind);
  fail(`Cannot compute ${show(type)}: wanted rouge1, rouge2, … (any n), rougeL or rougeLsum`);
}

interface Scorer {
  /** The text that `compare` compares with. */
  setPrediction(text: string): void;
  /** Writes precision, recall and F1 of each kind. */
  compare(reference: string, out: Float64Array): void;
}

function createScorer(reader: TokenReader, kinds: readonly Kind[]): Scorer {
  const sizes = kinds.filter((kind) => typeof kind === "number");
  const ngrams = sizes.length === 0 ? undefined : new NgramOverlap(sizes);
  const shared = new Map<number, number>();
  const lcs = new Lcs(), summaries = new SummaryLcs(lcs);
  const predicted = createTokens(), wanted = createTokens();
  const linesApart = reader.linesApart && kinds.includes("Lsum");
  const predictedLines = linesApart ? createTokens() : predicted;
  const wantedLines = linesApart ? createTokens() : wanted;

  const matches = (kind: Kind): number => {
    if (kind === "Lsum") return summaries.matches(wantedLines, predictedLines, reader.size);
    return kind === "L" ? lcs.lengthOf(whole(wanted), whole(predicted)) : shared.get(kind)!;
  };
  return {
    setPrediction(text) {
      reader.read(text, predicted);
      if (linesApart) reader.readLines(text, predictedLines);
      ngrams?.setBase(predicted, reader.size);
    },
    compare(reference, out) {
      reader.read(reference, wanted);
      if (linesApart) reader.readLines(reference, wantedLines);
      lcs.reserve(reader.size);
      ngrams?.countShared(wanted, reader.size, shared);
      for (let k = 0; k < kinds.length; k++) {
        const kind = kinds[k], hits = matches(kind);
        const before = typeof kind === "number" ? kind - 1 : 0;
        const [p, r] = kind === "Lsum" ? [predictedLines, wantedLines] : [predicted, wanted];
        // In rouge-score's order of operations: with many references, rounding decides which of nearly equal ones is best.
        const precision = hits / Math.max(1, p.length - before);
        const recall = hits / Math.max(1, r.length - before);
        out[3 * k] = precision;
        out[3 * k + 1] = recall;
        out[3 * k + 2] = hits === 0 ? 0 : (2 * precision * recall) / (precision + recall);
      }
    },
  };
}

function whole({ ids, length }: Tokens): Span {
  return { ids, start: 0, end: length };
}

function checkOptions(options: Required<Omit<RougeOptions, "stemmer">>): void {
  const { types, tokenizer, manyReferences } = options;
  if (types.length === 0) fail("Cannot compute ROUGE: no types are named");
  const twice = types.find((type, k) => types.indexOf(type) !== k);
  if (twice !== undefined) fail(`Cannot compute ROUGE: ${twice} is named twice`);
  if (typeof tokenizer !== "function") checkOneOf("tokenizer", tokenizer, ["default", "unicode"]);
  checkOneOf("manyReferences", manyReferences, ["best", "average"]);
}
