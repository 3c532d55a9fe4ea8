/**
 * The rows of a data set without duplicates, and which of them stay together when they are divided.
 *
 * @module
 */
import { plural } from "../base/format.ts";
import { shorten, show } from "../base/text.ts";
import { type Conflict, deduplicate, duplicateKey } from "../data/dedupe.ts";
import { DataError } from "../data/errors.ts";
import { dataHash } from "../data/example.ts";
import { groupsByValue, joinGroups, rowGroups } from "../data/groups.ts";
import type { TaskName } from "../tasks/served.ts";
import type { Row } from "../tasks/task.ts";
import { textsOf } from "../tasks/text_input.ts";
import { trainedTasks } from "../tasks/trained.ts";
import type { Reporter } from "./reporter.ts";
import type { LoadedRow } from "./rows.ts";

/** Which rows count, and which stay together. */
export interface DistinctOptions {
  /** What is done with a text that comes again: one of its rows is kept, or all are, in one part. Default `drop`. */
  readonly duplicates?: "drop" | "keep";
  /** Whether near-duplicates stay in one part, or may be divided. Default `keep-together`. */
  readonly nearDuplicates?: "keep-together" | "ignore";
  /** A column of the data: rows with the same value in it stay in one part. */
  readonly group?: string;
}

/** A row as rows are compared. */
export interface Item {
  /** Its texts as they stand, joined. */
  readonly text: string;
  /** What it should be answered, as text. */
  readonly label: string;
  /** The `duplicateKey` of each of its texts, joined. */
  readonly key: string;
  readonly row: Row<unknown>;
}

/** Rows of a data set, ready to be divided. */
export interface DistinctRows {
  readonly items: readonly Item[];
  /** The number of each one's group, whose rows stay together. */
  readonly groups: Int32Array;
  /** What errors call them. */
  readonly name: string;
  /** Of the rows, in their order. */
  readonly hash: string;
  /** What was dropped, for a line about them. */
  readonly dropped: string;
}

/** Stands between a row's texts where rows are compared: no white space, so that it matters where one ends. */
const BETWEEN_TEXTS = "\u001e";

/** A row as it is compared with others. */
export function itemOf(row: Row<unknown>, task: TaskName): Item {
  const texts = row.queries.flatMap(textsOf);
  return {
    text: texts.join(BETWEEN_TEXTS),
    label: trainedTasks[task].key(row.target),
    key: texts.map(duplicateKey).join(BETWEEN_TEXTS),
    row,
  };
}

/**
 * Drops duplicates, and groups what must stay together; says what was found.
 *
 * @throws {DataError} when the column to group by is missing, or when texts with several labels leave fewer than two labels.
 */
export function distinctRows(
  rows: readonly Row<unknown>[],
  options: DistinctOptions & { readonly task: TaskName; readonly source: string; readonly output: Reporter },
): DistinctRows {
  const { task, source, duplicates = "drop" } = options;
  const all = rows.map((row) => itemOf(row, task));
  const isClass = isClassTask(rows, task);
  const found = deduplicate(all.map((item) => ({ text: item.key, label: item.label, item })), {
    onConflict: isClass ? "majority" : "first",
  });
  if (isClass && found.conflicting.length > 0) {
    reportConflicts(found.conflicting, options);
    if (duplicates === "drop") requireLabels(all, found.examples, found.conflicting, source);
  }
  const items = duplicates === "drop" ? found.examples.map(({ item }) => item) : all;
  const droppedRows = all.length - items.length;
  return {
    items,
    groups: groupsOf(items, options),
    // What is wrong with the distinct rows may not be true of the file.
    name: droppedRows === 0 ? source : `${source}, without ${plural(droppedRows, "duplicate")}`,
    hash: dataHash(items),
    dropped: duplicates === "drop"
      ? `${found.duplicates} duplicates dropped${
        found.conflicts ? `, ${found.conflicts} of them with another label` : ""
      }`
      : `${found.duplicates} duplicates kept`,
  };
}

/** Whether a target is one class. */
function isClassTask(rows: readonly Row<unknown>[], task: TaskName): boolean {
  const { stratum } = trainedTasks[task];
  return stratum !== undefined && rows.every(({ target }) => typeof stratum(target) === "string");
}

function reportConflicts(
  conflicting: readonly Conflict<{ readonly item: Item }>[],
  { source, output, duplicates = "drop" }: Parameters<typeof distinctRows>[1],
): void {
  const ties = conflicting.filter(({ kept }) => kept === undefined).length;
  const what = duplicates === "keep" ? "all their rows are kept, as --duplicates keep wants it" : [
    ...ties < conflicting.length ? ["the label that most rows of a text have is kept"] : [],
    ...ties > 0
      ? [`${plural(ties, "text")} with as many rows of each label ${ties === 1 ? "is" : "are"} dropped`]
      : [],
  ].join(", and ");
  output.progress(
    `warning: ${source}: ${plural(conflicting.length, "text")} ${
      conflicting.length === 1 ? "has" : "have"
    } several labels, such as ${conflicting.slice(0, 3).map(describeConflict).join("; ")}: ${what}`,
  );
}

function describeConflict({ examples, labels }: Conflict<{ readonly item: Item }>): string {
  const counts = [...labels].slice(0, 5).map(([label, count]) => `${show(label)} ${count}`).join(", ");
  return `${show(examples[0].item.text)} (${counts}${labels.size > 5 ? ", ..." : ""})`;
}

/** Where nothing but texts with several labels told labels apart, that is what is wrong. */
function requireLabels(
  all: readonly Item[],
  kept: readonly { readonly label: string }[],
  conflicting: readonly Conflict<{ readonly item: Item }>[],
  source: string,
): void {
  const labels = (items: readonly { readonly label: string }[]) => new Set(items.map(({ label }) => label));
  if (labels(kept).size > 1 || labels(all).size < 2) return;
  const [first] = conflicting;
  throw new DataError(
    `${source}: the same text stands under several labels: ${describeConflict(first)}${
      conflicting.length > 1 ? ` and ${plural(conflicting.length - 1, "other text")}` : ""
    }; without them, ${
      kept.length === 0 ? "no row is left" : `all rows have the label ${show(kept[0].label)}`
    }. Correct the labels${
      kept.length + conflicting.length > FEW_TEXTS
        ? ", or train on the rows as they are with --duplicates keep"
        : ""
    }`,
  );
}

/** So few texts cannot be divided, whatever their labels. */
const FEW_TEXTS = 5;

function groupsOf(
  items: readonly Item[],
  options: Parameters<typeof distinctRows>[1],
): Int32Array {
  const { source, output, group, nearDuplicates = "keep-together" } = options;
  const groupings: Int32Array[] = [groupsByValue(items.map(({ key }) => key))];
  if (nearDuplicates === "keep-together") {
    const { groups, byEveryText } = rowGroups(
      items.map(({ row }) => row.queries.flatMap(textsOf)),
      { labels: items.map(({ label }) => label) },
    );
    reportGroups(items, groups, options);
    if (!byEveryText) {
      output.progress(
        `warning: ${source}: most rows share a text with others: training and held-out rows may have one text of two in common`,
      );
    }
    groupings.push(groups);
  }
  if (group !== undefined) {
    const values = items.map(({ row }) => groupValue(row as Partial<LoadedRow>, group, source));
    const byValue = groupsByValue(values);
    const count = new Set(byValue).size;
    const without = values.filter((value) => value === undefined).length;
    output.progress(
      `${source}: ${plural(count - without, "group")} by column ${show(group)}, each in one part${
        without > 0 ? `; ${plural(without, "row")} without a value stand alone` : ""
      }`,
    );
    groupings.push(byValue);
  }
  return joinGroups(groupings);
}

function groupValue({ record = {} }: Partial<LoadedRow>, column: string, source: string): string | undefined {
  if (!Object.hasOwn(record, column)) {
    throw new DataError(
      `${source}: no column ${show(column)} to group by; its columns are ${
        Object.keys(record).slice(0, 20).map((name) => show(name)).join(", ") || "none"
      }`,
      { missingColumn: column },
    );
  }
  const value = record[column];
  if (value === null || value === undefined || value === "") return undefined;
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Says how many rows stay together, and shows two of the largest group. */
function reportGroups(
  items: readonly Item[],
  groups: Int32Array,
  { source, output }: Parameters<typeof distinctRows>[1],
): void {
  const several = [...Map.groupBy(groups.keys(), (row) => groups[row]).values()].filter(({ length }) =>
    length > 1
  );
  if (several.length === 0) return;
  const largest = several.reduce((best, rows) => rows.length > best.length ? rows : best);
  const rows = several.reduce((sum, { length }) => sum + length, 0);
  const shown = largest.slice(0, 2).map((row) =>
    show(shorten(items[row].text.replace(/\s+/g, " ").trim(), 60), 70)
  );
  output.progress(
    `${source}: ${rows} rows are near-duplicates, in ${plural(several.length, "group")} that ${
      several.length === 1 ? "stays" : "each stay"
    } in one part; the largest has ${largest.length}, such as ${shown.join(" and ")} ` +
      "(--near-duplicates ignore divides them, too)",
  );
}
