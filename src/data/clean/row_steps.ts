/**
 * The steps that choose rows and their labels, before a training or for a file. They are recorded with what they left, and
 * serving has none of them: a request is always answered.
 *
 * @module
 */
import { countCodePoints, show } from "../../base/text.ts";
import { DataError } from "../errors.ts";
import { countLabels } from "./labels.ts";
import { readAmount, sampleRows } from "./sample.ts";
import { readCount, readText } from "./values.ts";
import { countWords } from "./words.ts";

/** A row as the steps see it. */
export interface CleanRow {
  /** The texts that a model reads for it, as the steps before have left them. */
  readonly texts: readonly string[];
  /** Absent: the rows have no labels of one class each. */
  readonly label?: string;
  /** Which row it is, by its place before the first step. */
  readonly index: number;
}

/** A kind of step that chooses rows or changes labels. */
export interface RowStepKind {
  /** What it does, in a line of help. */
  readonly about: string;
  /** What stands after its name, in a line of help, in brackets where it may be left out; absent: nothing may. */
  readonly value?: string;
  /** A step as it is written. */
  readonly example: string;
  /** Whether rows must have labels. */
  readonly needsLabels: boolean;
  /**
   * The step's function: the rows that stay, in their order.
   *
   * @throws {DataError} when the value is none that the step takes, with what it takes; the function, when a label is named that
   *   no row has.
   */
  make(
    value: string | undefined,
  ): (rows: readonly CleanRow[], options: { readonly seed: number }) => CleanRow[];
  /** What a label is called after the step, for data that were not cleaned; a step that keeps labels as they are has none. */
  rename?(value: string | undefined): (label: string) => string;
}

/** The names of the steps that choose rows or change labels. */
export type RowStepName =
  | "drop-empty"
  | "min-words"
  | "max-words"
  | "min-characters"
  | "max-characters"
  | "keep-labels"
  | "min-label-rows"
  | "drop-label"
  | "merge-labels"
  | "merge-rest"
  | "sample";

/** Every step that chooses rows, by name; a name without an entry does not compile. */
export const rowSteps: Readonly<Record<RowStepName, RowStepKind>> = {
  "drop-empty": {
    about: "drops rows with a text of nothing but white space",
    example: "drop-empty",
    needsLabels: false,
    make(value) {
      if (value !== undefined) throw new DataError("the step drop-empty takes no value; min-words=N does");
      return (rows) => rows.filter(({ texts }) => texts.every((text) => text.trim() !== ""));
    },
  },
  "min-words": byLength("drops rows with a text of fewer words", "min-words", countWords, "least"),
  "max-words": byLength("drops rows with a text of more words", "max-words", countWords, "most"),
  "min-characters": byLength("drops shorter texts", "min-characters", countCodePoints, "least"),
  "max-characters": byLength(
    "drops longer texts; cut=N cuts them",
    "max-characters",
    countCodePoints,
    "most",
  ),
  "keep-labels": {
    about: "keeps the rows of so many labels, those with most rows",
    value: "=LABELS",
    example: "keep-labels=10",
    needsLabels: true,
    make(value) {
      const count = readCount(value, "keep-labels", { least: 1 });
      return (rows) => {
        const kept = mostFrequent(rows, count);
        return rows.filter(({ label }) => kept.has(label!));
      };
    },
  },
  "min-label-rows": {
    about: "keeps the rows of labels that have at least so many",
    value: "=ROWS",
    example: "min-label-rows=100",
    needsLabels: true,
    make(value) {
      const least = readCount(value, "min-label-rows", { least: 1 });
      return (rows) => {
        const counts = countLabels(rows);
        return rows.filter(({ label }) => counts.get(label!)! >= least);
      };
    },
  },
  "drop-label": {
    about: "drops the rows of a label",
    value: "=LABEL",
    example: "drop-label=unknown",
    needsLabels: true,
    make(value) {
      const dropped = readText(value, "drop-label", "LABEL");
      return (rows) => {
        checkThere([dropped], rows, "drop-label");
        return rows.filter(({ label }) => label !== dropped);
      };
    },
  },
  "merge-labels": {
    about: "gives a label, or several with | between, another name; repeat it for more",
    value: "=OLD|OLD=NEW",
    example: "merge-labels=refund|refunds=refund",
    needsLabels: true,
    make(value) {
      const { merged, into } = readMerge(value);
      return (rows) => {
        checkThere(merged, rows, "merge-labels");
        return rows.map((row) => merged.includes(row.label!) ? { ...row, label: into } : row);
      };
    },
    rename(value) {
      const { merged, into } = readMerge(value);
      return (label) => merged.includes(label) ? into : label;
    },
  },
  "merge-rest": {
    about: 'keeps so many labels, those with most rows, and calls all others "other", or as is said',
    value: "=LABELS[=NAME]",
    example: "merge-rest=10=other",
    needsLabels: true,
    make(value) {
      const { most, rest } = readRest(value);
      return (rows) => {
        const kept = mostFrequent(rows, most);
        return rows.map((row) => kept.has(row.label!) ? row : { ...row, label: rest });
      };
    },
    // Whoever asks keeps the labels that the model knows: all others are the rest.
    rename(value) {
      const { rest } = readRest(value);
      return () => rest;
    },
  },
  "sample": {
    about: "so many rows at random, or a share such as 10%, with each label's share kept",
    value: "=ROWS|SHARE%",
    example: "sample=10%",
    needsLabels: false,
    make(value) {
      const amount = readAmount(value);
      return (rows, { seed }) => sampleRows(rows, amount, seed);
    },
  },
};

function readMerge(value: string | undefined): { merged: string[]; into: string } {
  const both = readText(value, "merge-labels", "OLD|OLD=NEW");
  const equals = both.lastIndexOf("=");
  const merged = both.slice(0, Math.max(0, equals)).split("|").filter((label) => label !== "");
  const into = both.slice(equals + 1);
  if (merged.length === 0 || into === "") {
    throw new DataError(`the step merge-labels takes OLD=NEW or OLD|OLD=NEW; "${both}" was given`);
  }
  return { merged, into };
}

function readRest(value: string | undefined): { most: number; rest: string } {
  const [count, name] = (value ?? "").split(/=(.*)/s);
  const most = readCount(count, "merge-rest", { least: 1 });
  const rest = name === undefined || name === "" ? "other" : name;
  return { most, rest };
}

/** A step that drops rows by how long their texts are; of several texts each has to be as long. */
function byLength(
  about: string,
  name: RowStepName,
  measure: (text: string) => number,
  bound: "least" | "most",
): RowStepKind {
  return {
    about,
    value: "=N",
    example: `${name}=3`,
    needsLabels: false,
    make(value) {
      const limit = readCount(value, name, { least: 1 });
      const fits = (text: string) => bound === "least" ? measure(text) >= limit : measure(text) <= limit;
      return (rows) => rows.filter(({ texts }) => texts.every(fits));
    },
  };
}

/** The labels with most rows; of equal ones the first by name. */
function mostFrequent(rows: readonly CleanRow[], count: number): Set<string> {
  return new Set([...countLabels(rows).keys()].slice(0, count));
}

/** A label that no row has is a slip of the pen, or a step before took it away: either way nothing would happen. */
function checkThere(labels: readonly string[], rows: readonly CleanRow[], name: string): void {
  const counts = countLabels(rows);
  const missing = labels.find((label) => !counts.has(label));
  if (missing === undefined) return;
  const known = [...counts.keys()];
  throw new DataError(
    `the step ${name}: no row has the label ${show(missing)}; there are ${
      known.slice(0, 20).map((label) => JSON.stringify(label)).join(", ")
    }${known.length > 20 ? ` and ${known.length - 20} more` : ""}`,
  );
}
