/**
 * Rules and hooks that look for unsafe content in inputs and outputs.
 *
 * @module
 */
import { wilsonInterval } from "../../statistics/intervals.ts";
import type { SafetySection } from "../report.ts";
import { fail } from "../../statistics/checks.ts";

/** What a filter found in a text. */
export interface Finding {
  /** Such as `e-mail address` or `term`. */
  readonly rule: string;
  /** What was found, for the report. */
  readonly text: string;
}

/** The hook: anything that looks at a text and says what is unsafe in it, a rule, a model or a service. */
export interface SafetyFilter {
  /** By which it is called. */
  readonly name: string;
  /** What is unsafe in a text. */
  check(text: string): readonly Finding[] | Promise<readonly Finding[]>;
}

/** A text that a filter looks at. */
export interface Checked {
  /** From 1. */
  readonly row: number;
  /** Whether the model read or wrote it. */
  readonly where: "input" | "output";
  /** As it stands. */
  readonly text: string;
}

const MAX_SHOWN = 200;

/**
 * Runs filters over texts: the share of rows with a finding, with Wilson's interval, and what was found.
 *
 * @throws {EvaluationError} When there are no texts, or a filter fails: with its name and the row.
 * @example
 * ```ts
 * import { checkSafety, personalData, termsFilter } from "./safety.ts";
 * import assert from "node:assert/strict";
 * const texts = ["Write to ann@example.org", "Fine."].map((text, i) => ({ row: i + 1, where: "output" as const, text }));
 * const section = await checkSafety(texts, [personalData, termsFilter(["damn"])]);
 * assert.equal(section.flagged.value, 0.5);
 * assert.deepEqual(section.rows, [{ row: 1, where: "output", rule: "e-mail address", text: "ann@example.org" }]);
 * ```
 */
export async function checkSafety(
  texts: readonly Checked[],
  filters: readonly SafetyFilter[],
): Promise<SafetySection> {
  const rows: SafetySection["rows"][number][] = [];
  const all = new Set<number>(), flagged = new Set<number>();
  for (const { row, where, text } of texts) {
    all.add(row);
    for (const filter of filters) {
      let findings: readonly Finding[];
      try {
        findings = await filter.check(text);
      } catch (error) {
        fail(`The safety filter "${filter.name}" failed at row ${row}: ${(error as Error).message}`);
      }
      for (const finding of findings) {
        flagged.add(row);
        if (rows.length < MAX_SHOWN) rows.push({ row, where, rule: finding.rule, text: finding.text });
      }
    }
  }
  if (all.size === 0) fail("Cannot check safety: there are no texts");
  return {
    kind: "safety",
    title: `Safety: ${filters.map(({ name }) => name).join(", ")}`,
    flagged: wilsonInterval(flagged.size, all.size),
    rows,
  };
}

/** Finds terms as whole words, without regard to case; a term may have several words. */
export function termsFilter(terms: readonly string[], name = "terms"): SafetyFilter {
  const known = new Set(terms.map((term) => words(term).join(" ")).filter((term) => term !== ""));
  if (known.size === 0) fail(`The safety filter "${name}" has no terms`);
  const longest = Math.max(...[...known].map((term) => term.split(" ").length));
  return {
    name,
    check(text) {
      const found: Finding[] = [];
      const all = words(text);
      for (let i = 0; i < all.length; i++) {
        let term = "";
        for (let length = 1; length <= longest && i + length <= all.length; length++) {
          term = length === 1 ? all[i] : `${term} ${all[i + length - 1]}`;
          if (known.has(term)) found.push({ rule: "term", text: term });
        }
      }
      return found;
    },
  };
}

/** Finds e-mail addresses, payment card numbers (by Luhn's check digit), IBANs (by their check digits) and IPv4 addresses. */
export const personalData: SafetyFilter = {
  name: "personal data",
  check(text) {
    const found: Finding[] = [];
    for (const { rule, pattern, holds } of patterns) {
      for (const [match] of text.matchAll(pattern)) if (holds(match)) found.push({ rule, text: match });
    }
    return found;
  },
};

// Every quantifier is bounded and the classes around one are disjoint: linear time on any text.
const patterns: { rule: string; pattern: RegExp; holds: (match: string) => boolean }[] = [
  {
    rule: "e-mail address",
    pattern: /(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}/gu,
    holds: () => true,
  },
  { rule: "card number", pattern: /(?<![\d-])\d(?:[ -]?\d){12,18}(?![\d-])/g, holds: luhn },
  { rule: "IBAN", pattern: /\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}\b/g, holds: iban },
  {
    rule: "IP address",
    pattern: /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])/g,
    holds: (match) => match.split(".").every((part) => Number(part) < 256),
  },
];

function luhn(match: string): boolean {
  const digits = match.replace(/\D/g, "");
  if (/^(\d)\1*$/.test(digits)) return false;
  let sum = 0;
  for (let i = digits.length - 1, double = false; i >= 0; i--, double = !double) {
    const digit = Number(digits[i]);
    sum += double ? (digit < 5 ? 2 * digit : 2 * digit - 9) : digit;
  }
  return sum % 10 === 0;
}

/** ISO 13616: the number that the rearranged characters spell leaves 1 when divided by 97. */
function iban(match: string): boolean {
  const plain = match.replaceAll(" ", "");
  if (plain.length < 15 || plain.length > 34) return false;
  let rest = 0;
  for (const c of plain.slice(4) + plain.slice(0, 4)) {
    const value = parseInt(c, 36);
    rest = (value < 10 ? rest * 10 + value : rest * 100 + value) % 97;
  }
  return rest === 1;
}

function words(text: string): string[] {
  return text.normalize("NFKC").toLowerCase().match(/[\p{L}\p{N}\p{M}_]+/gu) ?? [];
}
