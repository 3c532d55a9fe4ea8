/**
 * From rows to what a training is fed: distinct rows, the three parts, a tokenizer, token ids.
 *
 * @module
 */
import { basename } from "node:path";
import { DataError } from "../data/errors.ts";
import type { EncodedRow } from "../tasks/collate.ts";
import { servedTasks, type TaskName } from "../tasks/served.ts";
import type { Row, TextEncoding } from "../tasks/task.ts";
import { textsOf } from "../tasks/text_input.ts";
import { trainedTasks } from "../tasks/trained.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { type DistinctRows, distinctRows, type Item } from "./distinct.ts";
import {
  divideRows,
  type Division,
  type DivisionOptions,
  type OwnRows,
  type Parts,
  unevenParts,
} from "./division.ts";
import { LifecycleError } from "./errors.ts";
import { type CleanedForTraining, cleanForTraining } from "./clean.ts";
import type { LoadedRow } from "./rows.ts";
import type { Reporter } from "./reporter.ts";
import { tokenizerFor, type TokenizerSource } from "./tokenizer.ts";
import { reportUnknown, type UnknownShares } from "./unknown.ts";

export type { Parts } from "./division.ts";

/** A row beside what the tokenizer made of it. */
export interface PreparedRow extends EncodedRow<unknown> {
  readonly row: Row<unknown>;
  readonly encodings: readonly TextEncoding[];
}

/** Rows made ready. */
export interface Prepared {
  /** What the task's head is made with. */
  readonly head: unknown;
  /** Rows without the duplicates. */
  readonly count: number;
  /** Of the distinct rows, in their order. */
  readonly hash: string;
  /** What was done to the rows before anything else. */
  readonly cleaned: Pick<CleanedForTraining, "textSteps" | "rowSteps" | "labels">;
  readonly parts: Parts<PreparedRow>;
  /** Where the parts came from: see {@linkcode Division}. */
  readonly division: Pick<Division, "origin" | "identity">;
  readonly tokenizer: Tokenizer;
  /** `tokenizer.json` and `tokenizer_config.json`. */
  readonly tokenizerFiles: { readonly tokenizer: object; readonly config: object };
  /** The share of each part's tokens that the tokenizer does not know. */
  readonly unknownTokens: UnknownShares;
  /** The longest text that a model may read, in tokens. */
  readonly maxTokens: number;
}

/** How rows are made ready. */
export interface PrepareOptions extends TokenizerSource {
  /** What the data are called in messages. */
  readonly source: string;
  readonly seed: number;
  /** How rows are divided; by default a fifth is held out. */
  readonly division?: DivisionOptions;
  readonly maxTokens: number;
  /** Cleaning steps, such as `strip-html`. */
  readonly cleaning?: readonly string[];
  /** The checkpoint's own head, where it is one of this task: see `headIn`. */
  readonly baseHead?: unknown;
  /** Settings of the head over those that rows and checkpoint give, such as `pooling`. */
  readonly headSettings?: Readonly<Record<string, unknown>>;
  readonly output: Reporter;
}

/**
 * Cleans rows, drops duplicates, splits with near-duplicates on one side, and trains the tokenizer on the training part alone.
 *
 * @throws {DataError} when there are too few rows, or nothing to learn from them, such as one label alone.
 * @throws {BundleError} when the checkpoint's tokenizer does not fit its model.
 */
export function prepare(given: readonly Row<unknown>[], options: PrepareOptions): Prepared {
  const { distinct, dividing, cleaned } = readyToDivide(given, options);
  return prepareParts(distinct, divideRows(distinct, dividing), { ...options, cleaned });
}

/** Rows cleaned and without duplicates, how they are to be divided, and what the cleaning did. */
export function readyToDivide<O extends PrepareOptions>(
  given: readonly Row<unknown>[],
  options: O,
): {
  readonly distinct: DistinctRows;
  readonly dividing: DivisionOptions & O;
  readonly cleaned: Prepared["cleaned"];
} {
  const { rows, heldOut, ...cleaned } = cleanForTraining(given, options);
  // Settings that are wrong are refused before the work.
  withSettings(trainedTasks[options.task].headOf(rows, options.source, options.baseHead), options);
  const own = (file: OwnRows | undefined) => file && { ...file, rows: heldOut(file.rows) };
  const { division } = options;
  const dividing = {
    ...division,
    ...options,
    validation: own(division?.validation),
    test: own(division?.test),
  };
  return { distinct: distinctRows(rows, dividing), dividing, cleaned };
}

/** Makes parts ready, with a tokenizer and a head of the training part. */
export function prepareParts(
  distinct: DistinctRows,
  division: Division,
  options: PrepareOptions & { readonly cleaned: Prepared["cleaned"] },
): Prepared {
  const { source, output } = options;
  const trained = trainedTasks[options.task];
  const { parts } = division;
  const ofRows = trained.headOf(distinct.items.map(({ row }) => row), distinct.name, options.baseHead);
  const known = withSettings(ofRows, options);
  checkTargets(parts, known, options);
  const training = parts.train.map(({ row }) => row.target);
  const head = withSettings(trained.measured?.(ofRows, training, source) ?? ofRows, options);
  output.progress(
    `${source}: ${countsOf(distinct, division, options)}, ${trained.describeHead(head)}; ${
      partsLine(division, options)
    }`,
  );
  const uneven = unevenParts(division, distinct.groups);
  if (uneven) output.progress(`warning: ${source}: ${uneven}`);
  const { files, tokenizer, leftOut } = tokenizerFor(
    parts.train.flatMap(({ row }) => textsOfRow(row)),
    options,
  );
  const maxTokens = Math.min(options.maxTokens, options.pretrained?.config.maxPositions ?? Infinity);
  const encode = (part: readonly Item[]) =>
    part.map(({ row }) => encodeRow(row, { task: options.task, tokenizer, head, maxTokens }));
  const encoded = {
    train: encode(parts.train),
    validation: encode(parts.validation),
    test: encode(parts.test),
  };
  return {
    head,
    count: distinct.items.length,
    hash: distinct.hash,
    parts: encoded,
    cleaned: options.cleaned,
    division: { origin: division.origin, identity: division.identity },
    tokenizer,
    unknownTokens: reportUnknown(encoded, { tokenizer, base: options.pretrained?.name, leftOut, output }),
    tokenizerFiles: files,
    maxTokens,
  };
}

/** How many rows of the data are used, which are the sum of their parts, and what was left out. */
function countsOf(
  { items, dropped }: DistinctRows,
  { parts }: Division,
  { division: { validation, test } = {} }: PrepareOptions,
): string {
  const used = parts.train.length + (validation ? 0 : parts.validation.length) +
    (test ? 0 : parts.test.length);
  const files = [validation, test].flatMap((file) => file ? [basename(file.source)] : []);
  const again = items.length - used;
  return `${used} examples (${dropped}${
    again > 0 ? `; ${again} that come again in ${files.join(" or ")} left out` : ""
  })`;
}

/** How many rows each part has, and which file it is from where that is its own. */
function partsLine(
  { parts, origin }: Division,
  { division: { validation } = {} }: PrepareOptions,
): string {
  return `${parts.train.length} to train, ${parts.validation.length} to choose the epoch${
    validation ? ` (${basename(validation.source)}, a file of its own)` : ""
  }, ${parts.test.length > 0 ? `${parts.test.length} held out (${origin})` : "none held out"}`;
}

/** Rows of files of their own may have labels that the rows to train on have not. */
function checkTargets(parts: Parts<Item>, head: unknown, { task, division }: PrepareOptions): void {
  const { problemOf } = servedTasks[task];
  for (const part of ["validation", "test"] as const) {
    const file = division?.[part];
    if (!file || !problemOf) continue;
    parts[part].forEach(({ row }) => {
      const problem = problemOf(row.target, head);
      if (problem !== undefined) {
        const { where = `${file.source} row ${file.rows.indexOf(row) + 1}` } = row as Partial<LoadedRow>;
        throw new DataError(`${where}: ${problem}`);
      }
    });
  }
}

/** A head with the settings that were given. */
function withSettings(ofRows: unknown, { task, headSettings = {} }: PrepareOptions): unknown {
  const head = ofRows as Record<string, unknown>;
  const unknown = Object.keys(headSettings).find((name) => !Object.hasOwn(head, name));
  const checked = servedTasks[task].head.safeParse({ ...head, ...headSettings });
  if (unknown === undefined && checked.success) return checked.data;
  const problem = checked.error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`)[0];
  throw new LifecycleError(
    `the head of ${task} cannot be ${
      unknown === undefined ? `set like that: ${problem}` : `given "${unknown}"`
    }; it has ${Object.entries(head).map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(", ")}`,
  );
}

function textsOfRow({ queries }: Row<unknown>): string[] {
  return queries.flatMap(textsOf);
}

/** A row as the model reads it, with its target as it is fed. */
export function encodeRow(
  row: Row<unknown>,
  { task, tokenizer, head, maxTokens }: {
    task: TaskName;
    tokenizer: Tokenizer;
    head: unknown;
    maxTokens: number;
  },
): PreparedRow {
  const encodings = row.queries.map((query) => servedTasks[task].encode(tokenizer, query, { maxTokens }));
  return { row, encodings, target: trainedTasks[task].encodeTarget(row.target, encodings, head) };
}
