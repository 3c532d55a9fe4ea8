/**
 * `weir data`: what is done with data sets themselves.
 *
 * @module
 */
import { Command } from "commander";
import { commands } from "./commands.ts";
import { dataCheckCommand } from "./data_check.ts";
import { dataCleanCommand } from "./data_clean.ts";

/** Adds the command. */
export function dataCommand(program: Command): Command {
  const command = new Command("data").description(commands.data.description).addHelpText(
    "after",
    "\nExamples:\n  weir data check tickets.csv\n  weir data clean tickets.csv --clean strip-html --out clean.jsonl",
  );
  dataCheckCommand(command);
  dataCleanCommand(command);
  program.addCommand(command);
  return command;
}
