/**
 * Precision, recall and F-beta of counts.
 *
 * @module
 */
import { sum } from "../../base/arrays.ts";
import { type ClassCounts, ratio } from "./counts.ts";
import { fail, type Numbers } from "../../statistics/checks.ts";

/** What a ratio with the denominator 0 counts as; NaN leaves it out of averages. */
export type ZeroDivision = number;

/** Precision, recall and F-beta, each in [0, 1], or NaN where `zeroDivision` is. */
export interface FScores {
  /** Share of what was predicted that is true. */
  readonly precision: number;
  /** Share of what is true that was predicted. */
  readonly recall: number;
  /** Weighted harmonic mean of precision and recall. */
  readonly fBeta: number;
}

/** The scores of one class. */
export interface LabelFScores extends FScores {
  /** Name of the class. */
  readonly label: string;
  /** Rows whose reference is this class, or the sum of their weights. */
  readonly support: number;
}

/** Options that scores of counts have, whatever the counts are of. */
export interface CountScoring {
  /** Weight of recall against precision, from 0 (precision alone) to infinity (recall alone); default 1. */
  readonly beta?: number;
  /** What a ratio with the denominator 0 counts as: 0, 1 or NaN (left out of averages); default 0. */
  readonly zeroDivision?: ZeroDivision;
}

/** Averages of counts: per class, or for "samples" per row, with the rows' weights. */
export interface CountAveraging extends CountScoring {
  /** How the scores become one. */
  readonly average: "micro" | "macro" | "weighted" | "binary" | "samples";
  /** With "samples": the rows' weights. */
  readonly sampleWeights?: Numbers;
}

/** Precision, recall and F-beta of each label that was counted. */
export function scoresPerLabel(
  counts: ClassCounts,
  labels: readonly string[],
  options: CountScoring,
): LabelFScores[] {
  const { precision, recall, fBeta } = scoresOf(counts, options);
  return labels.map((label, k) => ({
    label,
    ...{ precision: precision[k], recall: recall[k], fBeta: fBeta[k], support: counts.truth[k] },
  }));
}

/** One precision, recall and F-beta for all that was counted. */
export function averagedF(counts: ClassCounts, options: CountAveraging): FScores {
  const pooled = options.average === "micro" ? pool(counts) : counts;
  const weights = averageWeights(pooled, options);
  const { precision, recall, fBeta } = scoresOf(pooled, options);
  const [p, r, f] = [precision, recall, fBeta].map((scores) => meanOfNumbers(scores, weights));
  return { precision: p, recall: r, fBeta: f };
}

/** One Jaccard's index for all that was counted. */
export function averagedJaccard(counts: ClassCounts, options: CountAveraging): number {
  const pooled = options.average === "micro" ? pool(counts) : counts;
  const scores = jaccardOf(pooled, options.zeroDivision);
  const weights = averageWeights(pooled, options);
  return mean(scores, weights && sum(weights) > 0 ? weights : undefined);
}

/** 0, 1 or NaN; default 0. */
export function checkZeroDivision(value: ZeroDivision | undefined): number {
  if (value === undefined || value === 0) return 0;
  if (value === 1 || Number.isNaN(value)) return value;
  fail(`zeroDivision must be 0, 1 or NaN, got ${value}`);
}

/** A number from 0 to infinity; default 1. */
export function checkBeta(beta: number | undefined): number {
  if (beta === undefined) return 1;
  if (beta >= 0) return beta;
  fail(`beta must be a number from 0 on, got ${beta}`);
}

function scoresOf(counts: ClassCounts, options: CountScoring): Record<keyof FScores, Float64Array> {
  const otherwise = checkZeroDivision(options.zeroDivision), beta = checkBeta(options.beta);
  const { truth, predicted, right } = counts;
  const precision = right.map((part, k) => ratio(part, predicted[k], otherwise));
  const recall = right.map((part, k) => ratio(part, truth[k], otherwise));
  if (beta === Infinity) return { precision, recall, fBeta: recall };
  if (beta === 0) return { precision, recall, fBeta: precision };
  const square = beta * beta;
  const fBeta = right.map((part, k) =>
    ratio((1 + square) * part, square * truth[k] + predicted[k], otherwise)
  );
  return { precision, recall, fBeta };
}

/** Jaccard's index of each class that was counted. */
export function jaccardOf({ truth, predicted, right }: ClassCounts, zeroDivision?: number): Float64Array {
  const otherwise = checkZeroDivision(zeroDivision);
  if (Number.isNaN(otherwise)) fail("zeroDivision of Jaccard's index must be 0 or 1, got NaN");
  return right.map((part, k) => ratio(part, part + (predicted[k] - part) + (truth[k] - part), otherwise));
}

function pool({ truth, predicted, right }: ClassCounts): ClassCounts {
  const [t, p, r] = [truth, predicted, right].map((counts) => Float64Array.of(sum(counts)));
  return { truth: t, predicted: p, right: r };
}

function averageWeights(counts: ClassCounts, options: CountAveraging): Numbers | undefined {
  if (options.average === "weighted") return counts.truth;
  return options.average === "samples" ? options.sampleWeights : undefined;
}

/** Mean of those that are numbers; weights that add up to 0 are passed over. */
function meanOfNumbers(values: Float64Array, weights: Numbers | undefined): number {
  const kept = Array.from(values.keys()).filter((k) => !Number.isNaN(values[k]));
  if (kept.length === 0) return NaN;
  const numbers = Float64Array.from(kept, (k) => values[k]);
  const their = weights && Float64Array.from(kept, (k) => weights[k]);
  return mean(numbers, their && sum(their) > 0 ? their : undefined);
}

function mean(values: Numbers, weights: Numbers | undefined): number {
  if (!weights) return sum(values) / values.length;
  let total = 0;
  for (let k = 0; k < values.length; k++) total += values[k] * weights[k];
  return total / sum(weights);
}
