/**
 * `weir export`: write a model's folder, with its ONNX file made anew from its weights.
 *
 * @module
 */
import type { Command } from "commander";
import { dirname, join, resolve } from "node:path";
import { openForReading } from "../base/files.ts";
import { formatBytes } from "../base/format.ts";
import { manifestLimits } from "../bundle/manifest.ts";
import { modelOnnx } from "../lifecycle/export.ts";
import { readPretrained, specOf } from "../lifecycle/pretrained.ts";
import { trainedTasks } from "../tasks/trained.ts";
import { commands } from "./commands.ts";
import { bundlePathOf } from "./model.ts";
import { type CommonOptions, newCommand } from "./options.ts";
import { InputError, processOutput } from "./output.ts";

interface Options extends CommonOptions {
  readonly model: string;
  readonly out: string;
  readonly force?: boolean;
}

/** Beside the weights and what describes a head, what Python's and JavaScript's transformers load. */
const companions = [
  "config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "model.safetensors",
  "README.md",
];

/** Adds the command. */
export function exportCommand(program: Command): Command {
  const command = newCommand(
    "export",
    commands.export.description,
    ["export --model spam --out ./spam-onnx", "export --model ./my-bert --out ./my-bert-onnx --force"],
  )
    .requiredOption(
      "--model <model>",
      "name[@version|@alias], or a folder with config.json and model.safetensors (./path)",
    )
    .requiredOption("--out <folder>", "where to write; it must be empty or not there")
    .option("--force", "write into a folder that holds files")
    .action(exportModel);
  program.addCommand(command);
  return command;
}

async function exportModel(options: Options): Promise<void> {
  const output = processOutput({ json: options.json ?? false });
  const source = await bundlePathOf(options.model, options);
  await Deno.mkdir(options.out, { recursive: true });
  const out = await Deno.realPath(options.out);
  if (!options.force && await isOccupied(out)) {
    throw new InputError(`${options.out} is not empty: choose another folder, or add --force`);
  }
  const pretrained = await readPretrained(source);
  const spec = await specOf(source, pretrained);
  const onnx = modelOnnx(spec, pretrained.tensors);
  await Deno.mkdir(join(out, "onnx"), { recursive: true });
  await Deno.writeFile(join(out, "onnx", "model.onnx"), onnx);
  const files = ["onnx/model.onnx"];
  for (const file of [...companions, ...trainedTasks[spec.task].headFiles ?? []]) {
    await Deno.mkdir(dirname(join(out, file)), { recursive: true });
    if (await copied(join(source, file), join(out, file))) files.push(file);
  }
  const cleaning = pretrained.manifest?.cleaning ?? [];
  if (cleaning.length > 0) {
    output.progress(
      `warning: texts must be cleaned before this model reads them, which only Weir's bundles do by themselves: ${
        cleaning.join(", ")
      }; README.md says so, too`,
    );
  }
  output.result(
    { model: options.model, out, files, onnxBytes: onnx.length, ...(cleaning.length > 0 && { cleaning }) },
    `${out}: ${files.join(", ")} (ONNX ${formatBytes(onnx.length)})`,
  );
}

async function isOccupied(folder: string): Promise<boolean> {
  for await (const _entry of Deno.readDir(folder)) return true;
  return false;
}

async function copied(from: string, to: string): Promise<boolean> {
  try {
    // A folder exported onto itself gets a new ONNX file, and keeps the rest.
    if (await Deno.realPath(from) === resolve(to)) return true;
    using source = await openForReading(from, { maxBytes: manifestLimits.fileBytes });
    await Deno.writeFile(to, source.readable);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
