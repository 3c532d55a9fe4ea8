/**
 * The records of a file beside what a model is asked of each, one after the other, so that a file may be larger than memory.
 *
 * @module
 */
import type { PlacedRecord } from "../data/example.ts";
import { readRecords } from "../data/records.ts";
import type { AnyServedTask, Columns, TextQuery } from "../tasks/task.ts";
import { columnsOf } from "./rows.ts";

/** A record and its queries: one, or two where a task compares texts that are read apart. */
export interface PlacedQueries extends PlacedRecord {
  readonly queries: readonly TextQuery[];
}

/**
 * Reads records that need no label; texts that are read apart may come alone, as in live traffic.
 *
 * @throws {DataError} naming the file and line that cannot be read, or lacks a column.
 */
export async function* streamQueries(
  source: string,
  task: AnyServedTask,
  columns: Partial<Columns> = {},
): AsyncGenerator<PlacedQueries> {
  const wanted = columnsOf(task, columns);
  for await (const { record, where } of readRecords(source)) {
    const alone = task.queriesPerRow > 1 && columns.pair === undefined &&
      !Object.hasOwn(record, wanted.pair ?? "");
    yield {
      record,
      where,
      queries: task.queries(record, where, alone ? { ...wanted, pair: undefined } : wanted),
    };
  }
}
