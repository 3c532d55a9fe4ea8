import type { Baseline } from "./baseline.ts";
import { DriftError } from "./errors.ts";
import { FEATURE_TITLES, type FeatureName, type TextObservation } from "./observation.ts";
import { type AlarmState, type AlertPolicy, alertPolicy, nextAlarmState } from "./policy.ts";
import { type FeatureReport, type FeatureResult, type Histogram, histograms, testWindow } from "./report.ts";
import {
  countText,
  emptyWindow,
  mergeWindows,
  prepareReference,
  type Reference,
  type WindowCounts,
} from "./window.ts";

/** What a closed window showed. */
export interface WindowReport {
  /** 0 for the monitor's first window. */
  index: number;
  /** When its first text came, in milliseconds. */
  startedAtMs: number;
  /** When it was closed, in milliseconds. */
  closedAtMs: number;
  /** Texts in the window. */
  n: number;
  /** Texts with a value that made no sense and was left out. */
  invalid: number;
  /** Whether any feature is in alarm after this window. */
  alarm: boolean;
  /** One entry per feature that was seen. */
  features: FeatureReport[];
}

/** A closed window without its histograms. */
export interface WindowSummary extends Omit<WindowReport, "features"> {
  /** One entry per feature that was seen, without its distributions. */
  features: FeatureResult[];
}

/** Everything a page draws. Plain JSON. */
export interface DriftSnapshot {
  /** Whether any feature is in alarm. */
  alarm: boolean;
  /** Names of the features in alarm. */
  alarmFeatures: FeatureName[];
  /** Texts that fill a window. */
  windowSize: number;
  /** What makes a window drifted, and what makes an alarm of it. */
  policy: AlertPolicy;
  /** What traffic is compared with. */
  baseline: { texts: number; labels: string[]; vocabSize: number };
  /** Windows closed since the start; `windows` holds the latest of them. */
  windowsClosed: number;
  /** Oldest first: the time series. */
  windows: WindowSummary[];
  /** The last closed window, with histograms. */
  latest: WindowReport | undefined;
  /** The window being filled. */
  open: { n: number; startedAtMs: number | undefined; invalid: number; features: FeatureView[] };
}

/** A feature of the open window, to draw. */
export interface FeatureView {
  /** Name of the feature. */
  name: FeatureName;
  /** What people call the feature. */
  title: string;
  /** One number per text, or a distribution over categories. */
  kind: "numeric" | "categorical";
  /** The baseline's distribution. */
  reference: Histogram;
  /** The open window's distribution so far; all 0 when it is empty. */
  current: Histogram;
}

/** How a monitor watches. */
export interface MonitorOptions {
  /** Texts per window; default 200. */
  windowSize?: number;
  /** When to alarm; see `AlertPolicy`. */
  policy?: Partial<AlertPolicy>;
  /** Closed windows to remember; default 30. */
  keepWindows?: number;
}

/**
 * Watches a stream of texts and predictions for drift from a baseline, in fixed windows and bounded memory.
 *
 * Every `windowSize` texts the window is closed and each feature tested: lengths, unknown tokens and confidence by the
 * two-sample Kolmogorov-Smirnov test, predicted classes by chi-square, the token distribution by its Jensen-Shannon
 * divergence against the noise between whole texts. `AlertPolicy` says what becomes of the results.
 *
 * @example
 * ```ts
 * import { BaselineBuilder } from "./baseline_builder.ts";
 * import { DriftMonitor } from "./monitor.ts";
 * import assert from "node:assert/strict";
 *
 * const text = (i: number, length: number) => ({
 *   characters: length + i * 7 % 50,
 *   tokenIds: [1, 3 + i % 5],
 *   unknownTokens: 0,
 *   probabilities: i % 3 === 0 ? [0.1, 0.9] : [0.8, 0.2],
 * });
 * const builder = new BaselineBuilder({ labels: ["ham", "spam"], vocabSize: 10 });
 * for (let i = 0; i < 300; i++) builder.observe(text(i, 100));
 *
 * const monitor = new DriftMonitor(builder.build(), { windowSize: 100 });
 * for (let i = 0; i < 200; i++) monitor.observe(text(i, 100), i);
 * assert.equal(monitor.snapshot().alarm, false);
 * for (let i = 0; i < 200; i++) monitor.observe(text(i, 400), 200 + i); // texts have become longer
 * assert.deepEqual(monitor.snapshot().alarmFeatures, ["characters"]);
 * ```
 */
export class DriftMonitor {
  readonly #reference: Reference;
  readonly #policy: AlertPolicy;
  readonly #windowSize: number;
  readonly #keepWindows: number;
  readonly #alarms = new Map<FeatureName, AlarmState>();
  readonly #windows: WindowSummary[] = [];
  #latest: WindowReport | undefined;
  #open: WindowCounts | undefined;
  #closed = 0;

  /**
   * Starts watching; nothing has been seen yet.
   *
   * @throws {DriftError} When an option is out of range.
   */
  constructor(baseline: Baseline, options: MonitorOptions = {}) {
    const { windowSize = 200, keepWindows = 30, policy } = options;
    this.#policy = alertPolicy(policy);
    const { minTexts } = this.#policy;
    if (!(Number.isInteger(windowSize) && windowSize >= minTexts && windowSize <= 1_000_000)) {
      throw new DriftError(
        `A drift window takes from ${minTexts} (minTexts) to 1,000,000 texts, got ${windowSize}`,
      );
    }
    if (!(Number.isInteger(keepWindows) && keepWindows >= 1 && keepWindows <= 10_000)) {
      throw new DriftError(`keepWindows must be a whole number from 1 to 10,000, got ${keepWindows}`);
    }
    this.#windowSize = windowSize;
    this.#keepWindows = keepWindows;
    this.#reference = prepareReference(baseline);
  }

  /**
   * Takes one text. Never throws: values that make no sense are left out and counted as `invalid`.
   *
   * @param atMs When it came, in milliseconds.
   * @returns The report, when this text filled the window.
   */
  observe(observation: TextObservation, atMs: number): WindowReport | undefined {
    this.#open ??= emptyWindow(this.#reference, atMs);
    countText(this.#open, observation, { reference: this.#reference, atMs });
    return this.#open.texts >= this.#windowSize ? this.close(atMs) : undefined;
  }

  /**
   * Adds what another replica with the same baseline has counted to the open window.
   *
   * @returns The report, when that filled the window.
   * @throws {DriftError} When the counts belong to another baseline.
   */
  merge(counts: WindowCounts, atMs: number): WindowReport | undefined {
    this.#open = mergeWindows(this.#open ?? emptyWindow(this.#reference, counts.startedAtMs), counts);
    return this.#open.texts >= this.#windowSize ? this.close(atMs) : undefined;
  }

  /** Takes the open window's counts out of this monitor, for another one to `merge`. */
  flush(): WindowCounts | undefined {
    const open = this.#open;
    this.#open = undefined;
    return open;
  }

  /** Closes the open window before it is full; features with fewer than `minTexts` texts stay untested and unmoved. */
  close(atMs: number): WindowReport | undefined {
    const open = this.flush();
    if (open === undefined) return undefined;
    const features = testWindow(this.#reference, open, this.#policy);
    for (const feature of features) {
      const before = this.#alarms.get(feature.name) ?? { alarm: false, against: 0 };
      const after = feature.n < this.#policy.minTexts
        ? before
        : nextAlarmState(before, feature.drifted, this.#policy);
      this.#alarms.set(feature.name, after);
      feature.alarm = after.alarm;
    }
    this.#latest = {
      index: this.#closed++,
      startedAtMs: open.startedAtMs,
      closedAtMs: atMs,
      n: open.texts,
      invalid: open.invalid,
      alarm: this.#alarmFeatures().length > 0,
      features,
    };
    this.#windows.push(withoutHistograms(this.#latest));
    if (this.#windows.length > this.#keepWindows) this.#windows.shift();
    return this.#latest;
  }

  /** The state of things, as plain JSON. */
  snapshot(): DriftSnapshot {
    const { texts, labels, vocabSize } = this.#reference.baseline;
    const alarmFeatures = this.#alarmFeatures();
    return {
      alarm: alarmFeatures.length > 0,
      alarmFeatures,
      windowSize: this.#windowSize,
      policy: this.#policy,
      baseline: { texts, labels, vocabSize },
      windowsClosed: this.#closed,
      windows: [...this.#windows],
      latest: this.#latest,
      open: {
        n: this.#open?.texts ?? 0,
        startedAtMs: this.#open?.startedAtMs,
        invalid: this.#open?.invalid ?? 0,
        features: this.#views(),
      },
    };
  }

  #alarmFeatures(): FeatureName[] {
    return [...this.#alarms].filter(([, state]) => state.alarm).map(([name]) => name);
  }

  #views(): FeatureView[] {
    const { baseline } = this.#reference;
    const window = this.#open ?? emptyWindow(this.#reference, 0);
    const names = Object.keys(FEATURE_TITLES) as FeatureName[];
    return names
      .filter((name) => name in baseline || name in baseline.numeric)
      .map((name) => ({
        name,
        title: FEATURE_TITLES[name],
        kind: name in baseline.numeric ? "numeric" : "categorical",
        ...histograms(name, this.#reference, window),
      }));
  }
}

function withoutHistograms(report: WindowReport): WindowSummary {
  const features = report.features.map(({ reference: _, current: __, ...result }) => rounded(result));
  return { ...report, features };
}

/** Six digits are plenty for a time series, and a page that updates live fetches it again and again. */
function rounded<T>(value: T): T {
  if (typeof value === "number") return Number(value.toPrecision(6)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, rounded(entry)])) as T;
}
