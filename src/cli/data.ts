/**
 * The columns of a data set, as commands name them.
 *
 * @module
 */
import type { Command } from "commander";
import type { Columns } from "../tasks/task.ts";

/** Where a file keeps its parts; what is not given is as the task has it. */
export interface DataOptions {
  readonly textColumn?: string;
  readonly pairColumn?: string;
  readonly labelColumn?: string;
}

/** Adds `--text-column`, `--pair-column` and `--label-column`. */
export function withDataOptions(command: Command): Command {
  return withTextOptions(command).option(
    "--label-column <name>",
    "column of the label, or of what the task wants (default: the task's)",
  );
}

/** Adds `--text-column` and `--pair-column`, for data whose labels nobody needs. */
export function withTextOptions(command: Command): Command {
  return command
    .option("--text-column <name>", "column of the text (default: the task's)")
    .option("--pair-column <name>", "column of a second text that is read together with it");
}

/** The columns that were named. */
export function columnsGiven({ textColumn, pairColumn, labelColumn }: DataOptions): Partial<Columns> {
  return { text: textColumn, pair: pairColumn, label: labelColumn };
}
