/**
 * Summaries of ratings on a scale, and of raters' habits.
 *
 * @module
 */
import { show } from "../base/text.ts";
import {
  bootstrapCells,
  type BootstrapOptions,
  checkOptions,
  type Interval,
} from "../statistics/bootstrap.ts";
import { meanInterval, wilsonInterval } from "../statistics/intervals.ts";
import { bootstrapUnits } from "./resample.ts";
import { checkWhole, fail, Numbers } from "../statistics/checks.ts";

/** One score that a person gave. */
export interface Rating {
  /** What was rated. */
  readonly item: string;
  /** Who rated it. */
  readonly rater: string;
  /** The system whose output it is. */
  readonly system?: string;
  /** A point of the scale. */
  readonly score: number;
}

/** The points of a scale: whole numbers from low to high. */
export interface Scale {
  /** Lowest point, for example 1. */
  readonly low: number;
  /** Highest point, for example 5. */
  readonly high: number;
}

/** How ratings are summarised. */
export interface RatingsOptions extends BootstrapOptions {
  /** The scale. */
  readonly scale: Scale;
  /** Highest points that count as the top box (and lowest as the bottom box); default 2, or 1 on scales below 4 points. */
  readonly topBox?: number;
  /**
   * What the bootstrap draws; default "rating". Ratings of one item (or rater) resemble each other: drawing them whole gives
   * honest, wider intervals of the mean and the median.
   */
  readonly unit?: "rating" | "item" | "rater";
}

/** Ratings of one group. */
export interface RatingSummary {
  /** Ratings. */
  readonly n: number;
  /** Ratings of each point, lowest first. */
  readonly counts: number[];
  /** Their shares. */
  readonly shares: number[];
  /** Mean with Student's t interval over ratings taken as independent; NaN ends for one rating. */
  readonly mean: Interval;
  /** Mean with its bootstrap interval. */
  readonly meanBootstrap: Interval;
  /** Median (middle of the two middle scores where n is even) with its bootstrap interval. */
  readonly median: Interval;
  /** Sample standard deviation; 0 for one rating. */
  readonly standardDeviation: number;
  /** Share of ratings in the top box, with Wilson's interval. */
  readonly topBox: Interval;
  /** Share in the bottom box. */
  readonly bottomBox: Interval;
}

/** One rater's habits. */
export interface RaterSummary {
  /** Who. */
  readonly rater: string;
  /** Ratings. */
  readonly n: number;
  /** Mean score. */
  readonly mean: number;
  /** Sample standard deviation; 0 for one rating. */
  readonly standardDeviation: number;
  /**
   * Mean difference to the mean of the others' scores of the same item, with Student's t interval: above 0 is lenient. NaN
   * where nobody else rated the rater's items; n is the items that somebody else rated.
   */
  readonly bias: Interval;
}

/** A report over Likert ratings. */
export interface RatingsReport {
  /** The scale. */
  readonly scale: Scale;
  /** All ratings. */
  readonly overall: RatingSummary;
  /** By system, in order of name; empty where no rating names one. */
  readonly perSystem: (RatingSummary & { system: string })[];
  /** By item, in order of name. */
  readonly perItem: (RatingSummary & { item: string })[];
  /** By rater, in order of name. */
  readonly perRater: RaterSummary[];
}

/**
 * Summarises Likert ratings: distribution, mean, median, top and bottom box, over all, by system, item and rater. Read the mean
 * beside the others: that 5 is as far above 4 as 2 is above 1 is its assumption alone.
 *
 * @throws {EvaluationError} When there are no ratings, a score is no point of the scale or a rater rated an item of a system
 * twice.
 * @example
 * ```ts
 * import { ratingsReport, zScores } from "./ratings.ts";
 * import assert from "node:assert/strict";
 * const ratings = [
 *   { item: "1", rater: "ann", score: 4 },
 *   { item: "1", rater: "bob", score: 5 },
 *   { item: "2", rater: "ann", score: 2 },
 *   { item: "2", rater: "bob", score: 3 },
 * ];
 * const report = ratingsReport(ratings, { scale: { low: 1, high: 5 } });
 * assert.equal(report.overall.mean.value, 3.5);
 * assert.equal(report.overall.topBox.value, 0.5);
 * assert.equal(report.perRater[1].bias.value, 1); // bob gives one point more
 * assert.equal(zScores(ratings)[0].toFixed(4), "0.7071"); // ann gave 4 and 2
 * ```
 */
export function ratingsReport(ratings: readonly Rating[], options: RatingsOptions): RatingsReport {
  checkRatings(ratings, options.scale);
  checkOptions(options);
  const points = options.scale.high - options.scale.low + 1;
  const box = options.topBox ?? (points < 4 ? 1 : 2);
  checkWhole("topBox", box, 1, points - 1);
  const within = (rows: readonly Rating[]) => summarise(rows, { ...options, topBox: box });
  const groups = (key: (rating: Rating) => string) => groupBy(ratings, key);
  const named = ratings.some((rating) => rating.system !== undefined);
  return {
    scale: { ...options.scale },
    overall: within(ratings),
    perSystem: named
      ? groups((rating) => rating.system ?? "").map(([system, rows]) => ({ system, ...within(rows) }))
      : [],
    perItem: groups((rating) => rating.item).map(([item, rows]) => ({ item, ...within(rows) })),
    perRater: raterSummaries(ratings, options),
  };
}

/** One segment of a diverging bar. */
export interface DivergingSegment {
  /** Point of the scale. */
  readonly point: number;
  /** Its share of the ratings. */
  readonly share: number;
  /** Where it starts, in shares from the middle of the scale: negative to the left. */
  readonly from: number;
  /** Where it ends. */
  readonly to: number;
}

/**
 * Where the segments of a diverging stacked bar lie, as shares in [-1, 1]: points below the middle of the scale to the left of
 * 0, those above it to the right, a middle point across 0 (Robbins and Heiberger 2011, "Plotting Likert and other rating
 * scales").
 *
 * @example
 * ```ts
 * import { divergingBar } from "./ratings.ts";
 * import assert from "node:assert/strict";
 * const [bad, fair, good] = divergingBar([1, 2, 1], { low: 1, high: 3 });
 * assert.deepEqual([bad.from, bad.to, fair.to, good.to], [-0.5, -0.25, 0.25, 0.5]);
 * ```
 */
export function divergingBar(counts: readonly number[], scale: Scale): DivergingSegment[] {
  const points = scale.high - scale.low + 1;
  const n = counts.reduce((total, count) => total + count, 0);
  if (counts.length !== points || !(n > 0)) {
    fail(`A bar needs ${points} counts, not all 0, got ${counts.length} that add up to ${n}`);
  }
  const middle = (points - 1) / 2;
  let at = 0;
  counts.forEach((count, k) => at -= k < middle ? count / n : k === middle ? count / n / 2 : 0);
  return counts.map((count, k) => {
    const from = at;
    at += count / n;
    return { point: scale.low + k, share: count / n, from, to: at };
  });
}

/**
 * Each rating as standard deviations from its rater's mean, in the order given: takes out that some raters are lenient and some
 * use the whole scale. 0 for a rater whose scores are all alike. As in the Conference on Machine Translation's direct
 * assessment (Graham et al. 2013), with the sample standard deviation.
 */
export function zScores(ratings: readonly Rating[]): number[] {
  const raters = groupBy(ratings, (rating) => rating.rater);
  const moments = new Map(raters.map(([rater, rows]) => [rater, momentsOf(rows.map((row) => row.score))]));
  return ratings.map(({ rater, score }) => {
    const { mean, deviation } = moments.get(rater)!;
    return deviation === 0 ? 0 : (score - mean) / deviation;
  });
}

function summarise(rows: readonly Rating[], options: RatingsOptions & { topBox: number }): RatingSummary {
  const { scale, topBox, unit = "rating", confidence = 0.95 } = options;
  const points = scale.high - scale.low + 1, counts = countPoints(rows, scale), n = rows.length;
  const scores = rows.map((row) => row.score);
  const center = (cells: Numbers, out: Float64Array) => {
    let total = 0, sum = 0;
    for (let k = 0; k < points; k++) {
      total += cells[k];
      sum += cells[k] * (scale.low + k);
    }
    out[0] = sum / total;
    out[1] = scale.low + medianOfCounts(cells, total);
  };
  const settings = { ...options, metrics: 2 }, cells = new Float64Array(points);
  const groups = unit === "rating"
    ? []
    : groupBy(rows, (row) => row[unit]).map(([, group]) => countPoints(group, scale));
  const [meanBootstrap, median] = unit === "rating"
    ? bootstrapCells(counts, center, settings)
    : bootstrapUnits(groups.length, (drawn, out) => {
      cells.fill(0);
      for (const g of drawn) for (let k = 0; k < points; k++) cells[k] += groups[g][k];
      center(cells, out);
    }, settings);
  const boxed = (from: number, to: number) =>
    wilsonInterval(counts.slice(from, to).reduce((total, count) => total + count, 0), n, { confidence });
  return {
    n,
    counts,
    shares: counts.map((count) => count / n),
    mean: tInterval(scores, confidence),
    meanBootstrap,
    median,
    standardDeviation: momentsOf(scores).deviation,
    topBox: boxed(points - topBox, points),
    bottomBox: boxed(0, topBox),
  };
}

function raterSummaries(ratings: readonly Rating[], { confidence = 0.95 }: BootstrapOptions): RaterSummary[] {
  const place = (rating: Rating) => JSON.stringify([rating.item, rating.system]);
  const perPlace = new Map<string, { sum: number; n: number }>();
  for (const rating of ratings) {
    const total = perPlace.get(place(rating)) ?? { sum: 0, n: 0 };
    total.sum += rating.score;
    total.n++;
    perPlace.set(place(rating), total);
  }
  return groupBy(ratings, (rating) => rating.rater).map(([rater, rows]) => {
    const { mean, deviation } = momentsOf(rows.map((row) => row.score));
    const differences = rows.flatMap((row) => {
      const { sum, n } = perPlace.get(place(row))!;
      return n > 1 ? [row.score - (sum - row.score) / (n - 1)] : [];
    });
    const bias = tInterval(differences, confidence);
    return { rater, n: rows.length, mean, standardDeviation: deviation, bias };
  });
}

/** Student's t interval of a mean; NaN ends for one value, NaN throughout for none. */
function tInterval(values: readonly number[], confidence: number): Interval {
  if (values.length > 1) return meanInterval(values, { confidence });
  return { value: momentsOf(values).mean, low: NaN, high: NaN, confidence, n: values.length, method: "t" };
}

function momentsOf(values: readonly number[]): { mean: number; deviation: number } {
  const n = values.length;
  const mean = values.reduce((total, value) => total + value, 0) / n;
  const squares = values.reduce((total, value) => total + (value - mean) ** 2, 0);
  const alike = n < 2 || values.every((value) => value === values[0]);
  return { mean, deviation: alike ? 0 : Math.sqrt(squares / (n - 1)) };
}

/** Median, as steps above the lowest point. */
function medianOfCounts(cells: Numbers, n: number): number {
  const pointOf = (rank: number) => {
    let k = 0;
    for (let below = cells[0]; below <= rank; below += cells[k]) k++;
    return k;
  };
  return (pointOf(Math.floor((n - 1) / 2)) + pointOf(Math.floor(n / 2))) / 2;
}

function countPoints(rows: readonly Rating[], scale: Scale): number[] {
  const counts = new Array<number>(scale.high - scale.low + 1).fill(0);
  for (const { score } of rows) counts[score - scale.low]++;
  return counts;
}

function checkRatings(ratings: readonly Rating[], { low, high }: Scale): void {
  checkWhole("The lowest point of a scale", low, -Infinity);
  checkWhole("The highest point of a scale", high, low + 1, low + 1000);
  if (ratings.length === 0) fail("Cannot summarise ratings: there are none");
  const seen = new Set<string>();
  ratings.forEach(({ item, rater, system, score }, i) => {
    const where = `Rating ${i + 1} (item ${show(item)}, rater ${show(rater)})`;
    checkWhole(`${where}, a point of the scale,`, score, low, high);
    const key = JSON.stringify([item, rater, system]);
    if (seen.has(key)) fail(`${where} is there twice; keep one score a rater and item`);
    seen.add(key);
  });
}

/** Groups in order of their names' code units. */
function groupBy<T>(rows: readonly T[], key: (row: T) => string): [string, T[]][] {
  return [...Map.groupBy(rows, key)].sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0);
}
