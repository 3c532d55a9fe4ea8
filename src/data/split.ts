/**
 * Dividing a data set into parts, near-duplicates on one side.
 *
 * @module
 */
import { nearDuplicateClusters } from "./dedupe.ts";
import { DataError } from "./errors.ts";
import { labelsOf, type TextExample } from "./example.ts";
import { show } from "../base/text.ts";
import { createRandomStream, type RandomStream } from "../base/random.ts";
import { stratifyUnits, type Unit } from "./stratify.ts";

/** How `splitExamples` divides a data set. */
export interface SplitOptions<Part extends string, T = TextExample> {
  /** Each part's share of the examples; the shares sum to 1. */
  readonly fractions: Record<Part, number>;
  /** The same seed gives the same split (default 0). */
  readonly seed?: number;
  /** Examples with the same number stay together (default: `nearDuplicateClusters` of the texts). */
  readonly clusters?: ArrayLike<number>;
  /** Names the data set in errors. */
  readonly name?: string;
  /** What to do where labels have too few texts, for the error. */
  readonly advice?: string;
  /** What the error calls the parts (default: their names). */
  readonly called?: string;
  /**
   * Told of labels that have fewer clusters than there are parts, such as `label "x" (1) has`: those go to the first part, then
   * to the last. Without it they are an error.
   */
  readonly onRare?: (labels: string) => void;
  /**
   * What has about the same share in each part, and at least one example if it is the commonest of enough clusters; the
   * label unless given, nothing where null. Of several, as of a text with any number of labels, each has its share: see
   * `stratifyUnits`.
   */
  readonly stratum?: ((example: T) => string | readonly string[]) | null;
}

/**
 * Divides examples at random into parts, such as train and test, so that
 *  - every label has about the same share in each part (stratified), and
 *  - near-duplicates are never divided: a text that a model was trained on does not come back, slightly changed, to test it,
 *    nor does a large cluster make a part larger than asked for where another part has room for it.
 *
 * Each part keeps the order of the examples.
 *
 * @throws {DataError} if there is no example, only one label, or a label with too few distinct texts to put one in every
 * part.
 * @throws {RangeError} if the fractions are not positive or do not sum to 1.
 *
 * @example
 * ```ts
 * import { splitExamples } from "./split.ts";
 * import assert from "node:assert/strict";
 *
 * const mails = Array.from({ length: 50 }, (_, i) => ({ text: `mail ${i}`, label: i % 5 ? "ham" : "spam" }));
 * const clusters = mails.map((_, i) => i);
 * const { train, test } = splitExamples(mails, { fractions: { train: 0.8, test: 0.2 }, seed: 1, clusters });
 * assert.equal(train.length, 40);
 * assert.equal(test.filter(({ label }) => label === "spam").length, 2);
 * ```
 */
export function splitExamples<T extends TextExample, Part extends string>(
  examples: readonly T[],
  options: SplitOptions<Part, T>,
): Record<Part, T[]> {
  const { fractions, seed = 0, name = "the data set" } = options;
  const parts = Object.keys(fractions) as Part[];
  const shares = parts.map((part) => fractions[part]);
  const sum = shares.reduce((total, share) => total + share, 0);
  if (shares.some((share) => !(share > 0)) || Math.abs(sum - 1) > 1e-6) {
    throw new RangeError(
      `fractions are ${JSON.stringify(fractions)}; positive numbers that sum to 1 were expected`,
    );
  }
  const { stratum = (example: T) => example.label } = options;
  const clusters = options.clusters ?? nearDuplicateClusters(examples.map(({ text }) => text), {
    labels: examples.map(({ label }) => label),
  });
  if (clusters.length !== examples.length) {
    throw new RangeError(`clusters has ${clusters.length} entries for ${examples.length} examples`);
  }

  const members = new Map<number, number[]>();
  for (let i = 0; i < examples.length; i++) {
    const group = members.get(clusters[i]);
    if (group) group.push(i);
    else members.set(clusters[i], [i]);
  }
  const groups = [...members.values()];
  const strata = examples.map((example) => stratum ? stratum(example) : "");
  const tooFew = (what: string) => {
    const advice = options.advice ?? "merge such labels, leave their rows out, or divide into fewer parts";
    return new DataError(
      `${name}: ${what}, where those that are nearly alike count once; at least ${parts.length} are needed, ` +
        `one for each of ${options.called ?? parts.join(", ")}: ${advice}`,
    );
  };
  const random = createRandomStream(seed, SPLIT_STREAM);
  const partOf = new Int32Array(examples.length);
  const put = (group: readonly number[], part: number) => group.forEach((i) => partOf[i] = part);
  if (strata.every((label) => typeof label === "string")) {
    const labels = stratum ? labelsOf(strata, name) : [""];
    const holding = new Map(labels.map((label) => [label, 0])); // clusters with an example of the label
    for (const group of groups) {
      for (const label of new Set(group.map((i) => strata[i]))) holding.set(label, holding.get(label)! + 1);
    }
    // A cluster of several labels is divided with those of its most frequent one.
    const byLabel = new Map<string, number[][]>(labels.map((label) => [label, []]));
    for (const group of groups) byLabel.get(commonestLabel(group.map((i) => strata[i])))!.push(group);
    const rare = [...holding].filter(([, count]) => count < parts.length);
    const refused = () =>
      tooFew(stratum ? `${describeRare(rare)} too few texts` : `there are too few texts: ${rare[0][1]}`);
    if (rare.length > 0 && !(options.onRare && stratum)) throw refused();
    const isRare = new Set(rare.map(([label]) => label));
    // What is learnt comes first, what is scored second.
    const order = [0, parts.length - 1, ...parts.keys().drop(1)];
    for (const [label, groups] of byLabel) {
      if (isRare.has(label)) random.shuffle(groups);
      const of = isRare.has(label) ? groups.map((_, at) => order[at]) : divide(groups, shares, random);
      groups.forEach((group, at) => put(group, of[at]));
    }
    if (rare.length > 0) {
      if (parts.some((_, part) => !partOf.includes(part))) throw refused();
      options.onRare!(describeRare(rare));
    }
  } else {
    if (groups.length < parts.length) throw tooFew(`there are too few texts: ${groups.length}`);
    const of = stratifyUnits(groups.map((group) => unitOf(group.map((i) => strata[i]))), shares, random);
    groups.forEach((group, at) => put(group, of[at]));
  }
  const result = Object.fromEntries(parts.map((part): [Part, T[]] => [part, []])) as Record<Part, T[]>;
  examples.forEach((example, i) => result[parts[partOf[i]]].push(example));
  return result;
}

/** The labels that have too few texts, with how many. */
function describeRare(rare: readonly (readonly [string, number])[]): string {
  const shown = rare.slice(0, 20).map(([label, count]) => `${show(label)} (${count})`).join(", ");
  if (rare.length === 1) return `label ${shown} has`;
  return `${rare.length} labels, ${shown}${rare.length > 20 ? " and others" : ""}, have`;
}

/** Keeps a split's random stream apart from others of the same seed. */
const SPLIT_STREAM = 0x5911;

/** Brings the groups of one label into a random order, and gives the part of each. */
function divide(groups: number[][], shares: readonly number[], random: RandomStream): number[] {
  const total = groups.reduce((count, group) => count + group.length, 0);
  const wanted = shares.map((share) => share * total);
  const isEmpty = shares.map(() => true);
  random.shuffle(groups);
  // What is much of the smallest part goes first, the largest before all: late, there may be no room for it anywhere.
  const much = Math.min(...wanted) / 4;
  const rank = ({ length }: readonly number[]) => length > much ? length : 0;
  groups.sort((a, b) => rank(b) - rank(a));
  return groups.map((group, done) => {
    // Drawn in proportion to what a part still wants, which comes to exact shares; the last groups go where there is
    // nothing yet.
    const empty = isEmpty.flatMap((is, part) => is ? [part] : []);
    const isLastChance = groups.length - done <= empty.length;
    const part = isLastChance ? empty[0] : draw(wanted, group.length, random.next());
    wanted[part] -= group.length;
    isEmpty[part] = false;
    return part;
  });
}

/** A group as it is stratified by several labels. */
function unitOf(rows: readonly (string | readonly string[])[]): Unit {
  const labels = new Map<string, number>();
  for (const row of rows) {
    for (const label of new Set(typeof row === "string" ? [row] : row)) {
      labels.set(label, (labels.get(label) ?? 0) + 1);
    }
  }
  return { size: rows.length, labels };
}

/**
 * A part drawn with probability in proportion to what it wants, of those that want `size` more; the one that wants most if
 * none does.
 */
function draw(wanted: number[], size: number, at: number): number {
  const weights = wanted.map((want) => want >= size - 0.5 ? want : 0);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (total <= 0) return wanted.indexOf(Math.max(...wanted));
  let left = at * total;
  for (let part = 0; part < weights.length; part++) {
    left -= weights[part];
    if (left < 0) return part;
  }
  return weights.findLastIndex((weight) => weight > 0);
}

function commonestLabel(labels: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts].reduce((best, entry) => entry[1] > best[1] ? entry : best)[0];
}
