/**
 * `weir doctor`: what this machine has, and what `--device auto` would take.
 *
 * @module
 */
import type { Command } from "commander";
import { commands } from "./commands.ts";
import { doctor, formatDoctor } from "./doctor.ts";
import { type CommonOptions, homeOf, newCommand } from "./options.ts";
import { processOutput } from "./output.ts";

/** Adds the command. */
export function doctorCommand(program: Command): Command {
  const command = newCommand("doctor", commands.doctor.description, [
    "doctor",
    "doctor --json",
  ])
    .action(async (options: CommonOptions) => {
      const report = await doctor({ home: homeOf(options) });
      processOutput({ json: options.json ?? false }).result(report, formatDoctor(report));
    });
  program.addCommand(command);
  return command;
}
