/**
 * Reading the examples a command names.
 *
 * @module
 */
import type { Command } from "commander";
import { readCsv } from "../data/csv.ts";
import type { TextExample } from "../data/example.ts";
import { readJsonl } from "../data/jsonl.ts";
import { readSpam } from "../data/spam.ts";
import { UsageError } from "./output.ts";

/** Where a file keeps its parts. */
export interface DataOptions {
  readonly textColumn: string;
  /** null: labels are not read. */
  readonly labelColumn: string | null;
}

/** Adds `--text-column` and `--label-column`. */
export function withDataOptions(command: Command): Command {
  return withTextOption(command).option("--label-column <name>", "column of the label", "label");
}

/** Adds `--text-column`, for data whose labels nobody needs. */
export function withTextOption(command: Command): Command {
  return command.option("--text-column <name>", "column of the text", "text");
}

/**
 * Reads a data set: a `.jsonl`, `.csv` or `.tsv` file, or `spam` for the mails of SpamAssassin's corpus.
 *
 * @throws {DataError} naming the file and line that cannot be read, or an unknown label.
 */
export async function loadExamples(
  source: string,
  options: DataOptions,
  labels?: readonly string[],
): Promise<TextExample[]> {
  if (source === "spam") return readSpam();
  const columns = { textColumn: options.textColumn, labelColumn: options.labelColumn, labels };
  const lower = source.toLowerCase();
  if (/\.(jsonl|ndjson)$/.test(lower)) return await Array.fromAsync(readJsonl(source, columns));
  if (/\.(csv|tsv)$/.test(lower)) return await Array.fromAsync(readCsv(source, columns));
  throw new UsageError(`cannot tell what "${source}" is: name a .jsonl, .csv or .tsv file, or spam`);
}

/** Reads the texts of a data set whose labels nobody needs. */
export async function loadTexts(
  source: string,
  options: Pick<DataOptions, "textColumn">,
): Promise<string[]> {
  const examples = await loadExamples(source, { ...options, labelColumn: null });
  return examples.map((e) => e.text);
}
