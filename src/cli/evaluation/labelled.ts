/**
 * Reading the labelled rows that models are evaluated on, with or without those where a label or a text is blank.
 *
 * @module
 */
import type { Command } from "commander";
import { plural } from "../../base/format.ts";
import type { RowStep } from "../../bundle/manifest.ts";
import { DataError } from "../../data/errors.ts";
import type { ReadOptions } from "../../data/reading/options.ts";
import { type LoadedRow, readRows } from "../../lifecycle/rows.ts";
import type { AnyServedTask, Columns } from "../../tasks/task.ts";
import { InputError } from "../output.ts";

/** What becomes of rows without a label. */
export interface LabelledFlags {
  readonly skipBlank?: boolean;
}

/** Adds `--skip-blank`. */
export function withLabelled(command: Command): Command {
  return command.option(
    "--skip-blank",
    "leave out rows whose text or label is null, or whose label is empty",
  );
}

/**
 * The rows of a file, and a sentence on those that were left out.
 *
 * @throws {DataError} at the first row with a blank label or text, with what to do, unless those are to be left out.
 */
export async function readLabelled(
  source: string,
  task: AnyServedTask,
  { columns, head, rowSteps, skipBlank, reading }: {
    columns: Partial<Columns>;
    head?: unknown;
    rowSteps?: readonly RowStep[];
    reading: ReadOptions;
  } & LabelledFlags,
): Promise<{ rows: LoadedRow[]; notes: string[] }> {
  const blank: DataError[] = [];
  const onBlank = (error: DataError) => blank.push(error);
  try {
    const rows = await readRows(source, task, {
      columns,
      head,
      rowSteps,
      reading,
      ...(skipBlank && { onBlank }),
    });
    if (rows.length > 0) return { rows, notes: blank.length === 0 ? [] : [leftOut(blank)] };
  } catch (error) {
    if (!(error instanceof DataError && error.blankColumn !== undefined)) throw error;
    throw blankAdvice(error);
  }
  throw new InputError(`${source}: no row is left: ${leftOut(blank)}`);
}

/** The error of a blank text or label, with what to do about it. */
export function blankAdvice(error: DataError): DataError {
  return new DataError(
    `${error.message}: fill it in, or leave such rows out with --skip-blank`,
    { cause: error, blankColumn: error.blankColumn },
  );
}

/** A sentence on rows that were left out, of which there is one at least. */
export function leftOut([first, ...others]: readonly DataError[]): string {
  return `${
    plural(others.length + 1, "row")
  } with a blank text or label left out, the first: ${first.message}.`;
}
