/**
 * Sentence embeddings: a text becomes a vector, so that texts which belong together lie near each other.
 *
 * @module
 */
import { z } from "zod";
import { type DataRecord, readNumber, readText } from "../../data/example.ts";
import { nearest, type Neighbours, similarities, type Vectors } from "../../evaluate/ranking/vectors.ts";
import { retrievalMetrics, similarityMetrics, type TaskMetrics } from "../../evaluate/tasks/metrics.ts";
import type { Columns, Judging, Scores, TextQuery } from "../task.ts";

/** How a text's hidden states become one vector, and what that was learnt from. */
export interface EmbeddingHead {
  /** The mean over a text's tokens, or the first token alone. */
  readonly pooling: "mean" | "cls";
  /** Whether vectors have length 1. */
  readonly normalize: boolean;
  /** Pairs that belong together, or pairs with scores; absent in a model that was not trained here. */
  readonly learntFrom?: "pairs" | "scores";
}

/** Checks a head. */
export const embeddingHead: z.ZodType<EmbeddingHead> = z.looseObject({
  pooling: z.enum(["mean", "cls"]),
  normalize: z.boolean(),
  learntFrom: z.enum(["pairs", "scores"]).optional(),
});

/** Two texts, and how alike they are where the data say so. */
export interface PairTarget {
  readonly texts: readonly [string, string];
  /** In any unit: only the order of scores counts. */
  readonly score?: number;
}

/** A vector `[hidden]`. */
export const vectorSchema: z.ZodType<number[]> = z.array(z.number());

/** What a caller may ask. */
export const parameters = z.looseObject({
  /** Whether the vector shall have length 1, also once it was cut; as the model makes it unless given. */
  normalize: z.boolean().nullish(),
  /** Only so many of the first numbers, for models that were trained to bear it. */
  dimensions: z.number().int().positive().nullish(),
});

/** The texts of a record, apart; one alone where no column for a second one is named. */
export function queriesOf(record: DataRecord, where: string, columns: Columns): readonly TextQuery[] {
  const text = readText(record, where, columns.text);
  return columns.pair === undefined ? [text] : [text, readText(record, where, columns.pair)];
}

/** The columns that are read by default. */
export const columns = { text: "text", pair: "pair", label: "score" } as const;

/** The texts of a record as a target; the column of scores may be missing unless another than the usual was named. */
export function targetOf(record: DataRecord, where: string, given: Columns): PairTarget {
  const texts = [given.text, given.pair ?? columns.pair].map((name) => readText(record, where, name)) as [
    string,
    string,
  ];
  const scored = Object.hasOwn(record, given.label) || given.label !== columns.label;
  return scored ? { texts, score: readNumber(record, where, given.label) } : { texts };
}

/** Retrieval where pairs have no scores: whether a first text finds its second one among all second ones. */
export const judgedByRank: Judging = {
  evaluation: "ranking",
  bestBy: { metric: "mrr@10", better: "higher", tolerance: 0.01 },
  headline: ["hitRate@1", "mrr@10"],
};

/** Correlation of cosines with scores where there are some. */
export const judgedByScore: Judging = {
  evaluation: "sentence-similarity",
  bestBy: { metric: "spearman", better: "higher", tolerance: 0.01 },
  headline: ["spearman", "pearson"],
};

/** What rows are judged by. */
export function judgedBy(targets: readonly PairTarget[]): Judging {
  return targets.some(({ score }) => score !== undefined) ? judgedByScore : judgedByRank;
}

/** How well vectors of pairs follow scores or, where there are none, find each other. */
export function judgeVectors(
  targets: readonly PairTarget[],
  answers: readonly (readonly number[][])[],
  { resamples = 0 }: { readonly resamples?: number },
): Scores {
  const [firsts, seconds] = [0, 1].map((k) => matrixOf(answers.map((vectors) => vectors[k])));
  if (judgedBy(targets) === judgedByScore) {
    return scoresOf(similarityMetrics(targets.map(({ score }) => score!), [firsts, seconds], { resamples }), [
      ...judgedByScore.headline,
      "kendall",
    ]);
  }
  const found = retrievalMetrics(relevantRows(targets), { queries: firsts, corpus: seconds }, {
    cutoffs: [1, 10],
    resamples,
  });
  return scoresOf(found, [...judgedByRank.headline, "recall@10", "ndcg@10"]);
}

/**
 * Vectors of several models' rows, so that they can be judged together: no vector of one model is near one of another, since
 * their spaces have nothing in common, and each text is looked for among those of its own model. Every vector is brought to
 * length 1 and gets a coordinate of 2 in a dimension of its model's: cosines c within a model become (4 + c) / 5, from .6 to 1,
 * which keeps ranks and correlations, and those between models c / 5, at most .2.
 *
 * @example
 * ```ts
 * import { vectorsApart } from "./schema.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(vectorsApart([[[[3, 4]]], [[[0, 2]]]]), [[[.6, .8, 2, 0]], [[0, 1, 0, 2]]]);
 * ```
 */
export function vectorsApart(
  models: readonly (readonly (readonly (readonly number[])[])[])[],
): number[][][] {
  return models.flatMap((rows, model) => {
    const place = models.map((_, other) => other === model ? 2 : 0);
    return rows.map((vectors) =>
      vectors.map((vector) => {
        const norm = Math.hypot(...vector);
        return [...vector.map((value) => norm === 0 ? 0 : value / norm), ...place];
      })
    );
  });
}

/**
 * A row as `weir eval` reads it: the cosine and the score or, without scores, the numbers of the rows whose second
 * texts lie nearest to the first one, and of those that are right.
 */
export function pairOf(
  target: PairTarget | undefined,
  [first, second]: readonly number[][],
  among: {
    readonly row: number;
    readonly targets: readonly PairTarget[];
    readonly answers: readonly (readonly number[][])[];
  },
): { readonly prediction: unknown; readonly reference: unknown } {
  if (target === undefined || second === undefined) return { prediction: undefined, reference: undefined };
  if (judgedBy(among.targets) === judgedByScore) {
    return { prediction: similarities(matrixOf([first]), matrixOf([second]))[0], reference: target.score };
  }
  let retrieval = retrievals.get(among.answers);
  if (retrieval === undefined) retrievals.set(among.answers, retrieval = retrieve(among));
  const { k, indices } = retrieval.found;
  const numbers = (rows: ArrayLike<number>) => Array.from(rows, (index) => index + 1); // as reports number rows
  return {
    prediction: numbers(indices.subarray(among.row * k, (among.row + 1) * k)),
    reference: numbers(retrieval.relevant[among.row]),
  };
}

/** How many of the nearest texts an evaluation looks at. */
const RESULTS = 100;

/** What all rows find among all second texts, in time that grows with the square of the rows: 10,000 take about a minute. */
interface Retrieval {
  readonly found: Neighbours;
  readonly relevant: readonly (readonly number[])[];
}

/** By the answers, so that it is made once for all rows. */
const retrievals = new WeakMap<object, Retrieval>();

function retrieve(
  { targets, answers }: Pick<Parameters<typeof pairOf>[2], "targets" | "answers">,
): Retrieval {
  const [queries, corpus] = [0, 1].map((k) => matrixOf(answers.map((vectors) => vectors[k])));
  return { found: nearest(queries, corpus, { k: RESULTS }), relevant: relevantRows(targets) };
}

/** The rows whose second text is right for each row: its own, and those that have a text in common with it. */
function relevantRows(targets: readonly PairTarget[]): number[][] {
  const holding = [0, 1].map((k) => Map.groupBy(targets.keys(), (row) => targets[row].texts[k]));
  return targets.map(({ texts }) =>
    [...new Set(texts.flatMap((text, k) => holding[k].get(text)!))].sort((a, b) => a - b)
  );
}

function scoresOf({ n, metrics: all }: TaskMetrics, names: readonly string[]): Scores {
  const metrics = Object.fromEntries(names.map((name) => [name, all[name]]));
  const lines = names.map((name) => {
    const { value, low, high, method } = metrics[name];
    const interval = method === "none" ? "" : `  (${low.toFixed(4)} to ${high.toFixed(4)})`;
    return `${name.padEnd(12)}${value.toFixed(4)}${interval}`;
  });
  return { metrics, report: { n, metrics }, text: () => [`${n} pairs`, ...lines].join("\n") };
}

function matrixOf(vectors: readonly (readonly number[])[]): Vectors {
  const width = vectors[0]?.length ?? 0;
  const data = new Float64Array(vectors.length * width);
  vectors.forEach((vector, row) => data.set(vector, row * width));
  return { data, width };
}
