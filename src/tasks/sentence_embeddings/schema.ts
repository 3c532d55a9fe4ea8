/**
 * Sentence embeddings: a text becomes a vector, so that texts which belong together lie near each other.
 *
 * @module
 */
import { z } from "zod";
import { type DataRecord, readNumber, readText } from "../../data/example.ts";
import { similarities, type Vectors } from "../../evaluate/ranking/vectors.ts";
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
  const relevant = targets.map((_, row) => relevantTo(targets, row));
  const found = retrievalMetrics(relevant, { queries: firsts, corpus: seconds }, {
    cutoffs: [1, 10],
    resamples,
  });
  return scoresOf(found, [...judgedByRank.headline, "recall@10", "ndcg@10"]);
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
  const nearness = among.answers.map(([, other]) => cosine(first, other));
  const order = nearness.map((_, row) => row).sort((a, b) => nearness[b] - nearness[a] || a - b);
  const numbers = (rows: readonly number[]) => rows.map((row) => row + 1); // as reports number rows
  return {
    prediction: numbers(order.slice(0, RESULTS)),
    reference: numbers(relevantTo(among.targets, among.row)),
  };
}

/** How many of the nearest texts an evaluation looks at. */
const RESULTS = 100;

/** The rows whose second text is right for a row: its own, and those that have a text in common with it. */
function relevantTo(targets: readonly PairTarget[], row: number): number[] {
  const { texts: [first, second] } = targets[row];
  return targets.flatMap(({ texts }, other) => texts[0] === first || texts[1] === second ? [other] : []);
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

function cosine(x: readonly number[], y: readonly number[]): number {
  let [dot, xx, yy] = [0, 0, 0];
  for (let k = 0; k < x.length; k++) {
    dot += x[k] * y[k];
    xx += x[k] * x[k];
    yy += y[k] * y[k];
  }
  return dot / Math.sqrt(xx * yy);
}
