/**
 * `weir compare`: two models, or two files of predictions, on the same rows.
 *
 * @module
 */
import type { Command } from "commander";
import { basename } from "node:path";
import type { ComparisonSection, LatencySection, Report, ReportedModel, Task } from "../evaluate/report.ts";
import type { Manifest } from "../bundle/manifest.ts";
import { compareSystems } from "../evaluate/tasks/compare.ts";
import { evaluateTask, type TaskOptions } from "../evaluate/tasks/evaluate.ts";
import { type Pair, pairsOf } from "../evaluate/tasks/pairs.ts";
import { plural } from "../base/format.ts";
import type { LoadedRow } from "../lifecycle/rows.ts";
import { EvaluationError } from "../statistics/errors.ts";
import type { PredictService } from "../serve/service.ts";
import { judgingOf } from "../tasks/task.ts";
import { commands } from "./commands.ts";
import { type DataOptions, readingFor, withDataOptions } from "./data.ts";
import type { DeviceChoice } from "./device.ts";
import { type LabelledFlags, readLabelled, withLabelled } from "./evaluation/labelled.ts";
import { pairsOfAnswers, reportedModel, timeSingles } from "./evaluation/model_rows.ts";
import {
  checkAsked,
  finishReport,
  type IntervalFlags,
  intervalsOf,
  readGate,
  repeat,
  type ReportFlags,
  taskOption,
  taskSettings,
  withIntervals,
  withReport,
} from "./evaluation/options.ts";
import { hashOf, readRows } from "./evaluation/rows.ts";
import { type Seen, seenBy, seenParts } from "./evaluation/seen.ts";
import { answerRows, bundlePathOf, openModel } from "./model.ts";
import {
  type CommonOptions,
  dataSource,
  deviceOption,
  integer,
  newCommand,
  precisionOption,
  type RunPrecision,
} from "./options.ts";
import { InputError, type Output, processOutput, readingInput, UsageError } from "./output.ts";
import { readingOf } from "./reading.ts";
import { refuseOverwriting } from "./written.ts";

interface Options
  extends CommonOptions, DataOptions, IntervalFlags, LabelledFlags, Omit<ReportFlags, "champion"> {
  readonly data?: string;
  readonly task?: Task;
  readonly references?: string;
  readonly trials: number;
  readonly slice: readonly string[];
  readonly device: DeviceChoice;
  readonly precision: RunPrecision;
}

/** Adds the command. */
export function compareCommand(program: Command): Command {
  const command = withReport(withIntervals(withLabelled(withDataOptions(
    newCommand("compare", commands.compare.description, [
      "compare spam@champion spam@challenger --data held_out.jsonl",
      "compare spam@1.0.0 spam@1.1.0 --data held_out.jsonl --gate gate.json --out comparison.html",
      "compare old.txt new.txt --task translation --references gold.txt",
    ]),
  ))))
    .argument("<a>", "the baseline: a model, or with --task a file of predictions")
    .argument("<b>", "what is compared with it")
    .option("--data <file>", "data with the task's columns, as weir train reads them", dataSource)
    .addOption(taskOption())
    .option("--references <file>", "of files of predictions, where these have none of their own")
    .option("--trials <n>", "shuffles of a test", integer({ min: 100, max: 1_000_000 }), 10_000)
    .option("--slice <column>", "b also by the values of a column; may be given again", repeat, [])
    .addOption(deviceOption())
    .addOption(precisionOption("of the second model; the same model twice with int8 shows what 8 bits cost"))
    .action(compare);
  program.addCommand(command);
  return command;
}

/** A system, its predictions, and what it costs. */
interface System {
  readonly name: string;
  readonly pairs: Pair[];
  readonly model?: ReportedModel;
  readonly latency?: LatencySection;
  readonly seen?: Seen;
}

async function compare(a: string, b: string, options: Options): Promise<void> {
  const output = processOutput({ json: options.json ?? false });
  await refuseOverwriting([options.data, options.references, ...options.task ? [a, b] : []], options.out);
  await readingInput(async () => {
    const held = await readGate({ gate: options.gate, out: [] });
    const { task, source, systems, settings, notes } = options.task
      ? await fromFiles(options.task, [a, b], options)
      : await fromModels([a, b], options, output);
    const [ofA, ofB] = systems.map((system) => reportOf(task, system, { source, options, settings, output }));
    const comparing = {
      ...intervalsOf(options),
      ...{ trials: options.trials, settings },
      names: [systems[0].name, systems[1].name] as const,
    };
    const comparison = compareSystems(task, systems[0].pairs, systems[1].pairs, {
      ...comparing,
      costs: costsOf(systems),
    });
    const unseen = compareUnseen(task, systems, comparing);
    const hash = await hashOf(source);
    const report: Report = {
      ...ofB,
      title: options.title ?? comparison.title,
      data: { ...ofB.data, ...(hash !== undefined && { hash }) },
      sections: [comparison, ...unseen, ...ofB.sections],
      notes: [
        ...notes,
        ...new Set([...ofA.notes.filter((note) => note.startsWith(systems[0].name)), ...ofB.notes]),
        "Accuracy is compared by McNemar's test, the area under the ROC curve by DeLong's, other metrics by approximate " +
        "randomisation; p-values are adjusted over the metrics by Holm's method.",
      ],
    };
    await finishReport(report, output, { ...options, held: held && { ...held, champion: ofA } });
  });
}

interface Read {
  readonly task: Task;
  readonly source: string;
  readonly systems: System[];
  readonly settings: TaskOptions["settings"];
  /** On rows that were left out. */
  readonly notes: string[];
}

async function fromFiles(
  task: Task,
  files: readonly string[],
  { references, data, option }: Options,
): Promise<Read> {
  if (data !== undefined) {
    throw new UsageError("--data is for models; files of predictions take --references");
  }
  const gold = references === undefined ? undefined : await readRows(references);
  const systems: System[] = [];
  for (const file of files) {
    systems.push({ name: basename(file), pairs: pairsOf(await readRows(file), gold) });
  }
  if (systems[0].name === systems[1].name) {
    [systems[0], systems[1]] = systems.map((system, i) => ({ ...system, name: files[i] }));
  }
  return {
    task,
    source: references ?? files[0],
    systems,
    settings: taskSettings(task, { option }),
    notes: [],
  };
}

async function fromModels(models: readonly string[], options: Options, output: Output): Promise<Read> {
  const { data } = options;
  if (data === undefined) throw new UsageError("give --data, or --task for files of predictions");
  const services: PredictService[] = [];
  try {
    for (const [i, model] of models.entries()) {
      const precision = i === 1 ? options.precision : "f32";
      services.push(await openModel(model, { ...options, precision }, { warmUpMs: 500 }));
    }
    const [{ task }, other] = services;
    if (other.task.name !== task.name) {
      throw new InputError(`the models have other tasks: ${task.name} and ${other.task.name}`);
    }
    const heads = services.map((service) => service.info().manifest.head);
    const problem = task.headsDiffer?.(heads[0], heads[1]);
    if (problem !== undefined) throw new InputError(problem);
    const reading = readingOf(options, output);
    const { rows, notes } = await readingFor(
      { manifest: sameReading(services), task },
      options,
      (columns) =>
        readLabelled(data, task, {
          columns,
          head: heads[0],
          rowSteps: services.flatMap((service) => service.info().manifest.lineage.rowSteps ?? []),
          skipBlank: options.skipBlank,
          reading,
        }),
    );
    const { evaluation } = judgingOf(task, rows.map(({ target }) => target));
    const settings = taskSettings(evaluation, { ...options, own: task.evaluationSettings?.(heads[0]) });
    checkAsked(evaluation, rows, { settings, slices: options.slice });
    const systems: System[] = [];
    for (const [i, service] of services.entries()) {
      const { manifest, device } = service.info();
      const inInt8 = i === 1 && options.precision === "int8" ? " in int8" : "";
      const name = `${manifest.name} ${manifest.version}${inInt8}`;
      output.progress(`${name} on ${device}: ${rows.length} examples`);
      systems.push({
        name: systems.some((other) => other.name === name) ? `${name} (${models[i]})` : name,
        pairs: pairsOfAnswers(task, rows, await answerRows(service, rows)),
        ...await ofBundle(service, await bundlePathOf(models[i], options), rows),
      });
    }
    const latencies = await timeSingles(services, rows.map(({ queries: [query] }) => query));
    return {
      task: evaluation,
      source: data,
      settings,
      notes,
      systems: systems.map((system, i) => ({ ...system, latency: latencies[i] })),
    };
  } finally {
    for (const service of services) await service.close();
  }
}

/** What a bundle's folder says of a model and the rows. */
async function ofBundle(
  service: PredictService,
  directory: string,
  rows: readonly LoadedRow[],
): Promise<Pick<System, "model" | "seen">> {
  return { model: await reportedModel(service, directory), seen: await seenBy(service, directory, rows) };
}

/** The comparison on the rows that neither model has seen in training, where that is another than the one on all. */
function compareUnseen(
  task: Task,
  systems: readonly System[],
  options: Parameters<typeof compareSystems>[3],
): ComparisonSection[] {
  const isUnseen = systems[0].pairs.map((_, i) =>
    systems.every(({ seen }) => seen?.where?.[i] === undefined)
  );
  const [a, b] = systems.map(({ pairs }) => pairs.filter((_, i) => isUnseen[i]));
  if (a.length === 0 || a.length === isUnseen.length) return [];
  try {
    const { title, ...comparison } = compareSystems(task, a, b, options);
    return [{ ...comparison, only: "unseen rows", title: `${title}, on ${plural(a.length, "unseen row")}` }];
  } catch (error) {
    // A few rows may have nothing to measure.
    if (error instanceof EvaluationError) return [];
    throw error;
  }
}

/** The manifest that says what models read, each one text or each two together. */
function sameReading(services: readonly PredictService[]): Manifest {
  const manifests = services.map((service) => service.info().manifest);
  const [one, other = one] = manifests.filter(({ pairColumn }) => pairColumn !== undefined);
  if ((one?.pairColumn === null) !== (other?.pairColumn === null)) {
    throw new InputError("the models read other inputs: one reads one text, the other pairs of texts");
  }
  return one ?? manifests[0];
}

function reportOf(
  task: Task,
  system: System,
  { source, options, settings, output }: Pick<Read, "source" | "settings"> & {
    options: Options;
    output: Output;
  },
): Report {
  const { name, pairs, model, latency } = system;
  const { metrics, sections, notes } = evaluateTask(task, pairs, {
    ...intervalsOf(options),
    ...{ slices: options.slice, settings },
  });
  const seen = system.seen && seenParts(system.seen, task, pairs, { ...intervalsOf(options), settings });
  if (seen?.warning !== undefined) output.progress(`warning: ${seen.warning}`);
  return {
    format: "weir-report/1",
    title: name,
    task,
    createdAt: new Date().toISOString(),
    ...(model && { model }),
    data: { source: basename(source), n: pairs.length, ...(seen?.seen && { seen: seen.seen }) },
    intervals: intervalsOf(options) as Report["intervals"],
    metrics,
    sections: [...latency ? [latency] : [], ...sections, ...seen?.sections ?? []],
    notes: [...seen?.notes ?? [], ...notes],
  };
}

function costsOf([a, b]: readonly System[]): ComparisonSection["costs"] {
  const costs: ComparisonSection["costs"][number][] = [];
  if (a.latency && b.latency) {
    for (const quantile of ["p50", "p95"] as const) {
      costs.push({
        label: `latency ${quantile}`,
        a: a.latency[quantile],
        b: b.latency[quantile],
        unit: "ms",
      });
    }
  }
  if (a.model?.sizeBytes !== undefined && b.model?.sizeBytes !== undefined) {
    costs.push({ label: "model file", a: a.model.sizeBytes / 1e6, b: b.model.sizeBytes / 1e6, unit: "MB" });
  }
  return costs;
}
