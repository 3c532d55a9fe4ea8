/**
 * Finds the tuning table of an adapter: the user's file, else one that is built in.
 *
 * @module
 */
import { readVariable } from "../../../base/environment.ts";
import { UserError } from "../../../base/errors.ts";
import { readLimitedSync } from "../../../base/files.ts";
import { tileNames } from "../kernels/matmul_tiles.ts";
import { h100 } from "./h100.ts";
import { h200 } from "./h200.ts";
import { readTuning, refuseTuning, type Tuning, tuningOf } from "./tuning.ts";

const builtIn = [h100, h200];

/**
 * The table for an adapter. `WEIR_TUNING` names a file that `bench/tune_matmul.ts --write FILE` wrote; if it is not set,
 * `$WEIR_HOME/tuning.json` (default `./.weir/tuning.json`) is read where it exists. A file made on another adapter is
 * ignored, and so are an environment and a file that may not be read.
 *
 * @param adapter The adapter as its driver describes it.
 * @throws {BackendError} when there is a file and it is none that the benchmark wrote.
 */
export function tuningFor(adapter: string): Tuning | undefined {
  const path = readVariable("WEIR_TUNING") ?? `${readVariable("WEIR_HOME") ?? ".weir"}/tuning.json`;
  const text = readText(path);
  const own = text === undefined ? undefined : readTuning(text, { tiles: tileNames, path });
  if (own?.adapter === adapter) return own;
  const file = builtIn.find((f) => f.adapter === adapter);
  return file && tuningOf(file);
}

const MAX_BYTES = 2 ** 20;

function readText(path: string): string | undefined {
  if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return undefined;
  try {
    const bytes = readLimitedSync(path, MAX_BYTES);
    return bytes && new TextDecoder().decode(bytes);
  } catch (error) {
    if (error instanceof UserError) refuseTuning(path, error.message.replace(`${path} `, "it "));
    throw error;
  }
}
