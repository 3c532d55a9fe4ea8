/**
 * Finding duplicates and near-duplicates among texts.
 *
 * @module
 */
import type { TextExample } from "./example.ts";
import { createLeaders } from "./leaders.ts";
import { sortedDistinct, weigh, type Weighed, type WeighedTexts } from "./rarity.ts";
import { shinglesOf } from "./shingles.ts";

/** What `deduplicate` found. */
export interface Deduplicated<T> {
  /** One example of every distinct text, in order. */
  readonly examples: T[];
  /** How many examples were dropped. */
  readonly duplicates: number;
  /**
   * How many examples have another label than the one that was kept for their text, or a text without one: noise
   * in the labels.
   */
  readonly conflicts: number;
  /** The texts that have several labels. */
  readonly conflicting: readonly Conflict<T>[];
}

/** A text that has several labels. */
export interface Conflict<T> {
  /** The examples with this text. */
  readonly examples: readonly T[];
  /** How many of them have each label, the commonest first. */
  readonly labels: ReadonlyMap<string, number>;
  /** The label that was kept; absent where none has more examples than the others, so that the text was dropped. */
  readonly kept?: string;
}

/** How duplicates are dropped. */
export interface DeduplicateOptions {
  /**
   * Of a text with several labels, `majority` keeps the first example with the label that most have, and none where there is
   * no such label; `first` keeps the first example. Default `majority`.
   */
  readonly onConflict?: "majority" | "first";
}

/**
 * What two texts have in common if a reader would call them the same: the key by which exact duplicates are found, and by
 * which a text is recognised later, such as one that a model was trained on.
 *
 * Not told apart: case, white space of any kind and amount, characters that are not seen (zero-width spaces and joiners,
 * byte-order marks, soft hyphens, variation selectors, direction marks, control characters), composed and decomposed
 * accents, full-width and half-width forms, ligatures, styled letters as of mathematics, and the variants of apostrophes,
 * quotation marks and hyphens. All else counts: digits, punctuation, accents, and superscripts, since 10² is not 102.
 *
 * The separators U+001C to U+001F stay, so that several texts can be joined with one of them.
 *
 * Source: Unicode Standard Annex 15 (normalisation), Annex 44 (`Default_Ignorable_Code_Point`).
 *
 * @example
 * ```ts
 * import { duplicateKey } from "./dedupe.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(duplicateKey("  Don\u2019t\u200b  miss\u00a0it\n"), "don't miss it");
 * assert.equal(duplicateKey("\uff37\uff29\uff2e\u3000now"), duplicateKey("win NOW"));
 * assert.notEqual(duplicateKey("10\u00b2"), duplicateKey("102"));
 * ```
 */
export function duplicateKey(text: string): string {
  const plain = PLAIN.test(text) ? text.toLowerCase() : folded(text);
  return plain.replace(WHITE_SPACE, " ").trim();
}

/** Most texts of many data sets: nothing in them is to be folded but case and white space. */
// deno-lint-ignore no-control-regex
const PLAIN = /^[\t-\r\x1c-_a-~]*$/;

/** As JavaScript's `\s`, and the next-line character, which Unicode counts too. */
const WHITE_SPACE = /[\s\u0085]+/g;

// deno-lint-ignore no-control-regex
const NOT_SEEN = /[\p{Default_Ignorable_Code_Point}\0-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]+/gu;

/**
 * Forms of characters that stand for the same ones: ligatures, Arabic presentation forms, full-width and half-width forms,
 * letters and digits of mathematics. The other compatibility characters, such as superscripts and fractions, mean something
 * else.
 */
const FORMS = /[\ufb00-\ufb06\ufb50-\ufdfb\ufe70-\ufefc\uff01-\uffee\u{1d400}-\u{1d7ff}]+/gu;

function folded(text: string): string {
  return text
    .replace(NOT_SEEN, "")
    .replace(FORMS, (form) => form.normalize("NFKC"))
    .toLowerCase()
    .normalize("NFC")
    .replace(/ς/g, "σ") // the same letter at a word's end, which capitals do not show
    .replace(/[\u2018-\u201b\u02b9\u02bb-\u02bd\u2032\u00b4`]/g, "'")
    .replace(/[\u201c-\u201f\u2033]/g, '"')
    .replace(/[\u2010-\u2015\u2212]/g, "-");
}

/**
 * Keeps one example of each text, by {@linkcode duplicateKey}; of a text with several labels, one with the label that most
 * of its examples have.
 *
 * @example
 * ```ts
 * import { deduplicate } from "./dedupe.ts";
 * import assert from "node:assert/strict";
 *
 * const { examples, duplicates } = deduplicate([
 *   { text: "Win now!", label: "spam" },
 *   { text: "win  NOW!\n", label: "spam" },
 *   { text: "Lunch?", label: "ham" },
 * ]);
 * assert.equal(duplicates, 1);
 * assert.deepEqual(examples.map(({ text }) => text), ["Win now!", "Lunch?"]);
 * ```
 */
export function deduplicate<T extends TextExample>(
  examples: Iterable<T>,
  { onConflict = "majority" }: DeduplicateOptions = {},
): Deduplicated<T> {
  const byKey = new Map<string, T[]>();
  let count = 0;
  for (const example of examples) {
    const key = duplicateKey(example.text);
    const same = byKey.get(key);
    if (same) same.push(example);
    else byKey.set(key, [example]);
    count++;
  }
  const kept: T[] = [];
  const conflicting: Conflict<T>[] = [];
  let conflicts = 0;
  for (const same of byKey.values()) {
    const conflict = conflictIn(same, onConflict);
    if (!conflict) {
      kept.push(same[0]);
      continue;
    }
    conflicting.push(conflict);
    if (conflict.kept !== undefined) kept.push(same.find(({ label }) => label === conflict.kept)!);
    conflicts += same.filter(({ label }) => label !== conflict.kept).length;
  }
  return { examples: kept, duplicates: count - kept.length, conflicts, conflicting };
}

function conflictIn<T extends TextExample>(
  same: readonly T[],
  onConflict: "majority" | "first",
): Conflict<T> | undefined {
  if (same.every(({ label }) => label === same[0].label)) return undefined;
  const counts = new Map<string, number>();
  for (const { label } of same) counts.set(label, (counts.get(label) ?? 0) + 1);
  const labels = new Map([...counts].sort(([, a], [, b]) => b - a));
  const [[commonest, most], [, next]] = [...labels];
  const kept = onConflict === "first" ? same[0].label : most > next ? commonest : undefined;
  return { examples: same, labels, kept };
}

/** When two texts count as near-duplicates. */
export interface NearDuplicateOptions {
  /** Least similarity of the two sets of shingles (default 0.7). */
  readonly threshold?: number;
  /** Words in a shingle (default 3). */
  readonly shingleWords?: number;
  /** The label of each text, where there are labels: see {@linkcode nearDuplicateClusters}. */
  readonly labels?: readonly string[];
}

/**
 * Groups texts that are near-duplicates of each other: `clusters[i]` is the number of text `i`'s group, counted from 0 in
 * order of appearance.
 *
 * Two texts are near-duplicates if their sets of word shingles have a weighted Jaccard similarity of at least `threshold`,
 * or if they have the same words; case and punctuation do not count. A shingle weighs less the more texts have it, and
 * nothing where more than a fifth of all texts have it, or of those with the same label: footers, templates and headers are
 * no likeness. The numbers in texts do not count either, unless texts of several labels have the words around them. Two
 * texts with different labels are no near-duplicates if the words in which they differ are found elsewhere too, and there
 * with the same label only: the difference goes with the label.
 *
 * A group holds together around one of its texts, to which each of the others has a similarity of at least `threshold`
 * squared, as two steps of it come to; beyond that, a text that is like one of its members has a group of its own.
 *
 * All with all is not compared: of two sets sorted alike, rare shingles first, those before the last `threshold` of the
 * weight have one in common if the sets are similar enough, so only texts that share a rare shingle are compared. Of those
 * who share one shingle only the first {@linkcode MOST_HOLDERS} are candidates, and a text is given up after {@linkcode
 * MOST_FAILURES} that were unlike it, so that the time grows with the number of texts whatever they are.
 *
 * Source: Broder 1997, "On the resemblance and containment of documents" (shingles, Jaccard over hashes); Chaudhuri et al.
 * 2006, "A Primitive Operator for Similarity Joins in Data Cleaning" (prefix filter, with weights).
 *
 * @example
 * ```ts
 * import { nearDuplicateClusters } from "./dedupe.ts";
 * import assert from "node:assert/strict";
 *
 * const clusters = nearDuplicateClusters([
 *   "Dear customer 17, you have won a prize of 500 dollars, call now to claim it",
 *   "Can you send me the slides of Monday's talk?",
 *   "dear customer 23: you have won a prize of 900 dollars, call now to claim it!!",
 * ]);
 * assert.deepEqual([...clusters], [0, 1, 0]);
 * ```
 */
export function nearDuplicateClusters(
  texts: Iterable<string>,
  options: NearDuplicateOptions = {},
): Int32Array {
  const { threshold = 0.7, shingleWords = 3 } = options;
  if (!(threshold > 0 && threshold <= 1)) {
    throw new RangeError(`threshold is ${threshold}; more than 0 and at most 1 was expected`);
  }
  const all = Array.from(texts, (text) => shinglesOf(duplicateKey(text), shingleWords));
  if (options.labels && options.labels.length !== all.length) {
    throw new RangeError(`labels has ${options.labels.length} entries for ${all.length} texts`);
  }
  // Texts of the same words are together, and count once.
  const firstWith = new Map<number, number>();
  const distinct: number[] = [];
  const standsFor = all.map(({ hashes, sequence }, i) => {
    const first = hashes.length === 0 ? undefined : firstWith.get(sequence);
    if (first !== undefined) return first;
    firstWith.set(sequence, distinct.length);
    return distinct.push(i) - 1;
  });
  const labels = numbered(options.labels, distinct);
  const clusters = clustersOf(weigh(distinct.map((i) => all[i]), labels), labels, threshold);
  return inOrder(standsFor.map((text) => clusters[text]));
}

/** Of the texts that share one shingle, so many are compared with others that have it. */
const MOST_HOLDERS = 50;

/** A text that is unlike so many that share rare shingles with it is compared with no more. */
const MOST_FAILURES = 100;

function clustersOf(texts: WeighedTexts, labels: Int32Array, threshold: number): Int32Array {
  const { sets, weight } = texts;
  const atLeast = (a: number, b: number, threshold: number): boolean => {
    const needed = threshold / (1 + threshold) * (sets[a].total + sets[b].total) * (1 - 1e-9);
    return needed > 0 && sharedWeight(sets[a].elements, sets[b].elements, needed, weight) >= needed;
  };
  const leaders = createLeaders(sets.length, (item, leader) => atLeast(item, leader, threshold ** 2));

  // By weight, so that a set only meets lighter ones, and those too light to be similar are passed over.
  const byWeight = [...sets.keys()].sort((a, b) => sets[a].total - sets[b].total || a - b);
  const holders = new Map<number, { sets: number[]; from: number }>(); // shingle -> sets that have it in their prefix
  const compared = new Int32Array(sets.length).fill(-1);
  for (const current of byWeight) {
    const { elements, own, total } = sets[current];
    const least = threshold * total * (1 - 1e-9);
    let failures = 0;
    let left = total - own;
    for (const element of elements) {
      if (left < least) break;
      left -= weight(element);
      const holder = holders.get(element);
      if (holder === undefined) {
        holders.set(element, { sets: [current], from: 0 });
        continue;
      }
      while (holder.from < holder.sets.length && sets[holder.sets[holder.from]].total < least) holder.from++;
      for (let j = holder.from; j < holder.sets.length && failures < MOST_FAILURES; j++) {
        const other = holder.sets[j];
        if (compared[other] === current) continue;
        compared[other] = current;
        if (leaders.areTogether(current, other)) continue;
        const isSimilar = atLeast(current, other, threshold) &&
          (labels[current] === labels[other] || !isOfLabels(current, other, texts));
        if (!isSimilar || !leaders.link(current, other)) failures++;
      }
      if (holder.sets.length - holder.from < MOST_HOLDERS) holder.sets.push(current);
    }
  }
  return leaders.groups();
}

/**
 * Whether two texts differ in words that go with their labels: each has such as other texts have, too, and these with its
 * own label alone.
 */
function isOfLabels(a: number, b: number, texts: WeighedTexts): boolean {
  const tells = (text: number, other: Weighed) => {
    const shared = new Set(other.elements);
    return texts.sets[text].elements.some((element) =>
      !shared.has(element) && texts.isOfOneLabel(element, text)
    );
  };
  return tells(a, texts.sets[b]) && tells(b, texts.sets[a]);
}

/**
 * The Jaccard similarity of two texts' sets of shingles, each of the same weight, as it is where no other text has them; 0
 * if either has no word at all.
 */
export function similarity(first: string, second: string, shingleWords = 3): number {
  const [a, b] = [first, second].map((text) =>
    Float64Array.from(sortedDistinct(shinglesOf(duplicateKey(text), shingleWords).hashes))
  );
  const shared = sharedWeight(a, b, 0, () => 1);
  return shared === 0 ? 0 : shared / (a.length + b.length - shared);
}

/** The weight of what two sorted sets share; gives up, returning less than `needed`, once `needed` is out of reach. */
function sharedWeight(
  a: Float64Array,
  b: Float64Array,
  needed: number,
  weight: (element: number) => number,
): number {
  let shared = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    // No element weighs more than 1.
    if (shared + Math.min(a.length - i, b.length - j) < needed) return shared;
    if (a[i] === b[j]) {
      shared += weight(a[i]);
      i++;
      j++;
    } else if (a[i] < b[j]) i++;
    else j++;
  }
  return shared;
}

/** The labels of some texts as numbers; all alike where there are none. */
function numbered(labels: readonly string[] | undefined, texts: readonly number[]): Int32Array {
  const numbers = new Map<string, number>();
  return Int32Array.from(texts, (text) => {
    const label = labels?.[text] ?? "";
    if (!numbers.has(label)) numbers.set(label, numbers.size);
    return numbers.get(label)!;
  });
}

/** Groups numbered anew, in order of appearance. */
function inOrder(groups: readonly number[]): Int32Array {
  const numbers = new Map<number, number>();
  return Int32Array.from(groups, (group) => {
    if (!numbers.has(group)) numbers.set(group, numbers.size);
    return numbers.get(group)!;
  });
}
