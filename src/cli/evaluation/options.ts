/**
 * What the commands that evaluate have in common: how intervals are made, where a report goes, and what it is held to.
 *
 * @module
 */
import { type Command, InvalidArgumentError, Option } from "commander";
import { extname, join } from "node:path";
import { UserError } from "../../base/errors.ts";
import { plural } from "../../base/format.ts";
import { decideGate, type Gate, parseGate } from "../../report/gate.ts";
import { htmlPage } from "../../report/html.ts";
import { markdownPage } from "../../report/markdown.ts";
import { svgFiles } from "../../report/svg_files.ts";
import { parseReport } from "../../report/parse.ts";
import type { Report, Task } from "../../evaluate/report.ts";
import { terminalPage } from "../../report/terminal.ts";
import { columnOf, type TaskOptions, taskOptionValues } from "../../evaluate/tasks/evaluate.ts";
import type { Pair } from "../../evaluate/tasks/pairs.ts";
import { strategies, tasks } from "../../evaluate/tasks/strategy.ts";
import { decimal, integer } from "../options.ts";
import { InputError, type Output, UnmetError } from "../output.ts";
import { readJson } from "./rows.ts";
import { writtenFile } from "../written.ts";

/** How intervals are made, and metrics' settings. */
export interface IntervalFlags {
  readonly resamples: number;
  readonly confidence: number;
  readonly seed: number;
  /** `name=value` or `family.name=value`. */
  readonly option: readonly string[];
}

/** Where a report goes, and what it is held to. */
export interface ReportFlags {
  readonly out: readonly string[];
  readonly svg?: string;
  readonly gate?: string;
  readonly champion?: string;
  readonly title?: string;
}

/** Adds `--resamples`, `--confidence`, `--seed` and `--option`. */
export function withIntervals(command: Command): Command {
  return command
    .option("--resamples <n>", "of the bootstrap behind intervals", integer({ min: 0, max: 100_000 }), 1000)
    .option("--confidence <share>", "coverage of intervals", decimal({ min: 0.5, max: 0.9999 }), 0.95)
    .option("--seed <n>", "of everything that is drawn", integer({ min: 0, max: 2 ** 31 }), 0)
    .option(
      "--option <name=value>",
      "a setting of a metric, such as tokenizer=intl or bleu.tokenizer=intl",
      repeat,
      [],
    );
}

/** Adds `--out`, `--gate` and `--title`. */
export function withReport(command: Command): Command {
  return command
    .option("--out <file>", "also write the report: .html, .md or .json; may be given again", reportFile, [])
    .option("--svg <folder>", "also write the report's pictures, each as a file")
    .option("--gate <file>", "a JSON file of conditions; exit code 1 when one is not met")
    .option("--title <text>", "of the report");
}

/** `--champion`. */
export function championOption(): Option {
  return new Option(
    "--champion <report.json>",
    "the report that the gate's champion.* figures are taken from",
  );
}

/** `--task`. */
export function taskOption(): Option {
  return new Option("--task <task>", "what the predictions are of; it decides the metrics").choices([
    ...tasks,
  ]);
}

/** Adds to what was given before. */
export function repeat(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

const WRITERS: Record<string, (report: Report | Report[]) => string> = {
  ".html": (report) => htmlPage(report),
  ".htm": (report) => htmlPage(report),
  ".md": (report) => [report].flat().map((one) => markdownPage(one)).join("\n\n"),
  ".json": (report) =>
    `${JSON.stringify(Array.isArray(report) && report.length === 1 ? report[0] : report, null, 1)}\n`,
};

/** Adds the path of a report to those before, by how its name ends. */
export function reportFile(path: string, before: readonly string[]): string[] {
  if (!WRITERS[extname(path).toLowerCase()]) {
    throw new InvalidArgumentError("A report is a .html, .md or .json file.");
  }
  return [...before, writtenFile(path)];
}

/**
 * Settings of a task's families: those that follow from a model's head, and above them those given, which are the head's, or the
 * only family's, where they name none.
 */
export function taskSettings(
  task: Task,
  { option, own = {} }: { readonly option: readonly string[]; readonly own?: TaskOptions["settings"] },
): TaskOptions["settings"] {
  const { choices } = strategies[task];
  const only = choices.length === 1 ? choices[0].family : undefined;
  return settingsOf(option, Object.keys(own)[0] ?? only, own);
}

/** Settings of metrics by family, above `own`; those without a family's name are `family`'s. */
export function settingsOf(
  options: readonly string[],
  family?: string,
  own: TaskOptions["settings"] = {},
): Record<string, Record<string, string>> {
  const settings: Record<string, Record<string, string>> = { ...own };
  for (const option of options) {
    const [, path, value] = option.match(/^([^=]+)=(.*)$/s) ?? [];
    const dot = path?.lastIndexOf(".") ?? -1;
    const owner = dot > 0 ? path.slice(0, dot) : family;
    if (!path || !owner) {
      throw new InputError(`"${option}" is no setting: write ${family ? "name=value" : "metric.name=value"}`);
    }
    settings[owner] = { ...settings[owner], [path.slice(dot + 1)]: value };
  }
  return settings;
}

/**
 * Checks what was asked for as far as that can be done before predictions are made: the metrics' settings, the columns to slice
 * by.
 *
 * @throws {EvaluationError} naming what is not there, and what is.
 */
export function checkAsked(
  task: Task,
  rows: readonly Pick<Pair, "record">[],
  { settings, slices = [], source }: Pick<TaskOptions, "settings" | "slices"> & { readonly source?: string },
): void {
  taskOptionValues(task, settings);
  for (const column of slices) {
    try {
      columnOf(rows, column);
    } catch (error) {
      if (source === undefined || !(error instanceof UserError)) throw error;
      throw new InputError(`${source}: ${error.message}`, { cause: error });
    }
  }
}

/** How intervals are made, as an evaluation takes it. */
export function intervalsOf(
  { resamples, confidence, seed }: IntervalFlags,
): Pick<TaskOptions, "resamples" | "confidence" | "seed"> {
  return { resamples, confidence, seed };
}

/** Reads a report that was written before. */
export async function readReport(path: string): Promise<Report> {
  const json = await readJson(path);
  try {
    return parseReport(json);
  } catch (error) {
    throw new InputError(`${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** Reads the gate and the champion's report before anything long begins. */
export async function readGate(
  { gate, champion }: ReportFlags,
): Promise<{ gate: Gate; champion?: Report } | undefined> {
  if (!gate) {
    if (champion) throw new InputError("--champion is for a gate: give --gate FILE, too");
    return undefined;
  }
  return {
    gate: parseGate(await readJson(gate)),
    ...(champion && { champion: await readReport(champion) }),
  };
}

/**
 * Shows a report, writes its files and decides its gate.
 *
 * @throws {UnmetError} when the gate is not passed, after everything was written.
 */
export async function finishReport(
  report: Report,
  output: Output,
  flags: ReportFlags & { held?: { gate: Gate; champion?: Report } },
): Promise<void> {
  const { held, out } = flags;
  const gate = held && decideGate(held.gate, report, held.champion);
  const whole: Report = gate ? { ...report, sections: [gate, ...report.sections] } : report;
  // What took long is shown first: a file may not be writable.
  output.result(whole, terminalPage(whole));
  await writeReports(whole, out, output);
  if (flags.svg !== undefined) await svgFolder(whole, flags.svg, output);
  checkGates([whole]);
}

/** Writes reports to files, by how their names end. */
export async function writeReports(
  report: Report | Report[],
  out: readonly string[],
  output: Output,
): Promise<void> {
  for (const path of out) {
    try {
      await Deno.writeTextFile(path, WRITERS[extname(path).toLowerCase()](report));
    } catch (error) {
      throw new InputError(`Cannot write the report ${path}: ${(error as Error).message}`, { cause: error });
    }
    output.progress(`wrote ${path}`);
  }
}

/** Writes the pictures of a report into a folder, which is made where there is none. */
export async function svgFolder(report: Report, folder: string, output: Output): Promise<void> {
  const files = svgFiles(report);
  try {
    await Deno.mkdir(folder, { recursive: true });
    for (const { name, svg } of files) await Deno.writeTextFile(join(folder, name), svg);
  } catch (error) {
    throw new InputError(`Cannot write pictures into ${folder}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  output.progress(`wrote ${plural(files.length, "picture")} into ${folder}`);
}

/** @throws {UnmetError} naming the conditions that are not met. */
export function checkGates(reports: readonly Report[]): void {
  for (const { sections } of reports) {
    for (const section of sections) {
      if (section.kind !== "gate" || section.passed) continue;
      const unmet = section.conditions.filter(({ met }) => !met);
      throw new UnmetError(
        `the gate is not passed: ${unmet.length} of ${section.conditions.length} conditions unmet: ${
          unmet.map(({ text }) => text).join("; ")
        }`,
      );
    }
  }
}
