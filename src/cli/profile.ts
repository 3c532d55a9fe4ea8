/**
 * `weir train --profile`: where a step's time goes, as a table and as a trace.
 *
 * @module
 */
import {
  chromeTrace,
  formatProfile,
  type Profile,
  type ProfileInput,
  summarizeProfile,
} from "../backend/gpu/device/profile.ts";
import type { Backend } from "../backend/interface.ts";
import type { MeasureOptions } from "../train/measure.ts";
import { type Output, UsageError } from "./output.ts";

/** Where the trace goes by default. */
export const DEFAULT_TRACE = "weir-trace.json";

/** A profile that a run makes. */
export interface Profiler {
  /** For the trainer. */
  readonly options: MeasureOptions;
  /** What was measured; nothing before the run has begun. */
  readonly result?: Omit<Profile, "kernels"> & { readonly trace: string };
}

/**
 * Prints a profile to standard error and writes its trace.
 *
 * @throws {UsageError} when the device cannot say what its kernels take.
 */
export function createProfiler(backend: Backend, path: string, output: Output): Profiler {
  if (backend.device !== "webgpu") {
    throw new UsageError(
      `--profile times the kernels of --device webgpu, and this run is on ${backend.device}, whose kernels are not ours`,
    );
  }
  // A file that cannot be written is an error before the run, not after it.
  Deno.writeTextFileSync(path, "");
  let result: Profiler["result"];
  return {
    options: {
      onMeasured(measured) {
        const input: ProfileInput = { ...measured, device: backend.description };
        const { kernels, ...profile } = summarizeProfile(input);
        Deno.writeTextFileSync(path, JSON.stringify(chromeTrace(input)));
        output.progress(`\n${formatProfile({ ...profile, kernels })}`);
        output.progress(`trace: ${path} (open it at https://ui.perfetto.dev or chrome://tracing)\n`);
        result = { ...profile, trace: path };
      },
    },
    get result() {
      return result;
    },
  };
}
