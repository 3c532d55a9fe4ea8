/**
 * The records of a file beside what a model is asked of each, one after the other, so that a file may be larger than memory.
 *
 * @module
 */
import type { PlacedRecord } from "../data/example.ts";
import type { ReadOptions } from "../data/reading/options.ts";
import type { AnyServedTask, Columns, TextQuery } from "../tasks/task.ts";
import { openRecords, withHint } from "./rows.ts";

/** A record and its queries: one, or two where a task compares texts that are read apart. */
export interface PlacedQueries extends PlacedRecord {
  readonly queries: readonly TextQuery[];
}

/** Where the texts are, and how the source is read. */
export interface QueryOptions {
  /** Columns that are called otherwise than the task calls them. */
  readonly columns?: Partial<Columns>;
  readonly reading?: ReadOptions;
}

/**
 * Reads records that need no label; texts that are read apart may come alone, as in live traffic.
 *
 * @throws {DataError} naming the file and line that cannot be read, or lacks a column.
 */
export async function* streamQueries(
  source: string,
  task: AnyServedTask,
  { columns = {}, reading }: QueryOptions = {},
): AsyncGenerator<PlacedQueries> {
  const { wanted, records } = await openRecords(source, task, { columns, reading, withoutLabels: true });
  for await (const { record, where } of records) {
    const alone = task.queriesPerRow > 1 && columns.pair === undefined &&
      !Object.hasOwn(record, wanted.pair ?? "");
    const texts = alone ? { ...wanted, pair: undefined } : wanted;
    yield { record, where, queries: withHint(texts, () => task.queries(record, where, texts)) };
  }
}

/** All queries of a data set: see {@linkcode streamQueries}. */
export async function readQueries(
  source: string,
  task: AnyServedTask,
  options: QueryOptions = {},
): Promise<TextQuery[]> {
  const queries: TextQuery[] = [];
  for await (const row of streamQueries(source, task, options)) queries.push(...row.queries);
  return queries;
}
