/**
 * `--clean`: how the rows of a training, or of a file, are cleaned.
 *
 * @module
 */
import { type Command, InvalidArgumentError } from "commander";
import { rowSteps } from "../../data/clean/row_steps.ts";
import { dividedSteps, parseSteps } from "../../data/clean/steps.ts";
import { textSteps } from "../../data/clean/text_steps.ts";

/** What `--clean` was given. */
export interface CleanOptions {
  /** Steps as they are written, in order. */
  readonly clean?: readonly string[];
}

/** Adds `--clean`, and all steps below the help. */
export function withCleanOptions(command: Command, more: { readonly note: string }): Command {
  return command
    .option(
      "--clean <steps>",
      "steps that clean texts and choose rows, such as strip-html,min-words=3; may be given again; listed below",
      cleaningSteps,
    )
    .addHelpText(
      "after",
      `\nCleaning steps, applied in the order given; ${more.note}:\n${stepLines().join("\n")}`,
    );
}

/** Reads the steps of one argument, and adds them to those given before. */
export function cleaningSteps(text: string, before: readonly string[] = []): string[] {
  const steps = [...before, ...dividedSteps(text)];
  try {
    parseSteps(steps);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
  return steps;
}

function stepLines(): string[] {
  const kinds = { ...textSteps, ...rowSteps };
  const written = Object.entries(kinds).map(([name, { value = "", about }]) => ({
    text: name + value,
    about,
  }));
  return written.map(({ text, about }) =>
    `  ${text.padEnd(26)}${text.length > 25 ? `\n${" ".repeat(28)}` : ""}${about}`
  );
}
