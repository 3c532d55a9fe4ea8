/**
 * Watches live traffic: observations are counted where they come in, and full windows are tested in a Worker.
 *
 * @module
 */
import type { ClosedWindow, DriftMonitor, DriftSnapshot } from "./monitor.ts";
import type { WindowReport } from "./report.ts";
import type { MonitorState } from "./state.ts";
import type { TestContext, Tested } from "./testing.ts";
import type { TesterReply, TesterRequest } from "./worker.ts";

/** What a server needs of a monitor; a `DriftMonitor` is one too. */
export interface Watch<O> {
  /** Takes one observation that came at `atMs`. Never throws. */
  observe(observation: O, atMs: number): unknown;
  /** Calls `listener` with the report of every window that has been tested; returns what stops that. */
  onWindow(listener: (report: WindowReport) => void): () => void;
  /** The state of things, as plain JSON. */
  snapshot(): DriftSnapshot;
}

/** A monitor whose windows are tested in a Worker. */
export interface LiveWatch<O> extends Watch<O> {
  /** What is not watched, and why: one sentence each. */
  readonly notes: readonly string[];
  /** What is known, once the windows that are closed have been tested: for the option `state` of a monitor. */
  save(): Promise<MonitorState>;
  /** Closes the open window before it is full; the report, once this window and those before it have been tested. */
  close(atMs: number): Promise<WindowReport | undefined>;
  /** Ends the Worker. Windows that have not been tested by then are dropped. */
  dispose(): void;
}

/**
 * Moves the tests of a monitor's windows off the event loop that it is fed on. The Worker starts with the first window; a
 * window whose Worker fails is tested where it is, and the next one gets a new Worker.
 *
 * @param monitor Fed through what is returned from here on, and not directly.
 * @param options `onFailure`: told in one line of each window whose Worker failed.
 * @example
 * ```ts
 * import { BaselineBuilder } from "./baseline_builder.ts";
 * import { classFeatures } from "./features/classes.ts";
 * import { watchLive } from "./live.ts";
 * import { DriftMonitor } from "./monitor.ts";
 * import assert from "node:assert/strict";
 *
 * const features = classFeatures(["ham", "spam"]);
 * const builder = new BaselineBuilder(features);
 * for (let i = 0; i < 100; i++) builder.observe({ probabilities: i % 2 ? [0.9, 0.1] : [0.2, 0.8] });
 * const watch = watchLive(new DriftMonitor(features, builder.build(), { windowSize: 50 }));
 * for (let i = 0; i < 60; i++) watch.observe({ probabilities: [0.9, 0.1] }, i);
 * const report = await watch.close(60); // the ten that are left
 * assert.deepEqual([report?.index, report?.n], [1, 10]);
 * watch.dispose();
 * ```
 */
export function watchLive<O>(
  monitor: DriftMonitor<O>,
  { onFailure }: { readonly onFailure?: (line: string) => void } = {},
): LiveWatch<O> {
  let worker: TesterLink | undefined;
  let last: Promise<WindowReport | undefined> = Promise.resolve(undefined);
  let disposed = false;

  async function conclude(window: ClosedWindow): Promise<WindowReport | undefined> {
    if (disposed) return undefined;
    let tested: Tested | undefined;
    try {
      worker ??= startTester(monitor);
      tested = await worker.test(window, monitor.context(window));
    } catch (error) {
      worker?.end();
      worker = undefined;
      if (!disposed) {
        onFailure?.(
          `a drift window was tested outside its Worker, which failed: ${(error as Error).message}`,
        );
      }
    }
    return disposed ? undefined : monitor.conclude(window, tested);
  }

  function enqueue(window: ClosedWindow | undefined): void {
    if (window !== undefined) last = last.then(() => conclude(window));
  }

  return {
    notes: monitor.notes,
    observe: (observation, atMs) => enqueue(monitor.count(observation, atMs)),
    onWindow: (listener) => monitor.onWindow(listener),
    snapshot: () => monitor.snapshot(),
    async save() {
      await last;
      return monitor.save();
    },
    async close(atMs) {
      const counts = monitor.flush();
      enqueue(counts && { counts, closedAtMs: atMs });
      const report = await last;
      return counts && report;
    },
    dispose() {
      disposed = true;
      worker?.end();
    },
  };
}

interface TesterLink {
  /** The tests of one window; rejects when the Worker fails or is ended. Calls must not overlap. */
  test(window: ClosedWindow, context: TestContext): Promise<Tested>;
  end(): void;
}

function startTester<O>({ tested, policy }: DriftMonitor<O>): TesterLink {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "weir drift" });
  const send = (request: TesterRequest) => worker.postMessage(request);
  let pending: PromiseWithResolvers<Tested> | undefined;
  worker.onmessage = ({ data }: MessageEvent<TesterReply>) => {
    if ("tested" in data) pending?.resolve(data.tested);
    else pending?.reject(new Error(data.failed));
  };
  worker.onerror = (event) => {
    event.preventDefault();
    pending?.reject(new Error(event.message));
  };
  send({ features: tested, policy });
  return {
    test({ counts }, context) {
      pending = Promise.withResolvers();
      send({ window: counts, context });
      return pending.promise;
    },
    end() {
      worker.terminate();
      pending?.reject(new Error("the Worker was ended"));
    },
  };
}
