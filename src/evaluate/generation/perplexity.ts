/**
 * Perplexity and bits per byte of a language model, from the log-likelihoods of tokens.
 *
 * @module
 */
import { type Decomposed, evaluateAll } from "../../statistics/decomposed.ts";
import { checkWhole, fail, Numbers, refuse } from "../../statistics/checks.ts";

/** A stretch of a text that the model reads at once. */
export interface Window {
  /** The first token read. */
  readonly begin: number;
  /** Behind the last token read. */
  readonly end: number;
  /** The first token whose likelihood counts here; those before are context. At `end`, none counts. */
  readonly scoredFrom: number;
}

/**
 * The windows that a text longer than the model's context is read in, each `stride` tokens further than the one before.
 *
 * Every token is scored once, in the first window that it is in; only the first token of a text never is, for
 * nothing comes before it. A smaller stride gives each token more context and costs more runs. At a stride of
 * `maxLength` no window overlaps another and the first token of each goes without a score. Source: Hugging Face,
 * "Perplexity of fixed-length models"; unlike its code, {@linkcode perplexity} divides the sum over all scored
 * tokens by their number.
 *
 * @throws {EvaluationError} When `maxLength` is below 2, or the stride below 1 or above `maxLength`.
 * @example
 * ```ts
 * import { slidingWindows } from "./perplexity.ts";
 * import assert from "node:assert/strict";
 * assert.deepEqual(slidingWindows(7, { maxLength: 4, stride: 2 }), [
 *   { begin: 0, end: 4, scoredFrom: 1 },
 *   { begin: 2, end: 6, scoredFrom: 4 },
 *   { begin: 4, end: 7, scoredFrom: 6 },
 * ]);
 * ```
 */
export function slidingWindows(length: number, options: { maxLength: number; stride?: number }): Window[] {
  const { maxLength, stride = maxLength } = options;
  checkWhole("The length of a text", length, 0);
  checkWhole("maxLength", maxLength, 2);
  checkWhole("stride", stride, 1, maxLength);
  const windows: Window[] = [];
  for (let begin = 0, scored = 0; scored < length; begin += stride) {
    const end = Math.min(begin + maxLength, length);
    windows.push({ begin, end, scoredFrom: Math.max(scored, begin + 1) });
    scored = end;
  }
  return windows;
}

/** What a model made of a text. */
export interface ScoredText {
  /** Natural logarithms of the probabilities of the tokens that were scored. */
  readonly logLikelihoods: Numbers;
  /** UTF-8 bytes of the text, see {@linkcode utf8Length}; without it there are no bits per byte. */
  readonly bytes?: number;
}

/** What {@linkcode perplexity} returns. */
export interface Perplexity {
  /** e to the power of `nll`: at least 1, lower is better. It depends on the tokenizer. */
  readonly perplexity: number;
  /** Mean negative log-likelihood of a token, in nats. */
  readonly nll: number;
  /** The same in bits. */
  readonly bitsPerToken: number;
  /** Bits for all tokens divided by all bytes: can be compared between tokenizers. Absent where a text has no `bytes`. */
  readonly bitsPerByte?: number;
}

/**
 * Perplexity and bits per byte over all tokens of all texts: a long text counts for more than a short one.
 *
 * @throws {EvaluationError} When there are no texts or no scored tokens, a log-likelihood is above 0, NaN or infinite, or some
 * texts have `bytes` and others have not.
 * @example
 * ```ts
 * import { perplexity, tokenLogLikelihoods, utf8Length } from "./perplexity.ts";
 * import assert from "node:assert/strict";
 * // three tokens behind the first, each with probability 1/4
 * const text = { logLikelihoods: [1, 1, 1].map(() => Math.log(1 / 4)), bytes: utf8Length("a b c d") };
 * const { perplexity: value, bitsPerByte } = perplexity([text]);
 * assert.ok(Math.abs(value - 4) < 1e-12);
 * assert.ok(Math.abs(bitsPerByte! - 3 * 2 / 7) < 1e-12);
 * const [first, second] = tokenLogLikelihoods([0, 0, 1000, 1000], [1, 0]);
 * assert.deepEqual([first, second], [-Math.LN2, -Math.LN2]);
 * ```
 */
export function perplexity(texts: readonly ScoredText[]): Perplexity {
  return evaluateAll(perplexityRows(texts)) as unknown as Perplexity;
}

/** The rows of {@linkcode perplexity}: sums of negative log-likelihoods, tokens, bytes. */
export function perplexityRows(texts: readonly ScoredText[]): Decomposed {
  const withBytes = texts.some((text) => text.bytes !== undefined);
  const rows = new Float64Array(texts.length * 3);
  let scored = 0;
  texts.forEach(({ logLikelihoods, bytes }, row) => {
    rows[row * 3] = negativeSum(logLikelihoods, row);
    rows[row * 3 + 1] = logLikelihoods.length;
    scored += logLikelihoods.length;
    if (!withBytes) return;
    if (!(Number.isSafeInteger(bytes) && bytes! >= (logLikelihoods.length > 0 ? 1 : 0))) {
      refuse(`the number of bytes of row ${row}`, bytes, "a whole number, above 0 where tokens were scored");
    }
    rows[row * 3 + 2] = bytes!;
  });
  if (scored === 0) fail("Cannot compute perplexity: there are no scored tokens");
  const evaluate: Decomposed["evaluate"] = ([total, tokens, bytes], _n, out) => {
    out[1] = total / tokens;
    out[0] = Math.exp(out[1]), out[2] = out[1] / Math.LN2;
    if (withBytes) out[3] = total / Math.LN2 / bytes;
  };
  const names = ["perplexity", "nll", "bitsPerToken", ...(withBytes ? ["bitsPerByte"] : [])];
  return { names, n: texts.length, width: 3, rows, evaluate };
}

/** f32 sums of probabilities come out above 1 by rounding; what is above this is no logarithm of a probability. */
const ROUNDING = 1e-3;

function negativeSum(logLikelihoods: Numbers, row: number): number {
  let sum = 0;
  for (let t = 0; t < logLikelihoods.length; t++) {
    const value = logLikelihoods[t];
    if (!(Number.isFinite(value) && value <= ROUNDING)) {
      refuse(`log-likelihood ${t} of row ${row}`, value, "a finite number up to 0");
    }
    sum -= value;
  }
  return sum;
}

/**
 * Log-likelihoods of tokens: the log-softmax of each row of logits, at its target. Computed in double precision, and safe for
 * logits of any size.
 *
 * @param logits Row-major `[targets.length, vocabulary]`; row t is what the model says of the token that is `targets[t]`, so it
 * comes from the place before that token.
 * @throws {EvaluationError} When the shapes do not fit, a target is outside the vocabulary, or a logit is NaN or infinite
 * (-Infinity is fine: that token cannot come).
 */
export function tokenLogLikelihoods(logits: Numbers, targets: Numbers): Float64Array<ArrayBuffer> {
  const count = targets.length, size = count === 0 ? 0 : logits.length / count;
  if (!Number.isInteger(size) || (size === 0) !== (logits.length + count === 0)) {
    fail(`Cannot split ${logits.length} logits into ${count} rows`);
  }
  const out = new Float64Array(count);
  for (let t = 0; t < count; t++) {
    const target = targets[t], start = t * size;
    if (!(Number.isInteger(target) && target >= 0 && target < size)) {
      refuse(`target ${t}`, target, `a token from 0 to ${size - 1}`);
    }
    let highest = -Infinity;
    for (let v = 0; v < size; v++) {
      const logit = logits[start + v];
      if (!(logit < Infinity)) refuse(`logit ${v} of row ${t}`, logit, "a finite number");
      if (logit > highest) highest = logit;
    }
    if (highest === -Infinity) fail(`Row ${t} has no finite logit`);
    let total = 0;
    for (let v = 0; v < size; v++) total += Math.exp(logits[start + v] - highest);
    out[t] = logits[start + target] - highest - Math.log(total);
  }
  return out;
}

/** Bytes of a text in UTF-8; a lone surrogate counts as U+FFFD, three bytes. */
export function utf8Length(text: string): number {
  let bytes = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.codePointAt(i)!;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (code >= 0x10000) i++;
  }
  return bytes;
}
