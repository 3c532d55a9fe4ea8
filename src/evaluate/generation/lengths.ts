/**
 * Lengths of generated texts, beside their references and after compression.
 *
 * @module
 */
import { quantileOfSorted } from "../../statistics/bootstrap.ts";
import { type Decomposed, oneMetric } from "../../statistics/decomposed.ts";
import { type Tokenize, words } from "./words.ts";
import { referenceLists, References } from "./references.ts";
import { fail } from "../../statistics/checks.ts";

/** Lengths of texts in one unit. */
export interface LengthSummary {
  /** Arithmetic mean. */
  readonly mean: number;
  /** Of the population: divided by n. */
  readonly standardDeviation: number;
  /** Of the shortest. */
  readonly min: number;
  /** Half are shorter. */
  readonly median: number;
  /** One in twenty is longer. */
  readonly p95: number;
  /** Of the longest. */
  readonly max: number;
}

/**
 * Lengths in words and in characters (code points).
 *
 * @throws {EvaluationError} When there are no texts.
 * @example
 * ```ts
 * import { evaluateAll } from "../../statistics/decomposed.ts";
 * import { lengthRatioRows, lengthStatistics } from "./lengths.ts";
 * import assert from "node:assert/strict";
 * const { words, characters } = lengthStatistics(["a cat sat", "a cat sat down"]);
 * assert.deepEqual([words.mean, characters.max], [3.5, 14]);
 * assert.deepEqual(evaluateAll(lengthRatioRows(["a cat"], ["a cat sat down"])), { lengthRatio: 0.5 });
 * ```
 */
export function lengthStatistics(
  texts: readonly string[],
  options: { tokenize?: Tokenize } = {},
): { words: LengthSummary; characters: LengthSummary } {
  const { tokenize = words } = options;
  if (texts.length === 0) fail("Cannot measure lengths: there are no texts");
  return {
    words: summarize(texts.map((text) => tokenize(text).length)),
    characters: summarize(texts.map((text) => [...text].length)),
  };
}

/**
 * Words of all predictions divided by words of their references (`lengthRatio`), at least 0; of several references the one
 * closest in length counts, the shorter of two, as in BLEU. Infinite where no reference has a word and a prediction has.
 *
 * @throws {EvaluationError} When lengths differ, there are no rows, or a row has no reference.
 */
export function lengthRatioRows(
  predictions: readonly string[],
  references: References,
  options: { tokenize?: Tokenize } = {},
): Decomposed {
  const { tokenize = words } = options;
  const lists = referenceLists(predictions, references);
  const rows = new Float64Array(predictions.length * 2);
  predictions.forEach((prediction, row) => {
    const own = tokenize(prediction).length;
    const lengths = lists[row].map((text) => tokenize(text).length);
    lengths.sort((p, q) => Math.abs(p - own) - Math.abs(q - own) || p - q);
    rows.set([own, lengths[0]], row * 2);
  });
  return oneMetric("lengthRatio", rows, 2, (sums) => sums[0] === sums[1] ? 1 : sums[0] / sums[1]);
}

/**
 * Bytes of the texts, one a line, divided by their bytes after gzip: higher means more redundant, about 2 to 3 for
 * varied prose. A compressor's version may change the last digits. Source: Shaib et al., "Standardizing the Measurement
 * of Text Diversity" (2024).
 *
 * @throws {EvaluationError} When there are no texts.
 */
export async function compressionRatio(texts: readonly string[]): Promise<number> {
  if (texts.length === 0) fail("Cannot compress: there are no texts");
  const bytes = new TextEncoder().encode(texts.join("\n"));
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  let compressed = 0;
  for await (const chunk of stream) compressed += chunk.length;
  return bytes.length / compressed;
}

function summarize(lengths: number[]): LengthSummary {
  const sorted = Float64Array.from(lengths).sort();
  const mean = sorted.reduce((sum, length) => sum + length, 0) / sorted.length;
  const square = sorted.reduce((sum, length) => sum + (length - mean) ** 2, 0) / sorted.length;
  return {
    mean,
    standardDeviation: Math.sqrt(square),
    min: sorted[0],
    median: quantileOfSorted(sorted, 0.5),
    p95: quantileOfSorted(sorted, 0.95),
    max: sorted[sorted.length - 1],
  };
}
