/**
 * `weir data check`: what a data set holds, and what would mislead a model or its scores, before anything is trained.
 *
 * @module
 */
import { type Command, Option } from "commander";
import { writeFileAtomic } from "../base/files.ts";
import { checkData } from "../lifecycle/check.ts";
import { trainingDefaults } from "../lifecycle/options.ts";
import { headIn, readPretrained } from "../lifecycle/pretrained.ts";
import { dataCheckPage } from "../report/data_check.ts";
import { dataCheckText } from "../report/data_check_text.ts";
import { TASK_NAMES, type TaskName } from "../tasks/served.ts";
import { columnsGiven, type DataOptions, withDataOptions } from "./data.ts";
import { type LabelledFlags, withLabelled } from "./evaluation/labelled.ts";
import { bundlePathOf } from "./model.ts";
import { type CommonOptions, dataSource, integer, newCommand } from "./options.ts";
import { processOutput } from "./output.ts";
import { readingOf } from "./reading.ts";
import { refuseChecked } from "./training/dry_run.ts";
import { refuseOverwriting, writtenFile } from "./written.ts";

interface Options extends CommonOptions, DataOptions, LabelledFlags {
  readonly task: TaskName;
  readonly from?: string;
  readonly maxTokens: number;
  readonly vocabSize: number;
  readonly out?: string;
}

/** Adds the command. */
export function dataCheckCommand(data: Command): Command {
  const d = trainingDefaults;
  const command = withLabelled(withDataOptions(
    newCommand("check", "look at a data set before training on it", [
      "data check tickets.csv",
      "data check tickets.csv --text-column body --label-column team --out check.html",
      "data check tweets.conll --task token-classification --json",
    ]),
  ))
    .argument("<file>", "as train --data reads it", dataSource)
    .addOption(new Option("--task <task>", "what would be learnt").choices(TASK_NAMES).default(d.task))
    .option(
      "--from <model>",
      "the checkpoint that training would start from: its tokenizer counts the tokens",
    )
    .option("--max-tokens <n>", "longer texts would be cut", integer({ min: 8, max: 8192 }), d.maxTokens)
    .option(
      "--vocab-size <n>",
      "tokens of the tokenizer that would be trained",
      integer({ min: 32, max: 1_000_000 }),
      d.vocabSize,
    )
    .option("--out <file>", "also write an HTML page", writtenFile)
    .action(check);
  data.addCommand(command);
  return command;
}

async function check(source: string, options: Options): Promise<void> {
  const output = processOutput({ json: options.json ?? false });
  await refuseOverwriting([source], [options.out]);
  const from = options.from === undefined ? undefined : await bundlePathOf(options.from, options);
  const pretrained = from === undefined ? undefined : await readPretrained(from, options.from);
  const checked = await checkData({
    ...trainingDefaults,
    ...options,
    source,
    columns: columnsGiven(options),
    reading: readingOf(options, output),
    pretrained,
    baseHead: pretrained && await headIn(from!, pretrained, options.task),
  });
  if (options.out !== undefined) await writeFileAtomic(options.out, dataCheckPage(checked));
  output.result(checked, dataCheckText(checked));
  refuseChecked(checked);
}
