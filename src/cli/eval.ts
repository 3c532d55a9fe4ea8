/**
 * `weir eval`: how good a registered model is on labelled data, with intervals.
 *
 * @module
 */
import type { Command } from "commander";
import { classificationReport } from "../evaluate/classification.ts";
import { formatReport } from "../evaluate/format.ts";
import { type DataOptions, loadExamples, withDataOptions } from "./data.ts";
import type { DeviceChoice } from "./device.ts";
import { openModel, predictAll } from "./model.ts";
import { type CommonOptions, deviceOption, newCommand } from "./options.ts";
import { CommandError, processOutput } from "./output.ts";

interface Options extends CommonOptions, DataOptions {
  readonly model: string;
  readonly data: string;
  readonly device: DeviceChoice;
}

/** Adds the command. */
export function evalCommand(program: Command): Command {
  const command = withDataOptions(
    newCommand("eval", "score a registered model on labelled data, with intervals", [
      "eval --model spam --data held_out.jsonl",
      "eval --model spam@challenger --data held_out.csv --label-column kind --json",
    ]),
  )
    .requiredOption("--model <model>", "name[@version|@alias], or a bundle's folder")
    .requiredOption("--data <file>", "a .jsonl, .csv or .tsv file, or spam")
    .addOption(deviceOption())
    .action(evaluate);
  program.addCommand(command);
  return command;
}

async function evaluate(options: Options): Promise<void> {
  const output = processOutput({ json: options.json ?? false });
  const service = await openModel(options.model, options, { warmUpMs: 0 });
  try {
    const { manifest, labels, device } = service.info();
    const examples = await loadExamples(options.data, options, labels);
    if (examples.length === 0) throw new CommandError(`${options.data}: no examples to score`);
    output.progress(`${manifest.name} ${manifest.version} on ${device}: ${examples.length} examples`);
    const predicted = new Int32Array(examples.length);
    await predictAll(service, examples.map((e) => e.text), (scores, i) => {
      predicted[i] = labels.indexOf(scores[0].label);
    });
    const report = classificationReport(examples.map((e) => labels.indexOf(e.label)), predicted, { labels });
    output.result(
      { model: manifest.name, version: manifest.version, device, ...report },
      formatReport(report),
    );
  } finally {
    await service.close();
  }
}
