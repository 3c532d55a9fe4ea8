/**
 * From rows to what a training is fed: distinct rows, the three parts, a tokenizer, token ids.
 *
 * @module
 */
import { plural } from "../base/format.ts";
import { deduplicate } from "../data/dedupe.ts";
import { dataHash } from "../data/example.ts";
import { rowGroups } from "../data/groups.ts";
import { splitExamples } from "../data/split.ts";
import type { EncodedRow } from "../tasks/collate.ts";
import { servedTasks, type TaskName } from "../tasks/served.ts";
import type { Row, TextEncoding } from "../tasks/task.ts";
import { textsOf } from "../tasks/text_input.ts";
import { trainedTasks } from "../tasks/trained.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { LifecycleError } from "./errors.ts";
import type { Pretrained } from "./pretrained.ts";
import type { Reporter } from "./reporter.ts";
import { tokenizerFor } from "./tokenizer.ts";

/** The three parts of a data set. */
export interface Parts<T> {
  readonly train: T[];
  /** For choosing the epoch, and for the predictions of the drift baseline. */
  readonly validation: T[];
  /** For the scores in the manifest, and seen by nothing before. */
  readonly test: T[];
}

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
  readonly parts: Parts<PreparedRow>;
  readonly tokenizer: Tokenizer;
  /** `tokenizer.json` and `tokenizer_config.json`. */
  readonly tokenizerFiles: { readonly tokenizer: object; readonly config: object };
  /** The longest text that a model may read, in tokens. */
  readonly maxTokens: number;
}

/** How rows are made ready. */
export interface PrepareOptions {
  readonly task: TaskName;
  /** What the data are called in messages. */
  readonly source: string;
  readonly seed: number;
  /** Tokens of a tokenizer that is trained. */
  readonly vocabSize: number;
  readonly maxTokens: number;
  /** A checkpoint to start from: its own tokenizer is taken. */
  readonly pretrained?: Pretrained;
  /** The checkpoint's own head, where it is one of this task: see `headIn`. */
  readonly baseHead?: unknown;
  /** Settings of the head over those that rows and checkpoint give, such as `pooling`. */
  readonly headSettings?: Readonly<Record<string, unknown>>;
  readonly output: Reporter;
}

/**
 * A fifth is held out for the scores. What chooses the epoch and shows how the model predicts is kept small: with the
 * learning rate decaying to 0 the last epoch is nearly always the best, and rows to train on are worth more.
 */
const fractions = { train: 0.76, validation: 0.04, test: 0.2 } as const;

/**
 * Drops duplicates, splits with near-duplicates on one side, and trains the tokenizer on the training part alone.
 *
 * @throws {DataError} when there are too few rows, or nothing to learn from them, such as one label alone.
 * @throws {BundleError} when the checkpoint's tokenizer does not fit its model.
 */
export function prepare(rows: readonly Row<unknown>[], options: PrepareOptions): Prepared {
  const { source, output, seed } = options;
  const trained = trainedTasks[options.task];
  const ofRows = trained.headOf(rows, source, options.baseHead);
  withSettings(ofRows, options); // settings that are wrong are refused before the work
  const items = rows.map((row) => ({
    text: textsOfRow(row).join(BETWEEN_TEXTS),
    label: trained.key(row.target),
    row,
  }));
  const { examples: distinct, duplicates, conflicts } = deduplicate(items);
  const { groups, byEveryText } = rowGroups(distinct.map(({ row }) => textsOfRow(row)));
  const parts = splitExamples(distinct, {
    fractions,
    clusters: groups,
    seed,
    // What is wrong with the distinct rows may not be true of the file.
    name: duplicates === 0 ? source : `${source}, without ${plural(duplicates, "duplicate")}`,
    stratum: trained.stratum ? ({ row }) => trained.stratum!(row.target) : null,
  });
  const training = parts.train.map(({ row }) => row.target);
  const head = withSettings(trained.measured?.(ofRows, training, source) ?? ofRows, options);
  output.progress(
    `${source}: ${distinct.length} examples (${duplicates} duplicates dropped` +
      `${conflicts ? `, ${conflicts} of them with another label` : ""}), ${trained.describeHead(head)}; ` +
      `${parts.train.length} to train, ${parts.validation.length} to choose the epoch, ${parts.test.length} held out`,
  );
  if (!byEveryText) {
    output.progress(
      `warning: ${source}: most rows share a text with others: training and held-out rows may have one text of two in common`,
    );
  }
  const uneven = unevenParts(parts, groups);
  if (uneven) output.progress(`warning: ${source}: ${uneven}`);
  const { files, tokenizer } = tokenizerFor(parts.train.flatMap(({ row }) => textsOfRow(row)), options);
  const maxTokens = Math.min(options.maxTokens, options.pretrained?.config.maxPositions ?? Infinity);
  const encode = (part: readonly { row: Row<unknown> }[]) =>
    part.map(({ row }) => encodeRow(row, { task: options.task, tokenizer, head, maxTokens }));
  return {
    head,
    count: distinct.length,
    hash: dataHash(distinct),
    parts: { train: encode(parts.train), validation: encode(parts.validation), test: encode(parts.test) },
    tokenizer,
    tokenizerFiles: files,
    maxTokens,
  };
}

/** What is unlike what was asked for where a part is a quarter and ten rows away from it, and why. */
function unevenParts(parts: Parts<unknown>, groups: Int32Array): string | undefined {
  const names = ["train", "validation", "test"] as const;
  const wanted = names.map((name) => fractions[name] * groups.length);
  if (names.every((name, i) => Math.abs(parts[name].length - wanted[i]) <= wanted[i] / 4 + 10)) {
    return undefined;
  }
  const counts = new Map<number, number>();
  for (const group of groups) counts.set(group, (counts.get(group) ?? 0) + 1);
  const largest = Math.max(...counts.values());
  const isOfGroups = largest > Math.min(...wanted) / 4;
  return `the parts have ${names.map((name) => parts[name].length).join(", ")} rows instead of ${
    wanted.map(Math.round).join(", ")
  }, since ${
    isOfGroups
      ? `rows that share texts stay together, ${largest} in the largest group`
      : "each label is to be in each part"
  }`;
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

/** Stands between a row's texts where rows are compared: no white space, so that it matters where one ends. */
const BETWEEN_TEXTS = "\u001e";

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
