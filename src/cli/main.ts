/**
 * The command line: `weir <command>`. Exit code 0, 1 when a command failed, 2 when it was called wrongly.
 *
 * @module
 */
import { Command, CommanderError } from "commander";
import { demoCommand } from "./demo.ts";
import { doctorCommand } from "./doctor_command.ts";
import { driftCommand } from "./drift.ts";
import { evalCommand } from "./eval.ts";
import { exportCommand } from "./export.ts";
import { exitCodes, explain } from "./output.ts";
import { predictCommand } from "./predict.ts";
import { registryCommand } from "./registry.ts";
import { serveCommand } from "./serve.ts";
import { trainCommand } from "./train.ts";

/** Every command, each in a file of its own. */
const commands: readonly ((program: Command) => Command)[] = [
  trainCommand,
  predictCommand,
  evalCommand,
  exportCommand,
  serveCommand,
  driftCommand,
  registryCommand,
  demoCommand,
  doctorCommand,
];

/** Runs one command line and resolves with its exit code. Writes errors to standard error, one line each. */
export async function main(args: readonly string[]): Promise<number> {
  const program = new Command("weir")
    .description("Train, evaluate, version, serve and watch a small model in one Deno process.")
    .showHelpAfterError("(run with --help to see how)");
  for (const command of commands) strict(command(program));
  strict(program);
  try {
    await program.parseAsync(args, { from: "user" });
    return exitCodes.ok;
  } catch (error) {
    // Commander has said what was wrong, or shown the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    const { line, code } = explain(error);
    await Deno.stderr.write(new TextEncoder().encode(`${line}\n`));
    return code;
  }
}

/** Lets a command and those below it throw instead of ending the process. */
function strict(command: Command): void {
  command.exitOverride();
  command.commands.forEach(strict);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
