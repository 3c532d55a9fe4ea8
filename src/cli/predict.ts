/**
 * `weir predict`: what a registered model answers to texts.
 *
 * @module
 */
import type { Command } from "commander";
import { oneLine, shorten } from "../base/text.ts";
import { readLines } from "../data/lines.ts";
import type { PredictService } from "../serve/service.ts";
import type { TextQuery } from "../tasks/task.ts";
import { textsOf } from "../tasks/text_input.ts";
import type { DeviceChoice } from "./device.ts";
import { answerAll, openModel } from "./model.ts";
import { type CommonOptions, deviceOption, newCommand } from "./options.ts";
import { InputError, processOutput, UsageError } from "./output.ts";

interface Options extends CommonOptions {
  readonly model: string;
  readonly device: DeviceChoice;
  readonly file?: string;
  readonly pairs?: boolean;
}

/** Adds the command. */
export function predictCommand(program: Command): Command {
  const command = newCommand(
    "predict",
    "answer texts with a registered model: labels, numbers, entities, vectors, as its task is",
    [
      'predict --model spam "You have won a prize"',
      "predict --model spam@1.0.0 --file messages.txt --json",
      'predict --model translates "Good morning" "Buongiorno"',
    ],
  )
    .argument("[texts...]", "the texts, each one argument")
    .requiredOption("--model <model>", "name[@version|@alias], or a bundle's folder")
    .option("--file <file>", "a file with one text a line")
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
  const lines = options.file ? await Array.fromAsync(readLines(options.file)) : [];
  if (given.length + lines.length === 0) {
    throw new UsageError("no text to predict: give texts as arguments, or --file");
  }
  const service = await openModel(options.model, options, { warmUpMs: 0 });
  try {
    const queries = readsPairs(service, options)
      ? [...pairsOf(given), ...lines.map((line) => pairOf(line, options.file!))]
      : [...given, ...lines.map(({ text }) => text)];
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
