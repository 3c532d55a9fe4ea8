/**
 * `weir train --dry-run`: what a training would do, and what its data hold, without training.
 *
 * @module
 */
import type { Command } from "commander";
import type { DataCheck } from "../../data/check/check.ts";
import { checkData, type CheckOptions } from "../../lifecycle/check.ts";
import { dataCheckText } from "../../report/data_check_text.ts";
import { InputError, type Output } from "../output.ts";

/** Options of `train` that are this file's. */
export interface DryRunOptions {
  readonly dryRun?: boolean;
}

/** Adds `--dry-run`. */
export function withDryRunOptions(command: Command): Command {
  return command.option(
    "--dry-run",
    "only check the data, and print the plan with its memory and time, measured on a few steps",
  );
}

/**
 * Checks the data, times a step, and prints both.
 *
 * @throws {InputError} when training would refuse.
 */
export async function dryRun(options: CheckOptions, output: Output): Promise<void> {
  const checked = await checkData(options);
  output.result(checked, dataCheckText(checked));
  refuseChecked(checked);
}

/**
 * Ends as a training on these data would.
 *
 * @throws {InputError} when training would refuse: of the findings each error is a reason.
 */
export function refuseChecked({ findings }: DataCheck): void {
  const errors = findings.filter(({ severity }) => severity === "error");
  const refused = errors.find(({ kind }) => kind === "training-refuses") ?? errors[0];
  if (refused) throw new InputError(refused.what);
}
