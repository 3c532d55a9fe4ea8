import { DriftError } from "./errors.ts";
import { NUMERIC_FEATURES, type NumericFeature } from "./observation.ts";
import type { TokenNoise } from "./token_noise.ts";

/** The reference of one model version, as `baseline.json` holds it. */
export interface Baseline {
  /** Names the layout of the file. */
  format: "weir-baseline/1";
  /** Texts observed. */
  texts: number;
  /** The model's labels, in the order of its probabilities. */
  labels: string[];
  /** One more than the greatest token id. */
  vocabSize: number;
  /** By feature; `confidence` is absent where the reference had no predictions. */
  numeric: { [name in NumericFeature]?: NumericBaseline };
  /** Texts per predicted class; absent where the reference had no predictions. */
  predictedClass?: { counts: number[] };
  /** How often each token occurred. */
  tokenDistribution: TokenBaseline;
}

/** The reference of a number per text. */
export interface NumericBaseline {
  /** A uniform sample of the reference, at most 2,000 values, ascending. */
  values: number[];
  /** Inner edges of the bins that KL, JS and PSI are computed on: quantiles of the reference. */
  edges: number[];
  /** Inner edges of the bins that a page draws: round numbers. */
  displayEdges: number[];
}

/** The reference of the token distribution. */
export interface TokenBaseline {
  /** The most frequent tokens, most frequent first. */
  ids: number[];
  /** How often each occurred. */
  counts: number[];
  /** Occurrences of all other tokens. */
  otherCount: number;
  /** What chance alone does to the distribution, for several window sizes. */
  noise: TokenNoise[];
}

const MAX_LABELS = 10_000;
const MAX_VALUES = 10_000;
const MAX_EDGES = 1000;
const MAX_TOKENS = 10_000;
const MAX_NOISE = 100;
const MAX_TEXT = 1000;

/**
 * Checks what was read from a `baseline.json` and returns it as a baseline. Unknown fields are dropped.
 *
 * @param json The parsed file.
 * @throws {DriftError} Naming the first field that is not what it should be.
 * @example
 * ```ts
 * import { parseBaseline } from "./baseline.ts";
 * import assert from "node:assert/strict";
 *
 * assert.throws(() => parseBaseline({ format: "weir-baseline/9" }), /format is "weir-baseline\/9"/);
 * ```
 */
export function parseBaseline(json: unknown): Baseline {
  const root = record(json, "the baseline");
  if (root.format !== "weir-baseline/1") {
    throw wrong("format", root.format, '"weir-baseline/1"');
  }
  const labels = array(root.labels, "labels", { most: MAX_LABELS }).map((label, i) => {
    if (typeof label === "string" && label.length <= MAX_TEXT) return label;
    throw wrong(`labels[${i}]`, label, `a string of at most ${MAX_TEXT} characters`);
  });
  const numericJson = record(root.numeric, "numeric");
  const numeric: Baseline["numeric"] = {};
  for (const name of NUMERIC_FEATURES) {
    if (numericJson[name] !== undefined) {
      numeric[name] = numericBaseline(numericJson[name], `numeric.${name}`);
    }
  }
  const vocabSize = whole(root.vocabSize, "vocabSize", { least: 1, most: 2 ** 24 });
  const baseline: Baseline = {
    format: "weir-baseline/1",
    texts: whole(root.texts, "texts", { least: 1 }),
    labels,
    vocabSize,
    numeric,
    tokenDistribution: tokenBaseline(root.tokenDistribution, vocabSize),
  };
  if (root.predictedClass !== undefined) {
    const where = "predictedClass.counts";
    const counts = wholes(record(root.predictedClass, "predictedClass").counts, where, { most: MAX_LABELS });
    if (counts.length !== labels.length) {
      throw wrong(where, `${counts.length} long`, `${labels.length}, one per label`);
    }
    if (!counts.some((count) => count > 0)) throw wrong(where, "all 0", "at least one text");
    baseline.predictedClass = { counts };
  }
  return baseline;
}

function numericBaseline(json: unknown, where: string): NumericBaseline {
  const { values, edges, displayEdges } = record(json, where);
  return {
    values: ascending(values, `${where}.values`, { most: MAX_VALUES, strictly: false }),
    edges: ascending(edges, `${where}.edges`, { most: MAX_EDGES, strictly: true }),
    displayEdges: ascending(displayEdges, `${where}.displayEdges`, { most: MAX_EDGES, strictly: true }),
  };
}

function tokenBaseline(json: unknown, vocabSize: number): TokenBaseline {
  const at = (name: string) => `tokenDistribution.${name}`;
  const root = record(json, "tokenDistribution");
  const ids = wholes(root.ids, at("ids"), { most: MAX_TOKENS, below: vocabSize, least: 0 });
  if (new Set(ids).size !== ids.length) throw wrong(at("ids"), "a list with repeats", "distinct ids");
  const counts = wholes(root.counts, at("counts"), { most: MAX_TOKENS, least: 0 });
  if (counts.length !== ids.length) {
    throw wrong(at("counts"), `${counts.length} long`, `${ids.length}, one per id`);
  }
  const noise = array(root.noise, at("noise"), { most: MAX_NOISE }).map((entry, i): TokenNoise => {
    const where = at(`noise[${i}]`),
      { texts, referenceTexts, mean, deviation, skewness } = record(entry, where);
    return {
      texts: whole(texts, `${where}.texts`, { least: 1 }),
      referenceTexts: whole(referenceTexts, `${where}.referenceTexts`, { least: 1 }),
      mean: number(mean, `${where}.mean`, { least: 0 }),
      deviation: number(deviation, `${where}.deviation`, { least: 0 }),
      skewness: number(skewness, `${where}.skewness`, {}),
    };
  });
  noise.sort((a, b) => a.texts - b.texts);
  return { ids, counts, otherCount: whole(root.otherCount, at("otherCount"), { least: 0 }), noise };
}

function wrong(where: string, found: unknown, wanted: string): DriftError {
  const shown = JSON.stringify(found)?.slice(0, 60) ?? "missing";
  return new DriftError(`Drift baseline: ${where} is ${shown}, wanted ${wanted}; build the baseline again`);
}

function record(json: unknown, where: string): Record<string, unknown> {
  if (typeof json === "object" && json !== null && !Array.isArray(json)) {
    return json as Record<string, unknown>;
  }
  throw wrong(where, json, "an object");
}

function array(json: unknown, where: string, limits: { most: number; least?: number }): unknown[] {
  const least = limits.least ?? 1;
  if (!Array.isArray(json)) throw wrong(where, json, "a list");
  if (json.length >= least && json.length <= limits.most) return json;
  throw wrong(where, `${json.length} long`, `from ${least} to ${limits.most} entries`);
}

function number(json: unknown, where: string, limits: { least?: number; below?: number }): number {
  const { least = -Infinity, below = Infinity } = limits;
  if (typeof json === "number" && Number.isFinite(json) && json >= least && json < below) return json;
  throw wrong(
    where,
    json,
    `a number${least > -Infinity ? ` from ${least}` : ""}${below < Infinity ? ` below ${below}` : ""}`,
  );
}

function whole(json: unknown, where: string, limits: { least: number; most?: number }): number {
  const value = number(json, where, {
    least: limits.least,
    below: (limits.most ?? Number.MAX_SAFE_INTEGER) + 1,
  });
  if (Number.isInteger(value)) return value;
  throw wrong(where, json, "a whole number");
}

function wholes(
  json: unknown,
  where: string,
  limits: { most: number; below?: number; least?: number },
): number[] {
  const most = (limits.below ?? Number.MAX_SAFE_INTEGER) - 1;
  return array(json, where, limits).map((entry, i) => whole(entry, `${where}[${i}]`, { least: 0, most }));
}

function ascending(json: unknown, where: string, limits: { most: number; strictly: boolean }): number[] {
  const values = array(json, where, limits).map((entry, i) => number(entry, `${where}[${i}]`, {}));
  for (let i = 1; i < values.length; i++) {
    if (values[i] > values[i - 1] || (values[i] === values[i - 1] && !limits.strictly)) continue;
    throw wrong(`${where}[${i}]`, values[i], `more than ${values[i - 1]} before it`);
  }
  return values;
}
