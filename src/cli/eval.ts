/**
 * `weir eval`: how good a model, or a file of predictions, is on data with known answers, by the metrics of its task.
 *
 * @module
 */
import type { Command } from "commander";
import { basename } from "node:path";
import { pathToFileURL } from "node:url";
import { didYouMean } from "../base/nearest.ts";
import { checkSafety, personalData, type SafetyFilter, termsFilter } from "../evaluate/robustness/safety.ts";
import { type Canary, parseCanaries } from "../evaluate/robustness/canaries.ts";
import { type Probe, probes } from "../evaluate/robustness/probes.ts";
import type { Report, Section, Task } from "../evaluate/report.ts";
import { evaluateTask, type TaskOptions } from "../evaluate/tasks/evaluate.ts";
import { type Pair, pairsOf } from "../evaluate/tasks/pairs.ts";
import { strategies } from "../evaluate/tasks/strategy.ts";
import type { LoadedRow } from "../lifecycle/rows.ts";
import type { PredictService } from "../serve/service.ts";
import { judgingOf } from "../tasks/task.ts";
import { textOf } from "../tasks/text_input.ts";
import { commands } from "./commands.ts";
import { type DataOptions, readingFor, withDataOptions } from "./data.ts";
import type { DeviceChoice } from "./device.ts";
import { bertScoreOf } from "./evaluation/bert_score.ts";
import { type LabelledFlags, readLabelled, withLabelled } from "./evaluation/labelled.ts";
import {
  canariesOf,
  pairsOfAnswers,
  probeModel,
  reportedModel,
  timeSingles,
} from "./evaluation/model_rows.ts";
import {
  championOption,
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
import { seenBy, seenParts } from "./evaluation/seen.ts";
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
import { type Output, processOutput, readingInput, UsageError } from "./output.ts";
import { readingOf } from "./reading.ts";
import { refuseOverwriting } from "./written.ts";

interface Options extends CommonOptions, DataOptions, IntervalFlags, LabelledFlags, ReportFlags {
  readonly model?: string;
  readonly data?: string;
  readonly task?: Task;
  readonly predictions?: string;
  readonly references?: string;
  readonly device: DeviceChoice;
  readonly precision: RunPrecision;
  readonly slice: readonly string[];
  readonly worst: number;
  readonly probes?: string | true;
  readonly probeRows: number;
  readonly canaries?: string;
  readonly safety: readonly string[];
  readonly latency: boolean;
  readonly encoder?: string;
  readonly explain?: boolean;
}

/** Adds the command. */
export function evalCommand(program: Command): Command {
  const command = withReport(withIntervals(withLabelled(withDataOptions(
    newCommand("eval", commands.eval.description, [
      "eval --model spam --data held_out.jsonl",
      "eval --model spam@challenger --data held_out.csv --label-column kind --slice language --probes --out report.html",
      "eval --model spam --data held_out.jsonl --gate gate.json --champion champion.json",
      "eval --task summarization --predictions summaries.txt --references references.txt",
      "eval --task translation --explain",
    ]),
  ))))
    .option("--model <model>", "name[@version|@alias], or a bundle's folder")
    .option("--data <file>", "data with the task's columns, as weir train reads them", dataSource)
    .addOption(taskOption())
    .option("--predictions <file>", "instead of a model: .jsonl, .json, .csv, .tsv, else a text a line")
    .option("--references <file>", "what was wanted; not needed where the predictions' file has it")
    .option("--slice <column>", "also by the values of a column; may be given again", repeat, [])
    .option("--worst <n>", "rows to show that went worst", integer({ min: 0, max: 1000 }), 20)
    .option("--probes [names]", `robustness: all of, or some of ${Object.keys(probes).join(", ")}`)
    .option("--probe-rows <n>", "texts that each probe changes", integer({ min: 1, max: 1_000_000 }), 500)
    .option("--canaries <file>", "inputs whose answers are known: .jsonl or .json")
    .option(
      "--safety <filter>",
      "look at texts: personal-data, a .txt file of terms, or a .ts file that exports check(text); may be given again",
      repeat,
      [],
    )
    .option("--no-latency", "do not time single texts")
    .option("--encoder <folder>", "of a BERT checkpoint: adds BERTScore to tasks that make text")
    .option("--explain", "print what the task is measured by, and why, and end")
    .addOption(deviceOption())
    .addOption(precisionOption())
    .addOption(championOption())
    .action(evaluate);
  program.addCommand(command);
  return command;
}

async function evaluate(options: Options): Promise<void> {
  const output = processOutput({ json: options.json ?? false });
  if (options.explain) return explain(options.task ?? "text-classification", output);
  if (options.model !== undefined && options.predictions !== undefined) {
    throw new UsageError("give --model or --predictions, not both");
  }
  await refuseOverwriting([options.data, options.predictions, options.references], options.out);
  await readingInput(async () => {
    if (options.model !== undefined) await evaluateModel(options.model, options, output);
    else if (options.predictions !== undefined) await evaluateFile(options.predictions, options, output);
    else throw new UsageError("give --model and --data, or --task and --predictions");
  });
}

function explain(task: Task, output: Output): void {
  const { about, choices } = strategies[task];
  const metrics = choices.flatMap(({ family, needs, options, metrics }) =>
    metrics.map(({ name, why }) => ({
      metric: name,
      family,
      ...(options && { options }),
      ...(needs && { needs }),
      why,
    }))
  );
  const width = Math.max(...metrics.map(({ metric }) => metric.length));
  const lines = metrics.map(({ metric, family, needs, why }) =>
    `${metric.padEnd(width)}  ${family}${
      needs ? `, where there is a ${needs.replace(/s$/, "")}` : ""
    }: ${why}`
  );
  output.result({ task, about, metrics }, `${task}: ${about}\n\n${lines.join("\n")}`);
}

async function evaluateModel(model: string, options: Options, output: Output): Promise<void> {
  const { data } = options;
  if (data === undefined) throw new UsageError("give --data, too: texts with labels");
  const held = await readGate(options);
  const canaries = options.canaries === undefined
    ? undefined
    : parseCanaries(await readRows(options.canaries));
  const filters = await Promise.all(options.safety.map(filterOf));
  const chosen = probeNames(options.probes);
  const service = await openModel(model, options, { warmUpMs: 0 });
  try {
    const info = service.info();
    const { task } = service;
    const head = info.manifest.head;
    const reading = readingOf(options, output);
    const { rows, notes: skipped } = await readingFor(
      { manifest: info.manifest, task },
      options,
      (columns) =>
        readLabelled(data, task, {
          columns,
          head,
          rowSteps: info.manifest.lineage.rowSteps,
          skipBlank: options.skipBlank,
          reading,
        }),
    );
    const { evaluation } = judgingOf(task, rows.map(({ target }) => target));
    if (options.task && options.task !== evaluation) {
      throw new UsageError(`${model} is evaluated as ${evaluation}; for ${options.task} give --predictions`);
    }
    const settings = taskSettings(evaluation, { ...options, own: task.evaluationSettings?.(head) });
    checkAsked(evaluation, rows, { settings, slices: options.slice, source: data });
    output.progress(
      `${info.manifest.name} ${info.manifest.version} on ${info.device}: ${rows.length} examples`,
    );
    const answers = await answerRows(service, rows);
    const pairs = pairsOfAnswers(task, rows, answers);
    const evaluated = evaluateTask(evaluation, pairs, {
      ...intervalsOf(options),
      ...{ slices: options.slice, worst: options.worst, settings },
    });
    const directory = await bundlePathOf(model, options);
    const seen = seenParts(await seenBy(service, directory, rows), evaluation, pairs, {
      ...intervalsOf(options),
      settings,
    });
    if (seen.warning !== undefined) output.progress(`warning: ${seen.warning}`);
    const further = await modelSections(service, rows, {
      ...options,
      canaries,
      filters,
      chosen,
      answers,
      output,
      settings,
    });
    const { name, version } = info.manifest;
    const report = await reportOf(evaluation, {
      ...{
        title: options.title ?? `${name} ${version} on ${basename(data)}`,
        source: data,
        n: rows.length,
        options,
      },
      ...{
        metrics: evaluated.metrics,
        sections: [...evaluated.sections, ...seen.sections, ...further],
        notes: [...int8Note(options), ...seen.notes, ...skipped, ...evaluated.notes],
      },
    });
    const reported = await reportedModel(service, directory);
    const whole = {
      ...report,
      data: { ...report.data, ...(seen.seen && { seen: seen.seen }) },
      model: reported,
    };
    await finishReport(whole, output, { ...options, held });
  } finally {
    await service.close();
  }
}

interface Further extends Options {
  readonly answers: readonly (readonly unknown[])[];
  readonly chosen: readonly Probe[];
  readonly filters: readonly SafetyFilter[];
  readonly settings: TaskOptions["settings"];
  readonly output: Output;
}

/** Latency, probes, canaries and safety, as far as they were asked for. */
async function modelSections(
  service: PredictService,
  rows: readonly LoadedRow[],
  options: Omit<Further, "canaries"> & { canaries?: readonly Canary[] },
): Promise<Section[]> {
  const sections: Section[] = [];
  const { chosen, canaries, filters, answers, output } = options;
  if (options.latency) {
    sections.push(...await timeSingles([service], rows.map(({ queries: [query] }) => query)));
  }
  if (chosen.length > 0) {
    sections.push(
      await probeModel(service, rows, answers, {
        ...intervalsOf(options),
        ...{ probes: chosen, rows: options.probeRows, settings: options.settings },
        progress: output.progress,
      }),
    );
  }
  if (canaries) sections.push(await canariesOf(service, canaries));
  if (filters.length > 0) {
    sections.push(
      await checkSafety(
        rows.map(({ queries }, i) => ({ row: i + 1, where: "input", text: queries.map(textOf).join("\n") })),
        filters,
      ),
    );
  }
  return sections;
}

async function evaluateFile(predictions: string, options: Options, output: Output): Promise<void> {
  const { task, references } = options;
  if (!task) throw new UsageError("give --task, too: it decides the metrics");
  for (const [flag, value] of [["--probes", options.probes], ["--canaries", options.canaries]]) {
    if (value !== undefined) throw new UsageError(`${flag} asks a model: give --model and --data`);
  }
  const held = await readGate(options);
  const filters = await Promise.all(options.safety.map(filterOf));
  const pairs = pairsOf(
    await readRows(predictions),
    references === undefined ? undefined : await readRows(references),
  );
  const settings = taskSettings(task, options);
  checkAsked(task, pairs, { settings, slices: options.slice });
  output.progress(`${predictions}: ${pairs.length} rows, measured as ${task}`);
  const more = options.encoder === undefined
    ? []
    : [await bertScoreOf(options.encoder, pairs, { ...options, output })];
  const evaluated = evaluateTask(task, pairs, {
    ...intervalsOf(options),
    ...{
      slices: options.slice,
      worst: options.worst,
      settings,
      more,
    },
  });
  const sections = [...evaluated.sections];
  if (filters.length > 0) {
    const texts = pairs.map(({ prediction }: Pair, i) => ({
      row: i + 1,
      where: "output" as const,
      text: String(prediction),
    }));
    sections.push(await checkSafety(texts, filters));
  }
  const report = await reportOf(task, {
    ...{
      title: options.title ?? `${task} of ${basename(predictions)}`,
      source: predictions,
      n: pairs.length,
      options,
    },
    ...{ metrics: evaluated.metrics, sections, notes: evaluated.notes },
  });
  await finishReport(report, output, { ...options, held });
}

interface ReportParts {
  readonly title: string;
  readonly source: string;
  readonly n: number;
  readonly options: IntervalFlags;
  readonly metrics: Report["metrics"];
  readonly sections: Section[];
  readonly notes: string[];
}

async function reportOf(
  task: Task,
  { title, source, n, options, metrics, sections, notes }: ReportParts,
): Promise<Report> {
  const hash = await hashOf(source);
  return {
    format: "weir-report/1",
    title,
    task,
    createdAt: new Date().toISOString(),
    data: { source: basename(source), n, ...(hash !== undefined && { hash }) },
    intervals: intervalsOf(options) as Report["intervals"],
    metrics,
    sections,
    notes,
  };
}

function probeNames(given: string | true | undefined): Probe[] {
  const all = Object.keys(probes) as Probe[];
  if (given === undefined) return [];
  if (given === true) return all;
  const names = given.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !all.includes(name as Probe));
  if (unknown !== undefined) {
    throw new UsageError(
      `unknown probe "${unknown}": choose of ${all.join(", ")}${didYouMean(unknown, all)}`,
    );
  }
  return names as Probe[];
}

/** The hook: a built-in filter, a list of terms, or a module of the user's. */
async function filterOf(name: string): Promise<SafetyFilter> {
  if (name === "personal-data") return personalData;
  if (/\.(ts|js|mjs)$/.test(name)) {
    const module = await import(pathToFileURL(await Deno.realPath(name)).href);
    if (typeof module.check !== "function") {
      throw new UsageError(
        `${name} exports no function check(text) that returns findings, such as [{ rule, text }]`,
      );
    }
    return { name: basename(name), check: module.check };
  }
  if (name.endsWith(".txt")) {
    const terms = (await readRows(name)).map(String).filter((term) => term.trim() !== "");
    return termsFilter(terms, basename(name));
  }
  throw new UsageError(
    `"${name}" is no safety filter: give personal-data, a .txt file of terms, or a .ts file`,
  );
}

/** What a reader of the report should know of how the model ran. */
function int8Note({ precision }: Options): string[] {
  return precision === "int8" ? ["Products were done in 8 bits (--precision int8)."] : [];
}
