/**
 * The columns of a data set, as commands name them.
 *
 * @module
 */
import type { Command } from "commander";
import type { Manifest } from "../bundle/manifest.ts";
import { DataError } from "../data/errors.ts";
import type { AnyServedTask, Columns } from "../tasks/task.ts";
import { InputError, UsageError } from "./output.ts";
import { type ReadingFlags, withReadingOptions } from "./reading.ts";

/** Where a file keeps its parts; what is not given is as the task has it. */
export interface DataOptions extends ReadingFlags {
  readonly textColumn?: string;
  readonly pairColumn?: string;
  readonly labelColumn?: string;
}

/** Adds `--text-column`, `--pair-column`, `--label-column` and how the data are read. */
export function withDataOptions(command: Command): Command {
  return withTextOptions(command).option(
    "--label-column <name>",
    "column of the label, or of what the task wants (default: the task's)",
  );
}

/** Adds `--text-column`, `--pair-column` and how the data are read, for data whose labels nobody needs. */
export function withTextOptions(command: Command): Command {
  return withReadingOptions(command)
    .option("--text-column <name>", "column of the text (default: the task's)")
    .option("--pair-column <name>", "column of a second text that is read together with it");
}

/** The columns that were named. */
export function columnsGiven({ textColumn, pairColumn, labelColumn }: DataOptions): Partial<Columns> {
  return { text: textColumn, pair: pairColumn, label: labelColumn };
}

/**
 * Reads data for a model: unless `--pair-column` names another column, the second text of a pair is where the training data
 * had it.
 *
 * @throws {UsageError} for `--pair-column` and a model that reads one text.
 */
export async function readingFor<T>(
  { manifest: { name, pairColumn }, task }: { readonly manifest: Manifest; readonly task: AnyServedTask },
  options: DataOptions,
  read: (columns: Partial<Columns>) => Promise<T>,
): Promise<T> {
  if (options.pairColumn !== undefined && pairColumn === null && task.queriesPerRow === 1) {
    throw new UsageError(`--pair-column ${options.pairColumn}: ${name} reads one text`);
  }
  return await readingPairs(pairColumn, options, read, (error) => {
    // Without the general advice on columns that are missing.
    const { message } = error.cause instanceof DataError ? error.cause : error;
    throw new InputError(
      `${message}; ${name} reads pairs of texts: name the second with --pair-column`,
    );
  });
}

/**
 * Reads data with the second text of a pair in `pairColumn`, if that is a column and `--pair-column` names no other;
 * `without` is asked where the data have no such column.
 */
export async function readingPairs<T>(
  pairColumn: string | null | undefined,
  options: DataOptions,
  read: (columns: Partial<Columns>) => Promise<T>,
  without: (error: DataError) => Promise<T>,
): Promise<T> {
  const columns = columnsGiven(options);
  if (columns.pair !== undefined || typeof pairColumn !== "string") return await read(columns);
  try {
    return await read({ ...columns, pair: pairColumn });
  } catch (error) {
    if (!(error instanceof DataError && error.missingColumn === pairColumn)) throw error;
    return await without(error);
  }
}
