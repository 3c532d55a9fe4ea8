/**
 * Text regression: a text, or a pair of texts, gets a number.
 *
 * @module
 */
import { z } from "zod";
import { regressionMetrics } from "../../evaluate/tasks/metrics.ts";
import type { Interval } from "../../statistics/bootstrap.ts";
import { metricsTable } from "../scores_text.ts";
import type { Scores } from "../task.ts";

/** What the head is made with. */
export interface NumberHead {
  /** What the number is called, as the only label: Hugging Face's models with one logit have it in `id2label`. */
  readonly labels: readonly [string];
  /** Mean of the numbers that the model was trained on. */
  readonly mean: number;
  /** Their standard deviation, above 0: training counts in it, the model that comes out answers in the data's own unit. */
  readonly deviation: number;
}

/** Checks a head. */
export const numberHead: z.ZodType<NumberHead> = z.looseObject({
  labels: z.tuple([z.string().max(1_000)]),
  mean: z.number(),
  deviation: z.number().positive(),
});

/**
 * The answer: a list of the number alone, under its name. It has the form of a classifier's answer with one logit and no function
 * applied, so that clients of those can read it.
 */
export type NumberAnswer = readonly [{ readonly label: string; readonly score: number }];

/** Checks an answer. */
export const numberAnswer = z.array(z.object({ label: z.string(), score: z.number() })).length(
  1,
) as unknown as z.ZodType<NumberAnswer>;

/** Errors in the data's unit, the share of variance that is explained, and whether the order is right. */
export function judgeNumbers(
  targets: readonly number[],
  answers: readonly (readonly NumberAnswer[])[],
  { resamples }: { resamples?: number },
): Scores {
  const predictions = answers.map(([[{ score }]]) => score);
  // Of a constant there is no correlation, and so no interval of one: the values alone are kept then.
  const isConstant = [targets, predictions].some((values) => values.every((value) => value === values[0]));
  const { n, metrics: all } = regressionMetrics(targets, predictions, {
    resamples: isConstant ? 0 : resamples,
  });
  const finite = (name: string): [string, Interval][] =>
    Number.isFinite(all[name].value) ? [[name, all[name]]] : [];
  const metrics = Object.fromEntries(shown.flatMap(finite));
  return {
    metrics,
    report: { n, metrics: Object.fromEntries(Object.keys(all).flatMap(finite)) },
    text: () => `${n} rows\n\n${metricsTable(metrics)}\n`,
  };
}

/** What a person is shown and a manifest keeps, the most telling first. */
const shown = ["mae", "rmse", "r2", "pearson", "spearman"] as const;
