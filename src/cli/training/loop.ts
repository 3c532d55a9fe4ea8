/**
 * Options of `weir train` for the training loop: schedule, stopping, choice of the epoch, class weights, and a file of options.
 *
 * @module
 */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { EventEmitter } from "node:events";
import { statSync } from "node:fs";
import { show } from "../../base/text.ts";
import { loopDefaults, type LoopOptions } from "../../lifecycle/loop_options.ts";
import { SCHEDULE_KINDS } from "../../nn/optim/schedule.ts";
import type { KeepOptions, UseOf } from "../../train/retention.ts";
import { decimal, integer } from "../options.ts";
import { applyConfig, isFromConfig, readStructured } from "./config.ts";

/** The options that {@linkcode withLoopOptions} adds. */
export interface LoopCommandOptions extends LoopOptions {
  readonly config?: string;
}

/** Adds the options of the loop, and `--config`, which may set any option of the command. */
export function withLoopOptions(command: Command): Command {
  const d = loopDefaults;
  command
    .addOption(
      new Option("--schedule <kind>", "how the learning rate comes down after the warm-up").choices(
        SCHEDULE_KINDS,
      )
        .default(d.schedule),
    )
    .option(
      "--warmup <n>",
      "steps in which the learning rate rises; below 1, a share of the steps",
      warmupOf,
      d.warmup,
    )
    .option("--max-steps <n>", "end after so many steps", integer({ min: 1, max: 1e9 }))
    .option(
      "--grad-clip <norm>",
      "gradients are cut to this norm; 0 for never",
      decimal({ min: 0, max: 1e20 }),
      d.gradClip,
    )
    .option(
      "--best-by <metric>",
      "what the best epoch is chosen by: loss, or a metric that is shown after each epoch (default: the task's, where a later " +
        "epoch that is hardly worse is taken once the learning rate has come down)",
    )
    .option(
      "--patience <n>",
      "stop after so many epochs without a better one",
      integer({ min: 1, max: 1000 }),
    )
    .option(
      "--min-delta <amount>",
      "for --patience, an epoch is better by more than this",
      decimal({ min: 0, max: 1e20 }),
      d.minDelta,
    )
    .option(
      "--class-weights <weights>",
      'of classes in the loss: balanced, none, or by label, as JSON such as {"spam": 5} or a .json or .yaml file of it',
      classWeights,
      d.classWeights,
    )
    .option(
      "--oversample",
      "meet rows of rare classes several times an epoch, until all classes have as many",
      d.oversample,
    )
    .option(
      "--keep-checkpoints <n>",
      "keep the parameters of the best n epochs, also after the registration; last:n for the last n",
      keepOf,
    )
    .option(
      "--use-epoch <which>",
      "register this epoch's parameters: its number, best, last, or average of those of --keep-checkpoints; with --resume also " +
        "of a run that is over",
      useOf,
    )
    .option(
      "--config <file>",
      "a .json, .yaml or .yml file of options by their names; the command line wins over it",
    );
  command.on("option:config", (path: string) => applyConfig(command, path));
  for (const option of command.options) {
    // An option that may be given several times does not add to what the file has: the command line wins. A command is an
    // emitter of its options, of which its types show a part.
    (command as unknown as EventEmitter).prependListener(`option:${option.name()}`, () => {
      if (!isFromConfig(command, option)) return;
      command.setOptionValueWithSource(option.attributeName(), option.defaultValue, "default");
    });
  }
  return command;
}

/** Where each option comes from that has not its default, by its name. */
export function optionOrigins(command: Command): Record<string, string> {
  const names: Readonly<Record<string, string>> = { cli: "command line", env: "environment" };
  return Object.fromEntries(
    command.options.flatMap((option) => {
      const source = command.getOptionValueSource(option.attributeName());
      if (source === undefined || source === "default") return [];
      return [[option.name(), names[source] ?? source]];
    }),
  );
}

function warmupOf(text: string): number {
  const value = decimal({ min: 0, max: 1e9 })(text);
  if (value >= 1 && !Number.isInteger(value)) {
    throw new InvalidArgumentError("It must be a share below 1, or a whole number of steps.");
  }
  return value;
}

function keepOf(text: string): KeepOptions {
  const [, by = "best", count] = /^(?:(best|last):)?(.*)$/s.exec(text)!;
  return { by: by as KeepOptions["by"], count: integer({ min: 1, max: 1000 })(count) };
}

function useOf(text: string): UseOf {
  if (text === "best" || text === "last" || text === "average") return text;
  if (!/^\d+$/.test(text)) {
    throw new InvalidArgumentError("It must be an epoch's number, best, last or average.");
  }
  return integer({ min: 1, max: 10_000 })(text);
}

function classWeights(text: string): LoopOptions["classWeights"] {
  if (text === "none" || text === "balanced") return text;
  const isFile = !/^\s*\{/.test(text);
  if (isFile && !statSync(text, { throwIfNoEntry: false })?.isFile()) {
    throw new InvalidArgumentError(
      `It must be balanced, none, JSON by label, or a file of it; there is no file ${text}.`,
    );
  }
  const value = readStructured(text, { isFile });
  const wrong = Object.entries(value).find(([, weight]) =>
    !(typeof weight === "number" && weight > 0 && weight <= 1e6)
  );
  if (wrong) {
    throw new InvalidArgumentError(
      `The weight of ${show(wrong[0])} is ${
        JSON.stringify(wrong[1])
      }; it must be a number above 0, up to 1000000.`,
    );
  }
  return value as Record<string, number>;
}
