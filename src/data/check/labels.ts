/**
 * The classes of a data set, and labels that look like mistakes.
 *
 * @module
 */
import { formatCount, plural } from "../../base/format.ts";
import { show } from "../../base/text.ts";
import type { Finding } from "./findings.ts";

/** A class and its rows. */
export interface ClassCount {
  readonly label: string;
  readonly count: number;
  /** Of all rows. */
  readonly share: number;
}

/**
 * Counts classes, the largest first.
 *
 * @param labels those of each row: one, or any number
 */
export function countClasses(labels: readonly (readonly string[])[]): ClassCount[] {
  const counts = new Map<string, number>();
  for (const row of labels) for (const label of new Set(row)) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts]
    .map(([label, count]) => ({ label, count, share: count / labels.length }))
    .sort((a, b) => b.count - a.count || (a.label < b.label ? -1 : 1));
}

/** A class of fewer rows cannot have one in each of three parts. */
const LEAST_ROWS = 3;
/** A class of fewer rows has too few for anyone to tell how well it is known. */
const FEW_ROWS = 20;
const MANY_CLASSES = 1000;
/** The largest class over the smallest from which on balance is worth a thought. */
const IMBALANCE = 10;

/**
 * What is suspicious about classes: labels that differ in case, spaces or as numbers alone, that say that there is none, that
 * hold characters nobody sees; rare and uneven classes; a column that is no class at all.
 *
 * @param rows how many there are in all
 *
 * @example
 * ```ts
 * import { countClasses, labelFindings } from "./labels.ts";
 * import assert from "node:assert/strict";
 *
 * const classes = countClasses([["tech"], ["Tech"], ["billing"], ["tech"]]);
 * assert.match(labelFindings(classes, 4)[0].what, /written in several ways: "tech" \(2\), "Tech" \(1\)/);
 * ```
 */
export function labelFindings(classes: readonly ClassCount[], rows: number): Finding[] {
  return [
    ...alike(classes),
    ...unsaid(classes),
    ...unseen(classes),
    ...sizes(classes, rows),
  ];
}

/** Labels that come to one when written alike. */
function alike(classes: readonly ClassCount[]): Finding[] {
  const groups = Map.groupBy(classes, ({ label }) => canonical(label));
  const written = [...groups.values()].filter(({ length }) => length > 1);
  if (written.length === 0) return [];
  const shown = written.slice(0, 5).map((group) =>
    group.map(({ label, count }) => `${show(label)} (${formatCount(count)})`).join(", ")
  );
  return [{
    severity: "warning",
    kind: "labels-alike",
    what: `${plural(written.length, "label is", "labels are")} written in several ways: ${shown.join("; ")}${
      written.length > shown.length ? `; and ${written.length - shown.length} more` : ""
    }. Each way is a class of its own`,
    mend: mergeAdvice(written),
    examples: shown,
  }];
}

/** How labels are written in one way: as cleaning steps, where those can hold the labels. */
function mergeAdvice(written: readonly (readonly ClassCount[])[]): string {
  const steps = written.map(([into, ...others]) =>
    `merge-labels=${others.map(({ label }) => label).join("|")}=${into.label}`
  );
  const canBeSteps = written.flat().every(({ label }) => /^[^\s,|=]([^,|=]*[^\s,|=])?$/.test(label));
  return canBeSteps
    ? `write each in one way, or merge them: --clean ${show(steps.join(","), 200)}`
    : "write each in one way in the file";
}

/** A label as a person means it: compatible characters, case, spaces and the writing of whole numbers aside. */
function canonical(label: string): string {
  const text = label.normalize("NFKC").replaceAll(HIDDEN, "").toLowerCase().replace(/[\s_-]+/g, " ").trim();
  return text !== "" && Number.isFinite(Number(text)) ? String(Number(text)) : text;
}

const UNSAID = new Set([
  "",
  "nan",
  "null",
  "none",
  "n/a",
  "na",
  "nil",
  "undefined",
  "unknown",
  "?",
  "-",
  "--",
  "tbd",
]);

/** Labels that say that there is no label. */
function unsaid(classes: readonly ClassCount[]): Finding[] {
  const found = classes.filter(({ label }) => UNSAID.has(label.trim().toLowerCase()));
  if (found.length === 0) return [];
  return [{
    severity: "warning",
    kind: "labels-unsaid",
    what: `${
      found.slice(0, 5).map(({ label, count }) => `${show(label)} (${plural(count, "row")})`).join(", ")
    } may mean that there is no label; a model would learn it as a class`,
    mend: `drop these rows if so: --clean ${
      show(found.map(({ label }) => `drop-label=${label}`).slice(0, 5).join(","))
    }`,
  }];
}

// deno-lint-ignore no-control-regex
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]/g;

/** Labels with characters that nobody sees. */
function unseen(classes: readonly ClassCount[]): Finding[] {
  const found = classes.filter(({ label }) => label.search(HIDDEN) >= 0);
  if (found.length === 0) return [];
  return [{
    severity: "warning",
    kind: "labels-hidden-characters",
    what: `${plural(found.length, "label holds", "labels hold")} characters that nobody sees: ${
      found.slice(0, 5).map(({ label }) => show(label)).join(", ")
    }`,
    mend: "remove them from the file",
  }];
}

function sizes(classes: readonly ClassCount[], rows: number): Finding[] {
  const findings: Finding[] = [];
  if (classes.length === 1) {
    findings.push({
      severity: "error",
      kind: "one-label",
      what: `every row has the label ${show(classes[0].label)}: there is nothing to tell apart`,
      mend: "add rows of another class, or name the column that tells: --label-column",
    });
  }
  if (classes.length > 20 && classes.length > rows / 2) {
    return [...findings, {
      severity: "warning",
      kind: "labels-distinct",
      what: `${formatCount(classes.length)} labels in ${
        plural(rows, "row")
      }: this looks like no class, but like an id or a text`,
      mend: "name the column of the class with --label-column",
    }];
  }
  if (classes.length > MANY_CLASSES) {
    findings.push({
      severity: "note",
      kind: "many-labels",
      what: `${formatCount(classes.length)} labels are many for a classifier`,
    });
  }
  const rare = classes.filter(({ count }) => count < LEAST_ROWS);
  const few = classes.filter(({ count }) => count >= LEAST_ROWS && count < FEW_ROWS);
  if (rare.length > 0) {
    findings.push({
      severity: "warning",
      kind: "labels-rare",
      what:
        `${
          plural(rare.length, "label has", "labels have")
        } fewer than ${LEAST_ROWS} rows, too few for one each to train, to ` +
        `choose the epoch and to be held out; they are trained on first, and how well they are known cannot be told: ${
          list(rare)
        }`,
      mend: `merge or drop them: --clean min-label-rows=${LEAST_ROWS}`,
    });
  }
  if (few.length > 0) {
    findings.push({
      severity: "warning",
      kind: "labels-few",
      what: `${plural(few.length, "label has", "labels have")} fewer than ${FEW_ROWS} rows; how well ${
        few.length === 1 ? "it is" : "they are"
      } known cannot be told: ${list(few)}`,
    });
  }
  const smallest = classes.findLast(({ count }) => count >= LEAST_ROWS);
  if (classes.length > 1 && smallest && classes[0].count >= IMBALANCE * smallest.count) {
    findings.push({
      severity: "note",
      kind: "labels-uneven",
      what: `the largest class, ${show(classes[0].label)}, has ${
        formatCount(classes[0].count / smallest.count)
      } times the rows of ${show(smallest.label)}: look at macro F1 beside accuracy`,
      mend: "--class-weights balanced",
    });
  }
  return findings;
}

function list(classes: readonly ClassCount[]): string {
  const shown = classes.slice(0, 8).map(({ label, count }) => `${show(label)} (${count})`).join(", ");
  return classes.length > 8 ? `${shown} and ${formatCount(classes.length - 8)} more` : shown;
}
