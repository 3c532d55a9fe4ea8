/**
 * A server's drift monitor beside its file: a restart goes on where it was, whatever ended the process.
 *
 * @module
 */
import { join } from "node:path";
import { readLimited, writeFileAtomic } from "../base/files.ts";
import { lockFile, type LockHolder } from "../base/lock.ts";
import { firstLine } from "../base/text.ts";
import type { LiveWatch } from "../drift/mod.ts";
import type { Alerts } from "../serve/alerts.ts";
import type { Output } from "./output.ts";

/** Where a monitor's state is kept, for this process alone. */
export interface StateFile {
  /** What was kept before; absent where there was nothing that can be read. */
  readonly state?: unknown;
  /** What was kept of alerts. */
  readonly alerts?: unknown;
  /**
   * Writes the monitor's state after each window and, while one fills, every few seconds; that of the alerts with it, so that
   * both are of one moment.
   *
   * @returns what writes it a last time and stops.
   */
  keep(watch: LiveWatch<unknown>, alerts?: Pick<Alerts, "state">): () => Promise<void>;
  /** What hinders it, to be told once the server runs: somebody else keeps it, or what was kept cannot be read. */
  readonly note?: string;
  /** Leaves the file to others, where nothing is kept after all. */
  release(): void;
}

const MAX_BYTES = 64 * 2 ** 20;
/** A process that is killed loses what came since, of a window that was not full. */
const EVERY_MS = 5000;

/** The state of a model's monitor in a home: `drift/<name>/<version>.json`. Serving goes on whatever hinders it. */
export async function openStateFile(
  home: string,
  model: { readonly name: string; readonly version: string },
  output: Pick<Output, "progress">,
): Promise<StateFile> {
  const path = join(home, "drift", model.name, `${model.version}.json`);
  let lock: Disposable;
  try {
    lock = await lockFile(`${path}.lock`, { refusal: ({ who }: LockHolder) => `${who} keeps it already` });
  } catch (error) {
    const note = `warning: what is watched for drift is not kept: ${firstLine(error)}`;
    return { note, keep: () => () => Promise.resolve(), release: () => {} };
  }
  let state: unknown, note: string | undefined;
  try {
    const bytes = await readLimited(path, MAX_BYTES);
    state = bytes && JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      note = `warning: ${path} cannot be read, watching begins anew: ${firstLine(error)}`;
    }
  }
  return {
    ...(state === undefined ? {} : { state, alerts: (state as { alerts?: unknown } | null)?.alerts }),
    ...(note === undefined ? {} : { note }),
    release: () => lock[Symbol.dispose](),
    keep(watch, alerts) {
      let last = Promise.resolve(), written = "", failed = false;
      const write = () => {
        last = last.then(async () => {
          try {
            const monitor = await watch.save(), told = alerts?.state();
            const seen = [monitor.windowsClosed, monitor.open?.n, told?.pending.length, told?.known.at(-1)]
              .join();
            if (seen === written) return;
            await writeFileAtomic(path, JSON.stringify({ ...monitor, ...(told && { alerts: told }) }));
            written = seen;
            failed = false;
          } catch (error) {
            if (!failed) output.progress(`warning: cannot keep ${path}: ${firstLine(error)}`);
            failed = true; // said once, until it works again
          }
        });
        return last;
      };
      const stop = watch.onWindow(() => void write());
      const timer = setInterval(write, EVERY_MS);
      return async () => {
        stop();
        clearInterval(timer);
        await write();
        lock[Symbol.dispose]();
      };
    },
  };
}
