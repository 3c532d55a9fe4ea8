/**
 * `weir drift --reference FILE --current FILE`: whether the rows of one table are still like those of another.
 *
 * @module
 */
import { plural } from "../base/format.ts";
import { show } from "../base/text.ts";
import {
  BaselineBuilder,
  columnKinds,
  DriftError,
  DriftMonitor,
  type DriftSnapshot,
  type Feature,
  type MonitorOptions,
  type ObservedRow,
  type Season,
  tableFeatures,
  type WindowReport,
} from "../drift/mod.ts";
import type { ReadOptions } from "../data/reading/options.ts";
import type { PlacedRecord } from "../data/example.ts";
import { readRecords } from "../data/records.ts";
import { InputError, type Output } from "./output.ts";

/** The state after the last row, and all windows before. */
export interface TablesDrift {
  readonly snapshot: DriftSnapshot;
  readonly windows: readonly WindowReport[];
}

/** Rows that a column's kind is found out from. */
const SAMPLE = 10_000;
const WINDOW = 1000;

/**
 * Compares two tables by the columns that both have. Both are streamed; rows of the second are taken as they come, so that a
 * file in order of time shows when a change began.
 *
 * @throws {InputError} where they have no column in common, or hold too few rows.
 */
export async function compareTables(
  reference: string,
  current: string,
  { reading, watching, timeColumn, season, output }: {
    readonly reading: ReadOptions;
    readonly watching: Pick<MonitorOptions, "windowSize" | "windowMs" | "policy">;
    /** A column with the time of each row; without it rows have their number for a time. */
    readonly timeColumn?: string;
    /** What repeats with that time. */
    readonly season?: Season;
    readonly output: Pick<Output, "progress">;
  },
): Promise<TablesDrift> {
  const timeOf = ({ record, where }: PlacedRecord): number | undefined =>
    timeColumn === undefined ? undefined : readTime(record[timeColumn], { where, column: timeColumn });
  const { columns, features, builder } = await readReference(reference, {
    reading,
    timeColumn,
    season,
    timeOf,
  });
  const monitor = monitorOf(features, builder, { windowSize: WINDOW, ...watching }, reference);
  const windows: WindowReport[] = [], seen = new Set<string>();
  let atMs = -1;
  for await (const row of readRecords(current, reading)) {
    const { record, where } = row;
    for (const name of Object.keys(record)) if (name !== timeColumn) seen.add(name);
    const time = timeOf(row) ?? atMs + 1;
    if (time < atMs) {
      throw new InputError(`${where}: rows are not in order of ${timeColumn}: sort the file by it first`);
    }
    atMs = time;
    const report = monitor.observe(record, atMs);
    if (report !== undefined) windows.push(report);
  }
  const last = monitor.close(atMs);
  if (last !== undefined) windows.push(last);
  const names = columns.map(({ name }) => name);
  if (!names.some((name) => seen.has(name))) {
    throw new InputError(
      `${current} has none of the columns of ${reference}: ${names.slice(0, 12).join(", ")}; it has ${
        [...seen].slice(0, 12).join(", ")
      }`,
    );
  }
  const added = [...seen].filter((name) => !names.includes(name));
  if (added.length > 0) {
    output.progress(
      `${plural(added.length, "column")} of ${current} is not in the reference: ${
        added.slice(0, 12).join(", ")
      }`,
    );
  }
  for (const note of monitor.notes) output.progress(note);
  return { snapshot: monitor.snapshot(), windows };
}

async function readReference(
  source: string,
  { reading, timeColumn, season, timeOf }: {
    readonly reading: ReadOptions;
    readonly timeColumn?: string;
    readonly season?: Season;
    timeOf(row: PlacedRecord): number | undefined;
  },
) {
  const rows = readRecords(source, reading), sample: PlacedRecord[] = [];
  try {
    for (let next = await rows.next(); !next.done; next = await rows.next()) {
      sample.push(next.value);
      if (sample.length === SAMPLE) break;
    }
    const columns = columnKinds(sample.map(({ record }) => record)).filter(({ name }) => name !== timeColumn);
    const features = tableFeatures(columns);
    const builder = new BaselineBuilder(features.map(lenient), { season });
    for (const row of sample) builder.observe(row.record, timeOf(row));
    for await (const row of rows) builder.observe(row.record, timeOf(row));
    return { columns, features, builder };
  } finally {
    await rows.return(undefined);
  }
}

function monitorOf(
  features: readonly Feature<ObservedRow>[],
  builder: BaselineBuilder<ObservedRow>,
  options: MonitorOptions,
  reference: string,
): DriftMonitor<ObservedRow> {
  try {
    return new DriftMonitor(features, builder.build(), options);
  } catch (error) {
    if (!(error instanceof DriftError)) throw error;
    throw new InputError(`${reference}: ${error.message}`, { cause: error });
  }
}

/** A time of ISO 8601, or seconds or milliseconds since 1970. */
function readTime(value: unknown, { where, column }: { where: string; column: string }): number {
  const number = typeof value === "number" || typeof value === "string" && /^\d+(\.\d+)?$/.test(value.trim())
    ? Number(value)
    : undefined;
  const ms = number === undefined ? Date.parse(String(value)) : number < 1e11 ? number * 1000 : number;
  if (Number.isFinite(ms) && value !== null && value !== "") return ms;
  throw new InputError(
    `${where}: column ${show(column)} is ${
      value === undefined ? "missing" : show(value)
    }; a time was expected, such as 2026-03-02T14:05:00Z`,
  );
}

/** The reference has what it has: a value that cannot be used is a value that is missing there. */
function lenient(feature: Feature<ObservedRow>): Feature<ObservedRow> {
  return { ...feature, read: (row: ObservedRow) => feature.read(row) ?? undefined } as Feature<ObservedRow>;
}
