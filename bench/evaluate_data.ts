/**
 * What `evaluate.ts` and `evaluate.py` measure on: English-like sentences and their edited copies, tags, labels, ratings and
 * embeddings, all from one seed.
 *
 * @module
 */
import { createRandom } from "../src/base/random.ts";

/** Both sides' input, as it stands in `data.json`. */
export interface EvaluationData {
  /** Sentences of 8 to 30 words. */
  readonly references: string[];
  /** Each reference with words replaced, left out, put in, inflected and moved. */
  readonly predictions: string[];
  /** The same, edited otherwise: a second system. */
  readonly others: string[];
  /** Tags of named entities (IOB2) by sentence, spaces between. */
  readonly tags: { readonly references: string[]; readonly predictions: string[] };
  /** Classes by how many there are. */
  readonly classes: Record<string, Columns>;
  /** A hundred thousand rows (for 10,000 sentences): of ten classes, and of two with the score of the second. */
  readonly large: Columns & { readonly positive: number[]; readonly scores: number[] };
  /** Ratings from 1 to 5, null where missing: [rater][unit]. */
  readonly ratings: (number | null)[][];
  /** Texts as rows of `embeddings`: 30 tokens each, the first and the last of them special. */
  readonly tokens: { readonly references: number[][]; readonly predictions: number[][] };
}

/** True and predicted class of each row. */
export interface Columns {
  readonly references: number[];
  readonly predictions: number[];
}

/** Numbers of a token's embedding. */
export const HIDDEN = 768;
/** Tokens that have an embedding; 0 and 1 are special. */
export const POOL = 4096;
/** Pairs of texts that BERTScore matches. */
export const MATCHED = 1024;

/** The data for so many sentence pairs. */
export function makeData(rows: number, seed: number): EvaluationData {
  const random = createRandom(seed);
  const language = createLanguage(random);
  const sentences = times(rows, () => language.sentence());
  const classes = Object.fromEntries([2, 10, 20].map((size) => [size, labels(random, rows, size)]));
  const positive = times(10 * rows, () => random() < 0.3 ? 1 : 0);
  return {
    references: sentences.map(spell),
    predictions: sentences.map((words) => spell(language.edit(words))),
    others: sentences.map((words) => spell(language.edit(words))),
    tags: tags(random, rows),
    classes,
    large: {
      ...labels(random, 10 * rows, 10),
      positive,
      scores: positive.map((is) =>
        Math.round(1e6 * (is ? 1 - random() * random() : random() * random())) / 1e6
      ),
    },
    ratings: ratings(random, rows),
    tokens: tokens(random, Math.min(rows, MATCHED)),
  };
}

/** Embeddings of the pool's tokens, roughly normal around a direction that all share: [POOL, HIDDEN]. */
export function makeEmbeddings(seed: number): Float32Array {
  const random = createRandom(seed + 1);
  const normal = () => (random() + random() + random() + random() - 2) * Math.sqrt(3);
  const shared = times(HIDDEN, normal);
  return Float32Array.from({ length: POOL * HIDDEN }, (_, at) => shared[at % HIDDEN] + normal());
}

interface Language {
  sentence(): string[];
  edit(words: readonly string[]): string[];
}

const FREQUENT =
  `the of and to a in that is was he for it with as his on be at by I this had not are but from or have an they
which one you were her all she there would their we him been has when who will more no if out so said what up its about into than
them can only other new some could time these two may then do first any my now such like our over me even most made after`
    .split(/\s+/);
const ONSETS =
  "b bl br c ch cl cr d dr f fl fr g gl gr h j k l m n p pl pr qu r s sc sh sl sp st str t th tr v w".split(
    " ",
  );
const NUCLEI = "a e i o u a e i o ai ea ee ou oo ie".split(" ");
const CODAS = "b ck d ft g l ll m mp n nd ng nt p r rd rk rm rn s ss st t tch ve x".split(" ");
const ENDINGS = [
  "",
  "s",
  "ed",
  "ing",
  "ly",
  "er",
  "ation",
  "ations",
  "ness",
  "ment",
  "able",
  "ful",
  "ize",
  "ized",
  "ity",
  "ive",
];
const VOCABULARY = 6000;

/** Words of Zipf's frequencies: the frequent ones of English, then families of invented stems with English endings. */
function createLanguage(random: () => number): Language {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)];
  const families: string[][] = [];
  const content = new Map<string, number>(); // the number of its family
  while (content.size < VOCABULARY - FREQUENT.length) {
    const syllables = times(1 + Math.floor(random() * 2.4), () => pick(ONSETS) + pick(NUCLEI));
    const stem = syllables.join("") + pick(CODAS);
    const family = ENDINGS.filter((ending) => ending === "" || random() < 0.15).map((ending) =>
      stem + ending
    );
    if (family.some((word) => content.has(word))) continue;
    for (const word of family) content.set(word, families.length);
    families.push(family);
  }
  const ranked = [...content.keys()].map((word) => ({ word, at: random() })).sort((p, q) => p.at - q.at);
  const words = [...FREQUENT, ...ranked.map(({ word }) => word)];
  const upTo = new Float64Array(words.length);
  for (let rank = 0, sum = 0; rank < words.length; rank++) upTo[rank] = sum += 1 / (rank + 2.7);
  const draw = (): string => {
    if (random() < 0.02) {
      return pick(["1,234", "3.5", "1998", "42", "U.S.", "well-known", "it's", "don't", '"no"']);
    }
    const wanted = random() * upTo[upTo.length - 1];
    let low = 0, high = words.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (upTo[middle] < wanted) low = middle + 1;
      else high = middle;
    }
    return random() < 0.05 ? `${words[low]},` : words[low];
  };
  return {
    sentence: () => times(8 + Math.floor(random() * 23), draw),
    edit(sentence) {
      const out: string[] = [];
      for (const word of sentence) {
        const what = random(), family = families[content.get(word) ?? -1];
        if (what < 0.06) continue;
        if (what < 0.12) out.push(draw());
        if (what < 0.24) out.push(draw());
        else out.push(family && what < 0.4 ? pick(family) : word);
      }
      if (random() < 0.3 && out.length > 4) {
        const moved = out.splice(Math.floor(random() * (out.length - 3)), 3);
        out.splice(Math.floor(random() * (out.length + 1)), 0, ...moved);
      }
      return out.length > 0 ? out : [draw()];
    },
  };
}

function spell(words: readonly string[]): string {
  const text = words.join(" ").replace(/,$/, "");
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
}

/** IOB2; of the entities some are missed, some have another type or end, and now and then a stray tag breaks the scheme. */
function tags(random: () => number, rows: number): EvaluationData["tags"] {
  const types = ["PER", "PER", "PER", "LOC", "LOC", "ORG", "ORG", "MISC"];
  const pick = () => types[Math.floor(random() * types.length)];
  const references: string[] = [], predictions: string[] = [];
  const write = (to: string[], { start, end, type }: { start: number; end: number; type: string }) => {
    for (let i = start; i < Math.min(end, to.length); i++) to[i] = `${i === start ? "B" : "I"}-${type}`;
  };
  for (let row = 0; row < rows; row++) {
    const length = 8 + Math.floor(random() * 23);
    const truth = times(length, () => "O"), guess = times(length, () => "O");
    for (let start = 0; start < length; start++) {
      if (random() >= 0.12) continue;
      const entity = { start, end: Math.min(length, start + 1 + Math.floor(random() * 3)), type: pick() };
      write(truth, entity);
      const what = random();
      if (what < 0.06) write(guess, { ...entity, type: pick() });
      else if (what < 0.12) write(guess, { ...entity, end: entity.end + 1 });
      else if (what > 0.2) write(guess, entity);
      start = entity.end;
    }
    if (random() < 0.1) guess[Math.floor(random() * length)] = `I-${pick()}`;
    references.push(truth.join(" "));
    predictions.push(guess.join(" "));
  }
  return { references, predictions };
}

/** Low classes are more frequent; eight of ten rows are right. */
function labels(random: () => number, rows: number, size: number): Columns {
  const draw = () => Math.floor(size * random() ** 1.5);
  const references = times(rows, draw);
  return { references, predictions: references.map((label) => random() < 0.8 ? label : draw()) };
}

/** Five raters who mostly see the same, a tenth of the ratings missing. */
function ratings(random: () => number, units: number): (number | null)[][] {
  const truth = times(units, () => 1 + 4 * random());
  return times(
    5,
    () =>
      truth.map((value) =>
        random() < 0.1 ? null : Math.max(1, Math.min(5, Math.round(value + 2 * (random() - random()))))
      ),
  );
}

function tokens(random: () => number, rows: number): EvaluationData["tokens"] {
  const draw = () => 2 + Math.floor(random() * (POOL - 2));
  const references = times(rows, () => [0, ...times(28, draw), 1]);
  const predictions = references.map((ids) => ids.map((id) => id > 1 && random() < 0.4 ? draw() : id));
  return { references, predictions };
}

function times<T>(count: number, make: (i: number) => T): T[] {
  return Array.from({ length: Math.floor(count) }, (_, i) => make(i));
}
