/**
 * How a command's data are read: the options, and the lines that say what was guessed.
 *
 * @module
 */
import { type Command, InvalidArgumentError, Option } from "commander";
import { FORMATS, type Quote, type ReadOptions } from "../data/reading/options.ts";
import { integer } from "./options.ts";

/** What was said of a source; what was not is guessed. */
export interface ReadingFlags {
  readonly format?: ReadOptions["format"];
  readonly delimiter?: string;
  readonly quote?: Quote;
  readonly encoding?: string;
  readonly header?: boolean;
  readonly readSplit?: string;
  readonly skipLines?: number;
}

/** Adds `--format`, `--delimiter`, `--quote`, `--encoding`, `--header`, `--no-header`, `--skip-lines` and `--read-split`. */
export function withReadingOptions(command: Command): Command {
  return command
    .addOption(new Option("--format <format>", "what the data are (default: as they look)").choices(FORMATS))
    .option(
      "--delimiter <text>",
      'between two cells: ",", ";", tab, ... (default: as the data look)',
      delimiterOf,
    )
    .addOption(
      new Option("--quote <kind>", "around cells: double, single, or none where quotes are part of the text")
        .choices(["double", "single", "none"]).argParser(quoteOf),
    )
    .option("--encoding <name>", "of text, such as windows-1252 or shift_jis (default: as the data look)")
    .option("--header", "the first row names the columns")
    .option("--no-header", "it does not: the columns are called 1, 2, ...")
    .option(
      "--skip-lines <n>",
      "lines above the header, or above the first row (default: as the data look)",
      integer({ min: 0, max: 1000 }),
    )
    .option("--read-split <name>", "which split of a folder is read (default: train)");
}

/** The options as a reader takes them; what it guesses is told as progress. */
export function readingOf(
  { format, delimiter, quote, encoding, header, skipLines, readSplit: split }: ReadingFlags,
  output: { progress(line: string): void },
): ReadOptions {
  const told = new Set<string>();
  return {
    format,
    delimiter,
    quote,
    encoding,
    header,
    skipLines,
    split,
    // Data that are read twice, for other columns, are told of once.
    onGuess(line) {
      if (!told.has(line)) output.progress(line);
      told.add(line);
    },
  };
}

/** Names that shells make easier to write than the character. */
const delimiters: Readonly<Record<string, string>> = {
  tab: "\t",
  "\\t": "\t",
  comma: ",",
  semicolon: ";",
  pipe: "|",
  space: " ",
};

function delimiterOf(text: string): string {
  const delimiter = delimiters[text.toLowerCase()] ?? text;
  if (delimiter === "" || delimiter.length > 8 || /["'\r\n]/.test(delimiter)) {
    throw new InvalidArgumentError(
      "It must be one to eight characters, none of them a quote or a line end, or tab.",
    );
  }
  return delimiter;
}

function quoteOf(text: string): Quote {
  const quotes: Record<string, Quote> = { double: '"', single: "'", none: "none" };
  if (!Object.hasOwn(quotes, text)) {
    throw new InvalidArgumentError("Allowed choices are double, single, none.");
  }
  return quotes[text];
}
