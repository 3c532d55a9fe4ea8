/**
 * The folds of a cross-validation: every row is held out once, by one of several divisions of the same rows.
 *
 * @module
 */
import { basename } from "node:path";
import type { Json } from "../base/json.ts";
import { DataError } from "../data/errors.ts";
import type { TaskName } from "../tasks/served.ts";
import type { Row } from "../tasks/task.ts";
import { trainedTasks } from "../tasks/trained.ts";
import type { DistinctRows, Item } from "./distinct.ts";
import { CHOOSES_EPOCH, type Division, keptTogether, splitItems } from "./division.ts";
import { type Prepared, type PrepareOptions, prepareParts, readyToDivide } from "./prepare.ts";
import type { Reporter } from "./reporter.ts";

/** Rows made ready for a cross-validation, and for the model that is registered. */
export interface Folds {
  /** All rows: a share chooses the epoch, the others are trained on, none is held out. */
  readonly whole: Prepared;
  /** How many folds there are. */
  readonly count: number;
  /** What all of them together are, as a phrase for people. */
  readonly origin: string;
  /** How many rows each has to train on. */
  readonly trainRows: readonly number[];
  /** Makes a fold ready, counted from 0: its rows are the test part, and its tokenizer is trained on its training part. */
  prepare(fold: number, output: Reporter): Prepared;
}

/**
 * Divides rows into folds, stratified by label, and with near-duplicates and groups in one fold. All folds are divided at once,
 * so that what cannot be is refused before anything is trained.
 *
 * @throws {DataError} when labels have too few rows for one in each fold, naming all of them.
 */
export function prepareFolds(
  given: readonly Row<unknown>[],
  options: PrepareOptions & { readonly folds: number },
): Folds {
  const { folds: count, source } = options;
  const { distinct, dividing, cleaned } = readyToDivide(given, options);
  const { group = null, duplicates = "drop", nearDuplicates = "keep-together" } = dividing;
  const origin = `all ${distinct.items.length} rows of ${basename(source)} in ${count} folds${
    keptTogether(dividing)
  }`;
  const identity = { folds: count, group, duplicates, nearDuplicates };
  const divisions = divideIntoFolds(distinct, { ...options, origin, identity });
  const whole = prepareParts(distinct, { ...choosing(distinct, options), origin, identity }, {
    ...options,
    cleaned,
  });
  return {
    whole,
    count,
    origin,
    trainRows: divisions.map(({ parts }) => parts.train.length),
    prepare: (fold, output) => prepareParts(distinct, divisions[fold], { ...options, cleaned, output }),
  };
}

/** What can be done where labels have too few rows for the folds. */
function adviceFor(folds: number): string {
  return "give fewer --folds, merge such labels (--clean merge-labels=A=B), or leave their rows out " +
    `(--clean min-label-rows=${folds})`;
}

function divideIntoFolds(
  distinct: DistinctRows,
  options: {
    readonly folds: number;
    readonly task: TaskName;
    readonly seed: number;
    readonly origin: string;
    readonly identity: Readonly<Record<string, Json>>;
  },
): Division[] {
  const { folds, task, seed, identity } = options;
  const names = Array.from({ length: folds }, (_, k) => `fold ${k + 1}`);
  const held = splitItems(distinct, Object.fromEntries(names.map((name) => [name, 1 / folds])), {
    ...{ task, seed },
    advice: adviceFor(options.folds),
    called: `${folds} folds`,
  });
  return names.map((name, k) => {
    const test = new Set(held[name]);
    const rest = distinct.items.flatMap((item, i) => test.has(item) ? [] : [i]);
    const { parts, wanted } = choosing({
      items: rest.map((i) => distinct.items[i]),
      groups: Int32Array.from(rest, (i) => distinct.groups[i]),
      name: `${distinct.name}, without ${name} of ${folds}`,
    }, options);
    return {
      parts: { ...parts, test: held[name] },
      wanted: { ...wanted, test: distinct.items.length / folds },
      origin: `${name} of ${options.origin}`,
      identity: { ...identity, fold: k + 1 },
    };
  });
}

/**
 * All rows to train on, but for a share that chooses the epoch. A label whose rows are one group, as may be left of a rare one,
 * is trained on.
 */
function choosing(
  distinct: Pick<DistinctRows, "items" | "groups" | "name">,
  options: { readonly task: TaskName; readonly seed: number; readonly folds: number },
): Pick<Division, "parts" | "wanted"> {
  const { items, groups, name } = distinct;
  const alone = labelsOfOneGroup(distinct, options.task);
  const kept = new Set([...items.keys()].filter((i) => alone.has(i)).map((i) => groups[i]));
  const divided = [...items.keys()].filter((i) => !kept.has(groups[i]));
  const share = CHOOSES_EPOCH * items.length / divided.length;
  if (!(share <= 0.5)) {
    throw new DataError(
      `${name}: there are too few texts to choose the epoch with: ${adviceFor(options.folds)}`,
    );
  }
  const { validation } = splitItems(
    { items: divided.map((i) => items[i]), groups: Int32Array.from(divided, (i) => groups[i]), name },
    { train: 1 - share, validation: share },
    { ...options, advice: adviceFor(options.folds) },
  );
  const chosen = new Set<Item>(validation);
  return {
    parts: { train: items.filter((item) => !chosen.has(item)), validation, test: [] },
    wanted: {
      train: (1 - CHOOSES_EPOCH) * items.length,
      validation: CHOOSES_EPOCH * items.length,
    },
  };
}

/** The rows whose label all rows of one group have, and no other row. */
function labelsOfOneGroup(
  { items, groups }: Pick<DistinctRows, "items" | "groups">,
  task: TaskName,
): ReadonlySet<number> {
  const { stratum } = trainedTasks[task];
  const labels = items.map(({ row }) => stratum?.(row.target));
  const rows = Map.groupBy(items.keys(), (i) => typeof labels[i] === "string" ? labels[i] : undefined);
  return new Set(
    [...rows].flatMap(([label, of]) =>
      label !== undefined && of.every((i) => groups[i] === groups[of[0]]) ? of : []
    ),
  );
}
