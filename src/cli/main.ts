/**
 * The command line: `weir <command>`. Exit code 0, 1 when a command failed, 2 when it was called wrongly or with what cannot be
 * used. Results go to standard output, everything else to standard error.
 *
 * @module
 */
import { Command, CommanderError, Help } from "commander";
import config from "../../deno.json" with { type: "json" };
import { oneLine, visible } from "../base/text.ts";
import { commands } from "./commands.ts";
import { exitCodes, explain, writeText } from "./output.ts";

/** Runs one command line and resolves with its exit code. Writes an error to standard error, as one line. */
export async function main(args: readonly string[]): Promise<number> {
  const program = new Command("weir")
    .description("Train, evaluate, version, serve and watch a small model in one Deno process.")
    .version(config.version, "-V, --version", "print the version");
  // What is not loaded has no arguments to show.
  const help = new Help();
  program.configureHelp({
    subcommandTerm: (command) => command.parent === program ? command.name() : help.subcommandTerm(command),
  });
  await addCommands(program, args);
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

/** Adds the commands: the one that is called, and of the others what a list of them shows. */
async function addCommands(program: Command, args: readonly string[]): Promise<void> {
  const called = args[0] === "help" ? args[1] : args[0];
  for (const [name, { file, description }] of Object.entries(commands)) {
    if (name !== called) program.command(name).description(description);
    else {
      // No literal: Deno reads what those name, and all that it imports, whenever it starts.
      const module = await import(new URL(file, import.meta.url).href);
      module[`${name}Command`](program);
    }
  }
}

/** Lets a command and those below it throw instead of ending the process, and say in one line what was wrong. */
function prepare(command: Command, path: string): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => writeText(Deno.stdout, text),
    writeErr: (text) => writeText(Deno.stderr, text),
    outputError: (text, write) => {
      const what = visible(oneLine(text)).replace(/^error: /, "").replace(/\.$/, "");
      write(`weir: ${what}; ${path} --help says how\n`);
    },
  });
  for (const child of command.commands) prepare(child, `${path} ${child.name()}`);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
