/**
 * `weir predict`: what a registered model answers to texts.
 *
 * @module
 */
import { type Command, Option } from "commander";
import { plural } from "../base/format.ts";
import { oneLine, shorten } from "../base/text.ts";
import { readLines } from "../data/lines.ts";
import { formatOfName } from "../data/reading/format.ts";
import type { PredictService } from "../serve/service.ts";
import type { TextQuery } from "../tasks/task.ts";
import { textsOf } from "../tasks/text_input.ts";
import { commands } from "./commands.ts";
import { type DataOptions, withTextOptions } from "./data.ts";
import type { DeviceChoice } from "./device.ts";
import { answerAll, openModel } from "./model.ts";
import { type CommonOptions, deviceOption, newCommand } from "./options.ts";
import { InputError, processOutput, readingInput, UsageError } from "./output.ts";
import { answerFile, formatOf } from "./prediction/file.ts";
import { type Format, FORMATS } from "./prediction/table.ts";
import { readingOf } from "./reading.ts";
import { refuseOverwriting, writtenFile } from "./written.ts";

interface Options extends CommonOptions, Omit<DataOptions, "labelColumn"> {
  readonly model: string;
  readonly device: DeviceChoice;
  readonly file?: string;
  readonly pairs?: boolean;
  readonly out?: string;
  readonly outFormat?: Format;
  readonly prefix?: string;
  readonly escapeFormulas: boolean;
}

/** Adds the command. */
export function predictCommand(program: Command): Command {
  const command = withTextOptions(newCommand(
    "predict",
    commands.predict.description,
    [
      'predict --model spam "You have won a prize"',
      "predict --model spam@1.0.0 --file messages.txt --json",
      'predict --model translates "Good morning" "Buongiorno"',
      "predict --model spam --file mails.csv --out answered.csv   # its columns, the label, each label's probability",
    ],
  ))
    .argument("[texts...]", "the texts, each one argument")
    .requiredOption("--model <model>", "name[@version|@alias], or a bundle's folder")
    .option(
      "--file <file>",
      "a .txt file with one text a line, or data with columns, as weir train reads them; - for standard input",
    )
    .option(
      "--out <file>",
      "where the rows of data with columns go: .jsonl or .csv (default: standard output)",
      writtenFile,
    )
    .addOption(
      new Option("--out-format <format>", "of those rows (default: as --out is called, else jsonl)").choices(
        FORMATS,
      ),
    )
    .option("--prefix <text>", "before the names of the columns that are added")
    .option(
      "--no-escape-formulas",
      "in CSV, leave texts that begin with = + - @ as they are: spreadsheets would run them",
    )
    .option(
      "--pairs",
      "two texts after each other are read together; in a file, with a tab between (default: as it was trained)",
    )
    .addOption(deviceOption())
    .action(predict);
  program.addCommand(command);
  return command;
}

async function predict(given: string[], options: Options): Promise<void> {
  const output = processOutput({ json: options.json ?? false });
  if (options.file !== undefined && await hasColumns(options.file, options)) {
    return await predictRecords(given, options.file, options);
  }
  for (const name of ["out", "outFormat", "prefix", "textColumn", "pairColumn"] as const) {
    if (options[name] !== undefined) {
      throw new UsageError(
        `--${
          name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)
        } is for data with columns: give --file FILE.jsonl or .csv`,
      );
    }
  }
  const lines = options.file ? await Array.fromAsync(readLines(options.file)) : [];
  if (given.length + lines.length === 0) {
    throw new UsageError("no text to predict: give texts as arguments, or --file");
  }
  const service = await openModel(options.model, options, { warmUpMs: 0 });
  try {
    const queries = readsPairs(service, options)
      ? [...pairsOf(given), ...lines.map((line) => pairOf(line, options.file!))]
      : [...given, ...lines.map(({ text }) => text)];
    const empty = queries.filter((query) => textsOf(query).every((text) => text.trim() === "")).length;
    if (empty > 0) output.progress(`${plural(empty, "text")} without a word: such an answer says nothing`);
    const answers = await answerAll(service, queries);
    const { manifest, device } = service.info();
    output.result(
      {
        model: manifest.name,
        version: manifest.version,
        task: manifest.task,
        device,
        predictions: queries.map((text, i) => ({ text, answer: answers[i] })),
      },
      queries.map((query, i) =>
        `${oneLine(service.task.describe(answers[i]))}  ${excerpt(textsOf(query).join(" | "))}`
      ).join("\n"),
    );
  } finally {
    await service.close();
  }
}

/** Whether a source has rows with columns, and not a text a line, as files do that are called otherwise. */
async function hasColumns(file: string, { format }: Options): Promise<boolean> {
  if (format !== undefined || file === "-" || file === "spam" || formatOfName(file) !== undefined) {
    return true;
  }
  return await Deno.stat(file).then(({ isDirectory }) => isDirectory, () => false);
}

/** Answers the rows of a file, as they come. */
async function predictRecords(given: readonly string[], file: string, options: Options): Promise<void> {
  const output = processOutput({ json: options.json ?? false });
  const { out, outFormat, prefix, textColumn, pairColumn, escapeFormulas } = options;
  if (given.length > 0) throw new UsageError("give texts, or --file with rows, not both");
  if (out !== undefined && !outFormat && !formatOf(out)) {
    throw new UsageError(`--out ${out}: name a .jsonl or .csv file, or give --out-format`);
  }
  await refuseOverwriting([file], [out]);
  if (options.pairs) throw new UsageError("--pairs is for texts; rows name theirs with --pair-column");
  await readingInput(async () => {
    const service = await openModel(options.model, options, { warmUpMs: 0 });
    try {
      const { pairColumn: known } = service.info().manifest;
      if (pairColumn !== undefined && known === null && service.task.queriesPerRow === 1) {
        throw new UsageError(`--pair-column ${pairColumn}: the model reads one text`);
      }
      const columns = { text: textColumn, pair: pairColumn ?? known ?? undefined };
      const reading = readingOf(options, output);
      const own = { columns, reading, out, format: outFormat, prefix, plainText: !escapeFormulas, output };
      const rows = await answerFile(service, file, own);
      if (out !== undefined) {
        const { name, version } = service.info().manifest;
        output.result({ model: name, version, rows, out }, `${plural(rows, "row")} answered in ${out}`);
      }
    } finally {
      await service.close();
    }
  });
}

/** Whether texts are read two by two: as the model was trained, or as asked for where that is not known. */
function readsPairs(service: PredictService, { pairs }: Options): boolean {
  const { name, pairColumn } = service.info().manifest;
  if (pairs && pairColumn === null) throw new UsageError(`--pairs: ${name} reads one text`);
  return pairs ?? typeof pairColumn === "string";
}

/** Arguments two by two. */
function pairsOf(given: readonly string[]): TextQuery[] {
  if (given.length % 2 === 1) {
    throw new UsageError(
      `pairs are read out of two arguments each, and there are ${given.length}: the last has no second text`,
    );
  }
  return Array.from({ length: given.length / 2 }, (_, i): TextQuery => [given[2 * i], given[2 * i + 1]]);
}

/** A line of a file, cut at its tab. */
function pairOf(
  { text: line, number }: { readonly text: string; readonly number: number },
  file: string,
): TextQuery {
  const [text, pair, ...more] = line.split("\t");
  if (pair !== undefined && more.length === 0) return [text, pair];
  throw new InputError(`${file} line ${number}: two texts with one tab between were expected`);
}

function excerpt(text: string): string {
  return shorten(text.replace(/\s+/g, " ").trim(), 80);
}
