/**
 * What scripts and languages texts are written in.
 *
 * @module
 */

/** A script or language and its share. */
export interface Share {
  readonly name: string;
  readonly share: number;
}

/** Scripts of most of the world's writing, as Unicode names them; the rest counts as "other". */
const SCRIPTS = [
  "Latin",
  "Han",
  "Cyrillic",
  "Arabic",
  "Devanagari",
  "Hiragana",
  "Katakana",
  "Hangul",
  "Thai",
  "Greek",
  "Hebrew",
  "Bengali",
  "Tamil",
  "Telugu",
  "Gujarati",
  "Gurmukhi",
  "Kannada",
  "Malayalam",
  "Sinhala",
  "Lao",
  "Khmer",
  "Myanmar",
  "Tibetan",
  "Georgian",
  "Armenian",
  "Ethiopic",
  "Mongolian",
] as const;

const patterns = SCRIPTS.map((name) => ({
  name: name as string,
  pattern: new RegExp(`\\p{Script=${name}}`, "u"),
}));
const LETTER = /\p{L}/u;
const scriptOf = new Map<number, string | null>();

/** The script of a code point's letter, or null where it is no letter. */
function lookUp(code: number): string | null {
  const character = String.fromCodePoint(code);
  if (!LETTER.test(character)) return null;
  return patterns.find(({ pattern }) => pattern.test(character))?.name ?? "other";
}

/**
 * The scripts of the letters of texts, by their share, the largest first.
 *
 * @example
 * ```ts
 * import { scriptsOf } from "./scripts.ts";
 * import assert from "node:assert/strict";
 * assert.deepEqual(scriptsOf(["abc", "дom"]), [{ name: "Latin", share: 5 / 6 }, { name: "Cyrillic", share: 1 / 6 }]);
 * ```
 */
export function scriptsOf(texts: Iterable<string>): Share[] {
  const counts = new Map<string, number>();
  let total = 0;
  for (const text of texts) {
    for (const character of text) {
      const code = character.codePointAt(0)!;
      let script = scriptOf.get(code);
      if (script === undefined) scriptOf.set(code, script = lookUp(code));
      if (script === null) continue;
      counts.set(script, (counts.get(script) ?? 0) + 1);
      total++;
    }
  }
  return shares(counts, total);
}

/** Letters below which a text says too little of its language. */
const LEAST_LETTERS = 20;

/**
 * The languages of texts by ISO 639-1, by their share of the texts that say enough to tell, the largest first. Those of less
 * than a hundredth, which are as often mistakes, are left out.
 */
export async function languagesOf(texts: readonly string[]): Promise<Share[]> {
  const { eld } = await import("eld/small");
  const counts = new Map<string, number>();
  let total = 0;
  for (const text of texts) {
    if (text.length < LEAST_LETTERS) continue;
    const { language } = eld.detect(text.slice(0, 1000));
    if (!language) continue;
    counts.set(language, (counts.get(language) ?? 0) + 1);
    total++;
  }
  return shares(counts, total).filter(({ share }) => share >= 0.01);
}

function shares(counts: ReadonlyMap<string, number>, total: number): Share[] {
  return Array.from(counts, ([name, count]) => ({ name, share: count / total })).sort((a, b) =>
    b.share - a.share
  );
}
