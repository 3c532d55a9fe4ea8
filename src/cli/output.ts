/**
 * What a command says and how it ends: results on standard output, progress on standard error, one line for an error.
 *
 * @module
 */
import { ModelError } from "../../models/errors.ts";
import { UserError } from "../base/errors.ts";
import { JsonError } from "../base/json.ts";
import { jsonLine, oneLine, shorten, visible } from "../base/text.ts";
import { BundleError } from "../bundle/errors.ts";
import { DataError } from "../data/errors.ts";
import { LifecycleError } from "../lifecycle/errors.ts";
import { SafetensorsError } from "../nn/safetensors.ts";
import { RegistryError } from "../registry/errors.ts";
import { TokenizerError } from "../text/errors.ts";
import { ResumeError } from "../train/errors.ts";

/** Exit codes: a command failed, or was called or fed wrongly. */
export const exitCodes = { ok: 0, failed: 1, usage: 2 } as const;

/** The user called a command wrongly: exit code 2. */
export class UsageError extends UserError {}

/** What a command cannot do on this machine: exit code 1 and the message alone. */
export class CommandError extends UserError {}

/** A condition is not met: exit code 1 and the message alone. */
export class UnmetError extends UserError {}

/** What a command was given to read is not there or not what it should be: exit code 2 and the message alone. */
export class InputError extends UserError {}

/** Errors of what a command was given, wherever they are found: exit code 2, as for {@linkcode InputError}. */
const ofInput = [
  BundleError,
  DataError,
  InputError,
  JsonError,
  LifecycleError,
  ModelError,
  RegistryError,
  ResumeError,
  SafetensorsError,
  TokenizerError,
] as const;

/**
 * Runs what reads a user's files: what is wrong with them, or missing, ends the command with exit code 2, which tells it from a
 * condition that is not met.
 *
 * @throws {InputError} for errors that are made for users, and for files that cannot be opened.
 */
export async function readingInput<T>(read: () => Promise<T> | T): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof Error) || error instanceof UsageError || error instanceof UnmetError) throw error;
    const known = error instanceof UserError ? oneLine(error.message) : systemMessage(error);
    if (known === undefined) throw error;
    throw new InputError(known, { cause: error });
  }
}

/**
 * Runs a check of options that somebody else makes, too: what is wrong with them is a wrong call.
 *
 * @throws {InputError} for errors that are made for users.
 */
export function calledRightly<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new InputError(oneLine(error.message), { cause: error });
  }
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

/** Writes to this process's standard streams; no character of a text is a command to a terminal, but what is drawn. */
export function processOutput(options: { json: boolean }): Output {
  return {
    json: options.json,
    terminal: Deno.stderr.isTerminal(),
    progress: (line) => writeText(Deno.stderr, `${visible(line)}\n`),
    draw: (text) => writeText(Deno.stderr, text),
    result: (value, text) => writeText(Deno.stdout, `${options.json ? jsonLine(value) : visible(text)}\n`),
  };
}

/** Writes all of a text. A reader that has gone away, as `| head` does, is no error. */
export function writeText(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  try {
    for (let bytes = encoder.encode(text); bytes.length > 0;) {
      bytes = bytes.subarray(stream.writeSync(bytes));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

/**
 * The one line and the exit code for whatever a command threw. Errors made for users ({@linkcode UserError}) and
 * those of the operating system show their message; anything else is a bug of ours and says so.
 *
 * @example
 * ```ts
 * import { explain, UsageError } from "./output.ts";
 * import assert from "node:assert/strict";
 * assert.deepEqual(explain(new UsageError("no text")), { line: "weir: no text; --help says how", code: 2 });
 * assert.match(explain(new Deno.errors.NotFound("x.csv")).line, /^weir: no such file or folder: x.csv$/);
 * ```
 */
export function explain(error: unknown): { line: string; code: number } {
  if (!(error instanceof Error)) return { line: `weir: ${harmless(String(error))}`, code: exitCodes.failed };
  const line = `weir: ${harmless(error.message)}`;
  if (error instanceof UsageError) {
    return { line: `${line.replace(/\.$/, "")}; --help says how`, code: exitCodes.usage };
  }
  if (ofInput.some((kind) => error instanceof kind)) return { line, code: exitCodes.usage };
  if (error instanceof UserError) return { line, code: exitCodes.failed };
  const known = systemMessage(error);
  if (known) return { line: `weir: ${known}`, code: exitCodes.failed };
  const detail = Deno.env.get("WEIR_DEBUG") ? `\n${error.stack}` : " (WEIR_DEBUG=1 shows where)";
  return {
    line: `weir: unexpected ${error.name}: ${harmless(error.message)}${detail}`,
    code: exitCodes.failed,
  };
}

/** A message on one line, of which no character is a command to a terminal: it may quote what somebody else wrote. */
function harmless(message: string): string {
  return shorten(visible(oneLine(message)), 2000);
}

function systemMessage(error: Error): string | undefined {
  const code = (error as { code?: string }).code;
  const message = harmless(error.message);
  if (code === "ENOSPC" || code === "EDQUOT" || /no space left|quota exceeded/i.test(message)) {
    return `the disk is full: ${message}; free space, or set WEIR_HOME (for temporary files TMPDIR) to another disk`;
  }
  if (code === "EROFS" || /read-only file system/i.test(message)) {
    return `not writable: ${message}; choose another folder`;
  }
  if (
    error instanceof RangeError && /allocation failed|invalid (typed )?array (buffer )?length/i.test(message)
  ) {
    return `out of memory: ${message}; use a smaller model, batch or file`;
  }
  if (error instanceof Deno.errors.NotFound) return `no such file or folder: ${message}`;
  if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable) {
    return `not permitted: ${message}`;
  }
  if (error instanceof Deno.errors.AddrInUse) {
    return `the port is taken: choose another with --port, or 0 for a free one`;
  }
  if (error instanceof Deno.errors.IsADirectory) return `expected a file, found a folder: ${message}`;
  if (error instanceof Deno.errors.NotADirectory || error instanceof Deno.errors.AlreadyExists) {
    return `expected a folder, found a file: ${message}`;
  }
  return undefined;
}
