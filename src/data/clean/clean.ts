/**
 * Applying cleaning steps: to one text, as serving does, and to the rows of a data set.
 *
 * @module
 */
import { show } from "../../base/text.ts";
import { DataError } from "../errors.ts";
import { countLabels } from "./labels.ts";
import { growthLimit } from "./limits.ts";
import type { CleanRow } from "./row_steps.ts";
import { type CleaningStep, parseSteps } from "./steps.ts";

/**
 * The function that steps make of a text, one after the other.
 *
 * @param steps As they are written, such as `strip-html`; those that choose rows have no place here.
 * @throws {DataError} for a step that is none, or chooses rows. The function throws it for a text that would grow beyond all
 *   measure, with the step that makes it grow.
 *
 * @example
 * ```ts
 * import { textCleaner } from "./clean.ts";
 * import assert from "node:assert/strict";
 *
 * const clean = textCleaner(["strip-html", "strip-urls=<url>", "collapse-space"]);
 * assert.equal(clean("<p>Win  at <b>www.prize.example</b>!</p>"), "Win at <url>!");
 * ```
 */
export function textCleaner(steps: readonly string[]): (text: string) => string {
  const parsed = parseSteps(steps);
  const ofRows = parsed.find(({ kind }) => kind === "rows");
  if (ofRows) {
    throw new DataError(`the cleaning step ${show(ofRows.step)} chooses rows, and a text is no row`);
  }
  const ofTexts = parsed.filter((step) => step.kind === "text");
  return (text) => ofTexts.reduce((left, step) => applied(step, left, text.length), text);
}

/** A step's function of a text. */
function applied(
  { step, apply }: Extract<CleaningStep, { kind: "text" }>,
  text: string,
  lengthBefore: number,
): string {
  const cleaned = apply(text);
  const most = growthLimit(lengthBefore);
  if (cleaned.length <= most) return cleaned;
  throw new DataError(
    `the cleaning step ${show(step)} makes over ${most} characters of a text of ${lengthBefore}`,
  );
}

/** What a step left. */
export interface CleaningTrace {
  /** As it was written. */
  readonly step: string;
  readonly rowsBefore: number;
  readonly rowsAfter: number;
  /** Rows whose text it changed, where it is a step of texts, or whose label. */
  readonly changed: number;
}

/** Rows after their cleaning, and what happened to them. */
export interface CleanedRows {
  readonly rows: CleanRow[];
  /** A line for each step, in order. */
  readonly trace: readonly CleaningTrace[];
  /** Rows of each label before and after, the most frequent before first; empty where rows have no labels. */
  readonly labels: readonly LabelChange[];
}

/** The rows of a label before and after a cleaning. */
export interface LabelChange {
  readonly label: string;
  readonly before: number;
  readonly after: number;
}

/**
 * Applies steps to rows, one after the other.
 *
 * @param options `seed`: of `sample`.
 * @throws {DataError} for a step that is none, that needs labels where rows have none, or that leaves no row.
 *
 * @example
 * ```ts
 * import { cleanRows } from "./clean.ts";
 * import assert from "node:assert/strict";
 *
 * const rows = ["<p>My card was charged twice</p>", "<br>", "No XXXX answer"].map((text, index) => ({
 *   texts: [text], label: "card", index,
 * }));
 * const steps = ["strip-html", "drop-empty", "replace=X{2,}=>", "collapse-space"];
 * const { rows: cleaned, trace } = cleanRows(rows, steps, { seed: 0 });
 * assert.deepEqual(cleaned.map(({ texts }) => texts[0]), ["My card was charged twice", "No answer"]);
 * assert.deepEqual(trace[1], { step: "drop-empty", rowsBefore: 3, rowsAfter: 2, changed: 0 });
 * ```
 */
export function cleanRows(
  rows: readonly CleanRow[],
  steps: readonly string[],
  options: { readonly seed: number },
): CleanedRows {
  const parsed = parseSteps(steps);
  const labelled = rows.every(({ label }) => label !== undefined);
  const lacking = parsed.find((step) => step.kind === "rows" && step.needsLabels);
  if (lacking && !labelled) {
    throw new DataError(`the cleaning step ${show(lacking.step)} needs rows with one label each`);
  }
  const lengths = new Map(rows.map(({ index, texts }) => [index, texts.map(({ length }) => length)]));
  let left = [...rows];
  const trace: CleaningTrace[] = [];
  for (const step of parsed) {
    const before = left;
    left = step.kind === "rows" ? step.apply(before, options) : before.map((row) => {
      const texts = row.texts.map((text, t) => applied(step, text, lengths.get(row.index)![t]));
      return texts.every((text, t) => text === row.texts[t]) ? row : { ...row, texts };
    });
    const same = new Set(before);
    trace.push({
      step: step.step,
      rowsBefore: before.length,
      rowsAfter: left.length,
      changed: left.reduce((sum, row) => sum + (same.has(row) ? 0 : 1), 0),
    });
    if (left.length === 0 && rows.length > 0) {
      throw new DataError(`the cleaning step ${show(step.step)} leaves none of ${before.length} rows`);
    }
  }
  return { rows: left, trace, labels: labelled ? labelChanges(rows, left) : [] };
}

function labelChanges(before: readonly CleanRow[], after: readonly CleanRow[]): LabelChange[] {
  const counts = [before, after].map(countLabels);
  return [...new Set(counts.flatMap((count) => [...count.keys()]))]
    .map((label) => ({ label, before: counts[0].get(label) ?? 0, after: counts[1].get(label) ?? 0 }));
}
