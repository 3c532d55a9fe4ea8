/**
 * What the commands' options have in common, and how their values are read.
 *
 * @module
 */
import { Command, InvalidArgumentError, Option } from "commander";
import { resolve } from "node:path";
import { checkAlias, checkName } from "../registry/names.ts";
import { deviceNames } from "./device.ts";
import { UsageError } from "./output.ts";

/** Options that every command has. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly home: string;
}

/** A command with `--json` and `--home`, whose help ends with the examples. */
export function newCommand(name: string, summary: string, examples: readonly string[] = []): Command {
  const command = new Command(name);
  if (examples.length > 0) {
    command.addHelpText("after", `\nExamples:\n${examples.map((line) => `  weir ${line}`).join("\n")}`);
  }
  return command
    .description(summary)
    .option("--json", "print one JSON object on standard output")
    .addOption(
      new Option("--home <folder>", "where models, runs and the database live").env("WEIR_HOME").default(
        ".weir",
      ),
    );
}

/** `--device`. */
export function deviceOption(): Option {
  return new Option("--device <device>", "where to run").choices(deviceNames).default("auto");
}

/** What a bundle's products are done in. */
export type RunPrecision = "f32" | "int8";

/** The option `--precision` of commands that judge a bundle. */
export function precisionOption(
  about = "int8: products in 8 bits, weights by channel, activations by token",
): Option {
  return new Option("--precision <type>", about).choices(["f32", "int8"]).default("f32");
}

/** Reads a whole number within bounds. */
export function integer(bounds: { min: number; max: number }): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^[+-]?\d+$/.test(text) || value < bounds.min || value > bounds.max) {
      throw new InvalidArgumentError(`It must be a whole number from ${bounds.min} to ${bounds.max}.`);
    }
    return value;
  };
}

/** Reads a number within bounds. */
export function decimal(bounds: { min: number; max: number }): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !(value >= bounds.min && value <= bounds.max)) {
      throw new InvalidArgumentError(`It must be a number from ${bounds.min} to ${bounds.max}.`);
    }
    return value;
  };
}

/** Reads the name of a data set: a file, a folder, `-` for standard input, or `spam`. What it holds is seen when it is read. */
export function dataSource(text: string): string {
  if (text.trim() === "") throw new InvalidArgumentError("It must name a file, a folder, - or spam.");
  return text;
}

/** Reads the name of a model that is to be registered. */
export function modelName(text: string): string {
  try {
    return checkName("model", text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

/** Reads an alias, and adds it to those given before. */
export function aliasNames(text: string, before: readonly string[] = []): string[] {
  try {
    return [...before, checkAlias(text)];
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

/**
 * Reads `name=value`, and adds it to those given before; a value that is JSON is that, any other a text.
 *
 * @example
 * ```ts
 * import { headSettings } from "./options.ts";
 * import assert from "node:assert/strict";
 * assert.deepEqual(headSettings("normalize=false", headSettings("pooling=cls")), { pooling: "cls", normalize: false });
 * ```
 */
export function headSettings(
  text: string,
  before: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const [, name, value] = /^([A-Za-z]\w*)=(.*)$/s.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError("It must be name=value.");
  try {
    return { ...before, [name]: JSON.parse(value) };
  } catch {
    return { ...before, [name]: value };
  }
}

/** A model reference: `name`, `name@version` or `name@alias`. */
export interface ModelReference {
  readonly name: string;
  readonly reference?: string;
}

/**
 * Splits `name@reference`.
 *
 * @example
 * ```ts
 * import { parseModel } from "./options.ts";
 * import assert from "node:assert/strict";
 * assert.deepEqual(parseModel("spam@champion"), { name: "spam", reference: "champion" });
 * assert.deepEqual(parseModel("spam"), { name: "spam", reference: undefined });
 * ```
 */
export function parseModel(text: string): ModelReference {
  const [name, reference, ...rest] = text.split("@");
  if (!name || reference === "" || rest.length > 0) {
    throw new UsageError(`"${text}" names no model: write name, name@version or name@alias`);
  }
  return { name, reference };
}

/** The home folder as an absolute path. */
export function homeOf(options: CommonOptions): string {
  return resolve(options.home);
}
