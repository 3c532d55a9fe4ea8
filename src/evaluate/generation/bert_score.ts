/**
 * BERTScore: how well the tokens of two texts match by the cosine of their contextual embeddings. What computes the embeddings
 * (src/lifecycle/encoder.ts, or anything else) hands them in.
 *
 * Source: Zhang et al., "BERTScore: Evaluating Text Generation with BERT" (2020); equal to the package bert-score 0.3.13 to
 * 1e-4, but for two things that hang on which texts stand beside each other there: in a batch it takes padding for a token of
 * similarity 0, so that a best similarity below 0 counts as 0, and where all weights of a text are 0 its precision or recall is
 * NaN and here 0.
 *
 * @module
 */
import { type Decomposed, evaluateAll, means } from "../../statistics/decomposed.ts";
import { createDotBlocks, type DotBlocks } from "./dot_blocks.ts";
import { checkLengths, checkNumber, fail, Numbers, refuse } from "../../statistics/checks.ts";

/** A text as an encoder sees it, special tokens included. */
export interface EncodedText {
  /** Token ids. */
  readonly ids: Numbers;
  /** What a layer says of the tokens, row-major `[ids.length, hidden size]`. */
  readonly embeddings: Float32Array;
}

/** What tokens count for: rare ones more than frequent ones. */
export interface IdfWeights {
  /** Weights by token id. */
  readonly weights: ReadonlyMap<number, number>;
  /** The weight of a token that is in no reference. */
  readonly unseen: number;
}

/** BERTScore of texts that have nothing in common, for one encoder and layer: scores are spread so that it becomes 0. */
export interface BertScoreBaseline {
  /** Subtracted from precision. */
  readonly precision: number;
  /** Subtracted from recall. */
  readonly recall: number;
  /** Subtracted from F1. */
  readonly f1: number;
}

/** How BERTScore is computed. */
export interface BertScoreOptions {
  /** Ids of the tokens put around every text ([CLS] and [SEP]); a text of these alone is empty and scores 0. */
  readonly specialIds: readonly number[];
  /** Weights of tokens, see {@linkcode idfWeights}; default: all count alike but the special ones, which count 0. */
  readonly idf?: IdfWeights;
  /** Rescales every score x to (x - b) / (1 - b), see {@linkcode parseBaselines}. */
  readonly baseline?: BertScoreBaseline;
}

/** Means over rows; each in [-1, 1] as cosines are, in practice well above 0, and not bounded below if rescaled. */
export interface BertScore {
  /** How well each token of a candidate is matched by its reference. */
  readonly precision: number;
  /** How well each token of a reference is matched by its candidate. */
  readonly recall: number;
  /** The mean of the rows' harmonic means of the two. */
  readonly f1: number;
}

/**
 * BERTScore over all rows. Of several references the best counts, for each of the three scores by itself, as in the package.
 *
 * @throws {EvaluationError} When lengths differ, there are no rows, a row has no reference, embeddings do not fit their ids or
 * differ in size, or a number is NaN or infinite.
 * @example
 * ```ts
 * import { bertScore, idfWeights, type EncodedText } from "./bert_score.ts";
 * import assert from "node:assert/strict";
 * // [CLS] = 1, [SEP] = 2; embeddings of size 2
 * const text = (id: number, x: number, y: number): EncodedText => ({
 *   ids: [1, id, 2],
 *   embeddings: Float32Array.of(1, 1, x, y, 1, 1),
 * });
 * const { precision, f1 } = bertScore([text(7, 0, 2)], [text(8, 0, 5)], { specialIds: [1, 2] });
 * assert.deepEqual([precision, f1], [1, 1]); // the same direction
 * const { weights, unseen } = idfWeights([[1, 7, 7, 2], [1, 8, 2]]);
 * assert.deepEqual([weights.get(1), weights.get(7), unseen], [0, Math.log(3 / 2), Math.log(3)]);
 * ```
 */
export function bertScore(
  candidates: readonly EncodedText[],
  references: readonly (EncodedText | readonly EncodedText[])[],
  options: BertScoreOptions,
): BertScore {
  return evaluateAll(bertScoreRows(candidates, references, options)) as unknown as BertScore;
}

/** The rows of {@linkcode bertScore}: their means are the metrics `precision`, `recall` and `f1`. */
export function bertScoreRows(
  candidates: readonly EncodedText[],
  references: readonly (EncodedText | readonly EncodedText[])[],
  options: BertScoreOptions,
): Decomposed {
  checkLengths(references.length, candidates.length, ["candidates"]);
  const { baseline } = options;
  const base = baseline ? [baseline.precision, baseline.recall, baseline.f1] : [0, 0, 0];
  for (const value of base) checkNumber("A baseline of BERTScore", value, { below: 1 });
  let blocks: DotBlocks | undefined, size = 0;
  const rows = new Float64Array(candidates.length * 3);
  candidates.forEach((candidate, row) => {
    const entry = references[row];
    const list: readonly EncodedText[] = isList(entry) ? entry : [entry];
    if (list.length === 0) fail(`Cannot compute BERTScore: row ${row} has no reference`);
    const best = [-Infinity, -Infinity, -Infinity];
    for (const reference of list) {
      for (const text of [candidate, reference]) {
        const own = sizeOf(text, row);
        if (!blocks) blocks = createDotBlocks(size = own);
        if (own !== size) refuse(`the size of the embeddings of row ${row}`, own, String(size));
      }
      const scores = compare(candidate, reference, { blocks: blocks!, row, options });
      scores.forEach((score, k) => best[k] = Math.max(best[k], score));
    }
    best.forEach((score, k) => rows[row * 3 + k] = (score - base[k]) / (1 - base[k]));
  });
  return means(["precision", "recall", "f1"], rows);
}

/**
 * Weights of tokens by inverse document frequency over the references: ln((n + 1) / (c + 1)) for a token that is in c of n. A
 * reference counts as often as it comes. With them a token that is in every reference counts 0: so do [CLS] and [SEP].
 *
 * @param references Token ids of every reference of every row, special tokens included.
 * @throws {EvaluationError} When there are no references.
 */
export function idfWeights(references: readonly Numbers[]): IdfWeights {
  if (references.length === 0) fail("Cannot weigh tokens: there are no references");
  const counts = new Map<number, number>();
  for (const ids of references) {
    for (const id of new Set(Array.from(ids))) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  const total = references.length + 1;
  const weights = new Map([...counts].map(([id, count]) => [id, Math.log(total / (count + 1))]));
  return { weights, unseen: Math.log(total) };
}

/**
 * Baselines by layer from a file of the package's folder `rescale_baseline`: a header `LAYER,P,R,F`, then a line for each layer
 * from 0 on.
 *
 * @throws {EvaluationError} When a line is not what it should be: with its number.
 */
export function parseBaselines(file: string): BertScoreBaseline[] {
  const [header, ...lines] = file.trim().split(/\r?\n/);
  if (header.trim().toUpperCase() !== "LAYER,P,R,F") {
    refuse("line 1 of the baselines", header, `"LAYER,P,R,F"`);
  }
  if (lines.length > 10_000) fail(`Cannot read the baselines: ${lines.length} lines`);
  return lines.map((line, i) => {
    const fields = line.split(",");
    const [layer, precision, recall, f1] = fields.map((field) => field.trim() === "" ? NaN : Number(field));
    if (fields.length !== 4 || layer !== i || ![precision, recall, f1].every((b) => b > -1 && b < 1)) {
      refuse(`line ${i + 2} of the baselines`, line, `layer ${i} and three numbers below 1`);
    }
    return { precision, recall, f1 };
  });
}

function isList(entry: EncodedText | readonly EncodedText[]): entry is readonly EncodedText[] {
  return Array.isArray(entry);
}

/** Numbers of a token's embedding. */
function sizeOf({ ids, embeddings }: EncodedText, row: number): number {
  const size = embeddings.length / ids.length;
  if (Number.isInteger(size) && size > 0) return size;
  fail(
    `Cannot compute BERTScore: row ${row} has ${ids.length} tokens and ${embeddings.length} numbers of embeddings`,
  );
}

/** Precision, recall and F1. */
function compare(
  candidate: EncodedText,
  reference: EncodedText,
  at: { blocks: DotBlocks; row: number; options: BertScoreOptions },
): [number, number, number] {
  const { blocks, row, options } = at, special = options.specialIds.length;
  const { a, b } = blocks.reserve(candidate.ids.length, reference.ids.length);
  const scalesA = copyRows(candidate, a, { stride: blocks.stride, row });
  const scalesB = copyRows(reference, b, { stride: blocks.stride, row });
  const candidateWeights = weigh(candidate, options), referenceWeights = weigh(reference, options);
  if (candidate.ids.length <= special || reference.ids.length <= special) return [0, 0, 0];
  const bestOfCandidate = new Float64Array(candidate.ids.length).fill(-Infinity);
  const bestOfReference = new Float64Array(reference.ids.length).fill(-Infinity);
  blocks.forEach((i, j, product) => {
    const cosine = product * scalesA[i] * scalesB[j];
    if (cosine > bestOfCandidate[i]) bestOfCandidate[i] = cosine;
    if (cosine > bestOfReference[j]) bestOfReference[j] = cosine;
  });
  const precision = weighted(bestOfCandidate, candidateWeights);
  const recall = weighted(bestOfReference, referenceWeights);
  const sum = precision + recall;
  return [precision, recall, sum === 0 ? 0 : 2 * precision * recall / sum];
}

/** Writes the embeddings of a text's tokens, and returns by token what to multiply products with to make them cosines. */
function copyRows(
  { ids, embeddings }: EncodedText,
  out: Float32Array,
  { stride, row }: { stride: number; row: number },
): Float64Array {
  const size = embeddings.length / ids.length, scales = new Float64Array(ids.length);
  if (stride === size) out.set(embeddings);
  for (let t = 0; t < ids.length; t++) {
    const start = t * size, end = start + size;
    // In double precision, where no square overflows; in four sums, none of which waits for another.
    let s0 = 0, s1 = 0, s2 = 0, s3 = 0, k = start;
    for (; k + 3 < end; k += 4) {
      s0 += embeddings[k] * embeddings[k], s1 += embeddings[k + 1] * embeddings[k + 1];
      s2 += embeddings[k + 2] * embeddings[k + 2], s3 += embeddings[k + 3] * embeddings[k + 3];
    }
    for (; k < end; k++) s0 += embeddings[k] * embeddings[k];
    const length = Math.sqrt(s0 + s1 + s2 + s3);
    if (!Number.isFinite(length)) {
      refuse(`the length of token ${t} in row ${row}`, length, "a finite embedding");
    }
    const usual = length > 1e-15 && length < 1e15; // products of others may leave what single precision can hold
    if (usual && stride !== size) out.set(embeddings.subarray(start, end), t * stride);
    if (!usual) {
      const scale = length === 0 ? 0 : 1 / length;
      for (let k = 0; k < size; k++) out[t * stride + k] = embeddings[start + k] * scale;
    }
    scales[t] = usual ? 1 / length : 1;
  }
  return scales;
}

/** What each token counts; all together 1, or 0. */
function weigh({ ids }: EncodedText, { idf, specialIds }: BertScoreOptions): Float64Array {
  const weights = new Float64Array(ids.length);
  let total = 0;
  for (let t = 0; t < ids.length; t++) {
    weights[t] = idf ? idf.weights.get(ids[t]) ?? idf.unseen : specialIds.includes(ids[t]) ? 0 : 1;
    if (!(weights[t] >= 0 && weights[t] < Infinity)) {
      refuse(`the weight of token ${ids[t]}`, weights[t], "0 or more");
    }
    total += weights[t];
  }
  return total > 0 ? weights.map((weight) => weight / total) : weights;
}

function weighted(cosines: Float64Array, weights: Float64Array): number {
  let sum = 0;
  // Rounding to single precision may take the cosine of equal directions above 1.
  for (let t = 0; t < cosines.length; t++) sum += Math.min(1, cosines[t]) * weights[t];
  return sum;
}
