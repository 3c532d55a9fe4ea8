/**
 * Words that give a label away: what a model would learn instead of what the texts say.
 *
 * @module
 */
import { show } from "../../base/text.ts";
import type { Finding } from "./findings.ts";

/** A word that nearly always stands beside one label, and in much of it. */
export interface Leak {
  readonly word: string;
  readonly label: string;
  /** Rows with the word. */
  readonly rows: number;
  /** Of the rows with the word, those of the label. */
  readonly purity: number;
  /** Of the rows of the label, those with the word. */
  readonly coverage: number;
}

/** How certain, and for how many of a label's rows, a word decides before it is a candidate. */
const PURITY = 0.98;
const COVERAGE = 0.5;
const LEAST_ROWS = 10;
/** Rows that are looked at, and words of each. */
const MOST_ROWS = 50_000;
const MOST_WORDS = 2000;

/**
 * Words that decide a label alone: of the rows that hold one, 98% have the label, and half of the label's rows hold it. A true
 * word of a narrow class may be one; a ticket number's prefix, an agent's signature or the label's own name are mistakes.
 *
 * @example
 * ```ts
 * import { leaksOf } from "./leaks.ts";
 * import assert from "node:assert/strict";
 *
 * const texts = Array.from({ length: 40 }, (_, i) => `${i % 2 ? "ref-b please" : "ref-a please"} help ${i}`);
 * const leaks = leaksOf(texts, texts.map((_, i) => i % 2 ? "billing" : "tech"));
 * assert.deepEqual(leaks.map(({ word, label }) => [word, label]), [["a", "tech"], ["b", "billing"]]);
 * ```
 */
export function leaksOf(texts: readonly string[], labels: readonly string[]): Leak[] {
  const step = Math.max(1, Math.ceil(texts.length / MOST_ROWS));
  const rowsOf = new Map<string, number>();
  const words = new Map<string, { rows: number; by: Map<string, number> }>();
  let total = 0;
  for (let i = 0; i < texts.length; i += step) {
    const label = labels[i];
    total++;
    rowsOf.set(label, (rowsOf.get(label) ?? 0) + 1);
    for (const word of distinctWords(texts[i])) {
      let seen = words.get(word);
      if (!seen) words.set(word, seen = { rows: 0, by: new Map() });
      seen.rows++;
      seen.by.set(label, (seen.by.get(label) ?? 0) + 1);
    }
  }
  const leaks: Leak[] = [];
  for (const [word, { rows, by }] of words) {
    if (rows < LEAST_ROWS) continue;
    const [label, most] = [...by].reduce((best, entry) => entry[1] > best[1] ? entry : best);
    const purity = most / rows;
    const coverage = most / rowsOf.get(label)!;
    // A label that nearly all rows have is beside every word.
    if (purity >= PURITY && coverage >= COVERAGE && rowsOf.get(label)! < 0.9 * total) {
      leaks.push({ word, label, rows: rows * step, purity, coverage });
    }
  }
  return leaks.sort((a, b) => b.coverage * b.purity - a.coverage * a.purity || (a.word < b.word ? -1 : 1))
    .slice(0, 20);
}

/** The leaks as a finding, where there are some. */
export function leakFindings(leaks: readonly Leak[]): Finding[] {
  if (leaks.length === 0) return [];
  const examples = leaks.slice(0, 5).map(({ word, label, purity, coverage }) =>
    `${show(word)} is in ${percent(coverage)} of ${show(label)}, and ${percent(purity)} of its rows are ${
      show(label)
    }`
  );
  return [{
    severity: "warning",
    kind: "leaks",
    what: `${
      leaks.length === 1 ? "a word decides its label" : `${leaks.length} words decide their labels`
    } alone: ${examples.slice(0, 3).join("; ")}. If new texts will not have ${
      leaks.length === 1 ? "it" : "them"
    }, scores on held-out rows are too good`,
    mend: "take such marks out of the texts, in the file or with --clean 'replace=PATTERN=>'",
    examples,
  }];
}

function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}

function distinctWords(text: string): Set<string> {
  const words = new Set<string>();
  for (const [word] of text.slice(0, 20_000).toLowerCase().matchAll(/[\p{L}\p{M}\p{N}]+/gu)) {
    words.add(word);
    if (words.size === MOST_WORDS) break;
  }
  return words;
}
