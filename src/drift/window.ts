import type { Baseline } from "./baseline.ts";
import { binOf, countBins } from "./bins.ts";
import { DriftError } from "./errors.ts";
import {
  mostLikely,
  NUMERIC_FEATURES,
  type NumericFeature,
  numericValues,
  type TextObservation,
  TOKENS_PER_TEXT,
} from "./observation.ts";

/** A baseline made ready for counting: everything that depends on the reference alone is computed once. */
export interface Reference {
  baseline: Baseline;
  /** Counts of the reference's sample, over the bins of the baseline. */
  numeric: { [name in NumericFeature]?: { bins: number[]; display: number[] } };
  /** Occurrences per token bin; the last bin is that of all other tokens. */
  tokens: number[];
  /** Bin of each token id. */
  tokenBins: Int32Array; // [vocabSize]
}

/** What one window (of one replica) has seen: plain JSON, and two of them add up exactly. */
export interface WindowCounts {
  /** Texts seen. */
  texts: number;
  /** When the first text came, in milliseconds. */
  startedAtMs: number;
  /** When the last text came, in milliseconds. */
  lastAtMs: number;
  /** Counts of the numbers per text, by feature. */
  numeric: { [name in NumericFeature]?: NumericCounts };
  /** Texts per predicted class. */
  classes: number[];
  /** Tokens per token bin. */
  tokens: number[];
  /** Texts with a value that made no sense (NaN, negative, probabilities not one per label); that value is left out. */
  invalid: number;
}

/** A window's counts of a number per text. */
export interface NumericCounts {
  /** Over the bins of the statistics. */
  bins: number[];
  /** Over the bins a page draws. */
  display: number[];
  /** The values themselves, for the exact test: all of them, or none once there were more than 10,000. */
  values: number[];
}

const MAX_VALUES = 10_000;

/** Computes what depends on the baseline alone. */
export function prepareReference(baseline: Baseline): Reference {
  const numeric: Reference["numeric"] = {};
  for (const name of NUMERIC_FEATURES) {
    const feature = baseline.numeric[name];
    if (feature === undefined) continue;
    numeric[name] = {
      bins: countBins(feature.edges, feature.values),
      display: countBins(feature.displayEdges, feature.values),
    };
  }
  const { ids, counts, otherCount } = baseline.tokenDistribution;
  const tokenBins = new Int32Array(baseline.vocabSize).fill(ids.length);
  ids.forEach((id, bin) => tokenBins[id] = bin);
  return { baseline, numeric, tokens: [...counts, otherCount], tokenBins };
}

/** A window that has seen nothing yet. */
export function emptyWindow(reference: Reference, atMs: number): WindowCounts {
  const numeric: WindowCounts["numeric"] = {};
  for (const name of NUMERIC_FEATURES) {
    const feature = reference.numeric[name];
    if (feature === undefined) continue;
    numeric[name] = { bins: feature.bins.map(() => 0), display: feature.display.map(() => 0), values: [] };
  }
  return {
    texts: 0,
    startedAtMs: atMs,
    lastAtMs: atMs,
    numeric,
    classes: reference.baseline.labels.map(() => 0),
    tokens: reference.tokens.map(() => 0),
    invalid: 0,
  };
}

/** Counts one text into the window. Takes a few microseconds, and never throws: watching must not stop serving. */
export function countText(
  window: WindowCounts,
  observation: TextObservation,
  context: { reference: Reference; atMs: number },
): void {
  const { baseline, tokenBins } = context.reference;
  const { tokenIds, probabilities } = observation;
  const values = numericValues(observation, baseline.labels.length);
  const predicted = mostLikely(probabilities, baseline.labels.length).class;
  let valid = predicted >= 0 || probabilities.length === 0;
  for (const name of NUMERIC_FEATURES) {
    const counts = window.numeric[name], value = values[name];
    if (Number.isNaN(value)) {
      if (name !== "confidence") valid = false;
      continue;
    }
    if (counts === undefined) continue;
    const { edges, displayEdges } = baseline.numeric[name]!;
    counts.bins[binOf(edges, value)]++;
    counts.display[binOf(displayEdges, value)]++;
    keepValue(counts, value, window.texts);
  }
  if (predicted >= 0) window.classes[predicted]++;
  const other = window.tokens.length - 1;
  const length = Math.min(tokenIds.length, TOKENS_PER_TEXT);
  for (let i = 0; i < length; i++) window.tokens[tokenBins[tokenIds[i]] ?? other]++;
  window.texts++;
  window.lastAtMs = context.atMs;
  if (!valid) window.invalid++;
}

/** Beyond the limit values are dropped for good: a part of them would be a biased sample. */
function keepValue(counts: NumericCounts, value: number, textsBefore: number): void {
  if (textsBefore < MAX_VALUES) counts.values.push(value);
  else counts.values.length = 0;
}

/**
 * Adds up the counts of two replicas (or of two windows in a row). Counts add exactly; the values behind them are kept as
 * long as both sides have them all and there are at most 10,000.
 *
 * @throws {DriftError} When the two were counted against different baselines.
 * @example
 * ```ts
 * import { BaselineBuilder } from "./baseline_builder.ts";
 * import { countText, emptyWindow, mergeWindows, prepareReference } from "./window.ts";
 * import assert from "node:assert/strict";
 *
 * const text = { characters: 9, tokenIds: [1, 2], unknownTokens: 0, probabilities: [0.2, 0.8] };
 * const builder = new BaselineBuilder({ labels: ["ham", "spam"], vocabSize: 10 });
 * for (let i = 0; i < 20; i++) builder.observe(text);
 * const reference = prepareReference(builder.build());
 * const [a, b] = [emptyWindow(reference, 0), emptyWindow(reference, 5)];
 * countText(a, text, { reference, atMs: 1 });
 * countText(b, text, { reference, atMs: 9 });
 * assert.deepEqual(mergeWindows(a, b).classes, [0, 2]);
 * ```
 */
export function mergeWindows(a: WindowCounts, b: WindowCounts): WindowCounts {
  const numeric: WindowCounts["numeric"] = {};
  for (const name of NUMERIC_FEATURES) {
    const [x, y] = [a.numeric[name], b.numeric[name]];
    if ((x === undefined) !== (y === undefined)) throw differ(name);
    if (x === undefined || y === undefined) continue;
    const bins = add(x.bins, y.bins, name);
    const total = bins.reduce((sum, count) => sum + count, 0);
    const complete = total <= MAX_VALUES && x.values.length + y.values.length === total;
    numeric[name] = {
      bins,
      display: add(x.display, y.display, name),
      values: complete ? [...x.values, ...y.values] : [],
    };
  }
  return {
    texts: a.texts + b.texts,
    startedAtMs: Math.min(a.startedAtMs, b.startedAtMs),
    lastAtMs: Math.max(a.lastAtMs, b.lastAtMs),
    numeric,
    classes: add(a.classes, b.classes, "predictedClass"),
    tokens: add(a.tokens, b.tokens, "tokenDistribution"),
    invalid: a.invalid + b.invalid,
  };
}

function add(a: readonly number[], b: readonly number[], what: string): number[] {
  if (a.length !== b.length) throw differ(what);
  return a.map((count, bin) => count + b[bin]);
}

function differ(what: string): DriftError {
  return new DriftError(`Cannot merge drift windows: their bins of ${what} differ, so their baselines do`);
}
