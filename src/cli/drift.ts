/**
 * `weir drift`: whether the texts of a file are still what a model was made for.
 *
 * @module
 */
import { type Command, Option } from "commander";
import { basename } from "node:path";
import { writeFileAtomic } from "../base/files.ts";
import { plural } from "../base/format.ts";
import type { DriftSnapshot, Season, WindowReport } from "../drift/mod.ts";
import { monitorOf } from "../serve/monitor.ts";
import { commands } from "./commands.ts";
import type { DeviceChoice } from "./device.ts";
import { type MonitorFlags, monitorOptionsOf, withMonitorOptions } from "./drift_policy.ts";
import { readQueries } from "../lifecycle/queries.ts";
import { type DataOptions, readingFor, withTextOptions } from "./data.ts";
import { answerAll, openModel } from "./model.ts";
import { type CommonOptions, dataSource, deviceOption, newCommand } from "./options.ts";
import { compareTables } from "./drift_tables.ts";
import { InputError, type Output, processOutput, readingInput, UsageError } from "./output.ts";
import { type DriftPage, driftPage } from "../report/drift.ts";
import { readingOf } from "./reading.ts";
import { refuseOverwriting, writtenFile } from "./written.ts";

interface Options extends CommonOptions, DataOptions, MonitorFlags {
  readonly model?: string;
  readonly data?: string;
  readonly reference?: string;
  readonly current?: string;
  readonly out?: string;
  readonly timeColumn?: string;
  readonly season?: Season;
  readonly device: DeviceChoice;
}

/** Adds the command. */
export function driftCommand(program: Command): Command {
  const command = withMonitorOptions(withTextOptions(
    newCommand(
      "drift",
      commands.drift.description,
      [
        "drift --model spam --data last_week.jsonl",
        "drift --model spam --data inbox.csv --text-column body --json   # .alarm is true or false",
        "drift --reference january.parquet --current february.csv --window 500",
      ],
    ),
  ))
    .option("--model <model>", "name[@version|@alias], or a bundle's folder")
    .option("--data <file>", "data as weir train reads them (labels are not needed)", dataSource)
    .option("--reference <file>", "instead of a model: a table that --current is compared with", dataSource)
    .option("--current <file>", "rows in the order in which they came", dataSource)
    .option("--time-column <name>", "with --current: the time of each row, which says since when")
    .addOption(
      new Option("--season <season>", "what repeats with that time, and is no drift")
        .choices(["hour-of-day", "day-of-week", "hour-of-week"]),
    )
    .option("--out <file>", "also write an HTML page", writtenFile)
    .addOption(deviceOption())
    .action(drift);
  program.addCommand(command);
  return command;
}

async function drift(options: Options): Promise<void> {
  const output = processOutput({ json: options.json ?? false });
  const { model, data, reference, current } = options;
  await refuseOverwriting([data, reference, current], [options.out]);
  const { timeColumn, season } = options;
  if (season !== undefined && timeColumn === undefined) throw new UsageError("--season needs --time-column");
  if (timeColumn !== undefined && current === undefined) {
    throw new UsageError("--time-column is for --current");
  }
  if (reference !== undefined && current !== undefined && model === undefined && data === undefined) {
    return await driftOfTables(reference, current, options, output);
  }
  if (model === undefined || data === undefined || reference !== undefined || current !== undefined) {
    throw new UsageError("give --model and --data, or --reference and --current");
  }
  const service = await openModel(model, options, { warmUpMs: 0 });
  const { manifest } = service.info();
  const windows: WindowReport[] = [];
  let snapshot: DriftSnapshot;
  try {
    const { task } = service;
    const reading = readingOf(options, output);
    const queries = await readingFor(
      { manifest, task },
      options,
      (columns) => readQueries(data, task, { columns, reading }),
    );
    const monitor = monitorOf(service, monitorOptionsOf(options));
    if (!monitor) {
      throw new InputError(
        `${options.model} has no baseline.json to compare with: train it with weir train on more examples, ` +
          "or import it with --data",
      );
    }
    for (const note of monitor.notes) output.progress(note);
    let atMs = 0;
    service.onObservation((observation) => {
      const report = monitor.observe(observation, atMs++);
      if (report) windows.push(report);
    });
    await answerAll(service, queries);
    await service.close();
    const last = monitor.close(atMs);
    if (last) windows.push(last);
    snapshot = monitor.snapshot();
  } finally {
    await service.close();
  }
  await writePage(options.out, {
    reference: `${manifest.name} ${manifest.version}`,
    current: basename(data),
    snapshot,
    windows,
  });
  output.result(
    {
      model: manifest.name,
      version: manifest.version,
      alarm: snapshot.alarm,
      alarmFeatures: snapshot.alarmFeatures,
      windows,
    },
    formatDrift(snapshot, windows),
  );
}

async function writePage(path: string | undefined, page: Omit<DriftPage, "createdAt">): Promise<void> {
  if (path === undefined) return;
  await writeFileAtomic(path, driftPage({ ...page, createdAt: new Date().toISOString() }));
}

async function driftOfTables(
  reference: string,
  current: string,
  options: Options,
  output: Output,
): Promise<void> {
  await readingInput(async () => {
    const { snapshot, windows } = await compareTables(reference, current, {
      reading: readingOf(options, output),
      watching: monitorOptionsOf(options),
      timeColumn: options.timeColumn,
      season: options.season,
      output,
    });
    const { alarm, alarmFeatures } = snapshot;
    await writePage(options.out, {
      reference: basename(reference),
      current: basename(current),
      snapshot,
      windows,
    });
    output.result(
      { reference, current, alarm, alarmFeatures, windows },
      formatDrift(snapshot, windows, "row"),
    );
  });
}

/** A table of the last window's features under a line that says whether there is an alarm. */
export function formatDrift(
  snapshot: DriftSnapshot,
  windows: readonly WindowReport[],
  noun = "text",
): string {
  const last = windows.at(-1);
  if (!last) return `no ${noun}s: nothing to compare`;
  const head = snapshot.alarm ? `ALARM: ${snapshot.alarmFeatures.join(", ")}` : "no alarm";
  const rows = last.features.map(({ title, n, effect, pValue, drifted, alarm, notice, change }) =>
    [
      title.padEnd(30),
      n === 0
        ? "missing from this window"
        : `${effect.name} ${effect.value.toFixed(3)} of ${effect.threshold.toFixed(3)}`.padEnd(34),
      n === 0 ? "" : `p ${pValue.toExponential(1)}`.padEnd(11),
      alarm ? notice ? "notice" : "ALARM" : drifted ? "drifted" : "",
      alarm && change ? `${change.text}${sinceOf(change.sinceMs)}` : "",
    ].join("  ").trimEnd()
  );
  const drifted = windows.filter((w) => w.features.some((f) => f.drifted)).length;
  return [
    `${head} (${plural(windows.length, "window")} of up to ${
      plural(snapshot.windowSize, noun)
    }, ${drifted} with a drifted feature; false alarms to expect: 1 in ${
      plural(snapshot.policy.windowsPerFalseAlarm, "window")
    })`,
    ...rows,
  ].join("\n");
}

/** When a change began, where rows have times: less than a year after 1970 they are numbers of rows. */
function sinceOf(sinceMs: number): string {
  const isTime = sinceMs > 366 * 24 * 3_600_000;
  return isTime ? `, since ${new Date(sinceMs).toISOString().slice(0, 16).replace("T", " ")}` : "";
}
