/**
 * Texts as word shingles, for comparing them.
 *
 * @module
 */
import { murmurMix } from "../base/random.ts";

/** The shingles of a text: each run of so many words, as a hash. */
export interface Shingles {
  /** In the order of the text; all numbers are alike in them. */
  readonly hashes: Uint32Array;
  /** Which of `hashes` have a number in them. */
  readonly numbered: Uint32Array;
  /** Of those, the hashes in which the numbers are as they stand. */
  readonly exact: Uint32Array;
  /** A hash of all the words and numbers in their order: texts that share it have the same words. */
  readonly sequence: number;
}

/**
 * The shingles of a text; a text of fewer words than a shingle has is one shingle, and one without words has none.
 *
 * A word is a run of letters and digits. In scripts that are written without spaces between words (Han, kana, Thai, Lao,
 * Khmer, Burmese and their like) each letter is a word, with the marks on it, and so is each character beyond the first
 * plane, such as an emoji. A number is one word with its sign and what divides its digits: −12.91, 1,000 or 12/03/2024.
 *
 * @param key The text's `duplicateKey`: what is not seen is gone from it, and letters are small.
 */
export function shinglesOf(key: string, shingleWords: number): Shingles {
  const words = readWords(key);
  const count = words.count === 0 ? 0 : Math.max(1, words.count - shingleWords + 1);
  const hashes = new Uint32Array(count);
  const numbered: number[] = [];
  const exact: number[] = [];
  for (let i = 0; i < count; i++) {
    let hash = BASIS;
    let asItStands = BASIS;
    let hasNumber = false;
    for (let j = i; j < i + shingleWords && j < words.count; j++) {
      hash = murmurMix(Math.imul(hash, 31) + words.masked[j] | 0);
      asItStands = murmurMix(Math.imul(asItStands, 31) + words.exact[j] | 0);
      hasNumber ||= words.masked[j] !== words.exact[j];
    }
    hashes[i] = hash;
    if (hasNumber) {
      numbered.push(i);
      exact.push(asItStands >>> 0);
    }
  }
  return {
    hashes,
    numbered: Uint32Array.from(numbered),
    exact: Uint32Array.from(exact),
    sequence: words.sequence,
  };
}

/** Where FNV-1a begins, and what it multiplies with. */
const BASIS = 0x811c9dc5;
const PRIME = 0x01000193;

/** What a UTF-16 unit is to words. */
const Kind = { none: 0, letter: 1, alone: 2, mark: 3, digit: 4, pair: 5 } as const;

/** Scripts whose words have no space between them. */
const WITHOUT_SPACES = new RegExp(
  `[${
    "Han Hira Kana Thai Laoo Khmr Mymr Java Bali Lana Talu Tale Cham Tavt".split(" ").map((name) =>
      `\\p{sc=${name}}`
    ).join("")
  }]`,
  "u",
);

/** The kind of every UTF-16 unit, looked up once. */
const kinds: () => Uint8Array = (() => {
  let table: Uint8Array | undefined;
  return () => table ??= Uint8Array.from({ length: 0x10000 }, (_, code) => kindOf(code));
})();

function kindOf(code: number): number {
  if (code >= 0xd800 && code <= 0xdfff) return Kind.pair;
  const character = String.fromCharCode(code);
  if (/\p{Nd}/u.test(character)) return Kind.digit;
  if (/\p{M}/u.test(character)) return Kind.mark;
  if (WITHOUT_SPACES.test(character)) return /[\p{L}\p{N}]/u.test(character) ? Kind.alone : Kind.none;
  // Symbols such as ☎ and ✓ are words of their own, as emoji are.
  if (/[\p{L}\p{N}]/u.test(character)) return Kind.letter;
  return /\p{So}/u.test(character) ? Kind.alone : Kind.none;
}

interface Words {
  readonly count: number;
  /** A hash of each word, in which every run of digits is alike; longer than `count`. */
  readonly masked: Int32Array;
  /** The same with the digits as they stand: another number where there are any. */
  readonly exact: Int32Array;
  readonly sequence: number;
}

const buffers = { masked: new Int32Array(1024), exact: new Int32Array(1024) };

/** The words of a text. They are valid until the next text is read. */
function readWords(text: string): Words {
  const table = kinds();
  if (buffers.masked.length < text.length) {
    buffers.masked = new Int32Array(2 * text.length);
    buffers.exact = new Int32Array(2 * text.length);
  }
  const { masked, exact } = buffers;
  let count = 0;
  let hash = BASIS; // of the word that is being read
  let digits = BASIS; // the same, with its digits
  let isWord = false;
  let hasNumber = false;
  let isAlone = false; // whether only marks can be added
  let before: number = Kind.none;
  let [high, low] = [BASIS, PRIME];

  function end(): void {
    if (!isWord) return;
    masked[count] = murmurMix(hash);
    exact[count] = hasNumber ? murmurMix(digits ^ 0x5bd1e995) : masked[count];
    high = Math.imul(high ^ exact[count], PRIME);
    low = murmurMix(Math.imul(low, 31) + exact[count] | 0);
    count++;
    isWord = hasNumber = isAlone = false;
    hash = digits = BASIS;
  }
  function add(code: number, isDigit: boolean): void {
    // A run of digits is one digit, so that 17 and 1700 agree.
    if (!isDigit) hash = Math.imul(hash ^ code, PRIME);
    else if (before !== Kind.digit) hash = Math.imul(hash ^ 48, PRIME);
    digits = Math.imul(digits ^ code, PRIME);
    hasNumber ||= isDigit;
    isWord = true;
  }

  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    let kind = table[code];
    if (kind === Kind.none) {
      const next = i + 1 < text.length ? table[text.charCodeAt(i + 1)] : Kind.none;
      if (next === Kind.digit && before === Kind.digit && isWord && DIVIDES.has(code)) {
        digits = Math.imul(digits ^ code, PRIME);
        continue; // within a number
      }
      end();
      // A sign, where it does not join two words.
      if (code === MINUS && next === Kind.digit && (i === 0 || text.charCodeAt(i - 1) === 32)) {
        digits = Math.imul(digits ^ code, PRIME);
      }
    } else if (kind === Kind.pair) {
      if (code < 0xdc00) end();
      add(code, false);
      if (code >= 0xdc00) end();
    } else if (kind === Kind.alone) {
      end();
      add(code, false);
      isAlone = true;
    } else {
      if (isAlone && kind !== Kind.mark) end();
      if (kind === Kind.mark && !isWord) kind = Kind.letter;
      add(code, kind === Kind.digit);
    }
    before = kind;
  }
  end();
  return { count, masked, exact, sequence: (high >>> 0) * 2 ** 21 + (low >>> 11) };
}

const MINUS = 45;

/** What divides the digits of one number, or of a date. */
const DIVIDES = new Set([..."'.,:/-"].map((character) => character.charCodeAt(0)));
