/**
 * One label from several annotators: majority, and Dawid and Skene's model.
 *
 * @module
 */
import { categoriesIn, type Category, categoryIndex, numberOf } from "../statistics/categories.ts";
import { checkNumber, checkWhole, fail } from "../statistics/checks.ts";
import { show } from "../base/text.ts";

/** One annotator's label of one item. */
export interface Label {
  /** What was labelled. */
  readonly item: string;
  /** Who labelled it. */
  readonly annotator: string;
  /** The label given. */
  readonly label: Category;
}

/** The label that most annotators gave an item. */
export interface Majority {
  /** Its name. */
  readonly item: string;
  /** The label chosen most often; undefined where several are. */
  readonly label: Category | undefined;
  /** Share of the votes that the most frequent label got. */
  readonly share: number;
  /** Labels given. */
  readonly votes: number;
  /** Labels that are most frequent, more than one where tied: for a person to settle. */
  readonly candidates: Category[];
}

/** What an item's label is, given how well each annotator tells labels apart. */
export interface DawidSkene {
  /** In order of item names. */
  readonly items: { item: string; label: Category; probability: number; posterior: number[] }[];
  /** Labels, in the order of posteriors and confusions. */
  readonly labels: readonly Category[];
  /** Each label's share. */
  readonly prior: number[];
  /** By name: confusion[true][given], and how often the annotator is right given the shares. */
  readonly annotators: { annotator: string; confusion: number[][]; accuracy: number; n: number }[];
  /** Rounds taken. */
  readonly iterations: number;
}

/**
 * The label that most annotators gave each item, in order of item names; ties are reported, not broken.
 *
 * @throws {EvaluationError} When there are no labels or an annotator labelled an item twice.
 * @example
 * ```ts
 * import { majorityVote } from "./adjudication.ts";
 * import assert from "node:assert/strict";
 * const [first] = majorityVote([
 *   { item: "1", annotator: "ann", label: "spam" },
 *   { item: "1", annotator: "bob", label: "spam" },
 *   { item: "1", annotator: "cy", label: "ham" },
 * ]);
 * assert.equal(first.label, "spam");
 * ```
 */
export function majorityVote(labels: readonly Label[]): Majority[] {
  checkLabels(labels);
  const perItem = new Map<string, Map<Category, number>>();
  for (const { item, label } of labels) {
    let counts = perItem.get(item);
    if (!counts) perItem.set(item, counts = new Map());
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return [...perItem].sort(byName).map(([item, counts]) => {
    const most = Math.max(...counts.values());
    const votes = [...counts.values()].reduce((sum, count) => sum + count, 0);
    const candidates = categoriesIn([...counts.keys()].filter((label) => counts.get(label) === most));
    const label = candidates.length === 1 ? candidates[0] : undefined;
    return { item, label, share: most / votes, votes, candidates };
  });
}

/**
 * Labels and annotators' reliability together, by expectation maximisation: an annotator has a probability of giving each label
 * for each true label, and good annotators count for more.
 *
 * Starts from the shares of votes and stops when no posterior moves by more than `tolerance`. Needs annotators with many items
 * each; with few, prefer `majorityVote`. Source: Dawid and Skene (1979), "Maximum likelihood estimation of observer error-rates
 * using the EM algorithm".
 *
 * @throws {EvaluationError} When there are no labels, an annotator labelled an item twice or a label is outside `labels`.
 * @example
 * ```ts
 * import { dawidSkene } from "./adjudication.ts";
 * import assert from "node:assert/strict";
 * const votes = ["aab", "bbb", "aaa", "bba"].flatMap((row, item) =>
 *   [...row].map((label, r) => ({ item: `${item}`, annotator: `${r}`, label }))
 * );
 * assert.deepEqual(dawidSkene(votes).items.map(({ label }) => label), ["a", "b", "a", "b"]);
 * ```
 */
export function dawidSkene(
  labels: readonly Label[],
  options: {
    /** All labels there are; default: those that occur. */
    labels?: readonly Category[];
    /** Rounds at most; default 200. */
    iterations?: number;
    /** Default 1e-9. */
    tolerance?: number;
    /** Added to every count of a confusion, so that nothing is impossible; default 0.01. */
    smoothing?: number;
  } = {},
): DawidSkene {
  checkLabels(labels);
  const { iterations = 200, tolerance = 1e-9, smoothing = 0.01 } = options;
  checkWhole("iterations", iterations);
  checkNumber("smoothing", smoothing, { above: 0 });
  const categories = options.labels ?? categoriesIn(labels.map(({ label }) => label));
  const index = categoryIndex(categories);
  const size = categories.length;
  const items = [...new Set(labels.map(({ item }) => item))].sort();
  const people = [...new Set(labels.map(({ annotator }) => annotator))].sort();
  const [itemAt, personAt] = [items, people].map((names) => new Map(names.map((name, i) => [name, i])));
  const votes = labels.map(({ item, annotator, label }, row) => ({
    i: itemAt.get(item)!,
    r: personAt.get(annotator)!,
    given: numberOf(index, label, () => `Label ${row + 1} (item ${show(item)})`),
  }));

  const posterior = new Float64Array(items.length * size);
  for (const { i, given } of votes) posterior[i * size + given]++;
  for (let i = 0; i < items.length; i++) normalise(posterior.subarray(i * size, (i + 1) * size));
  const prior = new Float64Array(size);
  const confusion = new Float64Array(people.length * size * size); // [annotator, true, given]
  let rounds = 0;
  for (let moved = Infinity; rounds < iterations && moved > tolerance; rounds++) {
    prior.fill(0);
    for (let at = 0; at < posterior.length; at++) prior[at % size] += posterior[at] / items.length;
    confusion.fill(smoothing);
    for (const { i, r, given } of votes) {
      for (let t = 0; t < size; t++) confusion[(r * size + t) * size + given] += posterior[i * size + t];
    }
    for (let row = 0; row < people.length * size; row++) {
      normalise(confusion.subarray(row * size, (row + 1) * size));
    }

    const next = new Float64Array(posterior.length);
    for (let at = 0; at < next.length; at++) next[at] = Math.log(prior[at % size]);
    for (const { i, r, given } of votes) {
      for (let t = 0; t < size; t++) next[i * size + t] += Math.log(confusion[(r * size + t) * size + given]);
    }
    moved = 0;
    for (let i = 0; i < items.length; i++) {
      const own = next.subarray(i * size, (i + 1) * size);
      const most = own.reduce((a, b) => Math.max(a, b), -Infinity);
      for (let t = 0; t < size; t++) own[t] = Math.exp(own[t] - most);
      normalise(own);
      for (let t = 0; t < size; t++) moved = Math.max(moved, Math.abs(own[t] - posterior[i * size + t]));
    }
    posterior.set(next);
  }
  return {
    items: items.map((item, i) => {
      const own = Array.from(posterior.subarray(i * size, (i + 1) * size));
      const probability = Math.max(...own);
      return { item, label: categories[own.indexOf(probability)], probability, posterior: own };
    }),
    labels: categories,
    prior: Array.from(prior),
    annotators: people.map((annotator, r) => {
      const own = categories.map((_, t) =>
        Array.from(confusion.subarray((r * size + t) * size, (r * size + t + 1) * size))
      );
      const accuracy = own.reduce((sum, row, t) => sum + prior[t] * row[t], 0);
      return { annotator, confusion: own, accuracy, n: votes.filter((vote) => vote.r === r).length };
    }),
    iterations: rounds,
  };
}

function checkLabels(labels: readonly Label[]): void {
  if (labels.length === 0) fail("Cannot settle labels: there are none");
  const seen = new Set<string>();
  for (const { item, annotator } of labels) {
    const key = JSON.stringify([item, annotator]);
    if (seen.has(key)) fail(`Annotator ${show(annotator)} labelled item ${show(item)} twice; keep one label`);
    seen.add(key);
  }
}

function normalise(values: Float64Array): void {
  let total = 0;
  for (const value of values) total += value;
  for (let i = 0; i < values.length; i++) values[i] /= total;
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
