/**
 * Families that read numbers, rankings and log-likelihoods.
 *
 * @module
 */
import { type Decomposed, oneMetric } from "../../statistics/decomposed.ts";
import { perplexityRows, type ScoredText, utf8Length } from "../generation/perplexity.ts";
import { type RankedList, rankingRows } from "../ranking/ranking.ts";
import {
  type RankMetric,
  regressionOfRows,
  type RegressionOptions,
  regressionRows,
} from "../regression/regression.ts";
import type { Family } from "./family.ts";
import { numberPairs, type Pair, wrong } from "./pairs.ts";
import { type Indexed, infoOf, type Scored } from "./scored.ts";
import { fail, type Numbers } from "../../statistics/checks.ts";

/** How metrics of numbers are shown. */
export const errors = {
  mae: { label: "mean absolute error", better: "lower" },
  mse: { label: "mean squared error", better: "lower" },
  rmse: { label: "root mean squared error", better: "lower" },
  medianAbsoluteError: { label: "median absolute error", better: "lower" },
  maxError: { label: "largest error", better: "lower" },
  r2: { label: "R²" },
  explainedVariance: { label: "explained variance" },
  mape: { label: "mean absolute percentage error", better: "lower" },
  smape: { label: "symmetric percentage error", better: "lower" },
  msle: { label: "mean squared log error", better: "lower" },
  pinball: { label: "pinball loss", better: "lower" },
  pearson: { label: "Pearson correlation" },
  spearman: { label: "Spearman correlation" },
  kendall: { label: "Kendall's τ-b" },
  concordance: { label: "concordance correlation" },
} as const;

/** Regression, similarity, rankings, language models. */
export const numberFamilies = {
  regression: {
    about: "errors, R² and correlations of numbers",
    reads: "a number; a number",
    options: { quantile: { about: "of the pinball loss; default 0.5", kind: "number" } },
    notes(pairs) {
      const { predictions, references } = numberPairs(pairs);
      const zeros = references.filter((value) => value === 0).length;
      const isConstant = (values: Float64Array) =>
        values.length > 1 && values.every((value) => value === values[0]);
      return [
        ...zeros > 0
          ? [
            `References that are 0: ${zeros}. Percentage errors divide by 2.2e-16 there, as scikit-learn's do, and mean ` +
            "nothing; look at the symmetric one or at absolute errors.",
          ]
          : [],
        ...isConstant(predictions) ? ["Every prediction is one and the same number."] : [],
        ...isConstant(references)
          ? [
            "Every reference is one and the same number: R² and explained variance are 1 if all predictions are right, else 0.",
          ]
          : [],
      ];
    },
    primary: ["mae", "r2"],
    score(pairs, options) {
      const { predictions, references } = numberPairs(pairs);
      return scoreNumbers(references, predictions, options);
    },
  },
  similarity: {
    about: "Spearman and Pearson correlation of predicted with human similarity (STS)",
    reads: "a similarity; a rating",
    options: {},
    primary: ["spearman"],
    score(pairs) {
      const { predictions, references } = numberPairs(pairs);
      return scoreSimilarities(references, predictions);
    },
  },
  ranking: {
    about: "MRR, MAP, nDCG, precision, recall and hit rate at k, as trec_eval",
    reads: "ids, best first; relevant ids, or an object of id to relevance",
    options: {
      cutoffs: { about: "default 1,3,5,10", kind: "list" },
      gain: { about: "of a relevance", kind: "text", choices: ["linear", "exponential"] },
    },
    notes(pairs) {
      const lists = pairs.map(rankedList), { length: n } = lists;
      const without =
        lists.filter(({ judged }) => !Array.from(judged ?? []).some((relevance) => relevance > 0)).length;
      const empty = lists.filter(({ relevance }) => relevance.length === 0).length;
      return [
        ...without > 0
          ? [
            `Rows with nothing relevant to find: ${without} of ${n}; they count as 0 in every mean.`,
          ]
          : [],
        ...empty > 0 ? [`Rows with an empty ranking, which counts as 0: ${empty} of ${n}.`] : [],
      ];
    },
    primary: ["ndcg@10", "mrr"],
    score(pairs, { cutoffs, ...options }) {
      const depths = (cutoffs as string[] | undefined)?.map(Number);
      return {
        rows: rankingRows(pairs.map(rankedList), { ...options, ...(depths && { cutoffs: depths }) }),
        info: (name) => ({ label: rankingLabel(name), better: "higher" }),
      };
    },
  },
  perplexity: {
    about: "perplexity, bits a token and bits a byte of log-likelihoods",
    reads: "natural log-likelihoods of a text's tokens; its bytes in a column `bytes`, or its `text`",
    alone: true,
    options: {},
    notes(pairs) {
      const empty =
        pairs.filter(({ prediction }) => Array.isArray(prediction) && prediction.length === 0).length;
      return empty > 0 ? [`Rows without a scored token, which count for nothing: ${empty}.`] : [];
    },
    primary: ["perplexity", "bitsPerByte"],
    score: (pairs) => ({
      rows: perplexityRows(pairs.map(scoredText)),
      info: infoOf({
        perplexity: { label: "perplexity" },
        nll: { label: "nats a token" },
        bitsPerToken: { label: "bits a token" },
        bitsPerByte: { label: "bits a byte" },
      }, "lower"),
    }),
  },
} satisfies Record<string, Family>;

/** The metrics of predicted numbers. */
export function scoreNumbers(
  references: Numbers,
  predictions: Numbers,
  options: RegressionOptions = {},
): Scored & { rows: Decomposed } {
  return {
    rows: regressionRows(references, predictions, options),
    indexed: byRank(references, predictions, ["medianAbsoluteError", "spearman"]),
    info: infoOf(errors),
  };
}

/** How well predicted similarities follow people's ratings. */
export function scoreSimilarities(references: Numbers, predictions: Numbers): Scored & { rows: Decomposed } {
  const rows = regressionRows(references, predictions);
  const at = rows.names.indexOf("pearson"), out = new Float64Array(rows.names.length);
  return {
    rows: oneMetric("pearson", rows.rows, rows.width, (sums, n) => (rows.evaluate(sums, n, out), out[at])),
    indexed: byRank(references, predictions, ["spearman", "kendall"]),
    info: infoOf(errors),
  };
}

function byRank(references: Numbers, predictions: Numbers, names: readonly RankMetric[]): Indexed {
  const metrics = names.map((metric) => regressionOfRows(references, predictions, metric));
  return { names, n: references.length, evaluate: (indices) => metrics.map((metric) => metric(indices)) };
}

/** How a metric of rankings is shown. */
export function rankingLabel(name: string): string {
  const [metric, k] = name.split("@");
  const plain = {
    mrr: "MRR",
    map: "MAP",
    ndcg: "nDCG",
    dcg: "DCG",
    rPrecision: "R-precision",
    hitRate: "hit rate",
  };
  const labels: Record<string, string> = plain;
  return (labels[metric] ?? metric) + (k === undefined ? "" : ` at ${k}`);
}

function rankedList({ prediction, reference }: Pair, row: number): RankedList {
  if (!Array.isArray(prediction)) throw wrong(row, "prediction", prediction, "a list of ids, best first");
  const relevances = new Map<string, number>();
  if (Array.isArray(reference)) { for (const id of reference) relevances.set(String(id), 1); }
  else if (typeof reference === "object" && reference !== null) {
    for (const [id, relevance] of Object.entries(reference)) relevances.set(id, Number(relevance));
  } else throw wrong(row, "reference", reference, "a list of ids or an object of id to relevance");
  const ids = prediction.map(String);
  if (new Set(ids).size < ids.length) fail(`Row ${row + 1}: its prediction names an id twice`);
  return { relevance: ids.map((id) => relevances.get(id) ?? 0), judged: [...relevances.values()] };
}

function scoredText({ prediction, record }: Pair, row: number): ScoredText {
  if (!Array.isArray(prediction) || !prediction.every((value) => typeof value === "number")) {
    throw wrong(row, "prediction", prediction, "a list of log-likelihoods");
  }
  const { bytes, text } = record;
  if (typeof bytes === "number") return { logLikelihoods: prediction, bytes };
  return { logLikelihoods: prediction, ...(typeof text === "string" && { bytes: utf8Length(text) }) };
}
