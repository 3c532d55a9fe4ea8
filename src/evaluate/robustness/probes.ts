/**
 * Small changes of a text that should not change a prediction: typing errors, case, cuts.
 *
 * @module
 */
import { createRandom } from "../../base/random.ts";
import { fail } from "../../statistics/checks.ts";

/** Small changes of a text that should not change a model's prediction. */
export type Probe =
  | "typos"
  | "uppercase"
  | "lowercase"
  | "truncated"
  | "no punctuation"
  | "no accents"
  | "spaces"
  | "lookalikes";

/** What a probe does. */
export interface ProbeRule {
  /** One line for the reader. */
  readonly about: string;
  /** The changed text. `random` gives numbers in [0, 1). */
  apply(text: string, random: () => number): string;
}

/** Every probe, in the order of a report. */
export const probes: Record<Probe, ProbeRule> = {
  "typos": {
    about: "one word in ten with a letter swapped, dropped, doubled or hit beside its key",
    apply: typos,
  },
  "uppercase": { about: "all letters upper case", apply: (text) => text.toUpperCase() },
  "lowercase": { about: "all letters lower case", apply: (text) => text.toLowerCase() },
  "truncated": { about: "the first half of the words", apply: truncate },
  "no punctuation": {
    about: "punctuation left out",
    apply: (text) => text.replace(/[\p{P}\p{S}]+/gu, " ").replace(/ {2,}/g, " ").trim(),
  },
  "no accents": {
    about: "letters without their accents",
    apply: (text) => text.normalize("NFD").replace(/\p{Mn}+/gu, "").normalize("NFC"),
  },
  "spaces": {
    about: "every run of white space as two spaces and a line end",
    apply: (text) => text.replace(/\s+/g, "  \n"),
  },
  "lookalikes": { about: "one word in ten with a Latin letter as its Cyrillic twin", apply: lookalikes },
};

/**
 * Applies a probe to texts. A text's change depends on the seed and its row alone.
 *
 * @throws {EvaluationError} When there is no such probe.
 * @example
 * ```ts
 * import { perturb } from "./probes.ts";
 * import assert from "node:assert/strict";
 * assert.deepEqual(perturb(["Win cash NOW, click here!"], "truncated"), ["Win cash NOW,"]);
 * assert.deepEqual(perturb(["Win, now!"], "no punctuation"), ["Win now"]);
 * ```
 */
export function perturb(
  texts: readonly string[],
  probe: Probe,
  { seed = 0 }: { seed?: number } = {},
): string[] {
  if (!Object.hasOwn(probes, probe)) {
    fail(`Unknown probe "${probe}": choose of ${Object.keys(probes).join(", ")}`);
  }
  return texts.map((text, row) => probes[probe].apply(text, createRandom(seed * 1_000_003 + row)));
}

const SHARE = 0.1; // of the words

/** Changes `SHARE` of the words, at least one where there is any that `change` can do something to. */
function changeWords(
  text: string,
  random: () => number,
  change: (word: string) => string | undefined,
): string {
  const parts = text.split(/(\s+)/); // words and, between them, white space
  const places = parts.flatMap((part, i) => i % 2 === 0 && part !== "" ? [i] : []);
  const count = Math.max(1, Math.round(SHARE * places.length));
  for (let done = 0, left = places.length; done < count && left > 0; left--) {
    const pick = Math.floor(random() * left);
    const at = places[pick];
    places[pick] = places[left - 1];
    const changed = change(parts[at]);
    if (changed !== undefined) parts[at] = changed, done++;
  }
  return parts.join("");
}

function typos(text: string, random: () => number): string {
  return changeWords(text, random, (word) => {
    const letters = [...word];
    // The first letter is seldom mistyped, and most telling.
    const candidates = letters.flatMap((c, i) => i > 0 && /\p{L}/u.test(c) ? [i] : []);
    if (candidates.length < 2) return undefined;
    const at = candidates[Math.floor(random() * candidates.length)];
    const kind = Math.floor(random() * 4);
    if (kind === 0 && at + 1 < letters.length && letters[at] !== letters[at + 1]) {
      [letters[at], letters[at + 1]] = [letters[at + 1], letters[at]];
    } else if (kind === 1) letters.splice(at, 1);
    else if (kind === 2) letters.splice(at, 0, letters[at]);
    else {
      const beside = neighbours[letters[at].toLowerCase()];
      letters[at] = beside ? beside[Math.floor(random() * beside.length)] : letters[at] + letters[at];
    }
    return letters.join("");
  });
}

/** Keys beside each other on a QWERTY keyboard. */
const neighbours: Record<string, string> = Object.fromEntries(
  ["qwertyuiop", "asdfghjkl", "zxcvbnm"].flatMap((row, r, rows) =>
    [...row].map((key, i) => [key, [row[i - 1], row[i + 1], rows[r + 1]?.[i], rows[r - 1]?.[i]].join("")])
  ),
);

function truncate(text: string): string {
  const words = text.trim().split(/\s+/);
  return words.slice(0, Math.ceil(words.length / 2)).join(" ");
}

const twins = new Map(
  Object.entries({ a: "а", c: "с", e: "е", o: "о", p: "р", x: "х", y: "у", i: "і", s: "ѕ" }),
);

function lookalikes(text: string, random: () => number): string {
  return changeWords(text, random, (word) => {
    const letters = [...word];
    const candidates = letters.flatMap((c, i) => twins.has(c) ? [i] : []);
    if (candidates.length === 0) return undefined;
    const at = candidates[Math.floor(random() * candidates.length)];
    letters[at] = twins.get(letters[at])!;
    return letters.join("");
  });
}
