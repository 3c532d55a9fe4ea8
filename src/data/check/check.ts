/**
 * A data set looked at before it is trained on: what it holds, and what in it would mislead a model or its scores.
 *
 * @module
 */
import { formatCount, plural } from "../../base/format.ts";
import type { ColumnProfile } from "./columns.ts";
import { bySeverity, type Finding } from "./findings.ts";
import { type ClassCount, countClasses, labelFindings } from "./labels.ts";
import { type Leak, leakFindings, leaksOf } from "./leaks.ts";
import { countWords, type Lengths, lengthsOf } from "./lengths.ts";
import { type Repeats, repeatsOf } from "./repeats.ts";
import { languagesOf, scriptsOf, type Share } from "./scripts.ts";

/** A row as it is checked. */
export interface CheckedRow {
  /** What a model reads. */
  readonly texts: readonly string[];
  /** The classes that it should answer; none where the task has no classes. */
  readonly classes: readonly string[];
  /** What decides whether two rows of one text agree. */
  readonly key: string;
  /** What it should answer, where that is a number. */
  readonly number?: number;
}

/** What a data set holds, in numbers, and what a person should know of it. */
export interface DataCheck {
  /** What the data are called. */
  readonly source: string;
  /** What was guessed about how to read it. */
  readonly reading: readonly string[];
  readonly task: string;
  /** Rows that the task can read. */
  readonly rows: number;
  /** Rows that it cannot, such as those without a label. */
  readonly unreadable: number;
  readonly columns: readonly ColumnProfile[];
  /** The largest first; empty where the task has none. */
  readonly classes: readonly ClassCount[];
  /** Where the answers are numbers. */
  readonly numbers?: Lengths;
  readonly characters: Lengths;
  readonly words: Lengths;
  readonly scripts: readonly Share[];
  /** By ISO 639-1, of the texts that are long enough to tell. */
  readonly languages: readonly Share[];
  readonly repeats: Omit<Repeats, "findings">;
  readonly leaks: readonly Leak[];
  /** What training would do with it; absent where it would refuse. */
  readonly training?: TrainingPlan;
  /** What matters most first. */
  readonly findings: readonly Finding[];
}

/** What a training would do with a data set. */
export interface TrainingPlan {
  /** Rows of each part. */
  readonly parts: { readonly train: number; readonly validation: number; readonly test: number };
  /** Tokens of the tokenizer. */
  readonly vocabSize: number;
  /** Tokens of a text, those that are cut off included; of many rows, a sample is counted. */
  readonly tokens: Lengths;
  /** Longer rows are cut to so many. */
  readonly maxTokens: number;
  /** Rows that are cut. */
  readonly cut: number;
  /** Of the tokens, those that the tokenizer does not know. */
  readonly unknownShare: number;
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  readonly steps: number;
  readonly parameters: number;
  /** Bytes of the weights and what the optimiser keeps beside them, before a single activation. */
  readonly stateBytes: number;
  /** Seconds that the steps take, measured on some of them; absent where that was not asked for. */
  readonly seconds?: number;
  /** Bytes on the device while training, measured. */
  readonly deviceBytes?: number;
  /** What it runs on. */
  readonly device?: string;
  /** Of a cross-validation: what it costs, the last training included, on all rows, which the other figures are about. */
  readonly folds?: FoldsPlan;
  /** What training says of the data. */
  readonly messages: readonly string[];
}

/** What a cross-validation costs. */
export interface FoldsPlan {
  /** Models that are trained to be scored. */
  readonly count: number;
  /** Steps of all trainings. */
  readonly steps: number;
  /** Seconds that all steps take, as far as those of one training were measured. */
  readonly seconds?: number;
}

/** Texts of this many characters and fewer say next to nothing. */
const SHORT = 3;
/** Texts whose language is looked at. */
const MOST_LANGUAGE = 5000;
const MOST_SCRIPT = 20_000;

/**
 * Looks at rows.
 *
 * @param groups of the rows with these indices, the number of each one's group of near-duplicates
 *
 * @example
 * ```ts
 * import { checkRows } from "./check.ts";
 * import assert from "node:assert/strict";
 *
 * const rows = ["good", "fine", "bad", "poor"].map((text, i) => {
 *   const label = ["Good", "good", "bad", "bad"][i];
 *   return { texts: [text], classes: [label], key: label };
 * });
 * const { classes, findings } = await checkRows(rows, { groups: (rows) => rows });
 * assert.equal(classes.length, 3);
 * assert.ok(findings.some(({ kind }) => kind === "labels-alike"));
 * ```
 */
export async function checkRows(
  rows: readonly CheckedRow[],
  { groups }: { readonly groups: (rows: readonly number[]) => ArrayLike<number> },
): Promise<Omit<DataCheck, "source" | "reading" | "task" | "unreadable" | "columns" | "training">> {
  const texts = rows.map(({ texts }) => texts.join("\n"));
  const classes = countClasses(rows.map(({ classes }) => classes));
  const numbers = rows.flatMap(({ number }) => number === undefined ? [] : [number]);
  const { findings: repeated, ...repeats } = repeatsOf(
    rows.map(({ texts, key }) => ({ text: texts.join("\u001e"), label: key })),
    groups,
  );
  const isSingle = classes.length > 1 && rows.every(({ classes }) => classes.length === 1);
  const leaks = isSingle ? leaksOf(texts, rows.map(({ classes }) => classes[0])) : [];
  const findings = [
    ...textFindings(texts),
    ...(classes.length > 0 ? labelFindings(classes, rows.length) : []),
    ...repeated,
    ...leakFindings(leaks),
  ];
  return {
    rows: rows.length,
    classes,
    ...(numbers.length > 0 && { numbers: lengthsOf(numbers) }),
    characters: lengthsOf(texts.map(({ length }) => length)),
    words: lengthsOf(texts.map(countWords)),
    scripts: scriptsOf(sampled(texts, MOST_SCRIPT).map((text) => text.slice(0, 2000))),
    languages: await languagesOf(sampled(texts, MOST_LANGUAGE)),
    repeats,
    leaks,
    findings: bySeverity(findings),
  };
}

// deno-lint-ignore no-control-regex
const CONTROL = /[\0-\x08\x0b\x0e-\x1f\x7f]/;

/** What is odd about texts whatever they should be answered with. */
function textFindings(texts: readonly string[]): Finding[] {
  const findings: Finding[] = [];
  const short = texts.filter((text) => text.trim().length <= SHORT).length;
  const empty = texts.filter((text) => text.trim() === "").length;
  if (short > 0) {
    findings.push({
      severity: short > texts.length / 10 ? "warning" : "note",
      kind: "texts-short",
      what: `${plural(short, "text has", "texts have")} ${SHORT} characters or fewer${
        empty > 0 ? `, ${formatCount(empty)} of them none` : ""
      }`,
      mend: `drop them: --clean min-characters=${SHORT + 1}`,
    });
  }
  const html =
    texts.filter((text) => /<\/?(?:p|div|br|a|span|table|td|li|html|body|b|i)\b[^>]{0,200}>/i.test(text))
      .length;
  if (html > texts.length / 20) {
    findings.push({
      severity: "note",
      kind: "texts-html",
      what: `${plural(html, "text holds", "texts hold")} HTML tags`,
      mend: "--clean strip-html",
    });
  }
  const hidden = texts.filter((text) => CONTROL.test(text) || !text.isWellFormed()).length;
  if (hidden > 0) {
    findings.push({
      severity: "warning",
      kind: "texts-control-characters",
      what: `${
        plural(hidden, "text holds", "texts hold")
      } control characters, such as NUL or codes of terminals, or halves of characters`,
      mend: "--clean remove-characters=control",
    });
  }
  const broken = texts.filter((text) => /\ufffd|Ã[\u0080-\u00bf]|â€[\u0099\u009c\u009d™œ]/.test(text)).length;
  if (broken > 0) {
    findings.push({
      severity: "warning",
      kind: "texts-encoding",
      what: `${
        plural(broken, "text holds", "texts hold")
      } characters of a wrong encoding, such as "Ã©" for "é"`,
      mend: "name the file's own encoding: --encoding windows-1252, say",
    });
  }
  return findings;
}

/** At most so many, evenly over the list. */
export function sampled<T>(list: readonly T[], most: number): T[] {
  const step = Math.max(1, list.length / most);
  return Array.from({ length: Math.min(most, list.length) }, (_, i) => list[Math.floor(i * step)]);
}
