/**
 * Dividing rows into those that are trained on, those that choose the epoch, and those that are held out for the scores.
 *
 * @module
 */
import { basename } from "node:path";
import type { Json } from "../base/json.ts";
import { plural } from "../base/format.ts";
import { show } from "../base/text.ts";
import { DataError } from "../data/errors.ts";
import { dataHash } from "../data/example.ts";
import { rowGroups } from "../data/groups.ts";
import { splitExamples } from "../data/split.ts";
import type { TaskName } from "../tasks/served.ts";
import type { Row } from "../tasks/task.ts";
import { textsOf } from "../tasks/text_input.ts";
import { trainedTasks } from "../tasks/trained.ts";
import { type DistinctOptions, type DistinctRows, type Item, itemOf } from "./distinct.ts";
import { LifecycleError } from "./errors.ts";
import type { Reporter } from "./reporter.ts";

/** The three parts of a data set. */
export interface Parts<T> {
  readonly train: T[];
  /** For choosing the epoch, and for the predictions of the drift baseline. */
  readonly validation: T[];
  /** For the scores in the manifest, and seen by nothing before. */
  readonly test: T[];
}

/** Rows of a file of their own. */
export interface OwnRows {
  /** What they are called in messages. */
  readonly source: string;
  readonly rows: readonly Row<unknown>[];
}

/** How rows are divided. */
export interface DivisionOptions extends DistinctOptions {
  /**
   * Shares of the rows, which sum to 1: to train, to choose the epoch, to hold out; of two, those to train, of which a
   * twentieth chooses the epoch, and those to hold out. With one part in a file of its own: to train, and the other part.
   */
  readonly split?: readonly number[];
  /** What chooses the epoch, in a file of its own. */
  readonly validation?: OwnRows;
  /** What the scores are measured on, in a file of its own. */
  readonly test?: OwnRows;
  /** Instead of all of these: so many models are each scored on a share of the rows, see `prepareFolds`. */
  readonly folds?: number;
}

/** Rows divided, and how. */
export interface Division {
  readonly parts: Parts<Item>;
  /** What each part should have, of the parts that were divided. */
  readonly wanted: Readonly<Record<string, number>>;
  /** Where the test part came from, as a phrase for people: `20% of mails.csv, near-duplicates kept on one side`. */
  readonly origin: string;
  /** What the parts depend on besides rows and seed: a checkpoint of others does not go on. */
  readonly identity: Readonly<Record<string, Json>>;
}

/**
 * A fifth is held out for the scores. What chooses the epoch and shows how the model predicts is kept small: with the
 * learning rate decaying to 0 the last epoch is nearly always the best, and rows to train on are worth more.
 */
const HELD_OUT = 0.2;

/** Of those that are not held out, this share chooses the epoch. */
export const CHOOSES_EPOCH = 0.05;

/** What can be done where labels have too few rows to be divided. */
export const RARE_ADVICE =
  "merge such labels (--clean merge-labels=A=B), leave their rows out (--clean min-label-rows=3), or give the parts as " +
  "files of their own with --validation and --test";

/**
 * Divides rows, stratified by label and with groups in one part; rows that come again in a file of their own are not trained
 * on.
 *
 * @throws {DataError} when labels have too few rows to be in each part.
 * @throws {LifecycleError} when the shares do not fit the parts that are to be divided.
 */
export function divideRows(
  distinct: DistinctRows,
  options: DivisionOptions & {
    readonly task: TaskName;
    readonly source: string;
    readonly seed: number;
    readonly output: Reporter;
  },
): Division {
  const { task, source, seed, validation, test } = options;
  const shares = sharesOf(options);
  const own = {
    validation: validation && itemsOf(validation, task),
    test: test && itemsOf(test, task),
  };
  const kept = withoutSeen(distinct, own, options);
  const onRare = (labels: string) =>
    options.output.progress(
      `warning: ${kept.name}: ${labels} too few texts to be in each part: they are trained on first, then held out, and ` +
        `how well they are known cannot be told. To change that: ${RARE_ADVICE}`,
    );
  const parts = divided(kept, shares, { task, seed, onRare });
  const heldOut = own.test ?? parts.test ?? [];
  const choosing = own.validation ?? parts.validation ?? [];
  return {
    parts: {
      train: parts.train,
      validation: without(choosing, own.validation && own.test, options),
      test: heldOut,
    },
    wanted: Object.fromEntries(
      Object.entries(shares).map(([name, share]) => [name, share * kept.items.length]),
    ),
    origin: test
      ? `${basename(test.source)}, a file of its own`
      : `${percent(shares.test ?? 0)} of ${basename(source)}${keptTogether(options)}`,
    identity: {
      shares: { ...shares },
      duplicates: options.duplicates ?? "drop",
      nearDuplicates: options.nearDuplicates ?? "keep-together",
      group: options.group ?? null,
      validation: own.validation ? dataHash(own.validation) : null,
      test: own.test ? dataHash(own.test) : null,
    },
  };
}

/** What stays on one side of a division, as the end of a phrase about it. */
export function keptTogether({ group, nearDuplicates }: DistinctOptions): string {
  const alike = nearDuplicates === "ignore" ? "" : ", near-duplicates kept on one side";
  return group === undefined ? alike : `${alike}, rows of one ${show(group)} kept on one side`;
}

/** Divides rows by shares, in which a part that is not there has none. */
export function splitItems<Part extends string>(
  { items, groups, name }: Pick<DistinctRows, "items" | "groups" | "name">,
  shares: Readonly<Record<Part, number>>,
  { task, seed, advice = RARE_ADVICE, called, onRare }: {
    readonly task: TaskName;
    readonly seed: number;
    /** See `splitExamples`. */
    readonly onRare?: (labels: string) => void;
    readonly advice?: string;
    /** What errors call the parts. */
    readonly called?: string;
  },
): Record<Part, Item[]> {
  const { stratum } = trainedTasks[task];
  return splitExamples(items, {
    fractions: shares,
    clusters: groups,
    seed,
    name,
    advice,
    called,
    onRare,
    stratum: stratum ? ({ row }: Item) => stratum(row.target) : null,
  });
}

/** How rows were to be divided, as a run's record keeps it. */
export function divisionSettings(options: DivisionOptions = {}): Readonly<Record<string, Json>> {
  const { split, validation, test, group, folds, duplicates = "drop", nearDuplicates = "keep-together" } =
    options;
  return {
    split: split ? [...split] : null,
    validation: validation?.source ?? null,
    test: test?.source ?? null,
    group: group ?? null,
    folds: folds ?? null,
    duplicates,
    nearDuplicates,
  };
}

/** What is unlike what was asked for where a part is a quarter and ten rows away from it, and why. */
export function unevenParts({ parts, wanted }: Division, groups: Int32Array): string | undefined {
  const names = Object.keys(wanted) as (keyof Parts<Item>)[];
  const counts = names.map((name) => parts[name].length);
  const asked = Object.values(wanted);
  if (counts.every((count, i) => Math.abs(count - asked[i]) <= asked[i] / 4 + 10)) return undefined;
  const sizes = new Map<number, number>();
  for (const group of groups) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  const largest = Math.max(...sizes.values());
  return `the parts have ${counts.join(", ")} rows instead of ${asked.map(Math.round).join(", ")}, since ${
    largest > Math.min(...asked) / 4
      ? `rows that share texts or a group stay together, ${largest} in the largest group`
      : "each label is to be in each part"
  }`;
}

/** The parts that shares are given for; where train is the only one, it has all rows. */
function divided(
  distinct: DistinctRows,
  shares: Shares,
  options: Parameters<typeof splitItems>[2],
): Pick<Parts<Item>, "train"> & Partial<Parts<Item>> {
  if (Object.keys(shares).length === 1) return { train: [...distinct.items] };
  return splitItems(distinct, shares as Required<Shares>, options);
}

type Shares = { readonly train: number; readonly validation?: number; readonly test?: number };

/** The shares of the parts that are divided; those with a file of their own have none. */
function sharesOf({ split, validation, test }: DivisionOptions): Shares {
  if (split !== undefined) checkShares(split);
  const given = split && `--split ${split.join(",")}`;
  if (validation && test) {
    if (given) throw new LifecycleError(`${given}: with --validation and --test there is nothing to divide`);
    return { train: 1 };
  }
  if (validation || test) {
    const part = validation ? "test" : "validation";
    if (split && split.length !== 2) {
      throw new LifecycleError(
        `${given} has ${split.length} shares; with ${
          validation ? "--validation" : "--test"
        } two were expected: to train, and ${validation ? "to hold out" : "to choose the epoch"}`,
      );
    }
    const share = split?.[1] ?? (part === "test" ? HELD_OUT : CHOOSES_EPOCH);
    return { train: 1 - share, [part]: share };
  }
  if (split?.length === 3) return { train: split[0], validation: split[1], test: split[2] };
  const heldOut = split?.[1] ?? HELD_OUT;
  const round = (share: number) => Math.round(share * 1e12) / 1e12;
  return {
    train: round((1 - heldOut) * (1 - CHOOSES_EPOCH)),
    validation: round((1 - heldOut) * CHOOSES_EPOCH),
    test: heldOut,
  };
}

function checkShares(split: readonly number[]): void {
  const sum = split.reduce((total, share) => total + share, 0);
  if (
    (split.length === 2 || split.length === 3) && split.every((share) => share > 0) &&
    Math.abs(sum - 1) < 1e-6
  ) {
    return;
  }
  throw new LifecycleError(
    `--split ${
      split.join(",")
    }: two or three positive shares that sum to 1 were expected, such as .8,.1,.1 (to train, to choose ` +
      "the epoch, to hold out) or .8,.2",
  );
}

function itemsOf({ rows, source }: OwnRows, task: TaskName): Item[] {
  if (rows.length === 0) throw new DataError(`${source}: no examples`);
  return rows.map((row) => itemOf(row, task));
}

/** Drops what comes again, also nearly, in a file of its own, and says so. */
function withoutSeen(
  distinct: DistinctRows,
  own: { readonly validation?: readonly Item[]; readonly test?: readonly Item[] },
  options: DivisionOptions & { readonly source: string; readonly output: Reporter },
): DistinctRows {
  const held = [...own.validation ?? [], ...own.test ?? []];
  if (held.length === 0) return distinct;
  const keys = new Set(held.map(({ key }) => key));
  const seen = distinct.items.map(({ key }) => keys.has(key));
  const same = seen.filter((is) => is).length;
  if (options.nearDuplicates !== "ignore") {
    const together = [...distinct.items, ...held];
    const { groups } = rowGroups(together.map(({ row }) => row.queries.flatMap(textsOf)), {
      labels: together.map(({ label }) => label),
    });
    const heldGroups = new Set(groups.subarray(distinct.items.length));
    distinct.items.forEach((_, i) => seen[i] ||= heldGroups.has(groups[i]));
  }
  const dropped = seen.filter((is) => is).length;
  if (dropped === 0) return distinct;
  const files = [options.validation, options.test].flatMap((file) => file ? [basename(file.source)] : [])
    .join(" and ");
  options.output.progress(
    `${options.source}: ${plural(dropped, "row")} that ${
      dropped === 1 ? "comes" : "come"
    } again in ${files} ${dropped === 1 ? "is" : "are"} not trained on (${same} the same, ${
      dropped - same
    } nearly)`,
  );
  const kept = distinct.items.filter((_, i) => !seen[i]);
  if (kept.length === 0) {
    throw new DataError(`${options.source}: every row comes again in ${files}: none is left to train on`);
  }
  return {
    ...distinct,
    items: kept,
    groups: distinct.groups.filter((_, i) => !seen[i]),
    name: `${distinct.name}, without what comes again in ${files}`,
  };
}

/** The rows that choose the epoch, without those that are in the test file, too. */
function without(
  choosing: Item[],
  both: readonly Item[] | undefined,
  { validation, test, task, output }: DivisionOptions & {
    readonly task: TaskName;
    readonly output: Reporter;
  },
): Item[] {
  if (!both || !validation || !test) return choosing;
  const tested = new Set(itemsOf(test, task).map(({ key }) => key));
  const kept = choosing.filter(({ key }) => !tested.has(key));
  const dropped = choosing.length - kept.length;
  if (dropped > 0) {
    output.progress(
      `${validation.source}: ${
        plural(dropped, "row")
      } that come again in ${test.source} do not choose the epoch`,
    );
  }
  if (kept.length === 0) throw new DataError(`${validation.source}: every row comes again in ${test.source}`);
  return kept;
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))}%`;
}
