import type { Baseline, NumericBaseline, TokenBaseline } from "./baseline.ts";
import { CONFIDENCE_EDGES, lengthEdges, quantileEdges, RATE_EDGES } from "./bins.ts";
import { DriftError } from "./errors.ts";
import {
  mostLikely,
  NUMERIC_FEATURES,
  type NumericFeature,
  numericValues,
  type TextObservation,
  TOKENS_PER_TEXT,
} from "./observation.ts";
import { createHashedRandom } from "../base/random.ts";
import { measureTokenNoise } from "./token_noise.ts";

/** What a baseline is built for. */
export interface BaselineOptions {
  /** The model's labels, in the order of its probabilities. */
  labels: string[];
  /** One more than the greatest token id. */
  vocabSize: number;
  /** Tokens of the reference that get a bin of their own; default 512. All others share one. */
  topTokens?: number;
  /** Seed of the sampling; default 0. */
  seed?: number;
}

const KEPT_TEXTS = 2000;
const FEWEST_TEXTS = 20;
const QUANTILE_BINS = 10;

/**
 * Collects the reference that live traffic is compared with, in bounded memory: counts of all texts, and a uniform sample
 * of 2,000 of them (reservoir sampling, Vitter 1985, algorithm R).
 *
 * Feed it texts that the model was **not** trained on, with the predictions it made on them: on its training texts a model
 * is surer than it will ever be again, and its tokenizer knows more of the words. Texts without a prediction (empty
 * `probabilities`) count for the text features alone.
 *
 * @example
 * ```ts
 * import { BaselineBuilder } from "./baseline_builder.ts";
 * import assert from "node:assert/strict";
 *
 * const builder = new BaselineBuilder({ labels: ["ham", "spam"], vocabSize: 100 });
 * for (let i = 0; i < 50; i++) {
 *   const tokenIds = [2, 5 + i % 7, 20 + i % 3, 3];
 *   builder.observe({ characters: 10 + i, tokenIds, unknownTokens: 0, probabilities: [0.9, 0.1] });
 * }
 * const baseline = builder.build();
 * assert.equal(baseline.texts, 50);
 * assert.deepEqual(baseline.predictedClass?.counts, [50, 0]);
 * ```
 */
export class BaselineBuilder {
  readonly #labels: string[];
  readonly #topTokens: number;
  readonly #seed: number;
  readonly #random: () => number;
  readonly #tokenCounts: Float64Array; // [vocabSize]
  readonly #classCounts: number[];
  readonly #kept: { values: Record<NumericFeature, number>; tokenIds: Uint32Array }[] = [];
  /** A sample of its own: often only some of the texts have a prediction. */
  readonly #confidences: number[] = [];
  #texts = 0;
  #predictions = 0;

  /**
   * Starts an empty baseline.
   *
   * @throws {DriftError} When there are no labels or the vocabulary's size is out of range.
   */
  constructor(options: BaselineOptions) {
    const { labels, vocabSize, topTokens = 512, seed = 0 } = options;
    if (labels.length === 0) throw new DriftError("A drift baseline needs the model's labels, got none");
    if (!(Number.isInteger(vocabSize) && vocabSize > 0 && vocabSize <= 2 ** 24)) {
      throw new DriftError(`vocabSize must be a whole number from 1 to ${2 ** 24}, got ${vocabSize}`);
    }
    if (!(Number.isInteger(topTokens) && topTokens > 0 && topTokens <= 10_000)) {
      throw new DriftError(`topTokens must be a whole number from 1 to 10,000, got ${topTokens}`);
    }
    this.#labels = [...labels];
    this.#topTokens = topTokens;
    this.#seed = seed;
    this.#random = createHashedRandom(seed);
    this.#tokenCounts = new Float64Array(vocabSize);
    this.#classCounts = labels.map(() => 0);
  }

  /**
   * Takes one text of the reference.
   *
   * @throws {DriftError} When a number makes no sense, a token id is outside the vocabulary, or there are probabilities but
   * not one per label.
   */
  observe(observation: TextObservation): void {
    const { tokenIds, probabilities } = observation;
    const values = numericValues(observation, this.#labels.length);
    const which = `text ${this.#texts + 1} of the drift baseline`;
    for (const name of NUMERIC_FEATURES) {
      if (!Number.isNaN(values[name]) || name === "confidence" && probabilities.length === 0) continue;
      throw new DriftError(
        name === "confidence"
          ? `Probabilities of ${which} must be ${this.#labels.length} numbers from 0 to 1, got [${
            Array.from(probabilities).slice(0, 8)
          }]`
          : `${name} of ${which} makes no sense: ${
            JSON.stringify({ ...observation, tokenIds: tokenIds.length })
          }`,
      );
    }
    const ids = Uint32Array.from(
      { length: Math.min(tokenIds.length, TOKENS_PER_TEXT) },
      (_, i) => tokenIds[i],
    );
    for (let i = 0; i < ids.length; i++) {
      if (tokenIds[i] === ids[i] && ids[i] < this.#tokenCounts.length) continue;
      throw new DriftError(
        `Token ${i} of ${which} has id ${tokenIds[i]}, the vocabulary has ids from 0 to ${
          this.#tokenCounts.length - 1
        }`,
      );
    }
    for (const id of ids) this.#tokenCounts[id]++;
    if (probabilities.length > 0) {
      this.#classCounts[mostLikely(probabilities, this.#labels.length).class]++;
      const place = this.#slot(++this.#predictions);
      if (place < KEPT_TEXTS) this.#confidences[place] = values.confidence;
    }
    const place = this.#slot(++this.#texts);
    if (place < KEPT_TEXTS) this.#kept[place] = { values, tokenIds: ids };
  }

  /** Where the `count`th element of a stream goes in its sample of `KEPT_TEXTS`. */
  #slot(count: number): number {
    return count <= KEPT_TEXTS ? count - 1 : Math.floor(this.#random() * count);
  }

  /**
   * The baseline, as plain JSON. Takes some tenths of a second: it measures how much the token
   * distribution varies by chance.
   *
   * @throws {DriftError} When fewer than 20 texts were observed.
   */
  build(): Baseline {
    if (this.#texts < FEWEST_TEXTS) {
      throw new DriftError(
        `Cannot build a drift baseline from ${this.#texts} texts: at least ${FEWEST_TEXTS} are needed`,
      );
    }
    const numeric: Baseline["numeric"] = {};
    for (const name of NUMERIC_FEATURES) {
      const values = name === "confidence"
        ? [...this.#confidences]
        : this.#kept.map((kept) => kept.values[name]).filter((value) => !Number.isNaN(value));
      if (values.length >= FEWEST_TEXTS) numeric[name] = numericBaseline(name, values);
    }
    return {
      format: "weir-baseline/1",
      texts: this.#texts,
      labels: [...this.#labels],
      vocabSize: this.#tokenCounts.length,
      numeric,
      ...(this.#predictions >= FEWEST_TEXTS ? { predictedClass: { counts: [...this.#classCounts] } } : {}),
      tokenDistribution: this.#tokenBaseline(),
    };
  }

  #tokenBaseline(): TokenBaseline {
    const all = this.#tokenCounts;
    const seen = Array.from(all.keys()).filter((id) => all[id] > 0);
    const ids = seen.sort((a, b) => all[b] - all[a] || a - b).slice(0, this.#topTokens);
    const counts = ids.map((id) => all[id]);
    const top = counts.reduce((sum, count) => sum + count, 0);
    const bins = new Map(ids.map((id, bin) => [id, bin]));
    const texts = this.#kept.map(({ tokenIds }) =>
      Uint16Array.from(tokenIds, (id) => bins.get(id) ?? ids.length)
    );
    return {
      ids,
      counts,
      otherCount: all.reduce((sum, count) => sum + count, 0) - top,
      noise: measureTokenNoise(texts, ids.length + 1, this.#seed + 1),
    };
  }
}

function numericBaseline(name: NumericFeature, values: number[]): NumericBaseline {
  values.sort((a, b) => a - b);
  const display = name === "unknownRate"
    ? [...RATE_EDGES]
    : name === "confidence"
    ? [...CONFIDENCE_EDGES]
    : lengthEdges(values);
  return { values, edges: quantileEdges(values, QUANTILE_BINS), displayEdges: display };
}
