/**
 * The command line: `weir <command>`. Exit code 0, 1 when a command failed, 2 when it was called wrongly or with what cannot be
 * used. Results go to standard output, everything else to standard error.
 *
 * @module
 */
import { Command, CommanderError } from "commander";
import config from "../../deno.json" with { type: "json" };
import { oneLine } from "../base/text.ts";
import { compareCommand } from "./compare.ts";
import { dataCleanCommand } from "./data_clean.ts";
import { demoCommand } from "./demo.ts";
import { doctorCommand } from "./doctor_command.ts";
import { driftCommand } from "./drift.ts";
import { evalCommand } from "./eval.ts";
import { exportCommand } from "./export.ts";
import { importCommand } from "./import.ts";
import { exitCodes, explain, writeText } from "./output.ts";
import { predictCommand } from "./predict.ts";
import { registryCommand } from "./registry.ts";
import { reportCommand } from "./report.ts";
import { scoreCommand } from "./score.ts";
import { serveCommand } from "./serve.ts";
import { trainCommand } from "./train.ts";

/** Every command, each in a file of its own. */
const commands: readonly ((program: Command) => Command)[] = [
  trainCommand,
  predictCommand,
  evalCommand,
  scoreCommand,
  compareCommand,
  reportCommand,
  exportCommand,
  importCommand,
  serveCommand,
  driftCommand,
  dataCleanCommand,
  registryCommand,
  demoCommand,
  doctorCommand,
];

/** Runs one command line and resolves with its exit code. Writes an error to standard error, as one line. */
export async function main(args: readonly string[]): Promise<number> {
  const program = new Command("weir")
    .description("Train, evaluate, version, serve and watch a small model in one Deno process.")
    .version(config.version, "-V, --version", "print the version");
  for (const command of commands) command(program);
  prepare(program, "weir");
  try {
    await program.parseAsync(args, { from: "user" });
    return exitCodes.ok;
  } catch (error) {
    // Commander has printed what was wrong, or shown the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    const { line, code } = explain(error);
    writeText(Deno.stderr, `${line}\n`);
    return code;
  }
}

/** Lets a command and those below it throw instead of ending the process, and say in one line what was wrong. */
function prepare(command: Command, path: string): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => writeText(Deno.stdout, text),
    writeErr: (text) => writeText(Deno.stderr, text),
    outputError: (text, write) => {
      const what = oneLine(text).replace(/^error: /, "").replace(/\.$/, "");
      write(`weir: ${what}; ${path} --help says how\n`);
    },
  });
  for (const child of command.commands) prepare(child, `${path} ${child.name()}`);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
