/**
 * Finds the tuning table of an adapter: the user's file, else one that is built in.
 *
 * @module
 */
import { tileNames } from "../kernels/matmul_tiles.ts";
import { h100 } from "./h100.ts";
import { readTuning, type Tuning, tuningOf } from "./tuning.ts";

const builtIn = [h100];

/**
 * The table for an adapter. `WEIR_TUNING` names a file that `bench/tune_matmul.ts --write FILE` wrote; if it is not set,
 * `$WEIR_HOME/tuning.json` (default `./.weir/tuning.json`) is read where it exists. A file made on another adapter is left
 * alone, and so is everything where the environment or the file may not be read.
 *
 * @param adapter The adapter as its driver describes it.
 * @throws {BackendError} when there is a file and it is none that the benchmark wrote.
 */
export function tuningFor(adapter: string): Tuning | undefined {
  const named = variable("WEIR_TUNING");
  const text = readText(named ?? `${variable("WEIR_HOME") ?? ".weir"}/tuning.json`);
  const own = text === undefined ? undefined : readTuning(text, tileNames);
  if (own?.adapter === adapter) return own;
  const file = builtIn.find((f) => f.adapter === adapter);
  return file && tuningOf(file);
}

function variable(name: string): string | undefined {
  const allowed = Deno.permissions.querySync({ name: "env", variable: name }).state === "granted";
  return allowed ? Deno.env.get(name) || undefined : undefined;
}

const maxFileBytes = 2 ** 21;

function readText(path: string): string | undefined {
  if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return undefined;
  try {
    const { size } = Deno.statSync(path);
    return size > maxFileBytes ? " ".repeat(maxFileBytes) : Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}
