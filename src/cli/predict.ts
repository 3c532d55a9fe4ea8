/**
 * `weir predict`: what a registered model answers to texts.
 *
 * @module
 */
import type { Command } from "commander";
import { shorten } from "../base/text.ts";
import { readLines } from "../data/lines.ts";
import type { DeviceChoice } from "./device.ts";
import { answerAll, openModel } from "./model.ts";
import { type CommonOptions, deviceOption, newCommand } from "./options.ts";
import { processOutput, UsageError } from "./output.ts";

interface Options extends CommonOptions {
  readonly model: string;
  readonly device: DeviceChoice;
  readonly file?: string;
}

/** Adds the command. */
export function predictCommand(program: Command): Command {
  const command = newCommand(
    "predict",
    "answer texts with a registered model: labels, numbers, entities, vectors, as its task is",
    [
      'predict --model spam "You have won a prize"',
      "predict --model spam@1.0.0 --file messages.txt --json",
    ],
  )
    .argument("[texts...]", "the texts, each one argument")
    .requiredOption("--model <model>", "name[@version|@alias], or a bundle's folder")
    .option("--file <file>", "a file with one text a line")
    .addOption(deviceOption())
    .action(predict);
  program.addCommand(command);
  return command;
}

async function predict(given: string[], options: Options): Promise<void> {
  const output = processOutput({ json: options.json ?? false });
  const texts = [...given];
  if (options.file) { for await (const line of readLines(options.file)) texts.push(line.text); }
  if (texts.length === 0) throw new UsageError("no text to predict: give texts as arguments, or --file");
  const service = await openModel(options.model, options, { warmUpMs: 0 });
  try {
    const answers = await answerAll(service, texts);
    const { manifest, device } = service.info();
    output.result(
      {
        model: manifest.name,
        version: manifest.version,
        task: manifest.task,
        device,
        predictions: texts.map((text, i) => ({ text, answer: answers[i] })),
      },
      texts.map((text, i) => `${service.task.describe(answers[i])}  ${excerpt(text)}`).join("\n"),
    );
  } finally {
    await service.close();
  }
}

function excerpt(text: string): string {
  return shorten(text.replace(/\s+/g, " ").trim(), 80);
}
