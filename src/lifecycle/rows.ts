/**
 * The rows of a data set as a task reads them.
 *
 * @module
 */
import { plural } from "../base/format.ts";
import { show } from "../base/text.ts";
import type { RowStep } from "../bundle/manifest.ts";
import { createLabelTypes } from "../data/check/label_types.ts";
import { relabeller } from "../data/clean/relabel.ts";
import { DataError } from "../data/errors.ts";
import { type DataRecord, type PlacedRecord, unlessBlank } from "../data/example.ts";
import { matchColumns, optionOf, type Role } from "../data/reading/columns.ts";
import type { ReadOptions } from "../data/reading/options.ts";
import { readRecords } from "../data/records.ts";
import type { AnyServedTask, Columns, Row } from "../tasks/task.ts";

/** A row, and the record it was read from. */
export interface LoadedRow extends Row<unknown> {
  readonly record: DataRecord;
  /** What errors call the place that it was read from, such as `mails.csv line 17`; absent: it is from no file. */
  readonly where?: string;
}

/**
 * Reads a data set for a task: what the model reads, and what it should answer.
 *
 * @param source a path, `-` or `spam`: see `readRecords`
 * @param options `columns`: those that are called otherwise than the task calls them; `head`: of the model that the rows are for;
 *   `rowSteps`: the steps of its training, which may have merged labels: those of the rows are called as it calls them;
 *   `reading`: how the source is read, and where guesses are told; `onBlank`: told of each row whose text or label holds
 *   nothing, which is then left out instead of being an error
 * @throws {DataError} naming the file and line that lacks a column, or holds something other than the task expects.
 */
export async function readRows(
  source: string,
  task: AnyServedTask,
  options: {
    readonly columns?: Partial<Columns>;
    readonly head?: unknown;
    readonly rowSteps?: readonly RowStep[];
    readonly reading?: ReadOptions;
    readonly onBlank?: (error: DataError) => void;
  } = {},
): Promise<LoadedRow[]> {
  const { wanted, records } = await openRecords(source, task, options);
  const rows: LoadedRow[] = [];
  const types = createLabelTypes();
  const relabel = relabelling(options);
  for await (const { record, where } of records) {
    const row = unlessBlank(
      () => rowOf({ record, where }, task, wanted, { ...options, relabel: relabel.of }),
      options.onBlank,
    );
    if (row === undefined) continue;
    rows.push({ ...row, record, where });
    if (wanted.label !== undefined && typeof row.target !== "number") types.add(record[wanted.label]);
  }
  const mixed = types.finding();
  for (const line of relabel.told()) options.reading?.onGuess?.(`${source}: ${line}`);
  if (mixed !== undefined) options.reading?.onGuess?.(`${source}: ${mixed}`);
  return rows;
}

function rowOf(
  { record, where }: PlacedRecord,
  task: AnyServedTask,
  wanted: Columns,
  { head, relabel }: { readonly head?: unknown; readonly relabel: (target: unknown) => unknown },
): Row<unknown> {
  const queries = withHint(wanted, () => task.queries(record, where, wanted));
  if (queries.length !== task.queriesPerRow) {
    throw new DataError(
      `${where}: ${task.title} needs ${task.queriesPerRow} texts a row, and this one has ${queries.length}`,
    );
  }
  const target = relabel(withHint(wanted, () => task.target(record, where, wanted)));
  const problem = head === undefined ? undefined : task.problemOf?.(target, head);
  if (problem !== undefined) throw new DataError(`${where}: ${problem}`);
  return { queries, target };
}

/** Calls labels as a model's training did, and counts those that it changed. */
function relabelling(
  { head, rowSteps = [] }: { readonly head?: unknown; readonly rowSteps?: readonly RowStep[] },
): { of(target: unknown): unknown; told(): string[] } {
  const labels = (head as { labels?: readonly string[] } | undefined)?.labels;
  if (labels === undefined || rowSteps.length === 0) return { of: (target) => target, told: () => [] };
  const rename = relabeller(rowSteps.map(({ step }) => step), labels);
  const counts = new Map<string, number>();
  return {
    of(target) {
      if (typeof target !== "string") return target;
      const named = rename(target);
      if (named !== target) {
        const what = `${show(target)} as ${show(named)}`;
        counts.set(what, (counts.get(what) ?? 0) + 1);
      }
      return named;
    },
    told() {
      if (counts.size === 0) return [];
      const shown = [...counts].slice(0, 5).map(([what, count]) => `${what} (${plural(count, "row")})`).join(
        ", ",
      );
      return [
        `labels are read as the training of the model merged them: ${shown}${
          counts.size > 5 ? ` and ${counts.size - 5} more` : ""
        }`,
      ];
    },
  };
}

/** Records that are looked at for the columns that a task wants. */
const SAMPLE = 200;

/** The records of a source, and the columns of them that a task reads: those with its names, or the ones that fit. */
export async function openRecords(
  source: string,
  task: AnyServedTask,
  { columns = {}, reading: options, withoutLabels = false }: {
    readonly columns?: Partial<Columns>;
    readonly reading?: ReadOptions;
    readonly withoutLabels?: boolean;
  },
): Promise<{ wanted: Columns; records: AsyncGenerator<PlacedRecord> }> {
  const named = columnsOf(task, columns);
  const names = Object.values(named).filter((name) => name !== undefined);
  const all = readRecords(source, { ...options, columns: names });
  const first: PlacedRecord[] = [];
  for (let next = await all.next(); !next.done; next = await all.next()) {
    first.push(next.value);
    if (first.length === SAMPLE) break;
  }
  const roles = (Object.keys(columns) as Role[]).filter((role) => columns[role] !== undefined);
  const { label, ...texts } = named;
  const matched = matchColumns(
    first.map(({ record }) => record),
    withoutLabels ? texts : { ...texts, label },
    roles,
  );
  for (const guess of matched.guesses) options?.onGuess?.(`${source}: ${guess}`);
  const wanted = { ...named, ...matched.columns };
  // A key that some rows lack is null in those; one that no row has stays a column that is not there.
  const known = [wanted.text, withoutLabels || !needsLabels(task, first, wanted) ? undefined : wanted.label]
    .filter((name) =>
      name !== undefined && first.some(({ record }) => Object.hasOwn(record, name))
    ) as string[];
  const whole = ({ record, where }: PlacedRecord): PlacedRecord => {
    const lacking = known.filter((name) => !Object.hasOwn(record, name));
    if (lacking.length === 0) return { record, where };
    return { record: { ...record, ...Object.fromEntries(lacking.map((name) => [name, null])) }, where };
  };
  const records = async function* (): AsyncGenerator<PlacedRecord> {
    try {
      for (const each of first) yield whole(each);
      for await (const each of all) yield whole(each);
    } finally {
      await all.return(undefined);
    }
  };
  return { wanted, records: records() };
}

/** Whether a task refuses rows without the label's column: one that learns without labels, too, takes them as those. */
function needsLabels(
  task: AnyServedTask,
  [{ record, where } = NO_RECORD]: PlacedRecord[],
  wanted: Columns,
): boolean {
  const without = Object.fromEntries(Object.entries(record).filter(([name]) => name !== wanted.label));
  try {
    task.target(without, where, wanted);
    return false;
  } catch (error) {
    return error instanceof DataError && error.missingColumn === wanted.label;
  }
}

const NO_RECORD: PlacedRecord = { record: {}, where: "" };

/** Runs what reads columns; of one that is missing the error says which option names it. */
export function withHint<T>(wanted: Columns, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const missing = error instanceof DataError ? error.missingColumn : undefined;
    const role = (Object.keys(wanted) as Role[]).find((role) =>
      missing !== undefined && wanted[role] === missing
    );
    if (role === undefined) throw error;
    throw new DataError(`${(error as DataError).message}; name the right one with ${optionOf[role]}`, {
      cause: error,
      missingColumn: missing,
    });
  }
}

/** The column that a row's second text was read from, where a model is to read both together; null: each query is one text. */
export function pairColumnOf(
  [row]: readonly Row<unknown>[],
  columns: Partial<Columns> = {},
): string | null {
  return typeof row.queries[0] === "string" ? null : columns.pair ?? "pair";
}

/**
 * The task's columns, but for those that were named otherwise.
 *
 * @throws {DataError} when one column would be two of them.
 */
export function columnsOf(task: AnyServedTask, columns: Partial<Columns>): Columns {
  const named = Object.fromEntries(Object.entries(columns).filter(([, name]) => name !== undefined));
  const wanted = { ...task.columns, ...named };
  const names = Object.values(wanted).filter((name) => name !== undefined);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) {
    throw new DataError(
      `column "${twice}" cannot be two things at once: name another for the text, its pair or the label`,
    );
  }
  return wanted;
}
