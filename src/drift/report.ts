/**
 * What a closed window showed: the tests of each feature, its alarm, and the distributions to draw.
 *
 * @module
 */
import { type ChangeReport, describeChange } from "./evidence/describe.ts";
import type { Histograms } from "./histogram.ts";
import type { Feature } from "./feature.ts";
import { kinds } from "./kinds/mod.ts";
import type { FeatureTest } from "./testing.ts";
import type { Watched } from "./watched.ts";
import type { WindowCounts } from "./window.ts";

/** The numbers of one feature in one window. */
export interface FeatureResult extends Omit<FeatureTest, "change"> {
  /** What people call the feature. */
  readonly title: string;
  /** How its distributions are to be read: as ordered bins of a number, or as categories. */
  readonly kind: "numeric" | "categorical";
  /** Whether what is found of it is a notice about the traffic, and no drift. */
  readonly notice: boolean;
  /** What has changed, where the evidence speaks for something. */
  readonly change?: ChangeReport;
}

/** A feature in one window, with the reference and the window over the same bins. */
export interface FeatureReport extends FeatureResult, Histograms {}

/** What a closed window showed. */
export interface WindowReport {
  /** 0 for the monitor's first window. */
  readonly index: number;
  /** When its first observation came, in milliseconds. */
  readonly startedAtMs: number;
  /** When it was closed, in milliseconds. */
  readonly closedAtMs: number;
  /** Observations in the window. */
  readonly n: number;
  /** Observations with a value that cannot be used and was left out. */
  readonly invalid: number;
  /** Whether any feature is in alarm after this window, notices about the traffic aside. */
  readonly alarm: boolean;
  /** One entry per watched feature. */
  readonly features: readonly FeatureReport[];
}

/** A closed window without its histograms. */
export interface WindowSummary extends Omit<WindowReport, "features"> {
  /** One entry per watched feature, without its distributions. */
  readonly features: readonly FeatureResult[];
}

/** A feature of the open window, to draw. */
export interface FeatureView extends Histograms {
  /** Name of the feature. */
  readonly name: string;
  /** What people call the feature. */
  readonly title: string;
  /** How its distributions are to be read: as ordered bins of a number, or as categories. */
  readonly kind: "numeric" | "categorical";
  /** What is measured or counted, as a plural noun; empty for shares. */
  readonly unit: string;
  /** What has probably happened when this feature drifts. */
  readonly meaning: string;
}

/** A watched feature and a window's counts of it, to draw. */
export function viewFeature<O>({ feature, prepared }: Watched<O>, window: WindowCounts): FeatureView {
  const { name, title, unit, meaning } = feature;
  const histograms = prepared.draw(feature, window.features[name]);
  return { name, title, kind: kinds[feature.kind].drawn, unit, meaning, ...histograms };
}

/** The result of a feature's test with all that a report says about it. */
export function reportFeature<O>(
  { feature, reference, prepared }: Watched<O>,
  { test: { change, ...test }, window }: { test: FeatureTest; window: WindowCounts },
): FeatureReport {
  const histograms = prepared.draw(feature, window.features[feature.name]);
  const cells = prepared.cells &&
    { ...prepared.cells, missing: reference.missing ?? 0, seasons: reference.seasons };
  return {
    ...test,
    title: feature.title,
    kind: kinds[feature.kind].drawn,
    notice: feature.kind === "traffic",
    ...(change && cells
      ? {
        change: describeChange(feature as Feature<never>, prepared, {
          change,
          reference: cells,
          designEffect: test.designEffect,
        }),
      }
      : {}),
    ...histograms,
  };
}

/** A report without its histograms, in six digits: plenty for a time series that a page fetches again and again. */
export function summarize(report: WindowReport): WindowSummary {
  const features = report.features.map(({ reference: _, current: __, ...result }) => rounded(result));
  return { ...report, features };
}

function rounded<T>(value: T): T {
  if (typeof value === "number") return Number(value.toPrecision(6)) as T;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, rounded(entry)])) as T;
}
