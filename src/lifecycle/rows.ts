/**
 * The rows of a data set as a task reads them.
 *
 * @module
 */
import { DataError } from "../data/errors.ts";
import type { DataRecord, PlacedRecord } from "../data/example.ts";
import { readRecords } from "../data/records.ts";
import type { AnyServedTask, Columns, Row, TextQuery } from "../tasks/task.ts";

/** A row, and the record it was read from. */
export interface LoadedRow extends Row<unknown> {
  readonly record: DataRecord;
}

/**
 * Reads a data set for a task: what the model reads, and what it should answer.
 *
 * @param source a path, or `spam`: see `readRecords`
 * @param options `columns`: those that are called otherwise than the task calls them; `head`: of the model that the rows are for;
 *   `onBlank`: told of each row whose text or label holds nothing, which is then left out instead of being an error
 * @throws {DataError} naming the file and line that lacks a column, or holds something other than the task expects.
 */
export async function readRows(
  source: string,
  task: AnyServedTask,
  options: {
    readonly columns?: Partial<Columns>;
    readonly head?: unknown;
    readonly onBlank?: (error: DataError) => void;
  } = {},
): Promise<LoadedRow[]> {
  const wanted = columnsOf(task, options.columns ?? {});
  const rows: LoadedRow[] = [];
  for await (const { record, where } of readRecords(source)) {
    try {
      rows.push({ ...rowOf({ record, where }, task, wanted, options.head), record });
    } catch (error) {
      if (!(options.onBlank && error instanceof DataError && error.blankColumn !== undefined)) throw error;
      options.onBlank(error);
    }
  }
  return rows;
}

function rowOf(
  { record, where }: PlacedRecord,
  task: AnyServedTask,
  wanted: Columns,
  head: unknown,
): Row<unknown> {
  const queries = task.queries(record, where, wanted);
  if (queries.length !== task.queriesPerRow) {
    throw new DataError(
      `${where}: ${task.title} needs ${task.queriesPerRow} texts a row, and this one has ${queries.length}`,
    );
  }
  const target = task.target(record, where, wanted);
  const problem = head === undefined ? undefined : task.problemOf?.(target, head);
  if (problem !== undefined) throw new DataError(`${where}: ${problem}`);
  return { queries, target };
}

/**
 * Reads what a model is asked of a data set whose labels nobody needs; texts that are read apart may come alone, as in live
 * traffic.
 */
export async function readQueries(
  source: string,
  task: AnyServedTask,
  columns: Partial<Columns> = {},
): Promise<TextQuery[]> {
  const wanted = columnsOf(task, columns);
  const queries: TextQuery[] = [];
  for await (const { record, where } of readRecords(source)) {
    const alone = task.queriesPerRow > 1 && columns.pair === undefined &&
      !Object.hasOwn(record, wanted.pair ?? "");
    queries.push(...task.queries(record, where, alone ? { ...wanted, pair: undefined } : wanted));
  }
  return queries;
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
