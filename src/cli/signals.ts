/**
 * The signals that ask a process to end.
 *
 * @module
 */

/** The signals that ask a process to end. */
export const stopSignals: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGTERM"];

/** Resolves when the process is asked to end: Ctrl-C, or SIGTERM where there is such a thing. */
export function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      for (const signal of stopSignals) Deno.removeSignalListener(signal, stop);
      resolve();
    };
    for (const signal of stopSignals) Deno.addSignalListener(signal, stop);
  });
}
