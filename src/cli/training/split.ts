/**
 * The options of `weir train` about duplicates and about what is held out.
 *
 * @module
 */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { ReadOptions } from "../../data/reading/options.ts";
import type { DivisionOptions, OwnRows } from "../../lifecycle/division.ts";
import type { TrainingOptions } from "../../lifecycle/options.ts";
import type { AnyServedTask, Columns } from "../../tasks/task.ts";
import { type LabelledFlags, readLabelled } from "../evaluation/labelled.ts";
import { dataSource, integer } from "../options.ts";
import { UsageError } from "../output.ts";

/** What was given. */
export interface SplitOptions {
  readonly split?: readonly number[];
  readonly validation?: string;
  readonly test?: string;
  readonly group?: string;
  readonly folds?: number;
  readonly duplicates: "drop" | "keep";
  readonly nearDuplicates: "keep-together" | "ignore";
}

/** Adds `--split`, `--validation`, `--test`, `--group`, `--folds`, `--duplicates` and `--near-duplicates`. */
export function withSplitOptions(command: Command): Command {
  return command
    .option(
      "--split <shares>",
      "shares to train, to choose the epoch and to hold out, such as .8,.1,.1; of two, a twentieth of the first " +
        "chooses the epoch (default: .76,.04,.2)",
      shares,
    )
    .option("--validation <file>", "rows that choose the epoch, in a file of their own", dataSource)
    .option("--test <file>", "rows that the scores are measured on, in a file of their own", dataSource)
    .option(
      "--group <column>",
      "rows with the same value in this column stay in one part, such as those of one patient",
    )
    .option(
      "--folds <n>",
      "cross-validate: train so many models, each scored on the share of the rows that it has not seen, then the one that " +
        "is registered on all of them",
      integer({ min: 2, max: 100 }),
    )
    .addOption(
      new Option(
        "--duplicates <what>",
        "rows whose text comes again: drop all but one, or keep them, in one part",
      )
        .choices(["drop", "keep"]).default("drop"),
    )
    .addOption(
      new Option(
        "--near-duplicates <what>",
        "rows that differ in few words: keep them in one part, or ignore that they do",
      )
        .choices(["keep-together", "ignore"]).default("keep-together"),
    );
}

/**
 * How rows are divided; files of their own are read with the columns of the data.
 *
 * @throws {UsageError} for options that do not go together.
 */
export async function divisionOf(
  options: SplitOptions & LabelledFlags & Pick<TrainingOptions, "keepCheckpoints"> & {
    readonly resume?: boolean;
    readonly data?: string;
  },
  task: AnyServedTask,
  { columns, reading }: { readonly columns: Partial<Columns>; readonly reading: ReadOptions },
): Promise<DivisionOptions> {
  const { split, group, duplicates, nearDuplicates, folds, resume } = options;
  const given = (["split", "validation", "test"] as const).filter((name) => options[name] !== undefined);
  if (folds !== undefined && given.length > 0) {
    throw new UsageError(`--folds does not go with --${given[0]}: every row is held out once`);
  }
  if (folds !== undefined && resume) {
    throw new UsageError(
      "--resume does not go with --folds: a cross-validation keeps no checkpoint, and begins anew",
    );
  }
  if (folds !== undefined && options.keepCheckpoints) {
    throw new UsageError(
      "--keep-checkpoints does not go with --folds: a cross-validation keeps no checkpoint",
    );
  }
  await refuseSameFile(options);
  const own = async (source: string | undefined): Promise<OwnRows | undefined> =>
    source === undefined ? undefined : {
      source,
      rows: (await readLabelled(source, task, { columns, reading, skipBlank: options.skipBlank })).rows,
    };
  return {
    split,
    group,
    folds,
    duplicates,
    nearDuplicates,
    validation: await own(options.validation),
    test: await own(options.test),
  };
}

/** Rows that are learnt from, or choose the epoch, measure nothing: one file cannot be two parts. */
async function refuseSameFile({ data, validation, test }: SplitOptions & { readonly data?: string }) {
  const files = [["--data", data], ["--validation", validation], ["--test", test]] as const;
  const seen = new Map<string, string>();
  for (const [flag, path] of files) {
    if (path === undefined) continue;
    const real = await Deno.realPath(path).catch(() => path);
    const other = seen.get(real);
    if (other !== undefined) {
      throw new UsageError(
        `${other} and ${flag} are the same file, ${path}: give other rows to each, or leave ${flag} out and rows of --data ` +
          "are held out",
      );
    }
    seen.set(real, flag);
  }
}

/** Reads two or three shares that sum to 1, or to 100. */
function shares(text: string): number[] {
  const numbers = text.split(",").map((part) => part.trim() === "" ? NaN : Number(part));
  const sum = numbers.reduce((total, share) => total + share, 0);
  const whole = Math.abs(sum - 100) < 1e-6 ? 100 : 1;
  const isRight = (numbers.length === 2 || numbers.length === 3) && numbers.every((share) => share > 0) &&
    Math.abs(sum / whole - 1) < 1e-6;
  if (!isRight) {
    throw new InvalidArgumentError(
      "It must be two or three positive shares that sum to 1, such as .8,.1,.1 or .8,.2.",
    );
  }
  return numbers.map((share) => share / whole);
}
