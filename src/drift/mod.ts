/**
 * Drift: whether what comes in is still what a model was made for. Features say what to watch, a `BaselineBuilder` collects
 * the reference, a `DriftMonitor` compares live traffic with it, window by window.
 *
 * @module
 */
export { type Alert, alertsOf, alertText } from "./alerts.ts";
export { type Baseline, parseBaseline } from "./baseline.ts";
export { BaselineBuilder, type BaselineOptions } from "./baseline_builder.ts";
export type { BagNoise } from "./bag_noise.ts";
export { confidences, lengths, rates, reals, type Scale } from "./bins.ts";
export { DriftError } from "./errors.ts";
export type { Dependence } from "./evidence/dependence.ts";
export type { ChangeReport } from "./evidence/describe.ts";
export type { CellCounts } from "./evidence/evidence.ts";
export type { Stretch } from "./evidence/history.ts";
export type { AlarmState, FeatureState, FoundChange } from "./evidence/watcher.ts";
export type {
  BagFeature,
  CategoricalFeature,
  Feature,
  FeatureBase,
  FeatureKind,
  Item,
  NumericFeature,
  Reading,
  TrafficFeature,
  VectorFeature,
} from "./feature.ts";
export * from "./features/mod.ts";
export type { Histogram, Histograms } from "./histogram.ts";
export type { BagCounts, BagReference } from "./kinds/bag.ts";
export type { CategoricalCounts, CategoricalReference } from "./kinds/categorical.ts";
export type { Counts, NamedReference, Reference } from "./kinds/mod.ts";
export type { NumericCounts, NumericReference } from "./kinds/numeric.ts";
export type { TrafficCounts, TrafficReference } from "./kinds/traffic.ts";
export type { VectorCounts, VectorReference } from "./kinds/vector.ts";
export { type LiveWatch, type Watch, watchLive } from "./live.ts";
export { type ClosedWindow, DriftMonitor, type DriftSnapshot, type MonitorOptions } from "./monitor.ts";
export type { Moments } from "../statistics/pearson3.ts";
export { type AlertPolicy, alertPolicy } from "./policy.ts";
export type { FeatureReport, FeatureResult, FeatureView, WindowReport, WindowSummary } from "./report.ts";
export { type Season, seasonOf, type SeasonReference } from "./season.ts";
export type { MonitorState } from "./state.ts";
export {
  type EffectName,
  effectTitles,
  type NamedStatistic,
  namedStatistics,
  type Statistics,
} from "./statistic_names.ts";
export type { FeatureTest, TestContext, Tested, TestedFeature } from "./testing.ts";
export { type Arrivals, mergeWindows, type WindowCounts } from "./window.ts";
