/**
 * `weir data clean`: the rows of a file after cleaning steps, and a picture of the labels before and after.
 *
 * @module
 */
import { type Command, InvalidArgumentError } from "commander";
import { basename, extname } from "node:path";
import { writeFileAtomic } from "../base/files.ts";
import { formatCount, plural } from "../base/format.ts";
import { firstLine, show } from "../base/text.ts";
import { labelBars } from "../data/clean/bars.ts";
import { type CleanedRows, cleanRows } from "../data/clean/clean.ts";
import type { CleanRow } from "../data/clean/row_steps.ts";
import { parseSteps } from "../data/clean/steps.ts";
import { writeRecords, writtenKinds } from "../data/clean/write.ts";
import type { DataError } from "../data/errors.ts";
import { type DataRecord, type PlacedRecord, readLabel, readText, unlessBlank } from "../data/example.ts";
import { matchColumns, type Role } from "../data/reading/columns.ts";
import { readRecords } from "../data/records.ts";
import { describeTrace } from "../lifecycle/clean.ts";
import { cleaningPage, type CleaningReport } from "../report/cleaning.ts";
import { columnsGiven, type DataOptions } from "./data.ts";
import { blankAdvice, type LabelledFlags, leftOut, withLabelled } from "./evaluation/labelled.ts";
import { type CommonOptions, dataSource, integer, newCommand } from "./options.ts";
import { InputError, processOutput, readingInput, UsageError } from "./output.ts";
import { readingOf, withReadingOptions } from "./reading.ts";
import { type CleanOptions, withCleanOptions } from "./training/clean.ts";
import { refuseOverwriting, writtenFile } from "./written.ts";

interface Options extends CommonOptions, DataOptions, CleanOptions, LabelledFlags {
  readonly out?: string;
  readonly report: readonly string[];
  readonly seed: number;
}

/** Adds the command. */
export function dataCleanCommand(data: Command): Command {
  const command = withLabelled(withReadingOptions(withCleanOptions(
    newCommand("clean", "clean the rows of a file, and show its labels before and after", [
      "data clean complaints.csv --clean strip-html,drop-empty,keep-labels=10 --out clean.jsonl --report clean.html",
      `data clean complaints.csv --label-column product --clean 'replace=X{2,}=> ,collapse-space' --clean sample=10000`,
    ]),
    { note: "weir train has the same, and stores those of texts in the bundle" },
  )))
    .argument("<file>", "data as weir train reads them, or spam", dataSource)
    .option("--text-column <name>", "column of the text (default: text, or the one with a usual name)")
    .option("--pair-column <name>", "column of a second text, which is cleaned, too")
    .option(
      "--label-column <name>",
      "column of the label (default: label or a usual name, where all rows have one)",
    )
    .option("--out <file>", `where to write the rows: ${writtenKinds.join(", ")}`, outFile)
    .option("--report <file>", "also write what happened: .html or .json; may be given again", reportFile, [])
    .option("--seed <n>", "of sample", integer({ min: 0, max: 2 ** 31 - 1 }), 0)
    .action(clean);
  data.addCommand(command);
  return command;
}

function outFile(path: string): string {
  if (writtenKinds.includes(extname(path).toLowerCase())) return writtenFile(path);
  throw new InvalidArgumentError(`Rows are written as ${writtenKinds.join(", ")}.`);
}

function reportFile(path: string, before: readonly string[]): string[] {
  if (/\.(html|json)$/i.test(path)) return [...before, writtenFile(path)];
  throw new InvalidArgumentError("What happened is written as .html or .json.");
}

async function clean(file: string, options: Options): Promise<void> {
  const output = processOutput({ json: options.json ?? false });
  if (options.clean === undefined) throw new UsageError("give --clean: the steps to apply");
  await refuseOverwriting([file], [options.out, ...options.report]);
  await readingInput(async () => {
    const reading = readingOf(options, output);
    const named = columnsGiven(options), wanted = { text: "text", label: "label", ...defined(named) };
    const placed = await Array.fromAsync(
      readRecords(file, { ...reading, columns: Object.values(wanted) }),
    );
    const roles = Object.keys(defined(named)) as Role[];
    const matched = matchColumns(placed.slice(0, 200).map(({ record }) => record), wanted, roles);
    for (const guess of matched.guesses) output.progress(`${file}: ${guess}`);
    const { text, pair, label } = { ...wanted, ...matched.columns };
    const columns = {
      texts: pair === undefined ? [text] : [text, pair],
      label: named.label ?? labelsIn(placed, label, options.clean!),
    };
    const { rows, leftOut } = rowsOf(placed, columns, options);
    if (leftOut !== undefined) output.progress(leftOut);
    if (columns.label === undefined) {
      const unlabelled = placed.filter(({ record }) => !isLabel(record[label])).length;
      if (unlabelled < placed.length) {
        output.progress(
          `labels are not shown: column ${show(label)} holds none in ${
            plural(unlabelled, "row")
          } of ${placed.length}; ` +
            `--skip-blank with --label-column ${label} leaves those out`,
        );
      }
    }
    const cleaned = cleanRows(rows, options.clean!, { seed: options.seed });
    const records = cleaned.rows.map((row) => recordOf(placed[row.index].record, row, columns));
    const report = reportOf(file, placed.length, cleaned);
    if (options.out !== undefined) await write(options.out, writeRecords(options.out, records));
    for (const path of options.report) {
      const page = /\.html$/i.test(path) ? cleaningPage(report) : `${JSON.stringify(report, null, 1)}\n`;
      await write(path, [new TextEncoder().encode(page)]);
    }
    for (const path of options.report) output.progress(`wrote ${path}`);
    output.result(
      { ...report, ...(options.out !== undefined && { out: options.out }) },
      textOf(report, cleaned, options),
    );
  });
}

/** The label's column, where every row has one, or a step needs one: a row that lacks it is then told of with its line. */
function labelsIn(
  placed: readonly PlacedRecord[],
  label: string,
  steps: readonly string[],
): string | undefined {
  if (placed.every(({ record }) => isLabel(record[label]))) return label;
  const isNeeded = parseSteps(steps).some((step) => step.kind === "rows" && step.needsLabels);
  return isNeeded && placed.some(({ record }) => isLabel(record[label])) ? label : undefined;
}

function isLabel(value: unknown): boolean {
  return ["string", "number", "boolean"].includes(typeof value) && String(value).trim() !== "";
}

/** Without the names that nobody gave. */
function defined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}

interface ColumnsOfFile {
  readonly texts: readonly string[];
  readonly label: string | undefined;
}

/** The rows to clean, and a sentence on those that `--skip-blank` left out. */
function rowsOf(
  placed: readonly PlacedRecord[],
  { texts, label }: ColumnsOfFile,
  { skipBlank }: LabelledFlags,
): { rows: CleanRow[]; leftOut?: string } {
  const blank: DataError[] = [];
  const onBlank = (error: DataError) => {
    if (!skipBlank) throw blankAdvice(error);
    blank.push(error);
  };
  const rows = placed.flatMap(({ record, where }, index): CleanRow[] => {
    const row = unlessBlank(() => ({
      texts: texts.map((column) => readText(record, where, column)),
      ...(label !== undefined && { label: readLabel(record, where, label) }),
      index,
    }), onBlank);
    return row ? [row] : [];
  });
  return { rows, ...(blank.length > 0 && { leftOut: leftOut(blank) }) };
}

/** The record with its cleaned texts and label; a label that no step changed stays the number that it may be. */
function recordOf(record: DataRecord, row: CleanRow, { texts, label }: ColumnsOfFile): DataRecord {
  const isOther = label !== undefined && String(record[label]) !== row.label;
  return {
    ...record,
    ...Object.fromEntries(texts.map((column, t) => [column, row.texts[t]])),
    ...(isOther && { [label]: row.label }),
  };
}

function reportOf(source: string, rowsBefore: number, { rows, trace, labels }: CleanedRows): CleaningReport {
  return {
    format: "weir-cleaning/1",
    source: basename(source),
    createdAt: new Date().toISOString(),
    ...{ rowsBefore, rowsAfter: rows.length, steps: trace, labels },
  };
}

function textOf(
  { rowsBefore, rowsAfter, labels }: CleaningReport,
  { trace }: CleanedRows,
  { out }: Options,
): string {
  return [
    trace.map(describeTrace).join("\n"),
    ...labels.length > 0 ? [labelBars(labels)] : [],
    `${formatCount(rowsAfter)} of ${plural(rowsBefore, "row")}${out === undefined ? "" : ` in ${out}`}`,
  ].join("\n\n");
}

async function write(path: string, parts: Iterable<Uint8Array>): Promise<void> {
  try {
    await writeFileAtomic(
      path,
      (async function* () {
        yield* parts;
      })(),
    );
  } catch (error) {
    throw new InputError(`Cannot write ${path}: ${firstLine(error)}`, { cause: error });
  }
}
