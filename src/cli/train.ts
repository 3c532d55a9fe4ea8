/**
 * `weir train`: from a file of labelled data to a registered model.
 *
 * @module
 */
import { type Command, Option } from "commander";
import { architectures, MODEL_TYPES } from "../../models/index.ts";
import { crossValidationText } from "../bundle/cross_validation.ts";
import type { ReadOptions } from "../data/reading/options.ts";
import { learningRateFor, trainingDefaults, type TrainingOptions } from "../lifecycle/options.ts";
import { headIn, type Pretrained, readPretrained } from "../lifecycle/pretrained.ts";
import { tokenizerSettings } from "../lifecycle/tokenizer.ts";
import { trainAndRegister } from "../lifecycle/train.ts";
import { servedTasks, TASK_NAMES } from "../tasks/served.ts";
import type { Columns, Row } from "../tasks/task.ts";
import { checkPrecision } from "../train/options.ts";
import { commands } from "./commands.ts";
import { columnsGiven, type DataOptions, readingPairs, withDataOptions } from "./data.ts";
import { type DeviceChoice, openBackend, pickDevice } from "./device.ts";
import { type LabelledFlags, readLabelled, withLabelled } from "./evaluation/labelled.ts";
import { bundlePathOf, isPath } from "./model.ts";
import {
  aliasNames,
  type CommonOptions,
  dataSource,
  decimal,
  deviceOption,
  headSettings,
  homeOf,
  integer,
  modelName,
  newCommand,
} from "./options.ts";
import { calledRightly, type Output, processOutput, UsageError } from "./output.ts";
import { readingOf } from "./reading.ts";
import { createProfiler, DEFAULT_TRACE } from "./profile.ts";
import {
  type TrainingReportOptions,
  withTrainingReportOptions,
  writeTrainingReport,
} from "./training/report.ts";
import { stopSignals } from "./signals.ts";
import { type CleanOptions, withCleanOptions } from "./training/clean.ts";
import { dryRun, type DryRunOptions, withDryRunOptions } from "./training/dry_run.ts";
import { type FingerprintOptions, withFingerprintOptions } from "./training/fingerprints.ts";
import { optionOrigins, withLoopOptions } from "./training/loop.ts";
import { divisionOf, type SplitOptions, withSplitOptions } from "./training/split.ts";
import { withTokenizerOptions } from "./training/tokenizer.ts";
import { refuseOverwriting } from "./written.ts";

interface Options
  extends
    CommonOptions,
    DataOptions,
    CleanOptions,
    DryRunOptions,
    FingerprintOptions,
    LabelledFlags,
    SplitOptions,
    TrainingReportOptions,
    Omit<TrainingOptions, "learningRate"> {
  readonly learningRate?: number;
  readonly name: string;
  readonly bump: "major" | "minor" | "patch";
  readonly data: string;
  readonly device: DeviceChoice;
  readonly from?: string;
  readonly head?: Readonly<Record<string, unknown>>;
  readonly alias?: string[];
  readonly resume?: boolean;
  readonly profile?: string | true;
}

/** Adds the command. */
export function trainCommand(program: Command): Command {
  const d = trainingDefaults;
  const command = withDataOptions(
    newCommand(
      "train",
      commands.train.description,
      [
        "train --data mails.jsonl --name spam",
        "train --data tickets.csv --name triage --text-column body --label-column team --epochs 5",
        "train --data tweets.conll --name entities --task token-classification",
        "train --data mails.jsonl --name spam --from ./all-MiniLM-L6-v2   # a folder as transformers saves it; its own tokenizer",
        "train --data mails.jsonl --name spam --resume   # after Ctrl-C or a crash, with the same options",
      ],
    ),
  )
    .requiredOption(
      "--data <file>",
      "a file with the task's columns (CSV, JSON, Parquet, Arrow, CoNLL; packed or not), a folder, - or spam",
      dataSource,
    )
    .requiredOption("--name <name>", "the registered model's name", modelName)
    .addOption(deviceOption())
    .addOption(new Option("--task <task>", "what is learnt").choices(TASK_NAMES).default(d.task))
    .addOption(
      new Option(
        "--model-type <type>",
        `architecture: ${
          Object.entries(architectures).map(([type, { about }]) => `${type} (${about})`).join(", ")
        }`,
      ).choices(MODEL_TYPES).default(d.modelType),
    )
    .option(
      "--from <model>",
      "start from a checkpoint's folder (./path), or a registered model: its sizes and tokenizer are taken",
    )
    .option(
      "--freeze-trunk",
      "keep the checkpoint's body as it is: only what stands on it is trained",
      d.freezeTrunk,
    )
    .option(
      "--head <setting...>",
      "settings of the task's head, such as pooling=cls (default: the checkpoint's, or the task's)",
      headSettings,
    )
    .option("--epochs <n>", "passes over the training part", integer({ min: 1, max: 10_000 }), d.epochs)
    .option("--batch-size <n>", "examples at a time", integer({ min: 1, max: 65_536 }), d.batchSize)
    .option(
      "--accumulate <n>",
      "batches a step: as one n times as large, in the memory of one",
      integer({ min: 1, max: 10_000 }),
      d.accumulate,
    )
    .addOption(
      new Option(
        "--precision <type>",
        "of activations: f16 takes about half the memory, on GPUs that have it",
      )
        .choices(["f32", "f16"]).default(d.precision),
    )
    .option(
      "--checkpoint-gradients",
      "compute activations twice instead of keeping them, on webgpu: a third slower",
    )
    .option(
      "--learning-rate <rate>",
      `after warm-up (default: ${d.learningRate}; with --from 5e-5, with --freeze-trunk 1e-3)`,
      decimal({ min: 1e-12, max: 1e20 }),
    )
    .option("--weight-decay <rate>", "AdamW's", decimal({ min: 0, max: 1 }), d.weightDecay)
    .option("--label-smoothing <share>", "0 for none", decimal({ min: 0, max: 0.5 }), d.labelSmoothing)
    .option("--dropout <rate>", "hidden dropout", decimal({ min: 0, max: 0.9 }), d.dropout)
    .option("--max-tokens <n>", "longer texts are cut", integer({ min: 8, max: 8192 }), d.maxTokens)
    .option("--vocab-size <n>", "tokens of the tokenizer", integer({ min: 32, max: 1_000_000 }), d.vocabSize)
    .option("--layers <n>", "transformer layers", integer({ min: 1, max: 200 }), d.layers)
    .option("--hidden-size <n>", "width", integer({ min: 2, max: 16_384 }), d.hiddenSize)
    .option("--heads <n>", "attention heads; must divide the width", integer({ min: 1, max: 256 }), d.heads)
    .option(
      "--seed <n>",
      "of split, weights, order and dropout",
      integer({ min: 0, max: 2 ** 31 - 1 }),
      d.seed,
    )
    .option("--resume", "go on from the last checkpoint of this name")
    .option(
      "--profile [file]",
      `first print what each kernel of a step takes, and write a Chrome trace (${DEFAULT_TRACE})`,
    )
    .addOption(
      new Option("--bump <part>", "which part of the version grows").choices(["major", "minor", "patch"])
        .default("minor"),
    )
    .option(
      "--alias <alias...>",
      "aliases that point at the new version (default: champion)",
      aliasNames,
    )
    .addHelpText("after", `\nColumns of a row:\n${columnsByTask().join("\n")}`)
    .action(trainModel);
  withTokenizerOptions(command);
  withFingerprintOptions(command);
  withCleanOptions(command, {
    note: "those of texts are stored in the bundle, and serving applies them, too",
  });
  withDryRunOptions(command);
  withLoopOptions(command);
  withTrainingReportOptions(command);
  withLabelled(command);
  withSplitOptions(command);
  program.addCommand(command);
  return command;
}

function columnsByTask(): string[] {
  return TASK_NAMES.map((name) =>
    `  ${name.padEnd(28)}${Object.values(servedTasks[name].columns).join(", ")}`
  );
}

/** What a checkpoint brings with it. */
const takenFromCheckpoint = ["modelType", "vocabSize", "layers", "hiddenSize", "heads", "dropout"];

async function trainModel(options: Options, command: Command): Promise<void> {
  const output = processOutput({ json: options.json ?? false });
  const hasHeads = options.modelType !== "mlp";
  if (!hasHeads && command.getOptionValueSource("heads") === "cli") {
    throw new UsageError("--heads is of attention, which --model-type mlp does not have");
  }
  if (!options.from && hasHeads && options.hiddenSize % options.heads !== 0) {
    throw new UsageError(`--heads ${options.heads} must divide --hidden-size ${options.hiddenSize}`);
  }
  if (options.freezeTrunk && !options.from) {
    throw new UsageError("--freeze-trunk needs a checkpoint that brings a trunk: give --from, too");
  }
  const given = command.options.find((option) =>
    takenFromCheckpoint.includes(option.attributeName()) &&
    command.getOptionValueSource(option.attributeName()) === "cli"
  );
  if (options.from && given) {
    throw new UsageError(`${given.long} does not go with --from: the checkpoint's config.json says it`);
  }
  await refuseOverwriting([options.data, options.validation, options.test], options.report ?? []);
  const aliases = options.alias ?? ["champion"];
  const from = options.from === undefined ? undefined : await bundlePathOf(options.from, options);
  const pretrained = from === undefined ? undefined : await readPretrained(from, nameOfBase(options.from!));
  tokenizerSettings({ ...options, pretrained }); // what does not go together is refused before data are read
  // A dry run reads the data itself, to tell of all rows that cannot be trained on and not of the first.
  const { rows, columns } = options.dryRun
    ? { rows: [], columns: columnsGiven(options) }
    : await rowsFor(options, pretrained, output);
  const division = await divisionOf(options, servedTasks[options.task], {
    columns,
    reading: readingOf(options, output),
  });
  const baseHead = pretrained && await headIn(from!, pretrained, options.task);
  const { device, why } = await pickDevice(options.device);
  output.progress(`device: ${device} (${why})`);
  const backend = await openBackend(device);
  const interrupt = interruptSignal();
  try {
    const { precision, profile } = options;
    calledRightly(() => checkPrecision(backend, precision));
    const profiler = profile && createProfiler(backend, profile === true ? DEFAULT_TRACE : profile, output);
    const settings = {
      ...options,
      learningRate: options.learningRate ??
        learningRateFor({ isPretrained: pretrained !== undefined, freezeTrunk: options.freezeTrunk }),
      source: options.data,
      cleaning: options.clean,
      columns,
      division,
      checkpointGradients: options.checkpointGradients ?? false,
      reading: readingOf(options, output),
      pretrained,
      baseHead,
      headSettings: options.head,
      origins: optionOrigins(command),
      backend,
    };
    if (options.dryRun) return await dryRun(settings, output);
    const result = await trainAndRegister(rows, {
      ...settings,
      home: homeOf(options),
      aliases,
      resume: options.resume ?? false,
      output,
      signal: interrupt.signal,
      ...(profiler && { measure: profiler.options }),
    });
    const { scores, evaluation, training, version, path } = result;
    const notes = evaluation.method === "cross-validation"
      ? `\n${crossValidationText(evaluation, scores.metrics).join("\n")}\n`
      : "";
    output.result(
      {
        name: options.name,
        version,
        path,
        device: result.device,
        trainSeconds: training.seconds,
        steps: training.step,
        skippedSteps: training.skippedSteps,
        losses: training.losses,
        evaluation,
        metrics: scores.metrics,
        report: scores.report,
        ...(profiler && { profile: profiler.result }),
      },
      `${scores.text()}\n${notes}\nregistered ${options.name} ${version} (${aliases.join(", ")}) in ${path}`,
    );
    // What took long is shown first: a file may not be writable.
    await writeTrainingReport(result, { ...options, source: options.data }, options, output);
  } finally {
    interrupt.stop();
    await backend.dispose();
  }
}

/** The rows of the data, and a line on those that were left out. */
async function rowsOf(
  { data, task, skipBlank }: Options,
  { columns, reading, output }: { columns: Partial<Columns>; reading: ReadOptions; output: Output },
): Promise<Row<unknown>[]> {
  const { rows, notes } = await readLabelled(data, servedTasks[task], { columns, reading, skipBlank });
  for (const note of notes) output.progress(note);
  return rows;
}

/** The rows; unless `--pair-column` is given, those of a model that reads pairs have the second text where it had it. */
async function rowsFor(
  options: Options,
  pretrained: Pretrained | undefined,
  output: Output,
): Promise<{ rows: Row<unknown>[]; columns: Partial<Columns> }> {
  const task = servedTasks[options.task];
  const reading = readingOf(options, output);
  const read = async (columns: Partial<Columns>) => ({
    rows: await rowsOf(options, { columns, reading, output }),
    columns,
  });
  const pair = task.queriesPerRow === 1 ? pretrained?.manifest?.pairColumn : null;
  return await readingPairs(pair, options, read, () => {
    output.progress(
      `warning: ${
        pretrained!.name
      } reads pairs, and ${options.data} has no column "${pair}": single texts are ` +
        "trained; name the second one with --pair-column",
    );
    return read(columnsGiven(options));
  });
}

/** What lineage calls the base: a registered model by its reference, a folder by its last part. */
function nameOfBase(from: string): string | undefined {
  return isPath(from) ? undefined : from;
}

/** Ctrl-C, or SIGTERM where there is such a thing, asks for a checkpoint; a second one ends the process. */
export function interruptSignal(): { signal: AbortSignal; stop: () => void } {
  const controller = new AbortController();
  const onInterrupt = () => {
    if (controller.signal.aborted) Deno.exit(130);
    controller.abort();
  };
  for (const signal of stopSignals) Deno.addSignalListener(signal, onInterrupt);
  return {
    signal: controller.signal,
    stop: () => stopSignals.forEach((signal) => Deno.removeSignalListener(signal, onInterrupt)),
  };
}
