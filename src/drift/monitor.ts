/**
 * Watches a stream of observations for drift from a baseline. Pure: the clock is passed in, and nothing is scheduled.
 *
 * @module
 */
import type { Baseline } from "./baseline.ts";
import { DriftError } from "./errors.ts";
import type { FeatureState } from "./evidence/watcher.ts";
import type { Feature } from "./feature.ts";
import { type AlertPolicy, alertPolicy } from "./policy.ts";
import {
  type FeatureView,
  reportFeature,
  summarize,
  viewFeature,
  type WindowReport,
  type WindowSummary,
} from "./report.ts";
import { checkState, fingerprintOf, type MonitorState } from "./state.ts";
import { createTester, type TestContext, type Tested, type TestedFeature } from "./testing.ts";
import { matchFeatures, type Watched } from "./watched.ts";
import { countObservation, emptyWindow, mergeArrivals, mergeWindows, type WindowCounts } from "./window.ts";

/** Everything a page draws. Plain JSON. */
export interface DriftSnapshot {
  /** Whether any feature is in alarm. */
  readonly alarm: boolean;
  /** Names of the features in alarm. */
  readonly alarmFeatures: readonly string[];
  /** Names of what is to be told of the traffic itself, and is no drift: repeats, empty inputs. */
  readonly notices: readonly string[];
  /** Observations that fill a window. */
  readonly windowSize: number;
  /** Milliseconds after which a window closes that is not full. */
  readonly windowMs?: number;
  /** What makes a window drifted, and what makes an alarm of it. */
  readonly policy: AlertPolicy;
  /** What traffic is compared with. */
  readonly baseline: { readonly observations: number };
  /** What is not watched, and why: one sentence each. */
  readonly notes: readonly string[];
  /** Windows closed since the start; `windows` holds the latest of them. */
  readonly windowsClosed: number;
  /** Oldest first: the time series. */
  readonly windows: readonly WindowSummary[];
  /** The last closed window, with histograms. */
  readonly latest: WindowReport | undefined;
  /** The window being filled. */
  readonly open: {
    readonly n: number;
    readonly startedAtMs: number | undefined;
    readonly invalid: number;
    readonly features: readonly FeatureView[];
  };
}

/** How a monitor watches. */
export interface MonitorOptions {
  /** Observations per window; default 200. */
  readonly windowSize?: number;
  /** When to alarm; see `AlertPolicy`. */
  readonly policy?: Partial<AlertPolicy>;
  /** A window closes after so many milliseconds, too, with the next observation; by default only when it is full. */
  readonly windowMs?: number;
  /** Closed windows to remember; default 30. */
  readonly keepWindows?: number;
  /** What `save` gave: goes on from there. One that does not fit is named in `notes`, and the monitor starts anew. */
  readonly state?: unknown;
}

const MOST_WINDOW_MS = 366 * 24 * 60 * 60 * 1000;

/** A window that takes no more observations and has not been tested yet. */
export interface ClosedWindow {
  /** What it has counted. */
  readonly counts: WindowCounts;
  /** When it was closed, in milliseconds. */
  readonly closedAtMs: number;
}

/**
 * Watches a stream of observations for drift from a baseline, in fixed windows and bounded memory.
 *
 * Every `windowSize` observations the window is closed and each feature tested, by the test of its kind. `AlertPolicy` says
 * what becomes of the results. Features that only the code or only the baseline knows are skipped; `notes` names them.
 *
 * `observe` tests a full window before it returns, which takes up to 90 ms for windows of 10,000. Where that is too long,
 * `count` hands over the closed window instead, for `conclude` to take in with the tests that were made elsewhere:
 * `watchLive` does that with a Worker.
 *
 * @example
 * ```ts
 * import { BaselineBuilder } from "./baseline_builder.ts";
 * import { textFeatures } from "./features/text.ts";
 * import { DriftMonitor } from "./monitor.ts";
 * import assert from "node:assert/strict";
 *
 * const text = (i: number, length: number) => ({
 *   characters: length + i * 7 % 50,
 *   tokenIds: [1, 3 + i % 5],
 *   unknownTokens: 0,
 * });
 * const features = textFeatures();
 * const builder = new BaselineBuilder(features);
 * for (let i = 0; i < 300; i++) builder.observe(text(i, 100));
 *
 * const monitor = new DriftMonitor(features, builder.build(), { windowSize: 100 });
 * for (let i = 0; i < 200; i++) monitor.observe(text(i, 100), i);
 * assert.equal(monitor.snapshot().alarm, false);
 * for (let i = 0; i < 200; i++) monitor.observe(text(i, 400), 200 + i); // texts have become longer
 * assert.deepEqual(monitor.snapshot().alarmFeatures, ["characters"]);
 * ```
 */
export class DriftMonitor<O> {
  /** What is not watched, and why: one sentence each. */
  readonly notes: readonly string[];
  /** When to alarm. */
  readonly policy: AlertPolicy;
  readonly #watched: readonly Watched<O>[];
  readonly #observations: number;
  readonly #windowSize: number;
  readonly #windowMs: number | undefined;
  readonly #fingerprint: string;
  readonly #keepWindows: number;
  readonly #test: ReturnType<typeof createTester>;
  #states: readonly FeatureState[] | undefined;
  readonly #windows: WindowSummary[] = [];
  readonly #listeners = new Set<(report: WindowReport) => void>();
  #latest: WindowReport | undefined;
  #open: WindowCounts | undefined;
  #closed = 0;

  /**
   * Starts watching; nothing has been seen yet.
   *
   * @param features What to watch.
   * @param baseline What to compare it with, as `parseBaseline` or `BaselineBuilder` gives it.
   * @throws {DriftError} When an option is out of range.
   */
  constructor(
    features: readonly Feature<O>[],
    baseline: Baseline,
    options: MonitorOptions = {},
  ) {
    const { windowSize = 200, windowMs, keepWindows = 30, policy } = options;
    this.policy = alertPolicy(policy);
    const { minObservations } = this.policy;
    if (!(Number.isInteger(windowSize) && windowSize >= minObservations && windowSize <= 1_000_000)) {
      throw new DriftError(
        `A drift window takes from ${minObservations} (minObservations) to 1,000,000 observations, got ${windowSize}`,
      );
    }
    if (!(Number.isInteger(keepWindows) && keepWindows >= 1 && keepWindows <= 10_000)) {
      throw new DriftError(`keepWindows must be a whole number from 1 to 10,000, got ${keepWindows}`);
    }
    if (windowMs !== undefined && !(windowMs >= 1000 && windowMs <= MOST_WINDOW_MS)) {
      throw new DriftError(
        `windowMs must be from 1,000 (a second) to ${MOST_WINDOW_MS} (a year), got ${windowMs}`,
      );
    }
    this.#windowSize = windowSize;
    this.#windowMs = windowMs;
    this.#keepWindows = keepWindows;
    this.#observations = baseline.observations;
    const { watched, notes } = matchFeatures(features, baseline);
    this.#watched = watched;
    this.#fingerprint = fingerprintOf(baseline);
    this.notes = options.state === undefined ? notes : [...notes, ...this.#goOn(options.state)];
    this.#test = createTester(this.tested, this.policy);
  }

  /** What is known so far, as plain JSON, for the option `state` of another monitor with the same baseline. */
  save(): MonitorState {
    return {
      format: "weir-drift-state/1",
      baseline: this.#fingerprint,
      windowsClosed: this.#closed,
      states: this.#states,
      windows: [...this.#windows],
      latest: this.#latest,
      open: structuredClone(this.#open),
      blocks: this.#watched.map(({ blocks }) => blocks?.save() ?? null),
    };
  }

  #goOn(json: unknown): string[] {
    try {
      const state = checkState(json, { watched: this.#watched as never, baseline: this.#fingerprint });
      this.#closed = state.windowsClosed;
      this.#states = state.states;
      this.#windows.push(...state.windows.slice(-this.#keepWindows));
      this.#latest = state.latest;
      this.#open = state.open && structuredClone(state.open);
      this.#watched.forEach(({ blocks }, i) => blocks?.goOn(state.blocks[i]!));
      return [];
    } catch (error) {
      if (!(error instanceof DriftError)) throw error;
      return [`what was watched before does not count: ${error.message}`];
    }
  }

  /** What is tested, as plain data: what a tester elsewhere needs beside `policy`. */
  get tested(): TestedFeature[] {
    return this.#watched.map(({ feature: { name, threshold }, reference }) => ({
      name,
      reference,
      threshold,
    }));
  }

  /**
   * Takes one observation. Never throws: values that cannot be used are left out and counted as `invalid`.
   *
   * @param atMs When it came, in milliseconds.
   * @returns The report, when this observation filled the window.
   */
  observe(observation: O, atMs: number): WindowReport | undefined {
    const closed = this.count(observation, atMs);
    return closed && this.conclude(closed);
  }

  /** What a tester elsewhere needs to know beside a window that was closed. */
  context({ closedAtMs }: Pick<ClosedWindow, "closedAtMs">): TestContext {
    return { states: this.#states, index: this.#closed, closedAtMs };
  }

  /**
   * Takes one observation and tests nothing.
   *
   * @returns The window that this observation filled, to be tested and then given to `conclude`.
   */
  count(observation: O, atMs: number): ClosedWindow | undefined {
    this.#open ??= emptyWindow(this.#watched, atMs);
    countObservation(this.#open, observation, { watched: this.#watched, atMs });
    const { n, startedAtMs } = this.#open;
    const isFull = n >= this.#windowSize;
    const isOver = this.#windowMs !== undefined && atMs - startedAtMs >= this.#windowMs;
    return isFull || isOver ? { counts: this.flush()!, closedAtMs: atMs } : undefined;
  }

  /**
   * Adds what another replica with the same baseline has counted to the open window.
   *
   * @returns The report, when that filled the window.
   * @throws {DriftError} When the counts belong to another baseline.
   */
  merge(counts: WindowCounts, atMs: number): WindowReport | undefined {
    this.#open = mergeWindows(this.#open ?? emptyWindow(this.#watched, counts.startedAtMs), counts);
    return this.#open.n >= this.#windowSize ? this.close(atMs) : undefined;
  }

  /** Takes the open window's counts out of this monitor, for another one to `merge`. */
  flush(): WindowCounts | undefined {
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined) return undefined;
    const arrivals = this.#watched.map(({ feature: { name }, blocks }) => {
      const { missing, invalid, dependence, seasons } = open.arrivals[name];
      // What another replica counted has its own blocks.
      const own = { missing, invalid, dependence: blocks?.take() ?? [], ...(seasons && { seasons }) };
      return [name, mergeArrivals(own, { missing: 0, invalid: 0, dependence })];
    });
    return { ...open, arrivals: Object.fromEntries(arrivals) };
  }

  /** Closes the open window before it is full; features with too few observations are not tested and keep their state. */
  close(atMs: number): WindowReport | undefined {
    const counts = this.flush();
    return counts && this.conclude({ counts, closedAtMs: atMs });
  }

  /**
   * Takes in a closed window: alarms move, and listeners get the report. Windows are to be given in the order of closing.
   *
   * @param tested What `createTester` found; by default the window is tested now, on this thread.
   */
  conclude(
    { counts, closedAtMs }: ClosedWindow,
    { tests, states }: Tested = this.#test(counts, this.context({ closedAtMs })),
  ): WindowReport {
    this.#states = states;
    const features = this.#watched.map((watched, i) =>
      reportFeature(watched, { test: tests[i], window: counts })
    );
    const report: WindowReport = {
      index: this.#closed++,
      startedAtMs: counts.startedAtMs,
      closedAtMs,
      n: counts.n,
      invalid: counts.invalid,
      alarm: this.#alarming(false).length > 0,
      features,
    };
    this.#latest = report;
    this.#windows.push(summarize(report));
    if (this.#windows.length > this.#keepWindows) this.#windows.shift();
    for (const listener of [...this.#listeners]) listener(report);
    return report;
  }

  /** Calls `listener` with the report of every window that is concluded; returns what stops that. */
  onWindow(listener: (report: WindowReport) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The state of things, as plain JSON. */
  snapshot(): DriftSnapshot {
    const alarmFeatures = this.#alarming(false);
    const open = this.#open ?? emptyWindow(this.#watched, 0);
    return {
      alarm: alarmFeatures.length > 0,
      alarmFeatures,
      notices: this.#alarming(true),
      windowSize: this.#windowSize,
      ...(this.#windowMs === undefined ? {} : { windowMs: this.#windowMs }),
      policy: this.policy,
      baseline: { observations: this.#observations },
      notes: this.notes,
      windowsClosed: this.#closed,
      windows: [...this.#windows],
      latest: this.#latest,
      open: {
        n: open.n,
        startedAtMs: this.#open?.startedAtMs,
        invalid: open.invalid,
        features: this.#watched.map((watched) => viewFeature(watched, open)),
      },
    };
  }

  /** Names of the features in alarm: those that are notices about the traffic, or the others. */
  #alarming(notices: boolean): string[] {
    return this.#watched.filter(({ feature }, i) =>
      (feature.kind === "traffic") === notices && this.#states?.[i].alarm !== undefined
    ).map(({ feature }) => feature.name);
  }
}
