/**
 * Porter's stemmer as NLTK has it, for ROUGE and METEOR.
 *
 * @module
 */

/** A suffix, what takes its place, and what the rest must meet. */
type Rule = readonly [suffix: string, replacement: string, condition?: (stem: string) => boolean];

/**
 * Stem of a word by Porter's algorithm, as NLTK's `PorterStemmer` has it in its default mode (`NLTK_EXTENSIONS`): Martin
 * Porter's own amendments, a table of irregular forms, and NLTK's rules for short words and for -y. The ROUGE `stemmer` option
 * uses it. The time is linear in the word's length.
 *
 * The word is lowercased first; words of one or two characters are handed back so. Every character other than a, e, i,
 * o, u (and y after a consonant) counts as a consonant. A character outside the Basic Multilingual Plane counts as two.
 * Source: M. Porter, "An algorithm for suffix stripping", Program 14(3), 1980; NLTK 3.10, `nltk.stem.porter`.
 *
 * @example
 * ```ts
 * import { porterStem } from "./porter.ts";
 * import assert from "node:assert/strict";
 * assert.deepEqual(["relational", "flies", "dying", "Happily"].map(porterStem), ["relat", "fli", "die", "happili"]);
 * ```
 */
export function porterStem(word: string): string {
  const lower = word.toLowerCase();
  const irregular = IRREGULAR.get(lower);
  if (irregular !== undefined) return irregular;
  if (word.length <= 2) return lower;
  let stem = plural(lower);
  stem = pastAndGerund(stem);
  if (stem.length > 2 && stem.endsWith("y") && isConsonant(stem, stem.length - 2)) {
    stem = stem.slice(0, -1) + "i";
  }
  stem = doubleSuffix(stem);
  stem = applyFirst(stem, STEP3);
  stem = applyFirst(stem, STEP4.get(stem.charCodeAt(stem.length - 2)));
  return tidy(stem);
}

const IRREGULAR: ReadonlyMap<string, string> = new Map([
  ["sky", "sky"],
  ["skies", "sky"],
  ["dying", "die"],
  ["lying", "lie"],
  ["tying", "tie"],
  ["news", "news"],
  ["innings", "inning"],
  ["inning", "inning"],
  ["outings", "outing"],
  ["outing", "outing"],
  ["cannings", "canning"],
  ["canning", "canning"],
  ["howe", "howe"],
  ["proceed", "proceed"],
  ["exceed", "exceed"],
  ["succeed", "succeed"],
]);

/** Step 1a. */
function plural(word: string): string {
  if (!word.endsWith("s")) return word;
  if (word.endsWith("ies")) return word.slice(0, word.length === 4 ? -1 : -2);
  if (word.endsWith("sses")) return word.slice(0, -2);
  return word.endsWith("ss") ? word : word.slice(0, -1);
}

/** Step 1b. */
function pastAndGerund(word: string): string {
  if (word.endsWith("ied")) return word.slice(0, word.length === 4 ? -1 : -2);
  if (word.endsWith("eed")) return measure(word, word.length - 3) > 0 ? word.slice(0, -1) : word;
  const stem = word.endsWith("ed") ? word.slice(0, -2) : word.endsWith("ing") ? word.slice(0, -3) : word;
  if (stem.length === word.length || !hasVowel(stem)) return word;
  if (stem.endsWith("at") || stem.endsWith("bl") || stem.endsWith("iz")) return stem + "e";
  const last = stem.length - 1;
  if (last > 0 && stem[last] === stem[last - 1] && isConsonant(stem, last)) {
    return "lsz".includes(stem[last]) ? stem : stem.slice(0, -1);
  }
  return measure(stem, stem.length) === 1 && endsShort(stem, stem.length) ? stem + "e" : stem;
}

/** Step 2; -alli is taken off first, and what is left goes through the step again. */
function doubleSuffix(word: string): string {
  if (word.endsWith("alli") && measure(word, word.length - 4) > 0) return doubleSuffix(word.slice(0, -2));
  return applyFirst(word, STEP2.get(word.charCodeAt(word.length - 2)));
}

/** Steps 5a and 5b: a last -e, then one of two l's. */
function tidy(word: string): string {
  let stem = word;
  if (stem.endsWith("e")) {
    const rest = stem.length - 1, m = measure(stem, rest);
    if (m > 1 || (m === 1 && !endsShort(stem, rest))) stem = stem.slice(0, -1);
  }
  return stem.endsWith("ll") && measure(stem, stem.length - 1) > 1 ? stem.slice(0, -1) : stem;
}

const positive = (stem: string) => measure(stem, stem.length) > 0;
const aboveOne = (stem: string) => measure(stem, stem.length) > 1;

/** A rule list may only be asked for words whose last character but one is the key. */
function byPenultimate(rules: readonly Rule[]): ReadonlyMap<number, readonly Rule[]> {
  const map = new Map<number, Rule[]>();
  for (const rule of rules) {
    const key = rule[0].charCodeAt(rule[0].length - 2);
    map.set(key, [...(map.get(key) ?? []), rule]);
  }
  return map;
}

const withCondition =
  (condition: (stem: string) => boolean) => ([suffix, replacement = ""]: readonly string[]): Rule => [
    suffix,
    replacement,
    condition,
  ];

const STEP2 = byPenultimate([
  ...[
    ["ational", "ate"],
    ["tional", "tion"],
    ["enci", "ence"],
    ["anci", "ance"],
    ["izer", "ize"],
    ["bli", "ble"],
    ["alli", "al"],
    ["entli", "ent"],
    ["eli", "e"],
    ["ousli", "ous"],
    ["ization", "ize"],
    ["ation", "ate"],
    ["ator", "ate"],
    ["alism", "al"],
    ["iveness", "ive"],
    ["fulness", "ful"],
    ["ousness", "ous"],
    ["aliti", "al"],
    ["iviti", "ive"],
    ["biliti", "ble"],
    ["fulli", "ful"],
  ].map(withCondition(positive)),
  ["logi", "log", (stem) => positive(stem + "l")],
]);

const STEP3: readonly Rule[] = [
  ["icate", "ic"],
  ["ative"],
  ["alize", "al"],
  ["iciti", "ic"],
  ["ical", "ic"],
  ["ful"],
  ["ness"],
].map(withCondition(positive));

const STEP4 = byPenultimate([
  ...["al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent"].map((suffix) =>
    withCondition(aboveOne)([suffix])
  ),
  ["ion", "", (stem) => (stem.endsWith("s") || stem.endsWith("t")) && aboveOne(stem)],
  ...["ou", "ism", "ate", "iti", "ous", "ive", "ize"].map((suffix) => withCondition(aboveOne)([suffix])),
]);

/** The first rule whose suffix fits decides, also when its condition does not hold. */
function applyFirst(word: string, rules: readonly Rule[] = []): string {
  for (const [suffix, replacement, condition] of rules) {
    if (!word.endsWith(suffix)) continue;
    const stem = word.slice(0, -suffix.length);
    return condition === undefined || condition(stem) ? stem + replacement : word;
  }
  return word;
}

/** Number of times a run of vowels is followed by a consonant in the first `end` characters. */
function measure(word: string, end: number): number {
  let count = 0, consonant = true; // what comes before the first letter starts no vowel run
  for (let i = 0; i < end; i++) {
    const code = word.charCodeAt(i);
    const now: boolean = code === Y ? i === 0 || !consonant : !isVowel(code);
    if (now && !consonant) count++;
    consonant = now;
  }
  return count;
}

function hasVowel(word: string): boolean {
  let consonant = false;
  for (let i = 0; i < word.length; i++) {
    const code = word.charCodeAt(i);
    consonant = code === Y ? i === 0 || !consonant : !isVowel(code);
    if (!consonant) return true;
  }
  return false;
}

/** Whether the letter is a consonant: a y is one at the start and after a vowel. */
function isConsonant(word: string, at: number): boolean {
  let i = at, flipped = false;
  for (; i > 0 && word.charCodeAt(i) === Y; i--) flipped = !flipped;
  return !isVowel(word.charCodeAt(i)) !== flipped;
}

/** Whether the first `end` characters end in consonant, vowel, consonant (not w, x, y), or are vowel and consonant. */
function endsShort(word: string, end: number): boolean {
  if (end === 2) return !isConsonant(word, 0) && isConsonant(word, 1);
  return end > 2 && isConsonant(word, end - 3) && !isConsonant(word, end - 2) && isConsonant(word, end - 1) &&
    !"wxy".includes(word[end - 1]);
}

const Y = 121;

function isVowel(code: number): boolean {
  return code === 97 || code === 101 || code === 105 || code === 111 || code === 117;
}
