/**
 * `weir import`: register a checkpoint from elsewhere as it is, without training.
 *
 * @module
 */
import { type Command, Option } from "commander";
import { importCheckpoint } from "../lifecycle/import.ts";
import { trainingDefaults } from "../lifecycle/options.ts";
import { readRows } from "../lifecycle/rows.ts";
import { servedTasks, TASK_NAMES, type TaskName } from "../tasks/served.ts";
import { commands } from "./commands.ts";
import { columnsGiven, type DataOptions, withDataOptions } from "./data.ts";
import { type DeviceChoice, openBackend, pickDevice } from "./device.ts";
import { bundlePathOf, isPath } from "./model.ts";
import {
  aliasNames,
  type CommonOptions,
  dataSource,
  deviceOption,
  homeOf,
  integer,
  modelName,
  newCommand,
} from "./options.ts";
import { processOutput } from "./output.ts";
import { readingOf } from "./reading.ts";

interface Options extends CommonOptions, DataOptions {
  readonly from: string;
  readonly name: string;
  readonly task?: TaskName;
  readonly data?: string;
  readonly batchSize: number;
  readonly bump: "major" | "minor" | "patch";
  readonly alias?: string[];
  readonly device: DeviceChoice;
}

/** Adds the command. */
export function importCommand(program: Command): Command {
  const command = withDataOptions(
    newCommand(
      "import",
      commands.import.description,
      [
        "import --from ./all-MiniLM-L6-v2 --name minilm",
        "import --from ./my-bert --name spam --task text-classification --data held_out.jsonl",
      ],
    ),
  )
    .requiredOption(
      "--from <folder>",
      "config.json, tokenizer.json and model.safetensors (./path), or a registered model",
    )
    .requiredOption("--name <name>", "the registered model's name", modelName)
    .addOption(
      new Option("--task <task>", "what the model does (default: what the folder's files say)").choices(
        TASK_NAMES,
      ),
    )
    .option(
      "--data <file>",
      "rows to score it on, which also become the drift baseline; without, it has neither",
      dataSource,
    )
    .option(
      "--batch-size <n>",
      "rows at a time",
      integer({ min: 1, max: 65_536 }),
      trainingDefaults.batchSize,
    )
    .addOption(
      new Option("--bump <part>", "which part of the version grows").choices(["major", "minor", "patch"])
        .default("minor"),
    )
    .option("--alias <alias...>", "aliases that point at the new version (default: champion)", aliasNames)
    .addOption(deviceOption())
    .action(importModel);
  program.addCommand(command);
  return command;
}

async function importModel(options: Options): Promise<void> {
  const output = processOutput({ json: options.json ?? false });
  const { data, from, name, batchSize } = options;
  const aliases = options.alias ?? ["champion"];
  const reading = readingOf(options, output);
  const backend = data === undefined
    ? undefined
    : await openBackend((await pickDevice(options.device)).device);
  try {
    const { version, path, spec, maxTokens, scores } = await importCheckpoint(
      await bundlePathOf(from, options),
      {
        ...options,
        data: backend && {
          rows: ({ task, head }, columns) => readRows(data!, servedTasks[task], { columns, head, reading }),
          columns: columnsGiven(options),
          backend,
          batchSize,
        },
        home: homeOf(options),
        base: isPath(from) ? undefined : from,
        aliases,
        output,
      },
    );
    const registered = `registered ${name} ${version} (${aliases.join(", ")}) in ${path}`;
    output.result(
      { name, version, path, task: spec.task, head: spec.head, maxTokens, metrics: scores?.metrics ?? {} },
      scores ? `${scores.text()}\n\n${registered}` : registered,
    );
  } finally {
    await backend?.dispose();
  }
}
