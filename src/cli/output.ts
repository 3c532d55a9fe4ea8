/**
 * What a command says and how it ends: results on standard output, progress on standard error, one line for an error.
 *
 * @module
 */

/** Exit codes: a command failed, or was called wrongly. */
export const exitCodes = { ok: 0, failed: 1, usage: 2 } as const;

/** The user called a command wrongly: exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly userFacing = true;
}

/** Something the user can mend: exit code 1 and the message alone. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly userFacing = true;
}

/** Where a command writes. */
export interface Output {
  /** Whether results are one JSON object instead of text. */
  readonly json: boolean;
  /** Whether standard error is a terminal, where a line may be drawn over. */
  readonly terminal: boolean;
  /** A line about what is going on, to standard error. */
  progress(line: string): void;
  /** Raw text to standard error, for progress bars. */
  draw(text: string): void;
  /** The command's result: the object with `--json`, else the text. */
  result(value: unknown, text: string): void;
}

const encoder = new TextEncoder();

/** Writes to this process's standard streams. */
export function processOutput(options: { json: boolean }): Output {
  const write = (stream: { writeSync(bytes: Uint8Array): number }, text: string) => {
    let bytes = encoder.encode(text);
    while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
  };
  return {
    json: options.json,
    terminal: Deno.stderr.isTerminal(),
    progress: (line) => write(Deno.stderr, `${line}\n`),
    draw: (text) => write(Deno.stderr, text),
    result: (value, text) => write(Deno.stdout, (options.json ? JSON.stringify(value) : text) + "\n"),
  };
}

/**
 * The line and exit code for whatever a command threw. Errors made for users (their class has `userFacing`), those of
 * the operating system and those of the graph show their message; anything else is a bug of ours and says so.
 */
export function explain(error: unknown): { line: string; code: number } {
  if (!(error instanceof Error)) return { line: `weir: ${String(error)}`, code: exitCodes.failed };
  const line = `weir: ${oneLine(error.message)}`;
  if (error instanceof UsageError) {
    return { line: `${line}\nRun with --help to see how.`, code: exitCodes.usage };
  }
  if ("userFacing" in error && error.userFacing) return { line, code: exitCodes.failed };
  const known = systemMessage(error);
  if (known) return { line: `weir: ${known}`, code: exitCodes.failed };
  const detail = Deno.env.get("WEIR_DEBUG") ? `\n${error.stack}` : " (WEIR_DEBUG=1 shows where)";
  return {
    line: `weir: unexpected ${error.name}: ${oneLine(error.message)}${detail}`,
    code: exitCodes.failed,
  };
}

function systemMessage(error: Error): string | undefined {
  const code = (error as { code?: string }).code;
  if (code === "ENOSPC" || /no space left/i.test(error.message)) {
    return `the disk is full: ${oneLine(error.message)}; free space or set WEIR_HOME to another disk`;
  }
  if (error instanceof Deno.errors.NotFound) return `no such file or folder: ${oneLine(error.message)}`;
  if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable) {
    return `not permitted: ${oneLine(error.message)}`;
  }
  if (error instanceof Deno.errors.AddrInUse) {
    return `the port is taken: choose another with --port, or 0 for a free one`;
  }
  if (error instanceof Deno.errors.IsADirectory) {
    return `expected a file, found a folder: ${oneLine(error.message)}`;
  }
  return undefined;
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, " ").trim();
}
