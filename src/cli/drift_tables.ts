/**
 * `weir drift --reference FILE --current FILE`: whether the rows of one table are still like those of another.
 *
 * @module
 */
import { plural } from "../base/format.ts";
import {
  BaselineBuilder,
  columnKinds,
  DriftError,
  DriftMonitor,
  type DriftSnapshot,
  type Feature,
  type MonitorOptions,
  type ObservedRow,
  tableFeatures,
  type WindowReport,
} from "../drift/mod.ts";
import type { ReadOptions } from "../data/reading/options.ts";
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
  { reading, watching, output }: {
    readonly reading: ReadOptions;
    readonly watching: Pick<MonitorOptions, "windowSize" | "windowMs" | "policy">;
    readonly output: Pick<Output, "progress">;
  },
): Promise<TablesDrift> {
  const sample: ObservedRow[] = [];
  const before = readRecords(reference, reading);
  for (let next = await before.next(); !next.done; next = await before.next()) {
    sample.push(next.value.record);
    if (sample.length === SAMPLE) break;
  }
  const columns = columnKinds(sample), features = tableFeatures(columns);
  const builder = new BaselineBuilder(features.map(lenient));
  for (const row of sample) builder.observe(row);
  for await (const { record } of before) builder.observe(record);
  const monitor = monitorOf(features, builder, { windowSize: WINDOW, ...watching }, reference);
  const windows: WindowReport[] = [], seen = new Set<string>();
  let rows = 0;
  for await (const { record } of readRecords(current, reading)) {
    for (const name of Object.keys(record)) seen.add(name);
    const report = monitor.observe(record, rows++);
    if (report !== undefined) windows.push(report);
  }
  const last = monitor.close(rows);
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

/** The reference has what it has: a value that cannot be used is a value that is missing there. */
function lenient(feature: Feature<ObservedRow>): Feature<ObservedRow> {
  return { ...feature, read: (row: ObservedRow) => feature.read(row) ?? undefined } as Feature<ObservedRow>;
}
